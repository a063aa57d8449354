# Kills of the helpers of a network, at any moment: nothing is left, and no packet gets past the rules. More rounds by `FAULTS=long make faults`.
load ../lib
load attack
load ../run/lab

setup() {
	lib_setup
	resolv_conf 'nameserver 192.168.77.1'
	export XDG_CACHE_HOME=$scratch/cache
	rounds=1
	! long || rounds=40
	there=()
}

# What no rule allows, as often as can be from the first moment on. 203.0.113.200 is allowed, and shows that it ran.
# shellcheck disable=SC2016
flood='while :; do echo x >/dev/udp/203.0.113.200/9; for a in 198.51.100.66 203.0.113.66 192.168.77.2; do echo x >/dev/udp/$a/9; done; done 2>/dev/null'

launch() {
	"$PROJECT/tests/run/lab" enter "$LAB" "$SANDBOX" --userns=single "$@" >/dev/null 2>"$scratch/said" 3>&- &
	supervisor=$!
}

# pick SUPERVISOR WHO: its pid, or nothing. Process 1 is the one child that has changed its user namespace.
pick() {
	local pid
	case $2 in
	supervisor) echo "$1" ;;
	slirp4netns | egress | relay | sandbox-watch) pgrep -P "$1" -x "$2" ;;
	pasta) pgrep -P "$1" '^(pasta|passt)' ;;
	process_1) for pid in $(pgrep -P "$1" -x sandbox); do
		[ "$(readlink "/proc/$pid/ns/pid")" != "$(readlink "/proc/$1/ns/pid")" ] && echo "$pid"
	done | head -n 1 ;;
	payload) pid=$(pick "$1" process_1) && [ -n "$pid" ] && pgrep -P "$pid" | head -n 1 ;;
	esac
}

gone() { eventually -t 3 no_new_processes || fail "left: $left"; }

nothing_got_out() { no_packets '198.51.100.66|203.0.113.66|192.168.77.2 9'; }

# kill_one WHO DELAY ARG...: start it, kill WHO after DELAY, and the supervisor when that has not ended it.
kill_one() {
	local pid
	launch "${@:3}"
	sleep "$2"
	pid=$(pick "$supervisor" "$1") || :
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || :
	if [ "$1" != supervisor ]; then
		sleep 0.03
		kill -KILL "$supervisor" 2>/dev/null || :
	fi
	wait "$supervisor" 2>/dev/null || :
	gone || fail "after $1 at $2: $*"
}

# case: kills of helpers, supervisor, process 1, watcher
@test "a kill of each process, at any moment of the start and after it" {
	local who i how
	for how in --allow-net=203.0.113.200 '--network=pasta --allow-net=203.0.113.200' '--network=pasta --layer=disk --allow-net=203.0.113.200' '--as-pid-1 --allow-net=203.0.113.200'; do
		for who in supervisor slirp4netns pasta egress sandbox-watch process_1 payload; do
			[[ $how != *pasta* || $who != slirp4netns ]] || continue
			[[ $how == *pasta* || $who != pasta ]] || continue
			[[ $how == *pasta* || $how == *pid-1* || $who != sandbox-watch ]] || continue
			[[ $how == *allow* || $who != egress ]] || continue
			for ((i = 0; i < rounds * 2; i++)); do
				# shellcheck disable=SC2086
				kill_one $who "0.$(printf %03d $((RANDOM % 160 + 40)))" $how / bash -c "$flood"
			done
		done
	done
	# However slow the machine is: one that is let get out what it may.
	launch --allow-net=203.0.113.200 / bash -c "$flood"
	eventually -t 60 grep -q '203.0.113.200 9' "$lab/packets"
	kill -KILL "$supervisor"
	wait "$supervisor" 2>/dev/null || :
	gone
	nothing_got_out
	# A layer whose every cleaner was killed is taken away by the next.
	in_lab "$SANDBOX" --userns=single --layer=disk / true
	[ -z "$(ls -A "$XDG_CACHE_HOME/sandbox/layers" 2>/dev/null)" ]
}

