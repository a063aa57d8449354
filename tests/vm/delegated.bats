# Limits in a cgroup that is the caller's already, with no manager asked.
# vm: delegated
load vm

setup_file() { own_cgroup; }

@test "the cgroup above ours is taken, without a manager" {
	unset XDG_RUNTIME_DIR
	start -m 100m --pids-limit 40
	case $box in */vm-delegated.service/ci/sandbox-*/in) ;; *) fail "not there: $box" ;; esac
	assert_equal "$(cat "$box/memory.max" "$box/../memory.max" | paste -sd ' ')" '104857600 104857600'
	kill "$supervisor"
	wait "$supervisor" || :
	XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/runtime
}

@test "memory and processes are held" {
	sandbox -m 64m --meta run.json / python3 -c 'x = bytearray(300 << 20)'
	assert_status 137
	assert_equal "$(json run.json "j['reason']")" oom
	sandbox --pids-limit 10 --meta run.json / sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1 & done; wait'
	assert_equal "$(json run.json "j['tasks-refused'] > 0")" True
}

@test "it is removed by whoever is left: SIGKILL of the supervisor, of process 1, of the watcher" {
	start -m 100m
	kill -KILL "$supervisor"
	wait "$supervisor" || :
	eventually no_cgroups || fail "left: $left"
	start -m 100m
	kill -KILL "$init"
	wait "$supervisor" || :
	no_cgroups || fail "left: $left"
	start -m 100m
	kill -KILL "$(pgrep -P "$supervisor" -f sandbox-watch || pgrep -P "$supervisor" | grep -vx "$init")"
	kill "$supervisor"
	wait "$supervisor" || :
	no_cgroups || fail "left: $left"
}

@test "alone in a cgroup of ours: it is as it was afterwards" {
	local top
	top=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
	top=${top%/shell}/alone
	mkdir "$top"
	echo '+memory +pids +cpu' >"${top%/*}/cgroup.subtree_control" 2>/dev/null || :
	# shellcheck disable=SC2016
	bash -c 'echo $$ >"$1/cgroup.procs"; exec "$0" --limits=cgroup -m 64m --meta run.json "$2" cat /sys/fs/cgroup/memory.max' \
		"$SANDBOX" "$top" "$root" >out 2>err || fail "$(cat err)"
	assert_equal "$(cat out)" $((64 << 20))
	assert_equal "$(find "$top" -mindepth 1 -type d)" ''
	assert_equal "$(cat "$top/cgroup.subtree_control")" ''
	rmdir "$top"
}

@test "anybody killed at any moment of a life: no cgroup is left" {
	kill_some '-d -m 100m --userns=single' '-m 100m --pids-limit 40 --cpus 1 --userns=single' '-d --limits=cgroup --as-pid-1 --userns=single' '-d -m 100m --layer=disk --userns=single' 'tty -m 100m --userns=single'
}

@test "--limits=systemd asks the manager all the same" {
	start --limits=systemd -m 100m
	case $box in */user@1000.service/*/box/in) ;; *) fail "not there: $box" ;; esac
	kill "$supervisor"
	wait "$supervisor" || :
}
