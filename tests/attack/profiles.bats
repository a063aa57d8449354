# Profiles that come with a project: whoever wrote them may tighten the sandbox, and nothing else, until they are
# trusted. ATTACKS: a repository's own profile must not loosen the sandbox (claude-code #86504), and must not be
# changed from inside for the next run.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	export XDG_CONFIG_HOME=$scratch/config XDG_STATE_HOME=$scratch/state XDG_CACHE_HOME=$scratch/cache
	mine=$XDG_CONFIG_HOME/sandbox/profiles
	mkdir -p "$mine" "$scratch/project/sub" "$scratch/secret"
	echo key >"$scratch/secret/key"
	git init -q "$scratch/project"
	cd "$scratch/project" || return
	conf=.sandbox.conf
}

# use [ARG...]: run with the project's profile
use() { sandbox --profile "./$conf" "$@"; }
# refused LINE...: a profile with this last line is not run by
refused() {
	printf '%s\n' "$@" >"$conf"
	use "$root" /bin/echo ran
	assert_refused "sandbox\\.conf:$#: .*comes with the project, is not trusted" 'sandbox profile trust'
}

# case: a profile of the project's that widens what its user has
@test "every way to loosen is refused, with file, line and what to do" {
	local line
	for line in "bind = $scratch/secret:/s" "ro-bind = $scratch/secret:/s" "bind-try = $scratch/secret" "ro-bind-try = /etc/passwd" \
		"dev-bind = /dev/kvm" "dev-bind-try = /dev/kvm" "rw" "rw = true" "layer = disk" "overlay = mine" "lower = $scratch/secret" \
		"symlink = a:/b" "allow-home" "env = HOME" "env = SECRET" "env =" "env-file = $scratch/secret/key" "keep-env" "uidmap = 0:0:1" "gidmap = 0:0:1" \
		"keep-groups" "network = host" "ipc = host" "network = slirp4netns" "network = pasta" "allow-net = example.org" "deny-net = example.org" \
		"allow-host-port = 80" "publish = 8080:80" "dns = 192.0.2.1" "ca-certificates = host" "seccomp = build" "seccomp = nested" "seccomp = sandboxes" "proc = unmasked" "proc = bind" "seccomp = unconfined" \
		"seccomp = ./own.json" "cap-add = SYS_ADMIN" "user = 0" "user = root" "user = 1:0" "ulimit = nofile=unlimited" "limits = best-effort" \
		"as-pid-1" "mask =" "cap-drop =" "ulimit =" "tmpfs =" "oom-score-adj = -5" "io-weight = 10000" \
		"no-tty" "timeout-grace = 6s" "ulimit = core=1" "ulimit = core=unlimited" "overlay-size = 10t" "tmpfs = /mnt:size=10t" \
		"tmpfs = /mnt:inodes=2m"; do
		refused "$line" || { echo "$line" >&2 && return 1; }
	done
	refused 'extends = strict' 'read-only = false'
	refused 'extends = strict' 'seccomp = default'
	refused 'extends = judge' 'memory = 1g'
	refused 'extends = judge' 'timeout = 1h'
	refused 'extends = judge' 'pids-limit = 1000'
}

# case: a profile of the project's that widens what its user has
@test "what it extends may not loosen either" {
	local profile
	for profile in build agent npm pip cargo; do
		echo "extends = $profile" >"$conf"
		SANDBOX_CARGO_REGISTRY=example.org NPM_CONFIG_REGISTRY=https://example.org/ PIP_INDEX_URL=https://example.org/simple \
			use "$root" /bin/echo ran
		assert_refused "$profile.conf:[0-9]+: .*\\./$conf, which comes with the project, is not trusted"
	done
	echo "bind = $scratch/secret:/s" >other.conf
	echo "extends = ./other.conf" >"$conf"
	use "$root" /bin/echo ran
	assert_refused 'other\.conf:1:'
	# Out of the project, by way of it.
	echo "bind = $scratch/secret:/s" >"$scratch/outside.conf"
	echo "extends = $scratch/outside.conf" >"$conf"
	use "$root" /bin/echo ran
	assert_refused 'outside\.conf:1:'
}

