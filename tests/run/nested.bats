# A sandbox in a sandbox, in bubblewrap and in a rootless container; where the kernel refuses a fresh /proc, the run
# says what to do, doctor says the same, and the weaker mode that has the name works.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	export ASAN_OPTIONS=detect_leaks=0 # which takes a clone
	# The program as it lies in a source tree, with its profiles, to be shown inside as /t.
	mkdir -p t/build
	cp "$SANDBOX" t/build/sandbox
	cp -r "$(dirname "$SANDBOX")/libexec" t/build/
	cp -r "$PROJECT/profiles" t/
	show=(-e ASAN_OPTIONS --ro-bind "$scratch/t:/t")
	again=(-e ASAN_OPTIONS --ro-bind /t)
	inner=/t/build/sandbox
}

teardown() {
	if [ -n "${short-}" ]; then
		# podman leaves a process that holds its user namespace.
		[ ! -s "$short"/r/libpod/tmp/pause.pid ] || xargs -r kill <"$short"/r/libpod/tmp/pause.pid
		[ ! -s "$short"/libpod/tmp/pause.pid ] || xargs -r kill <"$short"/libpod/tmp/pause.pid
		remove_tree "$short"
	fi
	lib_teardown
}

# refused_by_masks: 125, and what to do
refused_by_masks() {
	assert_refused 'cannot mount a fresh proc: parts of the one that is here are masked' '--proc=bind, which is weaker' '--profile sandboxes' \
		'podman: --security-opt unmask=ALL'
}

