# Another command in a running sandbox: where it runs, as whom, with what, and what becomes of it.
load ../lib
load life

# inside NAME SCRIPT...: sandbox exec NAME sh -c SCRIPT
inside() { sandbox exec "$1" /bin/sh -c "${@:2}"; }

@test "it runs in the sandbox: its files, processes and host name, and its exit status comes back" {
	background web --hostname box -- /bin/sh -c 'echo made >/made; exec sleep 1000'
	inside web 'cat /made; hostname; ps -o pid,args | grep -c "[s]leep 1000"; exit 3'
	assert_status 3
	assert_output $'made\nbox\n1'
	inside web 'kill -TERM $$'
	assert_status 143
	inside web 'kill -KILL $$'
	assert_status 137
	sandbox exec web nosuch
	assert_status 127
	assert_stderr_has 'command not found'
	sandbox exec web /etc
	assert_status 126
	sandbox exec web ''
	assert_refused 'COMMAND is empty'
	inside web 'printf "echo by the shell \$1\n" >/bin/script; chmod +x /bin/script'
	sandbox exec web script x
	assert_output 'by the shell x'
}

@test "without a command it is a shell" {
	background web -- sleep 1000
	run --separate-stderr "$SANDBOX" exec web <<<'echo $0; exit 4'
	assert_status 4
	assert_output /bin/sh
}

@test "pipes are pipes: input, output and error apart, and binary" {
	background web -- sleep 1000
	head -c 3000000 /dev/urandom >given
	"$SANDBOX" exec web cat <given >got
	cmp given got
	run --separate-stderr "$SANDBOX" exec web /bin/sh -c 'echo out; echo err >&2; cat' <<<in
	assert_output $'out\nin'
	assert_equal "$stderr" err
	run timeout 30 bash -c 'yes | "$SANDBOX" exec web head -n 2'
	assert_output $'y\ny'
	# The reader goes: the command dies of it, and so do we.
	run timeout 30 bash -c '"$SANDBOX" exec web yes | head -n 1; echo ${PIPESTATUS[0]}'
	assert_output $'y\n141'
	# Who waits for the end of file hears it when the command has ended, whatever it has left running.
	run timeout 30 bash -c '"$SANDBOX" exec web /bin/sh -c "(sleep 1000 </dev/null >/dev/null 2>&1 &); echo done" | cat'
	assert_output 'done'
}

@test "environment: the sandbox's, what is said, and nothing of the caller's" {
	background web --env FIRST=1 --env BOTH=sandbox -- sleep 1000
	SECRET=x PASSED=y run --separate-stderr "$SANDBOX" exec -e BOTH=exec --env NEW='a=b c' -ePASSED -e MISSING web env
	assert_success
	assert_output_has '^FIRST=1$' '^BOTH=exec$' '^NEW=a=b c$' '^PASSED=y$' '^PATH=/usr/local/sbin' '^HOME=/root$'
	assert_output_lacks SECRET
	assert_output_lacks MISSING
	assert_output_lacks 'XDG_|BATS'
	for bad in '=x' ''; do
		sandbox exec --env "$bad" web true
		assert_refused 'env'
	done
	# shellcheck disable=SC2046
	sandbox exec $(printf -- '-e V%d=x ' {1..257}) web true
	assert_refused 'more than 256 variables'
}

@test "user, and the directory it starts in" {
	require_range
	background web --workdir /tmp -- sleep 1000
	sandbox exec web pwd
	assert_output /tmp
	sandbox exec --workdir /var/tmp web pwd
	assert_output /var/tmp
	sandbox exec --user daemon web /bin/sh -c 'id -u; id -g; id -G; echo $HOME $USER; grep CapEff /proc/self/status'
	assert_output $'1\n1\n1\n/ daemon\nCapEff:\t0000000000000000'
	sandbox exec --user 5:7 web /bin/sh -c 'id -u; id -g'
	assert_output $'5\n7'
	sandbox exec --user nobody-here web id
	assert_refused 'no such name'
	sandbox exec --user 99999 web id
	assert_refused 'does not have these ids'
	sandbox exec --user 1: web id
	assert_refused
	sandbox exec --workdir relative web id
	assert_refused 'must be absolute'
	for bad in /nowhere /etc/passwd /proc/self/fd/3 /proc/1/root /proc/1/cwd /proc/2/cwd /proc/2/root/tmp /proc/2/task/2/cwd; do
		sandbox exec --workdir "$bad" web id
		assert_refused "working directory $bad"
	done
}

