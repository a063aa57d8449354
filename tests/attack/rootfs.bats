# A hostile root file system, before and while the sandbox is made.
load ../lib
load attack

setup() {
	lib_setup
	tiny_rootfs
	make_victim
}

# Where a link can lead: outside by name, by "..", in circles, nowhere, through /proc, into what is ours for a moment.
hostile_links() {
	printf '%s\n' "$victim" "../../../../../../../..$victim" "$victim/new" loop .. / /nowhere/at/all \
		/proc/self/root"$victim" /proc/1/root"$victim" /proc/self/cwd/.. /oldroot"$victim" /newroot /upper ../upper
}

# case: mount points that are links
@test "mount points that are links lead nowhere (CVE-2019-19921, CVE-2023-27561)" {
	local place to
	for place in proc sys dev tmp run etc etc/resolv.conf etc/hosts etc/hostname etc/passwd root; do
		mv "$root/$place" aside 2>/dev/null || :
		while read -r to; do
			replace link "$root/$place" "$to"
			quick "$root" /bin/busybox sh -c 'cd /; test -d /proc/self/ns && test -c /dev/null && test -d /sys/class && grep -q localhost /etc/hosts'
			worked_or_refused
			assert_victim_unchanged || fail "$place -> $to"
		done < <(hostile_links)
		rm "$root/$place"
		mv aside "$root/$place" 2>/dev/null || :
	done
}

# case: things made below a link
@test "what is made below a link in ROOTFS is made in the layer (CVE-2026-87766)" {
	local to
	mkdir source
	echo granted >source/f
	while read -r to; do
		replace link "$root/data" "$to"
		quick --mkdir /data/x --file 9:/data/y --bind "$scratch/source:/data/z" --tmpfs /data/t \
			--symlink /etc:/data/l "$root" /bin/sh -c 'cat /data/z/f' 9<source/f
		worked_or_refused
		[ "$status" != 0 ] || assert_output granted
		assert_victim_unchanged || fail "data -> $to"
		# A mount that works is seen inside, and does not lie on what has the name outside.
		quick --bind "$scratch/source:/data/etc" "$root" /bin/busybox cat /data/etc/f
		worked_or_refused
		[ ! -e "$root/x" ] && [ ! -e "$root/z" ] || fail "made in ROOTFS: data -> $to"
	done < <(hostile_links)
}

# case: things made below a link
@test "the same with --rw, which writes into ROOTFS and nowhere else" {
	local to
	mkdir source
	while read -r to; do
		replace link "$root/data" "$to"
		quick --rw --mkdir /data/x --bind "$scratch/source:/data/z" --symlink /etc:/data/l "$root" /bin/true
		worked_or_refused
		assert_victim_unchanged || fail "data -> $to"
	done < <(hostile_links)
}

# case: `..` at the top of ROOTFS
@test "a '..' at the top of ROOTFS stays at the top" {
	mkdir source
	echo granted >source/f
	for to in .. ../.. /.. /../.. ../bin/../..; do
		replace link "$root/data" "$to"
		sandbox --bind "$scratch/source:/data/at-top" "$root" cat /at-top/f
		assert_success
		assert_output granted
	done
	mkdir "$root/secret"
	echo SECRET >"$root/secret/f"
	sandbox --mask /data/secret "$root" /bin/sh -c 'ls /secret; ls /data/secret'
	assert_success
	assert_output ''
}

# case: masks through links
@test "a mask follows links inside and hides what they lead to" {
	mkdir -p "$root/secret"
	echo SECRET >"$root/secret/f"
	ln -s /secret "$root/abs"
	ln -s ../../../secret "$root/home/rel"
	for path in /secret /abs /home/rel /abs/f; do
		in_sandbox 'true'
		sandbox --mask "$path" "$root" /bin/sh -c 'cat /secret/f 2>/dev/null; ls /secret'
		assert_success
		assert_output_lacks SECRET
	done
}

