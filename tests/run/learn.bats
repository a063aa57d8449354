# sandbox learn: a run that is watched, the profile that comes of it, and that profile then runs it, and
# gives nothing that the run did not have.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	mkdir -p project/src project/out project/unused
	echo one >project/src/one
	echo secret >project/unused/secret
	options=(--userns single --bind "$scratch/project:/project" --workdir /project)
}

# learn PROFILE SCRIPT [WORD...]: learn from a run of sh, with the options
learn() { sandbox learn --output "$1" "${options[@]}" "$root" /bin/sh -c "${@:2}"; }
# lines KEY: the values of a key in app.conf
lines() { sed -n "s/^$1 = //p" app.conf; }

@test "what was learnt runs it, and shows what it used" {
	learn app.conf 'cat src/one; echo two >out/two'
	assert_success
	assert_output one
	assert_equal "$(lines ro-bind)" "$scratch/project/src:/project/src"
	assert_equal "$(lines bind)" "$scratch/project/out:/project/out"
	rm project/out/two
	sandbox --profile app.conf "$root" /bin/sh -c 'cat src/one; echo two >out/two'
	assert_success
	assert_output one
	assert_equal "$(cat project/out/two)" two
}

@test "a profile in a directory that the program writes to is not the program's to write" {
	sandbox learn --output "$scratch/project/app.conf" "${options[@]}" "$root" /bin/sh -c 'echo x >made'
	assert_success
	sandbox --profile "$scratch/project/app.conf" "$root" /bin/sh -c 'echo y >made; echo "rw" >>app.conf; echo >app.seccomp.json'
	assert_equal "$(cat project/made)" y
	run ! grep -qx rw project/app.conf
	[ -s project/app.seccomp.json ]
	assert_stderr_has 'app.conf: Read-only' 'app.seccomp.json: Read-only'
}

@test "and nothing else: other files, writes, calls" {
	learn app.conf 'cat src/one; echo two >out/two'
	sandbox --profile ./app.conf "$root" /bin/sh -c 'cat unused/secret'
	[ "$status" != 0 ]
	sandbox --profile ./app.conf "$root" /bin/sh -c 'echo x >src/one'
	[ "$status" != 0 ]
	sandbox --profile ./app.conf "$root" /bin/sh -c 'echo x >/root-file'
	[ "$status" != 0 ]
	sandbox --profile ./app.conf "$root" /bin/sh -c 'mkfifo /tmp/f'
	[ "$status" != 0 ]
	assert_stderr_has 'Operation not permitted'
	assert_equal "$(cat project/src/one)" one
}

@test "what the run did not have is not in it" {
	learn app.conf 'mount -t tmpfs none /mnt; unshare -r true; true'
	assert_success
	run ! grep -qE '"(mount|unshare|ptrace|setns)"' app.seccomp.json
	grep -q '^# refused, as the run.s filter had it: mount$' app.conf
	# A read-only bind stays so, whatever was tried.
	rm app.*
	options=(--userns single --ro-bind "$scratch/project:/project" --workdir /project)
	learn app.conf 'echo x >out/x; cat src/one; true'
	assert_equal "$(lines bind)" ''
	assert_equal "$(lines network)" none
	run ! grep -qE '^(cap-add|dev-bind|rw)' app.conf
}

@test "what a wider run had and used is in it: under log" {
	mkdir "$root/mnt"
	sandbox learn --output app.conf --seccomp=log --cap-add SYS_ADMIN "$root" mount -t tmpfs none /mnt
	assert_success
	sandbox --profile app.conf "$root" mount -t tmpfs none /mnt
	assert_success
	sandbox --profile app.conf "$root" umount /mnt
	[ "$status" != 0 ]
	sandbox --profile app.conf "$root" chroot / true
	[ "$status" != 0 ]
}

@test "arguments that filters look at are those that were seen" {
	cp "$TESTS_BUILD/try_syscall" "$root/bin/"
	sandbox learn --output app.conf "$root" /bin/try_syscall socket:1 socket:2
	assert_success
	sandbox --profile app.conf "$root" /bin/try_syscall socket:1 socket:2 socket:10 socket:16
	assert_output_has 'socket:1: (ok|0|[^E].*)$' 'socket:10: EPERM' 'socket:16: EPERM'
}

@test "merge adds what another run used, and only that" {
	learn app.conf 'cat src/one; true'
	sandbox learn --output app.conf --merge "${options[@]}" "$root" /bin/sh -c 'echo x >out/x; mkfifo /tmp/f'
	assert_success
	grep -q 'from 2 runs' app.conf
	assert_equal "$(lines ro-bind)" "$scratch/project/src:/project/src"
	assert_equal "$(lines bind)" "$scratch/project/out:/project/out"
	sandbox --profile app.conf "$root" /bin/sh -c 'cat src/one; echo x >out/x; mkfifo /tmp/f'
	assert_success
	# Once more the same changes nothing but the count.
	cp app.seccomp.json before.json
	sandbox learn --output app.conf --merge "${options[@]}" "$root" /bin/sh -c 'cat src/one; true'
	cmp before.json app.seccomp.json
	grep -q 'from 3 runs' app.conf
}

