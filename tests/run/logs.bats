# What a detached command says: kept up to a bound, followed, and lost on a full disk without harm.
load ../lib
load life

@test "both streams, in order, to the last byte" {
	background web -- /bin/sh -c 'echo one; echo two >&2; printf three'
	"$SANDBOX" wait web
	sandbox logs web
	assert_output $'one\ntwo\nthree'
	background end -- /bin/sh -c 'head -c 300000 /dev/zero | tr "\0" x; echo; echo the last line'
	"$SANDBOX" wait end
	assert_equal "$("$SANDBOX" logs end | wc -c)" 300015
	assert_equal "$("$SANDBOX" logs end | tail -n 1)" 'the last line'
}

@test "what the sandbox itself has to say is there too" {
	background web -- sleep 1000
	kill -KILL "$(field web pid)"
	"$SANDBOX" wait web || :
	eventually logs_have web '^sandbox: '
}

@test "of one in the foreground there are none" {
	"$SANDBOX" --name fg "$root" sleep 1000 3>&- &
	local supervisor=$!
	eventually test -e "$records/fg/control"
	sandbox logs fg
	assert_refused 'fg is not detached'
	"$SANDBOX" rm -f fg
	wait $supervisor || [ $? = 137 ]
}

@test "the bound holds for any size, and what is kept is the end" {
	local size used
	for size in 1 4095; do
		sandbox -d --log-size $size "$root" true
		assert_refused 'log-size' '4k'
	done
	for size in 4k 5001 65536 1m; do
		background web --log-size "$size" -- /bin/sh -c 'seq 400000'
		"$SANDBOX" wait web
		used=$(cat "$records"/web/log* | wc -c)
		[ "$used" -le "$(numfmt --from=iec "${size^^}")" ] || fail "$used bytes for a bound of $size"
		assert_equal "$("$SANDBOX" logs web | tail -n 1)" 400000
		"$SANDBOX" rm web
	done
	background web -- /bin/sh -c 'seq 1000000'
	"$SANDBOX" wait web
	[ "$(cat "$records"/web/log* | wc -c)" -le 4194304 ]
	"$SANDBOX" logs web >got
	[ "$(stat -c %s got)" -gt 2000000 ]
	# One piece of what was said, from wherever it begins.
	tail -n +2 got >rest
	seq "$(head -n 1 rest)" 1000000 | cmp - rest
}

@test "logs -f: what was there, what comes, and the end" {
	background web --bind "$scratch:/w" -- /bin/sh -c 'echo before; for i in 1 2 3; do while [ ! -e /w/$i ]; do sleep 0.02; done; echo line $i; done'
	eventually logs_have web before
	"$SANDBOX" logs -f web >got 3>&- &
	local follower=$!
	eventually grep -qx before got
	touch 1
	eventually grep -qx 'line 1' got
	touch 2 3
	wait $follower
	assert_equal "$(cat got)" $'before\nline 1\nline 2\nline 3'
	# Of one that has ended it is the same as without -f.
	sandbox logs -f web
	assert_output $'before\nline 1\nline 2\nline 3'
}

@test "logs -f goes on over a new file, and loses nothing of it" {
	background web --log-size 20000 --bind "$scratch:/w" -- /bin/sh -c 'i=0; while [ $i -lt 6000 ]; do echo line $i; i=$((i + 1)); [ $((i % 100)) != 0 ] || sleep 0.02; done'
	"$SANDBOX" logs -f web >got 3>&- &
	wait $!
	[ -e "$records/web/log.1" ]
	assert_equal "$(tail -n 1 got)" 'line 5999'
	assert_equal "$(grep -c . got)" 6000
}

# pieces FIRST LAST: have web say them, of 9000 bytes each, and wait until they are in its log.
pieces() {
	local i
	for ((i = $1; i <= $2; i++)); do
		touch "$i"
		eventually grep -q "^end $i$" "$records/web/log"
	done
}

