# Names and records: who has one, where they are, what becomes of them. `ps`, `wait`, `kill`, `rm`.
load ../lib
load life

@test "a name is there while the command runs, and not after" {
	"$SANDBOX" --name web --bind "$scratch:/w" "$root" /bin/sh -c 'echo up; while [ ! -e /w/done ]; do sleep 0.02; done' >up 3>&- &
	local supervisor=$!
	eventually grep -q up up
	assert_equal "$(names)" web
	assert_equal "$(field web state) $(field web supervisor) $(field web detached)" "running $supervisor False"
	[ "$(ps -o ppid= -p "$(field web pid)" | tr -d ' ')" = $supervisor ]
	touch 'done'
	wait $supervisor
	assert_equal "$(names -a)" ''
}

@test "what the caller ignores is nothing to a sandbox in the background, nor to what joins it" {
	(
		trap '' INT HUP QUIT
		background web -- /bin/sh -c 'grep SigIgn /proc/self/status; exec sleep 1000'
	)
	eventually logs_have web SigIgn
	"$SANDBOX" logs web | grep -q '^SigIgn:.0*$'
	# From one that is there under nohup: the sandbox keeps to it, who joins does not.
	(
		trap '' HUP
		exec "$SANDBOX" --name near "$root" /bin/sh -c 'grep SigIgn /proc/self/status; exec sleep 1000'
	) >out 3>&- &
	local supervisor=$!
	eventually grep -q '^SigIgn:.*[13579bdf]$' out
	sandbox exec near grep SigIgn /proc/self/status
	kill -TERM "$supervisor"
	wait "$supervisor" || :
	assert_output_has '^SigIgn:.0*$'
}

@test "ps says what there is, in columns and in JSON" {
	sandbox ps
	assert_success
	assert_equal "${#lines[@]}" 1
	sandbox ps --json
	assert_output '[]'
	background one --publish 127.0.0.1:48251:80 -- /bin/sh -c 'exec sleep 1000'
	background two -- /bin/sh -c 'exit 7'
	"$SANDBOX" wait two || :
	sandbox ps
	assert_output_has "^one +[0-9]+ +[0-9]+s +[0-9.]+[KM] +[0-9.]+s +running +$root +/bin/sh -c exec sleep 1000  127.0.0.1:48251-48251:80\$"
	assert_output_lacks '^two'
	sandbox ps -a
	assert_output_has '^one ' '^two +- +- +- +- +exited 7 '
	assert_equal "$(field one processes) $(field one ports)" '2 127.0.0.1:48251-48251:80'
	assert_equal "$(field two exit) $(field two reason)" '7 exited'
	[ "$(field one memory)" -gt 100000 ]
	[ "$(field one age)" -lt 60 ]
}

# case: escape sequences in ps and in what the verbs print
@test "JSON is JSON, and nothing steers the terminal, whatever the words are made of" {
	local odd
	odd=$(printf 'a"b\\c\001\033]0;x\007\t\302\233\377\344\366 \342\202\254')
	mkdir "$odd"
	tiny_rootfs "$scratch/$odd/root"
	background odd -- /bin/sh -c 'exec sleep 1000' "$odd"$'\n'
	for how in '' --json; do
		# shellcheck disable=SC2086
		sandbox ps $how
		assert_success
		! LC_ALL=C grep -aqP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' <<<"$output" || told 'a control byte'
		iconv -f UTF-8 -t UTF-8 <<<"$output" >/dev/null
		assert_output_has '€'
	done
}

# case: a command, a name, a path that looks like an option
@test "names that are no names" {
	local name long
	long=$(printf 'x%.0s' {1..65})
	for name in '' . .. .x -x a/b ../a 'a b' $'a\nb' 'ä' "$long"; do
		sandbox "--name=$name" "$root" true
		assert_refused 'name'
		[ "$name" = '' ] || [[ $name == -* ]] || for verb in wait kill rm logs exec; do
			sandbox $verb "$name"
			assert_refused 'is no name'
		done
	done
	for name in a 0 "A.b-c_9" "${long:1}"; do
		sandbox --name "$name" "$root" true
		assert_success
	done
	[ -z "$(ls -A "$records")" ]
}

@test "a verb without what it needs says how it is used" {
	for words in wait kill rm logs exec 'wait a b' 'kill -s' 'kill -s TERM' 'rm -f' 'logs -f' 'exec --user 0' 'exec -e' 'exec --nonsense x' 'ps x' 'ps --nonsense'; do
		# shellcheck disable=SC2086
		sandbox $words
		assert_status 125
		assert_stderr_has "^usage: sandbox ${words%% *}"
	done
}

