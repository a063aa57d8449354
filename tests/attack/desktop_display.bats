# A hostile desktop application: other windows, other sound, and the rest of the session.
load ../lib
load ../run/session

setup() {
	lib_setup
	session_setup
}

teardown() {
	session_teardown
	lib_teardown
}

# start_victim: a window, a held key and a clipboard on $DISPLAY.
start_victim() {
	background "$scratch/victim" python3 "$PROJECT/tests/attack/x11_victim.py" clipped
	eventually grep -q ready "$scratch/victim"
}

# spies OPTION...: what x11.py gets at, from inside; without an option, from outside.
spies() {
	if [ $# = 0 ]; then
		run python3 "$PROJECT/tests/attack/x11.py" clipped
	else
		sandbox "$@" --ro-bind "$PROJECT/tests/attack/x11.py:/x11.py" / python3 /x11.py clipped
	fi
	assert_output_has '^done$'
}

# case: other clients of an X server
@test "X11: an untrusted client gets no keys, no picture, and types into nobody" {
	start_x
	start_victim
	spies
	assert_equal "${#lines[@]}" 14
	start_victim # the other's title and clipboard are gone now
	spies --x11
	# What the server's SECURITY extension leaves open: docs/desktop.md says so.
	assert_output "title of another's window
the clipboard of another
the clipboard, taken over from another
done"
}

# case: other clients of an X server, from a display of its own
@test "X11: on a display of its own there is nobody else" {
	start_x
	start_victim
	# What is typed into the server's window reaches it, while that has the focus.
	spies --x11=nested
	assert_output_lacks 'another|picture'
	spies --x11=virtual
	assert_output_lacks 'another|picture|down'
}

# server_of SUPERVISOR: the X server that it has had started; sets $server.
server_of() {
	local pid
	for server in $(pgrep -f -- '-auth /clients'); do
		pid=$server
		while [ "${pid:-0}" -gt 1 ]; do
			[ "$pid" != "$1" ] || return 0
			pid=$(awk '/^PPid/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
		done
	done
	return 1
}

# case: a flaw in an X server of the sandbox's own
@test "X11: a server of the sandbox's own has no right, no network and none of the caller's files" {
	start_x
	local mode supervisor left
	for mode in virtual nested; do
		rm -f "$scratch/up"
		"$SANDBOX" "--x11=$mode" / sh -c 'echo up; exec sleep 60' >"$scratch/up" 2>"$scratch/said" &
		supervisor=$!
		eventually [ -s "$scratch/up" ] || fail "it did not start: $(cat "$scratch/said")"
		server_of "$supervisor" || fail "there is no server of it"
		run grep -E '^(NoNewPrivs|Seccomp|CapEff|CapPrm|CapBnd|CapInh|CapAmb):' "/proc/$server/status"
		assert_output "CapInh:	0000000000000000
CapPrm:	0000000000000000
CapEff:	0000000000000000
CapBnd:	0000000000000000
CapAmb:	0000000000000000
NoNewPrivs:	1
Seccomp:	2"
		run ls -A "/proc/$server/root"
		assert_output_has '^tmp$' '^clients$'
		assert_output_lacks '^(home|root|etc|var|run|proc|sys|dev|mnt|srv|opt)$'
		assert_equal "$(tail -n +3 "/proc/$server/net/dev" | awk '{ print $1 }')" lo:
		# Of the session: the one display that it draws on.
		left=$(ls -A "/proc/$server/root/tmp/.X11-unix")
		if [ "$mode" = nested ]; then assert_equal "$left" "X${DISPLAY#:}"; else assert_equal "$left" ''; fi
		for left in net ipc mnt pid user uts; do
			[ "$(readlink "/proc/$server/ns/$left")" != "$(readlink "/proc/self/ns/$left")" ] || fail "it has the host's $left"
		done
		kill "$supervisor"
		wait "$supervisor" || :
	done
}

# holds OPTION...: what x11_pidfd.py can do with the X server.
holds() { sandbox "$@" --ro-bind "$PROJECT/tests/attack/x11_pidfd.py:/pidfd.py" / python3 /pidfd.py; }

# case: an X server below the command's user namespace, by a pidfd of it
@test "X11: who holds a pidfd of a server of the sandbox's own can do nothing with it" {
	local mode ids have
	have=$(python3 -c 'import socket; socket.socket(socket.AF_UNIX).setsockopt(1, 76, 1); print("pidfd")' 2>/dev/null || :)
	start_x
	for mode in virtual nested; do
		for ids in '' --userns=single --userns=keep-id --ipc=host --as-pid-1; do
			# Without a filter, which would refuse the calls, and with all rights that it can have.
			holds "--x11=$mode" $ids --seccomp=unconfined --cap-add=all
			assert_success
			if [ -z "$have" ]; then
				assert_output 'no pidfd'
			else
				assert_output "pid: 0
descriptors: 0
user namespace: Operation not permitted
signal: Invalid argument"
			fi
		done
	done
}

# case: the caller's shared memory, by an X server in the sandbox's IPC namespace
@test "X11: a server that shares memory is in the IPC namespace of its sandbox, not the caller's" {
	require_program Xvfb
	local supervisor inside
	"$SANDBOX" --x11=virtual / sh -c 'readlink /proc/self/ns/ipc; exec sleep 60' >"$scratch/up" &
	supervisor=$!
	eventually [ -s "$scratch/up" ]
	server_of "$supervisor" || fail 'there is no server of it'
	inside=$(cat "$scratch/up")
	assert_equal "$(readlink "/proc/$server/ns/ipc")" "$inside"
	[ "$inside" != "$(readlink /proc/self/ns/ipc)" ] || fail "it is the caller's"
	kill "$supervisor"
	wait "$supervisor" || :
}

# case: an X server that trusts whoever comes
@test "X11: without its cookie nobody is let in, and a server that would is refused" {
	start_x
	sandbox --x11 / sh -c 'unset XAUTHORITY; python3 -c "from Xlib import display; display.Display()"'
	assert_status 1
	assert_stderr_has 'Authorization required|No protocol specified'
	python3 -c '
import getpass
from Xlib import X, display
server = display.Display()
server.change_hosts(X.HostInsert, 5, b"localuser\0" + getpass.getuser().encode())
server.sync()'
	sandbox --x11 / true
	assert_refused 'lets your processes in without a cookie'
	sandbox --profile desktop / true
	assert_refused 'lets your processes in without a cookie'
}

# case: the caller's Xauthority
@test "X11: the caller's cookie and file are not inside" {
	start_x
	local cookie
	cookie=$(xauth -n -f "$XAUTHORITY" list | awk '{ print $3; exit }')
	sandbox --x11 / sh -c "cat '$XAUTHORITY' ~/.Xauthority; xauth -n list; env; cat /proc/1/cmdline | tr '\\0' ' '; find / -xdev -name '*authority'"
	assert_output_has 'MIT-MAGIC-COOKIE-1'
	assert_output_lacks "$cookie|$XAUTHORITY"
	# Where it is copied by name, the file is still another.
	sandbox --x11=trusted / sh -c "xauth -n list; test ! -e '$XAUTHORITY'"
	assert_success
	assert_output_has "$cookie"
}

# case: abstract sockets of an X server
@test "X11: its abstract socket is out of reach, with every network" {
	start_x
	local try="import socket; socket.socket(socket.AF_UNIX).connect('\\0/tmp/.X11-unix/X${DISPLAY#:}')"
	run python3 -c "$try"
	assert_success
	sandbox --x11 / python3 -c "$try"
	assert_status 1
	assert_stderr_has 'Connection refused'
	sandbox --x11 --network=host / python3 -c "$try"
	if [ "$status" = 125 ]; then
		assert_refused 'abstract socket' # a kernel without Landlock's scopes
	else
		assert_status 1
		assert_stderr_has 'Operation not permitted'
	fi
	sandbox --x11 --network=host --landlock=off / python3 -c "$try"
	assert_refused 'abstract socket'
}

# case: the rest of the session's directory
@test "of /run/user there are the sockets that were asked for, and no other" {
	local name
	start_wayland
	start_pulse
	mkdir -p "$XDG_RUNTIME_DIR"/{systemd,gnupg,keyring,at-spi,dconf,doc,sandbox}
	for name in bus systemd/private gnupg/S.gpg-agent keyring/ssh at-spi/bus_0 pipewire-0 wayland-1; do
		background /dev/null python3 -c '
import socket, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
time.sleep(100)' "$XDG_RUNTIME_DIR/$name"
		eventually [ -S "$XDG_RUNTIME_DIR/$name" ]
	done
	sandbox --wayland --audio --host-look / sh -c "cd /run && find . ! -type d | sort; ls '$XDG_RUNTIME_DIR'"
	assert_output './sandbox/pulse-client.conf
./user/0/pulse/native
./user/0/wayland-0'
}

# case: the mode and name of a socket that is shown
@test "a socket of the host's cannot be closed to others, moved or replaced from inside" {
	start_x
	local path=/tmp/.X11-unix/X${DISPLAY#:}
	local before
	before=$(stat -c '%a %i' "$path")
	sandbox --x11 / sh -c "chmod 0 $path; rm -f $path; mv $path /tmp/x; touch $path"
	assert_stderr_has 'chmod: .*Read-only file system' 'rm: .*busy'
	assert_equal "$(stat -c '%a %i' "$path")" "$before"
}

# case: privileged protocols of a compositor
@test "Wayland: a sandboxed client is known as one, and has no other way in" {
	start_wayland
	run env XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" python3 "$PROJECT/tests/run/wayland.py" globals
	assert_output_has screencopy security_context
	sandbox --wayland --ro-bind "$PROJECT/tests/run/wayland.py:/wayland.py" / sh -c "
		python3 /wayland.py globals
		XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR WAYLAND_DISPLAY=wayland-7 python3 /wayland.py globals"
	assert_status 1
	assert_output wl_compositor
}

# case: recording
@test "sound: what can be played cannot be recorded, and the server is nobody's to steer" {
	start_pulse
	local command
	sandbox --audio / pactl list short sinks
	assert_output_has '^0.null'
	for command in 'list short sources' 'list short modules' 'list short clients' 'list short sink-inputs' \
		'load-module module-null-sink' 'unload-module 0' 'set-default-sink null' 'set-sink-volume null 1%' \
		'set-sink-mute null 1' 'suspend-sink null 1' 'set-source-mute 0 1' 'move-sink-input 0 0' \
		'upload-sample /usr/share/sounds/none.wav x' exit; do
		# shellcheck disable=SC2086
		sandbox --audio / pactl $command
		[ "$status" != 0 ] || fail "pactl $command works"
	done
	# Where it may be recorded: the same command is heard.
	sandbox --audio --microphone / pactl list short sources
	assert_output_has 'null.monitor'
	sandbox --audio --microphone / pactl load-module module-null-sink
	assert_status 1
	assert_stderr_has 'Access denied'
	sandbox --audio / timeout 3 parec -d null.monitor --raw
	assert_status 1
	assert_output ''
	assert_stderr_has 'Access denied'
}

# case: memory shared with the sound server, and what is no protocol
@test "sound: no memory is shared, other clients' streams are out of reach, nonsense ends it" {
	start_pulse
	background /dev/null paplay --raw /dev/zero
	eventually sh -c 'pactl list short sink-inputs | grep -q .'
	cat >pulse.py <<-'PYTHON'
		import os, socket, struct, sys

		def client():
		    c = socket.socket(socket.AF_UNIX)
		    c.settimeout(10)
		    c.connect(os.environ["PULSE_SERVER"][5:])
		    return c

		def frame(body, channel=0xFFFFFFFF, flags=0):
		    return struct.pack(">IIIII", len(body), channel, 0, 0, flags) + body

		def numbers(*values):
		    return b"".join(b"L" + struct.pack(">I", v) for v in values)

		def exactly(c, size):
		    data = b""
		    while len(data) < size:
		        got = c.recv(size - len(data))
		        if not got:
		            raise EOFError
		        data += got
		    return data

		def ask(c, body):
		    c.sendall(frame(body))
		    return exactly(c, struct.unpack(">I", exactly(c, 20)[:4])[0])

		def auth(c, version):
		    return ask(c, numbers(8, 7, version) + b"x" + struct.pack(">I", 256) + bytes(256))

		def ended(data):
		    c = client()
		    auth(c, 32)
		    c.sendall(data)
		    try:
		        return exactly(c, 1) == b""
		    except (EOFError, ConnectionError):
		        return True

		c = client()
		answer = auth(c, 32 | 0xC0000000)
		assert answer[:10] == numbers(2, 7), answer
		print("flags", hex(struct.unpack(">I", answer[11:15])[0] >> 16))
		name = ask(c, numbers(9, 8) + b"P" + b"t" + b"application.name\0" + numbers(2) + b"x" + struct.pack(">I", 2) + b"x\0N")
		print("named", name[:5] == numbers(2))
		for command in (29, 37, 49, 67, 69):
		    for stream in range(4):
		        answer = ask(c, numbers(command, 9, stream))
		        assert answer == numbers(0, 9, 1), (command, answer)
		print("streams of others refused")
		print("block of memory", ended(frame(numbers(1, 2, 3, 4), 0, 0x80000000)))
		print("memory by descriptor", ended(frame(numbers(103, 2, 3), flags=0x20000000)))
		print("too long", ended(frame(b"", flags=0)[:0] + struct.pack(">IIIII", 1 << 30, 0xFFFFFFFF, 0, 0, 0)))
		print("no command", ended(frame(b"nonsense")))
	PYTHON
	sandbox --audio --ro-bind "$PWD/pulse.py:/pulse.py" / python3 /pulse.py
	assert_success
	assert_output 'flags 0x0
named True
streams of others refused
block of memory True
memory by descriptor True
too long True
no command True'
	pactl info >/dev/null || fail 'the server has gone'
}

# case: files that were chosen for another application
@test "portals: of chosen files there are those that were given to this application, and no others" {
	local own other
	start_documents
	echo own >own.txt
	echo other >other.txt
	own=$(give_document own.txt local.sandbox.editor)
	other=$(give_document other.txt local.sandbox.browser)
	[ -f "$XDG_RUNTIME_DIR/doc/$own/own.txt" ] && [ -f "$XDG_RUNTIME_DIR/doc/$other/other.txt" ]
	sandbox --userns=keep-id --application editor --dbus-talk 'org.freedesktop.portal.*' / sh -c "
		cat /run/user/*/doc/$other/other.txt; cat /run/user/*/doc/../by-app/*/*/other.txt; find /run/user -type f; cat /run/user/*/doc/$own/own.txt"
	assert_output "/run/user/$(id -u)/doc/$own/own.txt
own"
	# What may not call a portal has none of it.
	sandbox --userns=keep-id --application editor --dbus-talk org.example.Good / find /run/user -name own.txt
	assert_output ''
}

# case: devices by a wrong name
@test "a device is one of its kind, whatever it is called" {
	local option
	for option in camera input usb; do
		sandbox "--$option=/dev/zero" / true
		assert_refused '/dev/zero is not there, or is no'
		sandbox "--$option=/dev/../etc/passwd" / true
		assert_status 125
	done
}

# case: the host's look as a way to its files
@test "host-look follows no link in the home directory, and shows nothing that can be changed" {
	mkdir -p "$scratch/home/.local/share" "$scratch/home/.fonts" "$scratch/secret"
	echo secret >"$scratch/secret/file"
	ln -s "$scratch/secret" "$scratch/home/.icons"
	ln -s "$scratch" "$scratch/home/.local/share/themes"
	HOME=$scratch/home sandbox --host-look / sh -c 'find /run/sandbox; touch /run/sandbox/look/old/fonts/x'
	assert_output_has /run/sandbox/look/old/fonts
	assert_output_lacks 'secret|icons|themes'
	assert_stderr_has 'Read-only file system'
}

# case: keys of a profile that comes with a project
@test "a project's profile does not let itself into the session" {
	local line
	for line in wayland 'x11 = trusted' audio 'camera' 'usb = 1d6b:0002' gpu host-look; do
		printf 'extends = default\n%s\n' "$line" >project.conf
		sandbox --profile ./project.conf / true
		assert_status 125
		assert_stderr_has 'loosen'
	done
}
