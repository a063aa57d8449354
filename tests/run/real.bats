# Real use of the host's own programs, under the build profile.
load ../lib

setup() {
	lib_setup
	mkdir project && cd project || return
}

build() { sandbox --profile build / "$@"; }

@test "a shell script with pipes, background jobs, here-documents and traps" {
	cat >script <<'SH'
#!/bin/sh
set -eu
trap 'echo cleaned up; rm -f fifo' EXIT
mkfifo fifo
seq 1000 | sort -rn | head -n 500 | tail -n 1 >fifo &
read -r number <fifo
wait
for i in 1 2 3; do (sleep 0.0$i; echo "job $i" >"job.$i") & done
wait
cat job.1 job.2 job.3 - <<END
number $number
$(echo "nested $(expr 6 '*' 7)")
END
echo "$(yes | head -c 1000000 | wc -c) $(printf '%s\n' a b c | while read -r x; do printf %s "$x"; done)"
trap 'echo usr1' USR1; kill -USR1 $$ 2>/dev/null & wait || :
SH
	chmod +x script
	build ./script
	assert_success
	assert_output 'job 1
job 2
job 3
number 501
nested 42
1000000 abc
usr1
cleaned up'
	[ "$(stat -c %U job.1)" = "$(id -un)" ]
}

@test "a C program is compiled with make, and the result runs inside and outside" {
	require_program gcc
	require_program make
	printf '#include <stdio.h>\nint main(void) { return puts("made here") < 0; }\n' >hello.c
	printf 'all: hello\n\nhello: hello.c\n\tgcc -O2 -o $@ $<\n' >Makefile
	build make -j2
	assert_success
	assert_equal "$(stat -c '%U %a' hello)" "$(id -un) 755"
	assert_equal "$(./hello)" 'made here'
	build ./hello
	assert_output 'made here'
}

@test "git clone, commit and log of a local repository" {
	require_program git
	export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
	git init -q origin
	seq 10000 >origin/file
	git -C origin add file
	git -C origin commit -q -m first
	local pass=(-e GIT_AUTHOR_NAME -e GIT_AUTHOR_EMAIL -e GIT_COMMITTER_NAME -e GIT_COMMITTER_EMAIL)
	sandbox --profile build "${pass[@]}" / sh -ec 'git clone -q origin copy; cd copy; echo more >>file
		git commit -qam second; git log --format=%s; git fsck 2>&1; git gc -q; git status --short'
	assert_success
	assert_output_has '^second$' '^first$'
	assert_equal "$(git -C copy log --format=%s)" $'second\nfirst'
	assert_equal "$(find copy ! -user "$(id -un)")" ''
}

@test "python3 -m venv, and a program installed into it" {
	[ -x /usr/bin/python3 ] || skip 'missing: program /usr/bin/python3'
	require 'python3-venv' /usr/bin/python3 -c 'import ensurepip, venv'
	sandbox --profile build / sh -ec '/usr/bin/python3 -m venv env; . env/bin/activate; pip --version; python -c "import sys; print(sys.prefix)"'
	assert_success
	assert_output_has "^pip .*$PWD/env" "^$PWD/env\$"
	mkdir -p package/tool
	echo 'def main(): print("installed")' >package/tool/__init__.py
	cat >package/setup.py <<'PY'
from setuptools import setup
setup(name="tool", version="1", packages=["tool"], entry_points={"console_scripts": ["tool = tool:main"]})
PY
	build sh -ec '. env/bin/activate; pip -q install --no-build-isolation --no-index --disable-pip-version-check ./package; tool'
	assert_success
	assert_output_has '^installed$'
	assert_equal "$(env/bin/tool)" installed
	assert_equal "$(find env ! -user "$(id -un)")" ''
}

@test "programs that fork much, use threads, shared memory, sockets and pseudo-terminals" {
	[ -x /usr/bin/python3 ] || skip 'missing: program /usr/bin/python3'
	cat >all.py <<'PY'
import multiprocessing, os, socket, subprocess, tempfile, threading
def square(x): return x * x
if __name__ == "__main__":
    with multiprocessing.Pool(4) as pool: print(sum(pool.map(square, range(100))))
    done = []
    threads = [threading.Thread(target=done.append, args=(i,)) for i in range(50)]
    [t.start() for t in threads]; [t.join() for t in threads]; print(len(done))
    a, b = socket.socketpair(); a.send(b"x"); print(b.recv(1))
    s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); c = socket.create_connection(s.getsockname()); print(c.getpeername()[0])
    print(subprocess.run("echo $((1+1)) | cat", shell=True, capture_output=True).stdout)
    with tempfile.TemporaryFile() as f: f.write(b"y"); print(f.tell())
    print(os.ttyname(os.openpty()[1]))
PY
	build /usr/bin/python3 all.py
	assert_success
	assert_output "328350
50
b'x'
127.0.0.1
b'2\\n'
1
/dev/pts/0"
}
