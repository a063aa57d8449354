# What the command may do: capabilities, limits, descriptors, environment, umask, keyring, filter.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
}

# mask NUMBER...: the capability set with these, as /proc shows it
mask() {
	local set=0 number
	for number; do
		set=$((set | 1 << number))
	done
	printf '%016x' "$set"
}

# caps: "CapInh CapPrm CapEff CapBnd CapAmb" of the command
caps() { in_sandbox "sed -n 's/^Cap...:.//p' /proc/self/status | tr '\n' ' '"; }

none=$(printf '%016x' 0)
# CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID NET_BIND_SERVICE
root_set() { mask 0 1 3 4 5 6 7 10; }

@test "no_new_privs is set, whatever the filter" {
	for filter in default build strict unconfined; do
		sandbox --seccomp=$filter "$root" /bin/grep NoNewPrivs /proc/self/status
		assert_output $'NoNewPrivs:\t1' || return
	done
}

@test "uid 0 inside has what package managers need, and can get no more" {
	caps
	assert_output "$none $(root_set) $(root_set) $(root_set) $none "
	options=(--as-pid-1)
	caps
	assert_output "$none $(root_set) $(root_set) $(root_set) $none "
}

@test "any other id has none" {
	options=(--userns=keep-id)
	caps
	assert_output "$none $none $none $none $none "
}

@test "--cap-drop and --cap-add, in order, with and without CAP_" {
	options=(--cap-drop ALL)
	caps
	assert_output "$none $none $none $none $none "
	options=(--cap-drop ALL --cap-add chown --cap-add 'CAP_SYS_PTRACE,NET_RAW')
	caps
	assert_output "$none $(mask 0 13 19) $(mask 0 13 19) $(mask 0 13 19) $none "
	options=(--cap-add net_admin --cap-drop ALL)
	caps
	assert_output "$none $none $none $none $none "
	options=(--cap-drop CAP_CHOWN --cap-drop fowner)
	caps
	assert_output_has "^$none $(mask 1 4 5 6 7 10) "
}

@test "--cap-add for an id that is not 0 survives exec: ambient" {
	options=(--userns=keep-id --cap-add net_bind_service)
	caps
	assert_output "$(mask 10) $(mask 10) $(mask 10) $(mask 10) $(mask 10) "
}

@test "capabilities are enforced" {
	in_sandbox 'hostname other; mount -t tmpfs none /tmp; chroot / true; ip link set lo down; echo $?; hostname'
	assert_output_has '^sandbox$'
	assert_output_lacks '^other$'
	[ "$(grep -cE 'not permitted|denied' <<<"$stderr")" -ge 3 ] || told 'refused'
	options=(--cap-drop chown)
	in_sandbox 'chown 1 /tmp'
	assert_stderr_has 'not permitted'
	sandbox --cap-add nosuch "$root" /bin/true
	assert_refused nosuch
}

@test "--cap-add works" {
	options=(--cap-add NET_ADMIN)
	in_sandbox 'ip link set lo down && ip -o link show lo | grep -c "[<,]UP[,>]"'
	assert_output 0
}

@test "pid 1 keeps no capability but KILL" {
	# It gives up the others when the command has started, which may see it still at that.
	in_sandbox 'i=0; while grep CapEff /proc/1/status && [ $i -lt 50 ]; do i=$((i + 1)); sleep 0.02; done | tail -n 1'
	assert_output $'CapEff:\t'"$(mask 5)"
}

@test "--ulimit: soft and hard, and what is above the caller's is refused" {
	options=(--ulimit nofile=64:128 --ulimit core=0 --ulimit fsize=1m)
	in_sandbox 'ulimit -Sn; ulimit -Hn; ulimit -Hc; head -c 2m /dev/zero >/tmp/big; stat -c %s /tmp/big'
	assert_output $'64\n128\n0\n1048576'
	run --separate-stderr bash -c 'ulimit -n 256 && exec "$0" --ulimit nofile=512 "$1" /bin/true' "$SANDBOX" "$root"
	assert_refused nofile 'hard limit'
	sandbox --ulimit nosuch=5 "$root" /bin/true
	assert_refused nosuch
	sandbox --ulimit nofile=9:5 "$root" /bin/true
	assert_refused nofile
}

