# Layers by fuse-overlayfs (--layer=fuse; where the kernel has no overlay for users it is chosen by itself: tests/plan).
load ../lib

setup() {
	lib_setup
	require 'fuse-overlayfs' command -v fuse-overlayfs
	require '/dev/fuse that users may open' test -w /dev/fuse
	tiny_rootfs
	options=(--layer=fuse)
}

# the daemons of our sandboxes, outside
daemons() { pgrep -u "$(id -u)" -x fuse-overlayfs; }
no_daemon() { ! daemons; }

@test "what is written is seen, and thrown away" {
	before=$(snapshot "$root")
	in_sandbox 'grep -o "^fuse-overlayfs / fuse rw,nosuid,nodev" /proc/mounts; echo 1 >/new && cat /new; rm /bin/ls; rm -r /var
		mkdir /var && ls -A /var; ln /new /hard && stat -c %h /hard; mv /home /moved && [ -d /moved ] && echo moved
		chmod 4750 /new && stat -c %a /new; mkfifo /p && [ -p /p ] && echo pipe'
	assert_success
	assert_output 'fuse-overlayfs / fuse rw,nosuid,nodev
1
2
moved
4750
pipe'
	assert_equal "$(snapshot "$root")" "$before"
	eventually no_daemon
}

@test "binds with the option O, on disk, several at once, and over /" {
	mkdir src && echo 1 >src/f
	for place in '' "--lower $scratch/src"; do
		# shellcheck disable=SC2086
		sandbox --layer=fuse $place --bind src:/src:O --bind src:/other:O "$root" /bin/sh -c 'echo 2 >/src/f; cat /src/f /other/f; ls /f 2>/dev/null; true'
		assert_success
		assert_equal "${lines[0]}${lines[1]}" 21
	done
	assert_equal "${lines[2]}" /f
	sandbox --layer=fuse --bind "src:$PWD/src:O" --workdir "$PWD/src" / /bin/sh -c 'echo 3 >f; cat f'
	assert_output 3
	assert_equal "$(cat src/f)" 1
}

@test "with one id, with the caller's own, and of other ids" {
	sandbox --layer=fuse --userns=single "$root" /bin/sh -c 'echo 1 >/f; stat -c %u:%g /f'
	assert_output 0:0
	sandbox --layer=fuse --userns=keep-id "$root" /bin/sh -c 'stat -c %u:%g /etc; echo 1 >/etc/f && stat -c %u:%g /etc/f'
	assert_output "$(id -u):$(id -g)
$(id -u):$(id -g)"
	require_range
	in_sandbox 'echo 1 >/f; chown 33:44 /f; stat -c %u:%g /f'
	assert_output 33:44
}

@test "what the caller may not read is not read for the payload; modes hold inside" {
	require_range
	sandbox --layer=fuse --user 5 "$root" /bin/sh -c 'cat /etc/passwd >/dev/null && echo may; echo 2>/dev/null >/etc/x || echo may not'
	assert_output 'may
may not'
	[ -e /etc/shadow ] && [ ! -r /etc/shadow ]
	sandbox --layer=fuse --bind /etc:/e:O "$root" /bin/sh -c 'cat /e/shadow || cp /e/shadow /x || chmod 666 /e/shadow || mv /e/shadow /e/s || echo none'
	assert_output none
}

@test "fuse-overlayfs is out of reach: not seen, confined, and gone with the sandbox, however that ends" {
	"$SANDBOX" --layer=fuse --bind .:/s "$root" /bin/sh -c 'ps >/s/seen; echo >/s/up; while :; do :; done' 3>&- &
	eventually test -e up
	! grep -q fuse seen || fail "$(cat seen)"
	daemon=$(daemons)
	status=$(cat "/proc/$daemon/status")
	grep -qE '^CapEff:\s0*1f$' <<<"$status" && grep -qE '^CapBnd:\s0*1f$' <<<"$status"
	grep -qE '^NoNewPrivs:\s1$' <<<"$status" && grep -qE '^Seccomp:\s2$' <<<"$status"
	for namespace in pid net mnt ipc uts; do
		[ "$(readlink "/proc/$daemon/ns/$namespace")" != "$(readlink "/proc/self/ns/$namespace")" ] || fail "$namespace"
		[ "$(readlink "/proc/$daemon/ns/$namespace")" != "$(readlink "/proc/$(pgrep -P $! | head -n 1)/ns/$namespace")" ] || fail "$namespace"
	done
	run bash -c "readlink /proc/$daemon/fd/* | grep -v '^pipe:' | sort -u"
	assert_output_lacks '^(/home|/etc|/$|socket)'
	kill -KILL $!
	eventually no_daemon
}

@test "fuse-overlayfs dies: the payload gets errors, nothing hangs" {
	"$SANDBOX" --layer=fuse --bind .:/s "$root" /bin/sh -c 'cd /s; echo >up; while [ ! -e end ]; do :; done; echo x >/x || echo gone >said' 3>&- &
	eventually test -e up
	kill -KILL "$(daemons)"
	eventually no_daemon
	: >end
	# Or it is killed, when a page of its own program is gone.
	ended=0
	wait $! || ended=$?
	[ "$ended" -gt 128 ] || assert_equal "$(cat said)" gone
}

