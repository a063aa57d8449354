# tmux.bash: a session of tmux, as a person types. After `load ../lib`; setup calls tmux_setup, teardown tmux_teardown.
# shellcheck shell=bash

# tmux_setup [VARIABLE=VALUE...]: in the environment of the session's shell.
tmux_setup() {
	require_program tmux
	shell="env -i PATH=/usr/bin:/bin TERM=screen $* PS1='out> ' bash --norc --noprofile -i"
}

tmux_teardown() { tmux_ kill-server 2>/dev/null || :; }
tmux_() { tmux -L "sandbox-$(basename "$BATS_TEST_FILENAME" .bats)" -f /dev/null "$@"; }
session() { tmux_ new-session -d -x 100 -y 30 "cd $scratch; exec $shell" && shows 'out>'; }
keys() { tmux_ send-keys "$@"; }
line() { keys "$1" Enter; }
screen() { tmux_ capture-pane -p; }
shows() { eventually has "$1" || fail "no '$1' on the screen: $(screen)"; }
has() { screen | grep -qE -e "$1"; }

# The terminal is the shell's again: what is typed before goes to the command that is ending.
back() { shows '^(\^C)?out> *$'; }

# job_control: of the shell that has the terminal, and of the size it hears of.
job_control() {
	local time=1000.$BASHPID
	line "sleep $time"
	eventually in_front "$time"
	keys C-z
	shows 'Stopped +sleep 1000'
	line fg
	eventually in_front "$time"
	keys C-c
	line 'echo status $?'
	shows 'status 130'
	tmux_ resize-window -x 120 -y 40
	line 'stty size'
	shows '^40 120'
	line exit
	back
}

# Ctrl-Z and Ctrl-C are for the group in the foreground of the terminal, and it takes a moment to be that.
in_front() { ps -eo stat=,args= | grep -qE "^S[^ ]*\+ +sleep $1\$"; }