@test "a name that is not there" {
	for verb in wait kill rm 'rm -f' logs 'logs -f' exec; do
		# shellcheck disable=SC2086
		sandbox $verb nobody
		assert_refused 'no sandbox called nobody' 'sandbox ps -a'
	done
}

@test "a name that is in use, by one that runs and by one that has ended" {
	background web -- sleep 1000
	sandbox --name web "$root" true
	assert_refused 'called web is there already' 'rm web'
	sandbox -d --name web "$root" true
	assert_refused 'called web is there already'
	"$SANDBOX" rm -f web
	background web -- true
	"$SANDBOX" wait web
	sandbox --name web "$root" true
	assert_refused 'called web is there already'
	"$SANDBOX" rm web
	sandbox --name web "$root" echo free
	assert_output free
}

@test "what a killed supervisor leaves is removed by whoever comes: ps, a verb, the next of that name" {
	local how
	for how in ps 'wait web' 'kill web' 'logs web' 'rm web' 'exec web' '--name web'; do
		background web -- sleep 1000
		kill -KILL "$(field web supervisor)"
		eventually no_new_processes
		[ -d "$records/web" ]
		if [ "$how" = '--name web' ]; then
			sandbox --name web "$root" echo taken
			assert_output taken
		else
			# shellcheck disable=SC2086
			sandbox $how
			[ "$how" = ps ] || assert_refused 'no sandbox called web'
		fi
		[ ! -e "$records/web" ] || fail "left by $how"
	done
}

@test "without a name and in the foreground nothing is recorded" {
	sandbox "$root" true
	assert_success
	[ ! -e "$records" ]
	XDG_RUNTIME_DIR=/nonexistent sandbox "$root" echo fine
	assert_output fine
}

@test "ps shows those without a name too, by one of the command's; they can be ended, and not joined" {
	local i name pids=()
	background named -- sleep 1000
	# A relative root, no command, a profile, process 1 itself, a job that is stopped.
	"$SANDBOX" root sleep 1000 3>&- &
	pids+=($!)
	mkfifo in
	"$SANDBOX" run --userns=single -p 127.0.0.1:48253:80 -e X=-p "$root" <in >/dev/null 3>&- &
	pids+=($!)
	exec 8>in
	"$SANDBOX" --profile=strict --as-pid-1 -- "$root" /bin/sh -c 'exec sleep 1001' $'\e[31m' 3>&- &
	pids+=($!)
	"$SANDBOX" "$root" /bin/sh -c 'sleep 1002; true' 3>&- 8>&- &
	pids+=($!)
	all_there() { [ "$(names)" = "$(printf '%s\n' named "sh-${pids[1]}" "sh-${pids[2]}" "sh-${pids[3]}" "sleep-${pids[0]}" | LC_ALL=C sort | paste -sd ' ')" ]; }
	eventually all_there || fail "$(names)"
	sandbox ps
	assert_output_has "^sleep-${pids[0]} +[0-9]+ +[0-9]+s .* running +$root  sleep 1000\$" "^sh-${pids[1]} .* running +$root  /bin/sh  127.0.0.1:48253:80\$" \
		"^sh-${pids[2]} .*  /bin/sh -c exec sleep 1001 \\\\x1b\\[31m\$" "^sh-${pids[3]} .*  /bin/sh -c sleep 1002; true\$"
	for ((i = 0; i < 4; i++)); do
		name=$(names | tr ' ' '\n' | grep -- "-${pids[i]}\$")
		assert_equal "$(field "$name" supervisor) $(field "$name" recorded) $(field "$name" detached)" "${pids[i]} False False"
		[ "$(ps -o ppid= -p "$(field "$name" pid)" | tr -d ' ')" = "${pids[i]}" ]
		[ "$(field "$name" age)" -lt 60 ]
		[ "$(field "$name" processes)" -ge 1 ]
	done
	name=sleep-${pids[0]}
	sandbox exec "$name" true
	assert_refused "cannot join $name: there is no record of it" 'start it with --name'
	sandbox wait "$name"
	assert_refused "cannot wait for $name"
	sandbox logs "$name"
	assert_refused "$name is not detached"
	sandbox rm "$name"
	assert_refused "$name is running"
	# Its name is the command's as well; what has a name goes by that alone.
	for other in "sleep-$(field named supervisor)" "sleep-${pids[1]}" "sleep-$$" sleep-1 "slee-${pids[0]}"; do
		sandbox kill -s KILL "$other"
		assert_refused "no sandbox called $other"
	done
	XDG_RUNTIME_DIR=$scratch sandbox ps -a
	assert_equal "${#lines[@]}" 1
	"$SANDBOX" kill "$name"
	wait "${pids[0]}" || [ $? = 143 ]
	sandbox kill "$name"
	assert_refused "no sandbox called $name"
	"$SANDBOX" kill -s KILL "sh-${pids[2]}"
	wait "${pids[2]}" || [ $? = 137 ]
	kill -STOP "${pids[3]}"
	sandbox rm -f "sh-${pids[3]}"
	assert_success
	! kill -0 "${pids[3]}" 2>/dev/null || [ "$(ps -o stat= -p "${pids[3]}" | cut -c 1)" = Z ]
	wait "${pids[3]}" || [ $? = 137 ]
	exec 8>&-
	wait "${pids[1]}"
	assert_equal "$(names -a)" named
	[ "$(ls -A "$records")" = named ]
}