# case: mount points that are links
@test "/dev is a link to a directory that has device names in it (CVE-2026-41579)" {
	for to in "$victim" "../../../../../..$victim"; do
		replace link "$root/dev" "$to"
		for mode in --rw --read-only --layer=memory; do
			quick "$mode" "$root" /bin/true
			worked_or_refused
			assert_victim_unchanged
		done
	done
}

# case: devices and masks from ROOTFS
@test "/dev/null is the kernel's, whatever ROOTFS has there (CVE-2025-31133)" {
	for type in file link fifo directory; do
		tiny_rootfs "$scratch/r"
		replace "$type" "$root/dev/null" "$victim/file"
		replace "$type" "$root/dev/console" "$victim/new"
		in_sandbox 'stat -c %t:%T /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty
			cat /proc/timer_list /proc/keys /proc/sched_debug 2>/dev/null; echo gone >/dev/null; ls /dev/console 2>/dev/null'
		assert_output "1:3
1:5
1:7
1:8
1:9
5:0"
		assert_victim_unchanged
		rm -rf "$scratch/r"
	done
}

# case: /proc by name after the pivot, libraries of ROOTFS
@test "no name in /proc is opened after the root has changed (CVE-2025-52881)" {
	require_program strace
	mkdir -p "$root/proc/self" "$root/proc/sys"
	echo fake >"$root/proc/self/uid_map"
	strace -f -qq -y -o "$scratch/trace" -e trace=openat,openat2,open,pivot_root,execve \
		"$SANDBOX" --userns=single "$root" /bin/true
	run sed -n '/pivot_root/,/execve/p' "$scratch/trace"
	assert_output_has pivot_root execve
	assert_output_lacks '"/proc|proc/self'
	# Nor is any library looked for (CVE-2019-14271).
	assert_output_lacks '\.so|nsswitch|locale|gconv'
}

# case: working directory as a way out
@test "no working directory is a way out (CVE-2024-21626)" {
	local n
	for n in {3..12}; do
		quick --workdir "/proc/self/fd/$n" "$root" /bin/sh -c 'pwd; cat ../../../etc/debian_version' 7</etc 9<"$victim"
		[ "$status" = 125 ] || told "should be refused: $n"
	done
	for path in /proc/self/cwd /proc/self/root/.. /proc/1/cwd; do
		quick --workdir "$path" "$root" /bin/pwd
		[ "$status" = 125 ] || assert_output_lacks '[^/]'
	done
}

# case: /proc/self/exe as the command
@test "the host's program is not run inside through /proc/self/exe (CVE-2019-5736)" {
	# Owned by the caller, as in ~/bin; with helpers that it would start from ROOTFS.
	local name how
	cp "$SANDBOX" "$scratch/sandbox"
	chmod 0755 "$scratch/sandbox"
	local before
	before=$(stat -c '%a %U %s' sandbox; cksum <sandbox)
	for name in getent getsubids newuidmap newgidmap; do
		cp "$TESTS_BUILD/probe" "$root/bin/$name"
	done
	echo 'subid: files' >"$root/etc/nsswitch.conf"
	printf '#!/proc/self/exe\n' >"$root/bin/script"
	printf '#!/bin/exe\n' >"$root/bin/script2"
	chmod 0755 "$root"/bin/script*
	ln -s /proc/self/exe "$root/bin/exe"
	ln -s /proc/thread-self/exe "$root/bin/exe2"
	ln -s /dev/fd/../exe "$root/bin/exe3"
	for how in '' --as-pid-1 --rw --userns=single; do
		for name in script script2 exe exe2 exe3; do
			run --separate-stderr -- timeout -s KILL 5 ./sandbox ${how:+"$how"} "$root" "/bin/$name" all
			[ "$status" != 0 ] || told "ran: $name"
			assert_stderr_lacks 'probe:'
			assert_equal "$(stat -c '%a %U %s' sandbox; cksum <sandbox)" "$before"
		done
	done
	run --separate-stderr -- ./sandbox "$root" /bin/exe all
	assert_status 125
	assert_stderr_has 'through /proc/self/exe'
}

