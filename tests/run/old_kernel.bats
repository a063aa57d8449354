# What Linux 5.10 lacks is done otherwise, or told: under tests/old_kernel.c, whose filter answers as 5.10 would.
# Its no_new_privs leaves one id; `make check-old` runs other files under it as root, with all ids.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	old=$TESTS_BUILD/old_kernel
	require 'a filter of system calls' "$old" true
	mkdir -p 'p/a b/c'
	echo text >p/f
}

# old ARG...: like `sandbox`, on the old kernel
old() { run --separate-stderr -- "$old" "$SANDBOX" --userns=single "$@"; }

# same ARG...: the mounts inside, what they show and their flags, are those that this kernel would have
same() {
	local new
	sandbox --userns=single "$@" cat /proc/self/mountinfo
	assert_success
	new=$(awk '{ print $4, $5, $6 }' <<<"$output")
	old "$@" cat /proc/self/mountinfo
	assert_success
	assert_equal "$(awk '{ print $4, $5, $6 }' <<<"$output")" "$new"
}

@test "the mounts are the same, with the same flags" {
	same --bind p:/p --ro-bind p:/q --tmpfs /t:noexec --mask /p/f --file 5:/five "$root" 5<p/f
	same --rw --dev-bind /dev/null:/null "$root"
	same --read-only "$root"
	same --ro-bind p --network=host /
}

# case: mounts below, changed one at a time
@test "flags reach every mount below, whatever its name, and none is lost" {
	nested 'mount -t tmpfs -o noexec none "p/a b" && mkdir -p "p/a b/c\\040d" p/x/y && mount -t tmpfs none "p/a b/c\\040d" &&
		mount -t tmpfs none p/x && mkdir p/x/y && mount -t tmpfs none p/x/y && mount -t tmpfs none p/x/y &&
		exec "$@"' sh "$old" "$SANDBOX" --ro-bind p:/p "$root" /bin/sh -c 'cat /proc/self/mountinfo
		cd /p && for d in . "a b" "a b/c\\040d" x x/y; do touch "$d/new" 2>&1; done'
	assert_equal "$(grep -c 'Read-only file system' <<<"$output")" 5
	assert_equal "$(awk '$5 ~ "^/p(/|$)" { print $5, $6 }' <<<"$output")" '/p ro,nosuid,nodev,relatime
/p/a\040b ro,nosuid,nodev,noexec,relatime
/p/a\040b/c\134040d ro,nosuid,nodev,relatime
/p/x ro,nosuid,nodev,relatime
/p/x/y rw,relatime
/p/x/y ro,nosuid,nodev,relatime'
}

# case: mounts below, changed one at a time
@test "a mount whose place is being renamed is read-only too, or the run is refused" {
	require_program python3
	mkdir -p p/x/y
	printf '%s\n' 'import os' 'while True:' '    os.rename("p/x", "p/z")' '    os.rename("p/z", "p/x")' >rename.py
	# shellcheck disable=SC2016 # it is the inner shell's
	nested 'mount -t tmpfs none p/x/y && { python3 rename.py 3>&- & } && for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
			"$1" "$2" --userns=single --ro-bind p:/p "$3" /bin/sh -c "grep -E \" /p/[xz]/y \" /proc/self/mountinfo" 2>>said
		done; kill $!' sh "$old" "$SANDBOX" "$root"
	assert_output_lacks '/y rw'
	assert_equal "$(grep '^sandbox: ' said | grep -v 'cannot bind .*: Resource temporarily unavailable')" ''
}

@test "the host's root, shown below" {
	nested 'mount -t tmpfs none p && exec "$@"' sh "$old" "$SANDBOX" --allow-home --ro-bind /:/host "$root" /bin/sh -c '
		ls -d /host/usr && touch "/host$1/p/new" 2>&1' sh "$scratch"
	assert_output_has '^/host/usr$' 'Read-only file system'
}

@test "a layer, in memory and on disk, and one over a bind" {
	old --bind p:/p:O "$root" /bin/sh -c 'echo changed >/p/f; echo new >/new; cat /p/f /new'
	assert_success
	assert_output $'changed\nnew'
	assert_equal "$(cat p/f)" text
	XDG_CACHE_HOME=$scratch/cache old --layer=disk "$root" /bin/sh -c 'echo new >/new; cat /new'
	assert_success
	assert_output new
}

@test "descriptors close at exec, high ones too" {
	ulimit -n 4096
	for how in --init --as-pid-1; do
		run --separate-stderr -- "$old" "$SANDBOX" --userns=single --file 2000:/x "$how" "$root" /bin/probe fds 3<p/f 5</etc 1023<p/f 1024<p/f 2000<p/f 4000<p/f
		assert_success
		assert_output ''
	done
}

@test "without Landlock it runs, and with --landlock=require it does not" {
	old "$root" /bin/echo ran
	assert_success
	assert_output ran
	old --landlock=require "$root" /bin/echo ran
	assert_refused 'Landlock'
}

@test "a filter that asks is loaded without what is younger" {
	old --explain "$root" /bin/unshare -U /bin/true
	assert_stderr_has 'unshare'
}

@test "doctor names what is done otherwise" {
	run --separate-stderr -- "$old" "$SANDBOX" doctor
	assert_output_has '^  weaker +mount_setattr' '^  weaker +\.\.\. at exec' '^  yes +close_range' '^  weaker +Landlock'
}
