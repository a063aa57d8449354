# The kernel's files and process 1, seen from inside. What system calls answer is in seccomp.bats.
load ../lib
load attack

setup() {
	lib_setup
	tiny_rootfs
}

# case: process 1's memory, program, root, environment
@test "process 1 gives nothing: environment, memory, program, root, descriptors (CVE-2016-8659)" {
	export AWS_SECRET=leakme-4711
	for how in --seccomp=default --seccomp=build --seccomp=unconfined --userns=keep-id --user=1; do
		quick "$how" "$root" /bin/probe pid1
		assert_success
		assert_output_lacks '^(open|ptrace|process_vm|kcmp|pidfd|move_pages)[^:]*: OK'
		assert_output_has '^open environ: EACCES$' '^open mem: EACCES$' '^open exe: EACCES$' '^open root/.: EACCES$' \
			'^ptrace seize: EPERM$' '^environ:$' '^cmdline:$'
		assert_output_lacks 'leakme|sandbox-test|/home'
	done
}

# case: process 1's memory, program, root, environment
@test "process 1 cannot be had with CAP_SYS_PTRACE either" {
	quick --cap-add SYS_PTRACE --seccomp=unconfined "$root" /bin/probe pid1
	assert_success
	assert_output_lacks '^(open|ptrace|process_vm|kcmp|pidfd|move_pages)[^:]*: OK'
}

# case: command line and environment of the caller
@test "the command line and environment that the caller used are nowhere to be read" {
	AWS_SECRET=leakme-4711 sandbox --env "GIVEN=leakme-4712" --unsetenv GIVEN "$root" /bin/sh -c \
		'cat /proc/1/environ /proc/1/cmdline /proc/*/environ /proc/*/cmdline 2>/dev/null | tr "\0" "\n"'
	assert_success
	assert_output_lacks 'leakme|unsetenv'
	AWS_SECRET=leakme-4711 sandbox --as-pid-1 "$root" /bin/sh -c 'cat /proc/1/environ /proc/1/cmdline | tr "\0" "\n"'
	assert_output_lacks 'leakme|SANDBOX|as-pid-1'
}

# case: processes of the host
@test "no process of the host is seen" {
	in_sandbox 'cd /proc; ls -d [0-9]* | wc -l'
	assert_success
	[ "$output" -le 5 ] || told 'too many processes'
	in_sandbox 'kill -0 2; ps -o pid,args; ls -l /proc/*/root /proc/*/cwd /proc/*/exe 2>/dev/null'
	assert_output_lacks "sandbox-watch|bats|$scratch"
}

masked='acpi asound kcore keys key-users latency_stats timer_list timer_stats sched_debug scsi interrupts config.gz'

# case: /proc/keys, kcore, ...
@test "files of /proc about the machine are empty, those that steer it cannot be written" {
	in_sandbox "for f in $masked; do [ ! -f /proc/\$f ] || [ ! -s /proc/\$f ] || echo \"\$f: \$(head -c 20 /proc/\$f)\"
			[ ! -d /proc/\$f ] || ls /proc/\$f; cat /proc/\$f 2>/dev/null | head -c 1; done"
	assert_success
	assert_output ''
	in_sandbox 'for f in sys/kernel/core_pattern sys/kernel/modprobe sys/fs/binfmt_misc/register sysrq-trigger sys/vm/drop_caches \
			sys/kernel/hostname sys/user/max_user_namespaces sys/net/ipv4/ip_forward sys/kernel/ns_last_pid irq/default_smp_affinity; do
			[ -e /proc/$f ] && (echo x >/proc/$f) 2>/dev/null && echo "can write $f"; done
		find /proc/sys /proc/irq /proc/bus /proc/fs -type f -writable 2>/dev/null | while read f; do
			(: >>"$f") 2>/dev/null && echo "can open $f"; done'
	assert_output ''
}

