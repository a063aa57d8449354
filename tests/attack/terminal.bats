# A user at a terminal: what the command can do to it and to the shell on it. on_tty.c is the user.
load ../lib
load attack

setup() {
	lib_setup
	tiny_rootfs
	on_tty=$TESTS_BUILD/on_tty
}

# at_tty [OPTION...] -- ARG...: the sandbox on a terminal of its own making
at_tty() {
	local user=()
	while [ "$1" != -- ]; do user+=("$1") && shift; done
	run --separate-stderr -- "$on_tty" "${user[@]}" "$SANDBOX" "${@:2}"
}

@test "the user of these tests is a real one: without a sandbox the text is typed in" {
	require 'TIOCSTI in this kernel' grep -qx 1 /proc/sys/dev/tty/legacy_tiocsti
	run "$on_tty" "$root/bin/probe" tiocsti 'X
'
	assert_output_has 'queue "X'
}

@test "nothing is typed into the caller's terminal (CVE-2017-5226, CVE-2019-10063, CVE-2023-28100)" {
	for how in --seccomp=default --seccomp=unconfined --as-pid-1 --userns=keep-id --network=host --rw; do
		at_tty -- "$how" "$root" /bin/probe tiocsti 'touch injected
'
		assert_output_has '^TIOCSTI: E' '^TIOCSTI, with upper bits: E' '^TIOCLINUX: E' 'ended 0' 'queue ""'
	done
}

@test "the caller's terminal cannot be made the command's own" {
	for how in --seccomp=default --seccomp=unconfined --as-pid-1; do
		at_tty -- "$how" "$root" /bin/probe tty
		assert_output_has 'TIOCSCTTY: E' 'TIOCSCTTY by force: E' '/dev/tty: E' 'TIOCSPGRP: E' 'TIOCVHANGUP: E' 'TIOCCONS: E' \
			'modes kept' 'group own'
	done
}

@test "after Ctrl-Z nothing inside reads what is typed at the shell" {
	at_tty -z -i password -- "$root" /bin/sh -c 'exec 3<&0; setsid sh -c "echo READY; read x <&3; echo STOLE:\$x" & sleep 5'
	assert_output_has stopped 'queue "password'
	assert_output_lacks STOLE
}

@test "a sandbox in the background does not read what is typed at the shell" {
	at_tty -b -i password -- "$root" /bin/sh -c 'echo READY; read x; echo STOLE:$x'
	if grep -q STOLE <<<"$output"; then
		skip 'open: the caller'\''s terminal is handed in; only a terminal of its own will do'
	fi
	assert_output_has 'queue "password'
}

@test "after a kill the terminal is as it was" {
	at_tty -k -- "$root" /bin/sh -c 'stty raw -echo; echo READY; sleep 5'
	assert_output_has 'killed 9'
	if grep -q 'modes changed' <<<"$output"; then
		skip 'open: the caller'\''s terminal is handed in; only a terminal of its own will do'
	fi
}

@test "a file on standard input is not written to through its descriptor" {
	echo CANARY >given
	run --separate-stderr -- "$SANDBOX" "$root" /bin/sh -c 'echo x >/proc/self/fd/0; echo x >&0; exec 3<>/dev/stdin; echo x >&3' <given
	[ "$(cat given)" = CANARY ] ||
		skip 'open: a descriptor of a file can be opened again by who may write the file (the manual says so)'
}

@test "names that are escape sequences are shown, not sent (CVE-2023-28101)" {
	local bad=$'\e]0;evil\a\e[31m\x9b\xc2\x9b31m\r\x08\x7f'
	mkdir "dir$bad"
	printf '%s\n' "root:x:0:0::/:$bad" "$bad:x:5:5::/:/bin/sh" >"$scratch/passwd"
	echo 'nonsense = 1' >"profile$bad.conf"
	printf '#!/%s\n' "$bad" >"$root/bin/script"
	chmod 0755 "$root/bin/script"
	for words in "$root|/bin/$bad" "$scratch/$bad|x" "$root|$bad" "--bind=/$bad:/x|$root" "--user=$bad|$root" "--profile=./profile$bad.conf|$root" \
		"--$bad|$root" "--env-file=$bad|$root" "--workdir=/$bad|$root" "--mask=/$bad|$root" "--ulimit=$bad=1|$root" \
		"--hostname=$bad|$root" "--network=$bad|$root" "--tmpfs=/x:$bad|$root" "$root|/bin/script" "dir$bad|sh" "--dry-run|--bind=$scratch/dir$bad:/$bad|$root" \
		"--verbose|--env=$bad=x|$root" "--cap-add=$bad|$root" "--uidmap=$bad|$root" "profile|show|./profile$bad.conf" "profile|check|$bad" "exec$bad" "$bad"; do
		IFS='|' read -r -d '' -a split <<<"$words|" || :
		quick "${split[@]%$'\n'}" true || :
		# Controls of C0 and of C1, as UTF-8 or as a byte alone.
		if LC_ALL=C grep -aqP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' <<<"$output$stderr" ||
			! iconv -f UTF-8 -t UTF-8 <<<"$output$stderr" >/dev/null; then
			told "sent: $(printf %q "$words")"
		fi
	done
}
