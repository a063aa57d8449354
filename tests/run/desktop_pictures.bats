# What a compositor shows of a sandboxed application: pictures of the screen, and the text in them read.
load ../lib
load session

setup() {
	lib_setup
	session_setup
	require_program tesseract
	export HOME=$scratch WLR_BACKENDS=headless WLR_LIBINPUT_NO_DEVICES=1 WLR_RENDERER=pixman
}

teardown() {
	session_teardown
	lib_teardown
}

# wait_for_compositor DISPLAY NAME
wait_for_compositor() {
	export WAYLAND_DISPLAY=$1
	eventually [ -S "$XDG_RUNTIME_DIR/$1" ] || fail "$2 did not start: $(cat "$scratch/stderr")"
}

# start_sway: a black screen; `picture` takes one of it.
start_sway() {
	require_program sway
	require_program grim
	printf '%s\n' 'output HEADLESS-1 resolution 1000x700' 'output * bg #000000 solid_color' 'default_border none' 'xwayland disable' \
		>"$scratch/sway.conf"
	background "$scratch/sway" sway -c "$scratch/sway.conf"
	wait_for_compositor wayland-1 sway
	eventually black || fail "the screen is not black: $(lit)" # it is grey before
}

picture() { grim -t ppm "$scratch/screen.ppm"; }

# lit: how many of a hundred pixels are not black.
lit() {
	picture && python3 -c '
import sys
pixels = open(sys.argv[1], "rb").read().split(b"\n", 3)[3]
print(100 * sum(any(pixels[i:i + 3]) for i in range(0, len(pixels), 3)) // (len(pixels) // 3))' "$scratch/screen.ppm"
}

black() { [ "$(lit)" = 0 ]; }

# shows WORDS: is that text on the screen?
shows() { picture && tesseract "$scratch/screen.ppm" - 2>/dev/null | grep -q "$1"; }

# start COMMAND...: in a sandbox, with the profile for desktop applications.
start() {
	"$SANDBOX" --profile desktop --auto-args --home=tmp / "$@" >"$scratch/said" 2>&1 3>&- &
	started+=($!)
}

@test "pictures: a GTK editor's window is there, with the text of the file that was named" {
	require_program mousepad
	start_sway
	echo 'Elephants walk slowly' >page.txt
	echo 'Nobody reads this' >neighbour.txt
	start mousepad --disable-server page.txt
	eventually shows 'Elephants walk slowly' || fail "its text is not on the screen: $(cat "$scratch/said")"
	[ "$(lit)" -gt 90 ] || fail "the screen is black: $(lit)"
}

# terminal_files: $terminal, whose shell shows page.txt, which is named, and its neighbour, which is not.
terminal_files() {
	echo 'Elephants walk slowly' >page.txt
	echo 'Nobody reads this' >neighbour.txt
	printf '%s\n' font=monospace:size=16 '[colors]' background=ffffff foreground=000000 >foot.ini
	# shellcheck disable=SC2016 # for the shell inside
	terminal=(foot -c "$PWD/foot.ini" sh -c 'cat "$0" neighbour.txt; echo finished here; sleep 60' "$PWD/page.txt")
}

# shows_the_file SAID: and not its neighbour.
shows_the_file() {
	eventually shows 'finished here' || fail "its text is not on the screen: $(cat "$1")"
	shows 'Elephants walk slowly' || fail "the file's text is not on the screen"
	! shows 'Nobody reads' || fail "the neighbour's text is on the screen"
}

@test "pictures: a terminal's window is there, and its shell does not see the file's neighbour" {
	require_program foot
	start_sway
	terminal_files
	start "${terminal[@]}"
	shows_the_file "$scratch/said"
	[ "$(lit)" -gt 90 ] || fail "the screen is black: $(lit)"
}

@test "pictures: under weston, a terminal's window with the file that was named" {
	local program
	for program in weston weston-screenshooter foot; do
		require_program $program
	done
	# It has a keyboard, which a terminal asks for, only where it is a window itself.
	start_x
	printf '%s\n' '[core]' idle-time=0 '[shell]' panel-position=none background-color=0xff000000 >weston.ini
	background "$scratch/weston" weston --config="$PWD/weston.ini" --backend=x11-backend.so --use-pixman --width=1000 --height=700 \
		--socket=wayland-5 --debug
	wait_for_compositor wayland-5 weston
	unset DISPLAY XAUTHORITY
	picture() { rm -f wayland-screenshot* && weston-screenshooter && mv wayland-screenshot* "$scratch/screen.ppm"; }
	terminal_files
	start "${terminal[@]}"
	shows_the_file "$scratch/said"
}

@test "pictures: under cage, where a terminal is the only window" {
	local program
	for program in cage Xwayland grim foot; do
		require_program $program
	done
	terminal_files
	background "$scratch/cage" cage -- "$SANDBOX" --profile desktop --auto-args --home=tmp / "${terminal[@]}"
	wait_for_compositor wayland-0 cage
	shows_the_file "$scratch/stderr"
	[ "$(lit)" -gt 90 ] || fail "the screen is black: $(lit)"
	# It ends with its application, and then takes Xwayland's lock away; ended by a signal it leaves it in /tmp.
	pkill -P "${started[-1]}" sandbox
	eventually [ ! -e "$XDG_RUNTIME_DIR/wayland-0" ]
}
