# What Landlock holds when something else does not: descriptors that have come in, the host's abstract sockets,
# ports of TCP. Each is tried with --landlock=off too, where it works: else it would show nothing.
# vm: login
load ../lib
load attack
load ../run/landlock

setup() {
	lib_setup
	tiny_rootfs
	make_victim
	require_landlock 2
}

teardown() {
	"$SANDBOX" rm -f box >/dev/null 2>&1 || :
	[ -z "${server-}" ] || kill "$server"
	lib_teardown
}

# with_directory COMMAND...: standard input is a socket by which the directory $victim comes, open
with_directory() {
	run --separate-stderr -- python3 -c '
import os, socket, subprocess, sys
ours, theirs = socket.socketpair()
socket.send_fds(ours, [b"x"], [os.open(sys.argv[1], os.O_RDONLY), os.open(sys.argv[1] + "/file", os.O_RDONLY)])
sys.exit(subprocess.run(sys.argv[2:], stdin=theirs).returncode)' "$victim" "$@"
}

# What a program does with it; prints what has worked.
changes='
import os, socket
fds = socket.recv_fds(socket.socket(fileno=0), 1, 2)[1]
top, file = fds
def tries(name, call):
	try: call(); print(name)
	except OSError as e: pass
tries("write", lambda: os.open("file", os.O_WRONLY, dir_fd=top))
tries("cut", lambda: os.open("file", os.O_RDONLY | os.O_TRUNC, dir_fd=top))
tries("truncate", lambda: os.truncate("/proc/self/fd/%d" % file, 0))
tries("reopen", lambda: os.open("/proc/self/fd/%d" % file, os.O_RDWR))
tries("make", lambda: os.open("new", os.O_WRONLY | os.O_CREAT, dir_fd=top))
tries("tmpfile", lambda: os.open("/proc/self/fd/%d" % top, os.O_TMPFILE | os.O_RDWR))
tries("mkdir", lambda: os.mkdir("newdir", dir_fd=top))
tries("link", lambda: os.link("file", "hard", src_dir_fd=top, dst_dir_fd=top))
tries("symlink", lambda: os.symlink("/", "soft", dir_fd=top))
tries("fifo", lambda: os.mkfifo("fifo", dir_fd=top))
tries("socket", lambda: (os.fchdir(top), socket.socket(socket.AF_UNIX).bind("socket")))
tries("rename", lambda: os.rename("ptmx", "renamed", src_dir_fd=top, dst_dir_fd=top))
tries("move", lambda: os.rename("ptmx", "d/ptmx", src_dir_fd=top, dst_dir_fd=top))
tries("unlink", lambda: os.unlink("file", dir_fd=top))
tries("rmdir", lambda: os.rmdir("d/a/b", dir_fd=top))
'

# case: a directory of the host's that has come in: write, cut, make, move, remove
@test "a directory of the host's that has come in: nothing in it can be changed" {
	with_directory "$SANDBOX" / python3 -c "$changes"
	assert_success
	if [ "$(landlock_abi)" -ge 3 ]; then
		assert_output ''
		assert_victim_unchanged
	else # truncate(2) is not in ABI 2
		assert_output_lacks 'write|make|dir|link|fifo|socket|rename|move|reopen|tmpfile'
	fi
	with_directory "$SANDBOX" --landlock=off / python3 -c "$changes"
	assert_output_has write cut truncate reopen make tmpfile mkdir link symlink fifo socket rename unlink rmdir
}

# case: the same for a command that joins
@test "the same for a command that joins" {
	"$SANDBOX" -d --name box "$root" /bin/sleep 1000 >/dev/null 3>&-
	echo CANARY >given
	run --separate-stderr -- "$SANDBOX" exec box /bin/sh -c 'echo x >/proc/self/fd/0; : >/proc/self/fd/0' <given
	assert_equal "$(cat given)" CANARY
}

# case: the host's abstract sockets, with its network
@test "the host's abstract sockets, with the host's network" {
	require_landlock 6
	python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind("\0sandbox-test-" + sys.argv[1]); s.listen()
print("up", flush=True)
while True: s.accept()' "$$" >up 3>&- &
	server=$!
	eventually test -s up
	connect='import socket, sys
try: socket.socket(socket.AF_UNIX).connect("\0sandbox-test-" + sys.argv[1]); print("connected")
except OSError as e: print(e.strerror)'
	sandbox --network=host / python3 -c "$connect" "$$"
	local with=$output
	sandbox --network=host --name box --landlock=auto / python3 -c "$connect" "$$"
	local named=$output
	sandbox --network=host --landlock=off / python3 -c "$connect" "$$"
	assert_equal "$with $named $output" 'Operation not permitted Operation not permitted connected'
}

# doors PORT: each way to open a connection of TCP
doors='
import ctypes, socket, sys
to = ("127.0.0.1", int(sys.argv[1]))
def tries(name, call):
	try: call(); print(name)
	except OSError as e: pass
tcp = lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)
tries("connect", lambda: tcp().connect(to))
tries("connect6", lambda: socket.socket(socket.AF_INET6).connect(("::ffff:127.0.0.1", to[1])))
tries("fastopen", lambda: tcp().sendto(b"x", socket.MSG_FASTOPEN, to))
tries("fastopen-msg", lambda: tcp().sendmsg([b"x"], [], socket.MSG_FASTOPEN, to))
def late():
	s = tcp(); s.setsockopt(socket.IPPROTO_TCP, 30, 1); s.connect(to); s.send(b"x")
tries("fastopen-connect", late)
tries("mptcp", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262).connect(to))
if ctypes.CDLL(None).syscall(425, 8, ctypes.create_string_buffer(512)) >= 0: print("io_uring")
'

# case: TCP by other doors than connect(2): Fast Open, Multipath TCP, io_uring
@test "ports of TCP: no other door than connect(2) (Fast Open, Multipath TCP, io_uring)" {
	require_landlock 4
	python3 -c '
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(64)
print(s.getsockname()[1], flush=True)
while True: s.accept()[0].close()' >port 3>&- &
	server=$!
	local port
	eventually test -s port
	port=$(cat port)
	for filter in default unconfined; do
		sandbox --network=host --seccomp=$filter --connect-tcp 1 / python3 -c "$doors" "$port"
		assert_success || return
		assert_output '' || return
	done
	sandbox --network=host --seccomp=unconfined / python3 -c "$doors" "$port"
	assert_output_has connect connect6 fastopen fastopen-msg fastopen-connect
}

mounts='
import ctypes
libc = ctypes.CDLL(None)
CLONE_NEWUSER, CLONE_NEWNS, MS_BIND, MS_REMOUNT = 0x10000000, 0x20000, 4096, 32
print("namespaces" if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 else "none")
for name, call in {"tmpfs": (b"none", b"/tmp", b"tmpfs", 0, None), "bind": (b"/usr", b"/tmp", None, MS_BIND, None),
		"remount": (None, b"/tmp", None, MS_BIND | MS_REMOUNT | 7, None)}.items():
	if libc.mount(*call) == 0: print(name)
if libc.umount2(b"/tmp", 2) == 0: print("umount")'

# case: mounts in a user namespace of one's own, without a filter
@test "nothing can be mounted, though the filter and the namespaces would let it" {
	sandbox --landlock=require --seccomp=unconfined / python3 -c "$mounts"
	assert_output namespaces
	sandbox --seccomp=unconfined / python3 -c "$mounts"
	assert_output $'namespaces\ntmpfs\nbind\nremount\numount'
}
