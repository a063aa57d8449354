# Kept layers: --overlay=NAME over ROOTFS and over binds with the option O, diff, commit, discard.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	# Of its own: another name of a file that comes or goes is a change of it too (ctime).
	cp -a "$root" "$scratch/own" && root=$scratch/own
	layers=$XDG_DATA_HOME/sandbox/layers
}

# on LAYER SCRIPT [OPTION...]: run it on the kept layer, over $root.
on() {
	sandbox --overlay="$1" "${@:3}" "${options[@]}" "$root" /bin/sh -c "$2"
	[ "$status" = 0 ] || told "the script should work"
}
changes() { sandbox diff "$@" && assert_success; }
# changed: KIND TYPE PATH of each line of the last diff.
changed() { awk '/^(added|modified|deleted)/ { print $1, $2, $6 }' <<<"$output"; }

@test "a layer is kept from run to run, and ROOTFS stays as it is" {
	before=$(snapshot "$root")
	on try 'echo one >/one; rm /bin/ls'
	on try 'cat /one; echo two >>/one; [ -L /bin/ls ] || echo no ls'
	assert_output 'one
no ls'
	on other 'ls /one 2>/dev/null || echo none'
	assert_output none
	sandbox "$root" cat /one
	assert_status 1
	assert_equal "$(snapshot "$root")" "$before"
	sandbox discard try other
	assert_success
	assert_equal "$(ls -A "$layers")" ''
}

@test "diff: added, modified, deleted, with type, mode, owner and size; nothing else" {
	echo x >"$root/etc/issue"
	on try 'echo x >>/etc/passwd; mkdir /new && echo 12345 >/new/f && chmod 0640 /new/f; ln -s f /new/l
		rm /bin/ls; rm -r /var; chmod 0700 /home; touch -d 2001-01-01 /etc/group; mkfifo /new/p
		cat /bin/busybox >/dev/null; chmod 0644 /etc/issue'
	changes try
	assert_equal "$(changed)" 'deleted link /bin/ls
modified file /etc/group
modified file /etc/passwd
modified directory /home
added directory /new
added file /new/f
added link /new/l
added pipe /new/p
deleted directory /var
deleted directory /var/tmp'
	assert_output_has 'added +file +0640 +0:0 +6 +/new/f$' '/new/l -> f$' '/home +\(mode was 0755\)' \
		'/etc/passwd +\(content, size was [0-9]+, times\)|/etc/passwd +\(content' '/etc/group +\(times\)' \
		'4 added, 3 modified, 3 deleted'
}

@test "diff: a directory that was replaced shows what is gone from it, and what was put back as it was does not" {
	mkdir -p "$root/d/sub" && echo 1 >"$root/d/a" && echo 2 >"$root/d/b" && touch -d 2020-01-01 "$root/d/b" && echo 3 >"$root/d/sub/c"
	on try 'cp -a /d/b /tmp/b; rm -r /d; mkdir /d; echo 2 >/d/b; echo 9 >/d/z; touch -r /tmp/b /d/b'
	changes try
	assert_equal "$(changed)" 'added file /d/z
deleted file /d/a
deleted directory /d/sub
deleted file /d/sub/c'
	on try 'rm -r /d; ln -s /etc /d'
	changes try
	assert_equal "$(changed)" 'modified link /d
deleted file /d/a
deleted file /d/b
deleted directory /d/sub
deleted file /d/sub/c'
}

@test "diff: a size and a time that were made to agree do not hide a change" {
	echo aaaa >"$root/f" && touch -d '2020-01-01' "$root/f"
	on try 'echo bbbb >/f; touch -d "2020-01-01" /f'
	changes try
	assert_output_has 'modified +file .* /f +\(content'
}

@test "diff --json and --patch; a patch applies" {
	printf 'one\ntwo\nthree\n' >"$root/etc/text"
	on try 'sed -i s/two/TWO/ /etc/text; echo new >"/etc/a
b"; rm /etc/group; chmod 0600 /etc/passwd'
	sandbox diff try --json
	assert_success
	run python3 -c 'import json,sys
for c in json.load(open(sys.argv[1])): print(c["change"], c["type"], c["mode"], repr(c["path"]), c.get("differs"))' <(printf '%s' "$output")
	assert_output "added file 0644 '/etc/a\\nb' None
deleted file 0644 '/etc/group' None
modified file 0600 '/etc/passwd' ['mode']
modified file 0644 '/etc/text' ['content', 'times']"
	sandbox diff try --patch
	assert_success
	cp "$root/etc/text" text
	printf '%s\n' "$output" | sed -n '/etc.text/,$p' | patch -s text
	assert_equal "$(cat text)" 'one
TWO
three'
}

