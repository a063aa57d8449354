# attack.bash: what the files of tests/attack share, after `load ../lib`.
# shellcheck shell=bash

# $victim: a directory outside of every sandbox, which must stay as it is; $victim_before is how it was.
make_victim() {
	victim=$scratch/victim
	mkdir -p "$victim/etc" "$victim/d/a/b"
	echo CANARY >"$victim/ptmx"
	echo CANARY >"$victim/file"
	echo CANARY >"$victim/etc/hosts"
	echo CANARY >"$victim/d/f"
	victim_before=$(snapshot "$victim")
}

assert_victim_unchanged() { assert_equal "$(snapshot "$victim")" "$victim_before"; }

# assert_lacks FILE WORD
assert_lacks() { ! grep -q -- "$2" "$1" || fail "$2 is in $(basename "$1")"; }

# quick ARG...: like `sandbox`, but whatever takes more than 20 seconds hangs.
quick() {
	run --separate-stderr -- timeout --foreground -s KILL 20 "$SANDBOX" "$@"
	[ "$status" != 137 ] || told "it hung"
}

# as_inside_or_refused: the last run worked, inside, or was refused; nothing in between.
worked_or_refused() {
	[ "$status" = 0 ] || { [ "$status" = 125 ] && assert_stderr_has '^sandbox: '; } ||
		told "it should work or be refused"
}

# probe MODE [ARG...]: inside, with the words of the array `options`.
probe() { sandbox "${options[@]}" "$root" /bin/probe "$@"; }

# ROOTFS files are shared with others by hard links: replace, never write into.
replace() {
	rm -rf "$2"
	mkdir -p "$(dirname "$2")"
	case $1 in
	link) ln -s "$3" "$2" ;;
	file) printf '%s' "${3-}" >"$2" ;;
	directory) mkdir "$2" ;;
	fifo) mkfifo "$2" ;;
	socket) "$TESTS_BUILD/probe" listen "$2" >/dev/null 2>&1 3>&- & ;;
	missing) ;;
	esac
	[ "$1" != socket ] || {
		eventually test -S "$2"
		kill $!
		wait $! 2>/dev/null || :
	}
}

# The slow half, by `FAULTS=long make faults`.
long() { [ "${ATTACK-}" = long ]; }
