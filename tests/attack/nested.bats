# Sandboxes within, and the modes that they need: what the outer one promises holds for them too.
load ../lib
load attack

setup() {
	lib_setup
	tiny_rootfs
	mkdir project
	echo text >project/f
}

teardown() {
	[ -z "${victim-}" ] || kill "$victim" 2>/dev/null || :
	[ -z "${victim-}" ] || wait "$victim" 2>/dev/null || :
	lib_teardown
}

# case: the processes of the place, with --proc=bind
@test "with --proc=bind, of the caller's other processes names and command lines, and no more" {
	local how
	SECRET=CANARY sleep 300 >/dev/null 3>&- &
	victim=$!
	eventually grep -q CANARY "/proc/$victim/environ"
	for how in --userns=single --userns=keep-id --userns=auto; do
		sandbox --proc=bind "$how" --cap-add ALL --seccomp=unconfined "$root" /bin/sh -c 'cd /proc/'"$victim"' || exit 9
			tr "\0" " " <cmdline; echo
			for file in environ mem maps auxv syscall stack io personality attr/current; do head -c 1 $file >/dev/null 2>&1 && echo "read $file"; done
			for link in root cwd exe fd/0 ns/user ns/mnt; do readlink $link >/dev/null 2>&1 && echo "followed $link"; ls $link/ >/dev/null 2>&1 && echo "entered $link"; done
			for file in oom_score_adj oom_adj coredump_filter timerslack_ns autogroup comm clear_refs; do { echo 1 >$file; } 2>/dev/null && echo "wrote $file"; done
			kill -9 '"$victim"' 2>/dev/null && echo killed; exit 0'
		assert_success
		assert_output_lacks '^(followed|entered|wrote|killed|read (environ|mem|maps|auxv|syscall|stack|io))'
		assert_output_has '^sleep 300'
	done
	kill -0 "$victim"
}

# case: what the outer sandbox has mounted, in one within
@test "in a user namespace within, masks and read-only mounts are locked together" {
	sandbox --profile sandboxes --ro-bind "$scratch/project:/p" --mask /p/f --tmpfs /p2 "$root" /bin/unshare -U -r -m /bin/sh -c '
		umount /p/f && echo "unmasked"; umount -l /p && echo "uncovered"; mount -o remount,bind,rw /p && echo "writable"
		mount -o remount,bind,suid,dev /p && echo "suid"; touch /p/new && echo "wrote"
		umount /proc && echo "no proc"; umount /etc/passwd && echo "uncovered passwd"
		mkdir /p2/m && mount -t tmpfs none /p2/m && echo "can mount"; mount --bind /p /p2/m && touch /p2/m/new && echo "wrote a copy"
		cat /p/f /p2/m/f'
	assert_output 'can mount'
	assert_equal "$(ls project)" f
}

# case: what the outer sandbox has mounted, in one within
@test "with every namespace made anew there is no way to the host's files, processes or settings" {
	sandbox --profile sandboxes "$root" /bin/unshare -U -r -m -p -f -n /bin/sh -c 'mount -t proc none /proc && ls -d /proc/[0-9]* | wc -l
		/bin/probe breakout; mknod /tmp/sda b 8 0 && echo node
		for file in kernel/core_pattern kernel/modprobe kernel/sysrq vm/drop_caches fs/suid_dumpable; do { echo 1 >/proc/sys/$file; } 2>/dev/null && echo "set $file"; done; exit 0'
	assert_success
	assert_output_has '^chroot: '
	assert_output_lacks 'leads out|node|^set'
	[ "$(head -n 1 <<<"$output")" -le 5 ] || told 'processes of others'
}