@test "three deep, each with a /proc of its own" {
	sandbox --profile sandboxes "${show[@]}" / "$inner" --profile sandboxes --userns=single --user "$(id -u)" "${again[@]}" / \
		"$inner" --userns=single "${again[@]}" / sh -c 'echo "$$ $(id -u)"; readlink /proc/self; ls /proc/1/task
		cat /proc/[0-9]*/comm | sort -u; echo /sys/class/net/*; ls /proc/acpi; cat /proc/keys'
	assert_success
	assert_equal "$(head -n 1 <<<"$output" | cut -d ' ' -f 2)" 0
	assert_output_has '^1$' '^sandbox$' '^/sys/class/net/lo$'
	assert_output_lacks 'bats|bash'
	# The innermost masks its own again.
	assert_equal "$(grep -cE ':' <<<"$output")" 0
}

@test "ids: a second uid 0 takes a capability, and the message says so" {
	sandbox --profile sandboxes --userns=single "${show[@]}" / "$inner" --userns=single / true
	assert_refused 'CAP_SETFCAP' '--cap-add SETFCAP' '--userns=keep-id'
	sandbox --profile sandboxes --userns=single --cap-add SETFCAP "${show[@]}" / "$inner" --userns=single / id -u
	assert_success
	assert_output 0
}

@test "a layer, a bind and a timeout work inside" {
	mkdir p && echo text >p/f
	sandbox --profile sandboxes "${show[@]}" --bind "$scratch/p:/p" --ro-bind "$root:/r" / "$inner" --userns=single --ro-bind /p --timeout 60s /r \
		/bin/sh -c 'cat /p/f; echo new >/new && cat /new; echo x >/p/f'
	assert_output $'text\nnew'
	assert_stderr_has 'Read-only file system'
	assert_equal "$(cat p/f)" text
}

@test "in one that masks its /proc: refused with words, and --proc=bind works, read-only" {
	options=(--userns=keep-id --seccomp=sandboxes "${show[@]}")
	sandbox "${options[@]}" / "$inner" --userns=single / echo ran
	refused_by_masks
	assert_stderr_has '/proc/[a-z-]+ and more'
	sandbox "${options[@]}" / "$inner" --userns=single --proc=bind / sh -c 'echo ran; cat /proc/self/comm; cat /proc/[0-9]*/cmdline | tr "\0" " "
		echo 500 >/proc/self/oom_score_adj; echo /sys/class/net/*; cat /proc/keys'
	assert_output_has '^ran$' '^cat$' 'sandbox --userns=single --proc=bind' '/sys/class/net/lo$'
	assert_stderr_has 'Read-only file system'
	assert_output_lacks 'keyring'
	sandbox "${options[@]}" / "$inner" doctor --userns=single /
	assert_status 1
	assert_output_has '^no: cannot mount a fresh proc: parts of the one that is here are masked' '--proc=bind, which is weaker'
	sandbox --proc=bind --print-enforced / true
	assert_refused '--proc' '--print-enforced'
}

@test "in bubblewrap: with its /proc, with none, and with the host's" {
	require_program bwrap
	require 'a bubblewrap that works here' bwrap --ro-bind / / true
	bwrap=(bwrap --ro-bind / / --dev /dev --bind "$scratch" "$scratch" --unshare-all)
	run --separate-stderr "${bwrap[@]}" --proc /proc "$SANDBOX" --userns=single / echo ran
	assert_success
	assert_output ran
	run --separate-stderr "${bwrap[@]}" --proc /proc --ro-bind /dev/null /proc/keys "$SANDBOX" --userns=single / echo ran
	refused_by_masks
	run --separate-stderr "${bwrap[@]}" --proc /proc --ro-bind /dev/null /proc/keys "$SANDBOX" --userns=single --proc=bind / echo ran
	assert_success
	! sanitized || return 0
	run --separate-stderr "${bwrap[@]}" --tmpfs /proc "$SANDBOX" --userns=single / echo ran
	assert_refused 'there is no /proc here'
}

@test "bubblewrap in a sandbox: with the profile for that, and not without" {
	require_program bwrap
	sandbox / bwrap --ro-bind / / true
	[ "$status" != 0 ] || told 'it is refused by default'
	sandbox --profile sandboxes / bwrap --ro-bind / / --dev /dev --proc /proc --unshare-all sh -c 'echo ran; ls -d /proc/[0-9]*'
	assert_success
	assert_output_has '^ran$' '^/proc/1$'
}

# crun refuses machines with both versions of cgroups; where they are hidden it needs none.
contained() {
	# shellcheck disable=SC2016 # it is the inner shell's
	run --separate-stderr podman unshare sh -c 'mount -t tmpfs none /sys/fs/cgroup; exec "$@"' sh podman "${global[@]}" --runtime crun run --rm \
		--cgroups=disabled --network none -v "$scratch/t:/t:ro" -v /usr:/usr:ro -v /etc/ld.so.cache:/etc/ld.so.cache:ro -e ASAN_OPTIONS "$@"
}

@test "in a rootless container of podman's" {
	require_program podman
	require_program crun
	require_range
	local link
	short=$(mktemp -d /var/tmp/p.XXXXXX) # its paths have to be short
	# With dbus-launch on the machine podman would start a bus, and leave it.
	export XDG_RUNTIME_DIR=$short HOME=$short TMPDIR=$short DBUS_SESSION_BUS_ADDRESS=disabled:
	global=(--root "$short/p" --runroot "$short/r" --storage-driver vfs --cgroup-manager cgroupfs --events-backend file --log-level error)
	podman() { command podman "${global[@]}" "$@"; }
	mkdir -p image/{usr,proc,sys,dev,tmp,etc,run,t}
	for link in bin lib lib64; do
		[ ! -L "/$link" ] || ln -s "usr/$link" "image/$link"
	done
	echo root:x:0:0::/:/bin/sh >image/etc/passwd
	tar -C image -cf image.tar .
	podman import -q image.tar img >/dev/null 2>err || skip "missing: a podman that works here: $(tail -n 1 err)"
	contained img /bin/echo hi
	[ "$status" = 0 ] || skip "missing: a podman that works here: ${stderr##*$'\n'}"
	contained img "$inner" --userns=single / /bin/echo ran
	refused_by_masks
	contained img "$inner" --userns=single --proc=bind / /bin/echo ran
	assert_success
	assert_output ran
	contained --security-opt unmask=ALL img "$inner" --userns=single / /bin/sh -c 'echo ran; ls -d /proc/1 /proc/[0-9]*/root'
	assert_output_has '^ran$' '^/proc/1$'
	# Its filter refuses the call: one that was not asked for is left out.
	contained --security-opt unmask=ALL img "$inner" --userns=single --hostname mine / /bin/uname -n
	[ "$output" = mine ] || assert_refused 'host name mine' 'leave --hostname out'
	contained img "$inner" doctor
	assert_status 1
	assert_output_has 'a Podman container' 'parts of the one that is here are masked' 'unmask=ALL'
}
