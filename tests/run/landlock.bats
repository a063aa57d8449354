# Landlock behind the mounts: what must go on to work under it, what it forbids, how it is chosen.
# vm: login
load ../lib
load life
load landlock

setup() {
	lib_setup
	tiny_rootfs
	require_landlock 2
}

@test "what ordinary programs do to files: rename, link, cut, pipes, sockets, memfd, terminals" {
	mkdir out
	sandbox --bind "$PWD/out" --workdir "$PWD/out" / python3 -c '
import os, socket, pty
def work(top):
	os.mkdir(top + "/a"); os.mkdir(top + "/b")
	open(top + "/a/f", "w").write("hello")
	os.rename(top + "/a/f", top + "/b/f")
	os.link(top + "/b/f", top + "/a/g")
	os.truncate(top + "/b/f", 2)
	open(top + "/a/g", "w").close()
	os.mkfifo(top + "/p"); os.symlink("p", top + "/l")
	socket.socket(socket.AF_UNIX).bind(top + "/s")
	fd = os.open(top, os.O_TMPFILE | os.O_RDWR); os.write(fd, b"x")
	os.rename(top + "/a", top + "/b/c")
for top in ".", "/tmp", "/dev/shm", "/root" if os.access("/root", os.W_OK) else "/run", "/":
	work(top)
for fd in os.memfd_create("m"), os.pipe()[1]:
	open("/proc/self/fd/%d" % fd, "w").write("again")
master, slave = pty.openpty()
open(os.ttyname(slave), "r+b", buffering=0).write(b"q")
os.get_terminal_size(os.open(os.ttyname(slave), os.O_RDWR))
open("/dev/null", "w").write("x")
open("/proc/self/comm", "w").write("renamed")
open("/proc/self/oom_score_adj", "w").write("1000")
print("fine")'
	assert_equal "$stderr" ''
	assert_output fine
	assert_equal "$(ls out)" $'b\nl\np\ns'
	rm -r out
}

@test "the same on each kind of root: a layer, the directory itself, read-only" {
	for root_option in --layer=memory --layer=disk --rw; do
		options=("$root_option")
		in_sandbox 'mkdir /a /b; echo hello >/a/f; mv /a/f /b/f; ln /b/f /a/g; echo x >>/etc/passwd; : >/b/f; rm /b/f; rmdir /b; ls /a /proc/self >/dev/null; echo x >/dev/null; tty </dev/null; cat /a/g'
		assert_success || return
		[ "$root_option" != --rw ] || [ -e "$root/a/g" ]
	done
	mkdir -p "$root/data" out
	options=(--read-only --bind "$PWD/out:/data")
	in_sandbox 'for d in /data /tmp /run /dev/shm; do echo x >$d/f; mkdir $d/d; mv $d/f $d/d/f; done; echo x >/etc/f; echo x >/dev/null; echo 5 >/proc/self/oom_score_adj && echo fine'
	assert_output fine
	assert_stderr_has 'Read-only file system'
	[ -e out/d/f ]
}

@test "what is handed in can be opened anew by name, and no wider than it was handed in" {
	echo given >in
	"$SANDBOX" "$root" /bin/sh -c 'cat /dev/stdin; echo out >/dev/stdout; echo err >/dev/stderr; echo no >/dev/stdin' <in >out 2>err || :
	assert_equal "$(cat in)" given
	assert_equal "$(cat out)" $'out'
	grep -q 'stdin: Permission denied' err || fail "$(cat err)"
	# As pid 1, and for a command that joins.
	"$SANDBOX" --as-pid-1 "$root" /bin/sh -c 'echo out >>/dev/stdout; echo no >/proc/self/fd/0' <in >out 2>err || :
	assert_equal "$(cat in out)" $'given\nout'
	background web -- sleep 1000
	"$SANDBOX" exec web /bin/sh -c 'echo joined >>/dev/stdout; echo no >/proc/self/fd/0' <in >out 2>err || :
	assert_equal "$(cat in out)" $'given\njoined'
	"$SANDBOX" rm -f web
}

@test "--no-tty: the caller's terminal can be opened by its descriptors, and asked for its size" {
	run script -qec "$SANDBOX --no-tty / python3 -c 'import os; fd = os.open(\"/dev/stdin\", os.O_RDWR); os.get_terminal_size(fd); os.write(fd, b\"fine\")'" /dev/null </dev/null
	assert_output_has fine
}

@test "what joins and what is there can signal and hear each other" {
	background web -- /bin/sh -c 'echo $$ >/pid; trap "echo heard >/heard" USR1; while :; do sleep 0.1; done'
	eventually "$SANDBOX" exec web /bin/test -s /pid
	sandbox exec web /bin/sh -c 'kill -USR1 "$(cat /pid)" && for i in 1 2 3 4 5 6 7 8 9 10; do [ -e /heard ] && break; sleep 0.2; done; cat /heard'
	assert_output heard
	"$SANDBOX" rm -f web
	# With pid 1 and children of one's own: no record, so the scopes are there.
	in_sandbox 'kill -0 1 && sleep 100 & p=$!; kill -0 1 && kill $p && echo signalled'
	assert_output signalled
}

