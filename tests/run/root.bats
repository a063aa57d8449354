# The root file system: the layer that is thrown away, in memory and on disk; --rw; --read-only.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	export XDG_CACHE_HOME=$scratch/cache
}

change='echo new >/etc/new; echo x >>/etc/passwd; rm /bin/ls; mkdir -p /usr/share/a/b; mv /home /houses; ln -s x /link; chmod 0700 /var'

for_each_layer() {
	for place in memory disk; do
		options=(--layer "$place")
		"$@" || return
	done
}

@test "writes go to a layer, and are gone at the end" {
	before=$(snapshot "$root")
	changes() {
		in_sandbox "$change; cat /etc/new; tail -n 1 /etc/passwd; test -e /bin/ls || echo no ls; ls -d /houses /usr/share/a/b"
		assert_success || return
		assert_output $'new\nx\nno ls\n/houses\n/usr/share/a/b' 2>/dev/null ||
			assert_output_has '^new$' '^x$' || return
		assert_equal "$(snapshot "$root")" "$before"
	}
	for_each_layer changes
}

@test "a layer on disk is in the user's cache while it runs and nowhere afterwards" {
	mkfifo in
	options=(--layer=disk)
	"$SANDBOX" --layer=disk "$root" /bin/sh -c 'echo data >/data; echo ready; cat' <in >out &
	exec 8>in
	eventually grep -q ready out
	layer=$(echo "$XDG_CACHE_HOME"/sandbox/layers/*)
	[ -f "$layer/root/upper/data" ]
	assert_equal "$(stat -c '%a %U' "$layer")" "700 $(id -un)"
	exec 8>&-
	wait $!
	assert_equal "$(find "$XDG_CACHE_HOME/sandbox/layers" -mindepth 1)" ''
}

@test "a layer on disk goes even when its files are other ids' and closed, or deep" {
	require_range
	options=(--layer=disk)
	in_sandbox 'mkdir -p /a/b/c && touch /a/b/c/d && chown -R 5:6 /a && chmod -R 0 /a;
		d=deep; for i in $(seq 300); do mkdir $d && cd $d; done; echo deep'
	assert_success
	assert_output deep
	assert_equal "$(find "$XDG_CACHE_HOME/sandbox/layers" -mindepth 1)" ''
}

@test "a layer that a crash has left behind is removed by the next" {
	options=(--layer=disk)
	in_sandbox true
	mkdir -p "$XDG_CACHE_HOME/sandbox/layers/layer-AbCdEf/upper/x" "$XDG_CACHE_HOME/sandbox/layers/other"
	in_sandbox true
	assert_success
	assert_equal "$(find "$XDG_CACHE_HOME/sandbox/layers" -mindepth 1 -printf '%P\n')" other
}

@test "without a cache directory that can be written there is no layer on disk" {
	mkdir -m 0500 locked
	XDG_CACHE_HOME=$PWD/locked sandbox --layer=disk "$root" /bin/true
	assert_refused 'throw-away layer' "$PWD/locked" 'Permission denied'
}

@test "--rw: writes go into ROOTFS" {
	in_sandbox true
	options=(--rw)
	in_sandbox 'echo new >/etc/new; rm /bin/xzcat; mkdir /made; grep " / " /proc/self/mountinfo'
	assert_success
	assert_output_lacks ' overlay '
	assert_equal "$(cat "$root/etc/new")" new
	[ -d "$root/made" ]
	[ ! -e "$root/bin/xzcat" ]
	assert_equal "$(stat -c %U "$root/etc/new" "$root/made" | sort -u)" "$(id -un)"
}

@test "--rw: what is generated for /etc does not end up in ROOTFS" {
	echo 'the old' >"$root/etc/hosts"
	before=$(cat "$root/etc/passwd" "$root/etc/group" "$root/etc/hosts")
	sandbox --rw --userns=keep-id "$root" /bin/sh -c 'cat /etc/hosts; id -un'
	assert_success
	assert_output_has localhost "^$(id -un)\$"
	assert_equal "$(cat "$root/etc/passwd" "$root/etc/group" "$root/etc/hosts")" "$before"
}

@test "--read-only: nothing can be written but /tmp, /run, /dev/shm and the like" {
	before=$(snapshot "$root")
	options=(--read-only)
	in_sandbox 'for d in / /etc /bin /usr /var /home; do touch $d/x 2>/dev/null && echo $d; done
		rm /bin/ls 2>/dev/null; echo x >>/etc/passwd
		for d in /tmp /run /dev/shm; do touch $d/x || echo $d; done; test -e /bin/ls && echo still'
	assert_success
	assert_output still
	assert_stderr_has 'Read-only file system'
	assert_equal "$(snapshot "$root")" "$before"
}

@test "--read-only with mount points missing: the same, and ROOTFS is not touched" {
	rm -r "${root:?}"/{proc,sys,dev,run,tmp}
	rm -f "$root/etc/hosts" "$root/etc/hostname"
	before=$(snapshot "$root")
	options=(--read-only --ro-bind "$PROJECT/Makefile:/not/there/yet")
	in_sandbox 'head -c 1 /not/there/yet; ls -d /proc/self /dev/null; cat /etc/hostname
		for d in / /etc /bin /not /not/there; do touch $d/x 2>/dev/null && echo $d; done; touch /tmp/x'
	assert_success
	assert_output $'#/dev/null\n/proc/self\nsandbox'
	assert_equal "$(snapshot "$root")" "$before"
}

@test "--rw and --read-only exclude each other" {
	sandbox --rw --read-only "$root" /bin/true
	assert_refused 'exclude each other'
	sandbox --rw --layer=disk "$root" /bin/true
	assert_refused 'exclude each other'
}

@test "mounts are private, and the old root is not there" {
	in_sandbox 'cat /proc/self/mountinfo'
	assert_success
	assert_output_lacks '(shared|master|propagate_from):'
	assert_output_lacks "$(readlink -f "$scratch")"
	[ "$(wc -l <<<"$output")" -lt 40 ] || told 'few mounts'
	in_sandbox 'stat -c %d:%i / /.. /../.. | sort -u | wc -l; cd /; cd ..; pwd'
	assert_output $'1\n/'
	in_sandbox 'for link in root cwd; do ls /proc/1/$link/ 2>&1; done'
	assert_output $'ls: /proc/1/root/: Permission denied\nls: /proc/1/cwd/: Permission denied'
}

@test "every mount is nosuid, and nodev but for device nodes" {
	in_sandbox 'cut -d " " -f 5,6 /proc/self/mountinfo'
	assert_success
	assert_equal "$(grep -v nosuid <<<"$output")" ''
	assert_equal "$(grep -v nodev <<<"$output" | cut -d ' ' -f 1 | grep -vE '^/dev/(null|zero|full|random|urandom|tty|pts|mqueue)$')" ''
}

@test "the payload starts in / with a working directory of its own" {
	in_sandbox pwd
	assert_output /
	options=(--workdir /usr)
	in_sandbox pwd
	assert_output /usr
	options=(--workdir /no/such)
	in_sandbox pwd
	assert_refused 'working directory /no/such' 'bind it'
}

@test "a rootfs by relative path, by symlink, with odd names" {
	ln -s root link
	for name in root link ./root/ root/../root; do
		sandbox "$name" /bin/echo ok
		assert_output ok || return
	done
	local odd=$'a:b,c\\d "e\nf'
	cp -a root "$odd"
	sandbox "$odd" /bin/sh -c 'echo >/x && echo ok'
	assert_output ok
	mkdir oci && cp -a root/. oci
	sandbox ./oci /bin/echo ok
	assert_output ok
	sandbox oci /bin/echo ok
	assert_refused 'no .*/bin/echo.* here'
}

@test "ROOTFS has no command given: its shell" {
	run --separate-stderr -- "$SANDBOX" "$root" <<<'echo from the shell; exit 3'
	assert_status 3
	assert_output 'from the shell'
}
