# Wayland, sound, devices and the host's look: each key lets in what it says, and nothing else of the session.
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

# loud: has something that can be heard come to the server?
loud() {
	python3 -c '
import array, sys
heard = array.array("h")
data = open(sys.argv[1], "rb").read()
heard.frombytes(data[: len(data) // 2 * 2])
sys.exit(max(map(abs, heard), default=0) < 8000)' "$scratch/heard"
}

@test "what is asked for and not there is an error that says what to do, and the -try form goes without" {
	local option
	for option in wayland x11 audio; do
		sandbox "--$option" / true
		assert_refused "--$option \(command line\): there is no" '-try'
		sandbox "--$option-try" / sh -c 'env; ls /run'
		assert_success
		assert_output_lacks 'DISPLAY|PULSE'
	done
	for option in camera input; do
		sandbox "--$option=/dev/null" / true
		assert_refused "--$option .*/dev/null is not there, or is no" 'use the -try form'
		sandbox "--$option-try=/dev/null" / true
		assert_success
	done
	sandbox --usb=ffff:fffe / true
	assert_refused 'ffff:fffe is not there'
	sandbox --usb-try=ffff:fffe / true
	assert_success
}

@test "gpu: without a render node it is an error, and --gpu-try goes without" {
	[ -z "$(find /dev/dri -name 'renderD*' 2>/dev/null)" ] || skip 'missing: a machine without a graphics card'
	sandbox --gpu / true
	assert_refused 'there is no graphics card here: /dev/dri has no render node'
	sandbox --gpu-try / ls /dev
	assert_success
	assert_output_lacks dri
}

@test "values: what is none of the choices is refused" {
	sandbox --x11=trustd / true
	assert_refused 'no such choice' 'untrusted, nested, virtual, trusted'
	sandbox --audio=alsa / true
	assert_refused 'no such choice' 'pulse, pipewire'
	sandbox --gpu=some / true
	assert_refused 'no such choice but: all'
	sandbox --camera=/etc/passwd / true
	assert_refused 'a device is a path below /dev'
	sandbox --usb=12:34 / true
	assert_refused 'VENDOR:PRODUCT'
	sandbox --wayland=maybe / true
	assert_refused 'it is a flag'
}

@test "wayland: a compositor with security contexts is told who it is, by a socket of the sandbox's own" {
	start_wayland
	sandbox --wayland --ro-bind "$PROJECT/tests/run/wayland.py:/wayland.py" / \
		sh -c 'python3 /wayland.py globals; stat -c "%n %F" /run/user/*/* /run/user/*/*/*; stat -c %a $XDG_RUNTIME_DIR; env'
	assert_success
	assert_output_has '^wl_compositor$' "^$inside/wayland-0 socket$" '^700$' '^WAYLAND_DISPLAY=wayland-0$' \
		"^XDG_RUNTIME_DIR=$inside$" '^XDG_SESSION_TYPE=wayland$' '^GDK_BACKEND=wayland$' '^QT_QPA_PLATFORM=wayland$'
	assert_output_lacks '^DISPLAY|screencopy|security'
	grep -qE '^context org.sandbox sh [0-9]+ listens$' "$scratch/compositor"
	grep -q '^client sandboxed$' "$scratch/compositor"
	eventually grep -q '^closed$' "$scratch/compositor"
}

@test "wayland: when the supervisor is killed the compositor lets nobody in any more" {
	start_wayland
	"$SANDBOX" --wayland / sleep 60 &
	local supervisor=$!
	eventually grep -q '^context' "$scratch/compositor"
	kill -KILL "$supervisor"
	eventually grep -q '^closed$' "$scratch/compositor"
}

@test "wayland: a compositor without security contexts is met by its plain socket, and that is said" {
	start_wayland plain
	sandbox --verbose --wayland --ro-bind "$PROJECT/tests/run/wayland.py:/wayland.py" / \
		sh -c 'python3 /wayland.py globals; stat -c "%n %F" /run/user/*/*'
	assert_success
	assert_output_has '^zwlr_screencopy_manager_v1$' "^$inside/wayland-0 socket$"
	assert_stderr_has 'wayland .*plain: this compositor has no security context'
}

@test "wayland: one that does not answer is an error" {
	start_wayland
	kill "${started[@]}"
	wait "${started[@]}" || :
	started=()
	sandbox --wayland / true
	assert_refused 'no compositor answers at'
}

make_tone() {
	python3 - "$scratch/tone.wav" <<-'PYTHON'
		import math, struct, sys, wave
		out = wave.open(sys.argv[1], "wb")
		out.setnchannels(1)
		out.setsampwidth(2)
		out.setframerate(44100)
		out.writeframes(b"".join(struct.pack("<h", int(12000 * math.sin(i / 10))) for i in range(22050)))
	PYTHON
}

@test "audio: what is played arrives at the server" {
	start_pulse
	make_tone
	background "$scratch/heard" parec -d null.monitor --raw
	eventually [ -s "$scratch/heard" ]
	sandbox --audio --ro-bind "$scratch/tone.wav:/tone.wav" / paplay /tone.wav
	assert_success
	eventually loud || fail 'the server heard nothing'
	sandbox --audio / sh -c 'stat -c "%n %F" /run/user/*/* /run/user/*/*/*; env; cat $PULSE_CLIENTCONFIG'
	assert_output_has "^$inside/pulse/native socket$" "^PULSE_SERVER=unix:$inside/pulse/native$" 'autospawn = no' 'enable-shm = no'
}

@test "audio: the server learns who speaks, also where it asks when the first words have come" {
	mkdir "$XDG_RUNTIME_DIR/pulse"
	# What PulseAudio does, where it is slow: accept, later SO_PASSCRED, then read.
	background "$scratch/seen" python3 -u -c '
import select, socket, struct, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
print("listens")
while True:
    client = listener.accept()[0]
    select.select([client], [], [])
    client.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    data, extra, *_ = client.recvmsg(4096, 100)
    if data:
        print("uid", struct.unpack("iII", extra[0][2])[1])
    client.close()' "$XDG_RUNTIME_DIR/pulse/native"
	eventually [ -s "$scratch/seen" ]
	sandbox --audio / timeout 20 pactl info
	assert_equal "$(cat "$scratch/seen")" "listens
uid $(id -u)"
}

# hears COMMAND...: what it plays arrives at the sink of PipeWire's.
hears() {
	background "$scratch/heard" parec -d null.monitor --raw
	local ear=$!
	eventually [ -s "$scratch/heard" ] || fail 'the sink cannot be listened to'
	sandbox "$@"
	assert_success
	eventually loud || fail 'the server heard nothing'
	kill "$ear"
	wait "$ear" || :
	rm "$scratch/heard"
}

@test "audio: what is played arrives at PipeWire, by its own socket and in PulseAudio's place; it records with --microphone alone" {
	start_pipewire
	make_tone
	hears --audio --ro-bind "$scratch/tone.wav:/tone.wav" / paplay /tone.wav
	hears --audio=pipewire --microphone --ro-bind "$scratch/tone.wav:/tone.wav" / timeout 30 pw-play --target null /tone.wav
	sandbox --audio / timeout 10 parec -d null.monitor --raw
	assert_status 1
	assert_output ''
	assert_stderr_has 'Access denied'
	sandbox --audio / timeout 10 pactl list short sources
	assert_status 1
	assert_stderr_has 'Access denied'
	# PipeWire's own socket would let it record.
	sandbox --audio / timeout 10 pw-record --target null "$scratch/none.wav"
	assert_status 1
	assert_stderr_has 'pw_context_connect.. failed'
	sandbox --audio=pipewire / timeout 10 pw-record --target null "$scratch/none.wav"
	assert_refused 'lets the command record too'
	sandbox --audio --microphone / timeout 10 pactl list short sources
	assert_output_has 'null.monitor'
}

@test "portals: a file that is chosen in a dialog is there, by the path that the portal says, and can be saved" {
	local name
	start_documents
	echo text >chosen.txt
	name=$(give_document chosen.txt local.sandbox.my_editor)
	sandbox --userns=keep-id --application my-editor --dbus-talk org.freedesktop.portal.Desktop / \
		sh -c "cat /run/user/$(id -u)/doc/$name/chosen.txt; echo more >>/run/user/$(id -u)/doc/$name/chosen.txt"
	assert_success
	assert_output text
	assert_stderr_lacks .
	assert_equal "$(cat chosen.txt)" $'text\nmore'
	# One that is given while it runs, too.
	"$SANDBOX" --userns=keep-id --application my-editor --dbus-talk org.freedesktop.portal.Desktop / \
		sh -c "echo up; until cat /run/user/$(id -u)/doc/*/late.txt 2>/dev/null; do sleep 0.1; done" >"$scratch/late" 3>&- &
	started+=($!)
	eventually grep -q up "$scratch/late"
	echo later >late.txt
	give_document late.txt local.sandbox.my_editor
	eventually grep -q later "$scratch/late"
}

@test "portals: without a document portal it is said that a chosen file will not be there" {
	start_documents
	kill "${started[1]}"
	wait "${started[1]}" || :
	sandbox --userns=keep-id --dbus-talk org.freedesktop.portal.Desktop / ls /run/user
	assert_stderr_has 'note: the document portal .* is not there'
	sandbox --userns=keep-id --dbus-talk org.freedesktop.portal.Settings / true
	assert_stderr_lacks .
}

@test "audio: pipewire's own socket is given with --microphone only" {
	sandbox --audio=pipewire / true
	assert_refused 'lets the command record too' '--audio=pulse'
	sandbox --microphone / true
	assert_refused '--microphone .* needs --audio'
	# A socket by that name is all that is looked at.
	background /dev/null python3 -c '
import socket, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
time.sleep(60)' "$XDG_RUNTIME_DIR/pipewire-0"
	eventually [ -S "$XDG_RUNTIME_DIR/pipewire-0" ]
	sandbox --audio=pipewire --microphone / sh -c 'stat -c "%n %F" /run/user/*/* /run/user/*/*/*; env'
	assert_success
	assert_output_has "^$inside/pipewire-0 socket$" "^PIPEWIRE_RUNTIME_DIR=$inside$"
}

@test "host-look: fonts, icons, time zone and words of the host in another root, read-only" {
	tiny_rootfs
	mkdir -p "$scratch/home/.icons/mine" "$scratch/home/.local/share/fonts"
	echo secret >"$scratch/secret"
	ln -s "$scratch" "$scratch/home/.themes"
	HOME=$scratch/home LC_TIME=C TZ=Asia/Tokyo sandbox --host-look "$root" /bin/sh -c '
		ls /run/sandbox/look /run/sandbox/look/old
		touch /run/sandbox/look/old/icons/x 2>&1
		env'
	assert_success
	assert_output_has '^own$' '^host$' '^icons$' 'Read-only file system' '^TZ=Asia/Tokyo$' '^LC_TIME=C$' \
		'^XDG_DATA_DIRS=/run/sandbox/look/own:.*/run/sandbox/look/host:.*/usr/share$' '^FONTCONFIG_FILE=/run/sandbox/fonts.conf$'
	assert_output_lacks '^themes$'
}

@test "profile desktop: of the session's environment there is what its keys need" {
	start_wayland
	start_x
	SSH_AUTH_SOCK=/x DBUS_SESSION_BUS_ADDRESS=unix:path=/x SESSION_MANAGER=x GNOME_KEYRING_CONTROL=x \
		sandbox --profile desktop / sh -c 'env | grep -v disabled | cut -d = -f 1; find /run /tmp -type s; ls -A /run/user'
	assert_success
	assert_output_has '^WAYLAND_DISPLAY$' "^/run/user/$(id -u)/wayland-0$" "^$(id -u)$"
	assert_output_lacks 'SSH|DBUS|SESSION_MANAGER|KEYRING|^DISPLAY|XAUTH|X11'
}