@test "commit: into ROOTFS, all of it; the layer is gone then" {
	on try 'echo x >>/etc/passwd; mkdir -p /new/deep && echo 1 >/new/deep/f; ln /new/deep/f /new/g; rm /bin/ls; rm -r /var; ln -s /tmp /var
		truncate -s 1G /new/sparse; touch -d @981158400 /new/deep/f /new; chmod 0750 /new; touch -d @1012694400 /etc'
	sandbox commit try
	assert_success
	assert_output '9 changes committed'
	assert_equal "$(ls -A "$layers")" ''
	sandbox "$root" sh -c 'tail -n 1 /etc/passwd; stat -c "%n %a %h %s %Y" /new /new/deep/f /new/g /new/sparse; test -e /bin/ls || echo no ls
		readlink /var; test $(stat -c %b /new/sparse) -lt 100 && echo sparse'
	assert_output 'x
/new 750 3 4096 981158400
/new/deep/f 644 2 2 981158400
/new/g 644 2 2 981158400
/new/sparse 644 1 1073741824 '"$(stat -c %Y "$root/new/sparse")"'
no ls
/tmp
sparse'
	assert_equal "$(stat -c %Y "$root/etc")" 1012694400
	run find "$root" -name '.sandbox-commit*'
	assert_output ''
	run getfattr -R -d -m user.overlay "$root"
	assert_output ''
}

@test "commit PATH: that, what leads to it, and no more; the rest stays and goes on" {
	mkdir "$root/d" && echo 1 >"$root/d/a" && echo 1 >"$root/d/b"
	on try 'echo 2 >/d/a; echo 2 >/d/b; mkdir -p /n/m; echo 1 >/n/m/x; echo 1 >/n/y; rm /bin/ls'
	sandbox commit try /d/a /n/m
	assert_success
	assert_output '4 changes committed, the rest stays in the layer'
	assert_equal "$(cat "$root/d/a" "$root/d/b" "$root/n/m/x")" "$(printf '2\n1\n1')"
	[ ! -e "$root/n/y" ]
	changes try
	assert_equal "$(changed)" 'deleted link /bin/ls
modified file /d/b
added file /n/y'
	# What was committed may be changed again on the layer: that is nobody else's change.
	on try 'cat /d/a /d/b; echo 3 >/d/a'
	assert_output '2
2'
	sandbox commit try
	assert_success
	assert_equal "$(cat "$root/d/a" "$root/d/b")" "$(printf '3\n2')"
	sandbox commit try /d
	assert_refused 'no layer called try'
}

@test "commit PATH that has not changed, or in a replaced directory" {
	mkdir "$root/d" && echo 1 >"$root/d/a" && echo 1 >"$root/d/b"
	on try 'rm -r /d; mkdir /d; echo 1 >/d/c'
	before=$(snapshot "$root")
	sandbox commit try /nosuch
	assert_refused 'nothing has changed at /nosuch'
	sandbox commit try ''
	assert_refused 'nothing has changed at '
	sandbox commit try /d/c
	assert_refused '/d was replaced as a whole'
	assert_equal "$(snapshot "$root")" "$before"
	sandbox commit try /d
	assert_success
	assert_equal "$(ls "$root/d")" c
}

@test "commit --interactive asks for each" {
	on try 'echo 1 >/a; echo 1 >/b; mkdir /c; echo 1 >/c/d; rm /bin/ls'
	run --separate-stderr -- "$SANDBOX" commit try --interactive < <(printf 'n\nwhat\ny\nn\ny\n')
	assert_success
	assert_output_has '/a' 'y: yes' '3 changes committed, the rest'
	assert_equal "$(cd "$root" && echo [abc])" 'b c'
	[ -L "$root/bin/ls" ]
	run --separate-stderr -- "$SANDBOX" commit try --interactive < <(printf 'y\nq\n')
	assert_status 125
	[ ! -e "$root/a" ]
}

