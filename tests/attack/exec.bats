# What `sandbox exec`, records and control sockets give a hostile sandbox: nothing.
load ../lib
load attack
load ../run/life

setup() {
	lib_setup
	tiny_rootfs
	cp "$TESTS_BUILD/hunter" "$root/bin/"
	records=$XDG_RUNTIME_DIR/sandbox
}

# All that a process can say of its confinement. Pids and counts differ from one to the next.
# shellcheck disable=SC2016
tell_all='
	grep -vE "^(Name|Pid|Tgid|Ngid|NStgid|NSpid|NSpgid|NSsid|PPid|Vm|Rss|voluntary|nonvoluntary|FDSize|HugetlbPages|Cpus_allowed|Threads|SigQ|State|Umask|x86)" /proc/self/status
	grep Seccomp_filters /proc/self/status
	for name in cgroup limits uid_map gid_map setgroups oom_score_adj personality timerslack_ns attr/current loginuid sessionid mountinfo; do
		echo "== $name"; cat /proc/self/$name 2>&1; done
	for ns in cgroup ipc mnt net pid time user uts; do readlink /proc/self/ns/$ns; done
	umask; pwd; env | sort; cat /proc/sys/kernel/hostname
	/bin/probe state; /bin/probe fds; /bin/probe pid1; /bin/probe keyring; /bin/probe breakout'

# same_state OPTION...: of the first command and of one that joins
same_state() {
	background same "$@" -- /bin/sh -c "$tell_all; echo END; exec sleep 1000"
	eventually logs_have same '^END$'
	MARK=SECRET "$SANDBOX" exec same /bin/sh -c "$tell_all; echo END" >joined 2>&1 </dev/null
	"$SANDBOX" logs same >first
	# What process 1 is called differs where the first command is it.
	sed -i -E '/^(environ|cmdline):/d' first joined
	# And who joins is behind rules of Landlock of its own: it does not see into the others.
	[[ "$*" != *--as-pid-1* ]] || sed -i -E '/^open |^openat .proc.1/d' first joined
	assert_equal "$(cat joined)" "$(cat first)"
	assert_lacks joined SECRET
	grep -q '^NoNewPrivs: 1$' joined
	"$SANDBOX" rm -f same
}

# case: a command that joins is confined less: ids, groups, capabilities, limits
# case: filter, no_new_privs
# case: descriptors above 2
@test "a command that joins is confined as the first one is, whatever was said" {
	require_range
	local how
	for how in '' '--userns=single' '--userns=keep-id' '--cap-add=ALL' '--cap-drop=ALL' '--user=daemon' '--seccomp=build' '--ulimit=nofile=64:128 --ulimit=core=1m' \
		'--network=host' '--keep-groups' '--as-pid-1' '--rw --env=A=b --unsetenv=LANG' '--read-only --boottime-offset=1000' '--userns=single --user=5:5'; do
		echo "with: $how"
		# shellcheck disable=SC2086
		same_state $how
	done
}

# case: power over the network
@test "the same with a network and every capability: in the payload's own user namespace" {
	require_range
	require_program slirp4netns
	require 'a network device that may be used' test -w /dev/net/tun
	same_state --network=slirp4netns --cap-add=ALL
	same_state --network=slirp4netns --userns=keep-id
	background net --network=slirp4netns --cap-add=ALL -- sleep 1000
	sandbox exec net ip link set tap0 down
	[ "$status" != 0 ]
}

# case: the joiner's program, descriptors, memory, directories
# case: the supervisor's command line, in the clone before its exec
@test "a hunter inside finds nothing of the joiner, in 200 execs (CVE-2016-9962, CVE-2019-5736)" {
	local how i count=200
	for how in '' '--cap-add=ALL --seccomp=unconfined' '--landlock=off --userns=single --seccomp=build'; do
		# shellcheck disable=SC2086
		HUNTED=x background prey --hostname HUNTED $how -- /bin/hunter hunt HUNTED
		eventually logs_have prey '^hunting$'
		for ((i = 0; i < count; i++)); do
			HUNTED=x timeout 10 "$SANDBOX" exec prey true || fail "exec $i"
		done
		assert_equal "$("$SANDBOX" logs prey)" hunting
		"$SANDBOX" rm -f prey
		count=50
	done
}

