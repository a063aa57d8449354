# Supervisor, init and command: exit status, reaping, signals, death.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	supervisor=
}

teardown() {
	[ -z "$supervisor" ] || kill -KILL "$supervisor" 2>/dev/null || :
	lib_teardown
}

# start [OPTION]... -- SCRIPT: a sandbox in the background that writes to the file out; waits for "ready"
start() {
	local words=()
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	# What a shell starts in the background, and the runner too, ignores INT and QUIT.
	env --default-signal "$SANDBOX" "${words[@]}" "$root" /bin/sh -c "$2" >out 2>err &
	supervisor=$!
	eventually grep -q ready out || fail "not ready: $(cat out err)"
}

# ended: wait for the supervisor, into $status
ended() {
	status=0
	wait "$supervisor" || status=$?
	supervisor=
	output=$(cat out) stderr=$(cat err)
}

sleeps() { our_processes "$processes_before" | grep -q ' sleep 1000$'; }
gone() { ! kill -0 "$1" 2>/dev/null; }

@test "exit statuses come through" {
	for status_wanted in 0 1 3 42 125 126 127 128 255; do
		in_sandbox "exit $status_wanted"
		assert_status "$status_wanted" || return
		sandbox --as-pid-1 "$root" /bin/sh -c "exit $status_wanted"
		assert_status "$status_wanted" || return
	done
}

@test "a command that a signal ends: 128+n" {
	# Not the shell of busybox: it cannot be ended by QUIT.
	for signal in 1 2 3 6 9 11 14 15; do
		# shellcheck disable=SC2016
		run --separate-stderr env --default-signal "$SANDBOX" --ulimit core=0 "$root" \
			/bin/sh -c '(while :; do kill -$0 $$; done) & exec sleep 9' "$signal"
		assert_status $((128 + signal)) || return
	done
}

@test "126 and 127, with words" {
	sandbox "$root" nosuchcommand
	assert_status 127
	assert_stderr_has 'nosuchcommand: command not found in '
	sandbox "$root" /no/such/command
	assert_status 127
	echo text >"$root/bin/notes"
	sandbox "$root" notes
	assert_status 126
	assert_stderr_has 'notes: Permission denied' 'not executable'
	sandbox "$root" /etc
	assert_status 126
	printf '#!/no/such/interpreter\n' >"$root/bin/script" && chmod +x "$root/bin/script"
	sandbox "$root" script
	assert_status 127
	assert_stderr_has '/no/such/interpreter'
	head -c 100 /dev/urandom | tr -d '\0\n' >"$root/bin/rubbish" && printf '\0\0' | cat - "$root/bin/rubbish" >"$root/bin/rubbish2"
	chmod +x "$root/bin/rubbish2"
	sandbox "$root" rubbish2
	assert_status 126
}

@test "a script without #! is for the shell" {
	echo 'echo "$0 $1 $#"' >"$root/bin/plain" && chmod +x "$root/bin/plain"
	sandbox "$root" plain a b
	assert_output '/usr/bin/plain a 2'
}

@test "pid 1 is an init, and the command is its child" {
	in_sandbox 'cat /proc/1/comm; echo $$; grep PPid /proc/self/status'
	assert_output_has '^2$'
	sandbox --as-pid-1 "$root" /bin/sh -c 'echo $$'
	assert_output 1
	sandbox --init "$root" /bin/sh -c 'echo $$'
	assert_output 2
}

@test "orphans are reaped" {
	in_sandbox 'for i in $(seq 50); do (sh -c "true & sleep 0.01" &) ; done
		n=1; while [ $n != 0 ]; do n=$(grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null | wc -l); done; echo none'
	assert_success
	assert_output none
}

@test "what the command leaves running dies with it" {
	mkdir shared
	options=(--bind shared:/mnt)
	in_sandbox '(trap "" TERM HUP INT; while :; do echo x >>/mnt/beat; sleep 0.01; done) & setsid sleep 1000 & while ! [ -s /mnt/beat ]; do :; done; exit 5'
	assert_status 5
	size=$(stat -c %s shared/beat)
	eventually no_new_processes
	assert_equal "$(stat -c %s shared/beat)" "$size"
}

@test "the output is whole when the sandbox has ended" {
	sandbox "$root" /bin/sh -c 'seq 100000 | tail -n 1; (sleep 0.01; echo late) &'
	assert_success
	assert_output_has '^100000$'
}

@test "signals reach the command: INT TERM HUP QUIT USR1 USR2 WINCH" {
	start -- 'for s in INT TERM HUP QUIT USR1 USR2 WINCH; do trap "echo got $s" $s; done; echo ready; while :; do sleep 0.05; done'
	for signal in INT TERM HUP QUIT USR1 USR2 WINCH; do
		kill -"$signal" "$supervisor"
		eventually grep -q "got $signal" out || return
	done
	start_pid=$supervisor
	kill -KILL "$start_pid"
	ended
	assert_equal "$(grep -c got out)" 7
}

@test "the same as pid 1" {
	start --as-pid-1 -- 'for s in INT TERM HUP QUIT USR1; do trap "echo got $s" $s; done; echo ready; while :; do sleep 0.05; done'
	for signal in INT TERM HUP QUIT USR1; do
		kill -"$signal" "$supervisor"
		eventually grep -q "got $signal" out || return
	done
	kill -KILL "$supervisor"
	ended
}

@test "a command that does not catch a signal ends by it" {
	for signal in 15 1 2 3 10; do
		start -- 'ulimit -c 0; echo ready; exec sleep 1000'
		eventually sleeps # until then it is the shell, which is not ended by QUIT
		kill -"$signal" "$supervisor"
		ended
		assert_status $((128 + signal)) || return
	done
}