# case: a profile of the project's that widens what its user has
@test "what tightens is taken, on top of the user's own default" {
	printf 'extends = default\nmask = /etc/group\nmemlock = 1\n' >"$mine/default.conf"
	sed -i '/memlock/d' "$mine/default.conf"
	printf '%s\n' 'read-only' 'mask = /etc/passwd' 'hostname = proj' 'env = A=1' 'cap-drop = ALL' 'seccomp = strict' 'ulimit = nofile=64' \
		'userns = keep-id' 'tmpfs = /tmp' 'timeout-grace = 1s' 'network = none' 'ipc = own' >"$conf"
	use "$root" /bin/sh -c 'wc -c </etc/passwd; wc -c </etc/group; hostname; echo $A; ulimit -n; grep CapEff /proc/self/status; touch /x'
	assert_output $'0\n0\nproj\n1\n64\nCapEff:\t0000000000000000'
	assert_stderr_has 'Read-only file system'
	local profile
	for profile in default strict judge; do
		echo "extends = $profile" >"$conf"
		use --limits=best-effort "$root" /bin/echo ran
		assert_success
		assert_output ran
	done
}

# case: a profile of the project's that widens what its user has
@test "by whatever path it is given" {
	echo 'network = host' >"$conf"
	local path
	ln -s "$scratch/project" "$scratch/link"
	for path in "./$conf" "$PWD/$conf" "sub/../$conf" "../project/$conf" "$scratch/link/$conf" "/proc/self/cwd/$conf"; do
		sandbox --profile "$path" "$root" /bin/echo ran
		assert_refused 'comes with the project' || fail "$path"
	done
	# From a directory below, where the repository is above.
	cd sub
	sandbox --profile "../$conf" "$root" /bin/echo ran
	assert_refused 'comes with the project'
	# A link in the project to a file of the user's that opens more.
	echo 'network = host' >"$scratch/loose.conf"
	ln -s "$scratch/loose.conf" loose.conf
	sandbox --profile ./loose.conf "$root" /bin/echo ran
	assert_refused 'comes with the project'
}

# case: a profile of the project's that widens what its user has
@test "the user's own, and one outside of the project, are not strangers" {
	printf 'bind = %s/secret:/s\n' "$scratch" >"$mine/own.conf"
	sandbox --profile own "$root" /bin/cat /s/key
	assert_output key
	sandbox --profile "$mine/own.conf" "$root" /bin/cat /s/key
	assert_output key
	printf 'bind = %s/secret:/s\n' "$scratch" >"$scratch/outside.conf"
	sandbox --profile "$scratch/outside.conf" "$root" /bin/cat /s/key
	assert_output key
}

# case: a profile of the project's that widens what its user has
@test "a repository that was made within does not make a stranger of the outer one's profile a friend" {
	local made
	echo 'network = host' >"$conf"
	cd sub
	for made in .git .hg .jj .svn; do
		mkdir $made
		sandbox --profile "../$conf" "$root" /bin/echo ran
		assert_refused 'comes with the project' || fail "$made"
	done
}

# case: a profile of the project's that widens what its user has
@test "a link to one that is trusted, installed, the user's own, or root's in name only" {
	printf 'network = host\n' >"$mine/own.conf"
	ln -s "$mine/own.conf" a.conf
	ln -s "$PROJECT/profiles/sandboxes.conf" b.conf
	mkdir "$scratch/other"
	printf 'network = host\n' >"$scratch/other/p.conf"
	git init -q "$scratch/other"
	(cd "$scratch/other" && "$SANDBOX" profile trust ./p.conf >/dev/null 2>&1)
	ln -s "$scratch/other/p.conf" c.conf
	# What a process that cannot be looked at calls itself is a file of root's.
	python3 -c '
import ctypes, time
libc = ctypes.CDLL(None)
libc.prctl(15, b"keep-env")
libc.prctl(4, 0)
print("up", flush=True)
time.sleep(100)' >up 3>&- &
	eventually test -s up
	assert_equal "$(stat -c %u /proc/$!/comm)" 0
	ln -s /proc/$!/comm d.conf
	local link
	for link in a b c d; do
		SECRET=secret sandbox --profile ./$link.conf "$root" /bin/env
		assert_refused 'comes with the project' || fail "$link.conf"
	done
	kill $!
	wait $! || :
}

# case: a profile of the project's that widens what its user has
@test "one that is exchanged between the reading and the question whose it is" {
	echo 'network = host' >"$conf"
	ln -s /etc/passwd link
	cat >exchange.py <<-'PY'
		import ctypes, sys
		libc = ctypes.CDLL(None, use_errno=True)
		while True:
		    libc.renameat2(-100, sys.argv[1].encode(), -100, sys.argv[2].encode(), 2)
	PY
	python3 exchange.py "$conf" link 3>&- &
	local i
	for ((i = 0; i < 150; i++)); do
		"$SANDBOX" --profile "./$conf" "$root" /bin/echo ran || :
	done >out 2>&1
	kill $!
	wait $! || :
	assert_equal "$(grep -c ran out)" 0
	grep -q 'comes with the project' out || fail 'it was never read'
}