# case: the joiner's program, descriptors, memory, directories
@test "the hunter of these tests is a real one: what there is to be found it finds" {
	background prey --landlock=off -- /bin/hunter hunt MARKED
	eventually logs_have prey '^hunting$'
	"$SANDBOX" exec -e X=MARKED prey /bin/sh -c 'cd /tmp; exec 9</etc/passwd; sleep 1000' 3>&- &
	for what in 'environ: MARKED' 'cwd: /tmp' 'fd: /etc/passwd'; do
		eventually logs_have prey "^found $what" || fail "not found: $what"
	done
	"$SANDBOX" rm -f prey
	wait $! || :
}

# case: /proc/self/exe as the command that joins
@test "the program that is run outside cannot be changed, nor run, from inside (CVE-2019-5736)" {
	cp "$SANDBOX" mine
	chmod 0755 mine
	local before
	before=$(cksum <mine)
	SANDBOX=$scratch/mine
	background evil --cap-add=ALL --seccomp=unconfined -- /bin/sh -c 'ln -s /proc/self/exe /bin/evil; printf "#!/proc/self/exe\n" >/bin/script; chmod +x /bin/script
		cp /bin/probe /bin/newuidmap; echo up; while :; do for exe in /proc/[0-9]*/exe; do case $(readlink $exe) in /bin/*) ;; *) echo x >$exe ;; esac; done; done' 2>/dev/null
	eventually logs_have evil up
	for command in evil script '/proc/self/exe' '/proc/1/exe' '/proc/self/fd/3' '/proc/self/exe --version'; do
		# shellcheck disable=SC2086
		run --separate-stderr timeout 5 "$SANDBOX" exec evil $command
		[ "$status" != 0 ] || told "$command was run"
	done
	for i in {1..50}; do "$SANDBOX" exec evil true; done
	sandbox exec evil /bin/probe parent-exe
	assert_stderr_has 'parent runs (E|$)'
	assert_stderr_lacks 'changed|can write'
	assert_equal "$(cksum <mine)" "$before"
	"$SANDBOX" rm -f evil
}

# case: records bound in, by any name
# case: records that come to be later below what is bound
@test "records are not shown inside, by whatever name and whenever they came" {
	local other=$scratch/other
	mkdir -m 0700 other
	ln -s . link
	# There before, or made when they may be; a bind of what is above it, by a way round, of the root file system itself.
	for state in new old; do
		[ $state = new ] || background web -- sleep 1000
		for how in "--bind $XDG_RUNTIME_DIR:/x" "--ro-bind $XDG_RUNTIME_DIR:/x" "--dev-bind $XDG_RUNTIME_DIR:/x" "--bind $BATS_TEST_TMPDIR:/y --symlink y/runtime:/x" "--bind $BATS_TEST_TMPDIR/./runtime/../runtime:/x"; do
			# shellcheck disable=SC2086
			sandbox $how "$root" /bin/sh -c 'ls -A /x/sandbox; mkdir /x/sandbox/d; mv /x/sandbox /x/gone; rmdir /x/sandbox; rm -rf /x/sandbox; mv /x/sandbox/web /x/web; find /x -type s; true'
			assert_status 0
			assert_output ''
			[ -d "$records" ]
			[ $state = new ] || [ "$(field web state)" = running ] || fail "gone: $how"
		done
		rm -rf "$XDG_RUNTIME_DIR"/{gone,web}
		sandbox --lower "$XDG_RUNTIME_DIR" "$root" /bin/sh -c 'ls -A /sandbox; mkdir /sandbox/d; mv /sandbox /gone; find / -xdev -type s'
		assert_output ''
		assert_stderr_has "mkdir: can't create directory '/sandbox/d'"
		mkdir -p above/r/sandbox/web && chmod 0700 above/r
		XDG_RUNTIME_DIR=$scratch/above/r sandbox --lower above "$root" /bin/sh -c 'ls -A /r/sandbox'
		assert_success
		assert_output ''
	done
	for what in "$records" "$records/web" "$records/web/control" "$records/web/record"; do
		for how in --bind --ro-bind --bind-try; do
			sandbox $how "$what:/x" "$root" true
			assert_refused 'records of sandboxes'
		done
	done
	XDG_RUNTIME_DIR=$scratch/other sandbox --bind "$records:/x" "$root" ls /x
	[ "$status" = 0 ] || assert_refused # it is no place for records in this environment
	sandbox "$records" true
	assert_refused 'records of sandboxes'
	"$SANDBOX" rm -f web
	# ROOTFS is above them.
	tiny_rootfs "$other"
	mkdir -m 0700 "$other/var/me"
	export XDG_RUNTIME_DIR=$other/var/me
	background web -- sleep 1000
	for how in --rw --read-only --init; do
		sandbox $how "$other" /bin/sh -c 'ls -A /var/me/sandbox /nowhere'
		assert_output '/var/me/sandbox:'
	done
	"$SANDBOX" rm -f web
}

# case: records bound in, by any name
@test "in /tmp, where they are when there is nothing better" {
	sandbox --bind /tmp:/t "$root" /bin/sh -c 'ls -A /t/sandbox-'"$(id -u)"'; rmdir /t/sandbox-'"$(id -u)"'; mv /t/sandbox-'"$(id -u) /t/x-$$"
	assert_output ''
	assert_stderr_has 'busy'
	[ "$(stat -c %u:%a "/tmp/sandbox-$(id -u)")" = "$(id -u):700" ]
	rmdir "/tmp/sandbox-$(id -u)" || :
}

# case: a planted record: descriptors of whoever runs exec
# case: a planted record, a pid that is somebody else's: kill
@test "a record that something in a sandbox has planted gets no descriptor, and leads no signal to anybody" {
	sleep 1000 3>&- &
	local victim=$!
	mkdir above
	mkdir -m 0700 above/runtime
	# XDG_RUNTIME_DIR is below a directory that was bound, and is another one now.
	"$SANDBOX" --bind "$scratch/above:/a" "$root" /bin/sh -c "mv /a/runtime /a/old; mkdir -m 0700 /a/runtime; exec /bin/hunter plant /a/runtime $victim" >planted 3>&- &
	local supervisor=$!
	eventually grep -q planted planted
	export XDG_RUNTIME_DIR=$scratch/above/runtime
	sandbox exec fake cat
	assert_refused 'will not speak to fake'
	for signal in KILL TERM USR1; do
		sandbox kill -s $signal fake
		assert_refused 'will not send a signal' "process $victim"
	done
	run --separate-stderr timeout 5 "$SANDBOX" rm -f fake
	assert_refused
	sandbox logs fake
	sandbox ps
	assert_success
	kill -0 $victim
	assert_lacks planted '[1-9] descriptors'
	kill $victim $supervisor
	wait $victim $supervisor || :
	rm -rf "$XDG_RUNTIME_DIR"
}

# case: a process that looks like a supervisor, to be listed by ps and sent signals by kill
@test "a process in a sandbox that looks like a supervisor is none" {
	cp "$TESTS_BUILD/hunter" "$root/bin/sandbox"
	background web --userns=single --cap-add=ALL --seccomp=unconfined --env "XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR" -- /bin/sandbox pretend victim
	eventually logs_have web pretending
	assert_equal "$(names -a)" web
	# Outside it would be taken for one.
	cp "$TESTS_BUILD/hunter" sandbox
	./sandbox pretend victim >said 3>&- &
	eventually grep -q pretending said
	assert_equal "$(names -a)" "victim-$! web"
	kill -KILL $!
	wait $! || :
}

# case: a planted record, a pid that is somebody else's: kill
@test "a pid in a record is nobody's when the lock is free, or is not the supervisor's" {
	sleep 1000 3>&- &
	local victim=$!
	background web -- sleep 1000
	local supervisor
	supervisor=$(field web supervisor)
	sed -i "s/^supervisor = .*/supervisor = $victim/" "$records/web/record"
	sandbox kill -s KILL web
	assert_refused 'will not send a signal'
	kill -KILL "$supervisor"
	eventually no_processes_but $victim
	sandbox kill -s KILL web
	assert_refused 'no sandbox called web'
	kill -0 $victim
	kill $victim
	wait $victim || :
}

