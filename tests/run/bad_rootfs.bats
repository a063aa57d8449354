# Root file systems that are none, or that are made to mislead.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	mkdir outside
	echo untouched >outside/file
	outside_before=$(snapshot outside)
}

untouched() { assert_equal "$(snapshot outside)" "$outside_before"; }

# bounded ARG...: the program, at most 10 seconds
bounded() { run --separate-stderr timeout 30 "$SANDBOX" "$@"; }

@test "missing, a file, a device, not readable" {
	sandbox nosuch true
	assert_refused nosuch 'No such file' 'helpers/rootfs|directory'
	sandbox /etc/passwd true
	assert_refused /etc/passwd 'Not a directory'
	sandbox /dev/null true
	assert_refused /dev/null 'Not a directory'
	chmod 0 "$root"
	sandbox "$root" true
	chmod 0755 "$root"
	assert_refused "$root" 'Permission denied' permission
	ln -s loop loop
	sandbox loop true
	assert_refused loop
}

@test "without /bin/sh: an empty directory is said to be none" {
	mkdir empty
	sandbox empty true
	assert_refused 'no /bin/sh' 'empty' helpers/rootfs
	sandbox empty
	assert_refused 'no /bin/sh'
	sandbox --rw empty true
	assert_refused 'no /bin' 'no root file system' 'empty' helpers/rootfs
	sandbox --rw empty /true
	assert_refused 'no root file system'
	assert_equal "$(find empty -mindepth 1)" ''
	cp "$root/bin/busybox" empty/true
	sandbox --rw empty /true
	assert_success
}

@test "without /bin/sh, a program that is there runs" {
	rm "$root/bin/sh"
	sandbox "$root" /bin/echo fine
	assert_success
	assert_output fine
}

# elf MACHINE: the head of a program for it (e_machine), class 64, little endian
elf() { printf '%b' '\0177ELF\02\01\01\0\0\0\0\0\0\0\0\0\02\0' "\\0$1" '\0\01\0\0\0' && head -c 200 /dev/zero; }

@test "the wrong architecture is said by name" {
	local other=267 name=aarch64
	[ "$(uname -m)" != aarch64 ] || other=076 name=x86_64
	elf "$other" >"$root/bin/alien" && chmod +x "$root/bin/alien"
	sandbox "$root" /bin/alien
	assert_refused "program for $name, and this machine is $(uname -m)" "made for $(uname -m)"
	elf 363 >"$root/bin/alien2" && chmod +x "$root/bin/alien2"
	sandbox "$root" alien2
	assert_refused 'riscv'
	cp "$root/bin/alien" "$root/bin/busybox"
	sandbox "$root"
	assert_refused "program for $name"
}

@test "a file that begins as a program does and is none" {
	printf '\177ELFxxxx' >"$root/bin/begun" && chmod +x "$root/bin/begun"
	sandbox "$root" begun
	assert_status 126
	assert_stderr_has 'cannot run /(usr/)?bin/begun: it begins as a program does'
}

@test "a program whose loader is missing says so" {
	mkdir other && cp -a root/. other
	cp /bin/cat other/bin/real-cat
	sandbox other real-cat
	assert_status 127
	assert_stderr_has 'real-cat' 'dynamic loader is not there'
}

@test "/proc, /dev, /sys, /tmp, /run or /etc is a symbolic link: to outside, to nowhere, relative" {
	local name target
	for name in proc dev sys tmp run etc; do
		for target in "$PWD/outside" /nowhere ../../../../../../../..$PWD/outside /etc usr; do
			mv "$root/$name" saved
			ln -s "$target" "$root/$name"
			bounded "$root" /bin/sh -c 'echo ran; ls -d /proc/self /dev/null'
			rm "$root/$name" && mv saved "$root/$name"
			untouched || return
			if [ "$status" != 0 ]; then
				assert_refused "/$name|${name/etc/passwd}" || return
			fi
			[ "$name" = etc ] || [ "$status" = 125 ] || told "/$name -> $target should be refused" || return
		done
	done
}

