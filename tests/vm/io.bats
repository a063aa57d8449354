# Limits that need controllers which systemd delegates only when it is told to.
# vm: login
# root: mkdir -p /etc/systemd/system/user@.service.d
# root: printf '[Service]\nDelegate=cpu cpuset io memory pids\n' >/etc/systemd/system/user@.service.d/delegate.conf
# root: systemctl daemon-reload
# root: systemctl restart user@1000
load vm

@test "the weight of the disk's time" {
	start --io-weight 50
	assert_equal "$(cat "$box/../io.weight" "$box/../io.bfq.weight" 2>/dev/null | head -n 1)" 'default 50'
	kill "$supervisor"
	wait "$supervisor" || :
}

@test "what the disks have carried is counted" {
	sandbox --io-weight 50 --bind .:/here --meta run.json / sh -c 'dd if=/dev/zero of=/here/file bs=1M count=8 oflag=direct 2>/dev/null'
	assert_success
	[ "$(json run.json "j['io-written']")" -ge $((8 << 20)) ]
}

@test "CPUs: the command cannot take others" {
	sandbox -m 100m --cpuset 1 / taskset -c 0 true
	assert_status 1
	sandbox -m 100m --cpuset 1 / sh -c 'taskset -c 0-1 grep Cpus_allowed_list /proc/self/status; cat /sys/fs/cgroup/cpuset.cpus'
	assert_output "$(printf 'Cpus_allowed_list:\t1\n1')"
}
