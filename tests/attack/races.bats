# Somebody exchanges names in ROOTFS, or bind sources, while sandboxes start.
load ../lib
load attack

setup() {
	lib_setup
	tiny_rootfs
	make_victim
	times=1
	! long || times=40
}

# exchanging A B: two names, until stop_exchange
exchanging() {
	"$TESTS_BUILD/probe" exchange "$1" "$2" 3>&- &
	exchanger=$!
}

stop_exchange() {
	kill "$exchanger"
	wait "$exchanger" 2>/dev/null || :
}

# starts N COMMAND...: that often, forty times as often by `FAULTS=long make faults`; what came out goes to out.
starts() {
	local n
	for ((n = 0; n < $1 * times; n++)); do
		timeout --foreground -s KILL 5 "${@:2}" 2>>"$scratch/errors" >>"$scratch/out" || [ $? != 137 ] || fail 'it hung'
	done
}

# case: names exchanged during the start
# case: mode set through an exchanged name
@test "a directory and a link exchanged under mount points (CVE-2021-30465, CVE-2024-45310)" {
	mkdir -p "$root/d/a/b" source
	touch "$root/d/f"
	echo granted >source/f
	for to in "$victim/d" "../../../../../../../../..$victim/d"; do
		replace link "$root/l" "$to"
		exchanging "$root/d" "$root/l"
		starts 52 "$SANDBOX" --bind "$scratch/source:/d/a/b" --bind "$scratch/source/f:/d/f" --mkdir /d/n --tmpfs /d/t "$root" \
			/bin/sh -c 'cat /d/f /d/a/f'
		starts 52 "$SANDBOX" --rw --bind "$scratch/source:/d/a/b" --mkdir /d/n/m --bind "$scratch/source/f:/d/f" "$root" \
			/bin/sh -c 'cat /d/f /d/a/f'
		stop_exchange
		assert_victim_unchanged
	done
	assert_lacks out CANARY
	grep -q granted out || fail 'it never worked'
}

# case: names exchanged during the start
@test "a mount point of ours and a link exchanged" {
	mkdir "$root/proc2"
	replace link "$root/l" "$victim"
	exchanging "$root/etc" "$root/l"
	starts 20 "$SANDBOX" --rw "$root" /bin/busybox cat /etc/hosts
	starts 20 "$SANDBOX" "$root" /bin/busybox cat /etc/hosts
	stop_exchange
	assert_victim_unchanged
	assert_lacks out CANARY
}

# case: the same while it starts
@test "a bind source and a link exchanged (CVE-2025-9566)" {
	mkdir -p project/cache secret
	echo SECRET >secret/f
	echo granted >project/cache/f
	ln -s "$scratch/secret" project/link
	exchanging project/cache project/link
	starts 40 "$SANDBOX" --bind "$scratch/project/cache:/c" "$root" /bin/busybox cat /c/f
	stop_exchange
	assert_lacks out SECRET
	grep -q granted out || fail 'it never worked'
}