@test "/proc, /dev, /sys, /tmp, /run or /etc is a file, a FIFO, a socket" {
	local name kind
	for name in proc dev sys tmp run etc; do
		for kind in file fifo; do
			mv "$root/$name" saved
			if [ $kind = file ]; then echo x >"$root/$name"; else mkfifo "$root/$name"; fi
			bounded "$root" /bin/echo ran
			rm "$root/$name" && mv saved "$root/$name"
			assert_refused "/$name" || return
		done
	done
}

@test "etc/hosts, resolv.conf, hostname, passwd are links to outside: covered, not followed" {
	local name
	for name in hosts resolv.conf hostname; do
		ln -sf "$PWD/outside/file" "$root/etc/$name"
	done
	in_sandbox 'cat /etc/hosts /etc/resolv.conf /etc/hostname; echo x >/etc/hosts'
	assert_success
	assert_output_has localhost '^sandbox$'
	assert_output_lacks untouched
	untouched
	ln -sf "$PWD/outside/new" "$root/etc/hosts"
	in_sandbox 'cat /etc/hosts'
	untouched
}

@test "etc/passwd or group is a FIFO, a directory, a device, huge, or full of rubbish" {
	local name
	for name in passwd group; do
		mv "$root/etc/$name" saved
		mkfifo "$root/etc/$name"
		bounded "$root" /bin/echo ran
		assert_refused "/etc/$name" 'not a regular file' || return
		rm "$root/etc/$name" && mkdir "$root/etc/$name"
		bounded "$root" /bin/echo ran
		assert_refused "/etc/$name" || return
		rmdir "$root/etc/$name" && truncate -s 10G "$root/etc/$name"
		bounded "$root" /bin/echo ran
		assert_refused "/etc/$name" || return
		rm "$root/etc/$name" && head -c 100000 /dev/urandom >"$root/etc/$name"
		bounded "$root" /bin/echo ran
		assert_success || return
		ln -sf /dev/zero "$root/etc/$name"
		bounded "$root" /bin/echo ran
		[ "$status" != 124 ] || told 'it hangs' || return
		rm "$root/etc/$name" && mv saved "$root/etc/$name"
	done
}

@test "/bin is a link to outside" {
	rm -r "${root:?}/bin" && ln -s "$PWD/outside" "$root/bin"
	sandbox "$root" sh
	assert_refused 'no /bin/sh'
	untouched
}

@test "ROOTFS's interpreters and links lead nowhere outside" {
	printf '#!/proc/self/exe\n' >"$root/bin/trick" && chmod +x "$root/bin/trick"
	bounded "$root" trick
	[ "$status" != 0 ] && [ "$status" != 124 ] || told 'it should fail'
	assert_equal "$output" ''
}

@test "a root file system on a read-only mount" {
	local outer=(unshare --map-root-user --mount sh -c)
	require 'unprivileged unshare' "${outer[@]}" true
	run --separate-stderr "${outer[@]}" 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" &&
		exec "$0" --userns=single "$1" /bin/sh -c "echo x >/etc/x && cat /etc/x"' "$SANDBOX" "$root"
	assert_success
	assert_output x
	run --separate-stderr "${outer[@]}" 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" &&
		exec "$0" --userns=single --rw "$1" /bin/sh -c "echo x >/etc/x && cat /etc/x"' "$SANDBOX" "$root"
	[ "$status" != 0 ] || told 'read-only is not to be written'
}

@test "a root file system in memory, and one that is an overlay" {
	local outer=(unshare --map-root-user --mount sh -c)
	require 'unprivileged unshare' "${outer[@]}" true
	mkdir mem
	run --separate-stderr "${outer[@]}" 'mount -t tmpfs none mem && cp -a "$1/." mem &&
		exec "$0" --userns=single mem /bin/sh -c "echo x >/etc/x && cat /etc/x"' "$SANDBOX" "$root"
	assert_success
	assert_output x
	run --separate-stderr "${outer[@]}" 'mount -t tmpfs none mem && mkdir mem/u mem/w mem/m && mount -t overlay none \
		-o "lowerdir=$1,upperdir=mem/u,workdir=mem/w,userxattr" mem/m &&
		exec "$0" --userns=single mem/m /bin/sh -c "echo x >/etc/x && cat /etc/x"' "$SANDBOX" "$root"
	if [ "$status" = 0 ]; then
		assert_output x
	else
		assert_refused --rw --read-only
	fi
}
