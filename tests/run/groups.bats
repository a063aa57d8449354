# Supplementary groups: dropped, or kept when asked for. Root becomes a user who has some.
# user: root
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	chown -R --no-dereference sandbox-test:sandbox-test "$root"
	chmod 0755 "$BATS_TEST_TMPDIR" "$scratch" "$BATS_FILE_TMPDIR"
	local part=$BATS_TEST_TMPDIR
	while [ "$part" != / ] && [ "$(stat -c %U "$part")" = root ]; do
		chmod a+x "$part"
		part=$(dirname "$part")
	done
	user=sandbox-test
	mkdir -m 0750 secret
	echo 'for the group' >secret/file
	chmod 0640 secret/file
	chgrp -R 44 secret
}

# as_member USER ARG...: the program, as USER in the groups 44 (video) and 4 (adm) besides its own
as_member() {
	run --separate-stderr -- setpriv --reuid="$1" --regid="$(id -g "$1")" \
		--groups="$(id -g "$1"),44,4" env -u XDG_RUNTIME_DIR -u TMPDIR HOME="/home/$1" "$SANDBOX" "${@:2}"
}

@test "groups are dropped" {
	as_member "$user" --ro-bind "$PWD/secret:/secret" "$root" /bin/sh -c 'grep Groups: /proc/self/status; cat /secret/file'
	assert_status 1
	assert_equal "$(tr -d ' \t' <<<"$output")" Groups:
	assert_stderr_has 'Permission denied'
}

@test "--keep-groups keeps them, and what they open" {
	as_member "$user" --keep-groups --ro-bind "$PWD/secret:/secret" "$root" \
		/bin/sh -c 'grep -o "Groups:.*65534" /proc/self/status; cat /secret/file'
	assert_success
	assert_output_has 'Groups:' 'for the group'
}

@test "with one id they cannot be dropped, and the plan says so" {
	as_member sandbox-norange --dry-run "$root" /bin/true
	assert_success
	assert_output_has 'setgroups denied'
	as_member "$user" --dry-run "$root" /bin/true
	assert_output_has 'no supplementary groups'
	as_member "$user" --dry-run --keep-groups "$root" /bin/true
	assert_output_has 'supplementary groups kept.*command line|supplementary groups kept'
}