@test "a signal between the start of the command and the word of it is the command's" {
	require_program strace
	require 'a strace that can trace' strace -o /dev/null true
	# The supervisor hears late what pid 1 says, and of the signal with it.
	strace -o /dev/null -e trace=poll -e inject=poll:delay_exit=1500000 "$SANDBOX" --userns=single "$root" /bin/sh -c \
		'trap "echo usr1" USR1; trap "echo term; exit 3" TERM; echo up; while :; do sleep 0.05; done' >got 3>&- &
	local tracer=$! supervisor
	eventually grep -q up got
	supervisor=$(pgrep -P $tracer)
	kill -USR1 "$supervisor"
	eventually -t 30 grep -q usr1 got
	kill -TERM "$supervisor"
	wait $tracer || [ $? = 3 ]
	grep -q term got
}

@test "wait before the end, and after it, as often as one likes" {
	background web --bind "$scratch:/w" -- /bin/sh -c 'while [ ! -e /w/go ]; do sleep 0.02; done; exit 42'
	local waiting=()
	for _ in 1 2 3; do
		"$SANDBOX" wait web 3>&- &
		waiting+=($!)
	done
	touch go
	for pid in "${waiting[@]}"; do
		wait "$pid" || [ $? = 42 ] || fail 'another status'
	done
	for _ in 1 2; do
		sandbox wait web
		assert_status 42
	done
	"$SANDBOX" rm web
}

@test "wait for one in the foreground, for one whose supervisor is killed, and for a signal" {
	"$SANDBOX" --name fg --bind "$scratch:/w" "$root" /bin/sh -c 'while [ ! -e /w/go ]; do sleep 0.02; done; exit 5' 3>&- &
	eventually test -e "$records/fg/control"
	"$SANDBOX" wait fg 3>&- &
	local waiter=$!
	eventually has_lock_open $waiter fg
	touch go
	status=0 && wait $waiter || status=$?
	assert_status 5
	background web -- sleep 1000
	"$SANDBOX" wait web 2>told 3>&- &
	waiter=$!
	eventually has_lock_open $waiter web
	kill -KILL "$(field web supervisor)"
	status=0 && wait $waiter || status=$?
	assert_status 125
	grep -q 'nobody knows how its command ended' told
	background web -- sleep 1000
	"$SANDBOX" kill -s KILL web
	sandbox wait web
	assert_status 137
	assert_equal "$(field web reason) $(field web exit)" 'signalled 137'
}

has_lock_open() { [ -n "$(find "/proc/$1/fd" -lname "$records/$2/lock" 2>/dev/null)" ]; }

@test "kill with every signal there is" {
	local number name
	background all -- /bin/sh -c 'i=1; while [ $i -lt 65 ]; do [ $i = 9 ] || [ $i = 19 ] || [ $i = 17 ] || trap "echo got $i" $i; i=$((i + 1)); done 2>/dev/null
		echo up; while :; do sleep 1000 & wait $!; done'
	eventually logs_have all up
	for number in {1..64}; do
		case $number in 9 | 19 | 17 | 18) continue ;; 32 | 33) continue ;; esac # not a shell's to trap, or the C library's own
		"$SANDBOX" kill -s "$number" all
		eventually logs_have all "^got $number\$" || fail "signal $number: $("$SANDBOX" logs all)"
	done
	for name in HUP SIGUSR1 winch; do
		sandbox kill "--signal=$name" all
		assert_success
	done
	"$SANDBOX" kill -sSTOP all
	stopped() { [ "$(ps -o stat= --ppid "$(field all pid)" | cut -c 1)" = T ]; }
	eventually stopped
	"$SANDBOX" kill -s CONT all
	running() { ! stopped; }
	eventually running
	"$SANDBOX" kill --signal KILL all
	sandbox wait all
	assert_status 137
	for name in 0 65 -1 9x KILLL '' 99999999999999999999; do
		sandbox kill -s "$name" all
		assert_refused 'is no signal'
	done
	sandbox kill all
	assert_refused 'all has ended'
}

