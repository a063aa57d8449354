# ROOTFS /: the host's own programs and nothing of its data.
load ../lib

@test "programs run, and files of /usr and /etc are there, read-only" {
	sandbox / sh -c 'cat /etc/debian_version; gzip --version | head -n 1; touch /usr/x /etc/x /opt/x /bin/x; echo done'
	assert_success
	assert_output_has "^$(cat /etc/debian_version)\$" '^gzip ' '^done$'
	assert_equal "$(grep -c 'Read-only file system' <<<"$stderr")" 4
}

@test "only the allow-list is there" {
	sandbox / sh -c 'cd /; for n in * .*; do echo $n; done'
	assert_success
	local allowed='^(usr|bin|sbin|lib.*|etc|opt|nix|gnu|proc|sys|dev|tmp|run|root|\.|\.\.)$'
	assert_equal "$(grep -vE "$allowed" <<<"$output")" ''
	assert_output_has '^usr$' '^etc$' '^bin$'
}

@test "homes, /run, /var, /srv, /mnt, /boot are not there, nor what is in them" {
	echo secret >"$HOME/secret.$$"
	sandbox / sh -c "cat '$HOME/secret.$$'; ls -A /home /var /srv /mnt /media /boot /run /tmp /root"
	rm "$HOME/secret.$$"
	assert_output_lacks secret
	for directory in /home /var /srv /mnt /media /boot; do
		assert_stderr_has "$directory.*No such file" || return
	done
	assert_equal "$(grep -vE '^(/.*:|)$' <<<"$output")" ''
}

@test "the caller's temporary and runtime directories are not there" {
	echo secret >"$TMPDIR/secret"
	echo secret >"$XDG_RUNTIME_DIR/secret"
	sandbox / sh -c "cat '$TMPDIR/secret' '$XDG_RUNTIME_DIR/secret'; ls -A /tmp /run"
	rm "$TMPDIR/secret" "$XDG_RUNTIME_DIR/secret"
	assert_output_lacks 'secret'
}

@test "what is written to the root is not the host's, and gone" {
	sandbox / sh -c 'echo x >/file; mkdir /var && echo y >/var/y; echo z >~/z; cat /file /var/y ~/z'
	assert_success
	assert_output $'x\ny\nz'
	[ ! -e /file ]
	[ ! -e /var/y ]
	sandbox / sh -c 'ls /file /var ~/z'
	assert_status 2
}

@test "--read-only holds for / too, and --rw does not make the host writable" {
	sandbox --read-only / sh -c 'touch /x; touch /usr/x; touch /tmp/x && echo tmp'
	assert_output tmp
	assert_equal "$(grep -c 'Read-only file system' <<<"$stderr")" 2
	sandbox --rw / sh -c 'touch /usr/x'
	[ "$status" != 0 ] || told '/usr should not be writable'
	[ ! -e /usr/x ]
}

@test "keys and tokens in /etc are hidden, even where the caller may read them" {
	sandbox --dry-run / true
	local secret
	for secret in /etc/shadow /etc/gshadow /etc/ssl/private /etc/sudoers; do
		sandbox / sh -c "cat $secret 2>/dev/null | head -c 1; ls -A $secret/ 2>/dev/null"
		assert_output '' || return
	done
}

@test "names are generated: hosts, hostname, passwd for the caller" {
	sandbox --userns=keep-id / sh -c 'id -un; hostname; grep localhost /etc/hosts; getent passwd "$(id -u)"'
	assert_success
	assert_output_has "^$(id -un)\$" '^sandbox$' '127.0.0.1.*localhost' "^$(id -un):x:$(id -u):"
}

@test "a bind is shown beside the allow-list" {
	mkdir project && echo data >project/file
	sandbox --bind "$PWD/project" --workdir "$PWD/project" / sh -c 'cat file; echo more >made; ls -A ..'
	assert_success
	assert_output $'data\nproject'
	assert_equal "$(cat project/made)" more
}

@test "/ by other names is / too" {
	sandbox /. sh -c 'ls -d /home 2>&1; echo $?'
	assert_output_has 'No such file'
	ln -s / link
	sandbox link sh -c 'ls -d /home 2>&1; echo $?'
	assert_output_has 'No such file'
	sandbox /usr/.. sh -c 'ls -d /home 2>&1; echo $?'
	assert_output_has 'No such file'
}