@test "commit --interactive at a terminal" {
	on try 'echo 1 >/a; echo 1 >/b; echo 1 >"/$(printf "c\033[2J\n")"; mkdir /d; echo 1 >/d/e; echo 1 >/f'
	run python3 -c '
import os, pty, re, sys
answers = ["n", "maybe", "y", "y", "a"]
pid, terminal = pty.fork()
if pid == 0: os.execv(sys.argv[1], [sys.argv[1], "commit", "try", "--interactive"])
seen, asked = b"", 0
while True:
    try: data = os.read(terminal, 4096)
    except OSError: break
    if not data: break
    seen += data
    # It waits for each answer.
    if re.search(rb"(\[y,n,a,q\]|q: commit nothing) $", seen) and len(re.findall(rb"\[y,n,a,q\]|q: commit nothing", seen)) == asked + 1:
        os.write(terminal, answers[asked].encode() + b"\n"); asked += 1
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))' "$SANDBOX"
	assert_success
	assert_output_has 'added +file .* /a' '/c.x1b\[2J' '5 changes committed, the rest stays'
	! grep -q $'\033' <<<"$output" || fail 'an escape sequence came out'
	assert_equal "$(cd "$root" && echo [abf] d/*)" 'b f d/e'
}

@test "a layer over a bound directory: nothing touches it until commit" {
	mkdir -p src/sub && echo 1 >src/f && echo 1 >src/sub/g
	before=$(snapshot src)
	on try 'echo 2 >/src/f; rm -r /src/sub; echo new >/src/n; cat /src/f' --bind src:/src:O
	assert_output 2
	assert_equal "$(snapshot src)" "$before"
	changes try
	assert_equal "$(changed)" 'modified file /src/f
added file /src/n
deleted directory /src/sub
deleted file /src/sub/g'
	sandbox commit try /src
	assert_success
	assert_equal "$(cd src && cat -- *)" "$(printf '2\nnew')"
	assert_equal "$(stat -c %U src/n)" "$(id -un)"
}

@test "a layer over a bound directory without a name is thrown away, also over /" {
	mkdir src && echo 1 >src/f
	sandbox --bind src:/src:O "$root" /bin/sh -c 'echo 2 >/src/f; cat /src/f'
	assert_output 2
	sandbox --bind "src:$PWD/src:O" --workdir "$PWD/src" / /bin/sh -c 'echo 3 >f; cat f'
	assert_success
	assert_output 3
	sandbox --layer=disk --bind src:/src:O "$root" /bin/sh -c 'echo 2 >/src/f; cat /src/f'
	assert_output 2
	assert_equal "$(cat src/f)" 1
	[ ! -d "$layers" ]
}

@test "the option O: what it does not go with" {
	mkdir src && : >file
	sandbox --ro-bind src:/src:O "$root" true
	assert_refused 'O, a layer'
	sandbox --bind src:/src:O,ro "$root" true
	assert_refused 'exclude each other'
	sandbox --bind file:/src:O "$root" true
	assert_refused 'only a directory'
	sandbox --overlay=try / true
	assert_refused 'nothing for the layer to lie over'
	sandbox --overlay=try --rw "$root" true
	assert_refused 'nothing for the layer to lie over'
	for name in ../x .x -x a/b "$(printf 'a\nb')"; do
		sandbox --overlay="$name" "$root" true
		assert_refused "a layer's name"
	done
	[ ! -d "$layers" ]
}

@test "--rw with a bind's layer: ROOTFS is written to, the bound directory is not" {
	mkdir src
	on try 'echo 1 >/src/f; echo 1 >/g' --rw --bind src:/src:O
	[ -e "$root/g" ] && [ ! -e src/f ]
	changes try
	assert_equal "$(changed)" 'added file /src/f'
}

@test "a layer is not moved to another directory" {
	on try 'echo 1 >/a'
	tiny_rootfs "$scratch/second"
	sandbox --overlay=try "$scratch/second" true
	assert_refused 'lies over' 'discard try'
}

@test "keep-id: diff shows the ids of the inside" {
	mkdir src
	sandbox --overlay=try --userns=keep-id --bind "src:$PWD/src:O" --workdir "$PWD/src" / /bin/sh -c 'echo 1 >f'
	assert_success
	changes try
	assert_output_has "file +0644 +$(id -u):$(id -g) +2 +$PWD/src/f"
}

@test "files of other ids keep their owners through diff and commit" {
	require_range
	on try 'mkdir /o && echo 1 >/o/f && chown -R 33:44 /o && chmod 0700 /o'
	changes try
	assert_output_has 'file +0644 +33:44 +2 +/o/f'
	sandbox commit try
	assert_success
	sandbox "$root" stat -c %u:%g:%a /o /o/f
	assert_output '33:44:700
33:44:644'
}

