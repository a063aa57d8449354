# What is tried from inside of --confine-only, where no namespace is in the way. Each case is tried without a sandbox too,
# where most of it works: else it would show nothing. confine.py is the hostile program.
load ../lib
load attack
load ../run/landlock

setup() {
	lib_setup
	require_landlock 6
	export XDG_CACHE_HOME=$scratch/cache
	make_victim
	printf '#!/bin/sh\necho ran\n' >"$victim/program"
	chmod 0700 "$victim/program"
	victim_before=$(snapshot "$victim")
	hostile=$PROJECT/tests/attack/confine.py
	work=$scratch/work
	mkdir "$work"
	sleep 1000 3>&- &
	bystander=$!
}

teardown() {
	local own=("$bystander")
	[ -z "${server-}" ] || own+=("$server")
	kill "${own[@]}" 2>/dev/null || :
	lib_teardown
}

# confined CASE [ARG...]: confine.py, with the words of the array `options`
confined() { sandbox --confine-only "${options[@]}" --ro-bind "$hostile" / python3 "$hostile" "$@"; }
# free CASE [ARG...]: the same with nothing around it
free() { run --separate-stderr -- env -C "$work" python3 "$hostile" "$@"; }

bystander_lives() { kill -0 "$bystander" || fail "the process outside is gone"; }

nothing_private() { [ -z "$(find "$XDG_CACHE_HOME"/sandbox/layers -mindepth 1)" ]; }

# case: files outside: read, list, write, make, move, remove, run
@test "files outside: nothing is read, listed, written, made, moved, removed or run" {
	for how in default unconfined; do
		options=(--seccomp="$how")
		confined files "$victim"
		assert_success || return
		assert_output '' || return
		assert_stderr_lacks . || return
	done
	assert_victim_unchanged
	free files "$victim"
	assert_output_has '^read' '^list' '^truncate' '^tmpfile' '^move in' '^ran'
}

# case: keys in /etc
@test "keys that stand in /etc are not read, what stands beside them is" {
	require 'the directory /etc/ssl/certs' test -d /etc/ssl/certs
	mkdir -p "$scratch/ssl/private" "$scratch/ssl/certs"
	echo KEY >"$scratch/ssl/private/key"
	echo certificate >"$scratch/ssl/certs/one"
	ln -s private/key "$scratch/ssl/link"
	nested 'mount --bind "$1/ssl" /etc/ssl && exec "$0" --confine-only / sh -c "cat /etc/ssl/certs/one /etc/ssl/private/key /etc/ssl/link; grep -rs KEY /etc/ssl"' \
		"$SANDBOX" "$scratch"
	assert_output certificate
	assert_stderr_has 'private/key: Permission denied' 'link: Permission denied'
}

# case: attributes of files outside: modes, owners, times, extended ones, by name and descriptor
@test "attributes of files outside cannot be changed, by name, link, descriptor or directory" {
	for how in default unconfined; do
		options=(--seccomp="$how")
		confined attributes "$victim/file"
		assert_success || return
		assert_output '' || return
	done
	assert_victim_unchanged
	free attributes "$victim/file"
	assert_output_has '^chmod by name' '^chmod by descriptor' '^utime by link' '^fchmodat2 of O_PATH' '^fchmod$' '^utimensat$' '^chown by'
}

# case: attributes of files that are shown read-only
@test "nor those of what is bound read-only, which can be opened" {
	for how in default unconfined; do
		options=(--seccomp="$how" --ro-bind "$victim")
		confined attributes "$victim/file"
		assert_success || return
		assert_output $'(read)\nFS_IOC_GETFLAGS' || assert_output '(read)' || return
	done
	assert_victim_unchanged
}

# case: a name exchanged while its attributes are changed
@test "a name that is exchanged meanwhile" {
	options=(--ro-bind "$victim" --bind "$work" --workdir "$work")
	confined exchanged "$victim/file" 2
	assert_success
	assert_victim_unchanged
	assert_equal "$(stat -c %a "$work/own")" 777
}

