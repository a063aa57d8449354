# Where binds come from, and descriptors: what is shown inside is what was granted and nothing else.
load ../lib
load attack

setup() {
	lib_setup
	tiny_rootfs
	make_victim
	mkdir project secret
	echo granted >project/f
	echo SECRET >secret/f
}

# case: a source that became a link
@test "a bind source that became a link since is refused (CVE-2024-42472, CVE-2026-34078)" {
	mkdir project/cache
	sandbox --bind "$scratch/project:/p" "$root" /bin/sh -c "mv /p/cache /p/c2; ln -s '$scratch/secret' /p/cache; mkdir -p /p/sub
		ln -s '$scratch' /p/sub/up"
	assert_success
	for source in project/cache project/cache/f project/sub/up/secret; do
		sandbox --bind "$scratch/$source:/c" "$root" /bin/sh -c 'cat /c /c/f'
		assert_refused 'symbolic link'
		sandbox --ro-bind-try "$scratch/$source:/c" "$root" /bin/sh -c 'cat /c /c/f'
		assert_refused 'symbolic link'
	done
}

# case: the home directory
@test "a project cannot make the guard of the home directory look elsewhere" {
	mkdir -p "project$HOME" "project$scratch/project"
	cd project
	sandbox --ro-bind "$HOME:/h" "$root" ls /h
	assert_refused 'holds your home'
	for above in / "$(dirname "$HOME")" "$HOME/." "$HOME/../$(basename "$HOME")" "/proc/self/root$HOME"; do
		sandbox --ro-bind "$above:/h" "$root" ls /h
		assert_refused
	done
	ln -s "$HOME" here
	sandbox --ro-bind here:/h "$root" ls /h
	assert_refused
}

# case: a source that became a link
@test "magic links are no bind sources" {
	exec 7<secret
	for source in /proc/self/fd/7 /proc/self/cwd/secret /dev/fd/7 /proc/self/root/etc; do
		sandbox --ro-bind "$source:/s" "$root" /bin/sh -c 'cat /s/f'
		[ "$status" = 125 ] || told "$source"
	done
}

# case: the home directory
@test "a granted directory is not a way to its neighbours" {
	sandbox --bind "$scratch/project:/p" --workdir /p "$root" /bin/sh -c 'cat ../secret/f; cat /p/../secret/f; ls /p/..
		ln -s ../secret l; cat l/f; ln /p/../secret/f hard'
	assert_output_lacks SECRET
}

# case: descriptors of the caller
@test "no descriptor of the caller is inside" {
	exec 5<secret 6<secret/f 7</etc 8>"$scratch/out" 9<>"$scratch/out2" 77</ 1023<secret
	for how in --init --as-pid-1 --userns=single --userns=keep-id --seccomp=unconfined; do
		sandbox "$how" "$root" /bin/probe fds
		assert_success
		assert_output ''
	done
	in_sandbox 'ls /proc/self/fd/7/.. /proc/self/fd/77/; cat /proc/self/fd/6; echo x >/proc/self/fd/8; ls /proc/1/fd/; echo end'
	assert_output_has '^end$'
	assert_output_lacks 'SECRET|debian|bin|[0-9]'
}

# case: a directory on 0, 1, 2
@test "a closed or low-numbered descriptor is not taken by one of ours" {
	for closed in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
		run --separate-stderr -- bash -c "\"\$@\" $closed" - "$SANDBOX" "$root" /bin/sh -c \
			'for n in 0 1 2; do readlink /proc/self/fd/$n; done >/tmp/o 2>&1; grep -v -e /dev/null -e pipe: -e /tmp/o -e /log /tmp/o && exit 9; exit 0'
		[ "$status" != 9 ] || told "$closed"
	done
}

# case: a directory on 0, 1, 2
@test "a directory on a standard descriptor is refused" {
	run --separate-stderr -- "$SANDBOX" "$root" /bin/probe fds <secret
	assert_refused directory
	run --separate-stderr -- bash -c '"$@" 2<secret' - "$SANDBOX" "$root" /bin/sh -c 'ls /proc/self/fd/2/'
	assert_status 125
}

# case: --file of a free number
@test "--file reads what the caller has opened and nothing of ours" {
	local n
	for n in {3..12}; do
		run --separate-stderr -- bash -c "\"\$@\" $n>&-" - timeout -s KILL 5 "$SANDBOX" --file "$n:/x" "$root" cat /x
		assert_refused "descriptor $n"
	done
	quick --file 7:/x "$root" cat /x 7<secret
	assert_refused
	# What was read is not passed on.
	run --separate-stderr -- "$SANDBOX" --file 7:/x "$root" /bin/probe fds 7<project/f
	assert_success
	assert_output ''
}

# case: --file of a free number
@test "an endless --file is cut off" {
	run --separate-stderr -- timeout -s KILL 20 "$SANDBOX" --file 7:/x "$root" cat /x 7</dev/zero
	assert_refused 'File too large'
}

# case: propagation
@test "mounts of the host that are made later are not seen, none spreads (CVE propagation)" {
	sandbox --bind "$scratch/project:/p" "$root" grep -cE 'shared:|master:|propagate' /proc/self/mountinfo
	assert_output 0
	sandbox / grep -cE 'shared:|master:|propagate' /proc/self/mountinfo
	assert_output 0
}

# case: propagation
@test "the host's mounts are as they were, after a run and after a kill" {
	local before pid
	before=$(cat /proc/self/mountinfo)
	sandbox --bind "$scratch/project:/p" "$root" /bin/true
	"$SANDBOX" --bind "$scratch/project:/p" "$root" /bin/sleep 100 3>&- &
	pid=$!
	eventually pgrep -P "$pid" >/dev/null
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || :
	assert_equal "$(cat /proc/self/mountinfo)" "$before"
}

# case: the old root
@test "of the host's mounts none is left inside" {
	sandbox "$root" cat /proc/self/mountinfo
	run awk '$5 !~ "^/($|proc|sys|dev|tmp$|run$|etc/)" { print }' <<<"$output"
	assert_output ''
	# Nothing hidden under / either: each mount's parent is in the list or is the root's own.
	sandbox "$root" /bin/probe breakout
	assert_output_lacks 'leads out'
	assert_output_has '^chroot: EPERM' '^unshare: EPERM' '^umount: EPERM' '^remount: EPERM' '^openat /proc/1/root: EACCES'
}

# case: the old root
@test "with every capability and no filter the root is still the top" {
	for how in --init --as-pid-1; do
		sandbox "$how" --cap-add ALL --seccomp=unconfined "$root" /bin/probe breakout
		assert_output_lacks 'leads out'
	done
	sandbox --cap-add ALL --seccomp=unconfined "$root" /bin/sh -c 'mkdir /tmp/x; cd /; chroot /tmp /bin/true
		umount -l /proc; umount -l /; i=0; while [ $i -lt 50 ]; do cd ..; i=$((i+1)); done; ls -d home/'"$(basename "$HOME")"' etc/debian_version'
	assert_output ''
}
