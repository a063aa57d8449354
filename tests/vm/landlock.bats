# Landlock as each kernel has it: what is held with little of it, and --confine-only, which is refused where it would hold too little.
# vm: login
# shellcheck disable=SC2016 # what is quoted is for shells inside
load vm
load ../run/landlock

setup() {
	lib_setup
	tiny_rootfs
	abi=$(landlock_abi)
	export XDG_CACHE_HOME=$scratch/cache
}

teardown() { lib_teardown; }

@test "doctor and --dry-run have the ABI that the kernel answers with" {
	printf '# %s: ABI %s\n' "$(uname -r)" "$abi" >&3
	sandbox doctor --json
	if [ "$abi" = 0 ]; then
		assert_equal "$(finding Landlock answer)" weaker
		sandbox --dry-run "$root" /bin/true
		assert_output_has '^ *landlock +not used: this kernel has none'
	else
		assert_equal "$(finding Landlock found)" "ABI $abi"
		sandbox --dry-run "$root" /bin/true
		assert_output_has "^ *landlock +writes below / /dev.*\(ABI $abi\)"
	fi
}

@test "--landlock=require, and ports of TCP: refused where there is too little" {
	sandbox --landlock=require "$root" /bin/sh -c 'mkdir a b && echo x >a/f && mv a/f b/f && echo ran'
	if [ "$abi" -ge 2 ]; then
		assert_output ran
	else
		assert_refused '--landlock=require \(command line\): this kernel.* Landlock'
	fi
	sandbox --network=host --connect-tcp=443 "$root" /bin/echo ran
	if [ "$abi" -ge 4 ]; then
		assert_output ran
	elif [ "$abi" = 0 ]; then
		assert_refused '--connect-tcp \(command line\): this kernel has no Landlock' 'Linux 6.7'
	else
		assert_refused "--connect-tcp \(command line\): this kernel's Landlock \(ABI $abi\) knows nothing of TCP; Linux 6.7"
	fi
}

# What no mount of the sandbox's stands before: a file of the host's that is handed in for reading.
@test "what is handed in for reading cannot be written; it can be cut before ABI 3" {
	[ "$abi" -ge 2 ] || skip 'missing: Landlock, ABI 2'
	echo given >in
	"$SANDBOX" / python3 -c '
import os
for what in lambda: open("/dev/stdin", "r+"), lambda: os.truncate("/dev/stdin", 0):
    try:
        what()
        print("done")
    except OSError as e:
        print(e.strerror)' <in >out
	if [ "$abi" -ge 3 ]; then
		assert_equal "$(cat out in)" $'Permission denied\nPermission denied\ngiven'
	else
		assert_equal "$(cat out in)" $'Permission denied\ndone'
	fi
}

@test "--confine-only: refused with the ABI there is and the one that is needed, or it runs" {
	if [ "$abi" -lt 6 ]; then
		sandbox --confine-only / sh -c 'echo ran >/tmp/ran; echo ran'
		if [ "$abi" = 0 ]; then
			assert_refused '^sandbox: --confine-only \(command line\): this kernel has no Landlock'
		else
			assert_refused "^sandbox: --confine-only \(command line\): this kernel's Landlock \(ABI $abi\) refuses too little" 'signal your other processes'
			[ "$abi" -ge 3 ] || assert_stderr_has 'empty files that it may only read'
		fi
		assert_stderr_has 'Linux 6\.12 and later have what is needed \(ABI 6\)'
		[ ! -e /tmp/ran ]
		printf '# %s\n' "${stderr_lines[@]}" >&3
		return
	fi
	mkdir may
	echo mine >mine
	sandbox --confine-only --bind "$PWD/may" --workdir "$PWD/may" / sh -c 'id -u; echo new >f; chmod 0600 f; stat -c %a f; echo x >../mine; kill -0 '"$PPID"'; cat f'
	assert_output "$(id -u)
600
new"
	assert_stderr_has 'mine: Permission denied' 'Operation not permitted'
	assert_equal "$(cat mine may/f)" $'mine\nnew'
}