@test "what it does not go with is an error" {
	for i in {1..6}; do options+=(--lower .); done
	sandbox "${options[@]}" "$root" true
	assert_refused 'at most 6 directories'
}

@test "a layer is kept, read, gone on with, and committed" {
	cp -a "$root" "$scratch/own" && root=$scratch/own
	mkdir -p "$root/d/sub" && echo 1 >"$root/d/a" && echo 2 >"$root/d/sub/b"
	on() { in_sandbox "$1" && assert_success; }
	options=(--layer=fuse --overlay=try)
	on 'echo x >>/etc/passwd; rm /bin/ls; rm -r /d; mkdir /d; echo 9 >/d/z; mkdir -p /new/deep; echo 1 >/new/deep/f; ln /new/deep/f /new/g; mv /var /var2
		touch -d @981158400 /new/deep /d'
	for i in 1 2; do
		sandbox diff try
		assert_success
		assert_equal "$(awk '/^(added|modified|deleted)/ { print $1, $2, $6 }' <<<"$output")" 'deleted link /bin/ls
added file /d/z
deleted file /d/a
deleted directory /d/sub
deleted file /d/sub/b
modified file /etc/passwd
added directory /new
added directory /new/deep
added file /new/deep/f
added file /new/g
deleted directory /var
deleted directory /var/tmp
added directory /var2
added directory /var2/tmp'
		# What diff has read is the same layer still.
		on 'ls -A /d; [ -e /bin/ls ] || echo none; [ -e /var ] || echo none'
		assert_output 'z
none
none'
	done
	sandbox --overlay=try "$root" true
	assert_refused "fuse-overlayfs's"
	sandbox commit try
	assert_success
	assert_equal "$(cd "$root" && cat d/* new/g && stat -c '%h %Y' new/g new/deep | tail -n 1)" "$(printf '9\n1\n2 981158400')"
	[ ! -e "$root/bin/ls" ] && [ ! -e "$root/var" ] && [ -d "$root/var2/tmp" ]
	run find "$root" -name '.wh*'
	assert_output ''
	run getfattr -R -d -m 'user.*overlay' "$root"
	assert_output ''
}

@test "a kept layer: names that fuse-overlayfs would take for its marks are refused; one in use is not read" {
	options=(--layer=fuse --overlay=try --bind .:/s)
	"$SANDBOX" "${options[@]}" "$root" /bin/sh -c 'echo >/s/up; while [ ! -e /s/end ]; do :; done' 3>&- &
	eventually test -e up
	sandbox diff try
	assert_refused 'is running on it'
	touch end
	wait $!
	in_sandbox 'echo 1 >/.wh.etc || mkdir /x'
	find "$XDG_DATA_HOME/sandbox/layers/try/root/upper" -maxdepth 0 -execdir sh -c ': >"$1/.wh.bin"' sh {} \;
	sandbox diff try
	assert_refused '\.wh\.'
	sandbox discard try
	assert_success
}

# in_nested SCRIPT: where the kernel lays no layer over $scratch/over: overlays over overlays have an end (two).
in_nested() {
	mkdir -p over one/u one/w two/u two/w mid
	run --separate-stderr -- unshare --user --map-root-user --map-auto --mount --propagation private /bin/bash -c '
		mount -t overlay -o userxattr,lowerdir="$0",upperdir=one/u,workdir=one/w overlay mid &&
		mount -t overlay -o userxattr,lowerdir=mid,upperdir=two/u,workdir=two/w overlay over || exit 99
		shift 0; eval "$1"' "$root" "$1"
}

@test "where the kernel's overlay refuses, fuse-overlayfs is chosen by itself, and said; what cannot be retried is an error" {
	require_range
	# shellcheck disable=SC2016 # for the shell there
	in_nested '"$SANDBOX" --meta meta over /bin/sh -c "grep -o \"^fuse-overlayfs / fuse\" /proc/mounts; echo 1 >/new; cat /new; kill -USR1 \$\$"'
	[ "$status" = 138 ] || told 'the payload should get signals as ever'
	assert_output 'fuse-overlayfs / fuse
1'
	assert_stderr_has 'note: cannot mount a throw-away layer over .*/over: Invalid argument; fuse-overlayfs makes the layer instead'
	[ ! -e over/new ] && grep -q 'signal' meta
	in_nested '"$SANDBOX" --overlay=try over /bin/sh -c "echo 1 >/new" && "$SANDBOX" diff try'
	assert_success
	assert_output_has '^added +file .*/new$'
	in_nested '"$SANDBOX" --detach --name here over /bin/sh -c "grep -c fuse-overlayfs /proc/mounts; sleep 600" &&
		"$SANDBOX" logs here && "$SANDBOX" rm --force here'
	assert_success
	assert_stderr_has 'fuse-overlayfs makes the layer instead'
	in_nested '"$SANDBOX" --layer=memory over true'
	assert_refused 'cannot mount' '--layer=fuse'
	in_nested 'echo x | "$SANDBOX" --file 0:/x over true'
	assert_refused 'cannot mount' '--layer=fuse'
	in_nested 'mkdir none && mount --bind none /dev && "$SANDBOX" --meta failed over true'
	assert_refused 'cannot mount' '--layer=fuse'
	[ -s failed ]
	eventually no_daemon
}
