# Filters of files under attack: kept filters that others have planted, profiles that want more than a
# filter, JSON that is a bomb. What is right and wrong in a profile is in tests/run/seccomp_file.bats.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	cp "$TESTS_BUILD/try_syscall" "$root/bin/"
	export XDG_CACHE_HOME=$scratch/cache
	kept=$XDG_CACHE_HOME/sandbox/seccomp
	# The victim's profile refuses setns with ENOENT; the attacker's refuses nothing.
	printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"name": "setns", "action": "SCMP_ACT_ERRNO", "errnoRet": 2}]}\n' >strict.json
	printf '{"defaultAction": "SCMP_ACT_ALLOW"}\n' >loose.json
	sandbox --seccomp=loose.json "$root" /bin/try_syscall setns
	assert_output 'setns: EBADF'
	loose=$(echo "$kept"/*)
	sandbox --seccomp=strict.json "$root" /bin/try_syscall setns
	strict=$(find "$kept" -type f ! -path "$loose")
	[[ -f $strict && -f $loose ]] || fail "nothing was kept"
}

# holds: the victim's filter is in force, whatever is planted
holds() {
	sandbox --seccomp=strict.json "$root" /bin/try_syscall setns
	assert_success
	assert_output 'setns: ENOENT'
}

# splice HEAD_OF TAIL_OF: an entry with the key and text of one and the program of the other
splice() {
	python3 - "$@" <<'EOF'
import struct, sys
def parts(path):
    data = open(path, "rb").read()
    keys, size = struct.unpack("=QQ", data[16:32])
    return data[:32 + keys + size], data[32 + keys + size:]
sys.stdout.buffer.write(parts(sys.argv[1])[0] + parts(sys.argv[2])[1])
EOF
}

# case: a kept filter that somebody has planted, exchanged, linked or torn
@test "another file's filter in its place is not used, though the files have one size" {
	cp "$loose" "$strict"
	holds
	sed 's/: 2}/: 3}/' strict.json >other.json
	rm "$kept"/*
	sandbox --seccomp=other.json "$root" /bin/try_syscall setns
	assert_output 'setns: ESRCH'
	mv "$kept"/* "$strict"
	holds
	# For other capabilities.
	sandbox --cap-add SYS_ADMIN --seccomp=strict.json "$root" /bin/true
	assert_equal "$(find "$kept" -type f | wc -l)" 2
}

# case: a kept filter that somebody has planted, exchanged, linked or torn
@test "a filter that anybody may have written is not used" {
	splice "$strict" "$loose" >planted
	cat planted >"$strict"
	sandbox --seccomp=strict.json "$root" /bin/try_syscall setns
	assert_output 'setns: EBADF' # written by ourselves, as ourselves: it cannot be told
	chmod 0666 "$strict"
	holds
	cat planted >"$strict" && chmod 0600 "$strict" && chmod 0777 "$kept"
	holds
}

# case: a kept filter that somebody has planted, exchanged, linked or torn
@test "a link to a filter is not used, nor a FIFO, nor a directory" {
	splice "$strict" "$loose" >planted
	chmod 0600 planted
	rm "$strict" && ln -s "$PWD/planted" "$strict"
	holds
	rm -f "$strict" && mkfifo "$strict"
	holds
	rm -f "$strict" && mkdir "$strict"
	holds
	rmdir "$strict" && mv "$kept" elsewhere && ln -s "$PWD/elsewhere" "$kept"
	cp planted "elsewhere/${strict##*/}"
	holds
}

# case: a kept filter that somebody has planted, exchanged, linked or torn
@test "a torn filter, a changed one, one that is no program: not used" {
	local size offset
	size=$(stat -c %s "$strict")
	cp "$strict" whole
	for offset in 0 16 $((size / 2)) $((size - 100)) $((size - 9)) $((size - 1)); do
		head -c "$offset" whole >"$strict"
		holds
		cp whole "$strict"
		printf '\377' | dd of="$strict" bs=1 seek="$offset" conv=notrunc status=none
		holds
	done
	{ cat whole && printf 'more'; } >"$strict"
	holds
	# A program all the same, which refuses with another errno.
	python3 -c 'import sys
data = open("whole", "rb").read()
refusal = (0x00050002).to_bytes(4, sys.byteorder)
assert refusal in data
sys.stdout.buffer.write(data.replace(refusal, (0x00050003).to_bytes(4, sys.byteorder)))' >changed
	cat changed >"$strict"
	holds
}

# case: kept filters reached from inside
@test "from inside, kept filters cannot be reached through a bind of the cache" {
	options=(--userns=single --bind "$XDG_CACHE_HOME")
	in_sandbox 'cd "$0" || exit; ls -A sandbox/seccomp; echo planted >sandbox/seccomp/x; mv sandbox other && echo moved; rm -rf sandbox/seccomp' "$XDG_CACHE_HOME"
	assert_output_lacks '[0-9a-f]{16}'
	assert_output_lacks moved
	[ ! -e "$kept/x" ]
	[ -f "$strict" ]
	holds
	sandbox --bind "$kept" "$root" /bin/true
	assert_refused 'will not show' 'filters that are kept'
}