no_processes_but() { left=$(our_processes "$processes_before") && ! grep -v "^ *$1 " <<<"$left"; }

# ask [unshare] SCRIPT: python that has `s`, a socket connected to the control socket of web, and what a request is made of.
ask() {
	run --separate-stderr timeout 20 "${@:1:$#-1}" python3 - "$records/web" <<<"
import array, os, socket, struct, sys, time
os.chdir(sys.argv[1])
def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect('control')
    return s
def header(version=2, words=1, variables=0, terminals=0, lazy=0, ignored=0, blocked=0):
    return struct.pack('=5I4xQQ', version, words, variables, terminals, lazy, ignored, blocked)
def send(data, fds=(0, 1, 2), s=None):
    s = s or connect()
    s.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else [])
    return s
def answer(s, seconds=8):
    s.settimeout(seconds)
    try:
        return len(s.recv(70000))
    except ConnectionResetError:
        return 0
good = header() + b'\0\0' + b'/bin/true\0'
${*: -1}"
}

# held_by_supervisor: its children (with a layer on disk one more: the watcher), and how many sockets.
held_by_supervisor() {
	pgrep -P "$(field web supervisor)"
	find "/proc/$(field web supervisor)/fd" -lname 'socket:*' | wc -l
}

# case: requests that are none
@test "requests that are none: the supervisor lives, joins nobody, and answers the next" {
	background web -- sleep 1000
	before=$(held_by_supervisor)
	ask '
assert answer(send(good)) > 0
bad = [b"", b"x", header()[:-1], header(), header() + b"\0", header() + b"\0\0", header() + b"\0\0/bin/true",
       header(version=0) + good[40:], header(version=1) + good[40:], header(words=0) + good[40:], header(words=0xffffffff) + good[40:],
       header(words=4097) + good[40:], header(words=60000) + b"\0\0" + b"\0" * 60000, header(variables=60000) + good[40:] + b"a=\0" * 30000, header(words=2) + good[40:], header(variables=1) + good[40:], header(variables=0xffffffff) + good[40:],
       header(variables=1) + good[40:] + b"novalue\0", header(variables=1) + good[40:] + b"=x\0", header(variables=1) + good[40:] + b"a=x",
       header(terminals=0xffffffff, lazy=0xffffffff, ignored=2**64 - 1, blocked=2**64 - 1) + good[40:], header() + b"x" * 100000, header(words=4096) + b"\0" * 4000, b"\xff" * 130000,
       header() + b"/etc/passwd\0\0id\0", header() + b"\0../..\0id\0", header() + b"\0/proc/self/fd/0\0id\0", header() + b"4294967295\0\0id\0"]
for i, data in enumerate(bad):
    n = answer(send(data)) if data else 0
    print("bad", i, n if n < 8 else "said")
for fds in ((), (0,), (0, 1), (0, 1, 2, 0), tuple([0] * 200)):
    print("fds", len(fds), answer(send(good, fds)))
for s in [connect() for i in range(64)]:
    s.close()
held = [connect() for i in range(12)]
assert answer(send(good)) > 0
print("fine")'
	assert_success
	assert_output_has '^fine$' '^fds 0 0$' '^fds 1 0$' '^fds 2 0$' '^fds 4 0$' '^fds 200 0$'
	# Each one but the empty one is answered by an error, so none has brought the joiner down.
	[ "$(grep -c '^bad .* said$' <<<"$output")" = 27 ] || told 'all but the empty one should be answered'
	sandbox exec web echo alive
	assert_output alive
	quiet() { [ "$(held_by_supervisor)" = "$before" ]; }
	eventually quiet || fail "a joiner or a socket is left: $before, and then $(held_by_supervisor)"
	sandbox exec web ps -o args
	assert_equal "${#lines[@]}" 4
}

