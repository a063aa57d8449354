# Filters that ask (SCMP_ACT_NOTIFY): the listener goes to the agent at listenerPath, which answers.
load ../lib
load oci

setup() {
	oci_setup
	cp "$TESTS_BUILD/try_syscall" "$root/bin/"
	agents=()
}

teardown() {
	for pid in "${agents[@]}"; do kill -KILL "$pid" 2>/dev/null || :; done
	"$oci" delete --force x >/dev/null 2>&1 || :
	lib_teardown
}

# agent ANSWER [WAY]: oci_agent.py at $PWD/agent, in the background; it writes to `told` and `told.calls`
agent() {
	rm -f agent told told.calls
	python3 "$PROJECT/tests/run/oci_agent.py" "$PWD/agent" "$PWD/told" "$@" 3>&- &
	agents+=($!)
	eventually test -S agent || fail 'no agent'
}

# asks NAMES [PYTHON...]: a bundle b whose filter asks about these calls; its command is $SCRIPT
asks() {
	CALLS=$1 sh_bundle b "$SCRIPT" \
		'l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": os.environ["PWD"] + "/agent", "listenerMetadata": "for you",
			"syscalls": [{"names": os.environ["CALLS"].split(), "action": "SCMP_ACT_NOTIFY"}]}' "${@:2}"
}

# of EXPRESSION: what the agent has been told last, as s
of() { python3 -c 'import json, sys; s = json.loads(open("told").read().splitlines()[-1]); print(eval(sys.argv[1]))' "$1"; }

@test "the agent is told who asks, and its answer is the call's" {
	SCRIPT='try_syscall keyctl setns'
	agent -13
	asks 'keyctl setns' 'c["annotations"] = {"a": "b"}'
	oci run --bundle b x
	assert_success
	assert_output $'keyctl: EACCES\nsetns: EACCES'
	assert_equal "$(of 's["fds"], s["fds received"], s["metadata"], s["ociVersion"]')" "(['seccompFd'], 1, 'for you', '1.2.0')"
	assert_equal "$(of 's["state"]["id"], s["state"]["status"], s["state"]["bundle"], s["state"]["annotations"], s["pid"] == s["state"]["pid"] > 1')" \
		"('x', 'created', '$PWD/b', {'a': 'b'}, True)"
	no_records
}

@test "create and start: told at the start, of the process that the record names" {
	SCRIPT='try_syscall keyctl >/out/result; while :; do sleep 1; done'
	agent -22
	mkdir out
	asks keyctl 'c["mounts"].append({"destination": "/out", "source": os.environ["PWD"] + "/out", "options": ["bind"]})'
	made create --bundle b x
	assert_success
	[ ! -e told ]
	oci start x
	assert_success
	eventually test -s out/result
	assert_equal "$(cat out/result)" 'keyctl: EINVAL'
	assert_equal "$(of 's["pid"]')" "$(pid_of x)"
	# The sender is gone, and nothing of the runtime's is left in the container: a shell and its sleep.
	oci exec x sh -c 'for one in /proc/[0-9]*; do read -r name <$one/comm; echo $name; done'
	assert_success
	assert_equal "$(sort -u <<<"$output" | paste -sd ' ')" 'sh sleep'
	assert_equal "$(wc -l <told)" 2
}

@test "exec: a listener of its own, for its own process" {
	SCRIPT='while :; do sleep 1; done'
	agent -11
	asks keyctl
	made run --detach --bundle b x
	assert_success
	local first
	first=$(of 's["pid"]')
	oci exec x try_syscall keyctl
	assert_output 'keyctl: EAGAIN'
	assert_equal "$(wc -l <told)" 2
	assert_equal "$(of "s['pid'] != $first, s['state']['pid'] == $first, s['state']['status'], s['metadata']")" "(True, True, 'running', 'for you')"
}

@test "without no_new_privs, with capabilities that the filter's load needs" {
	SCRIPT='try_syscall keyctl; grep NoNewPrivs /proc/self/status'
	agent -13
	asks keyctl 'p["noNewPrivileges"] = False'
	oci run --bundle b x
	assert_success
	assert_output $'keyctl: EACCES\nNoNewPrivs:\t0'
}

@test "every call that the runtime itself could make may ask: it is not held up, and the agent may let it pass" {
	SCRIPT='exec try_syscall keyctl'
	agent continue
	asks 'sendmsg sendto write close read wait4 waitid futex nanosleep clock_nanosleep recvmsg recvfrom poll exit execve capset prctl munmap'
	oci run --bundle b x
	assert_success
	assert_equal "$(wc -l <told)" 1
	[ -s told.calls ]
	# What hands the listener over is not among them: of the runtime there is one prctl, then the exec.
	local prctl=157 execve=59
	[ "$(uname -m)" != aarch64 ] || prctl=167 execve=221
	assert_equal "$(head -2 told.calls | paste -sd ' ')" "$prctl $execve"
}