@test "--mask hides what is not there yet in a bound directory, through its layer" {
	mkdir src && echo 1 >src/f
	options=(--bind src:/src:O --mask /src/.env --mask /src/a/b)
	on try 'cat /src/.env; echo x >/src/.env && echo written; rm -f /src/.env; rm -rf /src/a; echo 2 >/src/f; true'
	assert_output ''
	assert_equal "$(cd src && find . | sort)" "$(printf '.\n./f')"
	changes try
	assert_equal "$(changed)" 'modified file /src/f'
	sandbox commit try
	assert_success
	assert_equal "$(cd src && find . | sort)" "$(printf '.\n./f')"
	sandbox --bind src:/src --mask /src/.env "$root" true
	assert_refused 'mask'
}

@test "--lower: directories over ROOTFS, the last on top, never written to" {
	mkdir -p one/etc two/etc && echo 1 >one/etc/x && echo 1 >one/etc/y && echo 2 >two/etc/x
	before=$(snapshot .)
	sandbox --lower one --lower two "$root" /bin/sh -c 'cat /etc/x /etc/y; echo 3 >/etc/x; cat /etc/x; head -n 1 /etc/passwd'
	assert_success
	assert_output '2
1
3
root:x:0:0:root:/root:/bin/sh'
	assert_equal "$(snapshot .)" "$before"
	sandbox --read-only --lower one "$root" /bin/sh -c 'cat /etc/x; echo 3 >/etc/x'
	assert_output 1
	sandbox --lower one / true
	assert_refused '--lower needs'
	sandbox --lower nosuch "$root" true
	assert_refused nosuch 'does not exist'
	options=()
	for i in {1..14}; do options+=(--lower one); done
	sandbox "${options[@]}" "$root" true
	assert_refused '14 times'
}

@test "a kept layer over --lower: compared with all of it, committed to ROOTFS where that is what is seen" {
	mkdir -p one/etc one/only two/etc && echo 1 >one/etc/x && echo 1 >one/only/o && echo 2 >two/etc/y && echo old >"$root/etc/own"
	stacked=(--lower one --lower two)
	before=$(snapshot one)$(snapshot two)
	on try 'cat /etc/x /etc/y; echo 3 >>/etc/x; rm /etc/y; echo 3 >/etc/new; echo 3 >/only/n; echo 3 >>/etc/own; mkdir /d && echo 4 >/d/f; cat /bin/sh >/dev/null' "${stacked[@]}"
	assert_output '1
2'
	changes try
	assert_equal "$(changed)" 'added directory /d
added file /d/f
added file /etc/new
modified file /etc/own
modified file /etc/x
deleted file /etc/y
added file /only/n'
	assert_output_lacks needs
	sandbox diff try --patch /etc/x
	assert_output_has '^ 1$' '^\+3$'
	# What a lower directory has is not ROOTFS's to change.
	for path in '' /etc/x /etc/y /only/n; do
		# shellcheck disable=SC2086 # none at all
		sandbox commit try $path
		assert_refused '(one|two) has there, which --lower had laid over'
	done
	sandbox commit try /etc/new /etc/own /d
	assert_success
	assert_equal "$(cat "$root/etc/new" "$root/etc/own" "$root/d/f")" "$(printf '3\nold\n3\n4')"
	changes try
	assert_equal "$(changed)" 'modified file /etc/x
deleted file /etc/y
added file /only/n'
	on try 'cat /etc/new /etc/x /only/n; ls /etc/y 2>/dev/null || echo none' "${stacked[@]}"
	assert_output '3
1
3
3
none'
	# On the same, or not at all.
	for other in '' '--lower one' '--lower two --lower one' '--lower one --lower two --lower one'; do
		# shellcheck disable=SC2086
		sandbox --overlay=try $other "$root" true
		assert_refused "over ROOTFS with .*/one, .*/two between" 'the same --lower'
	done
	on plain 'echo 1 >/f'
	sandbox --overlay=plain --lower one "$root" true
	assert_refused 'with nothing between'
	assert_equal "$(snapshot one)$(snapshot two)" "$before"
	sandbox --layer=fuse --overlay=fuse --lower one "$root" true
	assert_status 125
}

