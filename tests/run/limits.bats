# Limits of all processes together: what a machine without cgroups for us says, and what best effort does there.
# That they hold is seen in a virtual machine: make check-vm.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	require 'python3' command -v python3
}

# without: there is no cgroup of version 2 for us here
without() { ! "$SANDBOX" -m 1g "$root" true 2>/dev/null; }

@test "without cgroups limits are refused, with the way out" {
	require 'a machine without cgroups for us' without
	for words in '-m 64m' '--cpus 1' '--pids-limit 9' '--io-weight 9' '--limits=systemd' '--limits=cgroup'; do
		# shellcheck disable=SC2086
		sandbox $words "$root" /bin/echo ran
		assert_refused 'cannot enforce --' || return
		[[ $words == --limits* ]] || assert_stderr_has "cannot enforce --(memory|${words:2:4})" 'best-effort' || return
	done
	assert_equal "$("$SANDBOX" --profile judge / true 2>&1 | head -n 1 | sed 's/:.*//')" sandbox
}

@test "a limit in a profile is named with its line, and taken back by unlimited" {
	require 'a machine without cgroups for us' without
	printf 'memory = 64m\n' >mine.conf
	sandbox --profile ./mine.conf "$root" true
	assert_refused 'cannot enforce --memory \(profile .*mine.conf:1\)'
	sandbox --profile ./mine.conf --memory=unlimited "$root" /bin/echo ran
	assert_output ran
}

@test "best effort: memory" {
	sandbox -m 64m --limits=best-effort / python3 -c 'x = bytearray(300 << 20); print("has it")'
	[ "$status" != 0 ] || told 'it should not have it'
	assert_output ''
	sandbox -m 256m --limits=best-effort / python3 -c 'x = bytearray(30 << 20); print("has it")'
	assert_output 'has it'
	! without || assert_stderr_has 'note: best effort for --memory: each process by itself'
}

@test "best effort: what is not limited is said" {
	require 'a machine without cgroups for us' without
	sandbox --cpus 1 --io-weight 10 --limits=best-effort "$root" /bin/echo ran
	assert_output ran
	assert_stderr_has 'note: best effort for --cpus: the use of CPUs is not limited' 'best effort for --io-weight'
}

@test "the judge, with what there is" {
	printf 'import sys\nprint(sum(int(x) for x in sys.stdin.read().split()))\n' >answer.py
	run --separate-stderr "$SANDBOX" --profile judge --limits=best-effort --meta run.json --ro-bind answer.py:/answer.py / python3 /answer.py <<<'1 2 3'
	assert_success
	assert_output 6
	grep -q '"reason": "exited"' run.json
	# shellcheck disable=SC2016
	run --separate-stderr "$SANDBOX" --profile judge --limits=best-effort / \
		sh -c 'id -u; hostname; pwd; env | grep -v "^_=" | sort | cut -d = -f 1 | paste -sd " "; echo $TZ $LANG $HOME; touch /x /etc/x; ls / | wc -l >/tmp/ok && echo tmp' </dev/null
	assert_output_has '^1000$' '^judge$' '^UTC C.UTF-8 /tmp$' '^tmp$'
	assert_stderr_has 'Read-only file system'
	run --separate-stderr "$SANDBOX" --profile judge --limits=best-effort --meta run.json --timeout 500ms / sleep 60 </dev/null
	assert_status 137
	grep -q '"reason": "timeout"' run.json
	# A disk filler, and a flood of output into a file: held by their own limits.
	run --separate-stderr "$SANDBOX" --profile judge --limits=best-effort / sh -c 'cat /dev/zero >/tmp/fill' </dev/null
	[ "$status" != 0 ] || told 'a small /tmp'
	"$SANDBOX" --profile judge --limits=best-effort / sh -c 'cat /dev/zero' </dev/null >flood 2>/dev/null || :
	[ "$(stat -c %s flood)" -le $((16 << 20)) ] || fail "wrote $(stat -c %s flood)"
}