# case: FIFO, device, 10 GB, link as passwd
@test "passwd and group of any type are read, or refused, at once (CVE-2026-30892)" {
	local file type
	for file in passwd group; do
		for type in fifo socket directory; do
			replace "$type" "$root/etc/$file"
			quick --user daemon:daemon "$root" /bin/id
			[ "$status" = 125 ] || told "$file $type"
		done
		replace link "$root/etc/$file" "$victim/file"
		quick --user daemon:daemon "$root" /bin/id
		[ "$status" = 125 ] || told "$file link"
		for to in /dev/zero /proc/kmsg loop; do
			replace link "$root/etc/$file" "$to"
			quick --user daemon:daemon "$root" /bin/id
			[ "$status" = 125 ] || told "$file -> $to"
		done
		replace file "$root/etc/$file"
		truncate -s 10G "$root/etc/$file"
		quick --user 1 "$root" /bin/id
		assert_refused "$file"
		tiny_rootfs
	done
}

# case: odd ids and homes in passwd
@test "a passwd that says odd things gives no id but the one asked for" {
	printf '%s\n' 'root:x:4294967295:0::/:/bin/sh' 'big:x:4294967296:4294967296::/:/bin/sh' 'neg:x:-1:-1::/:/bin/sh' \
		'zero:x:0x0:0::/:/bin/sh' 'empty:x:::::' ':x:0:0::/:/bin/sh' 'daemon:x:1:1::/../../../..:/bin/sh' \
		'short' "long:x:1:1:$(yes a | head -n 4000 | tr -d '\n'):/:/bin/sh" >"$scratch/passwd"
	rm "$root/etc/passwd"
	cp "$scratch/passwd" "$root/etc/passwd"
	for name in big neg zero empty short root; do
		sandbox --user "$name" "$root" id -u
		assert_refused "$name"
	done
	sandbox --user daemon "$root" id -u
	assert_success
	assert_output 1
}

# case: odd ids and homes in passwd
@test "a home directory that ROOTFS names is made inside, whatever the name" {
	local home
	for home in "/../../../../../..$victim/home" /../upper /proc/self/fd/0 /dev/null /loop/x ../x "$(yes /a | head -n 1500 | tr -d '\n')"; do
		rm -f "$root/etc/passwd"
		printf 'root:x:0:0::%s:/bin/sh\n' "$home" >"$root/etc/passwd"
		replace link "$root/loop" loop
		quick "$root" /bin/true
		worked_or_refused
		assert_victim_unchanged
	done
}

# case: wrong types of mount points
@test "a mount point of the wrong type is an error at once" {
	local place type
	for place in proc sys dev tmp run etc etc/hosts etc/resolv.conf; do
		mv "$root/$place" aside 2>/dev/null || :
		for type in file fifo socket directory; do
			replace "$type" "$root/$place"
			quick "$root" /bin/true
			worked_or_refused
		done
		rm -rf "${root:?}/$place"
		mv aside "$root/$place" 2>/dev/null || :
	done
	echo x >"$root/file"
	mkdir source
	for type in file fifo socket; do
		replace "$type" "$root/there"
		quick --bind "$scratch/source:/there" "$root" /bin/true
		assert_refused there
		quick --tmpfs /there "$root" /bin/true
		assert_refused there
	done
	quick --bind "$root/file:/tmp" "$root" /bin/true
	assert_refused /tmp
}

# case: names with `:` `,` `\`
@test "names that mean something to overlayfs and to mount(8) are names" {
	local name
	for name in 'a:b' 'a,b' 'a\b' 'a"b' 'a b' 'lowerdir=x,upperdir=y' $'a\nb' '#a' 'a\:b,c"d' '-rf' '$(touch x)' '`touch x`'; do
		mkdir -p "other/$name"
		tiny_rootfs "$scratch/$name"
		echo "$name" >"$root/mine"
		for mode in --layer=memory --layer=disk --rw --read-only; do
			XDG_CACHE_HOME="$scratch/$name-cache" sandbox "$mode" "./$name" cat /mine
			[ "$status" = 0 ] || [ "$mode" = --layer=disk ] || told "$name $mode"
			[ "$status" != 0 ] || assert_output "$name"
		done
		rm -rf "$root"
	done
	[ ! -e x ]
}

