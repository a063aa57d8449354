# A user at a terminal: what the command can do to it and to the shell on it. on_tty.c is the user.
load ../lib
load attack
load ../run/landlock

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

# case: typing into the terminal
@test "the user of these tests is a real one: without a sandbox the text is typed in" {
	require 'TIOCSTI in this kernel' grep -qx 1 /proc/sys/dev/tty/legacy_tiocsti
	run "$on_tty" "$root/bin/probe" tiocsti 'X
'
	assert_output_has 'queue "X'
}

# case: typing into the terminal
@test "nothing is typed into the caller's terminal (CVE-2017-5226, CVE-2019-10063, CVE-2023-28100)" {
	for how in --seccomp=default --seccomp=unconfined --as-pid-1 --userns=keep-id --network=host --rw --no-tty; do
		at_tty -- "$how" "$root" /bin/probe tiocsti 'touch injected
'
		assert_output_has '^TIOCLINUX: E' 'ended 0' 'queue ""'
		# Of the sandbox's own terminal it is no harm, but for the filter.
		[ "$how" = --seccomp=unconfined ] || assert_output_has '^TIOCSTI: E' '^TIOCSTI, with upper bits: E'
	done
}

# case: typing into the terminal
@test "the caller's terminal cannot be made the command's own" {
	for how in --seccomp=default --seccomp=unconfined --as-pid-1 --no-tty; do
		at_tty -- "$how" "$root" /bin/probe tty
		assert_output_has 'TIOCSCTTY by force: E' 'TIOCVHANGUP: E' 'TIOCCONS: E' 'modes kept' 'group own'
	done
	assert_output_has 'TIOCSCTTY: E' '/dev/tty: E' 'TIOCSPGRP: E'
}

# case: typing into the terminal
@test "the caller's terminal is not there, as a descriptor or by name" {
	at_tty -- "$root" /bin/sh -c 'for fd in 0 1 2; do stat -L -c "%t:%T %d" /proc/self/fd/$fd; done; ls /dev/pts; tty'
	assert_output_has 'ended 0' '^/dev/pts/0'
	local outside
	outside=$(stat -c %d /dev/pts)
	assert_output_lacks "^[0-9a-f]+:[0-9a-f]+ $outside\\r?\$"
	assert_equal "$(grep -cE '^[0-9]+' <<<"$output")" 4
}

# case: reading what is typed after Ctrl-Z
@test "after Ctrl-Z nothing inside reads what is typed at the shell" {
	at_tty -z -i password -- "$root" /bin/sh -c 'exec 3<&0; setsid sh -c "echo READY; read x <&3; echo STOLE:\$x" & sleep 5'
	assert_output_has stopped 'queue "password'
	assert_output_lacks STOLE
}

# case: reading it from the background
@test "a sandbox in the background does not read what is typed at the shell" {
	at_tty -b -i password -- "$root" /bin/sh -c 'echo READY; read x; echo STOLE:$x'
	assert_output_lacks STOLE
	assert_output_has 'queue "password'
}

# case: modes after a kill
@test "after a kill the terminal is as it was" {
	at_tty -k -- "$root" /bin/sh -c 'stty raw -echo; echo READY; sleep 5'
	assert_output_has 'killed 9'
	assert_output_lacks 'modes changed'
}

# case: writing to a file given on stdin
@test "a file on standard input is not written to through its descriptor" {
	echo CANARY >given
	run --separate-stderr -- "$SANDBOX" "$root" /bin/sh -c 'echo x >/proc/self/fd/0; echo x >&0; exec 3<>/dev/stdin; echo x >&3' <given
	require_landlock 2
	assert_equal "$(cat given)" CANARY
}

# case: escape sequences in what we print
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
