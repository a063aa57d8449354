# Limits by a scope of the user's systemd manager, in a login session.
# vm: login
load vm

@test "memory: one process that wants more ends the sandbox, and that is said" {
	sandbox -m 64m --meta run.json / python3 -c 'x = bytearray(300 << 20)'
	assert_status 137
	assert_equal "$stderr" 'sandbox: out of memory: more than --memory 64m allows (command line)'
	assert_equal "$(json run.json "j['reason'], j['status'], j['oom-kills'] > 0")" "('oom', 137, True)"
	[ "$(json run.json "j['memory-peak'] or 0")" -le $((64 << 20)) ]
	# And one that fits is none of its business.
	sandbox -m 128m / python3 -c 'x = bytearray(64 << 20); print("fits")'
	assert_output fits
}

# case: memory, in sum and in files
@test "memory: it is the sum that counts" {
	sandbox -m 64m --meta run.json / /bin/sh -c 'for i in 1 2 3 4; do
		python3 -c "import time; x = bytearray(30 << 20); time.sleep(20)" & done; wait'
	assert_status 137
	assert_equal "$(json run.json "j['reason']")" oom
}

# case: memory, in sum and in files
@test "memory: files in memory count" {
	sandbox -m 32m --meta run.json "$root" /bin/sh -c 'cat /dev/zero >/tmp/file'
	assert_status 137
	assert_equal "$(json run.json "j['reason']")" oom
	sandbox -m 32m --meta run.json "$root" /bin/sh -c 'cat /dev/zero >/dev/shm/file'
	assert_equal "$(json run.json "j['reason']")" oom
}

@test "memory: with --as-pid-1, and a command that is not the one that grows" {
	sandbox --as-pid-1 -m 32m --meta run.json "$root" /bin/sh -c 'cat /dev/zero >/tmp/file'
	assert_status 137
	assert_equal "$(json run.json "j['reason']")" oom
	sandbox -m 32m --meta run.json "$root" /bin/sh -c 'sh -c "cat /dev/zero >/tmp/file"; echo survived'
	assert_output ''
	assert_equal "$(json run.json "j['reason']")" oom
	sandbox -m 64m --meta run.json / sh -c 'python3 -c "x = bytearray(300 << 20)"; echo survived'
	assert_output ''
	assert_equal "$(json run.json "j['reason']")" oom
}

@test "memory: too little to start with is an error of the sandbox" {
	sandbox -m 16k "$root" /bin/echo ran
	assert_status 125
	assert_output ''
}

# case: fork bomb
@test "processes: a fork bomb has as many as it was given, and no more" {
	sandbox --pids-limit 30 --timeout 4s --timeout-grace 1s --meta run.json "$root" /bin/sh -c '
		trap "" TERM; b() { b | b & }; (while :; do b; done) 2>/dev/null & while :; do :; done'
	assert_status 137
	assert_equal "$(json run.json "j['reason'], j['tasks-refused'] > 0, (j['tasks-peak'] or 30) <= 30")" "('timeout', True, True)"
}

@test "processes: of all ids together" {
	require_range
	sandbox --pids-limit 20 --cap-add ALL / python3 -c '
import os, time
made = 0
for uid in 0, 7, 8, 9:
    if os.fork() == 0:
        os.setuid(uid)
        n = 0
        while True:
            try:
                if os.fork() == 0:
                    time.sleep(5)
                    os._exit(0)
                n += 1
            except OSError:
                break
        time.sleep(1)
        os._exit(n)
total = 0
for i in range(4):
    total += os.waitstatus_to_exitcode(os.wait()[1])
print(total)'
	assert_success
	[ "$output" -le 20 ] || told 'at most 20 in all'
}

@test "cpus: half a CPU is half a CPU" {
	local ratio
	sandbox --cpus 0.5 --timeout 4s --meta run.json "$root" /bin/sh -c 'while :; do :; done & while :; do :; done'
	ratio=$(json run.json "round(100 * (j['cpu-user'] + j['cpu-system']) / j['wall'])")
	[ "$ratio" -ge 30 ] && [ "$ratio" -le 65 ] || fail "used $ratio % of a CPU"
	sandbox --limits=systemd --timeout 4s --meta run.json "$root" /bin/sh -c 'while :; do :; done & while :; do :; done'
	ratio=$(json run.json "round(100 * (j['cpu-user'] + j['cpu-system']) / j['wall'])")
	[ "$ratio" -ge 80 ] || fail "without a limit it used $ratio % of a CPU"
}

