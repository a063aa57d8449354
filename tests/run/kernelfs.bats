# What every sandbox has: /proc, /sys, /dev, /tmp, /run, and some files in /etc.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
}

@test "/proc is fresh: pid 1 is ours, and the host's processes are not there" {
	in_sandbox "cat /proc/1/comm; ls -d /proc/$$ /proc/$PPID; stat -f -c %T /proc; ls -d /proc/[0-9]* | wc -l"
	assert_output_has '^proc$'
	[ "$(tail -n 1 <<<"$output")" -le 4 ] || told 'few processes'
	assert_stderr_has "$$"
}

@test "masked in /proc: empty, and not to be written" {
	in_sandbox 'for n in acpi asound kcore keys key-users latency_stats timer_list timer_stats sched_debug scsi interrupts config.gz; do
		[ -e /proc/$n ] || continue
		[ -d /proc/$n ] && ls -A /proc/$n || head -c 100 /proc/$n
		echo x 2>/dev/null >/proc/$n && echo written $n
	done; true'
	assert_success
	assert_output ''
	in_sandbox 'ls -d /proc/keys /proc/timer_list /proc/interrupts'
	assert_success
}

@test "read-only in /proc: sys, sysrq-trigger, bus, fs, irq" {
	in_sandbox 'for f in sys/kernel/hostname sys/vm/drop_caches sysrq-trigger irq/default_smp_affinity sys/kernel/core_pattern; do
		[ -e /proc/$f ] || continue
		echo 1 2>/dev/null >/proc/$f && echo written $f
	done
	grep -oE " /proc/(bus|fs|irq|sys|sysrq-trigger) ro" /proc/self/mountinfo | sort'
	assert_success
	assert_equal "$(grep written <<<"$output")" ''
	for name in bus fs irq sys sysrq-trigger; do
		[ ! -e /proc/$name ] || assert_output_has "^ /proc/$name ro" || return
	done
}

@test "/sys is there, fresh and read-only, without firmware" {
	in_sandbox 'ls /sys/class/net; ls -A /sys/firmware; touch /sys/x; grep -oE " /sys ro.* - [a-z]+" /proc/self/mountinfo'
	assert_output_has '^lo$' 'nosuid.*nodev.*noexec.*sysfs'
	assert_output_lacks '^(eth|ens|enp|acpi|efi|dmi)'
	assert_stderr_has 'Read-only file system'
}

@test "/sys with the host's network is the host's, read-only" {
	options=(--network=host)
	in_sandbox 'ls /sys/class/net | wc -l; touch /sys/x; ls -A /sys/firmware'
	[ "${lines[0]}" -ge "$(find /sys/class/net -mindepth 1 | wc -l)" ] || told 'the interfaces of the host'
	assert_stderr_has 'Read-only file system'
}

@test "/dev has what programs need, and nothing else" {
	in_sandbox 'ls /dev | tr "\n" " "'
	assert_output 'fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero '
	in_sandbox 'for n in null zero full random urandom tty; do stat -c "%n %F %t:%T" /dev/$n; done'
	assert_output "/dev/null character special file 1:3
/dev/zero character special file 1:5
/dev/full character special file 1:7
/dev/random character special file 1:8
/dev/urandom character special file 1:9
/dev/tty character special file 5:0"
}

@test "devices work" {
	in_sandbox 'echo x >/dev/null && head -c 4 /dev/zero | od -An -tx1 && head -c 8 /dev/urandom | wc -c
		{ echo x; } 2>&1 >/dev/full | grep -c "No space"; echo in | cat /dev/stdin; echo out >/dev/stdout; echo err >/dev/stderr
		echo by-fd | cat /dev/fd/0'
	assert_output $' 00 00 00 00\n8\n1\nin\nout\nby-fd'
	assert_stderr_has '^err$'
}

@test "a pseudo-terminal can be had" {
	sandbox / sh -c 'command -v script >/dev/null && script -qec "tty; stty size" /dev/null </dev/null'
	assert_success
	assert_output_has '^/dev/pts/0'
}

@test "nodes cannot be made" {
	in_sandbox 'mknod /dev/sda b 8 0; mknod /tmp/null c 1 3'
	assert_status 1
	assert_equal "$(grep -c 'not permitted' <<<"$stderr")" 2
}

@test "/tmp is 1777 and /run 0755, empty, of this sandbox alone" {
	echo x >"$root/tmp/old"
	in_sandbox 'stat -c "%a %u" /tmp /run /dev/shm; ls -A /tmp /run /dev/shm; touch /tmp/x /run/x /dev/shm/x'
	assert_success
	assert_output $'1777 0\n755 0\n1777 0\n/dev/shm:\n\n/run:\n\n/tmp:'
	in_sandbox 'ls -A /tmp /run /dev/shm | grep x'
	assert_status 1
}

@test "another id can use /tmp" {
	require_range
	options=(--user 7)
	in_sandbox 'touch /tmp/x /dev/shm/x && stat -c %u /tmp/x; touch /run/x'
	assert_output 7
	assert_stderr_has '/run/x: Permission denied'
}

@test "what is written to memory is bounded" {
	in_sandbox 'df -k /tmp | awk "NR == 2 { print \$2 }"; df -i /tmp | awk "NR == 2 { print \$2 }"; awk "/MemTotal/ { print \$2 }" /proc/meminfo'
	[ "${lines[0]}" -le $((lines[2] / 2 + 4)) ] || told 'at most half of the memory'
	[ "${lines[1]}" -le 1048576 ] || told 'inodes are bounded'
}

@test "hosts has localhost, resolv.conf no name server, whatever ROOTFS has" {
	echo 'nameserver 192.0.2.1' >"$root/etc/resolv.conf"
	echo '192.0.2.1 evil' >"$root/etc/hosts"
	in_sandbox 'cat /etc/hosts /etc/resolv.conf'
	assert_success
	assert_output_has '^127.0.0.1.localhost$' '^::1.*localhost'
	assert_output_lacks '192.0.2|^nameserver'
}

@test "--network=host brings the host's resolv.conf" {
	[ -r /etc/resolv.conf ] || skip 'missing: /etc/resolv.conf'
	options=(--network=host)
	in_sandbox 'cat /etc/resolv.conf'
	assert_output "$(cat /etc/resolv.conf)"
}

@test "ROOTFS's own files of /etc are still there" {
	echo 'VERSION=7' >"$root/etc/os-release"
	in_sandbox 'cat /etc/os-release; echo x >>/etc/os-release && tail -n 1 /etc/os-release'
	assert_output $'VERSION=7\nx'
	assert_equal "$(cat "$root/etc/os-release")" VERSION=7
}
