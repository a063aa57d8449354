# Machines that lack something: user namespaces, newuidmap, space, a writable /tmp.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
}

# nested SCRIPT [ARG...]: sh in a user and mount namespace where uid 0 is the caller and may mount
nested() {
	require 'unprivileged unshare' unshare --map-root-user --mount true
	run --separate-stderr unshare --map-root-user --mount sh -c "$@"
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

@test "the sysctl of Debian's kernels, and AppArmor's" {
	[ ! -e /proc/sys/kernel/unprivileged_userns_clone ] || skip 'missing: a kernel without that sysctl'
	nested 'mkdir s && mount -t tmpfs none s && mkdir -p s/kernel s/user && echo 0 >s/kernel/unprivileged_userns_clone &&
		echo 0 >/proc/sys/user/max_user_namespaces && mount --bind s /proc/sys && exec "$0" "$1" /bin/echo ran' "$SANDBOX" "$root"
	assert_refused 'switched off for users' 'sysctl kernel.unprivileged_userns_clone=1'
	nested 'mount -t tmpfs none s && mkdir -p s/kernel s/user && echo 1 >s/kernel/apparmor_restrict_unprivileged_userns &&
		exec "$2" "$0" "$1" "$SANDBOX"' "$SANDBOX" "$root" true
	rmdir s
}

@test "inside a sandbox that refuses nested user namespaces" {
	export ASAN_OPTIONS=detect_leaks=0 # which takes a clone
	mkdir tools && cp "$SANDBOX" tools/inner
	sandbox -e ASAN_OPTIONS --ro-bind tools --ro-bind "$root:/inner" / "$PWD/tools/inner" /inner /bin/echo ran
	assert_refused 'user namespace' 'filter|sandbox'
}

@test "inside a container, its kind is said" {
	nested 'mkdir r && mount -t tmpfs none r && mount --rbind r /run && touch /run/.containerenv &&
		echo 0 >/proc/sys/user/max_mnt_namespaces; exec "$0" --userns=single "$1" /bin/echo ran' "$SANDBOX" "$root"
	assert_status 125
	rmdir r
}

@test "newuidmap or newgidmap is missing" {
	require_range
	local helper
	for helper in newuidmap newgidmap; do
		# Its directory is covered by one of links to all but it.
		nested 'mkdir b; for f in /usr/bin/*; do case ${f##*/} in "$2") ;; *) ln -s "/usr/real/${f##*/}" b/ ;; esac; done
			mkdir -p o && mount -t tmpfs none o && mkdir o/u o/w && chmod 755 o/u &&
			mount -t overlay none -o "lowerdir=/usr/bin,upperdir=o/u,workdir=o/w,userxattr" /usr/bin && rm "/usr/bin/$2" &&
			exec "$0" --dry-run "$1" /bin/true' "$SANDBOX" "$root" "$helper"
		rm -rf b o
		# uid 0 of that namespace has ranges of its own only by the name of root
		if [ "$status" = 0 ]; then
			assert_output_has 'map-ids +directly'
		else
			assert_refused "no $helper" 'apt-get install uidmap' '--userns=single' || return
		fi
	done
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
