# The OCI runtime's cgroups: in one of version 2 that is the caller's, as an engine hands one down.
# vm: delegated
# shellcheck disable=SC2016 # what is quoted is for shells inside
load vm
load ../run/oci

setup_file() { own_cgroup; }

setup() {
	oci_setup
	supervisor=
	above=$(sed -n 's/^0:://p' /proc/self/cgroup)
	above=${above%/shell}
	mkdir data
}

teardown() {
	"$oci" delete --force x >/dev/null 2>&1 || :
	lib_teardown
}

# limited SCRIPT [PYTHON...]: a bundle with a /tmp in memory and data, in $box, which the runtime is to make
limited() {
	box=/sys/fs/cgroup$above/box
	PLACE=$above/box sh_bundle b "$1" 'l["cgroupsPath"] = os.environ["PLACE"]' \
		'c["mounts"].append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]})' \
		'c["mounts"].append({"destination": "/data", "type": "bind", "source": "'"$PWD"'/data", "options": ["bind", "rw"]})' "${@:2}"
}

# event FILE NAME: its count in $box
event() { sed -n "s/^$2 //p" "$box/$1"; }

@test "memory and processes are held, and the cgroup is gone with the container" {
	limited 'head -c 200m /dev/zero >/tmp/file && echo survived; sleep 300' 'l["resources"] = {"memory": {"limit": 32 << 20}, "pids": {"limit": 9}}'
	made create --bundle b x
	assert_success
	assert_equal "$(cat "$box/memory.max" "$box/pids.max" "$box/cgroup.procs" | paste -sd ' ')" "$((32 << 20)) 9 $(pid_of x)"
	oci start x
	assert_success
	oom() { [ "$(event memory.events oom_kill)" -gt 0 ]; }
	eventually -t 300 oom || fail "no kill: $(cat "$box/memory.events" "$box/cgroup.procs" made.out made.err)"
	assert_equal "$(grep survived made.out)" ''
	oci delete --force x
	assert_success
	[ ! -e "$box" ]
	limited 'i=0; while [ $i -lt 20 ]; do sleep 300 & i=$((i + 1)); done; echo all of them' 'l["resources"] = {"pids": {"limit": 9}}'
	made run --detach --bundle b x
	refused() { [ "$(event pids.events max)" -gt 0 ]; }
	eventually -t 300 refused || fail "as many as wanted: $(cat "$box/pids.current")"
	[ "$(cat "$box/pids.current")" -le 9 ]
	assert_equal "$(grep all made.out)" ''
	oci delete --force x
	assert_success
	[ ! -e "$box" ]
	no_records
}

@test "run: what was killed for memory has a killed command's status" {
	limited 'exec head -c 200m /dev/zero >/tmp/file' 'l["resources"] = {"memory": {"limit": 32 << 20}}'
	oci run --bundle b x
	assert_status 137
	[ ! -e "$box" ]
	no_records
}

@test "the cgroup is the root of what is seen inside, and a command that joins is in it" {
	limited 'cat /proc/self/cgroup >/data/first; sleep 300' 'l["resources"] = {"pids": {"limit": 20}}'
	made run --detach --bundle b x
	assert_success
	eventually -t 300 test -s data/first
	assert_equal "$(cat data/first)" 0::/
	made exec --detach --pid-file pid x sleep 299
	assert_success
	grep -qx "$(cat pid)" "$box/cgroup.procs" || fail "$(cat pid) is not among $(paste -sd ' ' "$box/cgroup.procs")"
	oci exec x cat /proc/self/cgroup
	assert_output 0::/
}

@test "pause, resume: nothing runs in between; a paused one can be deleted" {
	limited 'i=0; while :; do i=$((i + 1)); echo $i >/data/new; mv /data/new /data/count; done'
	made run --detach --bundle b x
	assert_success
	eventually -t 300 test -s data/count
	oci pause x
	assert_success
	is_state x paused
	assert_equal "$(event cgroup.events frozen)" 1
	local count used
	count=$(cat data/count)
	used=$(event cpu.stat usage_usec)
	sleep 1 # in which it would count on
	assert_equal "$(cat data/count)" "$count"
	assert_equal "$(event cpu.stat usage_usec)" "$used"
	oci pause x
	assert_refused 'paused'
	oci resume x
	assert_success
	is_state x running
	counts_on() { [ "$(cat data/count)" != "$count" ]; }
	eventually -t 300 counts_on
	oci pause x
	assert_success
	oci delete --force x
	assert_success
	[ ! -e "$box" ]
	no_records
}

@test "update: a limit of one that runs" {
	limited 'sleep 300' 'l["resources"] = {"memory": {"limit": 64 << 20}}'
	made run --detach --bundle b x
	assert_success
	echo '{"memory": {"limit": 33554432}, "pids": {"limit": 7}, "cpu": {"quota": 50000, "period": 100000}}' >resources.json
	oci update --resources resources.json x
	assert_success
	assert_equal "$(cat "$box/memory.max" "$box/pids.max" "$box/cpu.max" | paste -sd ' ')" '33554432 7 50000 100000'
	echo '{"unified": {"hugetlb.2MB.max": "0"}}' >resources.json
	oci update --resources resources.json x
	assert_refused 'cannot hold the container to .*: the cgroup has no hugetlb.2MB.max'
}

@test "a controller that was not handed down, and a place that is somebody else's, are refused by the limit's name" {
	limited 'echo ran' 'l["resources"] = {"unified": {"hugetlb.2MB.max": "0"}}'
	oci run --bundle b x
	assert_refused 'cannot hold the container to .*unified.*: the cgroup has no hugetlb.2MB.max'
	[ ! -e "$box" ]
	limited 'echo ran' 'l["resources"] = {"pids": {"limit": 20}}' 'l["cgroupsPath"] = "/elsewhere/box"'
	oci run --bundle b x
	assert_refused 'make the cgroup /sys/fs/cgroup/elsewhere/box, for .*pids.limit' 'delegated'
	mkdir "$box"
	limited 'echo ran' 'l["resources"] = {"pids": {"limit": 20}}'
	oci run --bundle b x
	assert_refused 'make the cgroup .*/box, for .*pids.limit: File exists' 'another container'
	rmdir "$box"
	no_records
	# Who asks for no limit runs without a cgroup there.
	limited 'echo ran' 'l["cgroupsPath"] = "/elsewhere/box"'
	oci run --bundle b x
	assert_output ran
}

@test "without a path, or with a relative one, it is beside the caller's own" {
	limited 'sleep 300' 'l["resources"] = {"pids": {"limit": 20}}' 'del l["cgroupsPath"]'
	made run --detach --bundle b x
	assert_success
	assert_equal "$(cat "/sys/fs/cgroup$above/sandbox-oci-x/pids.max")" 20
	oci delete --force x
	[ ! -e "/sys/fs/cgroup$above/sandbox-oci-x" ]
	limited 'sleep 300' 'l["resources"] = {"pids": {"limit": 20}}' 'l["cgroupsPath"] = "box/deeper"'
	made run --detach --bundle b x
	assert_success
	assert_equal "$(cat "$box/deeper/pids.max")" 20
	oci delete --force x
	[ ! -e "$box/deeper" ]
	rmdir "$box"
}
