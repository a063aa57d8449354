# Cgroups of version 1 with systemd's own of version 2 beside ("hybrid"): what needs none works, what needs limits says so.
# vm: login
# kernel: systemd.unified_cgroup_hierarchy=0
# shellcheck disable=SC2016 # what is quoted is for shells inside
load vm

teardown() { lib_teardown; }

setup() {
	lib_setup
	tiny_rootfs
	layer=()
	[[ $(uname -r) != 5.10.* ]] || layer=(--rw) # which has no overlay for it
	grep -q ' /sys/fs/cgroup/unified .* - cgroup2 ' /proc/self/mountinfo || skip 'missing: a systemd that mounts cgroups of version 1'
}

@test "a command runs, in a root and on the host's files, and sees no cgroup of the host's" {
	sandbox "${layer[@]}" "$root" /bin/echo ran
	assert_output ran
	for how in --userns=auto --userns=single; do
		sandbox "$how" / sh -c 'echo ran; find /sys/fs/cgroup/ -mindepth 1 | head -n 3'
		assert_output ran
		assert_equal "$stderr" ''
	done
	sandbox / grep -vE ':/$' /proc/self/cgroup
	assert_output ''
}

@test "limits of all together are refused, each by its name" {
	for option in --memory=64m --pids-limit=20 --cpus=1 --io-weight=50; do
		sandbox "$option" "$root" /bin/echo ran
		assert_refused "cannot enforce ${option%%=*} \(command line\): it takes cgroups of version 2 alone" \
			'systemd.unified_cgroup_hierarchy=1' '--limits=best-effort' || return
	done
	for how in systemd cgroup; do
		sandbox --limits="$how" --memory=64m "$root" /bin/echo ran
		assert_refused 'cannot enforce --memory' 'version 2 alone' || return
	done
}

@test "best effort takes what there is without them" {
	sandbox "${layer[@]}" --limits=best-effort --memory=256m --pids-limit=100 "$root" /bin/echo ran
	assert_output ran
	assert_stderr_has 'note: best effort for --memory'
}

@test "doctor says it, and that the default profile can run" {
	sandbox doctor --json
	assert_success
	assert_equal "$(finding 'limits of all together' answer)" no
}
