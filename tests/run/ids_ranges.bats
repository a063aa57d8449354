# What each kind of grant in /etc/subuid comes to: a short one, several, one by numeric uid.
# user: sandbox-short sandbox-multi sandbox-numeric
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	uid=$(id -u)
	name=$(id -un)
}

@test "auto: every granted id is mapped, in order, behind the caller as 0" {
	local at=1 expected="0 $uid 1" start count
	while IFS=: read -r _ start count; do
		expected+=$'\n'"$at $start $count"
		at=$((at + count))
	done < <(grep -E "^($name|$uid):" /etc/subuid)
	in_sandbox "tr -s ' ' </proc/self/uid_map | sed 's/^ //'; id -u"
	assert_success
	assert_output "$expected"$'\n0'
}

@test "keep-id: every granted id is mapped and the caller keeps its own" {
	local total
	total=$(awk -F: -v n="$name" -v u="$uid" '$1 == n || $1 == u { t += $3 } END { print t + 1 }' /etc/subuid)
	options=(--userns=keep-id)
	in_sandbox "id -u; awk '{ t += \$3 } \$1 <= $uid && $uid < \$1 + \$3 { print \$2 + $uid - \$1 } END { print t }' \
		/proc/self/uid_map"
	assert_success
	assert_output "$uid
$uid
$total"
}

@test "files that a build writes are the caller's" {
	mkdir work && cd work
	sandbox --profile build "$root" /bin/sh -c 'echo x >made && mkdir -p a/b && id -u'
	assert_success
	assert_output "$uid"
	assert_equal "$(stat -c %u:%g made a a/b | sort -u)" "$uid:$(id -g)"
}

@test "with a range there is nothing to be warned of" {
	sandbox "$root" /bin/true
	assert_success
	assert_equal "$stderr" ''
}

@test "a user beyond a short range" {
	local total
	total=$(awk -F: -v n="$name" -v u="$uid" '$1 == n || $1 == u { t += $3 } END { print t + 0 }' /etc/subuid)
	options=(--user "$total")
	in_sandbox 'id -u'
	assert_success
	assert_output "$total"
	options=(--user "$((total + 1))")
	in_sandbox 'id -u'
	assert_refused "uid $((total + 1))" 'too short' usermod
}
