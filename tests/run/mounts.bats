# --bind, --ro-bind, --dev-bind, --tmpfs, --mask, --symlink, --mkdir, --file.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	mkdir -p data/sub
	echo one >data/file
	echo two >data/sub/file
}

@test "a source with .. behind a name at the top" {
	echo here >file
	for up in /tmp/.. /usr/../etc/../ /..; do
		sandbox --ro-bind "$up$scratch/file:/f" "$root" cat /f
		assert_output here
	done
	# Not what is mounted there for the sandbox.
	sandbox --ro-bind "/tmp/../$scratch/../scratch:/d" "$root" ls /d
	assert_output_has '^file$' '^root$'
}

@test "--bind: a directory, writable, at its own path or another" {
	options=(--bind data:/mnt/data)
	in_sandbox 'cat /mnt/data/file; echo new >/mnt/data/made'
	assert_output one
	assert_equal "$(cat data/made)" new
	options=(--bind "$PWD/data")
	in_sandbox "cat '$PWD/data/sub/file'"
	assert_output two
}

@test "--bind: a file" {
	options=(--bind data/file:/etc/name)
	in_sandbox 'cat /etc/name; echo changed >/etc/name'
	assert_output one
	assert_equal "$(cat data/file)" changed
}

@test "--ro-bind: not to be written, nor what is mounted below it" {
	options=(--ro-bind data:/a --ro-bind data/file:/b --bind data:/c:ro)
	in_sandbox 'cat /a/file /b /c/file; for f in /a/x /a/sub/x /a/file /b /c/x; do echo x 2>/dev/null >$f && echo $f; done'
	assert_output $'one\none\none'
	assert_equal "$(cat data/file)" one
}

@test "--ro-bind is recursive: a tmpfs of the host below the source" {
	local outer=(unshare --map-root-user --mount sh -c)
	require 'unprivileged unshare' "${outer[@]}" true
	run --separate-stderr -- "${outer[@]}" 'mkdir data/mnt && mount -t tmpfs none data/mnt && touch data/mnt/there &&
		exec "$0" --userns=single --ro-bind data:/a "$1" /bin/sh -c "ls /a/mnt; touch /a/mnt/x; touch /a/x"' "$SANDBOX" "$root"
	assert_output there
	assert_equal "$(grep -c 'Read-only file system' <<<"$stderr")" 2
}

@test "binds are nosuid and nodev, --dev-bind only nosuid" {
	options=(--bind data:/a --ro-bind data:/b --dev-bind data:/c --tmpfs /d --bind data:/e:noexec)
	in_sandbox 'grep -E " /[abcde] " /proc/self/mountinfo | cut -d " " -f 5,6 | sed "s/,rel.*//"'
	assert_output "/a rw,nosuid,nodev
/b ro,nosuid,nodev
/c rw,nosuid
/d rw,nosuid,nodev
/e rw,nosuid,nodev,noexec"
}

@test "noexec keeps programs from running" {
	cp "$(command -v busybox)" data/busybox
	options=(--bind data:/e:noexec --bind data:/x)
	in_sandbox '/x/busybox echo runs; /e/busybox echo runs'
	assert_status 126
	assert_output runs
}

@test "a setuid program in a bind gains nothing" {
	require_range
	cp "$(command -v busybox)" data/id
	chmod 4755 data/id
	options=(--user 7 --bind data:/x)
	in_sandbox '/x/id -u; ln -s id /tmp/id; grep CapEff /proc/self/status'
	assert_output_has '^7$' '^CapEff:.0+$'
}

@test "--dev-bind: a device of the host works" {
	options=(--dev-bind /dev/zero:/dev/my-zero --bind /dev/zero:/dev/not-mine)
	in_sandbox 'head -c 2 /dev/my-zero | od -An -tx1; head -c 2 /dev/not-mine'
	assert_output ' 00 00'
	assert_stderr_has 'not-mine: Permission denied'
}

@test "-try twins do nothing where the source is missing, and the same as others where not" {
	options=(--bind-try no/such:/a --ro-bind-try nosuch:/b --dev-bind-try nosuch:/c
		--bind-try data:/d --ro-bind-try data:/e --dev-bind-try data:/f)
	in_sandbox 'ls -d /a /b /c 2>/dev/null; cat /d/file; touch /d/x /f/y; touch /e/z'
	assert_output one
	assert_stderr_has 'z: Read-only file system'
	[ -e data/x ]
	[ -e data/y ]
	[ ! -e data/z ]
}

@test "a source that is missing is an error that tells of the -try form" {
	for option in --bind --ro-bind --dev-bind; do
		sandbox $option "$PWD/nosuch:/a" "$root" /bin/echo ran
		assert_refused "cannot bind $PWD/nosuch: it does not exist" '-try' || return
	done
}