@test "cpu-time: it is the sum that counts" {
	sandbox -m 100m --cpu-time 3s --timeout 60s --meta run.json "$root" /bin/sh -c 'for i in 1 2 3 4; do (while :; do :; done) & done; wait'
	assert_status 152
	assert_equal "$stderr" 'sandbox: used up its CPU time of 3s'
	assert_equal "$(json run.json "j['reason'], j['status'], 3 <= j['cpu-user'] + j['cpu-system'] < 5")" "('cpu-time', 152, True)"
	# Of processes that live for a moment each, which no limit of one process holds; and not heeded.
	sandbox -m 100m --cpu-time 3s --timeout 60s --meta run.json "$root" /bin/sh -c 'trap "" XCPU; while :; do (i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); done); done'
	assert_status 137
	assert_equal "$(json run.json "j['reason'], j['exit'], j['cpu-user'] + j['cpu-system'] < 8")" "('cpu-time', None, True)"
	# Who makes a success of it has none; and who sleeps has time.
	sandbox -m 100m --cpu-time 2s "$root" /bin/sh -c 'trap "exit 0" XCPU; (while :; do :; done) & while :; do sleep 0.1; done'
	assert_status 152
	sandbox -m 100m --cpu-time 1s "$root" /bin/sh -c 'sleep 2; echo slept'
	assert_output slept
	sandbox -m 100m --as-pid-1 --cpu-time 2s "$root" /bin/sh -c '(while :; do :; done) & while :; do :; done'
	assert_equal "$stderr" 'sandbox: used up its CPU time of 2s'
}

@test "all of it is in the cgroup, and the cgroup is its root inside" {
	local pid
	start -m 100m --cpus 1.5 --pids-limit 40
	for pid in $init $(cat "/proc/$init/task/$init/children"); do
		grep -qx "$pid" "$box/cgroup.procs" || fail "$pid is not in $box"
	done
	# Twice: in what is seen inside, and above it.
	assert_equal "$(cat "$box"/{,../}memory.max "$box"/{,../}cpu.max "$box"/{,../}pids.max "$box"/../memory.{swap.max,oom.group} | paste -sd ' ')" \
		'104857600 104857600 150000 100000 150000 100000 40 40 0 1'
	# We are beside it, and not in it.
	assert_equal "$(grep ^0:: "/proc/$supervisor/cgroup")" "0::$(line status "j['cgroup']" | sed 's|/box/in$|/supervisor|')"
	kill "$supervisor"
	wait "$supervisor" || :
	# The first thing that runs sees it, and nothing of the host's.
	# shellcheck disable=SC2016
	sandbox -m 100m "$root" /bin/sh -c 'cat /proc/self/cgroup /sys/fs/cgroup/memory.max; ls -d /sys/fs/cgroup/*/; echo 1 >/sys/fs/cgroup/memory.max'
	assert_output '0::/
104857600'
	assert_stderr_has 'Read-only file system'
	sandbox --network=host -m 100m "$root" cat /sys/fs/cgroup/memory.max
	assert_output 104857600
}

@test "what is executed in it later is in it too" {
	start --name later -m 64m --pids-limit 12
	run --separate-stderr "$SANDBOX" exec later cat /proc/self/cgroup /sys/fs/cgroup/memory.max
	assert_output '0::/
67108864'
	"$SANDBOX" exec later sh -c 'echo up; exec sleep 60' >joined 2>&1 &
	eventually test -s joined
	[ "$(wc -l <"$box/cgroup.procs")" -ge 4 ] || fail "only $(paste -sd ' ' "$box/cgroup.procs") are in it"
	run --separate-stderr "$SANDBOX" exec later sh -c 'cat /dev/zero >/tmp/file'
	status=0
	wait "$supervisor" || status=$?
	assert_status 137
	grep -q 'out of memory' said || fail "$(cat said)"
}

# case: a limit raised from inside with every capability
@test "with every capability and no filter nothing inside raises its limit" {
	# shellcheck disable=SC2016
	sandbox -m 64m --cap-add ALL --seccomp=unconfined --meta run.json / sh -c '
		mkdir /tmp/c && mount -t cgroup2 none /tmp/c && cd /tmp/c || exit 9
		echo max >memory.max 2>/dev/null
		echo max >../memory.max 2>/dev/null
		mkdir sub && echo $$ >sub/cgroup.procs
		exec python3 -c "x = bytearray(300 << 20)"'
	assert_status 137
	assert_equal "$(json run.json "j['reason']")" oom
}

@test "SIGKILL of the supervisor, and of process 1: nothing is left" {
	start -m 100m
	kill -KILL "$supervisor"
	wait "$supervisor" || :
	gone
	start -m 100m
	kill -KILL "$init"
	status=0
	wait "$supervisor" || status=$?
	assert_status 137
}

@test "anybody killed at any moment of a life, the helper that asks for the scope too" {
	kill_some '-d -m 100m --userns=single' '-m 100m --pids-limit 40 --cpus 1 --userns=single' '-d --limits=systemd --as-pid-1 --userns=single' '-d -m 100m --layer=disk --userns=single' \
		'-d -m 100m --cpu-time 1000 --timeout 1000 --meta run.json --userns=single' 'tty -m 100m --userns=single'
}

