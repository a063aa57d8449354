# A window on an X11 display: the caller's, with a cookie that it does not trust, or one of the sandbox's own.
load ../lib
load session

setup() {
	lib_setup
	session_setup
}

teardown() {
	session_teardown
	lib_teardown
}

inside=/run/user/0

# What a server of the sandbox's own is on the host: its socket's inode, and its path there. Others come and go meanwhile.
which_server='stat -c %i /tmp/.X11-unix/X0; awk "/X11-unix/ { print \$4 }" /proc/self/mountinfo'

# server_has_gone INODE PATH
server_has_gone() { [ "$(stat -c %i "/tmp/.X11-unix/${2##*/}" 2>/dev/null)" != "$1" ]; }

# red: is there a red window on the screen?
red() { python3 "$PROJECT/tests/attack/x11.py" none | grep -q 'picture of the screen'; }

# no_good FILE: this Xauthority opens no display.
no_good() { ! XAUTHORITY=$1 python3 -c 'from Xlib import display; display.Display()' 2>/dev/null; }

@test "x11: a window on the caller's screen, with a cookie that is not the caller's" {
	start_x
	require_program xterm
	"$SANDBOX" --x11 / xterm -bg '#ff0000' -geometry 60x30+0+0 -e 'sleep 60' 2>"$scratch/xterm" &
	local supervisor=$!
	eventually red || fail "no window: $(cat "$scratch/xterm")"
	kill "$supervisor"
	wait "$supervisor" || :
	sandbox --x11 / sh -c 'xauth -n list; ls -A /tmp /tmp/.X11-unix; find /run/user -type f -printf "%p %m\n"; env'
	assert_success
	assert_output_has "^X${DISPLAY#:}$" "^$inside/Xauthority 600$" "^DISPLAY=$DISPLAY$" "^XAUTHORITY=$inside/Xauthority$" \
		'^XDG_SESSION_TYPE=x11$' '^GDK_BACKEND=x11$' '^QT_QPA_PLATFORM=xcb$'
	assert_output_lacks "$(xauth -n -f "$XAUTHORITY" list | awk '{ print $3; exit }')"
	assert_output_lacks WAYLAND
}

@test "a window without a bus: no program starts one of its own, and one that is asked for counts" {
	start_x
	require_program gdbus
	sandbox --x11 / sh -c 'gdbus call --session -d org.freedesktop.DBus -o / -m org.freedesktop.DBus.ListNames; ps ax; env'
	assert_output_has '^DBUS_SESSION_BUS_ADDRESS=disabled:$' '^GSETTINGS_BACKEND=keyfile$'
	assert_output_lacks 'dbus-(launch|daemon)'
	assert_stderr_has 'disabled'
	sandbox --x11 --env DBUS_SESSION_BUS_ADDRESS=unix:path=/own / sh -c 'echo $DBUS_SESSION_BUS_ADDRESS'
	assert_output unix:path=/own
	DBUS_SESSION_BUS_ADDRESS=unix:path=/kept sandbox --x11 --keep-env / sh -c 'echo $DBUS_SESSION_BUS_ADDRESS'
	assert_output unix:path=/kept
	sandbox / env
	assert_output_lacks 'DBUS|GSETTINGS'
}

@test "x11: who is not trusted may not ring the bell, and GTK is told not to" {
	start_x
	sandbox --x11 / sh -c 'cat /run/sandbox/xdg/gtk-?.0/settings.ini; echo $XDG_CONFIG_DIRS
		python3 -c "
from Xlib import display
server = display.Display()
server.bell(0)
server.sync()"'
	assert_output '[Settings]
gtk-error-bell=false
[Settings]
gtk-error-bell=false
/run/sandbox/xdg:/etc/xdg'
	assert_stderr_has BadAccess
	sandbox --x11=trusted / sh -c 'ls /run/sandbox/xdg; echo "$XDG_CONFIG_DIRS"'
	assert_output ''
}

# take_cookie: start a sandbox that stays, and leave a copy of its cookie in $scratch/taken.
take_cookie() {
	rm -f "$scratch/made" # the last one's
	"$SANDBOX" --x11 / sh -c "cat $inside/Xauthority; exec sleep 60" >"$scratch/made" &
	supervisor=$!
	eventually [ -s "$scratch/made" ]
	rm -f "$scratch/taken"
	printf 'add %s . %s\n' "$DISPLAY" "$(xauth -n -f "$scratch/made" list | awk '{ print $3; exit }')" |
		xauth -q -f "$scratch/taken" 2>/dev/null
	! no_good "$scratch/taken" || fail 'the cookie opens nothing'
}

@test "x11: the cookie is taken back at the end, also where the supervisor is killed" {
	start_x
	take_cookie
	kill "$supervisor"
	wait "$supervisor" || :
	no_good "$scratch/taken" || fail 'the cookie is still good'
	take_cookie
	kill -KILL "$supervisor"
	eventually no_good "$scratch/taken" || fail 'the cookie outlives the sandbox'
}

@test "x11: refused where the server cannot distrust, or trusts whoever comes" {
	start_x -extension SECURITY
	sandbox --x11 / true
	assert_refused 'has no SECURITY extension' '--x11=nested'
	sandbox --x11=trusted / true
	assert_success
	kill "$x_pid"
	wait "$x_pid" || :
	start_x
	python3 - <<-'PYTHON'
		import getpass
		from Xlib import X, display
		server = display.Display()
		server.change_hosts(X.HostInsert, 5, b"localuser\0" + getpass.getuser().encode())
		server.sync()
	PYTHON
	sandbox --x11 / true
	assert_refused 'lets your processes in without a cookie' 'xhost -si:localuser'
}

@test "x11: the abstract socket of the host stays out of reach, or it is refused" {
	start_x
	sandbox --x11 --network=host --landlock=off / true
	assert_refused 'abstract socket'
	DISPLAY=example.org:0 sandbox --x11 / true
	assert_refused "is not one of this machine's sockets"
}

# shares OPTION...: does the display share memory with who is inside?
shares() { sandbox "$@" --ro-bind "$PROJECT/tests/run/x11_shm.py:/shm.py" / python3 /shm.py; }

@test "x11=trusted: memory is shared with the server with --ipc=host, and not without" {
	start_x
	assert_equal "$(python3 "$PROJECT/tests/run/x11_shm.py")" shared
	shares --x11=trusted
	assert_output 'refused: BadAccess'
	shares --x11=trusted --ipc=host
	assert_output shared
	shares --x11 --ipc=host
	assert_output 'no MIT-SHM'
	sandbox --x11=trusted / sh -c 'echo $QT_X11_NO_MITSHM'
	assert_output 1
	sandbox --x11=trusted --ipc=host / sh -c 'echo $QT_X11_NO_MITSHM'
	assert_output ''
}

# What the server says that it has.
extensions='from Xlib import display; print(display.Display().list_extensions())'

@test "x11=virtual, nested: memory is shared with the server, where the command is the caller and apart from it" {
	require_program Xvfb
	require_program Xephyr
	start_x
	local mode option
	for mode in virtual nested; do
		for option in '' --userns=single --userns=keep-id; do
			shares "--x11=$mode" $option
			assert_output shared
		done
		sandbox "--x11=$mode" / python3 -c "$extensions"
		assert_output_has MIT-SHM
	done
	# It has no namespace of its own below pid 1's.
	for option in --ipc=host --as-pid-1 --proc=bind; do
		shares --x11=virtual $option
		assert_output 'no MIT-SHM'
	done
}

@test "x11=virtual: a server of its own, that ends with the sandbox" {
	require_program Xvfb
	sandbox --x11=virtual / sh -c "$which_server"
	assert_success
	server_has_gone "${lines[@]}" || fail "it is still there: $output"
	sandbox --x11=virtual / sh -c 'echo $DISPLAY; ls /tmp/.X11-unix; python3 -c "$0"' "$extensions"
	assert_success
	assert_output_has '^:0$' '^X0$' RENDER
	"$SANDBOX" --x11=virtual / sh -c "$which_server; echo up; exec sleep 60" >"$scratch/up" &
	local supervisor=$!
	eventually grep -q up "$scratch/up"
	mapfile -t -n 2 lines <"$scratch/up"
	! server_has_gone "${lines[@]}" || fail 'it is not there'
	kill -KILL "$supervisor"
	eventually server_has_gone "${lines[@]}"
}

@test "x11=nested: in a window of the caller's display" {
	require_program Xephyr
	start_x
	"$SANDBOX" --x11=nested / sh -c "$which_server; exec xterm -bg '#ff0000' -geometry 60x30+0+0 -e 'sleep 60'" >"$scratch/up" 2>"$scratch/xterm" &
	local supervisor=$!
	eventually red || fail "no window: $(cat "$scratch/xterm")"
	kill "$supervisor"
	wait "$supervisor" || :
	mapfile -t -n 2 lines <"$scratch/up"
	eventually server_has_gone "${lines[@]}"
}
