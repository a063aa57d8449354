# The OCI runtime's cgroups by systemd's managers: the user's, in a login session, and root's.
# vm: login
# shellcheck disable=SC2016 # what is quoted is for shells inside
load vm
load ../run/oci

setup() {
	oci_setup
	supervisor=
	mkdir data
}

teardown() {
	"$oci" delete --force x >/dev/null 2>&1 || :
	lib_teardown
}

# limited SCRIPT [PYTHON...]: a bundle in the scope test-box.scope of app.slice, with a /tmp in memory and data
limited() {
	sh_bundle b "$1" 'l["cgroupsPath"] = "app.slice:test:box"' \
		'c["mounts"].append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]})' \
		'c["mounts"].append({"destination": "/data", "type": "bind", "source": "'"$PWD"'/data", "options": ["bind", "rw"]})' "${@:2}"
}

# shown NAME...: what the manager says of the scope
shown() {
	local name
	for name; do
		manager show test-box.scope --value -p "$name"
	done | paste -sd ' '
}
scope_gone() { [ -z "$(manager list-units --all --plain --no-legend 'test-box.scope')" ]; }
find_box() { box=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(pid_of x)/cgroup"); }

@test "a scope of the user's manager: its limits are told, written, held, changed; it goes with the container" {
	limited 'cat /proc/self/cgroup >/data/first; head -c 200m /dev/zero >/tmp/file && echo survived; sleep 300' \
		'l["resources"] = {"memory": {"limit": 64 << 20, "reservation": 16 << 20}, "pids": {"limit": 20}, "unified": {"memory.high": "max"}}'
	made --systemd-cgroup create --bundle b x
	assert_success
	find_box
	[[ $box == */app.slice/test-box.scope ]] || fail "it is in $box"
	assert_equal "$(cat "$box/memory.max" "$box/memory.low" "$box/pids.max" | paste -sd ' ')" "$((64 << 20)) $((16 << 20)) 20"
	assert_equal "$(shown MemoryMax MemoryLow TasksMax Delegate Slice)" "$((64 << 20)) $((16 << 20)) 20 yes app.slice"
	manager daemon-reload
	assert_equal "$(cat "$box/memory.max" "$box/pids.max" | paste -sd ' ')" "$((64 << 20)) 20"
	oci start x
	assert_success
	eventually -t 300 test -s data/first
	assert_equal "$(cat data/first)" 0::/
	oom() { grep -q '^oom_kill [1-9]' "$box/memory.events"; }
	eventually -t 300 oom || fail 'no kill'
	assert_equal "$(grep survived made.out)" ''
	oci delete --force x
	assert_success
	[ ! -e "$box" ]
	eventually -t 300 scope_gone
	no_records
}

@test "exec from the session's own scope is in it; pause; update, which outlives a reload" {
	limited 'sleep 300' 'l["resources"] = {"pids": {"limit": 20}}'
	made --systemd-cgroup run --detach --bundle b x
	assert_success
	find_box
	made exec --detach --pid-file pid x sleep 299
	assert_success
	grep -qx "$(cat pid)" "$box/cgroup.procs" || fail "$(cat pid) is not among $(paste -sd ' ' "$box/cgroup.procs")"
	echo '{"memory": {"limit": 33554432}, "pids": {"limit": 7}}' >resources.json
	oci update --resources resources.json x
	assert_success
	manager daemon-reload
	assert_equal "$(cat "$box/memory.max" "$box/pids.max" | paste -sd ' ')" '33554432 7'
	assert_equal "$(shown MemoryMax TasksMax)" '33554432 7'
	oci pause x
	assert_success
	is_state x paused
	oci resume x
	assert_success
	oci delete --force x
	assert_success
	eventually -t 300 scope_gone
}

@test "without a path, without a limit; one that is taken; a limit that the user's manager was not given" {
	limited 'cat /proc/self/cgroup; sleep 300' 'del l["cgroupsPath"]'
	made --systemd-cgroup run --detach --bundle b x
	assert_success
	find_box
	[[ $box == */sandbox-oci-x.scope ]] || fail "it is in $box"
	made --systemd-cgroup run --detach --bundle b y
	assert_success
	oci delete --force y
	limited 'sleep 300' 'l["cgroupsPath"] = "app.slice:sandbox-oci:x"' 'l["resources"] = {"pids": {"limit": 20}}'
	oci --systemd-cgroup run --bundle b z
	assert_refused 'systemd refuses to make the scope sandbox-oci-x.scope'
	oci delete --force x
	limited 'echo ran' 'l["resources"] = {"unified": {"hugetlb.2MB.max": "0"}}'
	oci --systemd-cgroup run --bundle b x
	assert_refused 'cannot hold the container to .*unified.*: the cgroup has no hugetlb.2MB.max'
	limited 'echo ran' 'l["resources"] = {"pids": {"limit": 20}}' 'l["cgroupsPath"] = "/box"'
	oci --systemd-cgroup run --bundle b x
	assert_refused "'/box' is not slice:prefix:name"
	eventually -t 300 scope_gone
	no_records
}

@test "root's container is in a scope of the system's, with processors and a weight too" {
	limited 'sleep 300' 'l["cgroupsPath"] = "system.slice:test:box"' 'inside()' \
		'l["resources"] = {"cpu": {"cpus": "0", "shares": 512, "quota": 50000, "period": 100000}, "pids": {"limit": 20}, "blockIO": {"weight": 100}}'
	as_root "cd '$PWD' && '$oci' --root /run/oci --systemd-cgroup run --detach --bundle b x </dev/null >/run/oci.out 2>&1"
	box=/sys/fs/cgroup/system.slice/test-box.scope
	[ -d "$box" ] || fail "no scope: $(cat /run/oci.out)"
	assert_equal "$(cat "$box/cpuset.cpus" "$box/cpu.max" "$box/pids.max" "$box/cpu.weight" | paste -sd ' ')" '0 50000 100000 20 20'
	assert_equal "$(for name in AllowedCPUs TasksMax CPUWeight CPUQuotaPerSecUSec; do systemctl show test-box.scope --value -p "$name"; done | paste -sd ' ')" \
		'0 20 20 500ms'
	as_root "'$oci' --root /run/oci delete --force x"
	eventually -t 300 test ! -e "$box"
}
