# Programs of every day under the default filter, in the host's root; docs/real-use.md has what was tried by hand beside
# them, and in a root file system of its own.
load ../lib

setup() {
	lib_setup
	mkdir work
	cd work || return
}

# here SCRIPT: in the working directory, by default alone; the words of the array `options` say more.
here() { sandbox "${options[@]}" --bind "$PWD:/tmp/work" --workdir /tmp/work / sh -c "$1"; }

@test "gcc with threads, make with jobs" {
	require_program gcc
	cat >a.c <<-'EOF'
		#include <pthread.h>
		#include <stdio.h>
		static void *run(void *p) { return p; }
		int main(void) { pthread_t t; void *r; if (pthread_create(&t, 0, run, "ok")) return 1; pthread_join(t, &r); puts(r); }
	EOF
	printf 'all: a b c\na b c: a.c\n\tgcc -O2 -pthread a.c -o $@\n' >Makefile
	here 'make -s -j4 && ./a && ./b && ./c'
	assert_success
	assert_output $'ok\nok\nok'
}

@test "git: init, commit, gc, clone" {
	require_program git
	here 'git init -q g && cd g && git config user.email a@example.org && git config user.name A && echo x >f && git add f &&
		git commit -qm first && git gc -q && git fsck --strict && git clone -q . ../h && git -C ../h log --format=%s'
	assert_success
	assert_output first
}

@test "python: pools of processes, threads, sockets, asyncio, sqlite" {
	require 'program python3' test -x /usr/bin/python3
	cat >p.py <<-'EOF'
		import asyncio, multiprocessing, socket, sqlite3, subprocess, tempfile, threading
		def main():
		    with multiprocessing.Pool(2) as pool: print(pool.map(abs, [-1, -2]))
		    t = threading.Thread(target=print, args=("thread",)); t.start(); t.join()
		    print(asyncio.run(asyncio.sleep(0, "slept")), subprocess.check_output(["echo", "child"]))
		    s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
		    c = socket.create_connection(s.getsockname()); c.close()
		    db = sqlite3.connect("t.db"); db.execute("pragma journal_mode=wal"); db.execute("create table t(x)")
		    db.execute("insert into t values (42)"); db.commit(); print(db.execute("select x from t").fetchone())
		if __name__ == "__main__": main()
	EOF
	here '/usr/bin/python3 p.py'
	assert_success
	assert_output $'[1, 2]\nthread\nslept b\'child\\n\'\n(42,)'
}

@test "perl: children, pipes" {
	require_program perl
	here 'perl -e "open(P, q(-|), q(echo ok)) or die; print <P>; my \$p = fork; exit 0 unless \$p; waitpid(\$p, 0); print \$?"'
	assert_success
	assert_output $'ok\n0'
}

@test "node: workers and children" {
	require_program node
	here 'node -e "const w = require(\"worker_threads\"); new w.Worker(\"console.log(1+1)\", {eval: true}).on(\"exit\", () => console.log(require(\"child_process\").execSync(\"echo ok\").toString()))"'
	assert_success
	assert_output_has '^2$' '^ok$'
}

@test "sqlite3" {
	require_program sqlite3
	here 'sqlite3 t.db "pragma journal_mode=wal; create table t(x); insert into t values(42); select * from t"'
	assert_success
	assert_output $'wal\n42'
}

@test "--profile debug: strace follows, gdb stops; by default they are refused" {
	require_program strace
	here 'strace -f -o log sh -c "true; /bin/true"'
	[ "$status" != 0 ] || told 'ptrace is refused by default'
	options=(--profile debug)
	here 'strace -f -o log sh -c "true; /bin/true" && grep -c "exited with 0" log'
	assert_success
	assert_output_has '^[12]$'
}

@test "--profile debug: gdb stops a program, and looks at one that runs" {
	require_program gdb
	printf 'int main(void) { return 0; }\n' >a.c
	options=(--profile debug)
	here 'gcc -g a.c -o a && gdb -q -batch -ex "break main" -ex run -ex continue ./a; sleep 100 & gdb -q -batch -p $! -ex "info threads"; kill $!'
	assert_success
	assert_output_has 'Breakpoint 1, main' 'exited normally' 'Thread|process'
}

@test "--profile nested: a program makes namespaces of its own, and mounts nothing" {
	require_program unshare
	here 'unshare --user --map-root-user true'
	[ "$status" != 0 ] || told 'a user namespace is refused by default'
	options=(--profile nested)
	here 'unshare --user --map-root-user --pid --net --fork sh -c "id -u; chroot /usr /bin/true && echo root; mount -t tmpfs none /tmp || echo no mount" 2>/dev/null'
	assert_success
	assert_output $'0\nroot\nno mount'
}
