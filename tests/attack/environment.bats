# The environment, keys, sockets: what lies about on a desktop and is not for the command.
load ../lib
load attack

setup() {
	lib_setup
	tiny_rootfs
}

# What a desktop, a build server or an attacker's shell has set.
secrets=(SSH_AUTH_SOCK=/run/leak DBUS_SESSION_BUS_ADDRESS=unix:path=/leak XDG_SESSION_ID=leak GITHUB_TOKEN=leak
	AWS_SECRET_ACCESS_KEY=leak LD_LIBRARY_PATH=/leak GIO_EXTRA_MODULES=leak NOTIFY_SOCKET=/leak LISTEN_FDS=3
	LISTEN_PID=1 PYTHONPATH=/leak BASH_ENV=/leak ENV=/leak WAYLAND_DISPLAY=leak DISPLAY=:leak
	GLIBC_TUNABLES=glibc.malloc.check=0 TZ=leak SUDO_ASKPASS=/leak GPG_AGENT_INFO=leak
	'BASH_FUNC_leaked%%=() { echo leak; }')

# case: variables of the caller
@test "of the environment only what is on the list is inside" {
	for how in --init --as-pid-1 --userns=keep-id --profile=build --profile=strict; do
		run --separate-stderr -- env "${secrets[@]}" "$SANDBOX" "$how" --workdir=/ "$root" /bin/env
		assert_success
		assert_output_lacks 'leak|BASH_FUNC|LISTEN|GLIBC|XDG'
		run grep -vE '^(HOME|LANG|LOGNAME|PATH|TERM|USER)=' <<<"$output"
		assert_output ''
	done
	run --separate-stderr -- env -i A=leak "$SANDBOX" "$root" /bin/env
	assert_success
	assert_output_lacks 'leak'
}

# case: variables for the command reach no helper
@test "variables for the command are not for our helpers (CVE-2021-21261)" {
	require_range
	cat >profile.conf <<-'EOF'
		extends = default
		env = LD_PRELOAD=/nowhere/evil.so
		env = PATH=/evil
		env = GLIBC_TUNABLES=x=y
		env = HOME=/evil
	EOF
	mkdir evil
	for name in newuidmap newgidmap getent; do
		printf '#!/bin/sh\necho ran >>%s\n' "$scratch/ran" >"evil/$name"
		chmod 0755 "evil/$name"
	done
	sandbox --profile ./profile.conf --env "PATH=$scratch/evil:/bin" "$root" /bin/sh -c 'echo $LD_PRELOAD $HOME; cat /proc/self/uid_map | wc -l'
	assert_success
	assert_output '/nowhere/evil.so /evil
2'
	assert_stderr_lacks 'ld.so|evil'
	[ ! -e ran ]
	# The caller's own PATH comes after the system's.
	PATH=$scratch/evil:$PATH sandbox "$root" true
	[ ! -e ran ]
}

# case: session keyring
@test "the host's session keyring is left behind" {
	run --separate-stderr -- "$TESTS_BUILD/probe" with-key "$BASH" -c '"$0" "$1" /bin/probe key $KEY; "$0" "$1" /bin/probe keyring' "$SANDBOX" "$root"
	assert_success
	assert_output_lacks ': OK'
	# Without a filter: another keyring, with nothing in it, and nothing to be put there.
	run --separate-stderr -- "$TESTS_BUILD/probe" with-key "$BASH" -c '"$0" --seccomp=unconfined "$1" /bin/probe key 1' "$SANDBOX" "$root"
	assert_output_lacks '^(search|request): OK'
	sandbox --seccomp=unconfined "$root" /bin/probe keyring
	assert_success
	assert_output_has '^holds: 0$'
	if grep -q 'sandbox$' <<<"$output"; then
		assert_output_has '^is: keyring;0;0;09090000;sandbox$' '^add: EACCES$' '^setperm: EACCES$' '^link: EACCES$' \
			'^clear: EACCES$' '^timeout: EACCES$' '^revoke: EACCES$'
	fi
	in_sandbox 'cat /proc/keys /proc/key-users'
	assert_output ''
}

# case: session keyring
@test "a payload cannot leave a key for the next one" {
	sandbox --seccomp=unconfined "$root" /bin/probe keyring
	sandbox --seccomp=unconfined "$root" /bin/probe keyring
	assert_success
	assert_output_has '^holds: 0$'
}

# case: session keyring
@test "two hundred sandboxes and one: the quota of keyrings is not used up" {
	long || skip 'slow: FAULTS=long make faults'
	local i pids=()
	for i in {1..201}; do
		"$SANDBOX" --userns=single "$root" /bin/sleep 20 3>&- &
		pids+=($!)
	done
	sandbox "$root" true
	assert_success
	kill "${pids[@]}"
	wait "${pids[@]}" || :
}

# case: abstract sockets
@test "abstract sockets of the host are out of reach" {
	"$TESTS_BUILD/probe" listen "@attack-$$" >/dev/null 3>&- &
	eventually grep -q "@attack-$$" /proc/net/unix
	run "$TESTS_BUILD/probe" abstract "attack-$$"
	assert_output_has '^stream: OK$'
	sandbox "$root" /bin/probe abstract "attack-$$"
	kill $!
	wait $! || :
	assert_output 'stream: ECONNREFUSED
datagram: ECONNREFUSED'
	in_sandbox "cat /proc/net/unix | tail -n +2 | grep -v ^Num"
	assert_output ''
}

# case: sockets with a path
@test "no socket that has a path is inside, of / as little as of a directory" {
	local dir=$XDG_RUNTIME_DIR
	mkdir -p "$dir/bus.d" "$scratch/home/.gnupg"
	"$TESTS_BUILD/probe" listen "$dir/bus" "$dir/wayland-0" "$dir/bus.d/pipewire-0" "$TMPDIR/agent" >/dev/null 3>&- &
	eventually test -S "$TMPDIR/agent"
	cp "$TESTS_BUILD/probe" project-probe
	for how in --userns=keep-id --userns=single --network=host; do
		sandbox "$how" "$root" /bin/probe sockets
		assert_success
		assert_output ''
	done
	sandbox --ro-bind "$scratch/project-probe:/tmp/probe" / /tmp/probe sockets
	assert_success
	assert_output ''
	kill $!
	wait $! || :
	rm -rf "${dir:?}"/* "$TMPDIR/agent"
}

# case: sockets with a path
@test "of / homes, /run, /var, /mnt, /srv and /boot are not there" {
	sandbox / /bin/sh -c 'ls -A /home /var /mnt /srv /boot /media 2>/dev/null; ls -A /run /root /tmp | grep -v :; echo listed'
	assert_success
	assert_output_has '^listed$'
	assert_output_lacks "$(basename "$HOME")|log|lib/dpkg|systemd|user"
	sandbox / ls /
	assert_success
	assert_output_has '^usr$'
	assert_output_lacks '^(var|mnt|srv|boot|media|lost\+found)$'
}