@test "abstract sockets inside go on, with any network" {
	for network in none host; do
		sandbox --network=$network / python3 -c '
import socket, os
name = "\0sandbox-test-%d-%d" % (os.getpid(), os.getuid())
a = socket.socket(socket.AF_UNIX); a.bind(name); a.listen()
if os.fork() == 0:
	socket.socket(socket.AF_UNIX).connect(name); os._exit(0)
print(os.waitstatus_to_exitcode(os.wait()[1]))'
		assert_output 0 || return
	done
}

@test "--landlock=require refuses what it contradicts; off is off; auto leaves mounts to who may mount" {
	sandbox --landlock=require "$root" /bin/echo ran
	assert_output ran
	sandbox --landlock=require --seccomp=unconfined --cap-add SYS_ADMIN "$root" /bin/echo ran
	assert_refused 'landlock=require \(command line\).*CAP_SYS_ADMIN'
	mkdir "$root/mnt"
	sandbox --seccomp=unconfined --cap-add SYS_ADMIN "$root" /bin/mount -t tmpfs none /mnt
	assert_success
	echo given >in
	"$SANDBOX" --landlock=off "$root" /bin/sh -c 'echo written >/proc/self/fd/0' <in
	assert_equal "$(cat in)" written
	sandbox --landlock=maybe "$root" /bin/echo ran
	assert_refused 'no such choice' 'auto, require, off'
}

@test "--dry-run says what is used" {
	sandbox --dry-run "$root"
	assert_output_has "landlock +writes below / /dev.* \(ABI $(landlock_abi)\)  # default"
	sandbox --dry-run --read-only --tmpfs /data "$root"
	assert_output_has 'landlock +writes below /proc /dev /tmp /run .*/data'
	sandbox --dry-run --seccomp=unconfined "$root"
	assert_output_has 'landlock +not used: the filter lets mounts through'
}

@test "a profile of one's own that lets mounts through is as unconfined; one that does not is not" {
	local refuse='"syscalls": [{"names": ["mount", "move_mount"], "action": "SCMP_ACT_ERRNO"}]'
	echo "{\"defaultAction\": \"SCMP_ACT_ALLOW\", $refuse}" >shut.json
	echo "{\"defaultAction\": \"SCMP_ACT_ALLOW\", ${refuse/\"mount\", /}}" >open.json
	sandbox --dry-run --seccomp=./open.json "$root"
	assert_output_has 'landlock +not used: the filter lets mounts through'
	sandbox --dry-run --seccomp=./shut.json "$root"
	assert_output_has 'landlock +writes below /'
}

# --- ports of TCP -------------------------------------------------------------------------------------

# listening: a server on a free port of the host's loopback; $port
listening() {
	python3 -c '
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
print(s.getsockname()[1], flush=True)
while True:
	s.accept()[0].send(b"hello")' >port 3>&- &
	server=$!
	eventually test -s port
	port=$(cat port)
}
teardown() {
	[ -z "${server-}" ] || kill "$server"
	lib_teardown
}

connect='import socket, sys
try:
	print(socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5).recv(9).decode())
except OSError as e: print(e.strerror)'

@test "--connect-tcp and --bind-tcp: these ports and no others" {
	require_landlock 4
	listening
	sandbox --network=host --connect-tcp "$port" / python3 -c "$connect" "$port"
	assert_output hello
	sandbox --network=host --connect-tcp "$((port - 1))-$((port + 1)),1" / python3 -c "$connect" "$port"
	assert_output hello
	sandbox --network=host --connect-tcp 1 / python3 -c "$connect" "$port"
	assert_output 'Permission denied'
	sandbox --network=host --connect-tcp none / python3 -c "$connect" "$port"
	assert_output 'Permission denied'
	sandbox --network=host --connect-tcp "$port" --connect-tcp= / python3 -c "$connect" "$port"
	assert_output 'Permission denied'
	sandbox --network=host --bind-tcp 1 / python3 -c "$connect" "$port"
	assert_output hello
	bind='import socket, sys
try: socket.socket().bind(("127.0.0.1", int(sys.argv[1]))); print("bound")
except OSError as e: print(e.strerror)'
	sandbox --network=host --bind-tcp 45999 / python3 -c "$bind" 45998
	assert_output 'Permission denied'
	sandbox --network=host --bind-tcp 45990-45999 / python3 -c "$bind" 45998
	assert_output bound
	# A command that joins has the same.
	background web --network=host --connect-tcp 1 -- sleep 1000
	sandbox exec web /bin/sh -c "echo | nc -w 2 127.0.0.1 $port"
	assert_output_lacks hello
	[ "$status" != 0 ]
	"$SANDBOX" rm -f web
}

@test "--connect-tcp is refused where it means nothing, or cannot be held" {
	for words in "" "--network=slirp4netns" "--network=none"; do
		# shellcheck disable=SC2086
		sandbox $words --connect-tcp 443 "$root" /bin/echo ran
		assert_refused 'connect-tcp \(command line\) is for --network=host' || return
	done
	sandbox --network=host --landlock=off --bind-tcp 443 "$root" /bin/echo ran
	assert_refused 'exclude each other'
	for value in 0 65536 x 9-8 1,,2 1-; do
		sandbox --network=host --connect-tcp "$value" "$root" /bin/echo ran
		assert_refused "connect-tcp '$value'" || return
	done
}
