# bubblewrap's command line on our parts. What Debian's bubblewrap (0.8) has as well is run by both, and has
# to come out alike; what is of 0.9 to 0.11 is held to the manual.
load ../lib

setup() {
	lib_setup
	bwrap=$(dirname "$SANDBOX")/libexec/bwrap
	theirs=/usr/bin/bwrap
	# What a program needs, and where it works.
	host=(--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/sbin /sbin --symlink usr/lib /lib --symlink usr/lib64 /lib64
		--ro-bind /etc /etc --dev /dev)
	export PATH=/usr/sbin:/usr/bin:/sbin:/bin
}

# ours ARG...: run it; then $status, $output, $stderr.
ours() { run --separate-stderr -- "$bwrap" "$@"; }

# alike ARG...: both end alike and print the same; then $status and $output are ours.
alike() {
	local their_status=0 their_output
	require_program "$theirs"
	their_output=$("$theirs" "$@" 2>"$scratch/their.err") || their_status=$?
	ours "$@"
	assert_equal "$status
$output" "$their_status
$their_output"
}

# here SCRIPT: in a sandbox with the host's programs and the words of the array `options`
here() { alike "${host[@]}" "${options[@]}" sh -c "$1"; }

assert_bwrap_refused() {
	assert_status 1 && assert_stderr_has "^bwrap: $1" && assert_output ''
}

@test "an empty root, and the command's status" {
	here 'ls -A /; stat -c "%a %u %g" / /usr /bin; exit 7'
	assert_status 7
	here 'kill -9 $$'
	assert_status 137
	alike --unshare-pid "${host[@]}" sh -c 'kill -TERM $$'
	assert_status 143
}

@test "version and help" {
	ours --version
	assert_output 'bubblewrap 0.11.1'
	ours --help
	assert_success
	assert_output_has '^usage: .*bwrap \[OPTIONS' '--json-status-fd FD'
	ours
	assert_status 1
	assert_stderr_has '^usage: '
	ours --unshare-all
	assert_status 1
	assert_stderr_has '^usage: '
}

@test "every option that bubblewrap 0.8 has is one of ours" {
	local option
	require_program "$theirs"
	ours --help
	while read -r option; do
		assert_output_has "^ +$option( |\$)"
	done < <("$theirs" --help | grep -o '^ *--[a-z0-9-]*')
	for option in --argv0 --level-prefix --overlay-src --overlay --tmp-overlay --ro-overlay --bind-fd --ro-bind-fd \
		--assert-userns-disabled; do
		assert_output_has "^ +$option "
	done
}

# mounts: mountinfo without the numbers, and without the file systems that the host's are copies of.
mounts="awk '{ sub(/ master:[0-9]+/, \"\"); n = index(\$0, \" - \"); print \$4, \$5, \$6, substr(\$0, n) }' /proc/self/mountinfo |
	sed 's,^/newroot /,/ /,' | sort"

@test "the mounts are the same, with the same flags" {
	options=(--unshare-all --proc /proc --dev /dev --tmpfs /tmp --size 1048576 --perms 1777 --tmpfs /var/tmp --mqueue /mq --bind "$scratch" /here
		--ro-bind "$scratch" /there --dev-bind /dev/null /nothing --dir /a/b)
	here "$mounts"
	assert_output_has '^/ /tmp rw,nosuid,nodev' ' /here rw' ' /there ro'
}

@test "the whole host as the root, and mounts over it" {
	# Theirs leaves out flags of mounts that it cannot reach by a path.
	alike --bind / / --tmpfs /tmp --unshare-pid --proc /proc sh -c "$mounts | grep -E ' (/|/tmp|/proc) '; ls -A /tmp"
	alike --ro-bind / / sh -c 'touch /var/tmp/x 2>/dev/null; echo $?'
	# Where it is itself in a sandbox: a copy of "/" has nothing of our own.
	ours --ro-bind / / --ro-bind / /mnt ls /mnt
	assert_success
	assert_output "$(ls /)"
}

