# Other kernels and distributions: what runs, and what a run says where it does not, compared with doctor.
# vm: login
# packages: slirp4netns,fuse-overlayfs,apparmor
# shellcheck disable=SC2016 # what is quoted is for shells inside
load vm

teardown() {
	[ -z "${undo-}" ] || as_root "$undo"
	[ -z "$supervisor" ] || kill -KILL "$supervisor" 2>/dev/null || :
	lib_teardown
}

# same ABILITY WORD...: a run with WORDs is refused, and doctor says of ABILITY what that said, each line of it
same() {
	local line said
	sandbox "${@:2}"
	assert_status 125
	said=$(awk '/^sandbox: / { note = /^sandbox: note: / } !note' <<<"$stderr" | sed "s/^sandbox: //; s/^ *//; s|$root|DIRECTORY|")
	printf '# %s: %s\n' "$(uname -r)" "$(head -n 1 <<<"$said")" >&3
	sandbox doctor --json
	{ finding "$1" found; finding "$1" mend; } | sed 's|/tmp/sandbox-doctor\.[A-Za-z0-9]*|DIRECTORY|' >report
	while IFS= read -r line; do
		grep -qFx -- "$line" report || fail "not in the report: $line
$(cat report)"
	done <<<"$said"
}

# cause DO UNDO ABILITY WORD...: root does DO, `same`, root does UNDO
cause() {
	undo=$2
	as_root "$1"
	same "${@:3}"
	as_root "$2"
	undo=
}

@test "what doctor finds" {
	sandbox doctor --json
	assert_success
	python3 -c '
import json, sys
for one in json.loads(sys.argv[1])["findings"]:
    if one["group"] in ("Kernel", "What was tried", "Limits") or "slirp" in one["ability"]:
        print("#", one["answer"], "|", one["ability"], "|", one["found"])' "$output" >&3
	assert_equal "$(finding version found | cut -d ' ' -f 2)" "$(uname -r)"
}

@test "a command on the host's files, with all ids, with one and with one's own" {
	for how in --userns=auto --userns=single --userns=keep-id; do
		sandbox "$how" / sh -c 'echo ran; touch /usr/x'
		assert_output ran
		assert_stderr_has 'Read-only file system'
	done
	sandbox / sh -c 'chown 5:5 /tmp && stat -c %u:%g /tmp'
	assert_output 5:5
}

@test "a read-only bind, with mounts below it" {
	mkdir -p 'p/a b' p/x/y
	nested 'mount -t tmpfs none "p/a b" && mount -t tmpfs none p/x && mkdir p/x/y && mount -t tmpfs none p/x/y && exec "$@"' sh \
		"$SANDBOX" --userns=single --rw --ro-bind p:/p "$root" /bin/sh -c 'for d in /p "/p/a b" /p/x /p/x/y; do touch "$d/new" 2>&1; done; ls /dev/null'
	assert_equal "$(grep -c 'Read-only file system' <<<"$output")" 4
}

@test "layers: by whoever can make one here" {
	in_sandbox 'echo new >/new; cat /new'
	assert_success
	assert_output new
	options=(--layer=fuse)
	in_sandbox 'echo new >/new; cat /new'
	assert_success
	assert_output new
	mkdir p && echo text >p/f
	sandbox --bind p:/p:O "$root" /bin/sh -c 'echo changed >/p/f; cat /p/f'
	assert_output changed
	assert_equal "$(cat p/f)" text
	[ ! -e "$root/new" ]
}

@test "a root that is written to, and one that is not" {
	sandbox --rw "$root" /bin/sh -c 'echo new >/new'
	assert_success
	assert_equal "$(cat "$root/new")" new
	mkdir -p "$root/etc" "$root/root"
	touch "$root"/etc/{hosts,hostname,resolv.conf}
	sandbox --read-only "$root" /bin/sh -c 'echo new >/new2'
	assert_stderr_has 'Read-only file system'
}

@test "a layer where only --layer=fuse can make one, and that is not installed" {
	undo='mv /usr/bin/fuse-overlayfs.off /usr/bin/fuse-overlayfs'
	as_root mv /usr/bin/fuse-overlayfs /usr/bin/fuse-overlayfs.off
	sandbox "$root" /bin/echo ran
	[ "$status" = 0 ] || {
		assert_refused 'overlay'
		same 'a throw-away layer' "$root" /bin/true
	}
}

