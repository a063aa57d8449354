# Filters that ask (--explain, --seccomp=log, sandbox learn): nothing is let pass on the strength of
# what the helper has seen, nothing passes without it, and what it says is safe to print.
load ../lib
load attack

setup() {
	lib_setup
	tiny_rootfs
	cp "$TESTS_BUILD/denied" "$root/bin/"
}

denied() { sandbox "${options[@]}" "$root" /bin/denied "$@"; }

# helper_of: the helper's pid, of the only sandbox that runs here
helper_of() { pgrep -u "$(id -u)" -P "$1" -x denials; }

# case: paths that are exchanged while a held call is looked at
@test "paths that are exchanged while they are looked at open nothing" {
	mkdir "$root/secret"
	echo CANARY >"$root/secret/file"
	echo plain >"$root/plain"
	for mode in --explain '--explain --seccomp=strict'; do
		read -ra options <<<"$mode --mask /secret"
		denied race 3 /plain /secret/file
		assert_success
		assert_output 'many tries, 0 made, 0 read'
	done
}

# case: paths that are exchanged while a held call is looked at
@test "under learn, what the filter refuses stays refused, whatever is exchanged" {
	echo plain >"$root/plain"
	run --separate-stderr "$SANDBOX" learn --output "$scratch/x.conf" "$root" /bin/denied race 2 /plain /proc
	assert_success
	assert_output 'many tries, 0 made, 0 read'
}

# case: escape sequences and lines in the names of programs that are told of
@test "names with escape sequences and newlines are shown, and nothing else" {
	options=(--explain)
	for name in '\e[31mred' 'a\nsandbox: ok' 'a\n\e]0;b\n'; do
		denied name "$name"
		assert_success
		assert_stderr_has 'refused: mount'
		[ "$(wc -l <<<"$stderr")" = 1 ] || told "one line and no more"
		! grep -q $'\033' <<<"$stderr" || told "an escape sequence"
	done
}

# case: a flood of refusals
@test "a flood of refusals under ever other names: memory is bounded, and the run goes on" {
	local count=30000 pid helper peak
	! long || count=1000000
	mkfifo fifo
	"$SANDBOX" --explain "$root" /bin/sh -c "denied flood $count; echo on; read x" <fifo >out 2>err &
	pid=$!
	exec 7>fifo
	eventually -t $((300 + count / 500)) grep -q on out
	helper=$(helper_of "$pid")
	peak=$(awk '/VmHWM/ { print $2 }' "/proc/$helper/status")
	echo >&7
	exec 7>&-
	wait "$pid"
	assert_equal "$(cat out)" "$count calls, 0 not EPERM"$'\n'on
	[ "$peak" -lt 8192 ] || fail "the helper took $peak kB"
	[ "$(wc -l <err)" -lt 30 ] || fail "$(wc -l <err) lines"
	grep -qE "refused: [0-9]+ more" err || fail "what was left out is not told: $(tail -n 3 err)"
}

# killed OPTION WORDS: what is answered before and after a kill -9 of the helper
killed() {
	local pid helper
	rm -f fifo out
	mkfifo fifo
	"$SANDBOX" "$1" --cap-add ALL "$root" /bin/denied tries <fifo >out 2>err &
	pid=$!
	exec 7>fifo
	echo >&7
	eventually test -s out
	helper=$(helper_of "$pid")
	kill -9 "$helper"
	eventually bash -c "! [ -e /proc/$helper/exe ]"
	echo >&7
	exec 7>&-
	wait "$pid"
	assert_equal "$(cat out)" "$2"
}

# case: the helper for refused calls killed
@test "the helper killed: its calls fail, and never pass" {
	killed --explain 'mount EPERM, unshare EPERM, open made, getppid made
mount ENOSYS, unshare ENOSYS, open ENOSYS, getppid made'
	grep -q 'the helper for refused calls has ended' err
	killed --seccomp=log 'mount No such device, unshare made, open made, getppid made
mount ENOSYS, unshare ENOSYS, open made, getppid made'
}

# case: the helper for refused calls killed
@test "the helper killed before the command starts: nothing is run" {
	# In its place one that ends at once.
	mkdir build
	cp -r "$(dirname "$SANDBOX")/libexec" "$SANDBOX" build/
	rm build/libexec/denials
	printf '#!/bin/sh\nexit 0\n' >build/libexec/denials
	chmod +x build/libexec/denials
	run --separate-stderr build/sandbox --explain "$root" /bin/sh -c 'echo ran'
	assert_status 125
	assert_output ''
	assert_stderr_has 'the helper for refused calls'
}

# case: the listener of a filter that asks
@test "the command has no listener, and process 1 shows none" {
	options=(--explain --cap-add ALL)
	denied listener
	assert_success
	assert_output_lacks 'seccomp'
	assert_output_lacks '/proc/1/fd'
	assert_output_lacks 'fd/[3-9] '
	assert_output_has '^0 listeners'
}

# case: signals that interrupt a held call
@test "signals that interrupt a held call change no answer" {
	options=(--explain)
	denied signals 3000
	assert_success
	assert_output '3000 calls, 0 not EPERM'
}

# case: a process outside named as the caller
@test "no process outside of the sandbox is named" {
	# The payload's own numbers are those of other processes outside.
	options=(--explain)
	in_sandbox 'for i in 1 2 3 4 5 6 7 8; do denied name inside; done'
	assert_stderr_has 'mount\(2\) by inside \(x8\)'
	assert_equal "$(grep -c refused <<<"$stderr")" 1
}

# case: the listener of a filter that asks
@test "without these options there is no helper, no listener and no step" {
	sandbox --dry-run "$root" true
	assert_success
	assert_output_lacks denials
	mkfifo fifo
	"$SANDBOX" "$root" /bin/sh -c 'echo on; read x' <fifo >out &
	pid=$!
	exec 7>fifo
	eventually grep -q on out
	run helper_of "$pid"
	assert_output ''
	exec 7>&-
	wait "$pid" || :
}
