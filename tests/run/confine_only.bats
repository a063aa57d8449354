# --confine-only: what works in it, what is refused by name, how it says what it is.
load ../lib
load landlock
load life

setup() {
	lib_setup
	require_landlock 6
	export XDG_CACHE_HOME=$scratch/cache
	work=$scratch/work
	mkdir "$work"
	options=(--bind "$work" --workdir "$work")
}

# confined WORD...: in the working directory, which is bound
confined() { sandbox --confine-only "${options[@]}" / "$@"; }

@test "the command's id, no capability, no new privileges, and a private directory" {
	options=()
	confined sh -c 'id -u; pwd; echo "$HOME $TMPDIR"; echo x >f; : >"$TMPDIR/g"; chmod 0755 f; stat -c %a f'
	assert_success
	[[ ${lines[0]} = "$(id -u)" && ${lines[1]} = "$XDG_CACHE_HOME"/sandbox/layers/layer-??????/home ]] || told 'where'
	assert_equal "${lines[2]}" "${lines[1]} ${lines[1]%/home}/tmp"
	assert_equal "${lines[3]}" 755
	[ ! -e "${lines[1]%/home}" ] || fail 'the private directory is left'
	confined python3 -c 'print(*[l.split()[1] for l in open("/proc/self/status") if l.startswith(("CapPrm", "CapEff", "CapInh", "CapAmb", "NoNewPrivs", "Seccomp:"))])'
	assert_output '0000000000000000 0000000000000000 0000000000000000 0000000000000000 1 2'
}

@test "gcc, make, tar, cp: modes and times where it may write" {
	require_program gcc
	printf 'int main(void) { return 42; }\n' >"$work/a.c"
	printf 'a: a.c\n\tgcc -O2 a.c -o a\n' >"$work/Makefile"
	confined sh -c 'make -s -j4 && ./a; echo $?; make -q && touch -d 2001-02-03 a.c && ln -s a.c l && touch -h -d 2002-02-03 l &&
		cp -p a.c b.c && tar cf x.tar a b.c l && mkdir x && tar xpf x.tar -C x && stat -c "%a %.10y %N" x/a x/b.c x/l && chgrp "$(id -g)" a && install -m 0640 a c &&
		stat -c %a c && cd x && chmod 0600 ../c /proc/self/fd/0 <a && stat -c %a ../c a'
	assert_success
	assert_output "42
$(stat -c %a "$work/a" | tr -d 0-9)755 $(date +%F) 'x/a'
644 2001-02-03 'x/b.c'
777 2002-02-03 'x/l' -> 'a.c'
640
600
600"
}

@test "git, python, perl, node" {
	require_program git
	confined sh -c 'git init -q g && cd g && git config user.email a@example.org && git config user.name A && echo x >f && git add f &&
		git commit -qm first && git gc -q && git fsck --strict && git clone -q . ../h && git -C ../h log --format=%s'
	assert_success
	assert_output first
	confined python3 -c '
import asyncio, os, sqlite3, subprocess, tempfile, threading
print(asyncio.run(asyncio.sleep(0, "slept")), subprocess.check_output(["echo", "child"]))
db = sqlite3.connect("t.db"); db.execute("pragma journal_mode=wal"); db.execute("create table t(x)"); db.commit()
with tempfile.NamedTemporaryFile() as f: os.fchmod(f.fileno(), 0o600); os.utime(f.fileno(), (1, 1)); print(os.stat(f.name).st_mtime)'
	assert_success
	assert_output $'slept b\'child\\n\'\n1.0'
	! command -v node >/dev/null || {
		confined node -e 'const w = new (require("worker_threads").Worker)("console.log(1)", {eval: true}); w.on("exit", () => console.log(require("child_process").execSync("echo two").toString()))'
		assert_success
		assert_output_has 1 two
	}
}

@test "signals, jobs and pipes among its own processes" {
	confined bash -c 'sleep 1000 & kill $!; wait $!; echo $?; (trap "echo got; exit" USR1; while :; do sleep 0.1; done) & sleep 0.3; kill -USR1 $!; wait; echo a | cat'
	assert_success
	assert_output $'143\ngot\na'
	confined sh -c 'kill -SEGV $$'
	assert_status 139
}

