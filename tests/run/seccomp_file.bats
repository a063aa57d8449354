# Filters of files (--seccomp=FILE): profiles of container engines, what is wrong with one, and what is kept.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	cp "$TESTS_BUILD/try_syscall" "$root/bin/"
	export XDG_CACHE_HOME=$scratch/cache
	kept=$XDG_CACHE_HOME/sandbox/seccomp
	compiler=$(dirname "$SANDBOX")/libexec/seccomp
}

# profile MEMBERS: p.json, with these members beside a default action of EPERM
profile() { printf '{"defaultAction": "SCMP_ACT_ERRNO", %s}\n' "$1" >p.json; }
# allowing ENTRIES: p.json allows everything but what the entries of syscalls say
allowing() { printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [%s]}\n' "$1" >p.json; }
# try NAME...: real calls below p.json, with the words of the array `options`
try() { sandbox "${options[@]}" --seccomp=p.json "$root" /bin/try_syscall "$@"; }
# refused_at PLACE WORDS...: p.json is refused there
refused_at() {
	sandbox --seccomp=./p.json "$root" /bin/echo ran
	assert_refused "p\\.json:$1: " "${@:2}"
	[ ! -e "$kept" ] || [ -z "$(ls "$kept")" ] || fail "something was kept"
}

@test "Docker's and Podman's rules: everyday programs run, and namespaces are refused" {
	local engine
	for engine in docker podman; do
		"$PROJECT/docs/compare-seccomp" json "$engine" >"$engine.json"
		sandbox --seccomp="$engine.json" / sh -c 'grep -E "^(Seccomp|NoNewPrivs):" /proc/self/status
			cd /tmp && echo "int main(void) { return 42; }" >a.c && gcc a.c -o a && { ./a; echo $?; }
			python3 -c "import threading; t = threading.Thread(target=print, args=(6 * 7,)); t.start(); t.join()"'
		assert_success
		assert_output $'NoNewPrivs:\t1\nSeccomp:\t2\n42\n42'
	done
	sandbox --seccomp=docker.json "$root" /bin/try_syscall unshare-newuser clone3 keyctl mount
	assert_output_has '^unshare-newuser: EPERM' '^clone3: ENOSYS' '^keyctl: EPERM'
}

@test "they answer what libseccomp makes of them, or stricter" {
	[ "$(uname -m)" = x86_64 ] || skip "missing: an x86-64 machine"
	local engine caps
	for engine in docker podman; do
		"$PROJECT/docs/compare-seccomp" json "$engine" >"$engine.json"
		for caps in '' CAP_SYS_ADMIN CAP_BPF CAP_SYS_PTRACE,CAP_AUDIT_WRITE; do
			run python3 "$PROJECT/tests/run/oci_reference.py" "$compiler" "$engine.json" "$caps"
			assert_success
			assert_output_has '^asked 1[0-9]{3},'
			assert_equal "$(grep '^stricter' <<<"$output" | grep -v ' setns on' || :)" ''
		done
	done
}

@test "every operator, with 64 bits, as libseccomp has it" {
	[ "$(uname -m)" = x86_64 ] || skip "missing: an x86-64 machine"
	local op value arches
	for op in NE LT LE EQ GE GT; do
		for value in 0 5 4294967295 4294967296 81985529216486895 18446744073709551615; do
			# Of calls of the other two libseccomp compares with the low half of a value, which is something else.
			arches='"SCMP_ARCH_X86_64"'
			[ "${#value}" -gt 9 ] || arches+=', "SCMP_ARCH_X32", "SCMP_ARCH_X86"'
			printf '{"defaultAction": "SCMP_ACT_ERRNO", "architectures": [%s], "syscalls": [
				{"names": ["execve", "exit_group"], "action": "SCMP_ACT_ALLOW"},
				{"names": ["mmap", "lseek"], "action": "SCMP_ACT_ALLOW", "args": [
					{"index": 1, "op": "SCMP_CMP_%s", "value": %s}, {"index": 2, "op": "SCMP_CMP_NE", "value": 7}]}]}\n' "$arches" "$op" "$value" >p.json
			run python3 "$PROJECT/tests/run/oci_reference.py" "$compiler" p.json
			assert_success
			assert_output_has 'stricter 0$'
		done
	done
	for value in '255, "valueTwo": 16' '18446744069414584320, "valueTwo": 4294967296' '18446744073709551615, "valueTwo": 81985529216486895' '0'; do
		printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"name": "mmap", "action": "SCMP_ACT_ERRNO", "errnoRet": 11,
			"args": [{"index": 1, "op": "SCMP_CMP_MASKED_EQ", "value": %s}]}]}\n' "$value" >p.json
		run python3 "$PROJECT/tests/run/oci_reference.py" "$compiler" p.json
		assert_success
		assert_output_has 'stricter 0$'
	done
}