@test "limits not named are the caller's" {
	run --separate-stderr bash -c 'ulimit -Sn 77 && exec "$0" "$1" /bin/sh -c "ulimit -Sn"' "$SANDBOX" "$root"
	assert_output 77
}

@test "descriptors above 2 are closed" {
	exec 5</etc/passwd 9<"$HOME" 77</dev/null
	in_sandbox 'ls /proc/self/fd | tr "\n" " "'
	exec 5<&- 9<&- 77<&-
	assert_output '0 1 2 3 ' # the last is that of ls
	in_sandbox 'ls /proc/1/fd 2>&1'
	assert_output_has 'denied'
}

@test "closed standard descriptors are no way in" {
	run --separate-stderr bash -c '"$0" "$1" /bin/sh -c "ls -l /proc/self/fd | grep -c dev/null" <&-' "$SANDBOX" "$root"
	assert_output 1
	run bash -c '"$0" "$1" /bin/true >&- 2>&-' "$SANDBOX" "$root"
	assert_success
	run --separate-stderr bash -c '"$0" "$1" /bin/true </' "$SANDBOX" "$root"
	assert_refused 'is a directory'
}

@test "the environment is clean" {
	export SECRET_TOKEN=abc LD_PRELOAD='' TERM=vt100 LANG=C.UTF-8 DISPLAY=:0
	in_sandbox 'env | grep -v ^PWD= | grep -v ^SHLVL= | sort'
	assert_success
	assert_output 'HOME=/root
LANG=C.UTF-8
LOGNAME=root
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
TERM=vt100
USER=root'
}

@test "nor can it be read from pid 1" {
	export SECRET_TOKEN=abcdefgh
	in_sandbox 'cat /proc/1/environ /proc/1/cmdline | tr "\0" "\n"; true'
	assert_output_lacks 'abcdefgh'
	sandbox --as-pid-1 "$root" /bin/sh -c 'cat /proc/1/environ'
	assert_output_lacks 'abcdefgh'
}

@test "--env, --unsetenv, --env-file, --keep-env" {
	export FROM=outside SECRET=1
	printf '# comment\n\nA=from file\nB="quoted"\n' >envfile
	options=(-e FROM -e NEW=new=value --env EMPTY= -e NOT_SET --env-file envfile --unsetenv LANG -e HOME=/tmp)
	in_sandbox 'echo "$FROM|$NEW|${EMPTY-unset}|${NOT_SET-unset}|$A|$B|${LANG-unset}|$HOME|${SECRET-unset}"'
	assert_output 'outside|new=value||unset|from file|"quoted"|unset|/tmp|unset'
	options=(--keep-env --unsetenv SECRET)
	in_sandbox 'echo "$FROM|${SECRET-unset}|$HOME"'
	assert_output 'outside|unset|/root'
}

@test "the umask is kept" {
	umask 0027
	in_sandbox 'umask; touch /tmp/x; stat -c %a /tmp/x'
	assert_output $'0027\n640'
	umask 0077
	options=(--userns=keep-id --mkdir /new/deep)
	in_sandbox 'umask; stat -c %a /new /new/deep /etc/hosts /dev/shm /tmp'
	assert_output $'0077\n755\n755\n644\n1777\n1777'
}

@test "keyrings: the caller's are not there, and keyctl is refused" {
	require_program python3
	cat >keyctl.py <<'PY'
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for call in (250, 0, -3, 0), (248, b"user", b"x", b"y", 1, -3), (249, b"user", b"x", None, 0):
    print(libc.syscall(*call), ctypes.get_errno())
PY
	[ "$(uname -m)" = x86_64 ] || skip 'missing: an x86-64 machine'
	sandbox --ro-bind "$PWD/keyctl.py:/run/k.py" / python3 /run/k.py
	assert_success
	assert_output_lacks '^[^-]' # each is -1
	sandbox --seccomp=unconfined / cat /proc/keys
	assert_output ''
}

