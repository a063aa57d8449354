# However it ends, nothing is left: processes, mounts, layers on disk; and nothing inside reaches what is outside.
load ../lib
load attack

setup() {
	lib_setup
	tiny_rootfs
	export XDG_CACHE_HOME=$scratch/cache
	layers=$XDG_CACHE_HOME/sandbox/layers
	rounds=12
	! long || rounds=100
}

# start ARG...: in the background, until the command inside runs; sets $supervisor.
start() {
	rm -f "$scratch/go"
	mkfifo "$scratch/go"
	"$SANDBOX" "$@" >"$scratch/go" 3>&- &
	supervisor=$!
	read -r -t 10 _ <"$scratch/go"
}

no_layers() { [ -z "$(ls -A "$layers" 2>/dev/null)" ]; }

# gone: soon nothing of this test is left, on disk either. It takes milliseconds; a busy machine may take seconds.
gone() {
	eventually -t 5 no_new_processes || fail "left: $left" || return
	eventually -t 5 no_layers || fail "left: $(ls -A "$layers")"
}

# Who there is: supervisor, its child that is process 1, and the watcher.
process_1() { pgrep -P "$1" | while read -r pid; do [ "$(cat "/proc/$pid/comm")" = sandbox-watch ] || echo "$pid"; done | head -n 1; }
watcher() { pgrep -P "$1" -x sandbox-watch; }

payload='echo started; setsid sleep 100 & exec sleep 100'

# case: SIGKILL of supervisor and process 1
@test "kill -9 of the supervisor, of process 1, of the watcher: everything is gone" {
	local how who
	for how in --init --as-pid-1 --layer=disk '--as-pid-1 --layer=disk' --die-with-parent --network=host; do
		for who in supervisor process_1 watcher; do
			# shellcheck disable=SC2086
			start $how "$root" /bin/sh -c "$payload"
			case $who in
			supervisor) kill -KILL "$supervisor" ;;
			process_1) kill -KILL "$(process_1 "$supervisor")" ;;
			watcher)
				[[ $how == *disk* || $how == *pid-1* ]] || { kill -KILL "$supervisor"; wait "$supervisor" || :; continue; }
				kill -KILL "$(watcher "$supervisor")"
				kill -KILL "$(process_1 "$supervisor")"
				;;
			esac
			wait "$supervisor" 2>/dev/null && fail "status 0: $how $who"
			gone || fail "$how, $who"
		done
	done
}

# case: SIGKILL of supervisor and process 1
@test "kill -9 at any moment of the start leaves nothing" {
	local how who i pid
	for how in --init --as-pid-1 --layer=disk --userns=single; do
		for who in supervisor process_1; do
			for ((i = 0; i < rounds; i++)); do
				"$SANDBOX" "$how" "$root" /bin/sleep 100 >/dev/null 2>&1 3>&- &
				supervisor=$!
				sleep "0.0$((RANDOM % 30 + 10))"
				pid=$supervisor
				[ $who = supervisor ] || pid=$(process_1 "$supervisor")
				kill -KILL "${pid:-$supervisor}" 2>/dev/null || :
				wait "$supervisor" 2>/dev/null || :
				eventually -t 5 no_new_processes || fail "left after $how $who: $left"
			done
		done
	done
	# The one moment that is open to chance: the next run takes it away.
	sandbox --layer=disk "$root" true
	assert_success
	no_layers
}

# case: --as-pid-1 that undoes its tie
@test "a payload that undoes its tie to us dies all the same" {
	# prctl(PR_SET_PDEATHSIG, 0) is any program's to call; so are stopped, traced and orphaned processes.
	for how in --init --as-pid-1; do
		start "$how" "$root" /bin/sh -c 'echo started; (setsid setsid nohup sleep 100 &); sh -c "kill -STOP \$\$" & trap "" TERM HUP INT; sleep 100; sleep 100'
		kill -TERM "$supervisor"
		kill -KILL "$supervisor" 2>/dev/null || : # it may be dead already
		wait "$supervisor" 2>/dev/null || :
		gone
		start "$how" "$root" /bin/probe untie
		kill -KILL "$supervisor"
		wait "$supervisor" 2>/dev/null || :
		gone
	done
}

# case: SIGKILL of supervisor and process 1
@test "a stopped sandbox can be killed" {
	start "$root" /bin/sh -c 'echo started; kill -STOP $$; sleep 100'
	kill -KILL "$supervisor"
	wait "$supervisor" 2>/dev/null || :
	gone
	start "$root" /bin/sh -c "$payload"
	kill -STOP "$(process_1 "$supervisor")"
	kill -KILL "$supervisor"
	wait "$supervisor" 2>/dev/null || :
	gone
}