@test "namespaces: those that are asked for, and no others" {
	local kinds='for n in cgroup ipc mnt net pid user uts; do
		[ "$(readlink /proc/self/ns/$n)" = "$(sed -n "s/^$n //p" /etc/host-ns)" ] || echo $n; done'
	(cd /proc/self/ns && for n in cgroup ipc mnt net pid user uts; do echo "$n $(readlink $n)"; done) >"$scratch/ns"
	for option in --unshare-user --unshare-ipc --unshare-net --unshare-uts --unshare-cgroup --unshare-cgroup-try --unshare-user-try \
		--unshare-pid --unshare-all; do
		ours --bind / / --tmpfs /etc --ro-bind "$scratch/ns" /etc/host-ns --proc /proc $option sh -c "$kinds"
		local first=$output
		"$theirs" --bind / / --tmpfs /etc --ro-bind "$scratch/ns" /etc/host-ns --proc /proc $option sh -c "$kinds" >"$scratch/theirs"
		assert_equal "$option: $first" "$option: $(cat "$scratch/theirs")"
	done
	ours --bind / / --tmpfs /etc --ro-bind "$scratch/ns" /etc/host-ns --proc /proc --unshare-all --share-net sh -c "$kinds"
	assert_output 'cgroup
ipc
mnt
pid
user
uts'
}

@test "ids, capabilities and no_new_privs" {
	local look='id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status'
	for options in '' '--dev /dev' '--uid 0 --gid 0' '--uid 5 --gid 6 --dev /dev' '--cap-add ALL --uid 0' '--cap-add CAP_CHOWN' \
		'--cap-add cap_net_admin --dev /dev' '--cap-add ALL --cap-drop CAP_SYS_ADMIN'; do
		# shellcheck disable=SC2086 # words
		alike "${host[@]}" --unshare-user --unshare-pid --proc /proc $options sh -c "$look"
		assert_success
	done
	ours "${host[@]}" --cap-add CAP_NONE true
	assert_bwrap_refused 'unknown cap: CAP_NONE'
}

@test "host name, and what else wants a namespace" {
	options=(--unshare-uts --hostname inside)
	here hostname
	assert_output inside
	ours "${host[@]}" --hostname inside true
	assert_bwrap_refused 'Specifying --hostname requires --unshare-uts'
	ours "${host[@]}" --as-pid-1 true
	assert_bwrap_refused 'Specifying --as-pid-1 requires --unshare-pid'
	ours "${host[@]}" --unshare-pid --as-pid-1 --lock-file / true
	assert_bwrap_refused 'Specifying --as-pid-1 and --lock-file is not permitted'
	ours "${host[@]}" --disable-userns true
	assert_bwrap_refused '--disable-userns requires --unshare-user'
	ours "${host[@]}" --userns-block-fd 3 true
	assert_bwrap_refused '--userns-block-fd requires --unshare-user'
	ours "${host[@]}" --unshare-user --userns-block-fd 3 true
	assert_bwrap_refused '--userns-block-fd requires --info-fd'
	ours "${host[@]}" --unshare-user --userns 3 true
	assert_bwrap_refused '--userns not compatible'
}

@test "variables and the working directory" {
	export ONE=1 TWO=2
	here 'env | grep -v ^_= | sort'
	options=(--clearenv --setenv THREE 3 --setenv PATH /usr/bin)
	here 'env | grep -v ^_= | sort'
	options=(--unsetenv ONE --setenv TWO two)
	here 'echo "${ONE-none} $TWO"; pwd; echo $PWD'
	assert_output_has '^none two$' '^/$'
	options=(--bind "$scratch" "$scratch")
	here 'pwd; echo $PWD'
	assert_output_has "^$scratch\$"
	options=(--setenv HOME /usr/lib)
	here 'pwd'
	assert_output /usr/lib
	options=(--chdir /etc)
	here 'pwd; echo $PWD'
	assert_output_has '^/etc$'
	ours "${host[@]}" --chdir /nowhere true
	assert_bwrap_refused "Can't chdir to /nowhere: "
	ours "${host[@]}" --chdir /usr --chdir /etc pwd
	assert_output /etc
	assert_stderr_has '^bwrap: Only the last --chdir option will take effect$'
}

@test "descriptors that the caller left open are the command's" {
	echo given >"$scratch/given"
	ours "${host[@]}" sh -c 'cat <&9' 9<"$scratch/given"
	assert_output given
}

@test "files, their modes, and those of directories that are made for them" {
	echo data >"$scratch/data"
	exec 8<"$scratch/data" 9<"$scratch/data"
	ours "${host[@]}" --perms 0640 --file 8 /made/by/file --bind-data 9 /made/data sh -c \
		'cat /made/by/file /made/data; stat -c %a /made /made/by /made/by/file /made/data; echo more >>/made/data'
	exec 8<&- 9<&-
	assert_success
	assert_output 'data
data
750
750
640
600'
	exec 8<"$scratch/data"
	ours "${host[@]}" --perms 0444 --ro-bind-data 8 /etc/hostname sh -c 'cat /etc/hostname; echo x 2>/dev/null >/etc/hostname || echo held'
	exec 8<&-
	assert_output 'data
held'
	options=(--perms 0700 --dir /x/y --dir /z --symlink to/there /x/link --chmod 0711 /z)
	here 'stat -c "%n %a" /x /x/y /z; readlink /x/link'
	mkdir "$scratch/bound"
	options=(--bind "$scratch/bound" /bound --tmpfs /bound/made --dir /bound/dir --symlink x /bound/link)
	here 'find /bound | sort'
	assert_equal "$(cd "$scratch/bound" && find . | sort)" '.
./dir
./link
./made'
}

@test "links that are there already" {
	ours --symlink a /l --symlink a /l --ro-bind / /r /r/bin/true
	assert_status 1
	ours "${host[@]}" --symlink a /l --symlink a /l true
	assert_success
	ours "${host[@]}" --symlink a /l --symlink b /l true
	assert_bwrap_refused "Can't make symlink at /l: existing destination is a"
	ours "${host[@]}" --dir /l --symlink b /l true
	assert_bwrap_refused "Can't make symlink at /l: destination exists and is not a symlink"
}

@test "sources that are not there" {
	ours "${host[@]}" --bind /no/such /x true
	assert_bwrap_refused "Can't find source path /no/such: No such file or directory"
	options=(--bind-try /no/such /a --ro-bind-try /no/such /b --dev-bind-try /no/such /c)
	here 'ls /'
	ours "${host[@]}" --bind /etc/passwd /usr/bin true
	assert_status 1
}

@test "remount-ro: one mount, not those in it" {
	options=(--dir /a --tmpfs /a --tmpfs /a/b --remount-ro /a)
	here 'touch /a/x 2>/dev/null; echo $?; touch /a/b/x; echo $?'
	assert_output '1
0'
	ours "${host[@]}" --remount-ro /usr/bin true
	assert_bwrap_refused "Can't remount readonly on /usr/bin: "
}

@test "--bind-fd: what is open, and nothing else" {
	mkdir "$scratch/dir"
	echo found >"$scratch/dir/file"
	exec 9<"$scratch/dir"
	ours "${host[@]}" --bind-fd 9 /dir sh -c 'cat /dir/file; echo new >/dir/new; { true <&9; } 2>/dev/null || echo closed'
	assert_success
	assert_output 'found
closed'
	assert_equal "$(cat "$scratch/dir/new")" new
	ours "${host[@]}" --ro-bind-fd 9 /dir sh -c 'echo new 2>/dev/null >/dir/newer || echo held'
	assert_output held
	mv "$scratch/dir" "$scratch/moved" && mkdir "$scratch/dir"
	ours "${host[@]}" --bind-fd 9 /dir cat /dir/file
	assert_output found
	exec 9<&-
}

@test "overlays" {
	mkdir "$scratch/low" "$scratch/mid" "$scratch/up ,:\\" "$scratch/work"
	echo low >"$scratch/low/a"
	echo low >"$scratch/low/b"
	echo mid >"$scratch/mid/b"
	ours "${host[@]}" --overlay-src "$scratch/low" --overlay-src "$scratch/mid" --overlay "$scratch/up ,:\\" "$scratch/work" /o \
		sh -c 'cat /o/a /o/b; echo new >/o/b'
	assert_success
	assert_output 'low
mid'
	assert_equal "$(cat "$scratch/up ,:\\/b")" new
	ours "${host[@]}" --overlay-src "$scratch/low" --tmp-overlay /o --overlay-src "$scratch/mid" --tmp-overlay /p \
		sh -c 'echo new >/o/a; cat /o/a; ls /p'
	assert_output 'new
b'
	assert_equal "$(cat "$scratch/low/a")" low
	ours "${host[@]}" --overlay-src "$scratch/low" --overlay-src "$scratch/mid" --ro-overlay /o sh -c 'cat /o/b; touch /o/x 2>/dev/null || echo held'
	assert_output 'mid
held'
	tiny_rootfs
	echo root >"$root/a"
	ours --overlay-src "$root" --tmp-overlay / /bin/sh -c 'cat /a; echo new >/a'
	assert_success
	assert_output root
	assert_equal "$(cat "$root/a")" root
	ours "${host[@]}" --overlay-src "$scratch/low" --ro-overlay /o true
	assert_bwrap_refused '--ro-overlay requires at least two --overlay-src'
	ours "${host[@]}" --overlay-src "$scratch/low" --chdir / true
	assert_bwrap_refused '--overlay-src must be followed by'
}

@test "--args: more options, from several descriptors" {
	printf '%s\0' --setenv A 1 --dir /a >"$scratch/one"
	printf '%s\0' --setenv B 2 >"$scratch/two"
	exec 8<"$scratch/one" 9<"$scratch/two"
	ours "${host[@]}" --args 8 --args 9 sh -c 'echo "$A$B"; ls -d /a; cat <&8 2>/dev/null'
	exec 8<&- 9<&-
	assert_output '12
/a'
}

@test "the status descriptor and the info descriptor" {
	ours "${host[@]}" --unshare-all --info-fd 8 --json-status-fd 9 sh -c 'exit 42' 8>"$scratch/info" 9>"$scratch/status"
	assert_status 42
	require_program python3
	python3 - "$scratch/info" "$scratch/status" <<-'PY'
		import json, sys
		info = json.load(open(sys.argv[1]))
		start, end = [json.loads(line) for line in open(sys.argv[2])]
		assert info == start, (info, start)
		assert set(info) == {"child-pid"} | {f"{n}-namespace" for n in "cgroup ipc mnt net pid uts".split()}, info
		assert end == {"exit-code": 42}, end
	PY
	# Laid out as readers without a parser know it.
	assert_equal "$(head -n 2 "$scratch/info" | sed 's/[0-9][0-9]*/N/')" '{
    "child-pid": N,'
	assert_equal "$(tail -n 1 "$scratch/status")" '{ "exit-code": 42 }'
	ours "${host[@]}" --json-status-fd 9 /no/such 9>"$scratch/status"
	assert_status 1
	assert_stderr_has '^bwrap: execvp /no/such: No such file or directory$'
	[ "$(grep -c exit-code "$scratch/status")" = 0 ]
}

@test "--block-fd, --sync-fd, --lock-file" {
	mkfifo "$scratch/block"
	"$bwrap" "${host[@]}" --bind "$scratch" /s --block-fd 9 touch /s/ran 9<>"$scratch/block" 3>&- &
	[ ! -e "$scratch/ran" ]
	exec 9>"$scratch/block"
	echo go >&9
	wait $!
	[ -e "$scratch/ran" ]
	exec 9>&-
	touch "$scratch/lock"
	"$bwrap" "${host[@]}" --ro-bind "$scratch" /s --die-with-parent --unshare-pid --lock-file /s/lock cat <>"$scratch/block" 3>&- &
	local pid=$!
	locked() { ! python3 -c 'import fcntl, sys; fcntl.lockf(open(sys.argv[1], "a"), fcntl.LOCK_EX | fcntl.LOCK_NB)' "$scratch/lock" 2>/dev/null; }
	eventually locked
	kill -9 $pid
	eventually eval '! locked'
}

@test "--die-with-parent: nothing is left when the caller is killed" {
	mkfifo "$scratch/never"
	bash -c '"$@" & wait' - "$bwrap" "${host[@]}" --bind "$scratch" /s --unshare-pid --die-with-parent sh -c 'touch /s/started; cat /s/never' 3>&- &
	eventually [ -e "$scratch/started" ]
	kill -9 $!
	eventually no_new_processes
}

@test "what runs in the background goes on, and the status comes at once" {
	mkfifo "$scratch/fifo"
	# Its init has the caller's standard output for as long as anybody is left.
	"$bwrap" "${host[@]}" --bind "$scratch" /s --unshare-pid sh -c '(read x </s/fifo; echo "$x" >/s/result) & exit 5' >"$scratch/out" 2>&1 3>&- ||
		status=$?
	assert_equal "$status" 5
	echo later >"$scratch/fifo"
	eventually [ -s "$scratch/result" ]
}

@test "a program by the command's PATH, its name, and --" {
	mkdir "$scratch/bin"
	printf '#!/bin/sh\necho "called $0"\n' >"$scratch/bin/--name"
	printf 'echo "no first line"\n' >"$scratch/bin/plain"
	chmod +x "$scratch"/bin/*
	options=(--ro-bind "$scratch/bin" /b --setenv PATH /b:/usr/bin)
	alike "${host[@]}" "${options[@]}" -- --name
	assert_output 'called /b/--name'
	alike "${host[@]}" "${options[@]}" plain
	assert_output 'no first line'
	ours "${host[@]}" --argv0 other sh -c 'echo $0'
	assert_output other
	alike "${host[@]}" "${options[@]}" nosuch
	assert_status 1
	ours --nosuch
	assert_bwrap_refused 'Unknown option --nosuch'
	ours --bind /usr
	assert_bwrap_refused '--bind takes two arguments'
	ours --level-prefix --nosuch
	assert_stderr_has '^<3>bwrap: Unknown option --nosuch'
}

@test "user namespaces inside: as deep as wanted, or none" {
	options=(--unshare-user --dev-bind / /)
	ours "${options[@]}" "$bwrap" --dev-bind / / true
	assert_success
	ours "${options[@]}" --disable-userns "$bwrap" --dev-bind / / true
	assert_status 1
	assert_stderr_has '^bwrap: '
	ours "${options[@]}" --disable-userns sh -c 'echo 9 2>/dev/null >/proc/sys/user/max_user_namespaces; unshare -U true 2>/dev/null || echo held'
	assert_output held
	ours "${options[@]}" --assert-userns-disabled true
	assert_bwrap_refused 'creation of new user namespaces was not disabled as requested'
}

@test "--userns and --pidns: another's" {
	mkfifo "$scratch/fifo"
	"$bwrap" --dev-bind / / --unshare-user --unshare-pid --info-fd 9 cat "$scratch/fifo" 9>"$scratch/info" 3>&- &
	local job=$!
	eventually grep -q '}' "$scratch/info"
	local pid
	pid=$(sed -n 's/.*"child-pid": \([0-9]*\).*/\1/p' "$scratch/info")
	ours --dev-bind / / --userns 8 --pidns 9 --proc /proc sh -c 'readlink /proc/self/ns/user /proc/self/ns/pid' \
		8<"/proc/$pid/ns/user" 9<"/proc/$pid/ns/pid"
	assert_success
	assert_output "$(readlink "/proc/$pid/ns/user" "/proc/$pid/ns/pid")"
	ours --dev-bind / / --userns 8 --pidns 9 --unshare-pid --proc /proc sh -c 'readlink /proc/self/ns/user; echo $$; exit 3' \
		8<"/proc/$pid/ns/user" 9<"/proc/$pid/ns/pid"
	assert_status 3
	assert_output "$(readlink "/proc/$pid/ns/user")
2"
	: >"$scratch/fifo"
	wait $job
}

@test "filters: the caller's, one or several, and ours only when it is asked for" {
	require_program python3
	# One that answers EPERM to the call of that number, and allows all else.
	refuse() {
		python3 -c 'import struct, sys
for code, jt, jf, k in (0x20, 0, 0, 0), (0x15, 0, 1, int(sys.argv[1])), (6, 0, 0, 0x50001), (6, 0, 0, 0x7fff0000):
    sys.stdout.buffer.write(struct.pack("HBBI", code, jt, jf, k))' "$1"
	}
	local mkdir_number rmdir_number
	mkdir_number=$(python3 -c 'import platform; print({"x86_64": 83, "aarch64": 34}[platform.machine()])')
	rmdir_number=$(python3 -c 'import platform; print({"x86_64": 84, "aarch64": 35}[platform.machine()])')
	refuse "$mkdir_number" >"$scratch/mkdir"
	refuse "$rmdir_number" >"$scratch/rmdir"
	ours "${host[@]}" --dir /x --seccomp 9 sh -c 'mkdir /x/y 2>/dev/null || echo held; rmdir /x && echo done' 9<"$scratch/mkdir"
	assert_output 'held
done'
	ours "${host[@]}" --unshare-pid --dir /x --add-seccomp-fd 8 --add-seccomp-fd 9 sh -c \
		'mkdir /x/y 2>/dev/null || echo held; rmdir /x 2>/dev/null || echo held' 8<"$scratch/mkdir" 9<"$scratch/rmdir"
	assert_output 'held
held'
	ours "${host[@]}" --seccomp 9 true 9<<<odd
	assert_bwrap_refused 'Invalid seccomp data, must be multiple of 8'
	ours "${host[@]}" --proc /proc sh -c 'grep ^Seccomp: /proc/self/status; unshare -U true && echo can'
	assert_output 'Seccomp:	0
can'
	export SANDBOX_BWRAP_HARDEN=1
	ours "${host[@]}" --proc /proc --seccomp 9 sh -c 'grep ^Seccomp: /proc/self/status; unshare -U true 2>/dev/null || echo held' 9<"$scratch/mkdir"
	assert_output 'Seccomp:	2
held'
	export SANDBOX_BWRAP_HARDEN=yes
	ours "${host[@]}" true
	assert_bwrap_refused 'SANDBOX_BWRAP_HARDEN is 1 or not set'
}

@test "labels are refused by name" {
	ours "${host[@]}" --exec-label x true
	assert_bwrap_refused '--exec-label x: labeling not supported on this system'
	ours "${host[@]}" --file-label x true
	assert_bwrap_refused '--file-label x: labeling not supported on this system'
}

@test "a terminal: its own session, and a /dev/console" {
	require_program script
	run --separate-stderr script -qec "$bwrap --ro-bind / / --dev /dev sh -c 'tty; ls /dev/console'" /dev/null
	assert_output_has '/dev/console'
	alike "${host[@]}" --unshare-pid --proc /proc --new-session sh -c 'cut -d " " -f 6 /proc/$$/stat'
}

@test "what an agent's tool asks for" {
	mkdir -p "$scratch/project/.git/hooks"
	ours --new-session --die-with-parent --unshare-user --unshare-pid --unshare-ipc --unshare-uts --unshare-net --unshare-cgroup-try \
		--ro-bind / / --dev /dev --proc /proc --tmpfs /tmp --bind "$scratch/project" "$scratch/project" \
		--ro-bind "$scratch/project/.git/hooks" "$scratch/project/.git/hooks" --ro-bind-try /no/such /no/such --ro-bind /dev/null /etc/shadow \
		--setenv http_proxy http://localhost:3128 --unsetenv SSH_AUTH_SOCK --chdir "$scratch/project" --hostname box \
		--cap-drop ALL -- bash -c 'touch file; touch .git/hooks/evil 2>/dev/null || echo held; hostname; pwd; cat /etc/shadow; ip link | grep -c "^[0-9]"'
	assert_success
	assert_output "held
box
$scratch/project
1"
	[ -e "$scratch/project/file" ]
}

@test "what a thumbnailer asks for" {
	echo picture >"$scratch/in"
	mkdir "$scratch/out"
	options=(--ro-bind /usr /usr --ro-bind-try /etc/ld.so.cache /etc/ld.so.cache --ro-bind-try /etc/alternatives /etc/alternatives
		--symlink /usr/bin /bin --symlink /usr/lib64 /lib64 --symlink /usr/lib /lib --symlink /usr/sbin /sbin --proc /proc --dev /dev
		--chdir / --setenv GIO_USE_VFS local --unshare-all --die-with-parent --bind "$scratch/out" /tmp --ro-bind "$scratch/in" /tmp/picture.png)
	alike "${options[@]}" sh -c 'cat /tmp/picture.png >/tmp/gnome-desktop-thumbnailer.png; cat /tmp/*.png; cd /; pwd'
	assert_success
	assert_equal "$(cat "$scratch/out/gnome-desktop-thumbnailer.png")" picture
}