@test "names of users and groups that came after the start" {
	require_range
	background web -- sleep 1000
	sandbox exec --user joe web id -u
	assert_refused 'no such name'
	"$SANDBOX" exec web sh -c 'echo joe:x:55:66::/home/joe:/bin/sh >>/etc/passwd; echo crew:x:77: >>/etc/group'
	sandbox exec --user joe web sh -c 'id -u; id -g; id -G; echo $HOME $USER; grep CapEff /proc/self/status'
	assert_output $'55\n66\n66\n/home/joe joe\nCapEff:\t0000000000000000'
	sandbox exec --user joe:crew web sh -c 'id -u; id -g'
	assert_output $'55\n77'
	sandbox exec --user joe:others web id
	assert_refused '/etc/group.* has no such name'
	# Who is gone is gone, and the sandbox's own command is who it was.
	"$SANDBOX" exec web sed -i /^daemon:/d /etc/passwd
	sandbox exec --user daemon web id
	assert_refused 'no such name'
	"$SANDBOX" rm -f web
	background web --user daemon -- /bin/sh -c 'sleep 1000'
	"$SANDBOX" exec --user 0 web sh -c 'echo daemon:x:0:0::/:/bin/sh >/etc/passwd'
	sandbox exec web id -u
	assert_output 1
}

# case: a working directory through /proc/PID
@test "a symbolic link made inside leads the working directory nowhere but inside" {
	background web -- /bin/sh -c 'ln -s ../../../../../../../../.. /up; ln -s /proc/self/fd/9 /nine; exec sleep 1000'
	eventually "$SANDBOX" exec web test -L /nine
	sandbox exec --workdir /up web pwd
	assert_output /
	sandbox exec --workdir /nine web pwd
	assert_refused 'working directory'
}

@test "the same namespaces as the first command, with the host's network and with clocks of its own too" {
	local how
	for how in --network=none --network=host --boottime-offset=100000 --userns=single --as-pid-1; do
		background web "$how" -- /bin/sh -c 'for ns in cgroup ipc mnt net pid time user uts; do readlink /proc/self/ns/$ns; done; exec sleep 1000'
		eventually logs_have web uts
		inside web 'for ns in cgroup ipc mnt net pid time user uts; do readlink /proc/self/ns/$ns; done'
		assert_equal "$output" "$("$SANDBOX" logs web)"
		"$SANDBOX" rm -f web
	done
}

@test "words of 128 KiB together, and of four thousand, are too many" {
	background web -- sleep 1000
	local long
	long=$(head -c 130000 /dev/zero | tr '\0' x)
	sandbox exec web /bin/sh -c 'echo ${#1}' - "$long"
	assert_output 130000
	sandbox exec web echo "$long" "${long:0:2000}"
	assert_refused '128 KiB'
	# shellcheck disable=SC2046
	sandbox exec web /bin/sh -c 'echo $#' $(seq 4093)
	assert_output 4092
	# shellcheck disable=SC2046
	sandbox exec web /bin/sh -c 'echo $#' $(seq 4095)
	assert_refused 'more than 4096 words'
}

@test "while the sandbox ends, the command ends, and both are told" {
	background web --bind "$scratch:/w" -- /bin/sh -c 'while [ ! -e /w/go ]; do sleep 0.02; done; exit 6'
	"$SANDBOX" exec web /bin/sh -c 'touch /tmp/in; sleep 1000' 2>told 3>&- &
	local caller=$!
	eventually "$SANDBOX" exec web test -e /tmp/in
	touch go
	wait $caller && fail 'status 0'
	sandbox wait web
	assert_status 6
	sandbox exec web true
	assert_refused 'web has ended'
	# Again and again at the very end: it runs, or it is said that it cannot.
	rm go
	for i in {1..10}; do
		background "end$i" -- sleep "0.0$i"
		while "$SANDBOX" exec "end$i" true 2>told; do :; done
		grep -q '^sandbox: ' told || [ ! -s told ] || fail "$(cat told)"
		"$SANDBOX" wait "end$i"
	done
}

@test "signals to the caller of exec are for the command; killed, it takes the command with it" {
	local caller
	background web -- sleep 1000
	"$SANDBOX" exec web /bin/sh -c 'trap "echo term; exit 9" TERM; trap "echo usr1" USR1; echo up; while :; do sleep 0.05; done' >got 3>&- &
	caller=$!
	eventually grep -q up got
	kill -USR1 $caller
	eventually grep -q usr1 got
	kill -TERM $caller
	wait $caller || [ $? = 9 ]
	grep -q term got
	only_two() { [ "$("$SANDBOX" exec web ps -o args | grep -c -e '[l]inger')" = 0 ]; }
	for signal in KILL TERM; do
		"$SANDBOX" exec web /bin/sh -c 'trap "" HUP; : linger; touch /tmp/up; sleep 500; sleep 500' 3>&- &
		caller=$!
		eventually "$SANDBOX" exec web test -e /tmp/up
		kill -$signal $caller
		wait $caller || :
		eventually only_two || fail "it lives on after $signal"
		"$SANDBOX" exec web rm /tmp/up
	done
	assert_equal "$(field web state)" running
}