# case: who asks from another user namespace
@test "who is in another user namespace is not heard" {
	require 'a user namespace' unshare -Ur true
	background web -- sleep 1000
	ask 'assert answer(send(good)) > 0; print("heard")'
	assert_output heard
	ask unshare -Ur '
try:
    print(answer(send(good)))
except (BrokenPipeError, ConnectionResetError):
    print(0)'
	assert_output 0
}

# case: a trap for passwd, read for `exec --user`
@test "a passwd that is a trap: a FIFO, a device, a link out, a directory, one without an end (CVE-2024-9676)" {
	require_range
	printf 'evil:x:0:0::/:/bin/sh\n' >outside
	background web --bind "$scratch:/out" -- sleep 1000
	local trap how=0
	for trap in 'mkfifo passwd' 'ln -s /dev/zero passwd' 'ln -s /dev/tty passwd' 'ln -s /proc/self/fd/0 passwd' 'ln -s /proc/1/root/etc/passwd passwd' 'mkdir passwd' 'truncate -s 20G passwd' \
		'ln -s passwd passwd' "ln -s $scratch/outside passwd" "ln -s ../../../../../..$scratch/outside passwd" 'chmod 0700 /etc; true' 'yes evil >passwd & sleep 0.2' 'head -c 900000 /dev/urandom >passwd'; do
		"$SANDBOX" exec web sh -c "cd /etc; rm -rf passwd; $trap" 3>&-
		run --separate-stderr timeout -s KILL 10 "$SANDBOX" exec --user evil web id
		assert_refused 'no such name|cannot read /etc/passwd|not a regular file|read /etc/passwd' || fail "with: $trap"
	done
	# One of ids that the sandbox does not have, and one that lies about root: what it is is the sandbox's own affair.
	"$SANDBOX" exec web sh -c 'cd /etc; rm -rf passwd; printf "evil:x:70000:70000::/:/bin/sh\nevil2:x:0:0::/x:/bin/sh\n:::::\nevil3:x:4294967295:0::/:/bin/sh\nevil4:x:-1:0::/:/bin/sh\n" >passwd'
	for name in evil evil3 evil4; do
		sandbox exec --user $name web id
		assert_refused 'does not have these ids|no such name'
	done
	sandbox exec --user evil2 web grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp):' /proc/self/status
	assert_equal "$output" "$("$SANDBOX" exec web grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp):' /proc/self/status)"
	# The process that looks is not to be found either.
	"$SANDBOX" rm -f web
	HUNTED=x background prey --hostname HUNTED --cap-add=ALL --seccomp=unconfined -- /bin/hunter hunt HUNTED
	eventually logs_have prey '^hunting$'
	for ((i = 0; i < 50; i++)); do
		HUNTED=x timeout 10 "$SANDBOX" exec --user daemon prey true || fail "exec $i"
	done
	assert_equal "$("$SANDBOX" logs prey)" hunting
}

# case: escape sequences in ps and in what the verbs print
@test "control bytes in names, commands and paths are shown, not sent (CVE-2023-28101)" {
	local bad=$'\e]0;evil\a\e[31m\x9b\xc2\x9b31m\r\x08\x7f'
	mkdir "dir$bad"
	tiny_rootfs "$scratch/dir$bad/root"
	"$SANDBOX" -d --name odd "$root" /bin/sh -c 'sleep 1000' "$bad"
	for words in 'ps' 'ps|--json' 'ps|-a' "exec|$bad|x" "exec|odd|$bad" "exec|--user|$bad|odd" "exec|--workdir|/$bad|odd" "exec|-e|$bad|odd" "kill|-s|$bad|odd" "kill|$bad" "rm|$bad" "logs|$bad" "wait|$bad" "--name|$bad|$root" "ps|$bad" "rm|-$bad|odd"; do
		IFS='|' read -r -a split <<<"$words"
		quick "${split[@]}"
		if LC_ALL=C grep -aqP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' <<<"$output$stderr" ||
			! iconv -f UTF-8 -t UTF-8 <<<"$output$stderr" >/dev/null; then
			told "sent: $(printf %q "$words")"
		fi
	done
}
