# A user without any subordinate id: one id is mapped directly, and what needs more is said.
# user: sandbox-norange
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	uid=$(id -u)
	name=$(id -un)
	remedy="usermod --add-subuids [0-9]+-[0-9]+ --add-subgids [0-9]+-[0-9]+ $name"
}

@test "one id is mapped, without a helper: 0, or the caller's own" {
	in_sandbox "tr -s ' ' </proc/self/uid_map"
	assert_success
	assert_output " 0 $uid 1"
	sandbox --userns=keep-id "$root" /bin/sh -c "tr -s ' ' </proc/self/uid_map; id -un"
	assert_output " $uid $uid 1
$name"
}

@test "files that a build writes are the caller's" {
	mkdir work && cd work
	sandbox --profile build "$root" /bin/sh -c 'echo x >made && mkdir -p a/b && id -u'
	assert_success
	assert_output "$uid"
	assert_equal "$(stat -c %u:%g made a a/b | sort -u)" "$uid:$(id -g)"
}

@test "what will fail inside is said first" {
	in_sandbox 'chown 5 /tmp 2>/dev/null; echo "chown ended with $?" >&2'
	assert_success
	assert_equal "$(grep -oE '^(sandbox: note: only one id|chown)' <<<"$stderr")" $'sandbox: note: only one id\nchown'
	assert_stderr_has "no range for '$name'" 'chown, su and apt-get inside fail' "$remedy"
}

@test "nothing is said where one id was asked for, or is enough" {
	sandbox --userns=single "$root" /bin/true
	assert_equal "$status$stderr" 0
	sandbox --userns=keep-id "$root" /bin/true
	assert_equal "$status$stderr" 0
}

@test "a plan that needs a second id says so, and nothing is run" {
	sandbox --user 5 "$root" /bin/echo ran
	assert_refused 'uid 5' 'second id' "no range for '$name'" "$remedy"
	sandbox --userns=keep-id --user 0 "$root" /bin/echo ran
	assert_refused 'uid 0' "$remedy"
	sandbox --uidmap "0:$uid:1" --uidmap 1:300000:10 "$root" /bin/echo ran
	assert_refused '/etc/subuid does not grant'
}

@test "--dry-run tells the same" {
	sandbox --dry-run "$root" /bin/true
	assert_success
	assert_output_has "map-ids +directly -> 0:$uid:1 .*no subordinate ids" 'note: only one id'
}
