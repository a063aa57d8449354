# The front end for callers of bubblewrap: a hostile root, hostile words, and what a command may find of its caller.
# What bubblewrap's own command line leaves open (docs/from-bubblewrap.md) is not tried.
load ../lib
load attack

setup() {
	lib_setup
	make_victim
	bwrap=$(dirname "$SANDBOX")/libexec/bwrap
	host=(--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --dev /dev)
}

# ours ARG...: whatever takes more than 20 seconds hangs.
ours() {
	run --separate-stderr -- timeout --foreground -s KILL 20 "$bwrap" "$@"
	[ "$status" != 137 ] || told "it hung"
}

# case: a hostile root, the front end
@test "nothing is made outside of the new root, whatever links in it say (CVE-2026-87766)" {
	local to op
	echo x >"$scratch/x"
	for to in "/oldroot$victim" "/newroot/../oldroot$victim" "/proc/self/root$victim" "/proc/1/root$victim" "/proc/self/cwd/..$victim" \
		"$victim" "../../../../../../../../../../../../..$victim" "/proc/self/fd/3"; do
		rm -rf "$scratch/root" && mkdir -p "$scratch/root"/{bin,proc}
		cp "$(command -v busybox)" "$scratch/root/bin/sh"
		ln -s "$to" "$scratch/root/data"
		for op in "--dir /data/made" "--file 9 /data/made" "--file 9 /data/file" "--bind $scratch/x /data/made" "--bind-data 9 /data/made" \
			"--symlink x /data/made" "--tmpfs /data/made" "--chmod 0777 /data/file" "--tmpfs /data/d" "--ro-bind $scratch/x /data/file"; do
			# shellcheck disable=SC2086 # words
			ours --bind "$scratch/root" / $op /bin/sh -c : 3<"$victim" 9<"$scratch/x"
			assert_victim_unchanged
		done
		assert_lacks /proc/self/mountinfo "$victim"
	done
}

# case: words, the front end
@test "--args with garbage, without an end, or with too much is refused at once" {
	for from in /dev/zero /dev/urandom; do
		ours "${host[@]}" --args 9 true 9<"$from"
		assert_status 1
		assert_stderr_has '^bwrap: (Exceeded maximum number of arguments|Unknown option|Invalid)'
	done
	run --separate-stderr bash -c 'yes | tr -d "\n" | timeout --foreground -s KILL 20 "$@"' - "$bwrap" --args 0 true
	assert_status 1
	assert_stderr_has '^bwrap: --args data is longer than'
	printf -- '--dir\0/x\0%.0s' {1..4600} >"$scratch/many"
	ours "${host[@]}" --args 9 true 9<"$scratch/many"
	assert_status 1
	assert_stderr_has '^bwrap: Exceeded maximum number of arguments'
	for words in '--args\0009\0' '--bind\0/\0' '--nosuch\0' '--perms\000999\0--dir\0/x\0' '--file\000-1\0/x\0' '--file\00099999999999\0/x\0'; do
		# shellcheck disable=SC2059 # it has the NULs
		printf -- "$words" >"$scratch/words"
		ours "${host[@]}" --args 9 true 9<"$scratch/words"
		assert_status 1
		assert_stderr_has '^bwrap: '
	done
	ours "${host[@]}" --args 77 true
	assert_status 1
	assert_stderr_has "^bwrap: Can't read --args data: Bad file descriptor"
	# What names or values hold does not steer a terminal.
	ours $'--\e[2Jx'
	assert_stderr_lacks $'\e'
}

# case: words, the front end
@test "a filter that is none is refused, and nothing runs without it" {
	for from in /dev/zero /dev/urandom /dev/null "$victim/file"; do
		ours "${host[@]}" --seccomp 9 echo ran 9<"$from"
		assert_status 1
		assert_output ''
		ours "${host[@]}" --add-seccomp-fd 9 echo ran 9<"$from"
		assert_status 1
		assert_output ''
	done
}

# case: where it starts, the front end
@test "a descriptor on the host is no working directory (CVE-2024-21626)" {
	for dir in /proc/self/fd/9 /dev/fd/9 /proc/self/fd/9/etc; do
		ours "${host[@]}" --unshare-pid --proc /proc --chdir "$dir" sh -c 'cat file hosts' 9<"$victim"
		assert_status 1
		assert_output ''
		assert_stderr_has "^bwrap: Can't chdir to"
	done
	ours "${host[@]}" --unshare-pid --proc /proc --setenv HOME /proc/self/fd/9 sh -c 'cat file' 9<"$victim"
	assert_output ''
}

# case: what pid 1 still knows, the front end
@test "variables that were taken away are not in pid 1's environment" {
	export FRONT_SECRET=CANARY
	for option in --clearenv '--unsetenv FRONT_SECRET' '--setenv FRONT_SECRET other'; do
		# shellcheck disable=SC2086 # words
		ours "${host[@]}" --unshare-pid --proc /proc $option sh -c 'cat /proc/1/environ /proc/self/environ | tr "\0" "\n"; echo end'
		assert_success
		assert_output_has end
		assert_output_lacks CANARY
	done
}

# case: mounts, the front end
@test "mounts that are made here are not made on the host, and their end ends nothing there" {
	nested 'mount --make-rshared / && mkdir "$2/m" && mount -t tmpfs none "$2/m" && touch "$2/m/here" && before=$(cat /proc/self/mountinfo) &&
		"$1" --bind / / --tmpfs "$2/victim" --unshare-pid --proc /proc true && [ "$(cat /proc/self/mountinfo)" = "$before" ] &&
		[ -e "$2/m/here" ] && echo same' - "$bwrap" "$scratch"
	assert_output same
}

# case: capabilities, the front end
@test "capabilities that were asked for are none over the host" {
	ours --dev-bind / / --unshare-pid --unshare-net --cap-add ALL --uid 0 --gid 0 sh -c \
		'echo x >/proc/sys/kernel/core_pattern; mknod /dev/shm/n b 7 0; chown 1 "$1"; mount --bind "$1" /etc/hosts && echo mounted; cat "$1"' - "$victim/file"
	assert_output_has CANARY
	assert_victim_unchanged
	assert_lacks /proc/self/mountinfo "$victim"
	assert_lacks /proc/sys/kernel/core_pattern '^x$'
}