@test "a source that cannot be reached is an error, with -try too" {
	mkdir -m 0 locked
	sandbox --bind-try "$PWD/locked/x:/a" "$root" /bin/echo ran
	assert_refused 'Permission denied'
}

@test "mounts come in the order given: what is later covers what was before" {
	options=(--bind data:/a --tmpfs /a/sub --mkdir /a/sub/deep --ro-bind data/file:/a/sub/f --mask /a/file)
	in_sandbox 'ls /a/sub; cat /a/sub/f /a/file'
	assert_output $'deep\nf\none'
	options=(--tmpfs /a --bind data:/a)
	in_sandbox 'cat /a/file'
	assert_output one
	options=(--bind data:/a --tmpfs /a)
	in_sandbox 'ls -A /a'
	assert_output ''
}

@test "--tmpfs: size, mode, inodes" {
	options=(--tmpfs '/t:size=1m,mode=0700,inodes=10')
	in_sandbox 'stat -c %a /t; head -c 2m /dev/zero >/t/big; stat -c %s /t/big; rm /t/big; for i in $(seq 20); do echo >/t/$i; done 2>/dev/null; ls /t | wc -l'
	assert_output_has '^700$' '^1048576$'
	[ "${lines[-1]}" -lt 10 ] || told 'fewer than ten files'
}

@test "--mask: a file and a directory are empty and stay so" {
	mkdir "$root/etc/keys" && echo k >"$root/etc/keys/k"
	options=(--mask /etc/keys --mask /etc/passwd)
	in_sandbox 'ls -A /etc/keys; cat /etc/passwd; echo x >/etc/keys/k; echo x >/etc/passwd; umount /etc/keys'
	assert_output ''
	assert_equal "$(grep -c 'Read-only file system' <<<"$stderr")" 2
	sandbox --mask /no/such "$root" /bin/true
	assert_refused /no/such
}

@test "--mask of something bound does not touch it" {
	before=$(snapshot data)
	options=(--bind data:/d --mask /d/file --mask /d/sub)
	in_sandbox 'cat /d/file; ls -A /d/sub; touch /d/sub/x; rm /d/file'
	assert_output ''
	assert_equal "$(snapshot data)" "$before"
}

@test "--symlink and --mkdir" {
	options=(--symlink /etc/passwd:/opt/a/link --mkdir /x/y/z:mode=0750 --mkdir /x/y/z --symlink ../etc:/x/e)
	in_sandbox 'readlink /opt/a/link; readlink /x/e; stat -c "%a %u" /x/y/z /x/y; head -c 4 /opt/a/link'
	assert_output $'/etc/passwd\n../etc\n750 0\n755 0\nroot'
	[ ! -e "$root/x" ]
	[ ! -e "$root/opt/a" ]
	sandbox --symlink other:/etc/passwd "$root" /bin/true
	assert_refused /etc/passwd 'File exists'
}

@test "--file: what a descriptor gives, with a mode, and the descriptor is gone" {
	run --separate-stderr -- "$SANDBOX" --file 7:/etc/deep/conf:mode=0600 --file 8:/etc/passwd "$root" \
		/bin/sh -c 'cat /etc/deep/conf /etc/passwd; stat -c "%a %u" /etc/deep/conf; echo more >>/etc/deep/conf; ls /proc/self/fd | wc -w' \
		7<<<'from seven' 8<<<'from eight'
	assert_success
	assert_output $'from seven\nfrom eight\n600 0\n4'
	sandbox --file 9:/x "$root" /bin/true
	assert_refused 'descriptor 9|Bad file descriptor'
}

@test "--file reads a pipe to its end" {
	run --separate-stderr -- bash -c '"$0" --file 5:/x "$1" /bin/wc -c /x 5< <(head -c 3000000 /dev/zero)' "$SANDBOX" "$root"
	assert_output '3000000 /x'
}

@test "missing targets are made in the layer, not in ROOTFS" {
	before=$(snapshot "$root")
	options=(--bind data:/new/dir --ro-bind data/file:/new/file --tmpfs /new/tmpfs)
	in_sandbox 'cat /new/dir/file /new/file; ls /new'
	assert_output $'one\none\ndir\nfile\ntmpfs'
	assert_equal "$(snapshot "$root")" "$before"
}