set_attribute() {
	python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.overlay." + sys.argv[2], sys.argv[3].encode())' "$@"
}

# case: user.overlay attributes
@test "attributes of overlayfs in ROOTFS lead nowhere" {
	mkdir -p "$root/low" "$root/hidden"
	echo SECRET >"$root/hidden/f"
	set_attribute "$root/low" redirect "/../..$victim"
	set_attribute "$root/low" opaque y
	set_attribute "$root/etc/group" metacopy ''
	set_attribute "$root/etc/group" redirect "$victim/file"
	in_sandbox 'ls -R /low; cat /etc/group; echo x >>/etc/group; mv /low /low2; ls -R /low2'
	assert_output_lacks CANARY
	assert_victim_unchanged
}

# case: set-user-id in ROOTFS
@test "set-user-id files and file capabilities of ROOTFS give nothing (CVE-2023-0386)" {
	require_range
	cp "$TESTS_BUILD/probe" "$root/bin/suid"
	sandbox --rw "$root" /bin/sh -c 'chown 0:0 /bin/suid && chmod 6755 /bin/suid && stat -c %a:%u /bin/suid'
	assert_output 6755:0
	for mode in --rw --read-only --layer=memory --layer=disk; do
		XDG_CACHE_HOME=$scratch/cache sandbox "$mode" --user 1 "$root" /bin/suid state
		assert_success
		assert_output_has '^uids: 1 1 1$' '^gids: 1 1 1$' '^CapPrm: 0+$' '^CapEff: 0+$' '^NoNewPrivs: 1$'
	done
	# The same made in the layer and on every mount that can be written.
	in_sandbox 'for d in / /tmp /run /root /dev; do cp /bin/probe $d/s 2>/dev/null && chmod 6755 $d/s && chown 2:2 $d/s &&
		chmod 6755 $d/s && $d/s state 2>/dev/null | grep -E "^[ug]ids:"; done'
	assert_output_has '^uids: 0 0 0$'
	assert_output_lacks '2'
}

# case: set-user-id in ROOTFS
@test "every mount inside is nosuid, and nodev but for the devices" {
	mkdir source
	options=(--bind "$scratch/source:/src" --tmpfs /t --mask /home)
	for mode in --rw --read-only --layer=memory; do
		sandbox "$mode" --mkdir /src --mkdir /t "${options[@]}" "$root" cat /proc/self/mountinfo
		[ "$mode" != --read-only ] || continue
		assert_success
		run awk '$6 !~ /nosuid/ && $5 !~ "^/dev/(null|zero|full|random|urandom|tty)$" { print "suid", $5 }
			$6 !~ /nodev/ && $5 !~ "^/dev/" { print "dev", $5 }' <<<"$output"
		assert_output ''
	done
}

# case: things made below a link
@test "nothing that can be written is a way around a read-only bind" {
	mkdir source
	echo CANARY >source/f
	sandbox --ro-bind "$scratch/source:/src" "$root" /bin/sh -c 'echo x >/src/f; echo x >/src/new; mv /src/f /src/g
		rm /src/f; chmod 777 /src/f; touch /src/f; ln /src/f /tmp/hard; mount -o remount,rw /src; umount /src; echo end'
	assert_output end
	assert_equal "$(ls source; cat source/f)" $'f\nCANARY'
}

# case: names exchanged during the start
@test "a root file system that is exchanged while it is looked at is not used" {
	# Its own name: what was checked is what is mounted, or it is refused.
	tiny_rootfs "$scratch/other"
	echo OTHER >"$scratch/other/which"
	tiny_rootfs "$scratch/one"
	echo one >"$scratch/one/which"
	"$TESTS_BUILD/probe" exchange "$scratch/one" "$scratch/other" 3>&- &
	local pid=$! i
	for i in {1..30}; do
		quick "$scratch/one" cat /which
		worked_or_refused
	done
	kill $pid
	wait $pid 2>/dev/null || :
}