@test "an agent that has gone, or lets the listener go: the call fails, and does not pass" {
	SCRIPT='try_syscall keyctl; echo on; while :; do sleep 0.1; try_syscall keyctl; done'
	agent -13 leaves
	asks keyctl
	made run --detach --bundle b x
	assert_success
	eventually grep -q on made.out
	assert_equal "$(head -1 made.out)" 'keyctl: ENOSYS'
	oci delete --force x
	agent -13
	made run --detach --bundle b x
	eventually grep -q on made.out
	assert_equal "$(head -1 made.out)" 'keyctl: EACCES'
	kill -KILL "${agents[-1]}"
	eventually grep -q ENOSYS made.out
}

@test "no agent, one that is no socket, one of another kind: refused, and nothing left" {
	SCRIPT='echo ran'
	asks keyctl
	made create --bundle b x
	assert_refused 'reach the agent.*/agent .linux.seccomp.listenerPath.: No such file'
	no_records
	touch agent
	oci run --bundle b x
	assert_refused 'listenerPath.*Socket operation on non-socket'
	rm agent
	python3 -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind("agent")'
	oci run --bundle b x
	assert_refused 'listenerPath.*(wrong type|Connection refused)'
	no_records
	rm agent
	# It was there at create, and is not at start.
	agent -13
	made create --bundle b x
	assert_success
	kill -KILL "${agents[-1]}"
	oci start x
	assert_refused 'reach the agent.*Connection refused' 'has to listen'
	eventually is_state x stopped
	assert_equal "$(cat made.out)" ''
	oci delete x
	assert_success
	no_records
}

@test "an agent that never accepts holds nobody up for ever" {
	SCRIPT='echo ran'
	asks keyctl
	python3 -c '
import os, socket, time
server = socket.socket(socket.AF_UNIX)
server.bind("agent")
server.listen(0)
full = []
try:
    while True:
        full.append(socket.socket(socket.AF_UNIX))
        full[-1].setblocking(False)
        full[-1].connect("agent")
except BlockingIOError:
    open("full", "w")
time.sleep(60)' 3>&- &
	agents+=($!)
	eventually test -e full
	SECONDS=0
	oci run --bundle b x
	assert_refused 'reach the agent.*temporarily unavailable' 'accepts no connection'
	[ "$SECONDS" -lt 30 ]
	no_records
}

@test "metadata larger than a socket's queue, to an agent that reads slowly and to one that never does" {
	SCRIPT='try_syscall keyctl'
	agent -13
	asks keyctl 'l["seccomp"]["listenerMetadata"] = "x" * 600000'
	oci run --bundle b x
	assert_output 'keyctl: EACCES'
	assert_equal "$(of 'len(s["metadata"])')" 600000
	kill -KILL "${agents[-1]}"
	rm agent
	python3 -c '
import os, socket, time
server = socket.socket(socket.AF_UNIX)
server.bind("agent")
server.listen(8)
time.sleep(60)' 3>&- &
	agents+=($!)
	eventually test -S agent
	SECONDS=0
	oci run --bundle b x
	assert_refused 'hand the listener.*to the agent.*timed out'
	[ "$SECONDS" -lt 30 ]
	no_records
}

@test "the flag for it, and what means something with a listener only" {
	SCRIPT='try_syscall keyctl'
	agent -13
	asks keyctl 'l["seccomp"]["flags"] = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"]'
	oci run --bundle b x
	assert_output 'keyctl: EACCES'
	while IFS='|' read -r change words; do
		asks keyctl "s = l['seccomp']" "$change"
		made run --bundle b x
		assert_refused "linux.seccomp:1:[0-9]+.*$words" || return
	done <<'CASES'
del s["listenerPath"], s["listenerMetadata"]|SCMP_ACT_NOTIFY needs listenerPath
del s["listenerPath"]|listenerMetadata is for listenerPath
s["flags"] = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]; s["syscalls"] = []|WAIT_KILLABLE_RECV is not supported without SCMP_ACT_NOTIFY
s["syscalls"][0]["errnoRet"] = 3|errnoRet means something with
s["syscalls"][0]["names"] = ["no_such_call"]|unknown system call
CASES
	asks keyctl 'l["seccomp"]["listenerPath"] = "agent"'
	made run --bundle b x
	assert_refused 'linux.seccomp.listenerPath: should be an absolute path'
	no_records
}

@test "listenerPath without a rule that asks is ignored, as the specification has it" {
	SCRIPT='try_syscall keyctl'
	asks keyctl 'l["seccomp"]["syscalls"][0]["action"] = "SCMP_ACT_ERRNO"'
	oci run --bundle b x
	assert_output 'keyctl: EPERM'
}

@test "plan says whom the filter asks; a profile on top takes no listener" {
	SCRIPT='try_syscall keyctl'
	agent -13
	asks keyctl 'c["annotations"] = {"sandbox.profile": "strict"}'
	oci plan --bundle b
	assert_output_has "seccomp .*asks the agent at $PWD/agent"
	oci run --bundle b x
	# The kernel takes the stricter one of two filters: that refuses, and nobody is asked.
	assert_output 'keyctl: ENOSYS'
	[ ! -e told.calls ]
}
