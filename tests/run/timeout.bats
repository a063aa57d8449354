# Time limits, and what a process carries with it: --timeout, --cpu-time, --nice, --cpuset, --oom-score-adj.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
}

# took_less_than MS, took_at_least MS: since $start, microseconds
took_less_than() { [ $((${EPOCHREALTIME/./} - start)) -lt $(($1 * 1000)) ] || fail "took $((${EPOCHREALTIME/./} - start)) us"; }
took_at_least() { [ $((${EPOCHREALTIME/./} - start)) -ge $(($1 * 1000)) ] || fail "took $((${EPOCHREALTIME/./} - start)) us"; }

@test "a command that ends in time is not touched" {
	sandbox --timeout 1m "$root" /bin/sh -c 'exit 7'
	assert_status 7
	assert_equal "$stderr" ''
}

@test "one that does not is ended by TERM, and that is said" {
	start=${EPOCHREALTIME/./}
	sandbox --timeout 300ms "$root" sleep 60
	took_at_least 300 && took_less_than 30000
	assert_status 143
	assert_equal "$stderr" 'sandbox: timed out after 300ms: ended by TERM'
}

# case: a command that does not heed SIGTERM, stops, or is process 1
@test "TERM goes to all processes inside, the stopped ones too, and the command may tidy up" {
	mkdir out
	# shellcheck disable=SC2016
	sandbox --timeout 2s --bind out:/out "$root" /bin/sh -c '
		sh -c "trap \"echo child >>/out/said; exit\" TERM; while :; do sleep 0.1; done" &
		sh -c "trap \"echo stopped >>/out/said; exit\" TERM; kill -STOP \$\$; sleep 60" &
		trap "wait; echo tidy >>/out/said; exit 0" TERM
		while :; do sleep 0.1; done'
	assert_status 143
	assert_equal "$(sort out/said | paste -sd ' ')" 'child stopped tidy'
}

# case: a command that does not heed SIGTERM, stops, or is process 1
@test "KILL follows after the grace" {
	start=${EPOCHREALTIME/./}
	sandbox --timeout 200ms --timeout-grace 400ms "$root" /bin/sh -c 'trap "" TERM; while :; do sleep 1; done'
	took_at_least 600 && took_less_than 30000
	assert_status 137
	assert_equal "$stderr" 'sandbox: timed out after 200ms: TERM was not heeded for 400ms, ended by KILL'
}

@test "without a grace there is no TERM" {
	mkdir out
	sandbox --timeout 200ms --timeout-grace 0 --bind out:/out "$root" /bin/sh -c 'trap "touch /out/term" TERM; while :; do sleep 0.1; done'
	assert_status 137
	assert_equal "$(ls out)" ''
	assert_equal "$stderr" 'sandbox: timed out after 200ms: ended by KILL'
}

# case: a command that does not heed SIGTERM, stops, or is process 1
@test "a command that is process 1 is ended too" {
	sandbox --as-pid-1 --timeout 200ms --timeout-grace 200ms "$root" sleep 60
	assert_status 137
	sandbox --as-pid-1 --timeout 2s "$root" /bin/sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
	assert_status 143
}

# case: fork bomb
@test "a fork bomb is ended in time, and leaves nothing" {
	start=${EPOCHREALTIME/./}
	sandbox --timeout 500ms --timeout-grace 200ms --ulimit nproc=200 "$root" /bin/sh -c \
		'trap "" TERM; b() { b | b & }; (while :; do b; done) & while :; do :; done'
	assert_status 137
	took_less_than 20000
}

@test "the clock may be set inside a time namespace, and the time limit does not move" {
	start=${EPOCHREALTIME/./}
	sandbox --monotonic-offset 10d --boottime-offset 10d --timeout 300ms "$root" sleep 60
	assert_status 143
	took_at_least 300 && took_less_than 30000
}

@test "--cpu-time ends a process that computes, and not one that sleeps" {
	sandbox --cpu-time 1s "$root" /bin/sh -c 'while :; do :; done'
	assert_status 152
	assert_equal "$stderr" 'sandbox: used up its CPU time of 1s'
	sandbox --cpu-time 1s "$root" /bin/sh -c 'trap "" XCPU; while :; do :; done'
	assert_status 137
	assert_equal "$stderr" 'sandbox: used up its CPU time of 1s'
	sandbox --cpu-time 1s "$root" sleep 1.2
	assert_success
}

@test "--nice is added to the caller's, and weighs between sessions" {
	# shellcheck disable=SC2016
	run --separate-stderr nice -n 3 "$SANDBOX" --nice 4 "$root" /bin/sh -c 'cut -d " " -f 19 /proc/self/stat; cat /proc/self/autogroup'
	assert_success
	assert_output_has '^7$'
	[ ! -e /proc/self/autogroup ] || assert_output_has 'nice 7$'
	# Process 1 stays closed.
	sandbox --nice 4 "$root" cat /proc/1/environ
	assert_status 1
}

@test "--oom-score-adj goes up, and not below the caller's" {
	sandbox --oom-score-adj 321 "$root" cat /proc/self/oom_score_adj
	assert_output 321
	echo 400 >/proc/self/oom_score_adj || skip 'missing: a writable oom_score_adj'
	sandbox --oom-score-adj -1 "$root" true
	assert_refused 'cannot set oom_score_adj to -1' 'only root'
}

@test "--cpuset runs on these CPUs, and on no others" {
	local cpu
	cpu=$(taskset -pc $$ | sed 's/.*[:,-] *//')
	sandbox --cpuset "$cpu" "$root" grep Cpus_allowed_list /proc/self/status
	assert_output "$(printf 'Cpus_allowed_list:\t%s' "$cpu")"
	sandbox --cpuset "$cpu,1023" "$root" true
	assert_refused 'CPU 1023 is not there for you'
	sandbox --cpuset 1023 "$root" true
	assert_refused 'cannot run on the CPUs 1023'
}

@test "bad values are refused with the option's name" {
	for words in --timeout=0 --timeout=5x --timeout=-5 --cpu-time=0 --nice=-1 --nice=20 --oom-score-adj=1001 --cpuset=a; do
		sandbox "$words" "$root" true
		assert_refused "^sandbox: ${words%%=*} " || return
	done
}