# case: signals to processes outside
@test "no signal to a process outside, nor to those that hold the sandbox" {
	python3 -c '
import os, signal, sys
signal.signal(signal.SIGUSR1, lambda *a: open("hit", "w").close())
open("ready", "w").close()
while True: signal.pause()' 3>&- &
	server=$!
	eventually test -e ready
	for how in default unconfined; do
		options=(--seccomp="$how")
		confined signals "$server" "$(ps -o pgid= "$server" | tr -d ' ')"
		assert_success || return
		assert_output '' || return
	done
	[ ! -e hit ] || fail "SIGIO has come"
	free signals "$server" "$(ps -o pgid= "$server" | tr -d ' ')"
	assert_output_has '^kill -CONT bystander' '^tgkill bystander' '^pidfd_send_signal bystander'
	eventually test -e hit
}

# case: kill -9 -1
@test "kill -9 -1 ends what is inside, and nothing else" {
	confined everybody
	assert_success
	assert_output 'own child'
	bystander_lives
}

# case: memory, descriptors and /proc of processes outside
@test "nothing is had of a process outside, whatever the filter lets through" {
	for how in default build unconfined; do
		options=(--seccomp="$how")
		confined processes "$bystander"
		assert_success || return
		assert_output '' || return
	done
	free processes "$bystander"
	assert_output_has '^process_vm_readv' '^kcmp' '^/proc environ' '^/proc fd' '^write /proc oom_score_adj'
}

# case: limits and priorities of processes outside
@test "limits and priorities of processes outside stay as they are" {
	local before
	before=$(ps -o ni=,cls= "$bystander")
	for how in default unconfined; do
		options=(--seccomp="$how")
		confined limits "$bystander" confined
		assert_success || return
		assert_output '' || return
	done
	assert_equal "$(ps -o ni=,cls= "$bystander")" "$before"
	free limits "$bystander"
	assert_output_has '^prlimit' '^sched_setaffinity' '^sched_setscheduler' '^sched_setattr' '^setpriority$' '^ioprio_set$'
}

serve='
import os, socket
held = []
for path in ("socket", "\0" + os.environ["NAME"]):
	held.append(socket.socket(socket.AF_UNIX)); held[-1].bind(path); held[-1].listen(64)
held.append(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)); held[-1].bind("socket.d")
held.append(socket.socket()); held[-1].bind(("127.0.0.1", 0)); held[-1].listen(64)
port = held[-1].getsockname()[1]
held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)); held[-1].bind(("127.0.0.1", port))
open("port.new", "w").write(str(port)); os.rename("port.new", "port")
while True: held[-2].accept()[0].close()'

# case: sockets outside: by path, abstract, datagrams of a pair, the network
@test "no socket outside is reached, by path, by name, or over the network" {
	(cd "$work" && NAME=confine-$$ exec python3 -c "$serve") 3>&- &
	server=$!
	eventually test -s "$work/port"
	for how in default unconfined; do
		options=(--seccomp="$how" --bind "$work")
		confined sockets "$work/socket" "confine-$$" "$(cat "$work/port")"
		assert_success || return
		assert_output '' || return
		options+=(--network=host)
		confined sockets "$work/socket" "confine-$$" ''
		assert_success || return
		assert_output '' || return
	done
	free sockets "$work/socket" "confine-$$" "$(cat "$work/port")"
	assert_output_has '^stream by path' '^abstract' '^datagram by path' '^datagram pair' '^raw pair' '^TCP' '^UDP' '^netlink'
	assert_output_lacks '^stream pair'
}

# case: a socket for datagrams that was handed in
@test "a socket that was handed in is of no use, or refused" {
	(cd "$work" && NAME=confine-$$ exec python3 -c "$serve") 3>&- &
	server=$!
	eventually test -s "$work/port"
	run --separate-stderr -- python3 -c '
import socket, subprocess, sys
s = socket.socket(socket.AF_INET, getattr(socket, "SOCK_" + sys.argv[1]))
sys.exit(subprocess.run(sys.argv[2:], stdin=s).returncode)' DGRAM "$SANDBOX" --confine-only / true
	assert_refused 'socket for datagrams'
	run --separate-stderr -- python3 -c '
import socket, subprocess, sys
sys.exit(subprocess.run(sys.argv[1:], stdin=socket.socket()).returncode)' "$SANDBOX" --confine-only --seccomp=unconfined \
		--ro-bind "$hostile" / python3 "$hostile" sockets "$work/socket" x "$(cat "$work/port")"
	assert_success
	assert_output ''
}