@test "an ignored signal stays ignored, as under nohup" {
	(
		trap '' HUP
		"$SANDBOX" "$root" /bin/sh -c 'echo ready; while :; do sleep 0.05; done' >out 2>err &
		supervisor=$!
		eventually grep -q ready out
		kill -HUP "$supervisor"
		kill -HUP "$supervisor"
		kill -TERM "$supervisor"
		ended
		assert_status 143
	)
}

@test "stop and continue" {
	start -- 'echo ready; i=0; while :; do i=$((i + 1)); echo $i >/tmp/n; sleep 0.01; done'
	state() { sed -n 's/^State:.\(.\).*/\1/p' "/proc/$1/status"; }
	local payload
	# Number 2 inside, by which it is told from what it starts.
	payload=$(our_processes "$processes_before" | while read -r pid _; do
		! grep -qs $'^NSpid:.*\t2$' "/proc/$pid/status" || echo "$pid"
	done)
	[ -n "$payload" ]
	stopped() { [ "$(state "$supervisor")$(state "$payload")" = TT ]; }
	running() { [ "$(state "$supervisor")" != T ] && [ "$(state "$payload")" != T ]; }
	kill -TSTP "$supervisor"
	eventually stopped || fail "not stopped: $(state "$supervisor")$(state "$payload")"
	kill -CONT "$supervisor"
	eventually running || fail 'not continued'
	kill -TERM "$supervisor"
	ended
	assert_status 143
}

@test "the supervisor is killed: everything inside dies" {
	for option in --init --as-pid-1 --layer=disk --userns=single; do
		XDG_CACHE_HOME=$scratch/cache start "$option" -- 'trap "" TERM HUP INT; setsid sleep 1000 & (sleep 1000 &) ; echo ready; sleep 1000'
		kill -KILL "$supervisor"
		ended
		assert_status 137
		eventually no_new_processes || fail "left with $option: $left"
	done
	assert_equal "$(find cache/sandbox/layers -mindepth 1)" ''
}

@test "pid 1 is killed: the supervisor says so, and nothing is left" {
	start -- 'echo ready; sleep 1000'
	local init
	init=$(pgrep -P "$supervisor" | head -n 1)
	kill -KILL "$init"
	ended
	[ "$status" != 0 ] || told 'not a success'
	assert_stderr_has 'killed by signal 9'
	eventually no_new_processes
}

@test "every process of a sandbox killed while it starts" {
	local i
	for i in $(seq 20); do
		XDG_CACHE_HOME=$scratch/cache "$SANDBOX" --layer=disk "$root" /bin/sleep 1000 >out 2>err &
		supervisor=$!
		sleep "0.00$((i % 10))$i"
		kill -KILL "$supervisor"
		ended
	done
	eventually no_new_processes || fail "left: $left"
	empty() { [ -z "$(find cache -mindepth 3 2>/dev/null)" ]; }
	eventually empty || fail "$(find cache)"
}

@test "SIGTERM while it starts ends it" {
	# Not from a shell, whose child may lose a signal before its exec.
	run --separate-stderr python3 -c 'import signal, subprocess, sys, time
for i in range(40):
    started = subprocess.Popen(sys.argv[1:])
    time.sleep(i % 20 / 2000)
    started.send_signal(signal.SIGTERM)
    status = started.wait(60)
    if status not in (-15, 143):
        sys.exit(f"ended with {status} after {i % 20 / 2} ms")' "$SANDBOX" "$root" /bin/sleep 1000
	assert_success
	eventually no_new_processes || fail "left: $left"
}

@test "--die-with-parent" {
	sh -c '"$0" --die-with-parent "$1" /bin/sh -c "echo ready; sleep 1000" >out & echo $! >pid; wait' "$SANDBOX" "$root" &
	parent=$!
	eventually grep -q ready out
	supervisor=$(cat pid)
	kill -KILL "$parent"
	eventually gone "$supervisor" || fail 'it lives on'
	supervisor=
	eventually no_new_processes
}

@test "without --die-with-parent it goes on" {
	sh -c '"$0" "$1" /bin/sh -c "echo ready; sleep 1000" >out & echo $! >pid; wait' "$SANDBOX" "$root" &
	parent=$!
	eventually grep -q ready out
	supervisor=$(cat pid)
	kill -KILL "$parent"
	wait "$parent" || :
	kill -0 "$supervisor"
	kill -TERM "$supervisor"
	eventually gone "$supervisor"
}

@test "standard input is the command's, to its end" {
	run --separate-stderr -- bash -c 'seq 50000 | "$0" "$1" /bin/wc -l' "$SANDBOX" "$root"
	assert_output 50000
	run --separate-stderr -- bash -c '"$0" "$1" /bin/yes | head -n 1' "$SANDBOX" "$root"
	assert_output y
}

@test "many at once" {
	local i pids=()
	for i in $(seq 40); do
		"$SANDBOX" "$root" /bin/sh -c "exit $((i % 7))" &
		pids+=($!)
	done
	for i in $(seq 40); do
		status=0
		wait "${pids[i - 1]}" || status=$?
		[ "$status" = $((i % 7)) ] || fail "number $i: $status"
	done
}

@test "its processes cannot be traced, nor their memory or program read, from inside" {
	in_sandbox 'for f in mem environ maps exe cwd root fd; do cat /proc/1/$f >/dev/null 2>&1 && echo $f; readlink /proc/1/exe; done; kill -9 1; echo alive'
	assert_output alive
}