uptime_seconds() { cut -d . -f 1 /proc/uptime; }

# jump BY: of the machine's clock, by root; back when it has
jump() {
	local before end
	before=$(date +%s)
	end=$(($(uptime_seconds) + 20))
	echo "date -s '$1'" >/run/do
	while [ $(($(date +%s) - before)) -gt -600 ] && [ $(($(date +%s) - before)) -lt 600 ]; do
		[ "$(uptime_seconds)" -lt "$end" ] || fail 'the clock stands' || return
		sleep 0.1
	done
}

@test "clock jumps, ahead and back: a time limit, an age and a wait go by what has passed" {
	local by start
	for by in '+3 hours' '-3 hours'; do
		start=$(uptime_seconds)
		"$SANDBOX" -d --name clock --timeout 20s "$root" sleep 1000
		"$SANDBOX" "$root" sleep 1000 3>&- &
		supervisor=$!
		both_run() { [ "$("$SANDBOX" ps | grep -c running)" = 2 ]; }
		eventually -t 60 both_run
		jump "$by"
		sandbox ps --json
		assert_equal "$(python3 -c 'import json, sys; print([0 <= one["age"] < 60 and one["state"] == "running" for one in json.load(sys.stdin)])' <<<"$output")" '[True, True]'
		sandbox wait clock
		assert_status 143
		[ $(($(uptime_seconds) - start)) -ge 20 ] && [ $(($(uptime_seconds) - start)) -lt 60 ] || fail "it took $(($(uptime_seconds) - start)) s"
		"$SANDBOX" logs clock | grep -q 'timed out after 20s'
		"$SANDBOX" rm clock
		kill "$supervisor"
		wait "$supervisor" || :
	done
}

@test "the manager stops the scope: the command gets TERM, and the end is told" {
	start -m 100m --meta run.json
	manager stop "$(line status "j['cgroup'].split('/')[-3]")"
	wait "$supervisor" || :
	assert_equal "$(json run.json "j['reason']")" signalled
}

@test "ten at once" {
	local i pids=()
	for i in 1 2 3 4 5 6 7 8 9 10; do
		"$SANDBOX" -m 64m --pids-limit 10 "$root" /bin/sh -c 'sleep 1; exit 3' &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		status=0
		wait "$i" || status=$?
		assert_status 3 || return
	done
}

@test "a controller that is not delegated is named, with the file that delegates it" {
	sandbox --io-weight 50 "$root" /bin/echo ran
	assert_refused 'cannot enforce --io-weight \(command line\): the cgroup controller io is not delegated to you' \
		'/etc/systemd/system/user@.service.d/delegate.conf' 'Delegate=cpu cpuset io memory pids' 'daemon-reload' 'best-effort'
	sandbox --io-weight 50 --limits=best-effort "$root" /bin/echo ran
	assert_output ran
	assert_stderr_has "note: best effort for --io-weight"
}

@test "best effort is a cgroup where there is one" {
	sandbox -m 64m --limits=best-effort "$root" cat /sys/fs/cgroup/memory.max
	assert_output $((64 << 20))
	assert_equal "$stderr" ''
}

@test "swap: none, unless it is asked for" {
	sandbox -m 64m "$root" cat /sys/fs/cgroup/memory.swap.max
	assert_output 0
	sandbox -m 64m --memory-swap 96m "$root" cat /sys/fs/cgroup/memory.swap.max
	assert_output $((32 << 20))
}

@test "a manager that does not answer is waited for, but not for ever" {
	mkdir -p silent/systemd
	python3 -c '
import socket, time
s = socket.socket(socket.AF_UNIX); s.bind("silent/systemd/private"); s.listen(9); time.sleep(100)' &
	local listener=$!
	eventually test -S silent/systemd/private
	XDG_RUNTIME_DIR=$PWD/silent sandbox -m 64m "$root" /bin/echo ran
	kill "$listener"
	assert_refused 'the helper that asks systemd for a cgroup was not ready after 10 seconds' 'systemctl --user status'
}

@test "the judge: a submission is held, and told" {
	cat >answer.py <<'END'
import sys
print(sum(int(x) for x in sys.stdin.read().split()))
END
	run --separate-stderr "$SANDBOX" --profile judge --meta run.json --ro-bind answer.py:/answer.py / python3 /answer.py <<<'1 2 3'
	assert_success
	assert_output 6
	run --separate-stderr "$SANDBOX" --profile judge --meta run.json / python3 -c 'x = bytearray(400 << 20)' </dev/null
	assert_equal "$(json run.json "j['reason']")" oom
	run --separate-stderr "$SANDBOX" --profile judge --meta run.json --timeout 1s / python3 -c 'import time; time.sleep(30)' </dev/null
	assert_equal "$(json run.json "j['reason']")" timeout
}
