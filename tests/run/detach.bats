# In the background: what it is cut off from, what is kept of it, what becomes of a start that fails.
load ../lib
load life

@test "it prints its name, and has no input, no terminal and no descriptor of the caller's" {
	sandbox -d --name web "$root" /bin/sh -c 'cat; for fd in 0 1 2 3 4 5 6 7 8 9 10 11 12; do readlink /proc/self/fd/$fd; done; tty; sleep 1000'
	assert_success
	assert_output web
	eventually logs_have web 'not a tty'
	sandbox logs web
	# shellcheck disable=SC2001
	assert_equal "$(sed 's/pipe:.*/pipe/' <<<"$output")" $'/dev/null\npipe\npipe\nnot a tty'
	[ "$(ps -o sid= -p "$(field web supervisor)" | tr -d ' ')" = "$(field web supervisor)" ]
	assert_equal "$(ps -o tty= -p "$(field web supervisor)")" '?'
}

@test "whoever waits for the end of file, or for a lock, of the caller's does not wait for it" {
	export root
	run --separate-stderr timeout 30 bash -c '"$SANDBOX" -d --name web "$root" sleep 1000 | cat'
	assert_output web
	run --separate-stderr timeout 30 bash -c '{ "$SANDBOX" -d --name two "$root" sleep 1000 3>&1 >/dev/null; } | cat'
	assert_success
	exec 9>lock
	flock 9
	background three -- sleep 1000
	exec 9>&-
	flock --nonblock lock true
}

@test "it gets a name of the command's, which is free" {
	for command in sleep /bin/sleep; do
		sandbox -d "$root" "$command" 1000
		assert_output_has '^sleep-[0-9]+$'
		[ -d "$records/$output" ]
	done
	cp "$root/bin/busybox" "$root/bin/sleep!"
	sandbox -d "$root" 'sleep!' 1000 || :
	assert_output_has '^run-[0-9]+$'
}

@test "a start that fails says so, with the same status, and leaves nothing" {
	sandbox -d "$root" nosuch
	assert_status 127
	assert_stderr_has 'command not found'
	touch "$root/bin/file"
	sandbox -d --name x "$root" /bin/file
	assert_status 126
	sandbox -d --workdir /nowhere "$root" true
	assert_refused nowhere
	sandbox -d "$scratch/nothing" true
	assert_refused nothing
	sandbox -d --die-with-parent "$root" true
	assert_refused 'detach' 'die-with-parent'
	[ -z "$(ls -A "$records")" ]
	# Only process 1 itself can tell that it could not be executed.
	sandbox -d --name x --as-pid-1 "$root" nosuch
	if [ "$status" = 0 ]; then
		sandbox wait x
		assert_status 127
		logs_have x 'command not found'
	fi
}

@test "exit status and reason are kept until rm" {
	background a -- /bin/sh -c 'exit 3'
	background b -- /bin/sh -c 'kill -SEGV $$'
	background c -- true
	for one in a:3 b:139 c:0; do
		sandbox wait ${one%:*}
		assert_status ${one#*:}
	done
	assert_equal "$(field a reason) $(field b reason) $(field c reason)" 'exited signalled exited'
	for one in a b c; do
		[ -d "$records/$one" ]
		sandbox exec $one true
		assert_refused "sandbox $one has ended"
		"$SANDBOX" rm $one
		[ ! -e "$records/$one" ]
	done
}

@test "process 1 killed under a flood of output: the end is told" {
	background flood -- yes
	local pid
	pid=$(field flood pid)
	eventually test -s "$records/flood/log"
	kill -KILL "$pid"
	run timeout 30 "$SANDBOX" wait flood
	assert_status 137
	assert_equal "$(field flood reason)" killed
	eventually logs_have flood 'first process was killed by signal 9'
}

@test "Ctrl-C before the name was told ends it" {
	export SANDBOX root
	for i in {0..11}; do
		timeout -s INT "0.0$((i + 1))" "$SANDBOX" -d --name early "$root" sleep 1000 >told 2>&1 3>&- || :
		if [ -s told ] && ! grep -q '^sandbox:' told; then
			"$SANDBOX" rm -f early
		else
			gone() { ! "$SANDBOX" ps -a | grep -q '^early'; }
			eventually gone || fail "round $i: nobody was told of it, and it lives"
		fi
	done
}

@test "a server: a port of its, and its end by TERM" {
	background web -p 127.0.0.1:48252:80 -- /bin/sh -c 'trap "echo bye; exit 0" TERM; echo hello >/tmp/index.html; httpd -f -p 80 -h /tmp & wait'
	answers() { [ "$(curl -s http://127.0.0.1:48252/)" = hello ]; }
	eventually answers
	assert_equal "$(field web ports)" 127.0.0.1:48252-48252:80
	"$SANDBOX" kill web
	sandbox wait web
	assert_success
	logs_have web '^bye$'
	run curl -s http://127.0.0.1:48252/
	assert_status 7
}

@test "a thousand and twenty-four descriptors in use" {
	run --separate-stderr env root="$root" bash -c 'ulimit -n 1024
		for ((fd = 10; fd < 1010; fd++)); do eval "exec $fd</dev/null"; done
		"$SANDBOX" -d --name full "$root" sleep 1000; "$SANDBOX" ps; "$SANDBOX" exec full echo in'
	assert_success
	assert_output_has '^full$' '^full +[0-9]' '^in$'
	# With none left it says so and leaves nothing.
	run --separate-stderr env root="$root" bash -c 'ulimit -n 1024
		for ((fd = 10; fd < 1022; fd++)); do eval "exec $fd</dev/null"; done
		"$SANDBOX" --name x "$root" true || echo status $?; "$SANDBOX" ps -a >/dev/null || echo status $?'
	assert_output_has 'status 125'
	assert_stderr_has 'No file descriptors available|Too many open files'
	assert_equal "$(names -a)" full
}

@test "a very long command, and one of very many words" {
	# shellcheck disable=SC2046
	background long --ulimit as=1g -- /bin/sh -c 'sleep 1000' $(seq 20000) "$(head -c 100000 /dev/zero | tr '\0' x)"
	[ "$(stat -c %s "$records/long/record")" -lt 20000 ]
	assert_equal "$(field long command | wc -c)" 4096
	"$SANDBOX" rm -f long
}