@test "attributes: errors are those of the call" {
	confined python3 -c '
import errno, os
open("f", "w").close(); os.symlink("f", "l"); os.symlink("no", "dangling"); os.mkdir("d")
def said(f, *a, **k):
	try: return f(*a, **k)
	except OSError as e: return errno.errorcode[e.errno]
print(said(os.chmod, "no", 0o600), said(os.chmod, "f/x", 0), said(os.chmod, "dangling", 0), said(os.chmod, "x" * 5000, 0), said(os.fchmod, 99, 0))
os.setxattr("l", "user.a", b"b"); print(os.getxattr("f", "user.a")); os.removexattr("f", "user.a"); print(said(os.removexattr, "f", "user.a"))
print(said(os.setxattr, "f", "user.a", b"x", os.XATTR_REPLACE), said(os.chown, "f", 0, 0), said(os.chmod, "", 0))
d = os.open("d", os.O_PATH); os.chmod("../f", 0o640, dir_fd=d); os.utime("../l", (1, 1), dir_fd=d, follow_symlinks=False)
print(oct(os.stat("f").st_mode), os.lstat("l").st_mtime, os.stat("f").st_mtime != 1)
os.chdir("d"); os.chmod("../f", 0o600); os.chmod(os.getcwd() + "/../l", 0o604); print(oct(os.stat("../f").st_mode))'
	assert_success
	assert_output "ENOENT ENOTDIR ENOENT ENAMETOOLONG EBADF
b'b'
ENODATA
ENODATA EPERM ENOENT
0o100640 1.0 True
0o100604"
}

@test "what is bound: read-only, a file, what is not there, at its own place alone" {
	mkdir "$scratch/ro"
	echo text >"$scratch/ro/file"
	options+=(--ro-bind "$scratch/ro" --bind-try "$scratch/nothing")
	confined sh -c "cat $scratch/ro/file; ls $scratch/ro; echo x >$scratch/ro/file; rm $scratch/ro/file; cat $scratch/nothing"
	assert_output $'text\nfile'
	assert_stderr_has 'Permission denied'
	echo text >"$scratch/single"
	options=(--bind "$scratch/single")
	confined sh -c "echo more >>$scratch/single; cat $scratch/single; chmod 0600 $scratch/single"
	assert_success
	assert_equal "$(stat -c %a "$scratch/single")" 600
	ln -s "$work" "$scratch/link"
	options=(--bind "$scratch/link")
	confined true
	assert_refused 'symbolic link'
	options=(--bind "$scratch")
	confined true
	assert_refused 'holds filters that are kept' 'nothing can be hidden'
}

@test "everything that takes a namespace or a mount is refused, by name and with what it takes" {
	local given
	local refused=("--overlay=x" "--tmpfs=/x" "--mask=/etc/passwd" "--mkdir=/x" "--symlink=a:/x" "--lower=/usr" "--bind=/usr:/x" "--bind=$work:$work:O"
		"--bind=$work:$work:noexec" "--rw" "--layer=disk" "--overlay-size=1m" "--hostname=x" "--userns=single" "--userns=fakeroot" "--user=0" "--uidmap=0:1:1"
		"--gidmap=0:1:1" "--boottime-offset=5" "--network=slirp4netns" "--network=pasta" "--allow-net=192.0.2.1" "--publish=8080:80" "--allow-host-port=80"
		"--ca-certificates=none" "--landlock=off" "--seccomp=nested" "--seccomp=log" "--explain" "--cap-add=KILL" "--name=x"
		"--detach" "--as-pid-1" "--home=tmp" "--dbus=filtered" "--wayland" "--x11" "--audio-try" "--gpu" "--camera" "--proc=unmasked" "--seccomp=sandboxes"
		"--info-fd=1" "--json-status-fd=1")
	for given in "${refused[@]}"; do
		sandbox --confine-only "$given" / echo ran
		assert_refused "^sandbox: ${given%%=*} \\(command line\\) cannot be had with --confine-only \\(command line\\): " || fail "$given"
	done
	sandbox --confine-only --limits=best-effort --pids-limit=100 / echo ran
	assert_refused '^sandbox: --limits .* user namespace'
	sandbox --confine-only "$scratch" echo ran
	assert_refused 'cannot make .* the root' 'ROOTFS is /'
	sandbox learn -o x.conf --confine-only / echo ran
	assert_status 125
}

@test "a profile that has such options is refused, the default one and that of builds work" {
	printf 'extends = default\nhostname = x\n' >x.conf
	sandbox --confine-only --profile ./x.conf / echo ran
	assert_status 125
	sandbox --confine-only --profile judge / echo ran
	assert_refused 'profile judge.conf:[0-9]+'
	for given in build strict; do
		run --separate-stderr env -C "$work" "$SANDBOX" --confine-only --profile "$given" / echo ran
		assert_success || return
		assert_output ran || return
	done
	printf 'extends = default\nconfine-only = true\n' >y.conf
	sandbox --profile ./y.conf / echo ran
	assert_status 125
	assert_stderr_has 'y.conf' 'trust'
}

