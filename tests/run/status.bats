# What other programs are told: --meta, --json-status-fd, --info-fd.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
}

# json FILE EXPRESSION: python's value of it, with the parsed file as j
json() { python3 -c 'import json, sys; j = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }

# lines FILE EXPRESSION: the same for a file of one document a line
lines() { python3 -c 'import json, sys; j = [json.loads(l) for l in open(sys.argv[1])]; print(eval(sys.argv[2]))' "$1" "$2"; }

@test "--info-fd: process 1 and the namespaces, as bubblewrap has them" {
	# shellcheck disable=SC2016
	"$SANDBOX" --info-fd 3 "$root" /bin/sh -c 'for n in cgroup ipc mnt net pid uts user; do echo $n $(readlink /proc/self/ns/$n); done' 3>info >inside
	while read -r kind link; do
		assert_equal "$kind:[$(json info "j['$kind-namespace']")]" "$link" || return
	done <inside
	assert_equal "$(json info "j['child-pid'] > 1")" True
	assert_equal "$(json info '" ".join(j)')" \
		'child-pid cgroup-namespace ipc-namespace mnt-namespace net-namespace pid-namespace uts-namespace user-namespace'
}

@test "its descriptor is closed when all is said, and the command does not have it" {
	"$SANDBOX" --info-fd 3 "$root" sleep 60 3>pipe.out &
	local supervisor=$!
	eventually test -s pipe.out
	assert_equal "$(readlink "/proc/$supervisor/fd/3" || :)" ''
	assert_equal "$(readlink "/proc/$(json pipe.out "j['child-pid']")/cwd" || echo closed)" closed
	kill "$supervisor"
	wait "$supervisor" || :
	sandbox --info-fd 3 --json-status-fd 4 "$root" ls /proc/self/fd 3>info 4>status
	assert_output '0
1
2
3' # the last is of ls itself
}

@test "a namespace that is the caller's is not named" {
	sandbox --network=host --info-fd 3 "$root" true 3>info
	assert_success
	assert_equal "$(json info "'net-namespace' in j")" False
}

@test "a reader that does not read can be waited for, and the wait be ended" {
	local option
	for option in --json-status-fd=9 --info-fd=9 --print-enforced=9; do
		run --separate-stderr python3 -c '
import fcntl, os, signal, subprocess, sys, time
r, w = os.pipe()
fcntl.fcntl(w, 1031, 4096)
os.write(w, b"x" * 4096)
os.dup2(w, 9)
command = [*sys.argv[1:], "/bin/echo", "ran"]
child = subprocess.Popen(command, pass_fds=(9,), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
time.sleep(0.6)
print("waits" if child.poll() is None else "over")
child.send_signal(signal.SIGTERM)
print(child.communicate(timeout=10)[0].decode())
child = subprocess.Popen(command, pass_fds=(9,), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
time.sleep(0.3)
os.close(w)
os.close(9)
while os.read(r, 65536):
    pass
print(child.communicate(timeout=10)[0].decode(), child.returncode)' "$SANDBOX" $option "$root"
		assert_success
		assert_equal "${lines[0]}" waits
		assert_output_has "descriptor 9 \\(${option%=*}\\): Interrupted" '^ran$' ' 0$'
	done
}

@test "--json-status-fd: a line at the start and one at the end" {
	sandbox --json-status-fd 3 "$root" /bin/sh -c 'exit 7' 3>status
	assert_status 7
	assert_equal "$(lines status 'len(j), sorted(j[1].items())')" "(2, [('exit-code', 7), ('reason', 'exited')])"
	assert_equal "$(lines status "'child-pid' in j[0] and 'pid-namespace' in j[0]")" True
	# shellcheck disable=SC2016
	sandbox --json-status-fd 3 "$root" /bin/sh -c 'kill -KILL $$' 3>status
	assert_equal "$(lines status "j[1]['exit-code'], j[1]['signal'], j[1]['reason']")" "(137, 9, 'signalled')"
}

@test "a command that is not there has no exit code, as with bubblewrap" {
	sandbox --json-status-fd 3 "$root" nosuchcommand 3>status
	assert_status 127
	assert_equal "$(lines status "['exit-code' in d for d in j], j[-1]['reason']")" "([False, False], 'failed')"
}

@test "the caller reads the first line while the command runs" {
	mkfifo status
	"$SANDBOX" --json-status-fd 3 "$root" /bin/sh -c 'echo up; exec sleep 60' 3>status >out &
	local supervisor=$! first
	exec 5<status
	eventually test -s out
	read -r first <&5
	# shellcheck disable=SC2016
	assert_equal "$(python3 -c 'import json, os, sys; os.kill(json.loads(sys.argv[1])["child-pid"], 0); print("alive")' "$first")" alive
	kill -TERM "$supervisor"
	wait "$supervisor" || :
	read -r first <&5
	assert_equal "$first" '{ "exit-code": 143, "reason": "signalled", "signal": 15 }'
	exec 5<&-
}

@test "a descriptor that is not open, or is not for writing, or has no reader" {
	sandbox --json-status-fd 9 "$root" true 9>&-
	assert_refused "cannot write the sandbox's status to descriptor 9" '9>FILE'
	sandbox --info-fd 3 "$root" true 3</dev/null
	assert_refused "cannot write the sandbox's status to descriptor 3"
	run --separate-stderr bash -c '"$0" --json-status-fd 3 "$1" /bin/echo hello 3> >(true); echo $?' "$SANDBOX" "$root"
	# Either it was read before it ended, or it is refused; a signal ends nothing.
	assert_output_has '^(125|0)$'
	sandbox --json-status-fd 3 "$root" true 3>/dev/full
	assert_refused 'descriptor 3 \(--json-status-fd\): No space left'
}

@test "--meta: how it ended and what it used" {
	# shellcheck disable=SC2016
	sandbox --meta run.json "$root" /bin/sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; exit 5'
	assert_status 5
	assert_equal "$(json run.json "j['reason'], j['status'], j['exit'], j['signal'], j['error']")" "('exited', 5, 5, None, None)"
	assert_equal "$(json run.json "j['wall'] > 0 and j['cpu-user'] > 0.005 and 100000 < j['max-rss'] < 100000000")" True
	# What a command's children use counts, also of those that it has not waited for.
	# shellcheck disable=SC2016
	sandbox --meta run.json "$root" /bin/sh -c '(i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done) & sleep 1.5'
	assert_equal "$(json run.json "j['cpu-user'] > 0.01")" True
}

@test "--meta of each reason" {
	# shellcheck disable=SC2016
	sandbox --meta run.json "$root" /bin/sh -c 'kill -SEGV $$'
	assert_equal "$(json run.json "j['reason'], j['status'], j['exit'], j['signal']")" "('signalled', 139, None, 11)"
	sandbox --meta run.json --timeout 200ms "$root" sleep 60
	assert_equal "$(json run.json "j['reason'], j['status'], j['exit'], j['signal']")" "('timeout', 143, None, 15)"
	sandbox --meta run.json --timeout 2s "$root" /bin/sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
	assert_equal "$(json run.json "j['reason'], j['status'], j['exit'], j['signal']")" "('timeout', 143, 3, None)"
	sandbox --meta run.json --cpu-time 1 "$root" /bin/sh -c 'while :; do :; done'
	assert_equal "$(json run.json "j['reason'], j['status']")" "('cpu-time', 152)"
	sandbox --meta run.json "$root" nosuchcommand
	assert_equal "$(json run.json "j['reason'], j['status'], 'command not found' in j['error']")" "('failed', 127, True)"
	"$SANDBOX" --meta run.json --json-status-fd 3 "$root" /bin/sh -c 'echo up; exec sleep 60' 3>status >out 2>said &
	local supervisor=$!
	eventually test -s out
	kill -KILL "$(lines status "j[0]['child-pid']")"
	wait "$supervisor" || :
	assert_equal "$(json run.json "j['reason'], j['status']")" "('killed', 137)"
	grep -q "first process was killed by signal 9" said
}

# case: a forged --meta
@test "--meta: strange names in errors are JSON all the same" {
	sandbox --meta run.json "$root" $'/no\xff"\\\n\x1b[31m'
	assert_status 127
	assert_equal "$(json run.json "j['error']")" $'cannot run /no\xef\xbf\xbd"\\\n\x1b[31m: command not found in '"$root"
}

# case: a forged --meta
@test "--meta: the file is whole, replaces an older one, and is alone" {
	echo 'an older run' >run.json
	"$SANDBOX" --meta run.json "$root" /bin/sh -c 'echo up; exec sleep 60' >out &
	local supervisor=$!
	eventually test -s out
	assert_equal "$(find . -maxdepth 1 -type f)" ./out
	kill "$supervisor"
	wait "$supervisor" || :
	assert_equal "$(json run.json "j['reason']")" signalled
	rm out
	assert_equal "$(find . -maxdepth 1 -type f -printf '%f %m\n')" "run.json $(printf %o $((0666 & ~$(umask))))"
	# What the command makes in its place is replaced.
	sandbox --bind .:/here --meta run.json "$root" /bin/sh -c 'echo forged >/here/run.json'
	assert_equal "$(json run.json "j['reason']")" exited
	assert_equal "$(find . -maxdepth 1 -type f -printf '%f\n')" run.json
}

@test "--meta is refused before the start where it cannot be written" {
	sandbox --meta /nowhere/run.json "$root" /bin/echo ran
	assert_refused 'cannot write /nowhere/run.json \(--meta\): No such file'
	mkdir -m 0500 closed
	sandbox --meta closed/run.json "$root" /bin/echo ran
	assert_refused 'closed/run.json \(--meta\): Permission denied'
	ln -s run.json link
	mkdir dir
	for name in link dir /dev/full; do
		sandbox --meta "$name" "$root" /bin/echo ran
		assert_refused 'no regular file' || return
	done
}

@test "--meta on a full disk is refused before the start, and leaves nothing" {
	require 'a user namespace that may mount' unshare -Urm true
	mkdir full
	run --separate-stderr unshare -Urm bash -c '
		mount -t tmpfs -o size=16k,mode=0755 none full
		cat /dev/zero >full/fill 2>/dev/null
		"$0" --userns=single --meta full/run.json / echo ran
		echo $?; ls -A full' "$SANDBOX"
	assert_output '125
fill'
	assert_stderr_has 'full/run.json \(--meta\): No space left on device'
}

@test "a disk that fills up while the command runs does not matter" {
	require 'a user namespace that may mount' unshare -Urm true
	mkdir full
	run --separate-stderr unshare -Urm bash -c '
		mount -t tmpfs -o size=32k,mode=0755 none full
		"$0" --userns=single --bind full:/full --meta full/run.json / sh -c "cat /dev/zero >/full/fill 2>/dev/null; exit 4"
		echo $?; cp full/run.json .' "$SANDBOX"
	assert_output 4
	assert_equal "$(json run.json "j['exit']")" 4
}