# case: kept filters reached from inside
@test "from inside, they cannot be put there before there are any" {
	rm -rf "$XDG_CACHE_HOME/sandbox"
	options=(--userns=single --bind "$XDG_CACHE_HOME")
	in_sandbox 'cd "$0" && mkdir -p sandbox/seccomp && echo x >sandbox/seccomp/planted; mv sandbox gone && mkdir -p sandbox/seccomp && echo x >sandbox/seccomp/planted' "$XDG_CACHE_HOME"
	[ ! -e "$kept/planted" ] || fail "something was planted"
	holds
}

# case: a profile that wants more than to refuse: a listener, another machine
@test "a profile that wants a listener is refused by name" {
	printf '{"defaultAction": "SCMP_ACT_ALLOW",\n "listenerPath": "%s/sock"}\n' "$PWD" >p.json
	sandbox --seccomp=p.json "$root" /bin/echo ran
	assert_refused 'p\.json:2:18' 'listenerPath is not supported'
	printf '{"defaultAction": "SCMP_ACT_NOTIFY"}\n' >p.json
	sandbox --seccomp=p.json "$root" /bin/echo ran
	assert_refused 'p\.json:1:19' 'SCMP_ACT_NOTIFY is not supported'
	printf '{"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]}\n' >p.json
	sandbox --seccomp=p.json "$root" /bin/echo ran
	assert_refused 'p\.json:1:47' 'WAIT_KILLABLE_RECV is not supported'
}

# case: a profile that wants more than to refuse: a listener, another machine
@test "a profile for other machines is refused" {
	printf '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_S390X", "SCMP_ARCH_MIPS"]}\n' >p.json
	sandbox --seccomp=p.json "$root" /bin/echo ran
	assert_refused 'p\.json:1:54' 'not for this machine'
	printf '{"defaultAction": "SCMP_ACT_ALLOW", "archMap": [{"architecture": "SCMP_ARCH_S390X", "subArchitectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"]}]}\n' >p.json
	sandbox --seccomp=p.json "$root" /bin/echo ran
	assert_refused 'p\.json:1:48' 'not for this machine'
	printf '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": [], "archMap": []}\n' >p.json
	sandbox --seccomp=p.json "$root" /bin/echo ran
	assert_refused 'p\.json:1:69' 'one of them'
}

# case: half of a register as a way around a condition
@test "the upper half of a register is no way around a condition" {
	"$PROJECT/docs/compare-seccomp" json docker >p.json
	grep -A 20 '"socket"' p.json | grep -q SCMP_CMP_GT
	# AF_ALG is 38: less than 40 to the kernel, whatever stands above
	sandbox --seccomp=p.json "$root" /bin/try_syscall socket:38:5:0 socket:0x100000026:5:0 socket:0x8000000000000026:5:0
	assert_output $'socket:38:5:0: EPERM\nsocket:0x100000026:5:0: EPERM\nsocket:0x8000000000000026:5:0: EPERM'
}

# case: a profile that is a bomb
@test "bombs: depth, size, numbers, thousands of names, all at once" {
	local name start=$EPOCHREALTIME
	python3 - <<'EOF'
open("deep.json", "w").write('{"defaultAction": ' + "[" * 200000)
open("deep-object.json", "w").write('{"defaultAction": ' + '{"a":' * 100000)
open("string.json", "w").write('{"defaultAction": "' + "a" * 1000000 + '"}')
open("number.json", "w").write('{"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": ' + "9" * 900000 + "}")
open("names.json", "w").write('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "SCMP_ACT_ERRNO", "names": [' + ",".join(['"setns"'] * 100000) + "]}]}")
open("keys.json", "w").write("{" + ",".join(f'"k{i}": 1' for i in range(60000)) + "}")
open("entries.json", "w").write('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [' + ",".join(['{"name": "socket", "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 7}]}'] * 8000) + "]}")
with open("large.json", "wb") as large:
    large.truncate(200 << 20)
EOF
	for name in deep deep-object string number names keys large entries; do
		run --separate-stderr timeout 20 "$SANDBOX" --seccomp="$name.json" "$root" /bin/echo ran
		assert_refused "$name\\.json" || fail "$name"
		[ "$(find "$kept" -type f | wc -l)" = 2 ]
	done
	: "$start"
}

# case: the helper that reads a profile, taken over
@test "the helper that reads a profile has given up its rights" {
	mkfifo text
	"$(dirname "$SANDBOX")/libexec/seccomp" x 0 <text >image 2>words &
	local pid=$!
	exec 7>text
	eventually grep -q '^Seccomp:.2$' "/proc/$pid/status"
	grep -q '^NoNewPrivs:.1$' "/proc/$pid/status"
	grep -q '^Max cpu time  *20 ' "/proc/$pid/limits"
	exec 7>&-
	wait "$pid" || :
	grep -q 'x:1:1: ' words
}
