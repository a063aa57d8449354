# bus.bash: what tests with a D-Bus of their own share, after `load ../lib`.
# shellcheck shell=bash

# start_bus: for setup_file: a session bus with the test service on it, $bus its socket, until stop_bus in
# teardown_file.
start_bus() {
	local program
	for program in dbus-daemon xdg-dbus-proxy gdbus; do
		command -v $program >/dev/null || return 0
	done
	export bus=$BATS_FILE_TMPDIR/bus bus_log=$BATS_FILE_TMPDIR/bus-log bus_pids=''
	launch_bus "unix:path=$bus"
	eventually test -S "$bus"
	export DBUS_SESSION_BUS_ADDRESS=unix:path=$bus
	serve org.example.Good org.example.Bad
}

# launch_bus ADDRESS
launch_bus() {
	env XDG_RUNTIME_DIR="$BATS_FILE_TMPDIR" dbus-daemon --session --nofork --nopidfile --address="$1" 3>&- >/dev/null 2>&1 &
	bus_pids+=" $!"
}

# serve NAME...: the test service owns them; what is asked of it is a line in $bus_log.
serve() {
	/usr/bin/python3 "$PROJECT/tests/run/bus-service" "$@" 3>&- >>"$bus_log" 2>&1 &
	bus_pids+=" $!"
	eventually grep -q "^ready $*" "$bus_log"
}

stop_bus() {
	local pid
	for pid in ${bus_pids-}; do
		kill "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	bus_pids=''
}

# bus_setup: for setup. The log is empty; the processes of the bus are no news.
bus_setup() {
	lib_setup
	require_program dbus-daemon
	require_program xdg-dbus-proxy
	require_program gdbus
	: >"$bus_log"
}

# call NAME [METHOD [ARG]]: the words of a call of the test service, for gdbus inside, into $words.
call() { words=(gdbus call --session -d "$1" -o /note -m "org.example.Note.${2-Notify}" "${3-hello}"); }

# proxies: the proxies that run for this test.
proxies() { our_processes "$processes_before" | grep -E '[x]dg-dbus-proxy|[l]ibexec/bus ' || :; }
no_proxies() { [ -z "$(proxies)" ]; }
has_proxy() { proxy=$(proxies | awk '/[x]dg-dbus-proxy --fd/ { print $1; exit }') && [ -n "$proxy" ]; }
