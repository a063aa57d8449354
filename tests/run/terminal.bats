# At a real terminal: Ctrl-C, Ctrl-\, Ctrl-Z and fg, a change of its size.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	require_program script
	mkfifo keys
}

# terminal COMMAND: run it by sh on a terminal of its own; type into descriptor 7, its output goes to `screen`
terminal() {
	# script runs it by $SHELL; dash would end by a Ctrl-C that the command has handled.
	env --default-signal SHELL=/bin/bash script -qefc "$1" /dev/null <keys >screen 2>&1 &
	terminal_pid=$!
	exec 7>keys
}

shows() { eventually grep -q "$1" screen || fail "no '$1' on the screen: $(cat -v screen)"; }

sleeps() { our_processes "$processes_before" | grep -q ' sleep 1000$'; }

no_sandbox() {
	local left
	left=$(our_processes "$processes_before")
	[[ $left != *"$SANDBOX "* ]]
}

# closed: wait for the end; $status
closed() {
	exec 7>&-
	status=0
	wait "$terminal_pid" || status=$?
}

@test "Ctrl-C ends the command, with 130" {
	terminal "$SANDBOX $root /bin/sh -c 'echo rea\"\"dy; sleep 1000'"
	shows ready
	printf '\003' >&7
	closed
	assert_status 130
}

@test "Ctrl-C reaches every process of the command" {
	terminal "$SANDBOX $root /bin/sh -c 'trap \"echo outer; exit 9\" INT
		sh -c \"trap \\\"echo in\\\"\\\"ner; exit 7\\\" INT; echo rea\\\"\\\"dy; while :; do sleep 0.05; done\"; echo status \$?'"
	shows ready
	printf '\003' >&7
	shows inner
	shows outer
	closed
	assert_status 9
}

@test "a command that handles Ctrl-C goes on" {
	terminal "$SANDBOX $root /bin/sh -c 'trap \"echo cau\"\"ght\" INT; echo rea\"\"dy; while :; do sleep 0.05; done'"
	shows ready
	printf '\003' >&7
	shows caught
	kill -TERM "$(pgrep -P "$terminal_pid" | head -n 1)"
	closed
	assert_status 143
}

@test "Ctrl-\\ ends the command, with 131" {
	terminal "$SANDBOX --ulimit core=0 $root /bin/sh -c 'echo rea\"\"dy; exec sleep 1000'"
	shows ready
	eventually sleeps # until then it is the shell, which is not ended by QUIT
	printf '\034' >&7
	closed
	assert_status 131
}

@test "Ctrl-C at a pipeline of two sandboxes" {
	terminal "$SANDBOX $root /bin/sh -c 'echo rea\"\"dy >&2; sleep 1000' | $SANDBOX $root /bin/cat; echo en\"\"ded"
	shows ready
	printf '\003' >&7
	closed
	eventually no_new_processes || fail "left: $left"
}

@test "Ctrl-Z stops all of it, and fg goes on" {
	terminal 'bash --norc -i'
	echo "PS1=; $SANDBOX $root /bin/sh -c 'i=0; echo rea\"\"dy; while [ ! -e /tmp/end ]; do i=\$((i+1)); echo n\$i; sleep 0.05; done'" >&7
	shows '^n3'
	printf '\032' >&7
	shows Stopped
	count() { grep -c '^n[0-9]' screen; }
	local before
	# What is typed now is shown behind all that was written before.
	echo 'jobs | cat; echo afte""r' >&7
	shows after
	before=$(count)
	echo 'sleep 0.5; echo late""r' >&7
	shows later
	[ "$(count)" = "$before" ] || fail 'it has not stopped'
	echo fg >&7
	more() { [ "$(count)" -gt $((before + 3)) ]; }
	eventually more || fail "it does not go on: $(cat -v screen)"
	printf '\003' >&7
	# What is typed ahead belongs to the command for as long as it has the terminal.
	eventually no_sandbox || fail 'it does not end'
	echo 'echo status $?; exit' >&7
	shows 'status 130'
	closed
}

@test "bg lets it run on in the background" {
	terminal 'bash --norc -i'
	echo "PS1=; $SANDBOX $root /bin/sh -c 'echo rea\"\"dy; sleep 4; echo do\"\"ne'" >&7
	shows ready
	printf '\032' >&7
	shows Stopped
	echo 'bg; wait; echo al""l; exit' >&7
	shows 'done'
	shows all
	closed
}

@test "a change of the window's size is told" {
	terminal "tty; $SANDBOX $root /bin/sh -c 'trap \"echo win\"\"ch; exit 0\" WINCH; echo rea\"\"dy; while :; do sleep 0.05; done'"
	shows ready
	stty -F "$(grep -o '/dev/pts/[0-9]*' screen | head -n 1)" cols 99 rows 33
	shows winch
	closed
	assert_status 0
}

@test "hanging up the terminal ends the command" {
	terminal "$SANDBOX $root /bin/sh -c 'echo rea\"\"dy; sleep 1000'"
	shows ready
	kill -KILL "$terminal_pid"
	exec 7>&-
	wait "$terminal_pid" || :
	eventually no_new_processes || fail "left: $left"
}

@test "the terminal itself can be written to and read" {
	terminal "$SANDBOX $root /bin/sh -c 'test -t 0 && echo is a term\"\"inal; read line; echo got \$line'"
	shows terminal
	echo typed >&7
	shows 'got typed'
	closed
	assert_status 0
}
