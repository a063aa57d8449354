# sandbox-sh: a shell for make, npm, GNU parallel, scripts and hooks that is a sandbox; and --pass-fd, by which the
# descriptors of make's jobserver come in.
load ../lib

setup() {
	lib_setup
	mkdir bin
	shell=$scratch/bin/sandbox-sh
	ln -s "$SANDBOX" "$shell"
	unset SANDBOX_PROFILE MAKEFLAGS MAKELEVEL
	mkdir project
	cd project || return
}

sh_() { run --separate-stderr -- "$shell" "$@"; }

@test "-c, a file with arguments, options of sh, standard input" {
	sh_ -c 'readlink /dev/.sandbox; echo "$0 $1"; exit 7' name one
	assert_status 7
	assert_output 'inside
name one'
	printf 'echo "$# $1"; echo out >result\n' >script
	sh_ script 'a b' c
	assert_success
	assert_output '2 a b'
	assert_equal "$(cat result)" out
	sh_ -e -c 'false; echo on'
	assert_status 1
	assert_output ''
	run --separate-stderr "$shell" -s x <<<'echo "$1"'
	assert_output x
	sh_ -c 'kill -TERM $$'
	assert_status 143
}

@test "the profile: build, or the one that is named" {
	sh_ -c "touch here; ls -A '$HOME' | wc -l; ls /sys/class/net; touch '$scratch/outside' && ls '$scratch/outside'"
	[ -e here ] && [ ! -e "$scratch/outside" ]
	assert_output_has '^lo$'
	SANDBOX_PROFILE=strict sh_ -c 'touch other; readlink /dev/.sandbox'
	assert_output inside
	[ ! -e other ]
	SANDBOX_PROFILE=nosuch sh_ -c 'echo ran'
	assert_refused nosuch
	SANDBOX_PROFILE='' sh_ -c 'echo ran'
	assert_refused 'SANDBOX_PROFILE is empty'
}

@test "inside a sandbox it is sh: no other namespace, and as quick" {
	sh_ -c "readlink /proc/self/ns/user; '$shell' -c 'readlink /proc/self/ns/user; echo \$PPID'; echo \$\$"
	assert_success
	assert_equal "${lines[0]}" "${lines[1]}"
	assert_equal "${lines[2]}" "${lines[3]}"
	! sanitized || return 0
	tiny_rootfs
	sandbox --ro-bind "$SANDBOX:/bin/sandbox-sh" "$root" /bin/sandbox-sh -c 'echo nested'
	assert_output nested
}

@test "variables: what make exports, and nothing of the caller's" {
	printf 'export EXPORTED = yes\nall:\n\t@echo "$$EXPORTED $${TOKEN-none} $$MAKELEVEL"\n' >Makefile
	export TOKEN=CANARY
	run --separate-stderr make SHELL="$shell"
	assert_success
	assert_output 'yes none 1'
	# A shell's exports may be anything.
	run --separate-stderr bash -c 'export LATER=CANARY; "$0" -c "env"; :' "$shell"
	assert_output_lacks CANARY
}

@test "make -j: one jobserver for all, across sandboxes and the makes in them" {
	mkdir sub
	# Each of a pair waits until the other has started; who waits in vain was alone.
	cat >work.sh <<-'SH'
		ln "$1" "run.$1"
		ls run.* | wc -l >>count
		tries=400
		until [ -e "started.$2" ] || [ $tries = 0 ]; do sleep 0.05; tries=$((tries - 1)); done
		[ $tries != 0 ] || echo "$1 was alone"
		rm "run.$1"
	SH
	printf 'all: a b c d\n\t+@$(MAKE) -C sub\n' >Makefile
	printf 'all: e f g h\n' >sub/Makefile
	for pair in 'a b' 'b a' 'c c' 'd d'; do
		printf '%s:\n\t@touch $@ started.$@; sh work.sh %s\n' "${pair% *}" "$pair" >>Makefile
	done
	for pair in 'e f' 'f e' 'g g' 'h h'; do
		printf '%s:\n\t@cd ..; touch $@ started.$@; sh work.sh %s; echo "$$MAKEFLAGS" | grep -o jobserver-auth\n' "${pair% *}" "$pair" >>sub/Makefile
	done
	run --separate-stderr make -j3 SHELL="$shell"
	assert_success
	assert_stderr_lacks 'jobserver unavailable'
	assert_output_has jobserver-auth
	assert_output_lacks alone
	assert_equal "$(wc -l <count)" 8
	[ "$(sort -n count | tail -n 1)" -le 3 ]
}

@test "the jobserver of make 4.4: a fifo by its path" {
	mkfifo "$scratch/jobs"
	exec 8<>"$scratch/jobs"
	printf + >&8
	MAKEFLAGS="-j2 --jobserver-auth=fifo:$scratch/jobs" sh_ -c "head -c 1 '$scratch/jobs'"
	exec 8<&-
	assert_success
	assert_output +
}

@test "GNU parallel" {
	require_program parallel
	PARALLEL_SHELL=$shell run --separate-stderr parallel --will-cite -k -j2 'echo {} $PARALLEL_SEQ $(readlink /dev/.sandbox); exit {}' ::: 0 1 2
	assert_status 2
	assert_output '0 1 inside
1 2 inside
2 3 inside'
}

@test "a git hook by its first line" {
	git -c init.defaultBranch=main init -q .
	printf '#!%s\nreadlink /dev/.sandbox; echo "$GIT_INDEX_FILE"; ls %s || :\n' "$shell" "$scratch/../.." >.git/hooks/pre-commit
	chmod +x .git/hooks/pre-commit
	touch file && git add file
	run git -c user.name=x -c user.email=x@y commit -q -m x
	assert_success
	assert_output_has '^inside$' 'index'
}

# package_script COMMAND: as npm runs one, in a package of the project
package_script() {
	mkdir -p node_modules/evil node_modules/other
	echo other >node_modules/other/file
	run --separate-stderr python3 -c '
import os, subprocess, sys
project = os.getcwd()
os.chdir("node_modules/evil")
subprocess.run([sys.argv[1], "-c", sys.argv[2]], env=os.environ | {"npm_lifecycle_event": "postinstall", "INIT_CWD": project})' "$shell" "$1"
}

@test "a package's postinstall script: its own directory, and no other" {
	# As a user has them; the test's own home is left alone.
	mkdir -p "$scratch/home/.ssh"
	echo CANARY >"$scratch/home/.ssh/id"
	export NPM_TOKEN=CANARY
	package_script "echo \$npm_lifecycle_event; cat ../other/file; touch built; touch ../other/x ../../x; cat '$scratch/home/.ssh/id'
		touch '$scratch/y'; env; cat <>/dev/tcp/127.0.0.1/22; ls /sys/class/net"
	assert_output_has '^postinstall$' '^other$' '^lo$'
	assert_output_lacks CANARY
	assert_stderr_lacks CANARY
	[ -e node_modules/evil/built ]
	[ ! -e node_modules/other/x ] && [ ! -e x ] && [ ! -e "$scratch/y" ]
}

@test "--pass-fd: that descriptor under its number, and no other" {
	echo nine >nine
	exec 8<nine 9<nine
	sandbox --pass-fd 9 / sh -c 'cat <&9; ls /proc/self/fd'
	assert_success
	assert_output 'nine
0
1
2
3
9'
	exec 8<&- 9<&-
	sandbox --pass-fd 9 / true
	assert_refused 'cannot pass descriptor 9 on'
	sandbox --pass-fd 2 / true
	assert_refused
	sandbox --pass-fd x / true
	assert_refused
}