@test "errnoRet, by number and by name, and the default's" {
	allowing '{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}, {"name": "keyctl", "action": "SCMP_ACT_ERRNO", "errno": "ENOENT"},
		{"names": ["ptrace"], "action": "SCMP_ACT_ERRNO"}'
	try setns keyctl ptrace
	assert_success
	assert_output $'setns: ENOSYS\nkeyctl: ENOENT\nptrace: EPERM'
}

@test "of two rules about one call the strictest answers" {
	allowing '{"names": ["unshare"], "action": "SCMP_ACT_ALLOW"},
		{"names": ["unshare"], "action": "SCMP_ACT_ERRNO", "errnoRet": 2, "args": [{"index": 0, "op": "SCMP_CMP_MASKED_EQ", "value": 268435456, "valueTwo": 268435456}]},
		{"names": ["unshare"], "action": "SCMP_ACT_ERRNO", "errnoRet": 3, "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 268435456}]}'
	try unshare-newuser
	assert_output 'unshare-newuser: ENOENT'
}

@test "arguments of 32 bits: what stands above does not matter" {
	allowing '{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 16}]},
		{"names": ["personality"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_LT", "value": 9}, {"index": 1, "op": "SCMP_CMP_LT", "value": 1}]}'
	try socket:16:3:0 socket:0x100000010:3:0
	assert_output $'socket:16:3:0: EPERM\nsocket:0x100000010:3:0: EPERM'
}

@test "includes and excludes: capabilities of the command, kernel, machine" {
	allowing '{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "errnoRet": 2, "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
		{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "errnoRet": 3, "includes": {"caps": ["CAP_SYS_ADMIN"]}},
		{"names": ["keyctl"], "action": "SCMP_ACT_ERRNO", "errnoRet": 2, "includes": {"minKernel": "4.8"}, "excludes": {"minKernel": "99.0"}},
		{"names": ["ptrace"], "action": "SCMP_ACT_ERRNO", "errnoRet": 2, "excludes": {"minKernel": "4.8"}},
		{"names": ["ptrace"], "action": "SCMP_ACT_ERRNO", "errnoRet": 3, "includes": {"minKernel": "99.0"}},
		{"names": ["ptrace"], "action": "SCMP_ACT_ERRNO", "errnoRet": 4, "includes": {"arches": ["s390x"]}},
		{"names": ["ptrace"], "action": "SCMP_ACT_ERRNO", "errnoRet": 6, "includes": {"arches": ["amd64", "arm64"]}}'
	try setns keyctl ptrace
	assert_output $'setns: ENOENT\nkeyctl: ENOENT\nptrace: ENXIO'
	options=(--cap-add SYS_ADMIN)
	try setns
	assert_output 'setns: ESRCH'
	assert_equal "$(find "$kept" -type f | wc -l)" 2
}

@test "i386 and x32: where the profile names them, and otherwise not there" {
	[ "$(uname -m)" = x86_64 ] || skip "missing: an x86-64 machine"
	require 'calls of i386' i386_calls
	profile '"syscalls": [{"names": ["execve", "exit_group", "getpid", "write"], "action": "SCMP_ACT_ALLOW"}]'
	sed 's/"syscalls"/"architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], &/' p.json >both.json
	allowing ''
	try i386:20 x32:39
	assert_output $'i386:20: ENOSYS\nx32:39: ENOSYS'
	sed -i 's/"syscalls"/"architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], &/' p.json
	try i386:20 x32:39
	assert_output_has '^i386:20: OK' '^x32:39: ENOSYS'
}

@test "socketcall does not lead around conditions of socket" {
	[ "$(uname -m)" = x86_64 ] || skip "missing: an x86-64 machine"
	require 'calls of i386' i386_calls
	printf '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], "syscalls": [
		{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 97, "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 38}]}]}' >p.json
	# SYS_SOCKET, and SYS_BIND, of which nothing is said: its arguments are at address 0
	try i386:102:1 i386:102:2
	assert_output_has '^i386:102:1: EAFNOSUPPORT' '^i386:102:2: EFAULT'
}

@test "a command that joins has the filter of the sandbox, though the file is another by now" {
	allowing '{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "errnoRet": 2}'
	sandbox -d --name filtered --seccomp=p.json "$root" /bin/sleep 60
	assert_success
	allowing ''
	sandbox exec filtered /bin/try_syscall setns
	local seen=$output
	"$SANDBOX" rm --force filtered
	assert_equal "$seen" 'setns: ENOENT'
}

@test "--dry-run shows what is enforced, and keeps nothing" {
	allowing '{"names": ["setns"], "action": "SCMP_ACT_ERRNO"}'
	sandbox --dry-run --seccomp=p.json "$root" /bin/true
	assert_success
	assert_output_has 'seccomp +.*p\.json, [0-9]+ calls, [0-9]+ instructions, fnv1a:[0-9a-f]{16}.*command line'
	[ ! -e "$XDG_CACHE_HOME" ]
}

@test "a kept filter is used, and the helper is not run; another version of the file is another filter" {
	allowing '{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "errnoRet": 2}'
	try setns
	assert_output 'setns: ENOENT'
	run strace -f -e trace=execve "$SANDBOX" --userns=single --seccomp=p.json "$root" /bin/try_syscall setns
	assert_success
	assert_output_has '^setns: ENOENT'
	assert_output_lacks 'libexec'
	sed -i 's/: 2}/: 3}/' p.json
	try setns
	assert_output 'setns: ESRCH'
}

@test "no home, a read-only one, a full one: it works without" {
	allowing '{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "errnoRet": 2}'
	run --separate-stderr env -u XDG_CACHE_HOME -u HOME "$SANDBOX" --seccomp=p.json "$root" /bin/try_syscall setns
	assert_output 'setns: ENOENT'
	mkdir cache && chmod 0555 cache
	try setns
	assert_output 'setns: ENOENT'
	XDG_CACHE_HOME=/dev/full try setns
	assert_output 'setns: ENOENT'
	chmod 0755 cache
}

@test "sixty-four filters are kept, and no more" {
	local i
	for i in {1..70}; do
		allowing "{\"names\": [\"setns\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": $i}"
		try getpid
	done
	assert_equal "$(find "$kept" -type f | wc -l)" 64
}

@test "what is no JSON is refused, with line and column" {
	printf '{"defaultAction": "SCMP_ACT_ALLOW",\n "syscalls": [,]}\n' >p.json
	refused_at '2:15' 'unexpected token'
	printf '{"defaultAction": "SCMP_ACT_ALLOW"}\n{}\n' >p.json
	refused_at '2:[12]' 'end of file'
	printf '{"defaultAction": "SCMP_ACT_ALLOW",\n "defaultAction": "SCMP_ACT_ERRNO"}' >p.json
	refused_at '2:[0-9]+' 'duplicate'
	printf '{"defaultAction": "SCMP_ACT_\0ALLOW"}' >p.json
	refused_at '1:[0-9]+'
	printf '{"defaultAction": "\\u0000"}' >p.json
	refused_at '1:[0-9]+'
	printf '\357\273\277{"defaultAction": "SCMP_ACT_ALLOW"}' >p.json
	refused_at '1:[0-9]+'
	: >p.json
	refused_at '1:1'
}

@test "what it does not know is refused, with line and column" {
	allowing '{"names": ["setns"], "action": "SCMP_ACT_DENY"}'
	refused_at '1:81' "unknown action 'SCMP_ACT_DENY'"
	allowing '{"names": ["setns"],
		"agrs": [], "action": "SCMP_ACT_ERRNO"}'
	refused_at '2:3' "unknown key 'agrs'"
	printf '{"defaultAction": "SCMP_ACT_ERRNO",\n "DefaultErrnoRet": 1}' >p.json
	refused_at '2:2' "unknown key 'DefaultErrnoRet'"
	allowing '{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_EQUALS", "value": 1}]}'
	refused_at '1:[0-9]+' "unknown operator 'SCMP_CMP_EQUALS'"
	printf '{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_PDP11"]}' >p.json
	refused_at '1:55' "unknown architecture 'SCMP_ARCH_PDP11'"
	printf '{"defaultAction": "SCMP_ACT_ERRNO", "flags": ["SECCOMP_FILTER_FLAG_NEW_LISTENER"]}' >p.json
	refused_at '1:47' "unknown flag"
	allowing '{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "includes": {"caps": ["CAP_SYSADMIN"]}}'
	refused_at '1:[0-9]+' "unknown capability 'CAP_SYSADMIN'"
	allowing '{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "errno": "EWRONG"}'
	refused_at '1:[0-9]+' "unknown errno 'EWRONG'"
}

@test "wrong types and values are refused, with line and column" {
	local entry
	for entry in '{"names": "setns", "action": "SCMP_ACT_ERRNO"}' '{"names": [7], "action": "SCMP_ACT_ERRNO"}' \
		'{"names": ["setns"], "action": true}' '{"names": ["setns"]}' '[]' 'null' '{"action": "SCMP_ACT_ERRNO"}' \
		'{"names": ["setns"], "name": "setns", "action": "SCMP_ACT_ERRNO"}' '{"names": [""], "action": "SCMP_ACT_ERRNO"}' \
		'{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "errnoRet": 4096}' '{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "errnoRet": -1}' \
		'{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1.0}' '{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "errnoRet": "1"}' \
		'{"names": ["setns"], "action": "SCMP_ACT_ALLOW", "errnoRet": 1}' '{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "errno": "ENOENT"}' \
		'{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "op": "SCMP_CMP_EQ", "value": 1}]}' \
		'{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 18446744073709551616}]}' \
		'{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 1e3}]}' \
		'{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_EQ"}]}' \
		'{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 1, "valueTwo": 2}]}' \
		'{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_MASKED_EQ", "value": 1, "valueTwo": 2}]}' \
		'{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_GT", "value": 1}, {"index": 0, "op": "SCMP_CMP_LT", "value": 9}]}' \
		'{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "includes": {"minKernel": "six"}}' '{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "includes": []}'; do
		allowing "$entry"
		refused_at '1:[0-9]+'
	done
	for entry in '[]' '7' '"SCMP_ACT_ALLOW"' '{}' '{"defaultAction": null}' '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": {}}'; do
		echo "$entry" >p.json
		refused_at '1:[0-9]+'
	done
}

@test "a call whose refusal cannot be enforced is refused, and one that cannot be allowed is told" {
	allowing '{"names": ["frobnicate"], "action": "SCMP_ACT_ERRNO"}'
	refused_at '1:[0-9]+' "unknown system call 'frobnicate', which is to be refused"
	allowing '{"names": ["riscv_flush_icache", "s390_guarded_storage"], "action": "SCMP_ACT_ERRNO"}'
	try getpid
	assert_success
	"$PROJECT/docs/compare-seccomp" json docker | sed 's/"accept"/"frobnicate"/' >p.json
	try getpid
	assert_success
	assert_stderr_has 'allows 1 system call that this version does not know.*frobnicate'
}

@test "a filter below which nothing could be started, or ended, is refused" {
	profile '"syscalls": [{"names": ["execve"], "action": "SCMP_ACT_ALLOW"}]'
	refused_at '1:1' 'does not allow exit_group'
	profile '"syscalls": [{"names": ["exit_group"], "action": "SCMP_ACT_ALLOW"}]'
	refused_at '1:1' 'does not allow execve'
}

@test "a file that is none: missing, a directory, a FIFO, too large" {
	sandbox --seccomp=./nosuch.json "$root" /bin/true
	assert_refused 'nosuch\.json' 'No such file' 'command line'
	mkdir p.json
	sandbox --seccomp=p.json "$root" /bin/true
	assert_refused 'p\.json' 'no regular file'
	mkfifo q.json
	run --separate-stderr timeout 10 "$SANDBOX" --seccomp=q.json "$root" /bin/true
	assert_refused 'q\.json' 'no regular file'
	truncate -s 200M r.json
	run --separate-stderr timeout 5 "$SANDBOX" --seccomp=r.json "$root" /bin/true
	assert_refused 'r\.json' 'more than 1048576 bytes'
}

@test "a thousand conditions, with far jumps, is a filter too" {
	local i args='' names
	for i in {1..700}; do
		args+="${args:+,}{\"names\": [\"mmap\", \"munmap\", \"lseek\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": $((i % 100 + 1)), \"args\": [{\"index\": 3, \"op\": \"SCMP_CMP_EQ\", \"value\": $((i * 1000003))}]}"
	done
	allowing "$args"
	refused_at '1:1' 'more than the 4096 instructions'
	args=''
	for i in {1..300}; do
		args+="${args:+,}{\"names\": [\"mmap\", \"lseek\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": $((i % 100 + 1)), \"args\": [{\"index\": 3, \"op\": \"SCMP_CMP_EQ\", \"value\": $((i * 1000003))}]}"
	done
	allowing "$args"
	try getpid setns
	assert_success
	run python3 "$PROJECT/tests/run/oci_reference.py" "$compiler" p.json
	assert_success
	assert_output_has 'stricter 0$'
}