# case: /proc/sys, /sys with every capability
@test "what is read-only in /proc and all of /sys is so for every capability" {
	sandbox --cap-add ALL "$root" /bin/sh -c 'for f in kernel/hostname net/ipv4/ip_forward user/max_user_namespaces fs/mqueue/msg_max kernel/shmmax; do
			[ ! -e /proc/sys/$f ] || ! (echo 1 >/proc/sys/$f) 2>/dev/null || echo "wrote $f"; done
		cat /proc/self/mountinfo'
	assert_success
	assert_output_lacks wrote
	for place in sys bus fs irq; do
		[ ! -e "/proc/$place" ] || assert_output_has " /proc/$place ro,"
	done
	assert_output_has ' /sys ro,'
}

# case: /proc/sys, /sys with every capability
@test "of /proc nothing but one's own can be written" {
	in_sandbox 'find /proc -maxdepth 1 -type f | while read f; do (: >>"$f") 2>/dev/null && echo "$f"; done
		ls /proc/mounts >/dev/null'
	assert_output ''
}

# case: /proc/sys, /sys with every capability
@test "/sys is read-only and does not tell about firmware" {
	in_sandbox 'find /sys -xdev -type f -writable 2>/dev/null | head -50 | while read f; do (: >>"$f") 2>/dev/null && echo "can open $f"; done
		ls -A /sys/firmware/ /sys/devices/virtual/powercap/ 2>/dev/null | grep -v :; mkdir /sys/x 2>/dev/null && echo made
		find /sys/fs/cgroup -writable -type f 2>/dev/null | head -1; ls /sys/class/net | tr "\n" " "'
	assert_success
	assert_output 'lo '
}

# case: masks in a user namespace of one's own
@test "masks and read-only parts cannot be taken away, in a user namespace of one's own either" {
	local script='umount /proc/keys; umount /proc/sys; mount -o remount,rw /proc/sys; mount -o remount,rw,bind /sys
		mount -t proc proc /tmp && echo "fresh proc"; mount -t sysfs sys /tmp && echo "fresh sys"; mount -t tmpfs t /tmp && echo "tmpfs"
		head -c 1 /proc/keys; (echo x >/proc/sys/kernel/hostname) && echo written; mount -t cgroup -o rdma c /tmp && echo cgroup'
	in_sandbox "$script"
	assert_output ''
	sandbox --seccomp=unconfined "$root" /bin/unshare -rm /bin/sh -c "$script"
	assert_output_lacks 'fresh|written|cgroup|keyring|x'
	sandbox --seccomp=unconfined "$root" /bin/unshare -rmpf /bin/sh -c 'umount /proc/kcore && echo unmounted kcore; umount /etc/hosts && echo unmounted
		umount /proc/keys && echo unmounted; mount -t proc proc /tmp && echo fresh; cat /tmp/keys'
	assert_output ''
}

# case: devices
@test "no device can be made or used but those that are given" {
	in_sandbox 'for d in /dev /tmp /root /run / /dev/shm; do mknod $d/sda b 8 0 && cat $d/sda | head -c 1 && echo "made in $d"
			mknod $d/mem c 1 1 && echo "made mem in $d"; done 2>/dev/null
		mknod /tmp/w c 0 0 2>/dev/null && cat /tmp/w; ls /dev | tr "\n" " "'
	assert_output 'fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero '
	sandbox --cap-add MKNOD --seccomp=unconfined "$root" /bin/sh -c 'mknod /tmp/sda b 8 0 && head -c 1 /tmp/sda; mknod /tmp/m c 1 3 && echo x >/tmp/m; echo end'
	assert_output end
}

# case: devices
@test "devices of the host keep their mode" {
	local before
	before=$(stat -c '%a %U %n' /dev/null /dev/zero /dev/tty /dev/random)
	in_sandbox 'chmod 600 /dev/null; chown 1 /dev/zero; touch /dev/random; rm /dev/tty; mv /dev/null /dev/x; echo >/dev/null'
	assert_equal "$(stat -c '%a %U %n' /dev/null /dev/zero /dev/tty /dev/random)" "$before"
}

