# Helpers that are missing, not setuid, or say no: root changes them in a mount namespace of its own.
# user: root
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	chown -R --no-dereference sandbox-test: "$root"
	local part=$root
	while [ "$part" != / ]; do
		chmod a+x "$part"
		part=$(dirname "$part")
	done
	mkdir -m 0755 fake
}

# with CHANGE ARG...: the program as sandbox-test, in a mount namespace where root has run CHANGE
with() {
	run --separate-stderr unshare --mount sh -ec "$1"'
		shift; exec setpriv --reuid=sandbox-test --regid=sandbox-test --init-groups \
			env -u XDG_RUNTIME_DIR -u TMPDIR HOME=/home/sandbox-test "$@"' sh "$1" "$SANDBOX" "${@:2}"
}

# Everything of /usr/bin but its newuidmap or newgidmap is in fake/.
without='mount -t tmpfs none fake; mkdir fake/u fake/w; chmod 755 fake/u
	mount -t overlay none -o lowerdir=/usr/bin,upperdir=fake/u,workdir=fake/w /usr/bin;'

@test "newuidmap is missing, newgidmap is missing" {
	with "$without rm /usr/bin/newuidmap" "$root" /bin/echo ran
	assert_refused 'no newuidmap' 'apt-get install uidmap' '--userns=single'
	with "$without rm /usr/bin/newgidmap" "$root" /bin/echo ran
	assert_refused 'no newgidmap' 'apt-get install uidmap'
	with "$without rm /usr/bin/newuidmap" --userns=single "$root" /bin/echo ran
	assert_success
}

@test "newuidmap is not setuid" {
	with "cp /usr/bin/newuidmap fake/n; chmod 0755 fake/n; mount --bind fake/n /usr/bin/newuidmap" "$root" /bin/echo ran
	assert_refused 'newuidmap says' 'not setuid root' 'chmod u\+s /usr/bin/newuidmap'
}

@test "newuidmap refuses: its own words are shown" {
	with "printf '#!/bin/sh\necho newuidmap: I will not >&2; exit 1\n' >fake/n; chmod 4755 fake/n
		mount --bind fake/n /usr/bin/newuidmap" "$root" /bin/echo ran
	assert_refused 'newuidmap says: newuidmap: I will not' '/etc/subuid' --userns=single
}

@test "newgidmap is killed, or says nothing" {
	with "printf '#!/bin/sh\nkill -9 \$\$\n' >fake/n; chmod 4755 fake/n; mount --bind fake/n /usr/bin/newgidmap" "$root" /bin/echo ran
	assert_refused 'newgidmap was killed by signal 9'
	with "printf '#!/bin/sh\nexit 3\n' >fake/n; chmod 4755 fake/n; mount --bind fake/n /usr/bin/newgidmap" "$root" /bin/echo ran
	assert_refused 'newgidmap says'
}

@test "newuidmap prints without end: bounded" {
	with "printf '#!/bin/sh\nhead -c 10000000 /dev/zero | tr \"\\\\\\\\0\" x; exit 1\n' >fake/n; chmod 4755 fake/n
		mount --bind fake/n /usr/bin/newuidmap" "$root" /bin/echo ran
	assert_refused 'newuidmap says'
	[ "${#stderr}" -lt 4000 ] || fail 'too long'
}

@test "/etc/subuid grants it and newuidmap does not: its words" {
	local start
	start=$(awk -F: '$1 == "sandbox-test" { print $2 }' /etc/subuid)
	with "sed 's/^sandbox-test:.*/sandbox-test:1:10/' /etc/subuid >fake/s; chmod 644 fake/s
		cp /etc/subuid fake/real; mount --bind fake/s /etc/subuid" --uidmap "0:$start:5" "$root" /bin/echo ran
	assert_refused '/etc/subuid does not grant'
}

@test "/etc/subuid: missing, unreadable, rubbish, ranges that wrap" {
	with 'rm -f fake/s; touch fake/s; chmod 644 fake/s; mount --bind fake/s /etc/subuid' "$root" /bin/echo ran
	assert_success
	assert_stderr_has 'only one id' "no range for 'sandbox-test'"
	with 'touch fake/s; chmod 0600 fake/s; mount --bind fake/s /etc/subuid' "$root" /bin/echo ran
	assert_refused /etc/subuid 'Permission denied'
	with 'printf "sandbox-test:4294967290:100\nsandbox-test:x:5\nsandbox-test\n:::\nsandbox-test:1:\n" >fake/s; chmod 644 fake/s
		mount --bind fake/s /etc/subuid' "$root" /bin/echo ran
	assert_success
	assert_stderr_has 'only one id'
}

@test "a caller without a name" {
	run --separate-stderr setpriv --reuid=54321 --regid=54321 --clear-groups env -i HOME=/ "$SANDBOX" / sh -c 'id -u'
	assert_success
	assert_output 0
}

@test "a root file system that root has made, which others may read" {
	chown -R --no-dereference 0:0 "$root"
	chmod -R a+rX "$root"
	mkdir project && chown sandbox-test: project
	with : "$root" /bin/sh -c 'cat /etc/passwd; touch /tmp/x && echo fine; echo x >/etc/passwd'
	assert_output_has '^root:' '^fine$'
	assert_stderr_has 'Permission denied'
	with 'cd project;' --profile build "$root" /bin/sh -c 'echo x >made; id -u'
	assert_success
	assert_output "$(id -u sandbox-test)"
	assert_equal "$(stat -c %U project/made)" sandbox-test
}

@test "root runs it, and gets the same" {
	chown -R --no-dereference 0:0 "$root"
	sandbox "$root" /bin/sh -c 'id -u; grep CapEff /proc/self/status; touch /x'
	assert_success
	assert_output $'0\nCapEff:\t00000000000004fb'
	[ ! -e "$root/x" ]
}
