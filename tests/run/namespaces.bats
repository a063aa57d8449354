# A sandbox has namespaces of its own.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
}

# namespaces: "kind inode" of the process that looks
look='for n in user mnt pid uts ipc net cgroup time; do echo $n $(readlink /proc/self/ns/$n); done'

# same_as_mine: the kinds of namespace whose identity in $output is the caller's
same_as_mine() { comm -12 <(sort <<<"$output") <(sh -c "$look" | sort) | cut -d ' ' -f 1 | paste -sd ' '; }

@test "user, mnt, pid, uts, ipc, net and cgroup are not the caller's; time is" {
	in_sandbox "$look"
	assert_success
	[ "$(wc -l <<<"$output")" = 8 ] || told 'eight lines'
	assert_equal "$(same_as_mine)" time
}

@test "the same in /, with one id and as pid 1" {
	sandbox --userns=single / sh -c "$look"
	assert_equal "$(same_as_mine)" time
	sandbox --as-pid-1 --read-only "$root" /bin/sh -c "$look"
	assert_equal "$(same_as_mine)" time
}

@test "--network=host shares the net namespace and nothing else" {
	sandbox --network=host "$root" /bin/sh -c "$look"
	assert_success
	assert_equal "$(same_as_mine)" 'net time'
	sandbox --net=host "$root" /bin/sh -c "$look"
	assert_equal "$(same_as_mine)" 'net time'
}

@test "--ipc=host shares the ipc namespace and nothing else" {
	sandbox --ipc=host "$root" /bin/sh -c "$look; ls -A /dev/shm; ls /dev/mqueue"
	assert_equal "$(same_as_mine)" 'ipc time'
	assert_stderr_has '/dev/mqueue: No such file'
	sandbox --ipc=own "$root" /bin/sh -c "$look"
	assert_equal "$(same_as_mine)" time
	sandbox --confine-only --ipc=host / true
	assert_refused '--ipc .*cannot be had with --confine-only'
}

@test "a clock offset makes a time namespace" {
	sandbox --boottime-offset 10d "$root" /bin/sh -c "$look; cut -d . -f 1 /proc/uptime"
	assert_success
	assert_equal "$(same_as_mine)" ''
	local inside=${lines[-1]} now
	now=$(cut -d . -f 1 /proc/uptime)
	[ $((inside - now)) -ge 863990 ] && [ $((inside - now)) -le 864000 ] || told "10 days on: $now outside"
}

@test "the monotonic clock, forward and back" {
	require_program python3
	local clock='import time; print(int(time.monotonic()))' now
	sandbox --monotonic-offset 1h / python3 -c "$clock"
	assert_success
	now=$(python3 -c "$clock")
	[ $((output - now)) -ge 3590 ] && [ $((output - now)) -le 3600 ] || told "an hour on: $now outside"
	sandbox --monotonic-offset -5 / python3 -c "$clock"
	assert_success
	now=$(python3 -c "$clock")
	[ $((now - output)) -ge 5 ] && [ $((now - output)) -le 30 ] || told "5 s back: $now outside"
}

@test "a clock that would be negative is refused" {
	sandbox --boottime-offset -10000d "$root" /bin/true
	assert_refused offset smaller
}

@test "the host name is the sandbox's own" {
	before=$(uname -n)
	in_sandbox 'hostname; cat /etc/hostname; grep -c "127.0.1.1.*sandbox" /etc/hosts'
	assert_output $'sandbox\nsandbox\n1'
	options=(--hostname box7)
	in_sandbox 'hostname; cat /etc/hostname; grep -c box7 /etc/hosts'
	assert_output $'box7\nbox7\n1'
	assert_equal "$(uname -n)" "$before"
}

@test "--network=none: lo is up, and there is nothing else" {
	in_sandbox 'ip -o link | cut -d : -f 2; ip -o addr show lo | grep -o "inet6* [^ ]*"; ip route; ping -c 1 -W 2 127.0.0.1 >/dev/null; echo $?'
	assert_success
	assert_output_has '^ lo$' 'inet 127.0.0.1/8' 'inet6 ::1/128'
	[ "$(grep -c '^ ' <<<"$output")" = 1 ] || told 'one interface'
}

@test "lo carries data, by name too" {
	# With its input at an end, nc -l may end the connection before anything has come.
	in_sandbox 'mkfifo /tmp/open; nc -l -p 7001 127.0.0.1 </tmp/open >/tmp/got & exec 3>/tmp/open; for i in $(seq 100); do echo hello | nc 127.0.0.1 7001 2>/dev/null && break; sleep 0.05; done; wait; cat /tmp/got'
	assert_success
	assert_output hello
	sandbox / getent hosts localhost
	assert_output_has localhost
}

@test "abstract sockets and listeners of the host are out of reach" {
	require_program python3
	cat >listen.py <<'PY'
import socket, sys
a = socket.socket(socket.AF_UNIX); a.bind("\0" + sys.argv[1]); a.listen()
t = socket.socket(); t.bind(("127.0.0.1", 0)); t.listen()
print(t.getsockname()[1], flush=True)
sys.stdin.read()
PY
	cat >try.py <<'PY'
import socket, sys
for family, where in (socket.AF_UNIX, "\0" + sys.argv[1]), (socket.AF_INET, ("127.0.0.1", int(sys.argv[2]))):
    try:
        socket.socket(family).connect(where); print("in")
    except OSError:
        print("out")
PY
	coproc python3 listen.py "sandbox-$$"
	read -r port <&"${COPROC[0]}"
	sandbox --ro-bind "$PWD/try.py:/run/try.py" / python3 /run/try.py "sandbox-$$" "$port"
	eval "exec ${COPROC[1]}>&-"
	assert_success
	assert_output $'out\nout'
}

@test "a network that does not exist is a clear error" {
	sandbox --network=nosuch "$root" /bin/true
	assert_refused nosuch
}

@test "a nested user namespace is refused, and other processes are not to be seen" {
	in_sandbox 'unshare -U true; echo $?; ls -d /proc/[0-9]* | wc -l'
	assert_output_has '^[0-9]$'
	[ "${lines[0]}" != 0 ] || told 'unshare should fail'
	[ "${lines[1]}" -le 5 ] || told 'few processes'
}