# case: a crash: core files, core_pattern
@test "a crash leaves nothing outside and calls nothing" {
	ulimit -c unlimited
	sandbox --profile build "$root" /bin/sh -c 'ulimit -c; kill -SEGV $$'
	assert_status 139
	assert_output 0
	[ -z "$(find . -name 'core*')" ]
}

# case: IPC objects
@test "IPC objects and shared memory of the host are not there" {
	local shared
	shared=$(ipcmk -M 4096)
	in_sandbox 'cat /proc/sysvipc/* | grep -vc "key"; ls -A /dev/shm /dev/mqueue'
	ipcrm -m "${shared##*: }"
	assert_output '0
/dev/mqueue:

/dev/shm:'
}

# share_by_number: $shared and $queue are the caller's; take OPTION... says which of them a sandbox gets at.
share_by_number() {
	shared=$(ipcmk -M 4096)
	queue=$(ipcmk -Q)
	shared=${shared##*: } queue=${queue##*: }
	cat >take.py <<-'PYTHON'
		import ctypes, sys
		libc = ctypes.CDLL(None, use_errno=True)
		libc.shmat.restype = ctypes.c_void_p
		at = libc.shmat(int(sys.argv[1]), None, 0)
		print("memory" if at != ctypes.c_void_p(-1).value else "none")
		print("queue" if libc.msgsnd(int(sys.argv[2]), b"12345678x", 1, 0) == 0 else "none")
	PYTHON
}

take() {
	sandbox "$@" --ro-bind "$PWD/take.py:/take.py" / python3 /take.py "$shared" "$queue"
	printf '%s: %s\n' "$1" "${lines[*]}"
}

# case: IPC objects
@test "what the caller shares by number is in reach with --ipc=host alone" {
	local option shared queue
	share_by_number
	for option in --ipc=own --ipc=host; do
		take "$option"
	done >said
	ipcrm -m "$shared" -q "$queue"
	assert_equal "$(cat said)" '--ipc=own: none none
--ipc=host: memory queue'
}

# case: IPC objects
@test "what the caller shares by number comes with no display of the sandbox's own" {
	require_program Xvfb
	local option shared queue
	share_by_number
	for option in --x11=virtual --profile=desktop --profile=game --profile=viewer; do
		take "$option" --x11=virtual
	done >said
	ipcrm -m "$shared" -q "$queue"
	assert_equal "$(cat said)" '--x11=virtual: none none
--profile=desktop: none none
--profile=game: none none
--profile=viewer: none none'
}

# case: memory file systems
@test "memory file systems are bounded in size and in number of files" {
	sandbox --tmpfs /t --mkdir /t "$root" /bin/sh -c 'df -k /tmp /dev/shm /run /t | awk "NR > 1 { print \$2 }"; df -i /tmp /dev/shm /run /t | awk "NR > 1 { print \$2 }"'
	assert_success
	local total n
	total=$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)
	for n in $(head -n 4 <<<"$output"); do
		[ "$n" -gt 0 ] && [ "$n" -le $((total * 51 / 100)) ] || told "size $n"
	done
	for n in $(tail -n 4 <<<"$output"); do
		[ "$n" -gt 0 ] && [ "$n" -le 1048576 ] || told "inodes $n"
	done
	sandbox --tmpfs /t:size=1m,inodes=20 --mkdir /t "$root" /bin/sh -c 'head -c 3000000 /dev/zero >/t/big; wc -c </t/big
		for i in $(seq 50); do touch /t/$i; done; ls /t | wc -l' 2>/dev/null
	[ "${lines[0]}" -le 1048576 ] && [ "${lines[1]}" -lt 20 ] || told 'bounds of --tmpfs'
}
