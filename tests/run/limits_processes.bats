# --pids-limit as best effort: RLIMIT_NPROC, which counts what the user has besides.
# alone: it counts the user's processes
# user: sandbox-multi
load ../lib

setup() {
	lib_setup
	tiny_rootfs
}

# without: there is no cgroup of version 2 for us here
without() { ! "$SANDBOX" -m 1g "$root" true 2>/dev/null; }

@test "best effort: processes, and the caller's own limit is as it was" {
	local before
	before=$(ulimit -u)
	# shellcheck disable=SC2016
	sandbox --pids-limit 20 --limits=best-effort "$root" /bin/sh -c 'i=0; while [ $i -lt 60 ]; do sleep 2 & i=$((i+1)); done; wait'
	assert_status 2
	assert_stderr_has "can't fork"
	assert_equal "$(ulimit -u)" "$before"
	! without || assert_stderr_has 'best effort for --pids-limit'
}

@test "best effort: processes of one's own in other sandboxes, of other ids too, are not counted as the new one's" {
	require_range
	"$SANDBOX" --cap-add=ALL / python3 -c '
import os, time
for uid in [0, 1, 5, 9] * 5:
    if os.fork() == 0:
        os.setuid(uid)
        time.sleep(1000)
print("up", flush=True)
time.sleep(1000)' >up 3>&- &
	local other=$!
	eventually grep -q up up
	sandbox --pids-limit 15 --limits=best-effort "$root" /bin/echo ran
	assert_output ran
	kill $other
	wait $other || :
}
