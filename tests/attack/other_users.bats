# user: root
# Another user of the machine, and the administrator. Run as root, who becomes both.
load ../lib
load attack

setup() {
	lib_setup
	require 'the users of helpers/setup users' id sandbox-test sandbox-norange
	# The test's own directory is closed to the two.
	scratch=$(mktemp -d /tmp/sandbox-attack.XXXXXX)
	chmod 0755 "$scratch"
	tiny_rootfs
	chown -R sandbox-test: "$root"
}

teardown() {
	umount -l "$scratch"/* 2>/dev/null || :
	lib_teardown
}

# In the background, begin with `exec_as`, so that $! is the program.
exec_as() { exec setpriv --reuid="$1" --regid="$(id -g "$1")" --init-groups --reset-env env "${@:2}"; }
as() { setpriv --reuid="$1" --regid="$(id -g "$1")" --init-groups --reset-env env "${@:2}"; }
victim_runs() { run --separate-stderr -- as sandbox-test XDG_CACHE_HOME="$scratch/cache" "$SANDBOX" "$@"; }

# case: keyring of another user's by our name
@test "a keyring of another user's by the name of ours is not taken" {
	# The older one of two is found, so the victim is one who has none yet.
	exec_as sandbox-numeric "$TESTS_BUILD/probe" squat sandbox >"$scratch/squat" 3>&- &
	local squatter=$!
	eventually grep -q squatting "$scratch/squat"
	run --separate-stderr -- exec_as sandbox-norange "$SANDBOX" --userns=single --read-only --seccomp=unconfined "$root" /bin/probe keyring
	kill "$squatter"
	wait "$squatter" || :
	assert_success
	assert_output_has '^is: keyring;0;0;' '^holds: 0$'
}

# case: directory of layers of another user's
@test "a directory for layers that somebody else has made or can write to is not used" {
	install -d -m 0777 "$scratch/cache" "$scratch/cache/sandbox"
	as sandbox-norange mkdir -m 0777 "$scratch/cache/sandbox/layers"
	victim_runs --layer=disk "$root" true
	assert_refused 'nobody else'
	rmdir "$scratch/cache/sandbox/layers"
	install -d -o sandbox-test "$scratch/precious" "$scratch/precious/docs"
	as sandbox-norange ln -s "$scratch/precious" "$scratch/cache/sandbox/layers"
	victim_runs --layer=disk "$root" true
	assert_refused layers
	[ -d "$scratch/precious/docs" ]
}

# case: directory of layers of another user's
@test "another user can look into no layer, trace no process and send no signal" {
	install -d -o sandbox-test "$scratch/cache"
	exec_as sandbox-test XDG_CACHE_HOME="$scratch/cache" "$SANDBOX" --layer=disk "$root" /bin/sh -c 'echo s >/s; echo up; sleep 20' >"$scratch/up" 3>&- &
	local supervisor=$! pid
	eventually grep -q up "$scratch/up"
	run bash -c 'setpriv --reuid=sandbox-norange --clear-groups find "$1" -name s 2>/dev/null' - "$scratch/cache"
	assert_output ''
	for pid in "$supervisor" $(pgrep -P "$supervisor"); do
		run as sandbox-norange sh -c "kill -9 $pid || cat /proc/$pid/environ || ls /proc/$pid/root/ /proc/$pid/fd/"
		[ "$status" != 0 ]
	done
	kill "$supervisor"
	wait "$supervisor" || :
}

# case: groups of the caller
@test "supplementary groups of the caller are not inside" {
	run --separate-stderr -- setpriv --reuid=sandbox-test --regid="$(id -g sandbox-test)" --groups "$(id -g sandbox-test),6,44,$(id -g sandbox-norange)" \
		--reset-env "$SANDBOX" "$root" /bin/probe state
	assert_success
	assert_output_has '^groups:$'
	# With --userns=single the kernel allows no dropping: the manual says so.
	run --separate-stderr -- setpriv --reuid=sandbox-test --regid="$(id -g sandbox-test)" --groups 6 --reset-env \
		"$SANDBOX" --keep-groups "$root" /bin/probe state
	assert_output_has '^groups: 65534$'
}

# case: a group that a file is closed to
@test "a group that a file is closed to keeps it closed, as is said for dropped groups (CVE-2018-7169)" {
	echo SECRET >"$scratch/denied"
	chown root:sandbox-norange "$scratch/denied"
	chmod 0604 "$scratch/denied"
	for how in --keep-groups --userns=single; do
		run --separate-stderr -- setpriv --reuid=sandbox-test --regid="$(id -g sandbox-test)" --groups "$(id -g sandbox-norange)" --reset-env \
			"$SANDBOX" "$how" --ro-bind "$scratch/denied:/denied" "$root" cat /denied
		assert_output_lacks SECRET
	done
}

# case: propagation
@test "a mount that the administrator makes under a bound directory is not seen inside, nor one from inside outside" {
	install -d -o sandbox-test "$scratch/shared" "$scratch/shared/bound" "$scratch/shared/bound/m"
	mount -t tmpfs -o mode=0777 shared "$scratch/shared"
	mount --make-shared "$scratch/shared"
	install -d -o sandbox-test "$scratch/shared/bound" "$scratch/shared/bound/m"
	exec_as sandbox-test "$SANDBOX" --bind "$scratch/shared/bound:/b" "$root" /bin/sh -c 'echo up; while [ ! -e /b/go ]; do sleep 0.05; done
		grep -c " /b/m " /proc/self/mountinfo; ls -A /b/m; grep -cE "shared:|master:" /proc/self/mountinfo' >"$scratch/up" 3>&- &
	local inside=$! before
	eventually grep -q up "$scratch/up"
	before=$(findmnt -rn | sort)
	mount -t tmpfs late "$scratch/shared/bound/m"
	touch "$scratch/shared/bound/m/LATE" "$scratch/shared/bound/go"
	wait "$inside" || :
	assert_equal "$(cat "$scratch/up")" $'up\n0\n0'
	umount "$scratch/shared/bound/m"
	assert_equal "$(findmnt -rn | sort)" "$before"
	umount "$scratch/shared"
}
