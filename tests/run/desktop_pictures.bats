# What a compositor shows of a sandboxed application: pictures of the screen, and the text in them read.
load ../lib
load session

setup() {
	lib_setup
	session_setup
	local program
	for program in sway grim tesseract; do
		require_program $program
	done
	printf '%s\n' 'output HEADLESS-1 resolution 1000x700' 'output * bg #000000 solid_color' 'default_border none' 'xwayland disable' \
		>"$scratch/sway.conf"
	HOME=$scratch WLR_BACKENDS=headless WLR_LIBINPUT_NO_DEVICES=1 WLR_RENDERER=pixman \
		background "$scratch/sway" sway -c "$scratch/sway.conf"
	export WAYLAND_DISPLAY=wayland-1
	eventually [ -S "$XDG_RUNTIME_DIR/$WAYLAND_DISPLAY" ] || fail "sway did not start: $(cat "$scratch/stderr")"
}

teardown() {
	session_teardown
	lib_teardown
}

# lit: how many of a hundred pixels are not black.
lit() {
	grim -t ppm "$scratch/screen.ppm" && python3 -c '
import sys
pixels = open(sys.argv[1], "rb").read().split(b"\n", 3)[3]
print(100 * sum(any(pixels[i:i + 3]) for i in range(0, len(pixels), 3)) // (len(pixels) // 3))' "$scratch/screen.ppm"
}

# shows WORDS: is that text on the screen?
shows() { grim -t ppm "$scratch/screen.ppm" && tesseract "$scratch/screen.ppm" - 2>/dev/null | grep -q "$1"; }

# start COMMAND...: in a sandbox, with the profile for desktop applications.
start() {
	"$SANDBOX" --profile desktop --auto-args --home=tmp / "$@" >"$scratch/said" 2>&1 3>&- &
	started+=($!)
}

@test "pictures: a GTK editor's window is there, with the text of the file that was named" {
	require_program mousepad
	eventually grim -t ppm "$scratch/screen.ppm"
	assert_equal "$(lit)" 0
	echo 'Elephants walk slowly' >page.txt
	echo 'Nobody reads this' >neighbour.txt
	start mousepad --disable-server page.txt
	eventually shows 'Elephants walk slowly' || fail "its text is not on the screen: $(cat "$scratch/said")"
	[ "$(lit)" -gt 90 ] || fail "the screen is black: $(lit)"
}

@test "pictures: a terminal's window is there, and its shell does not see the file's neighbour" {
	require_program foot
	eventually grim -t ppm "$scratch/screen.ppm"
	echo 'Elephants walk slowly' >page.txt
	echo 'Nobody reads this' >neighbour.txt
	start foot -o font=monospace:size=16 -o colors.background=ffffff -o colors.foreground=000000 \
		sh -c 'cat "$0" neighbour.txt; echo finished here; sleep 60' "$PWD/page.txt"
	eventually shows 'finished here' || fail "its text is not on the screen: $(cat "$scratch/said")"
	shows 'Elephants walk slowly' || fail "the file's text is not on the screen"
	! shows 'Nobody reads' || fail "the neighbour's text is on the screen"
	[ "$(lit)" -gt 90 ] || fail "the screen is black: $(lit)"
}