@test "a signal that the command ignores leaves it, and KILL ends it; process 1 hears them too" {
	for how in --init --as-pid-1; do
		background web $how -- /bin/sh -c 'trap "" TERM; trap "echo usr1" USR1; echo up; while :; do sleep 0.05; done'
		eventually logs_have web up
		"$SANDBOX" kill web
		"$SANDBOX" kill -s USR1 web
		eventually logs_have web usr1
		"$SANDBOX" kill -s KILL web
		sandbox wait web
		assert_status 137
		"$SANDBOX" rm web
	done
}

@test "signals that come at the very end take nothing of its status away" {
	run --separate-stderr timeout 60 python3 - "$SANDBOX" "$root" <<'END'
import os, signal, subprocess, sys
for i in range(30):
    one = subprocess.Popen([sys.argv[1], "--userns=single", sys.argv[2], "/bin/sh", "-c", "echo up; read x; exit 7"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    one.stdout.readline()
    one.stdin.write(b"x\n")
    one.stdin.close()
    while one.poll() is None:
        os.kill(one.pid, signal.SIGWINCH)
        os.kill(one.pid, signal.SIGCONT)
    print(one.returncode)
END
	assert_success
	assert_equal "$(sort -u <<<"$output")" 7
}

@test "rm wants it ended, rm -f ends it" {
	background web -- /bin/sh -c 'trap "" TERM INT HUP; sleep 1000; sleep 1000'
	sandbox rm web
	assert_refused 'web is running' 'sandbox kill web'
	sandbox rm -f web
	assert_success
	assert_equal "$(names -a)" ''
	"$SANDBOX" --name fg "$root" sleep 1000 3>&- &
	local supervisor=$!
	eventually test -e "$records/fg/control"
	sandbox rm -f fg
	assert_success
	wait $supervisor || [ $? = 137 ]
}

@test "one that is stopped as a job is: it can be looked at, killed and removed" {
	background web -- sleep 1000
	kill -STOP "$(field web supervisor)"
	assert_equal "$(field web state)" running
	run timeout 30 "$SANDBOX" rm -f web
	assert_success
	assert_equal "$(names -a)" ''
}


@test "a fall-back: XDG_RUNTIME_DIR unset, relative or empty" {
	local place
	place=/run/user/$(id -u)
	[ -d "$place" ] && [ "$(stat -c %u "$place")" = "$(id -u)" ] || place=/tmp
	[ "$place" != /tmp ] || place=/tmp/sandbox-$(id -u)
	[[ $place == /tmp* ]] || place=$place/sandbox
	for how in '-u XDG_RUNTIME_DIR' XDG_RUNTIME_DIR= XDG_RUNTIME_DIR=here; do
		# shellcheck disable=SC2086
		run --separate-stderr env $how "$SANDBOX" -d --name "fall-back-$BASHPID" "$root" sleep 1000
		assert_success
		[ -d "$place/$output" ]
		[ "$(stat -c %a:%u "$place")" = "700:$(id -u)" ]
		# shellcheck disable=SC2086
		env $how "$SANDBOX" rm -f "$output"
	done
	[ ! -e here ]
}

# case: records' directory of somebody else's, or open to others
@test "a directory for records that cannot be used is refused, and its reason said, where a name was asked for" {
	local bad=$scratch/bad
	refused() {
		for how in '--name x' -d; do
			# shellcheck disable=SC2086
			XDG_RUNTIME_DIR=$bad sandbox $how "$root" true
			assert_refused "$@"
		done
	}
	refused "cannot use $bad for records" 'No such file' 'XDG_RUNTIME_DIR has to be'
	XDG_RUNTIME_DIR=$bad sandbox ps
	assert_success
	XDG_RUNTIME_DIR=$bad sandbox wait x
	assert_refused 'no sandbox called x'
	touch "$bad"
	refused 'Not a directory'
	XDG_RUNTIME_DIR=$bad sandbox ps
	assert_refused 'Not a directory'
	rm "$bad"
	mkdir -m 0700 real
	for to in "$bad" "$bad/"; do
		ln -sfn real "$bad"
		XDG_RUNTIME_DIR=$to sandbox --name x "$root" true
		assert_refused 'Not a directory'
	done
	rm "$bad"
	mkdir -m 0777 "$bad"
	chmod 0777 "$bad"
	refused 'others can write to it'
	chmod 0500 "$bad"
	refused 'Permission denied'
	chmod 0700 "$bad"
	touch "$bad/sandbox"
	refused 'Not a directory'
	rm "$bad/sandbox"
	ln -s ../real "$bad/sandbox"
	refused 'records of sandboxes'
	rm "$bad/sandbox"
	mkdir -m 0755 "$bad/sandbox"
	refused 'not a directory of yours with mode 0700' 'look at it'
	rmdir "$bad/sandbox"
	[ -z "$(find real "$bad" -mindepth 1)" ]
}

# case: records' directory of somebody else's, or open to others
@test "a directory for records that is read-only, or another user's" {
	require 'a user namespace to mount in' unshare -Urm true
	mkdir ro
	run --separate-stderr unshare -Urm sh -c 'mount -t tmpfs -o ro,mode=0700 none "$1" && XDG_RUNTIME_DIR=$1 exec "$2" --userns=single --name x "$3" true' - "$scratch/ro" "$SANDBOX" "$root"
	assert_refused 'Read-only file system'
	XDG_RUNTIME_DIR=/proc/1 sandbox --name x "$root" true
	assert_status 125
}

@test "the directory for records is removed while they run, or becomes read-only" {
	local supervisor
	mkdir -m 0700 gone
	XDG_RUNTIME_DIR=$scratch/gone "$SANDBOX" -d --name web --bind "$scratch:/w" "$root" /bin/sh -c 'while [ ! -e /w/go ]; do echo said; sleep 0.02; done' >/dev/null 3>&-
	XDG_RUNTIME_DIR=$scratch/gone "$SANDBOX" --name fg --bind "$scratch:/w" "$root" /bin/sh -c 'while [ ! -e /w/go ]; do sleep 0.02; done; exit 7' 3>&- &
	supervisor=$!
	eventually test -e gone/sandbox/fg/control
	rm -rf gone
	# They are there for who looks, and can be ended; the command is not disturbed.
	mkdir -m 0700 gone
	XDG_RUNTIME_DIR=$scratch/gone sandbox ps
	assert_success
	assert_equal "$(grep -cE '^sh-[0-9]+ .* running ' <<<"$output")" 2
	touch go
	status=0
	wait $supervisor || status=$?
	assert_status 7
	eventually no_new_processes
	# As on a file system that has an error, nothing can be made or removed there any more.
	background web --bind "$scratch:/w" -- /bin/sh -c 'echo said; while [ ! -e /w/end ]; do sleep 0.02; done; exit 3'
	eventually logs_have web said
	chmod 0500 "$records/web"
	touch end
	run timeout 30 "$SANDBOX" wait web
	assert_status 3
	sandbox logs web
	assert_output said
	sandbox rm web
	assert_success
	rm end
	background web --bind "$scratch:/w" -- /bin/sh -c 'echo said; exit 3'
	"$SANDBOX" wait web || :
	chmod 0500 "$records"
	for verb in ps 'wait web' 'rm web' '--name x / true' '-d / true'; do
		# shellcheck disable=SC2086
		sandbox $verb
		assert_refused 'not a directory of yours with mode 0700'
	done
	chmod 0700 "$records"
}

@test "a hundred times a name that was given back" {
	local i
	for i in {1..100}; do
		"$SANDBOX" --name again --userns=single "$root" true || fail "round $i"
	done
	[ -z "$(ls -A "$records")" ]
}

@test "many at once take names of one directory, each its own" {
	local i pids=()
	for i in {1..20}; do
		"$SANDBOX" --name "n$((i % 5))" --userns=single "$root" /bin/sh -c 'sleep 0.0'$((i % 7)) 2>"err$i" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || [ $? = 125 ] || fail 'another status'
	done
	! cat err* | grep -v -e '^$' -e 'is there already' -e 'sandbox ps -a' || fail 'another error'
	assert_equal "$(names -a)" ''
}
