# A container's terminal as typed at, with nobody between: `run` and `exec --tty` carry it themselves.
load ../lib
load oci

setup() {
	oci_setup
	require_program script
	mkfifo keys
}

# terminal COMMAND: on a terminal of its own; what is written to descriptor 7 is typed, its output goes to `screen`
terminal() {
	env --default-signal SHELL=/bin/bash timeout -k 5 100 script -qefc "$1" /dev/null <keys >screen 2>&1 3>&- &
	terminal_pid=$!
	exec 7>keys
}

shows() { eventually grep -q "$1" screen || fail "no '$1' on the screen: $(cat -v screen)"; }

closed() {
	exec 7>&-
	status=0
	wait "$terminal_pid" || status=$?
}

sleeps() { our_processes "$processes_before" | grep -q ' sleep 1000$'; }

@test "run: typed at, its size followed, Ctrl-C, the status; the terminal is the caller's again" {
	bundle b 'p["terminal"] = True' 'p["args"] = ["sh"]' 'p["env"].append("PS1=in> ")'
	terminal "stty rows 20 cols 70; '$oci' run --bundle b x; echo status \$?; stty -a | grep -ow icanon"
	shows 'in> '
	printf 'tty; stty size; sleep 1000\n' >&7
	shows '^/dev/pts/0'
	shows '^20 70'
	eventually sleeps
	printf '\003' >&7
	printf 'echo back $((40 + 2)); exit 4\n' >&7
	shows '^back 42'
	shows '^status 4'
	shows '^icanon'
	closed
	no_records
}

@test "run: killed at the terminal, and nothing left" {
	bundle b 'p["terminal"] = True' 'p["args"] = ["sh", "-c", "echo up; while :; do sleep 0.05; done"]'
	terminal "'$oci' run --bundle b x; echo status \$?"
	shows '^up'
	oci kill x KILL
	assert_success
	shows '^status 137'
	closed
	no_records
}

@test "exec --tty: a second terminal in the container's /dev/pts, and its status" {
	sh_bundle b 'while :; do sleep 0.1; done'
	made run --detach --bundle b x
	assert_success
	terminal "stty rows 21 cols 71; '$oci' exec --tty --env 'PS1=in> ' x sh; echo status \$?"
	shows 'in> '
	printf 'tty; stty size; hostname; exit 6\n' >&7
	shows '^/dev/pts/0'
	shows '^21 71'
	shows '^inside'
	shows '^status 6'
	closed
	oci delete --force x
}

@test "a console socket that is served, and whose reader never reads, keeps nobody" {
	sh_bundle b 'echo out; exit 3' 'p["terminal"] = True'
	python3 -c '
import socket, time
server = socket.socket(socket.AF_UNIX)
server.bind("socket.new"); server.listen(1)
import os; os.rename("socket.new", "socket")
conn, _ = server.accept()
time.sleep(100)' 3>&- &
	local server=$!
	eventually test -S socket
	made create --bundle b --console-socket "$PWD/socket" x
	assert_success
	oci start x
	assert_success
	# Its terminal lives as long as somebody may take it out of the socket.
	eventually is_state x stopped
	kill "$server"
	oci delete x
	assert_success
	no_records
}