@test "missing targets are never made in a directory that the user has bound" {
	before=$(snapshot data)
	for option in '--bind data/file:/d/new' '--bind data:/d/new/er' '--tmpfs /d/new' '--mkdir /d/new' '--symlink x:/d/new'; do
		# shellcheck disable=SC2086
		sandbox --bind data:/d $option "$root" /bin/echo ran
		assert_refused /d/new 'nothing is made there|bound from the host' || return
	done
	run --separate-stderr -- "$SANDBOX" --bind data:/d --file 5:/d/new "$root" /bin/echo ran 5<<<x
	assert_refused /d/new
	sandbox --ro-bind data:/d --bind data:/d/new "$root" /bin/echo ran
	assert_refused /d/new
	assert_equal "$(snapshot data)" "$before"
}

@test "missing targets are made in ROOTFS with --rw, and only then" {
	sandbox --rw --bind data:/made/here "$root" /bin/cat /made/here/file
	assert_output one
	[ -d "$root/made/here" ]
}

@test "a bound home is refused, by any of its names" {
	ln -s "$HOME" home-link
	mkdir -p fake/home/me/project "./$HOME" # by its path from here it is another directory
	for source in "$HOME" "$HOME/" "$HOME/." "$HOME/../$(basename "$HOME")" "$(dirname "$HOME")" /; do
		for option in --bind --ro-bind --dev-bind --bind-try; do
			sandbox $option "$source:/h" "$root" /bin/echo ran
			assert_refused 'will not bind .*home' --allow-home || return
		done
	done
	sandbox --bind home-link:/h "$root" /bin/echo ran
	assert_refused 'will not bind'
	HOME=$PWD/fake/home/me sandbox --bind "$PWD/fake:/h" "$root" /bin/echo ran
	assert_refused 'will not bind'
	HOME=$PWD/fake/home/me sandbox --bind "$PWD/fake/home/me/project:/h" "$root" /bin/echo ran
	assert_output ran
}

@test "nor is the home that the list of users has, whatever the variable says" {
	local home mode
	home=$(getent passwd "$(id -u)" | cut -d : -f 6)
	[ -d "$home" ] || skip "missing: a home directory of $(id -un)'s"
	for mode in auto single; do
		HOME=$PWD sandbox --userns=$mode --ro-bind "$home:/h" "$root" /bin/ls /h
		assert_refused 'will not bind .*home' --allow-home
	done
}

@test "--allow-home shows it, and all of the host's root if that is what is said" {
	sandbox --allow-home --ro-bind /:/host "$root" /bin/sh -c "ls /host; cat '/host$PWD/data/file'; touch /host/x"
	assert_output_has '^usr$' '^home$' '^one$'
	assert_output_lacks '^upper$'
	assert_stderr_has 'Read-only file system'
	mkdir -p home/sub
	echo mine >home/file
	HOME=$PWD/home sandbox --allow-home --ro-bind "$PWD/home:/h" "$root" /bin/cat /h/file
	assert_success
	assert_output mine
}

@test "a link that a user made is not followed on the way to a source" {
	mkdir private && echo secret >private/file
	ln -s private/file data/link
	sandbox --ro-bind data/link:/a "$root" /bin/cat /a
	assert_refused 'symbolic link' "private/file"
}

@test "a target behind a symbolic link stays inside" {
	mkdir outside
	local name=x.${scratch//[^A-Za-z0-9]/}
	ln -s "$PWD/outside" "$root/link"
	ln -s ../../../../../../../../../../../tmp "$root/up"
	options=(--bind data:/link/x)
	in_sandbox true
	[ "$status" = 0 ] || assert_refused /link/x
	assert_equal "$(find outside -mindepth 1)" ''
	options=(--bind "data:/up/$name")
	in_sandbox "cat '/tmp/$name/file'"
	assert_success
	assert_output one
	[ ! -e "/tmp/$name" ]
}

@test "an existing target of the wrong kind is refused" {
	sandbox --bind data:/etc/passwd "$root" /bin/echo ran
	assert_refused /etc/passwd 'directory can only be mounted on a directory'
	sandbox --bind data/file:/etc "$root" /bin/echo ran
	assert_refused /etc 'a file on a file'
}

@test "names with colons, commas, backslashes, spaces and newlines" {
	local odd=$'o:d,d\\ n\na"me'
	mkdir "$odd" && echo odd >"$odd/file"
	options=(--bind $'o\\:d\\,d\\\\ n\na"me:/t\\:o\\,n')
	in_sandbox 'cat "/t:o,n/file"'
	assert_output odd
}

@test "profiles: an empty value takes back what the option has added" {
	mkdir -p config/sandbox/profiles
	printf 'bind = %s\nro-bind = %s\n' "$PWD/data:/a" "$PWD/data:/b" >config/sandbox/profiles/p.conf
	XDG_CONFIG_HOME=$PWD/config sandbox --profile p --bind= "$root" /bin/sh -c 'ls -d /a /b'
	assert_output /b
}
