# --explain and --seccomp=log: what was refused is told, by whom and how often, with the option that
# allows it; and that option does.
load ../lib
load life

setup() {
	lib_setup
	tiny_rootfs
}

probe_calls() { cp "$TESTS_BUILD/try_syscall" "$TESTS_BUILD/denied" "$root/bin/"; }

# told_flags PATTERN: the options that the line with PATTERN says to add, as words in $flags
told_flags() {
	local line
	line=$(grep -E "$1" <<<"$stderr") || told "no line has $1"
	line=${line#*[:;] add }
	line=${line%%;*}
	line=${line%% (*}
	line=${line%%,*}
	read -ra flags <<<"$line"
	[[ ${flags[0]} == --* ]] || fail "no option in: $line"
}

@test "a refused call is told with its program, its arguments and how often" {
	sandbox --explain "$root" /bin/sh -c 'for i in 1 2 3; do mount -t tmpfs none /mnt; done; exit 4'
	assert_status 4
	assert_stderr_has '^sandbox: refused: mount\(2\) by mount \(x3\): add --seccomp=sandboxes --cap-add SYS_ADMIN; it was mount\("none", "/mnt", "tmpfs"'
}

@test "what is refused stays refused, with the same error as without" {
	probe_calls
	local names=(mount umount2 chroot ptrace keyctl clone3 setns reboot io_uring_setup init_module)
	for filter in default strict; do
		sandbox --seccomp="$filter" "$root" /bin/try_syscall "${names[@]}"
		local without=$output
		sandbox --explain --seccomp="$filter" "$root" /bin/try_syscall "${names[@]}"
		assert_equal "$output" "$without"
	done
}

@test "every answer of the table is the same under --explain" {
	probe_calls
	local name
	mapfile -t names < <("$TESTS_BUILD/try_syscall" --list)
	# A filter around us that answers with an error comes before one that asks (seccomp(2)), while of two with errors
	# the inner counts: what that one refuses (tests/old_kernel.c) is no word of ours.
	if grep -q '^Seccomp:.*2' /proc/self/status; then
		sandbox --seccomp=unconfined "$root" /bin/try_syscall "${names[@]}"
		mapfile -t names < <(sed -n '/: ENOSYS$/!s/: .*//p' <<<"$output")
		[ "${#names[@]}" -gt 50 ] || told 'there should be more calls'
	fi
	sandbox "$root" /bin/try_syscall "${names[@]}"
	local without=$output
	sandbox --explain "$root" /bin/try_syscall "${names[@]}"
	assert_equal "$output" "$without"
}

@test "the advice is true: mount" {
	mkdir "$root/mnt"
	sandbox --explain "$root" mount -t tmpfs none /mnt
	[ "$status" != 0 ]
	told_flags 'mount\(2\)'
	sandbox "${flags[@]}" "$root" mount -t tmpfs none /mnt
	assert_success
}

@test "the advice is true: a namespace, a host name, a chroot" {
	for words in 'unshare -r true' 'unshare -n true' 'hostname other' 'chroot / true'; do
		read -ra command <<<"$words"
		sandbox --explain "$root" "${command[@]}"
		[ "$status" != 0 ] || told "$words should be refused"
		told_flags 'refused: .*\(2\) by'
		sandbox "${flags[@]}" "$root" "${command[@]}"
		assert_success
	done
}

@test "the advice is true: the narrowest filter that has it" {
	probe_calls
	sandbox --explain "$root" /bin/try_syscall ptrace
	told_flags 'ptrace\(2\)'
	assert_equal "${flags[*]}" --seccomp=build
	sandbox "${flags[@]}" "$root" /bin/try_syscall ptrace
	assert_output_lacks EPERM
	sandbox --explain --seccomp=strict "$root" /bin/try_syscall socket:2
	told_flags 'socket\(2\)'
	assert_equal "${flags[*]}" --seccomp=default
	sandbox "${flags[@]}" "$root" /bin/try_syscall socket:2
	assert_output_lacks EAFNOSUPPORT
}

@test "the advice is true: a file that only the host has" {
	echo content >"$scratch/data"
	sandbox --explain "$root" cat "$scratch/data"
	[ "$status" != 0 ]
	assert_stderr_has "of $scratch/data by cat: it is not there inside"
	told_flags "of $scratch/data"
	sandbox "${flags[@]}" "$root" cat "$scratch/data"
	assert_output content
}

@test "the advice is true: one that is shown read-only, or hidden" {
	mkdir "$scratch/dir"
	sandbox --explain --ro-bind "$scratch/dir:/dir" "$root" /bin/sh -c 'echo x >/dir/file'
	[ "$status" != 0 ]
	assert_stderr_has 'of /dir/file by sh: it cannot be written: /dir is shown read-only \(command line\); make that --bind'
	sandbox --bind "$scratch/dir:/dir" "$root" /bin/sh -c 'echo x >/dir/file'
	assert_success
	echo key >"$root/key"
	sandbox --explain --mask /key "$root" cat /key
	assert_stderr_has 'of /key by cat: it is hidden by --mask /key \(command line\)'
	sandbox --explain --read-only "$root" /bin/sh -c 'echo x >/file'
	assert_stderr_has 'of /file by sh: it cannot be written: the root is read-only'
}

@test "an address, where there is no network" {
	sandbox --explain "$root" wget -q -O- http://192.0.2.1/
	[ "$status" != 0 ]
	assert_stderr_has 'connect\(2\) of 192.0.2.1:80 by wget: the network is none; add --network=slirp4netns'
}

@test "a run in which nothing was refused says so" {
	sandbox --explain "$root" true
	assert_success
	assert_equal "$stderr" 'sandbox: nothing was refused'
}

@test "log: it passes, and is told; and only what the filter has" {
	mkdir "$root/mnt"
	sandbox --seccomp=log --cap-add SYS_ADMIN "$root" /bin/sh -c 'mount -t tmpfs none /mnt && echo made'
	assert_success
	assert_output made
	assert_stderr_has 'would be refused: mount\(2\) by mount: add --seccomp=sandboxes; it was'
	sandbox --seccomp=log "$root" true
	assert_equal "$stderr" ''
}

@test "log keeps the filter that the profile has chosen" {
	probe_calls
	sandbox --profile strict --seccomp=log "$root" /bin/try_syscall socket:2
	assert_stderr_has 'would be refused: socket\(2\).*add --seccomp=default'
	sandbox --seccomp=log "$root" /bin/try_syscall socket:2
	assert_stderr_lacks 'socket'
}

@test "a filter from a file: refused as it says, and told" {
	probe_calls
	cat >"$scratch/own.json" <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		 {"names": ["getppid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 22}]}
	END
	run --separate-stderr "$SANDBOX" --explain --seccomp="$scratch/own.json" "$root" /bin/denied tries <<<''
	assert_success
	assert_output_has 'getppid EINVAL'
	assert_stderr_has "getppid\\(2\\) by denied: add it to the filter $scratch/own.json"
	run --separate-stderr "$SANDBOX" --seccomp=log --seccomp="$scratch/own.json" --seccomp=log "$root" /bin/denied tries <<<''
	assert_output_has 'getppid made'
}

@test "a filter that cannot be watched is refused by name" {
	cat >"$scratch/own.json" <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		 {"names": ["sendmsg"], "action": "SCMP_ACT_ERRNO"}]}
	END
	sandbox --explain --seccomp="$scratch/own.json" "$root" true
	assert_refused 'this filter cannot be watched: it refuses sendmsg'
}

@test "a command that joins is told of with the others" {
	background web --explain -- sleep 1000
	sandbox exec web /bin/sh -c 'mount -t tmpfs none /mnt; mount -t tmpfs none /mnt'
	[ "$status" != 0 ]
	"$SANDBOX" kill web
	"$SANDBOX" wait web || :
	run "$SANDBOX" logs web
	assert_output_has 'refused: mount\(2\) by mount \(x2\)'
}

@test "with --as-pid-1, in the background of a pipe, and with another user" {
	sandbox --explain --as-pid-1 "$root" mount -t tmpfs none /mnt
	assert_stderr_has 'mount\(2\) by mount: '
	sandbox --explain --user 1000:1000 "$root" mount -t tmpfs none /mnt
	assert_stderr_has 'mount\(2\) by mount: '
}

@test "a program without a helper is refused" {
	mkdir build
	cp "$SANDBOX" build/
	run --separate-stderr build/sandbox --explain "$root" true
	assert_refused 'which answers refused calls'
}
