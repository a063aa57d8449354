# Terminals of commands that join, and of a sandbox in the background: in a session of tmux, as a person types.
load ../lib
load life
load tmux

setup() {
	lib_setup
	tmux_setup "XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR"
}

teardown() {
	remove_all
	tmux_teardown
	lib_teardown
}

@test "-d at a terminal takes nothing of it" {
	session
	line "'$SANDBOX' -d --name web / sh -c 'tty; sleep 1000'"
	shows '^web'
	line 'stty -a | grep -ow icanon; echo typed here'
	shows '^icanon'
	shows '^typed here'
	eventually logs_have web 'not a tty'
}

@test "a shell by exec has job control, its size, a terminal of its own, and TERM" {
	session
	background_of_host web
	line "'$SANDBOX' exec web bash --norc"
	line 'PS1="in> "; tty; stty size; echo $TERM $-'
	shows '^/dev/pts/0'
	shows '^30 100'
	shows '^screen .*m'
	job_control
	line 'echo back at $((20+22)); stty -a | grep -ow icanon'
	shows 'back at 42'
	shows '^icanon'
}

background_of_host() { "$SANDBOX" -d --name "$1" / sleep 1000 >/dev/null 3>&-; }

@test "Ctrl-Z of a command by exec is a stopped job of the shell's, and fg goes on" {
	session
	background_of_host web
	line "'$SANDBOX' exec web sh -c 'trap \"echo got co\"\"nt\" CONT; echo rea\"\"dy; while :; do sleep 0.1; done'"
	shows ready
	keys C-z
	shows 'Stopped'
	line 'stty -a | grep -ow icanon; echo typed here'
	shows '^typed here'
	shows '^icanon'
	line fg
	shows 'got cont'
	keys C-c
	back
	line 'echo status $?'
	shows 'status 130'
}

@test "a mix of terminal and pipe: only terminals become another" {
	session
	background_of_host web
	line "'$SANDBOX' exec web sh -c 'test -t 0 && test ! -t 1 && test -t 2 && echo right' >out; cat out"
	shows '^right'
	line "echo x | '$SANDBOX' exec web sh -c 'test ! -t 0 && test -t 1 && cat && echo right too'"
	shows '^right too'
	line "'$SANDBOX' exec --no-tty web sh -c 'tty; test -t 0 && echo is one'"
	shows 'not a tty'
	shows 'is one'
}

@test "a caller of exec that is killed leaves the terminal usable, and so does an end of the sandbox" {
	session
	background_of_host web
	for how in caller supervisor sandbox; do
		line "clear; '$SANDBOX' exec web sh -c 'echo rea\"\"dy; sleep 1000'"
		shows ready
		case $how in
		caller) pkill -KILL -o -f "^$SANDBOX exec web sh" ;;
		supervisor) kill -KILL "$(field web supervisor)" ;;
		sandbox) "$SANDBOX" kill -s KILL web ;;
		esac
		back
		line "clear; stty -a | grep -ow -e icanon -e isig -e opost; echo typed here after $how"
		shows "^typed here after $how"
		shows '^icanon'
		shows '^isig'
		shows '^opost'
		"$SANDBOX" rm -f web 2>/dev/null || :
		[ $how = sandbox ] || background_of_host web
	done
}

@test "two at the same sandbox have a terminal each, which the other cannot have" {
	session
	background_of_host web
	line "'$SANDBOX' exec web sh -c 'tty; echo rea\"\"dy; read x; echo first got \$x'"
	shows ready
	tmux_ split-window "$shell"
	eventually has 'out>.*' 
	line "'$SANDBOX' exec web sh -c 'tty; read x; echo second got \$x'"
	shows '^/dev/pts/1'
	line two
	shows 'second got two'
	tmux_ select-pane -t 0
	line one
	shows 'first got one'
}

@test "vim, htop, less and tmux inside" {
	local program
	for program in vim.tiny htop less; do require_program $program; done
	session
	mkdir work
	"$SANDBOX" -d --name web --bind "$scratch/work:/w" / sleep 1000 >/dev/null 3>&-
	line "'$SANDBOX' exec web vim.tiny -u NONE /w/text"
	shows '^~'
	keys 'ihello'
	keys Escape
	line ':wq'
	eventually test -s work/text
	back
	line "clear; '$SANDBOX' exec web htop"
	shows 'Load average|Tasks:'
	shows 'sleep 1000'
	keys q
	back
	line "clear; '$SANDBOX' exec web less /etc/services"
	shows 'tcpmux'
	keys q
	back
	line "clear; '$SANDBOX' exec web tmux -L in -f /dev/null new-session 'sh'"
	shows '\[0\]|"sandbox"'
	line 'echo inside $((40+2)); tty'
	shows '^inside 42'
	line exit
	shows 'exited'
	back
	line 'stty -a | grep -ow icanon'
	shows '^icanon'
}
