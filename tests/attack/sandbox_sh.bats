# sandbox-sh and --pass-fd: what a hostile environment may get out of them.
load ../lib
load attack

setup() {
	lib_setup
	make_victim
	mkdir bin
	shell=$scratch/bin/sandbox-sh
	ln -s "$SANDBOX" "$shell"
	unset SANDBOX_PROFILE MAKEFLAGS MAKELEVEL
	mkdir project
	cd project || return
}

sh_() { run --separate-stderr -- "$shell" "$@"; }

# case: a mark that says inside
@test "nothing but root's own file makes it believe that it is inside" {
	# No variable, no file of the user's, no name, no link in a directory of the user's.
	ln -s inside .sandbox
	SANDBOX=inside container=sandbox SANDBOX_INSIDE=1 sh_ -c "touch '$victim/made'; cat '$victim/file'"
	assert_output_lacks CANARY
	run --separate-stderr bash -c 'exec -a /dev/.sandbox/sandbox-sh "$0" -c "$1"' "$shell" "cat '$victim/file'"
	assert_output_lacks CANARY
	assert_victim_unchanged
	[ ! -e /dev/.sandbox ]
	run ! ln -s inside /dev/.sandbox
}

# case: a mark that says inside
@test "a mark that is forged or taken away inside gains nothing" {
	sh_ -c "rm -f /dev/.sandbox; '$shell' -c 'cat $victim/file'; ln -s inside /dev/.sandbox; '$shell' -c 'cat $victim/file; touch $victim/made'"
	assert_output_lacks CANARY
	assert_victim_unchanged
}

# case: descriptors that make's flags name
@test "MAKEFLAGS passes a pipe of make's on, and no file, directory or socket" {
	echo CANARY >"$scratch/secret"
	exec 8<"$victim" 9<"$scratch/secret"
	for flags in 8,8 9,9 8,9 0,9 -1,9 9 '9,' 9,9x 99999999999,9 '9,9,9' 2,9; do
		MAKEFLAGS="-j --jobserver-auth=$flags" sh_ -c 'cat <&9; ls /proc/self/fd/8/; ls /proc/self/fd | tr "\n" " "'
		assert_output '0 1 2 3 '
	done
	exec 8<&- 9<&-
}

# case: descriptors that make's flags name
@test "MAKEFLAGS shows a fifo of the caller's, and nothing else by a path" {
	mkfifo "$scratch/real"
	ln -s "$scratch/real" "$scratch/link"
	for path in "$victim/file" "$victim" "$scratch/link" "$victim/../real/.." "/etc/shadow" "/dev/null:$victim" ../real; do
		MAKEFLAGS="--jobserver-auth=fifo:$path" sh_ -c "ls -d '$path' 2>/dev/null | grep -v '^/etc\|^/dev'; cat '$victim/file'"
		assert_output ''
	done
}

# case: a directory that is passed on
@test "--pass-fd refuses a directory, however it was opened" {
	exec 9<"$victim"
	sandbox --pass-fd 9 / sh -c 'cat /proc/self/fd/9/file'
	assert_refused 'directory, which would lead out'
	exec 9<&-
	run --separate-stderr python3 -c 'import os, sys
os.dup2(os.open(sys.argv[2], os.O_PATH), 9)
os.execv(sys.argv[1], [sys.argv[1], "--pass-fd", "9", "/", "cat", "/proc/self/fd/9"])' "$SANDBOX" "$victim/file"
	assert_refused 'will not pass descriptor 9 on'
}

# case: what npm's variables show
@test "INIT_CWD shows a project that the working directory is in, and no home" {
	export npm_lifecycle_event=postinstall
	for project in "$victim" /var "$scratch/projec" "$scratch/project/../victim" relative; do
		INIT_CWD=$project sh_ -c "cat '$victim/file'; ls '$victim'"
		assert_output ''
	done
	mkdir -p "$scratch/home/work"
	echo CANARY >"$scratch/home/file"
	cd "$scratch/home/work" || return
	HOME=$scratch/home INIT_CWD=$scratch/home sh_ -c "cat '$scratch/home/file'"
	assert_output_lacks CANARY
}