# case: a profile of the project's that widens what its user has
@test "with one id the caller's other groups could not be dropped" {
	require_range
	echo 'userns = single' >"$conf"
	use "$root" /bin/id -u
	assert_output 0
	unshare --map-root-user --map-auto setpriv --groups 0,1 true || skip 'missing: setpriv'
	run --separate-stderr unshare --map-root-user --map-auto setpriv --groups 0,1 "$SANDBOX" --profile "./$conf" "$root" /bin/true
	assert_refused 'comes with the project'
}

# case: a word of trust that is planted, or another's
@test "trusted, it loosens; changed by one byte, or elsewhere, it does not" {
	printf 'ro-bind = %s/secret:/s\n' "$scratch" >"$conf"
	sandbox profile trust "./$conf"
	assert_success
	assert_output_has "$conf:1: ro-bind = .*can loosen" 'trusted, as long as it stays as it is'
	use "$root" /bin/cat /s/key
	assert_success
	assert_output key
	cp "$conf" copy.conf
	sandbox --profile ./copy.conf "$root" /bin/echo ran
	assert_refused 'comes with the project'
	printf '#\n' >>"$conf"
	use "$root" /bin/echo ran
	assert_refused 'comes with the project'
	sed -i '$d' "$conf"
	use "$root" /bin/cat /s/key
	assert_output key
	sandbox profile distrust "./$conf"
	assert_success
	use "$root" /bin/echo ran
	assert_refused 'comes with the project'
	sandbox profile distrust "./$conf"
	assert_status 125
}

# case: a word of trust that is planted, or another's
@test "a planted word of trust is not heeded: others may write it, a link, another's content" {
	printf 'ro-bind = %s/secret:/s\n' "$scratch" >"$conf"
	sandbox profile trust "./$conf"
	local place=$XDG_STATE_HOME/sandbox/trusted entry
	entry=$(echo "$place"/*)
	chmod 0666 "$entry"
	use "$root" /bin/echo ran
	assert_refused 'comes with the project'
	chmod 0600 "$entry" && chmod 0777 "$place"
	use "$root" /bin/echo ran
	assert_refused 'comes with the project'
	chmod 0700 "$place" && mv "$entry" moved && ln -s "$PWD/moved" "$entry"
	use "$root" /bin/echo ran
	assert_refused 'comes with the project'
	rm "$entry" && head -c -1 moved >"$entry"
	use "$root" /bin/echo ran
	assert_refused 'comes with the project'
	rm "$entry" && mv "$place" real && ln -s "$PWD/real" "$place" && mv moved "real/${entry##*/}"
	use "$root" /bin/echo ran
	assert_refused 'comes with the project'
}

# case: a word of trust that is planted, or another's
@test "from inside, a command cannot have the next run trust it" {
	options=(--userns=single --bind "$PWD" --bind "$XDG_STATE_HOME")
	mkdir -p "$XDG_STATE_HOME"
	in_sandbox 'echo "network = host" >"$0/.sandbox.conf"; cd "$1" && mkdir -p sandbox/trusted && echo x >sandbox/trusted/planted; mv sandbox gone && mkdir -p sandbox/trusted && echo x >sandbox/trusted/planted' "$PWD" "$XDG_STATE_HOME"
	[ ! -e "$XDG_STATE_HOME/sandbox/trusted/planted" ] || fail "something was planted"
	use "$root" /bin/echo ran
	assert_refused 'comes with the project'
	sandbox --bind "$XDG_STATE_HOME/sandbox/trusted" "$root" /bin/true
	assert_refused 'will not show' 'profiles that you trust'
}

# case: a profile of the project's that widens what its user has
@test "check says what would have to be trusted, and show what it means; neither trusts" {
	printf 'extends = build\nhostname = a\n' >"$conf"
	sandbox profile check "./$conf"
	assert_success
	assert_output_has 'build.conf:[0-9]+: bind = .*can loosen' 'build.conf:[0-9]+: seccomp = build' 'ok, for who trusts it'
	sandbox profile show "./$conf"
	assert_success
	assert_output_has '^seccomp = build'
	use "$root" /bin/echo ran
	assert_refused 'comes with the project'
	printf 'hostname = a\n' >"$conf"
	sandbox profile check "./$conf"
	assert_output "./$conf: ok"
}

# case: a profile of the project's that widens what its user has
@test "the user says it on the command line: that is the user's word" {
	printf 'hostname = a\n' >"$conf"
	use --ro-bind "$scratch/secret:/s" "$root" /bin/cat /s/key
	assert_output key
}