@test "no user namespaces, by either sysctl; no other namespaces" {
	[ ! -e /proc/sys/kernel/unprivileged_userns_clone ] || {
		cause 'sysctl -qw kernel.unprivileged_userns_clone=0' 'sysctl -qw kernel.unprivileged_userns_clone=1' 'run a command' / true
		assert_equal "$(finding 'user namespaces' answer | head -n 1)" no
	}
	local before
	before=$(cat /proc/sys/user/max_user_namespaces)
	cause 'sysctl -qw user.max_user_namespaces=0' "sysctl -qw user.max_user_namespaces=$before" 'run a command' / true
	cause 'sysctl -qw user.max_net_namespaces=0' "sysctl -qw user.max_net_namespaces=$before" 'run a command' / true
	sandbox / echo ran
	assert_output ran
}

@test "newuidmap without its right, and none at all" {
	cause 'chmod u-s /usr/bin/newuidmap; setcap -r /usr/bin/newuidmap' 'chmod u+s /usr/bin/newuidmap' 'run a command' / true
	cause 'mv /usr/bin/newuidmap /usr/bin/off' 'mv /usr/bin/off /usr/bin/newuidmap' 'run a command' / true
}

@test "no range of ids: one is mapped, and the note has doctor's command" {
	undo='echo dev:100000:65536 >/etc/subuid; echo dev:100000:65536 >/etc/subgid'
	as_root ': >/etc/subuid; : >/etc/subgid'
	sandbox / id -u
	assert_success
	assert_output 0
	assert_stderr_has 'only one id is mapped'
	local said
	said=$(grep -o 'sudo usermod .*[^,]' <<<"$stderr")
	sandbox doctor --json
	assert_equal "$(finding 'subordinate uid' answer)" weaker
	assert_equal "$(finding 'subordinate uid' mend)" "$said"
	sandbox --userns=fakeroot / sh -c 'chown 5:5 /tmp && echo ran'
	assert_output ran
}

@test "limits: what the manager hands down is enforced, and what it does not is refused" {
	sandbox -m 64m --pids-limit 50 --meta run.json / python3 -c 'x = bytearray(300 << 20)'
	assert_status 137
	assert_equal "$(json run.json "j['reason']")" oom
	if grep -qw cpu "/sys/fs/cgroup/user.slice/user-$(id -u).slice/user@$(id -u).service/cgroup.controllers"; then
		sandbox --cpus 1 / echo ran
		assert_output ran
	else
		same 'limits of all together' --memory=256m --pids-limit=100 --cpus=1 / true
	fi
}

@test "a network by slirp4netns" {
	printf '# %s\n' "$(slirp4netns --version | head -n 1)" >&3
	sandbox --network=slirp4netns / sh -c 'ip -o -4 addr show dev tap0; echo ran'
	if [ "$status" = 0 ]; then
		assert_output_has '10\.0\.2\.100' '^ran$'
		sandbox --network=slirp4netns -p 8080:80 / echo ran
		assert_output ran
	else
		same 'a network (slirp4netns)' --network=slirp4netns / true
	fi
	cause 'chmod 0600 /dev/net/tun' 'chmod 0666 /dev/net/tun' 'a network (slirp4netns)' --network=slirp4netns / true
	cause 'mv /usr/bin/slirp4netns /usr/bin/off' 'mv /usr/bin/off /usr/bin/slirp4netns' 'a network (slirp4netns)' --network=slirp4netns / true
}

@test "a name, the background, and a command that joins" {
	sandbox -d --name web / sleep 100
	assert_success
	sandbox exec web sh -c 'echo joined; ls /proc/1/root'
	assert_output joined
	sandbox rm -f web
	assert_success
	[ ! -e "$XDG_RUNTIME_DIR/sandbox/web" ]
}

@test "a sandbox in a sandbox" {
	mkdir -p t/build && cp "$SANDBOX" t/build/
	sandbox --profile sandboxes --ro-bind "$scratch/t:/t" / /t/build/sandbox --userns=single / echo ran
	assert_success
	assert_output ran
}
