# Machines that lack something: user namespaces, newuidmap, space, a writable /tmp.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
}

@test "user namespaces switched off by their limit" {
	nested 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$0" "$1" /bin/echo ran' "$SANDBOX" "$root"
	assert_refused 'user namespace' 'limit of user namespaces is 0' 'sysctl user.max_user_namespaces'
	nested 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$0" --userns=single / echo ran' "$SANDBOX"
	assert_refused 'limit of user namespaces is 0'
}

@test "another namespace's limit used up" {
	nested 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$0" --userns=single "$1" /bin/echo ran' "$SANDBOX" "$root"
	assert_refused 'limit of namespaces' 'net'
	nested 'echo 0 >/proc/sys/user/max_mnt_namespaces && exec "$0" --userns=single "$1" /bin/echo ran' "$SANDBOX" "$root"
	assert_refused 'limit of namespaces' 'mnt'
	nested 'echo 0 >/proc/sys/user/max_pid_namespaces && exec "$0" --userns=single "$1" /bin/echo ran' "$SANDBOX" "$root"
	assert_refused 'limit'
}

@test "the sysctl of Debian's kernels" {
	[ ! -e /proc/sys/kernel/unprivileged_userns_clone ] || skip 'missing: a kernel without that sysctl'
	mkdir -p s/kernel && echo 0 >s/kernel/unprivileged_userns_clone
	nested 'echo 0 >/proc/sys/user/max_user_namespaces && mount --bind s /proc/sys && exec "$0" "$1" /bin/echo ran' "$SANDBOX" "$root"
	assert_refused 'switched off for users' 'sysctl kernel.unprivileged_userns_clone=1'
}

# inside OPTION...: the program in a sandbox of its own, whose filter refuses user namespaces
inside() {
	export ASAN_OPTIONS=detect_leaks=0 # which takes a clone
	mkdir -p tools && cp "$SANDBOX" tools/inner
	sandbox -e ASAN_OPTIONS --ro-bind tools --ro-bind "$root:/inner" "$@" / "$PWD/tools/inner" --userns=single /inner /bin/echo ran
}

@test "inside a sandbox that refuses nested user namespaces" {
	inside
	assert_refused 'cannot make a user namespace' 'filter .* (this is a sandbox already)|filter is in force' 'further out'
}

@test "AppArmor's restriction is told by its sysctl" {
	mkdir -p s/kernel && echo 1 >s/kernel/apparmor_restrict_unprivileged_userns
	inside --ro-bind s:/proc/sys
	assert_refused 'AppArmor restricts user namespaces' 'kernel.apparmor_restrict_unprivileged_userns=0'
}

@test "inside a container, its kind is said" {
	touch mark
	inside --ro-bind mark:/run/.containerenv
	assert_refused 'this is a Podman container' 'seccomp'
	inside --ro-bind mark:/.dockerenv
	assert_refused 'this is a Docker container' 'seccomp'
}

@test "a file system that cannot lie under a layer: the two ways out" {
	sandbox --layer=memory /proc /bin/true
	assert_refused 'throw-away layer over /proc' '--rw' '--read-only'
}

@test "under no_new_privs, where setuid programs have no effect" {
	require_range
	run --separate-stderr setpriv --no-new-privs "$SANDBOX" "$root" /bin/echo ran
	assert_refused 'no_new_privs' '--userns=single'
	run --separate-stderr setpriv --no-new-privs "$SANDBOX" --userns=single "$root" /bin/echo ran
	assert_success
	assert_output ran
}

@test "a layer on a full disk: a clear error, or the command's own" {
	# A tmpfs of 64 KB is the disk.
	nested 'mkdir small && mount -t tmpfs -o size=64k,nr_inodes=20 none small && head -c 1m /dev/zero >small/fill 2>/dev/null
		XDG_CACHE_HOME=$PWD/small "$0" --userns=single --layer=disk "$1" /bin/sh -c "echo begun; head -c 100000 /dev/zero >/big"
		status=$?; rm small/fill; find small -mindepth 4; exit $status' "$SANDBOX" "$root"
	[ "$status" != 0 ] || told 'it cannot be written'
	assert_stderr_has 'No space left|I/O error'
	assert_equal "$(grep -v '^begun$' <<<"$output")" ''
	nested 'mount -t tmpfs -o size=64k,nr_inodes=3 none small
		XDG_CACHE_HOME=$PWD/small exec "$0" --userns=single --layer=disk "$1" /bin/echo ran' "$SANDBOX" "$root"
	assert_refused 'No space left on device'
	rmdir small
}

@test "/tmp is read-only: it is not needed" {
	nested 'mount --rbind /tmp /tmp && mount -o remount,ro,bind /tmp && cd /tmp && ! touch /tmp/x 2>/dev/null &&
		exec "$0" --userns=single "$1" /bin/sh -c "echo x >/tmp/x; cat /tmp/x"' "$SANDBOX" "$root"
	assert_success
	assert_output x
}

@test "/dev/null of the machine is not the device" {
	nested 'echo trap >trap && mount --bind trap /dev/null && exec "$0" --userns=single "$1" /bin/echo ran' "$SANDBOX" "$root"
	assert_refused '/dev/null' 'not the character device 1:3'
}

@test "a masked /proc, as in containers, is said to be the reason" {
	nested 'mount -t tmpfs none /proc/scsi 2>/dev/null || mount --bind /dev/null /proc/keys; exec "$0" --userns=single "$1" /bin/echo ran' "$SANDBOX" "$root"
	assert_refused 'fresh proc' 'masked' 'unmask'
}

@test "no /proc at all" {
	! sanitized || return 0
	nested 'mount -t tmpfs none /proc && exec "$@"' sh "$SANDBOX" --userns=single / echo ran
	assert_refused 'there is no /proc'
}

@test "no home, no name, no environment at all" {
	run --separate-stderr env -i "$SANDBOX" "$root" /bin/sh -c 'echo $HOME $USER $PATH'
	assert_success
	assert_output '/root root /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
	run --separate-stderr env -i "$SANDBOX" --layer=disk "$root" /bin/echo ran
	[ "$status" = 0 ] || assert_refused 'layer'
}

@test "a working directory that is gone" {
	mkdir gone && cd gone && rmdir "$PWD"
	sandbox "$root" /bin/pwd
	assert_success
	assert_output /
	sandbox --profile build "$root" /bin/true
	assert_refused PWD
	cd ..
}
