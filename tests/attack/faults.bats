# An error, or a kill, at the system calls of a launch, one after the other: it ends at once, says so, leaves nothing,
# and never runs the command with less protection than it should have. A sample; all of them by `make faults`.
load ../lib
load attack

setup() {
	lib_setup
	tiny_rootfs
}

# sample SHAPE...: of the table of `make faults` every 24th point, with one errno each.
sample() {
	require 'x86-64, whose registers tests/faults/inject.c knows' [ -x "$TESTS_BUILD/inject" ]
	require 'a kernel that lets a process be traced' "$TESTS_BUILD/inject" -o /dev/null true
	run "$PROJECT/tests/faults/run" -b "${TESTS_BUILD%/tests}" -j 2 -e 24 "$@"
	assert_success
	# The points were met, and not for nothing.
	assert_output_has "^all +[0-9]+ +[1-9][0-9]+ +[1-9][0-9]* "
}

# case: an error or kill at every call
@test "an error or a kill at calls of a launch" { sample single as-pid-1; }
# case: an error or kill at every call
@test "an error or a kill at calls of a launch with mounts, a layer on disk, a name" { sample mounts layer name; }

# case: an error or kill at every call
@test "a descriptor table, a process limit and a file size that are used up" {
	local n
	for ((n = 4; n < 24; n++)); do
		run --separate-stderr -- timeout --foreground -s KILL 20 bash -c 'ulimit -n "$1"; shift; exec "$@"' - $n "$SANDBOX" --userns=single "$root" /bin/probe state
		[ "$status" = 0 ] || [ "$status" = 125 ] || told "with $n descriptors"
		[ "$status" != 0 ] || assert_output_has '^Seccomp: 2$' '^NoNewPrivs: 1$'
	done
	run --separate-stderr -- timeout --foreground -s KILL 20 bash -c 'ulimit -f 0; exec "$@"' - "$SANDBOX" "$root" /bin/probe state
	[ "$status" != 137 ]
	run --separate-stderr -- timeout --foreground -s KILL 20 bash -c 'ulimit -v 20000; exec "$@"' - "$SANDBOX" "$root" /bin/probe state
	[ "$status" != 137 ]
	run --separate-stderr -- timeout --foreground -s KILL 20 bash -c 'ulimit -s 64; exec "$@"' - "$SANDBOX" "$root" /bin/probe state
	[ "$status" != 137 ]
	run --separate-stderr -- timeout --foreground -s KILL 20 bash -c 'ulimit -l 0; ulimit -i 0; ulimit -q 0; exec "$@"' - "$SANDBOX" "$root" /bin/probe state
	assert_success
}
