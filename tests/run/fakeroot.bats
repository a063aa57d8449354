# --userns=fakeroot: what it answers, and that it does nothing and grants nothing.
# user: sandbox-norange sandbox-test
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	options=(--userns=fakeroot)
}

@test "owners are answered, and not changed" {
	# shellcheck disable=SC2016
	in_sandbox 'touch /tmp/f; ln -s f /tmp/l; for owner in 5:7 :9 4294967294; do chown $owner /tmp/f && chown -h $owner /tmp/l || echo failed; done
		stat -c %u:%g /tmp/f; grep -E "^(Uid|Gid)" /proc/self/status | tr -s "\t " " "'
	assert_success
	assert_output $'0:0\nUid: 0 0 0 0\nGid: 0 0 0 0'
	assert_equal "$stderr" ''
}

@test "who becomes somebody else is answered, and stays root" {
	in_sandbox 'su nobody -s /bin/sh -c "id -u" && setpriv --nnp id -u && chpst -u nobody id -u 2>/dev/null || :; chown 5 /etc/passwd; echo $?'
	assert_success
	assert_output_has '^0$'
	assert_output_lacks 65534
	require python3 python3 -c ''
	sandbox "${options[@]}" / python3 -c 'import os
os.setgroups([5]); os.setresgid(5, 5, 5); os.setresuid(5, 5, 5); os.setregid(6, 6); os.setreuid(6, 6); os.setgid(7); os.setuid(7)
print(os.getresuid(), os.getresgid())'
	assert_success
	assert_output '(0, 0, 0) (0, 0, 0)'
}

@test "what the filter refuses stays refused, and what the kernel refuses otherwise" {
	# A chown that could change something on the host: another user's file is the kernel's to refuse, and is not asked.
	local theirs
	theirs=$(stat -c %u:%g /etc/hostname)
	sandbox "${options[@]}" --ro-bind /etc/hostname:/x "$root" /bin/sh -c 'chown 0 /x; echo $?; chmod 777 /x 2>/dev/null || echo refused; mount -t tmpfs x /tmp 2>/dev/null || echo no mount'
	assert_output $'0\nrefused\nno mount'
	assert_equal "$(stat -c %u:%g /etc/hostname)" "$theirs"
}

@test "exec joins with it, other filters have it too" {
	"$SANDBOX" -d --name box "${options[@]}" "$root" /bin/sh -c 'exec sleep 1000'
	sandbox exec box /bin/sh -c 'touch /tmp/f && chown 5 /tmp/f && stat -c %u /tmp/f'
	assert_output 0
	"$SANDBOX" rm -f box
	local filter
	for filter in default build strict unconfined; do
		sandbox "${options[@]}" --seccomp="$filter" "$root" /bin/sh -c 'chown 5 /tmp; echo $?'
		assert_output 0
	done
}

@test "apt is told to stay who it is" {
	# shellcheck disable=SC2016
	in_sandbox 'cat "$APT_CONFIG"'
	assert_output 'APT::Sandbox::User "root";'
	sandbox --userns=single "$root" /bin/sh -c 'echo "<$APT_CONFIG>"'
	assert_output '<>'
}

@test "with maps of one's own it is refused" {
	sandbox "${options[@]}" --uidmap "0:$(id -u):1" "$root" /bin/true
	assert_refused '--uidmap' '--userns'
}
