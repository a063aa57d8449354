# session.bash: a session to be let into: an X server, a compositor, a sound server, each the test user's.
# shellcheck shell=bash
# A file that loads it calls session_setup behind lib_setup and session_teardown before lib_teardown.

session_setup() {
	# Short: an address of a socket has 107 bytes.
	runtime_before=$XDG_RUNTIME_DIR
	XDG_RUNTIME_DIR=$(mktemp -d /tmp/session.XXXXXX)
	started=()
	unset DISPLAY XAUTHORITY WAYLAND_DISPLAY PULSE_SERVER PIPEWIRE_REMOTE DBUS_SESSION_BUS_ADDRESS
}

session_teardown() {
	[ ${#started[@]} = 0 ] || {
		kill "${started[@]}" 2>/dev/null || :
		wait "${started[@]}" 2>/dev/null || :
	}
	rm -rf "$XDG_RUNTIME_DIR"
	XDG_RUNTIME_DIR=$runtime_before
}

# background OUT COMMAND...: start it, what it says in OUT; $! is its pid.
background() {
	local out=$1
	shift
	"$@" >"$out" 2>"$scratch/stderr" 3>&- &
	started+=($!)
}

# start_x [ARG...]: Xvfb with its SECURITY extension, or with ARG...; sets DISPLAY, XAUTHORITY, x_pid.
start_x() {
	require_program Xvfb
	require_program xauth
	[ $# -gt 0 ] || set -- +extension SECURITY
	export XAUTHORITY=$scratch/Xauthority
	# A number of our own choice: a server that looks for one by itself takes no lock while it does.
	local number=$((200 + BASHPID % 700))
	while [ -e "/tmp/.X$number-lock" ] || [ -e "/tmp/.X11-unix/X$number" ]; do
		number=$((number + 1))
	done
	rm -f "$XAUTHORITY" "$scratch/display"
	printf 'add :%s . %s\n' "$number" "$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')" | xauth -q -f "$XAUTHORITY" 2>/dev/null
	background "$scratch/display" Xvfb ":$number" -displayfd 1 -auth "$XAUTHORITY" -noreset -nolisten tcp -screen 0 1300x820x24 "$@"
	x_pid=$!
	eventually [ -s "$scratch/display" ] || fail "Xvfb did not start: $(cat "$scratch/stderr")"
	DISPLAY=:$(cat "$scratch/display")
	export DISPLAY
}

# start_wayland [plain]: a compositor for tests; what it hears is in $scratch/compositor.
start_wayland() {
	export WAYLAND_DISPLAY=wayland-7
	background "$scratch/compositor" python3 "$PROJECT/tests/run/wayland.py" serve "$XDG_RUNTIME_DIR/$WAYLAND_DISPLAY" "$@"
	eventually grep -q listening "$scratch/compositor"
}

# start_pulse: PulseAudio with one sink, which nobody hears.
start_pulse() {
	require_program pulseaudio
	require_program pactl
	background "$scratch/pulseaudio" env HOME="$scratch" pulseaudio -n --daemonize=no --exit-idle-time=-1 --use-pid-file=no \
		-L 'module-null-sink sink_name=null' -L module-native-protocol-unix
	eventually pactl info >/dev/null 2>&1 || fail "pulseaudio did not start: $(cat "$scratch/stderr")"
}

# start_pipewire: PipeWire with its session manager, which wants a bus, and what stands in PulseAudio's place; one sink,
# which nobody hears.
start_pipewire() {
	local program
	for program in pipewire wireplumber pipewire-pulse dbus-daemon pactl; do
		require_program $program
	done
	local -x HOME=$scratch DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
	background "$scratch/bus" dbus-daemon --session --nofork --nopidfile --address="$DBUS_SESSION_BUS_ADDRESS"
	eventually [ -S "$XDG_RUNTIME_DIR/bus" ]
	background "$scratch/pipewire" pipewire
	eventually [ -S "$XDG_RUNTIME_DIR/pipewire-0" ] || fail "pipewire did not start: $(cat "$scratch/stderr")"
	background "$scratch/wireplumber" wireplumber
	background "$scratch/pipewire-pulse" pipewire-pulse
	eventually pactl info >/dev/null 2>&1 || fail "pipewire-pulse did not start: $(cat "$scratch/stderr")"
	pactl load-module module-null-sink sink_name=null >/dev/null
}

# start_documents: a bus, and the document portal on it.
start_documents() {
	local portal=/usr/libexec/xdg-document-portal
	require_program dbus-daemon
	require_program xdg-dbus-proxy
	[ -x $portal ] || skip 'missing: xdg-document-portal'
	{ : <>/dev/fuse; } 2>/dev/null || skip 'missing: /dev/fuse that users may open'
	export DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
	background "$scratch/bus" dbus-daemon --session --nofork --nopidfile --address="$DBUS_SESSION_BUS_ADDRESS"
	eventually [ -S "$XDG_RUNTIME_DIR/bus" ]
	background "$scratch/documents" env XDG_DATA_HOME="$scratch/data" $portal
	eventually [ -d "$XDG_RUNTIME_DIR/doc/by-app" ] || fail "it did not start: $(cat "$scratch/stderr")"
}

# give_document FILE APPLICATION: as a portal's dialog does when FILE was chosen in it; says the document's name.
give_document() {
	/usr/bin/python3 - "$@" <<-'PYTHON'
		import dbus, os, sys
		portal = dbus.SessionBus().get_object("org.freedesktop.portal.Documents", "/org/freedesktop/portal/documents")
		file = dbus.types.UnixFd(os.open(sys.argv[1], os.O_PATH))
		names, _ = portal.AddFull(
		    dbus.Array([file], signature="h"), dbus.UInt32(0), sys.argv[2], ["read", "write"],
		    dbus_interface="org.freedesktop.portal.Documents",
		)
		print(names[0])
	PYTHON
}