# case: IPC by key and by name, keys, /dev/shm
@test "no IPC by key or by name, no keys, no shared memory" {
	for how in default unconfined; do
		options=(--seccomp="$how")
		confined ipc 4711 "sandbox-$$"
		assert_success || return
		assert_output '' || return
	done
	free ipc 4711 "sandbox-$$"
	ipcrm -S 4711 2>/dev/null || :
	ipcrm -Q 4711 2>/dev/null || :
	assert_output_has '^semget' '^msgget' '^shmctl' '^keyctl'
}

# case: watching files outside, handles of them
@test "files outside are not watched" {
	for how in default unconfined; do
		options=(--seccomp="$how")
		confined watching "$victim"
		assert_success || return
		assert_output '' || return
	done
	free watching "$victim"
	assert_output_has '^inotify$'
}

# case: another root, in a user namespace of one's own
@test "no other root, and no mount, in a user namespace of one's own" {
	options=(--seccomp=unconfined)
	confined another_root "$victim"
	assert_success
	assert_output '(namespace)' || assert_output ''
	if [ "$output" ]; then
		free another_root "$victim"
		assert_output_has '^chroot'
	fi
}

# case: other terminals of the caller's
@test "of the caller's terminals none but its own is there" {
	require_program script
	export hostile SANDBOX XDG_CACHE_HOME
	# One terminal for the sandbox, in another, which it must not find.
	run script -qec 'TERMINALS="$(tty)" "$SANDBOX" --confine-only -e TERMINALS --ro-bind "$hostile" / python3 "$hostile" terminal' /dev/null
	assert_output_has 'own.?$' '^own by its name'
	assert_output_lacks '(open|list|another)'
}

# case: what stays: daemons, orphans taken over, processes that never stay in one, a tree
@test "whatever it has started ends with it" {
	# Not by `run`, which waits for all who have its output open.
	"$SANDBOX" --confine-only --ro-bind "$hostile" / python3 "$hostile" stay 60 >out 2>&1 3>&-
	assert_equal "$(cat out)" there
	no_new_processes_but_bystander
	nothing_private
	bystander_lives
}

no_new_processes_but_bystander() {
	left=$(our_processes "$processes_before")
	left=$(grep -v "^ *$bystander " <<<"$left") || :
	[ -z "$left" ] || fail "left: $left"
}

start_staying() {
	"$SANDBOX" --confine-only --ro-bind "$hostile" / python3 "$hostile" stay 60 wait >out 2>&1 3>&- &
	supervisor=$!
	eventually grep -q there out
	init=$(pgrep -P "$supervisor" -x sandbox-init)
}

# case: SIGKILL of the supervisor, or of process 1, without a pid namespace
@test "and when the supervisor is killed" {
	start_staying
	kill -KILL "$supervisor"
	wait "$supervisor" || :
	eventually no_new_processes_but_bystander
	eventually nothing_private
	bystander_lives
}

# case: SIGKILL of the supervisor, or of process 1, without a pid namespace
@test "and when the first process is killed" {
	start_staying
	kill -KILL "$init"
	wait "$supervisor" || status=$?
	assert_equal "$status" 137
	no_new_processes_but_bystander
	nothing_private
	bystander_lives
}

# case: SIGKILL of the supervisor, or of process 1, without a pid namespace
@test "and when the supervisor's process group is killed" {
	python3 -c 'import os, sys; os.setpgid(0, 0); os.execv(sys.argv[1], sys.argv[1:])' \
		"$SANDBOX" --confine-only --ro-bind "$hostile" / python3 "$hostile" stay 60 wait >out 2>&1 3>&- &
	supervisor=$!
	eventually grep -q there out
	kill -KILL -- "-$supervisor"
	wait "$supervisor" || :
	eventually no_new_processes_but_bystander
	eventually nothing_private
	bystander_lives
}

# case: what stays: daemons, orphans taken over, processes that never stay in one, a tree
@test "and when its time is over" {
	"$SANDBOX" --confine-only --timeout=1 --timeout-grace=0 --ro-bind "$hostile" / python3 "$hostile" stay 60 wait >out 2>&1 3>&- ||
		status=$?
	assert_equal "$status" 137
	grep -q 'timed out after 1s' out || fail "$(cat out)"
	no_new_processes_but_bystander
	bystander_lives
}

# case: children that the supervisor had before
@test "children that somebody else had before are let live" {
	run --separate-stderr -- sh -c 'sleep 1000 >/dev/null 2>&1 3>&- & echo $! >child; exec "$0" --confine-only / true' "$SANDBOX"
	assert_success
	kill "$(cat child)"
}