@test "another link to what is below is no change of it, once diff has seen it; writing to it is" {
	mkdir src && for f in a b c d; do echo $f >src/$f; done
	on try 'rm /src/a; echo x >>/src/b; chmod 0700 /src/c; touch -d 2001-01-01 /src/d' --bind src:/src:O
	ln src/d other-d
	changes try
	assert_output_lacks needs # the content is the same: nothing would be lost
	for f in a b c; do ln src/$f other-$f; done
	sandbox commit try
	assert_success
	on try 'rm /src/b; chmod 0755 /src/c' --bind src:/src:O
	ln src/b again-b && chmod 0710 src/c
	changes try # unseen, it may be anything
	assert_output_has '/src/b +\(needs --allow-changed' '/src/c .*needs --allow-changed'
	sandbox discard try
	on try 'rm /src/b; echo y >>/src/c; rm /src/d' --bind src:/src:O
	changes try
	cp -p src/b keep && cp src/b new && touch -r src/b new && ln src/d more-d
	cp -p new src/b && touch -d 2002-02-02 src/b # written, with a time of somebody's making
	mv keep src/c # another file by the same name
	sandbox diff try
	assert_output_has '/src/b +\(needs --allow-changed' '/src/c .*needs --allow-changed'
	assert_output_lacks '/src/d .*needs'
}

@test "what an upper directory of elsewhere refers to below, redirects and metacopies, is read" {
	mkdir -p src/a/sub/deep src/b && echo 1 >src/a/f && echo 2 >src/a/sub/g && echo 3 >src/a/sub/deep/h && echo 4 >src/a/gone && echo big >src/b/big
	chmod 0750 src/a/sub && touch -d @1000000000 src/a/sub/deep src/a/f src/b/big
	on try 'rm -r /src/a; mkdir -p /src/moved/sub/deep /src/b/beside; echo new >/src/moved/new; echo 5 >/src/moved/sub/g; touch /src/moved/gone
		rm -f /src/moved/gone; touch /src/meta /src/b/small; chmod 0640 /src/meta' --bind src:/src:O
	upper=$(echo "$layers"/try/bind-*/upper)
	# As a kernel with redirect_dir=on and metacopy=on would have it.
	setfattr -x user.overlay.opaque "$upper/moved" "$upper/moved/sub" "$upper/moved/sub/deep" "$upper/b/beside" 2>/dev/null || :
	mv -T "$upper/a" "$upper/moved/gone" # a whiteout, and one more
	cp -a "$upper/moved/gone" "$upper/a" 2>/dev/null || unshare --map-root-user --map-auto mknod "$upper/a" c 0 0
	setfattr -n user.overlay.redirect -v /a "$upper/moved"
	setfattr -n user.overlay.redirect -v /a/sub "$upper/b/beside"
	truncate -s 4 "$upper/meta" "$upper/b/small" && touch -d @1100000000 "$upper/meta"
	setfattr -n user.overlay.metacopy -v '' "$upper/meta" && setfattr -n user.overlay.redirect -v /b/big "$upper/meta"
	setfattr -n user.overlay.metacopy -v '' "$upper/b/small" && setfattr -n user.overlay.redirect -v big "$upper/b/small"
	for i in 1 2; do
		changes try
		assert_equal "$(changed)" 'deleted directory /src/a
deleted file /src/a/f
deleted file /src/a/gone
deleted directory /src/a/sub
deleted directory /src/a/sub/deep
deleted file /src/a/sub/deep/h
deleted file /src/a/sub/g
added directory /src/b/beside
added directory /src/b/beside/deep
added file /src/b/beside/deep/h
added file /src/b/beside/g
added file /src/b/small
added file /src/meta
added directory /src/moved
added file /src/moved/f
added file /src/moved/new
added directory /src/moved/sub
added directory /src/moved/sub/deep
added file /src/moved/sub/deep/h
added file /src/moved/sub/g'
	done
	on try 'cat /src/meta /src/b/small /src/moved/f /src/moved/sub/g /src/moved/sub/deep/h /src/b/beside/g' --bind src:/src:O
	assert_output 'big
big
1
5
3
2'
	sandbox commit try
	assert_success
	assert_equal "$(cd src && cat meta b/small moved/f moved/new moved/sub/g moved/sub/deep/h b/beside/g b/beside/deep/h && stat -c '%a %Y' meta moved/f && ls -d a moved/gone 2>/dev/null)" 'big
big
1
new
5
3
2
3
640 1100000000
644 1000000000'
	run getfattr -R -d -m - src
	assert_output ''
	# What it refers to is not there any more, or was never below.
	for refers in /nosuch ../../etc /b/big/x; do
		on try 'mkdir -p /src/n; touch /src/m' --bind src:/src:O
		upper=$(echo "$layers"/try/bind-*/upper)
		setfattr -n user.overlay.redirect -v "$refers" "$upper/n"
		sandbox diff try
		assert_refused 'not below any more'
		rmdir "$upper/n" && setfattr -n user.overlay.metacopy -v '' "$upper/m" && setfattr -n user.overlay.redirect -v "$refers" "$upper/m"
		sandbox commit try
		assert_refused 'not below any more'
		sandbox discard try
	done
}