# case: SIGKILL of supervisor and process 1
@test "--die-with-parent, when the parent is killed" {
	bash -c '"$@" & echo $!; wait' - "$SANDBOX" --die-with-parent "$root" /bin/sleep 100 >pid 3>&- &
	local parent=$!
	eventually test -s pid
	eventually pgrep -P "$(cat pid)" >/dev/null
	kill -KILL $parent
	wait $parent 2>/dev/null || :
	gone
}

# case: signals from inside
@test "signals from inside stay inside" {
	sleep 60 3>&- &
	local outside=$!
	for how in --userns=keep-id --userns=single --seccomp=unconfined; do
		sandbox "$how" "$root" /bin/probe stop-all
		assert_success
		assert_output 'process 1 afterwards: OK'
	done
	in_sandbox 'kill -9 -1; kill -STOP 1; kill -KILL 1; echo alive'
	assert_success
	assert_output alive
	[ "$(ps -o stat= -p $outside)" = S ] || fail 'the other process is hit'
	kill $outside
	wait $outside || :
}

# case: process 1 starved by prlimit
@test "process 1 can be starved of limits and still ends in good order" {
	quick "$root" /bin/probe starve
	assert_status 7
	assert_output_has '^taken: 1[0-9]$'
	quick "$root" /bin/sh -c '/bin/probe starve >/dev/null; (setsid sleep 50 &); exit 9'
	assert_status 9
}

# case: what is left running
@test "thousands of orphans do not stay zombies" {
	local count=2000
	! long || count=20000
	sandbox "$root" /bin/probe orphans $count
	assert_success
	assert_output 'zombies: 0'
}

# case: what is left running
@test "what the command leaves running is dead when it has ended" {
	mkdir bound
	quick --bind "$scratch/bound:/b" "$root" /bin/sh -c '(setsid sh -c "while :; do echo x >>/b/f; done" &); (setsid sh -c "sleep 0.2; touch /b/late" &); exit 3'
	assert_status 3
	local size
	size=$(stat -c %s bound/f 2>/dev/null || echo none)
	sleep 0.3
	[ ! -e bound/late ]
	[ "$(stat -c %s bound/f 2>/dev/null || echo none)" = "$size" ]
}

# case: what is left running
@test "a flood of output ends with its reader" {
	run bash -c '"$@" | head -c 1000000 | wc -c; echo "${PIPESTATUS[0]}"' - timeout -s KILL 10 "$SANDBOX" "$root" /bin/yes
	assert_output "1000000
141"
}

# case: layers on disk, any tree in them
@test "a layer on disk is removed whatever was made in it" {
	require_range
	local depth=3000
	! long || depth=100000
	run --separate-stderr -- timeout -s KILL 60 "$SANDBOX" --layer=disk "$root" /bin/sh -c '
		mkdir /w; cd /w; printf x >"$(printf "a\nb")"; mkdir -- "-rf" ".tree-0" ".tree-1" "$(printf "\033]0;x\007")"; mkdir .tree-0/.tree-0
		ln -s / link; ln -s '"$scratch"' out; mkfifo fifo; chown 1:1 -- -rf; mkdir u; chown 2:2 u; mkdir u/v; chmod 000 u/v u; chmod 000 /w/.tree-1
		mkdir many; i=0; while [ $i -lt 300 ]; do mkdir -p many/$i/d; i=$((i+1)); done
		mkdir deep; cd deep; /bin/probe deep '"$depth"'; rm -rf /etc /usr; chmod 000 /w /'
	assert_success
	assert_output "deep: $depth"
	no_layers
	[ -d "$root/etc" ]
}

# case: a link for the directory of layers
@test "only layers are ever removed, not what a link leads to" {
	mkdir -p precious/docs/deep "$XDG_CACHE_HOME/sandbox"
	echo thesis >precious/docs/f
	ln -s "$scratch/precious" "$layers"
	sandbox --layer=disk "$root" true
	assert_refused 'layers'
	[ "$(cat precious/docs/f)" = thesis ]
	rm "$layers"
	mkdir -p "$layers/mine" "$layers/layer-stale/upper" "$scratch/elsewhere/x"
	ln -s "$scratch/elsewhere" "$layers/layer-link"
	sandbox --layer=disk "$root" true
	assert_success
	[ -d "$layers/mine" ]
	[ -d elsewhere/x ]
	[ ! -e "$layers/layer-stale" ]
	chmod 0777 "$layers"
	sandbox --layer=disk "$root" true
	assert_refused 'nobody else'
	rm -rf "$layers"
}

# case: layers of others
@test "two at once do not take each other's layers" {
	local i pids=()
	for i in {1..12}; do
		"$SANDBOX" --layer=disk "$root" /bin/sh -c "echo $i >/mine; sleep 0.0$i; [ \$(cat /mine) = $i ]" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || fail 'one of them lost its layer'
	done
	no_layers
}
