# The sandbox's own terminal, in a session of tmux: what a person sees who types.
load ../lib
load tmux

setup() {
	lib_setup
	tmux_setup
}

teardown() {
	tmux_teardown
	lib_teardown
}

@test "a shell has job control, a name for its terminal, and its size" {
	session
	line "'$SANDBOX' / bash --norc"
	line 'PS1="in> "; tty; stty size; ps -o tpgid= -p 1 | wc -w; echo $-'
	shows '^/dev/pts/0'
	shows '^30 100'
	shows 'm' # job control
	job_control
	line 'echo back at $((20+22))'
	shows 'back at 42'
}

@test "Ctrl-Z stops a command, bg and fg let it go on, and the shell's terminal is in order meanwhile" {
	session
	line "'$SANDBOX' / sh -c 'trap \"echo got co\"\"nt\" CONT; echo rea\"\"dy; while :; do sleep 0.1; done'"
	shows ready
	keys C-z
	shows 'Stopped'
	line 'stty -a | grep -ow -e icanon -e isig; echo typed here'
	shows '^typed here'
	shows '^icanon'
	line bg
	shows 'got cont'
	line fg
	keys C-c
	line 'echo status $?'
	shows 'status 130'
}

@test "a full-screen editor works, and leaves the screen and the modes as they were" {
	require_program vim.tiny
	session
	line "'$SANDBOX' --bind $scratch:/w / vim.tiny -u NONE /w/text"
	shows '^~'
	keys 'ihello'
	shows 'hello'
	keys Escape
	line ':wq'
	eventually test -s text
	[ "$(cat text)" = hello ]
	line 'stty -a | grep -ow -e icanon -e echo'
	shows '^icanon'
	shows '^echo'
}

@test "in the background it stops when it wants to read, and reads after fg" {
	session
	line "'$SANDBOX' / cat &"
	told() { line '' && sleep 0.1 && has Stopped; } # the shell says so at its next prompt
	eventually told || fail "$(screen)"
	line fg
	line 'now'
	twice() { [ "$(screen | grep -c '^now')" = 2 ]; }
	eventually twice || fail "$(screen)"
	keys C-d
	line 'echo status $?'
	shows 'status 0'
}

@test "in a pipeline what is typed is for who reads it" {
	session
	line "'$SANDBOX' / sh -c 'echo one; sleep 0.3; echo two' | { cat; read x </dev/tty; echo outer got \$x; }"
	shows '^two'
	line mine
	shows 'outer got mine'
	line "'$SANDBOX' / sh -c 'read x; echo inner got \$x' | cat"
	line yours
	shows 'inner got yours'
	line "echo piped | '$SANDBOX' / sh -c 'cat; read x </dev/tty; echo tty gave \$x'"
	shows '^piped'
	line this
	shows 'tty gave this'
}

@test "pipes stay pipes, files stay files: only terminals become another" {
	session
	line "'$SANDBOX' / sh -c 'test -t 0 && test ! -t 1 && test -t 2 && echo right' >out; cat out"
	shows '^right'
	line "echo x | '$SANDBOX' / sh -c 'test ! -t 0 && test -t 1 && echo right too'"
	shows '^right too'
}

@test "a supervisor that is killed leaves the terminal usable" {
	session
	line "'$SANDBOX' / sh -c 'echo rea\"\"dy; sleep 1000'"
	shows ready
	pkill -KILL -o -f "^$SANDBOX / sh"
	shows Killed
	line 'stty -a | grep -ow -e icanon -e isig; echo typed here'
	shows '^typed here'
	shows '^icanon'
	shows '^isig'
}

@test "--no-tty hands the caller's terminal in" {
	session
	line "'$SANDBOX' --no-tty / sh -c 'tty; test -t 0 && echo is one'"
	shows 'not a tty'
	shows 'is one'
}

@test "it is fast: a million lines through the terminal" {
	session
	line "'$SANDBOX' / sh -c 'seq 1000000 | tail -n 200000; echo do\"\"ne'"
	eventually -t 60 has '^done'
}