@test "the caller's session keyring is left behind, even without a filter" {
	[ -x /usr/bin/python3 ] || skip 'missing: program /usr/bin/python3'
	[ "$(uname -m)" = x86_64 ] || skip 'missing: an x86-64 machine'
	# KEYCTL_JOIN_SESSION_KEYRING, add_key, then KEYCTL_SEARCH in another program
	cat >keys.py <<'PY'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
if len(sys.argv) > 1:
    libc.syscall(250, 1, None)
    libc.syscall(248, b"user", b"sandbox-secret", b"abc", 3, ctypes.c_long(-3))
    os.execv(sys.argv[1], sys.argv[1:])
print("found" if libc.syscall(250, 10, ctypes.c_long(-3), b"user", b"sandbox-secret", 0) > 0 else "not found")
PY
	run /usr/bin/python3 keys.py /usr/bin/python3 keys.py
	[ "$output" = found ] || skip 'missing: keyrings'
	run /usr/bin/python3 keys.py "$SANDBOX" --seccomp=unconfined --ro-bind "$PWD/keys.py:/run/keys.py" / /usr/bin/python3 /run/keys.py
	assert_output 'not found'
	run /usr/bin/python3 keys.py "$SANDBOX" --seccomp=unconfined --userns=keep-id --ro-bind "$PWD/keys.py:/run/keys.py" / /usr/bin/python3 /run/keys.py
	assert_output 'not found'
}

@test "250 sandboxes at once do not exhaust the quota of keys" {
	mkdir running
	local i pids=()
	mkfifo gate
	for i in $(seq 250); do
		"$SANDBOX" --userns=single --read-only --bind running:/mnt/running "$root" \
			/bin/sh -c "touch /mnt/running/$i; read x" <gate 2>>errors &
		pids+=($!)
	done
	exec 6>gate
	all_run() { [ "$(find running -type f | wc -l)" = 250 ] || [ -s errors ]; }
	eventually -t 60 all_run || fail "$(find running -type f | wc -l) run" || :
	local used
	used=$(awk -v u="$(id -u):" '$1 == u { split($4, n, "/"); print n[1] }' /proc/key-users)
	exec 6>&-
	wait "${pids[@]}" || :
	assert_equal "$(cat errors)" ''
	assert_equal "$(find running -type f | wc -l)" 250
	[ "${used:-0}" -lt 20 ] || fail "$used keys"
}

@test "the filter: default, build, strict, unconfined" {
	local mode
	for mode in default build strict; do
		sandbox --seccomp=$mode "$root" /bin/grep -E '^Seccomp(_filters)?:' /proc/self/status
		assert_output_has $'^Seccomp:\t2' || return
	done
	sandbox --seccomp=unconfined "$root" /bin/grep '^Seccomp:' /proc/self/status
	assert_output $'Seccomp:\t0'
	in_sandbox 'grep ^Seccomp: /proc/self/status'
	assert_output $'Seccomp:\t2'
	sandbox --seccomp=defualt "$root" /bin/true
	assert_refused defualt default
}

@test "a nested user namespace is refused by the filter" {
	in_sandbox 'unshare -Ur true; echo $?; dmesg | head -n 1; echo $?'
	assert_output_has '^1$'
	assert_stderr_has 'unshare.*(not permitted|denied|No space)'
}

@test "nothing can be said to the caller's terminal: TIOCSTI" {
	require_program python3
	cat >sti.py <<'PY'
import fcntl, struct, sys
for request in 0x5412, 0x541C, 0x5412 | 1 << 32:
    try:
        fcntl.ioctl(0, request & 0xffffffff, b"x")
        print("done")
    except OSError as error:
        print(error.errno)
PY
	require_program script
	run --separate-stderr script -qec "$SANDBOX --ro-bind $PWD/sti.py:/run/sti.py / python3 /run/sti.py" /dev/null </dev/null
	assert_equal "$(tr -d '\r' <<<"$output" | grep -oE '(done|[0-9]+)$' | sort | uniq -c | tr -s ' ')" ' 3 1'
}