@test "merge with other options is refused, and so is a file of somebody's" {
	learn app.conf 'true'
	cp app.conf before
	sandbox learn --output app.conf --merge --ro-bind "$scratch/project:/project" "$root" true
	assert_status 125
	assert_stderr_has 'learnt from a run with other options'
	cmp before app.conf
	echo 'extends = default' >mine.conf
	sandbox learn --output mine.conf --merge "$root" true
	assert_status 125
	assert_stderr_has 'no profile that sandbox learn has written'
	assert_equal "$(cat mine.conf)" 'extends = default'
}

@test "a file that is there is not overwritten, and nothing is run" {
	echo mine >app.conf
	learn app.conf 'echo ran'
	assert_refused 'is there already' '--merge'
	assert_equal "$(cat app.conf)" mine
}

@test "check: enough, or what lacks" {
	learn app.conf 'cat src/one; true'
	sandbox learn --check app.conf "$root" /bin/sh -c 'cat src/one'
	assert_success
	assert_stderr_has 'nothing was refused'
	sandbox learn --check app.conf "$root" /bin/sh -c 'cat src/one; mkfifo /tmp/f'
	[ "$status" != 0 ]
	assert_stderr_has 'refused: mknod.*by mkfifo.*app.seccomp.json'
}

@test "names that a profile cannot hold are not written into one" {
	mkdir "project/new"$'\n'"line = x" "project/a b:c,d"
	echo x >"project/a b:c,d/f"
	learn app.conf 'cat "a b:c,d/f"; : >"$(printf "new\nline = x")/g"'
	assert_success
	run ! grep -q '^line = x' app.conf
	sandbox profile check ./app.conf
	assert_success
	sandbox --profile app.conf "$root" /bin/sh -c 'cat "a b:c,d/f"'
	assert_success
}

@test "settings of the run are kept: environment, user, limits, certificates" {
	options+=(-e 'A=1 $B' --hostname box --ulimit nofile=64 --cap-drop ALL)
	learn app.conf 'echo "$A"; hostname; ulimit -n'
	assert_output $'1 $B\nbox\n64'
	sandbox --profile app.conf "$root" /bin/sh -c 'echo "$A"; hostname; ulimit -n'
	assert_output $'1 $B\nbox\n64'
}

@test "how it is used wrongly" {
	sandbox learn "$root" true
	assert_refused 'needs to be told what to write'
	sandbox learn --output a.conf --check b.conf "$root" true
	assert_refused 'needs to be told'
	sandbox learn --output a.conf --detach "$root" true
	assert_refused 'in the background'
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ERRNO"}]}' >own.json
	sandbox learn --output a.conf --seccomp=./own.json "$root" true
	assert_refused 'under the filter of a file'
	sandbox learn --output /nosuch/a.conf "$root" true
	assert_status 125
	assert_stderr_has 'cannot write /nosuch/a'
	run ! ls a.conf
}

# --- real programs, of the host's -----------------------------------------------------------------

# real PROFILE SCRIPT: learnt, checked with nothing refused but what is not there, and run
real() {
	command -v "$1" >/dev/null || skip "$1 is missing"
	options=(--userns keep-id --bind "$scratch/project" --workdir "$scratch/project" --env PATH=/usr/sbin:/usr/bin:/bin)
	sandbox learn --output app.conf "${options[@]}" / /bin/sh -c "$2"
	assert_success
	local first=$output
	sandbox learn --check app.conf / /bin/sh -c "$2"
	assert_success
	assert_stderr_lacks '^sandbox: refused'
	sandbox --profile app.conf / /bin/sh -c "$2"
	assert_success
	assert_equal "$output" "$first"
	run ! grep -q "$scratch/project/unused" app.conf
}

@test "gcc" {
	echo 'int main(void) { return 0; }' >project/src/m.c
	real gcc 'rm -f out/m; gcc -O1 -o out/m src/m.c && out/m && echo built'
}

@test "python" {
	real /usr/bin/python3 '/usr/bin/python3 -c "
import json, subprocess, threading, tempfile, os
t = threading.Thread(target=lambda: open(\"out/t\", \"w\").write(\"x\")); t.start(); t.join()
print(json.dumps([open(\"src/one\").read(), subprocess.check_output([\"uname\"]).decode()]))"'
}

@test "node" {
	real node 'node -e "
const fs = require(\"fs\"), cp = require(\"child_process\");
fs.writeFileSync(\"out/n\", fs.readFileSync(\"src/one\"));
console.log(cp.execSync(\"uname\").toString())"'
}

@test "git" {
	real git 'cd "$(mktemp -d out/rXXXXXX)" && git init -q && git config user.email a@example.org && git config user.name a &&
		echo x >f && git add f && git commit -qm one && git log --format=%s'
}

@test "nginx" {
	cat >project/src/nginx.conf <<-'END'
		pid out/pid; error_log stderr; worker_processes 1; daemon on;
		events { worker_connections 64; }
		http { access_log off; client_body_temp_path out/b; proxy_temp_path out/p; fastcgi_temp_path out/f;
		  uwsgi_temp_path out/u; scgi_temp_path out/s;
		  server { listen 127.0.0.1:8080; root src; } }
	END
	real /usr/sbin/nginx 'nginx -p "$PWD" -c src/nginx.conf 2>/dev/null &&
		/usr/bin/python3 -c "
import urllib.request; print(urllib.request.urlopen(\"http://127.0.0.1:8080/one\").read())" &&
		nginx -p "$PWD" -c src/nginx.conf -s quit 2>/dev/null; while [ -e out/pid ]; do sleep 0.1; done'
}