@test "--overlay-size: a bound on each layer in memory; an error on disk" {
	mkdir src
	sandbox --overlay-size=2m --bind src:/src:O "$root" /bin/sh -c 'for d in / /src/; do
		dd if=/dev/zero of=${d}big bs=1k count=1900 2>/dev/null && echo fits; dd if=/dev/zero of=${d}more bs=1k count=300 2>/dev/null || echo full; done'
	assert_output 'fits
full
fits
full'
	sandbox --overlay-size=2m --overlay=try "$root" true
	assert_refused 'cannot be enforced'
	sandbox --overlay-size=2m --layer=disk "$root" true
	assert_refused 'cannot be enforced'
}

@test "a layer in use is left alone: run, commit and discard are refused, diff says so" {
	options=()
	"$SANDBOX" --overlay=try --bind .:/s "$root" /bin/sh -c 'echo 1 >/a; echo >/s/up; while [ ! -e /s/end ]; do sleep 0.02; done' 3>&- &
	eventually test -e up
	sandbox --overlay=try "$root" true
	assert_refused 'cannot use the layer try.*running'
	sandbox commit try
	assert_refused 'cannot commit the layer try.*running'
	sandbox discard try
	assert_refused 'cannot discard the layer try.*running'
	sandbox diff try
	assert_success
	assert_stderr_has 'running on try'
	touch end
	wait $!
	sandbox commit try
	assert_success
}

@test "the lock holds until the payload is dead, with --as-pid-1 too" {
	for mode in --init --as-pid-1; do
		rm -f up
		"$SANDBOX" --overlay=try "$mode" --bind .:/s "$root" /bin/sh -c 'echo >/s/up; while :; do echo x >>/log; done' 3>&- &
		eventually test -e up
		kill -KILL $!
		# Whoever gets the lock finds nobody writing.
		eventually "$SANDBOX" diff try >/dev/null 2>&1
		eventually "$SANDBOX" discard try
	done
}

@test "commit to a root file system of the store, not while a sandbox is on it" {
	sandbox rootfs create busybox base
	sandbox --overlay=try base sh -c 'echo 1 >/a'
	"$SANDBOX" --bind .:/s base sh -c 'echo >/s/up; while [ ! -e /s/end ]; do sleep 0.02; done' 3>&- &
	eventually test -e up
	sandbox commit try
	assert_refused 'cannot commit to the root file system base.*running'
	touch end
	wait $!
	sandbox commit try
	assert_success
	sandbox base cat /a
	assert_output 1
}

@test "what is deleted below meanwhile is not added without a word; what was moved in the layer is" {
	mkdir -p src/d && echo 1 >src/f && echo 2 >src/d/g && echo 3 >src/h && echo 4 >src/i
	options=(--bind src:/src:O)
	on try 'echo x >>/src/f; chmod 0700 /src/d; ln /src/i /src/j'
	changes try
	assert_output_lacks 'needs'
	rm src/f && rm -r src/d
	changes try
	assert_output_has '/src/f +\(gone below meanwhile, needs --allow-changed' '/src/d +\(gone below meanwhile, needs'
	assert_output_lacks '/src/j .*needs'
	sandbox commit try
	assert_refused '--allow-changed'
	sandbox commit try --allow-changed
	assert_success
	assert_equal "$(cat src/f src/j)" "$(printf '1\nx\n4')"
	on try 'mv /src/h /src/moved'
	changes try
	assert_output_has '/src/moved +\(moved or linked here, or gone below meanwhile\)'
	sandbox commit try
	assert_success
	assert_equal "$(cat src/moved)" 3
}