# case: kills of helpers, supervisor, process 1, watcher
@test "the rules outlive the one who made them" {
	local i
	launch --allow-net=203.0.113.200 --net-log=log / bash -c "$flood"
	for i in egress slirp4netns; do
		eventually test -n "$(eventually pick "$supervisor" $i)"
		eventually grep -q '203.0.113.200 9' "$lab/packets"
		kill -KILL "$(pick "$supervisor" $i)"
		sleep 0.3 # it goes on trying
	done
	kill -TERM "$supervisor"
	status=0
	wait "$supervisor" || status=$?
	assert_status 143
	stderr=$(cat said)
	assert_stderr_has 'egress was killed by signal 9 while the command ran: from then on no name could be resolved' \
		'slirp4netns was killed by signal 9 while the command ran: from then on the network was gone'
	nothing_got_out
}

# case: kills of helpers, supervisor, process 1, watcher
@test "a helper that is stopped does not hold up the end, and does not stay" {
	local who end how pid start
	for end in TERM KILL; do
		for who in egress slirp4netns pasta relay; do
			how=--allow-net=203.0.113.200
			[ $who != pasta ] || how='--network=pasta --allow-net=203.0.113.200'
			[ $who != relay ] || how="$how -p 8080:80"
			# shellcheck disable=SC2086
			launch $how / bash -c "$flood"
			eventually test -n "$(eventually pick "$supervisor" "$who")"
			eventually test -n "$(eventually pick "$supervisor" payload)"
			pid=$(pick "$supervisor" "$who")
			kill -STOP "$pid"
			start=${EPOCHREALTIME/./}
			kill -$end "$supervisor"
			wait "$supervisor" || :
			[ $(((${EPOCHREALTIME/./} - start) / 1000)) -lt 7000 ]
			gone || fail "$who, after $end"
		done
	done
	nothing_got_out
}

# case: Ctrl-C while it starts
@test "Ctrl-C at any moment of the start" {
	local i how
	for how in --network=slirp4netns --allow-net=ok.test --network=pasta; do
		for ((i = 0; i < rounds * 8; i++)); do
			"$PROJECT/tests/run/lab" enter "$LAB" env --default-signal=INT "$SANDBOX" --userns=single "$how" / sleep 5 >/dev/null 2>said 3>&- &
			supervisor=$!
			eventually grep -qsx sandbox "/proc/$supervisor/comm"
			sleep "0.$(printf %03d $((RANDOM % 100)))"
			kill -INT "$supervisor" 2>/dev/null || :
			status=0
			wait "$supervisor" 2>/dev/null || status=$?
			[ "$status" = 130 ] || { stderr=$(cat said) && told 'status should be 130'; }
		done
	done
	gone
}

# case: a packet before the rules are there
@test "many networks at once" {
	local i n=30 pids=() up
	! long || n=100
	for ((i = 0; i < n; i++)); do
		up=$((i % 200 + 1))
		"$PROJECT/tests/run/lab" enter "$LAB" "$SANDBOX" --userns=single --allow-net=203.0.113.$up --ro-bind "$PROJECT/tests/run/lab-client:/run/client" / /run/client \
			tcp 203.0.113.$up 443 / tcp 203.0.113.250 443 >"out.$i" 2>"err.$i" 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	for ((i = 0; i < n; i++)); do
		assert_equal "$(cat "out.$i")" "hello 203.0.113.$((i % 200 + 1)) 443"$'\nECONNREFUSED'
	done
	gone
}

# case: kills of helpers, supervisor, process 1, watcher
@test "an error or a kill at the calls of a launch with a network" {
	require_program strace
	local fault call n
	for fault in error=EPERM error=ENOMEM signal=KILL; do
		for call in setns pipe2 socketpair memfd_create pidfd_open clone setpgid dup2 fcntl sendto recvfrom socket execve prctl unshare; do
			for n in 1 2 3; do
				long || [ $((RANDOM % 4)) = 0 ] || continue
				status=0
				timeout -s KILL 10 "$PROJECT/tests/run/lab" enter "$LAB" sh -c '"$@"; exit $?' - strace -f -qq -o /dev/null -e "inject=$call:$fault:when=$n" \
					"$SANDBOX" --userns=single --allow-net=203.0.113.200 / bash -c 'for i in 1 2 3; do echo x >/dev/udp/198.51.100.66/9; done; echo ran' >out 2>said </dev/null || status=$?
				[ $status != 137 ] || [ $fault = signal=KILL ] || fail "it hung: $fault at $call $n"
				[ $status != 125 ] || grep -aq '^sandbox: ' said || fail "silent: $fault at $call $n"
			done
		done
	done
	gone
	nothing_got_out
}