@test "logs -f that is left behind: by two files it misses nothing, by more it says where" {
	background web --log-size 20000 --bind "$scratch:/w" -- /bin/sh -c 'echo begin
		i=1; while [ $i -le 12 ]; do while [ ! -e /w/$i ]; do sleep 0.02; done; yes "piece $i" | head -c 8990; echo; echo end $i; i=$((i + 1)); done'
	"$SANDBOX" logs -f web >got 2>&1 3>&- &
	local follower=$!
	eventually grep -q begin got
	kill -STOP $follower
	pieces 1 3
	kill -CONT $follower
	eventually grep -q '^end 3$' got
	piece() { yes "piece $1" | head -c 8990 && echo && echo "end $1"; }
	{ echo begin && piece 1 && piece 2 && piece 3; } | cmp - got
	assert_equal "$(grep -c 'output is missing' got)" 0
	kill -STOP $follower
	pieces 4 9
	kill -CONT $follower
	eventually grep -q '^end 9$' got
	assert_equal "$(grep -c 'output is missing here' got)" 1
	pieces 10 12
	wait $follower
	"$SANDBOX" logs web >kept
	# What comes behind the place is whole, and is what is kept and what came after it.
	sed '1,/output is missing here/d' got >behind
	tail -c "$(stat -c %s kept)" behind | cmp - kept
	grep -q '^end 8$' behind
}

@test "who follows may go, and the one that is followed may be removed" {
	background web -- /bin/sh -c 'while :; do echo x; sleep 0.01; done'
	run timeout 30 bash -c '"$SANDBOX" logs -f web | head -n 3 | wc -l'
	assert_output 3
	"$SANDBOX" logs -f web >got 3>&- &
	local follower=$!
	eventually test -s got
	"$SANDBOX" rm -f web
	wait $follower
	"$SANDBOX" logs nobody 2>/dev/null || [ $? = 125 ]
	run bash -c 'exec >/dev/full; "$SANDBOX" -d --name web "$0" /bin/sh -c "echo x; sleep 1000" 2>/dev/null || "$SANDBOX" ps -a >&2' "$root"
	"$SANDBOX" rm -f web 2>/dev/null || :
}

@test "a flood neither fills the disk nor keeps the sandbox from being asked" {
	background web --log-size 100000 -- yes
	eventually test -e "$records/web/log.1"
	sandbox exec web echo heard
	assert_output heard
	run timeout 30 "$SANDBOX" kill -s TERM web
	assert_success
	run timeout 30 "$SANDBOX" wait web
	assert_status 143
	[ "$(cat "$records"/web/log* | wc -c)" -le 100000 ]
}

# on_small_disk SCRIPT: with $XDG_RUNTIME_DIR on a tmpfs of 96 KiB, in namespaces of their own.
on_small_disk() {
	mkdir disk
	run --separate-stderr unshare -Urm --propagation private bash -c 'mount -t tmpfs -o size=96k,mode=0700 none disk && export XDG_RUNTIME_DIR=$PWD/disk && . /dev/stdin' - "$SANDBOX" "$root" <<<"$1"
}

@test "a full disk under the log: the command goes on, and its end is told" {
	require 'a user namespace to mount in' unshare -Urm true
	on_small_disk '
		"$1" -d --name web --userns=single "$2" /bin/sh -c "i=0; while [ \$i -lt 200 ]; do head -c 2000 /dev/zero; i=\$((i + 1)); done; exit 9" || exit 1
		timeout 30 "$1" wait web; echo "status $?"
		df --output=avail disk | tail -n 1
		"$1" ps -a | grep -o "exited 9"
		"$1" rm web && ls -A disk/sandbox | wc -l
		"$1" --name next --userns=single "$2" echo next'
	assert_output_has '^web$' '^status 9$' '^ *0$' '^exited 9$' '^next$'
}

@test "a full disk under the records: refused, and nothing is left" {
	require 'a user namespace to mount in' unshare -Urm true
	on_small_disk '
		mkdir -m 0700 disk/sandbox
		head -c 200000 /dev/zero >disk/full 2>/dev/null
		for how in --name=x -d; do "$1" $how --userns=single "$2" echo never; echo "status $?"; done
		"$1" --userns=single "$2" echo without a record
		"$1" ps -a
		find disk -mindepth 2
		rm disk/full
		"$1" --name x --userns=single "$2" echo again'
	assert_output_has '^status 125$' '^without a record$' '^again$'
	assert_output_lacks never
	assert_output_lacks '^disk/'
	assert_stderr_has 'No space left on device'
}