@test "what the starter ignores the command that joins does not; what the caller of exec ignores or blocks it does" {
	local show=(grep -E '^Sig(Blk|Ign)' /proc/self/status)
	# As a shell's \`&\` starts it, in the foreground and in the background.
	bash -c 'trap "" INT QUIT USR1; exec "$@"' - "$SANDBOX" --name web "$root" sleep 1000 3>&- &
	listens() { "$SANDBOX" exec web true 2>/dev/null; }
	eventually listens
	(trap '' INT QUIT TERM && background two -- sleep 1000)
	local name
	for name in web two; do
		assert_equal "$("$SANDBOX" exec $name "${show[@]}")" $'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000'
		assert_equal "$(trap '' HUP INT && "$SANDBOX" exec $name "${show[@]}")" $'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000003'
		run --separate-stderr python3 -c 'import os, signal, sys
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, 40])
os.execv(sys.argv[1], sys.argv[1:])' "$SANDBOX" exec $name "${show[@]}"
		assert_output $'SigBlk:\t0000008000000200\nSigIgn:\t0000000001000000' ||
			assert_output $'SigBlk:\t0000008000000200\nSigIgn:\t0000000000000000'
	done
	# In the background nobody's reasons to ignore a signal are left.
	"$SANDBOX" kill -s INT two
	sandbox wait two
	assert_status 130
	"$SANDBOX" rm -f web
	wait $! || :
}

# case: the joiner killed
@test "a joiner that is killed takes the command with it, as another user of the sandbox's too" {
	require_range
	background web -- sleep 1000
	for user in 0 5; do
		"$SANDBOX" exec --user "$user" web /bin/sleep 777 3>&- &
		local caller=$!
		up() { "$SANDBOX" exec web ps -o args | grep -q '[s]leep 777'; }
		eventually up
		pkill -KILL -P "$(field web supervisor)" -x sandbox-join
		wait $caller && fail 'status 0'
		down() { ! up; }
		eventually down || fail "it lives on as $user"
	done
	assert_equal "$(field web state)" running
}

@test "a stopped command stops its caller's job, and goes on with it" {
	background web -- sleep 1000
	"$SANDBOX" exec web /bin/sh -c 'while :; do sleep 0.05; done' 3>&- &
	local caller=$!
	busy() { [ -n "$(pgrep -P "$(field web supervisor)" -x sandbox-join)" ]; }
	eventually busy
	kill -TSTP $caller
	stopped() { [ "$(ps -o stat= -p $caller | cut -c 1)" = T ]; }
	eventually stopped
	kill -CONT $caller
	running() { ! stopped; }
	eventually running
	kill -KILL $caller
	wait $caller || :
}

@test "two, and twenty, at once; none is left as a zombie" {
	background web -- sleep 1000
	local i pids=()
	for i in {1..20}; do
		"$SANDBOX" exec web /bin/sh -c "sleep 0.1; exit $i" 3>&- &
		pids+=($!)
	done
	for i in {1..20}; do
		wait "${pids[i - 1]}" || [ $? = "$i" ] || fail "another status for $i"
	done
	quiet() { [ "$(pgrep -c -P "$(field web supervisor)")" = 1 ]; }
	eventually quiet
	assert_equal "$("$SANDBOX" exec web ps -o args | grep -c -e sleep)" 1
}

@test "into a sandbox in the foreground, with a layer on disk, with --read-only, of the host's root" {
	for how in "--layer=disk $root" "--read-only $root" "--rw $root" / "--seccomp=strict $root" "--seccomp=unconfined $root" "--userns=keep-id $root"; do
		# shellcheck disable=SC2086
		"$SANDBOX" --name fg $how sleep 1000 3>&- &
		local supervisor=$!
		listens() { "$SANDBOX" exec fg true 2>/dev/null; }
		eventually listens
		sandbox exec fg /bin/sh -c 'echo in'
		assert_output in
		"$SANDBOX" rm -f fg
		wait $supervisor || :
	done
}

@test "what it has bound, and what was mounted, is there; what it leaves goes with the sandbox" {
	mkdir shared
	background web --bind "$scratch/shared:/s" --tmpfs /t -- sleep 1000
	inside web 'echo x >/s/file; echo y >/t/file; (setsid sleep 888 >/dev/null 2>&1 &)'
	assert_equal "$(cat shared/file)" x
	inside web 'cat /t/file'
	assert_output y
	"$SANDBOX" rm -f web
	eventually no_new_processes
}