@test "with user namespaces really off: the error names it, and it works" {
	nested 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$0" / echo ran' "$SANDBOX"
	assert_refused 'limit of user namespaces is 0' 'weaker' 'sandbox --confine-only / COMMAND'
	nested 'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all "$0" --confine-only --bind "$1" --workdir "$1" / sh -c "
		echo ran >f && chmod 0700 f && cat f; unshare -U true 2>/dev/null || echo none; ls /"' "$SANDBOX" "$work"
	assert_output $'ran\nnone'
	assert_stderr_has "cannot open directory '/'"
}

@test "the doctor says that it would work where user namespaces do not" {
	nested 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$0" doctor' "$SANDBOX"
	assert_output_has '^  no +run a command' '^  yes +the same without namespaces'
}

@test "the host's network: sockets of the internet, ports of TCP" {
	options=(--network=host)
	confined python3 -c '
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); c = socket.create_connection(s.getsockname()); print("connected")'
	assert_output connected
	options+=(--connect-tcp 1)
	confined python3 -c '
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); c = socket.create_connection(s.getsockname())'
	assert_status 1
	assert_stderr_has 'PermissionError'
}

@test "a terminal of its own, with jobs" {
	require_program script
	export SANDBOX work
	run script -qec '"$SANDBOX" --confine-only --bind "$work" / sh -c "tty; stty size >/dev/null && echo sized; echo x >/dev/tty; echo y >\$(tty); ps >/dev/null 2>&1 || echo none"' /dev/null
	assert_output_has '/dev/pts/[0-9]+' sized x y
}

@test "--meta, --timeout, limits of each process, the exit status" {
	sandbox --confine-only --meta m.json --timeout=1 --timeout-grace=0 / sh -c 'setsid sleep 1000 & sleep 1000'
	assert_status 137
	assert_stderr_has 'timed out after 1s'
	grep -q '"reason": *"timeout"' m.json || fail "$(cat m.json)"
	sandbox --confine-only --ulimit nofile=77 --nice=5 / sh -c 'ulimit -n; nice; exit 3'
	assert_status 3
	assert_output "77"$'\n'"$(nice -n 5 nice)"
	sandbox --confine-only / /no/such
	assert_status 127
	sandbox --confine-only / /etc/passwd
	assert_status 126
}

@test "--print-enforced says what is in force" {
	sandbox --confine-only --print-enforced e.json / true
	assert_success
	run python3 -c '
import json
e = json.load(open("e.json"))
print(e["landlock"]["refuses-outside-writes"], e["landlock"]["handled"]["fs"] & 13 == 13, e["landlock"]["handled"]["scoped"], e["no-new-privileges"],
	e["capabilities"]["permitted"], e["seccomp"]["filters"] >= 2, e["namespaces"]["user"] == e["outside"]["user"], e["confine-only"])'
	assert_output 'True True 3 True [] True True True'
	sandbox --print-enforced f.json / true
	grep -q '"confine-only": false' f.json || fail "$(cat f.json)"
}

@test "a signal, and Ctrl-Z of a shell without a terminal, reach the command and all it has started" {
	"$SANDBOX" --confine-only "${options[@]}" / sh -c 'trap "echo got; exit 4" TERM; echo ready; while :; do sleep 0.1; done' >out 3>&- &
	supervisor=$!
	eventually grep -q ready out
	kill -TSTP "$supervisor"
	eventually sh -c 'ps -o stat= --ppid "$(pgrep -P "$0" -x sandbox-init)" | grep -q T' "$supervisor"
	kill -CONT "$supervisor"
	kill -TERM "$supervisor"
	wait "$supervisor" || status=$?
	assert_equal "$status $(tail -n 1 out)" '4 got'
}

@test "a hundred dead orphans, and ten thousand calls that ask" {
	confined python3 -c '
import os
for i in range(100):
	if os.fork() == 0:
		if os.fork() == 0: os._exit(0)
		os._exit(0)
while True:
	try: os.wait()
	except ChildProcessError: break
open("f", "w").close()
for i in range(10000): os.utime("f", (i, i))
print(os.stat("f").st_mtime)'
	assert_success
	assert_output 9999.0
}
