# Real system calls from inside: what the filters answer, on this kernel, by the sandbox's own launch.
# tests/unit/test_filter.c covers what this kernel lacks.
load ../lib

probe=$TESTS_BUILD/try_syscall

setup() {
	lib_setup
	[ -x "$probe" ] || fail "$probe is not there: run make tests"
	tiny_rootfs
	cp "$probe" "$root/bin/"
	expected=$PROJECT/tests/attack/try_syscall.expected
}

# try FILTER NAME...: run try_syscall under it
try() { sandbox --seccomp="$1" "$root" /bin/try_syscall "${@:2}"; }

# answers MODE: "name: answer" from its column of the table, leaving out what the kernel decides
answers() {
	local -A column=([default]=3 [build]=4 [strict]=5 [nested]=6 [sandboxes]=7)
	awk -v column="${column[$1]}" '/^[^#]/ {
		answer = NF >= column ? $column : column == 7 && NF == 6 ? $6 : $3
		if (answer != "*")
			print $1 ": " answer
	}' "$expected"
}

compare() {
	local wanted names
	wanted=$(answers "$1")
	mapfile -t names < <(cut -d ' ' -f 1 <<<"${wanted//: / }")
	try "$1" "${names[@]}"
	assert_success
	assert_equal "$output" "$wanted"
}

# case: namespaces within, by any call: clone, unshare, setns, clone3
# case: the mount interface, old and new; statmount, listmount
# case: ptrace, other processes' memory and descriptors
# case: keys, io_uring, bpf, perf, userfaultfd, file handles
# case: modules, kexec, reboot, swap, clocks, the kernel's log, quota
# case: arguments of 64 bits, personality, terminals' ioctls
# case: socket families and protocols
@test "default answers as the table says" { compare default; }
# case: ptrace, other processes' memory and descriptors
@test "build answers as the table says" { compare build; }
# case: socket families and protocols
@test "strict answers as the table says" { compare strict; }

# case: namespaces within, by any call: clone, unshare, setns, clone3
@test "nested answers as the table says: namespaces, and nothing else more than default" { compare nested; }

# case: the mount interface, old and new; statmount, listmount
@test "sandboxes answers as the table says: mounts and setns, and nothing else more than nested" { compare sandboxes; }

# case: a filter that is not on
@test "every name of try_syscall is in the table" {
	assert_equal "$(awk '/^[^#]/ { print $1 }' "$expected" | grep -v '^socket:' | sort)" \
		"$("$probe" --list | sort)"
}

# case: socket families and protocols
@test "no socket family but the allowed ones" {
	local family names=() wanted=()
	for family in {3..9} {11..15} {17..46}; do
		names+=("socket:$family")
		wanted+=("socket:$family: EAFNOSUPPORT")
	done
	for mode in default build strict; do
		try "$mode" "${names[@]}"
		assert_success
		assert_equal "$output" "$(printf '%s\n' "${wanted[@]}")"
	done
}

# case: socket families and protocols
@test "netlink speaks of routes only" {
	local protocol names=() wanted=()
	for protocol in 2 4 6 9 10 12 15 16 20 21; do
		names+=("socket:16:3:$protocol")
		wanted+=("socket:16:3:$protocol: EPROTONOSUPPORT")
	done
	try default "${names[@]}"
	assert_equal "$output" "$(printf '%s\n' "${wanted[@]}")"
}

# case: i386, x32, numbers that are not known
@test "calls of i386 and x32 are not there" {
	[ "$(uname -m)" = x86_64 ] || skip "missing: an x86-64 machine"
	# getpid, ioctl TIOCSTI, socketcall, unshare and clone NEWUSER, keyctl, add_key, bpf, mount, ptrace
	local name names=(i386:20 i386:54:0:0x5412 i386:102:1 i386:310:0x10000000
		i386:120:0x10000011 i386:288:0:0xfffffffd i386:286 i386:357 i386:21 i386:26:0 i386:999
		x32:39 x32:16:0:0x5412 x32:272:0x10000000 x32:512 x32:521)
	i386_calls || names=("${names[@]/#i386:*/x32:1}")
	for mode in default build strict; do
		try "$mode" "${names[@]}"
		assert_success
		assert_equal "$output" "$(printf '%s: ENOSYS\n' "${names[@]}")"
	done
}

# case: i386, x32, numbers that are not known
@test "numbers above the newest call are not there" {
	local names=()
	for number in {468..520} 1024 4096 0x3fffffff 0x7fffffff 0x80000000; do
		names+=("call:$number")
	done
	try default "${names[@]}"
	assert_equal "$output" "$(printf '%s: ENOSYS\n' "${names[@]}")"
}

# case: a filter that is not on
@test "the filter is on, with no_new_privs" {
	for mode in default build strict; do
		sandbox --seccomp="$mode" "$root" /bin/grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status
		assert_success
		assert_output_has '^NoNewPrivs:.1$' '^Seccomp:.2$'
	done
}

# case: a filter that is not on
@test "unconfined is unconfined, and said by name" {
	try unconfined ioctl-TIOCSTI clone3 unknown-999
	assert_success
	assert_output "ioctl-TIOCSTI: EBADF
clone3: OK
unknown-999: ENOSYS"
}

# case: a filter that is not on
@test "a filter that does not exist is refused" {
	try nosuch getpid
	assert_refused nosuch
}
