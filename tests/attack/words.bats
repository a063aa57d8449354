# Words that want to be more than they are: options among a command's, names that look like options or lead elsewhere,
# shell characters. What is given to us as a word stays that word.
load ../lib
load attack

setup() {
	lib_setup
	tiny_rootfs
	# A program of this name, and whatever it is started with, is told.
	printf '#!/bin/sh\nprintf "%%s|" "$0" "$@"\n' >"$scratch/tell"
	chmod 0755 "$scratch/tell"
	for name in --bind --evil -c '$(touch x)' 'a;touch x' '--rw'; do cp "$scratch/tell" "$root/bin/$name"; done
}

# case: a command, a name, a path that looks like an option
@test "a command that looks like an option is the command (CVE-2024-32462)" {
	sandbox "$root" --bind / / sh
	assert_success
	assert_output '/usr/bin/--bind|/|/|sh|'
	sandbox -- "$root" --evil --rw
	assert_success
	assert_output '/usr/bin/--evil|--rw|'
	sandbox run -- "$root" --rw --seccomp=unconfined
	assert_success
	assert_output '/usr/bin/--rw|--seccomp=unconfined|'
	sandbox --user 0 "$root" -c id
	assert_success
	assert_output '/usr/bin/-c|id|'
}

# case: a command, a name, a path that looks like an option
@test "the same for a command that joins" {
	"$SANDBOX" -d --name web "$root" sleep 1000
	sandbox exec web --bind / /
	assert_success
	assert_output '/usr/bin/--bind|/|/|'
	sandbox exec -- web --rw --user 5
	assert_output '/usr/bin/--rw|--user|5|'
	"$SANDBOX" rm -f web
}

# case: a command, a name, a path that looks like an option
@test "names that are options, or paths, are no names" {
	local name
	for name in -x --rw ../x ../../etc . .. / a/b '' ' ' $'a\nb' '$(touch x)' 'a;touch x'; do
		quick --name "$name" "$root" true
		assert_refused
		for verb in exec kill wait logs rm; do
			quick "$verb" "$name" true
			[ "$status" = 125 ] || told "$verb $name"
		done
		quick --overlay="$name" "$root" true
		assert_refused
		quick rootfs rm "$name"
		assert_refused
		quick discard "$name"
		assert_refused
	done
	[ ! -e x ]
}

# case: shell characters in any word
@test "no word goes through a shell (CVE-2020-17367)" {
	# shellcheck disable=SC2016
	for word in '$(touch x)' '`touch x`' 'a;touch x' '|touch x' $'a\ntouch x'; do
		quick --hostname "$word" "$root" true
		quick --env "A=$word" "$root" true
		quick --env "$word" "$root" true
		quick --bind "/tmp/$word:/x" "$root" true
		quick --ro-bind-try "/tmp/$word:/x" "$root" true
		quick --profile "$word" "$root" true
		quick --network "slirp4netns:$word" "$root" true
		quick --dns "$word" "$root" true
		quick --allow-net "$word" "$root" true
		quick --user "$word" "$root" true
		quick rootfs create busybox "$word"
		quick rootfs create "$word"
		quick rootfs import "$word"
		"$SANDBOX" "$root" "$word" 2>/dev/null || [ $? = 127 ]
	done
	[ ! -e x ] && [ ! -e "$root/x" ]
	# Nor is there one in the program: neither system(3) nor popen(3) nor a shell by name.
	run grep -nE '\b(system|popen|wordexp)\(|"/bin/sh", "-c"' "$PROJECT"/sandbox/*.c "$PROJECT"/helpers/*.c
	assert_output ''
}

# case: a mount of the caller's over /proc, /dev, /sys
@test "a mount of ours over /proc, /dev or /sys is not what we read or write through (CVE-2025-52881)" {
	make_victim
	mkdir -p fake/self/attr fake/sys
	for file in uid_map gid_map setgroups attr/exec oom_score_adj; do echo fake >"fake/self/$file"; done
	local before
	before=$(snapshot fake)
	for words in "--tmpfs /proc" "--bind $scratch/fake:/proc" "--bind $scratch/fake:/proc/self" "--bind $scratch/fake/self:/proc/1" "--symlink $victim:/proc" \
		"--tmpfs /dev" "--bind $victim:/dev" "--tmpfs /sys" "--mask /proc" "--tmpfs /proc/sys"; do
		for how in --userns=single --network=host --oom-score-adj=500; do
			# shellcheck disable=SC2086
			quick $words $how "$root" /bin/probe state
			[ "$status" = 0 ] || [ "$status" = 125 ] || [ "$status" = 1 ] || told "$words"
			[ "$status" != 0 ] || assert_output_has '^NoNewPrivs: 1$' '^Seccomp: 2$' || [ -z "$output" ]
		done
		assert_victim_unchanged
		assert_equal "$(snapshot fake)" "$before"
	done
}

# case: devices and masks from ROOTFS
@test "a terminal does not make /dev/console or what ROOTFS has for it (CVE-2025-52565)" {
	make_victim
	replace link "$root/dev/console" "$victim/new"
	replace link "$root/dev/null" "$victim/file"
	replace link "$root/dev/tty" "$victim/file"
	replace link "$root/dev/ptmx" "$victim/ptmx"
	replace link "$root/dev/pts" "$victim/d"
	for how in --init --rw --read-only --as-pid-1; do
		run --separate-stderr -- "$TESTS_BUILD/on_tty" "$SANDBOX" "$how" "$root" /bin/sh -c 'tty; echo x >/dev/console; stat -L -c %t:%T /dev/null /dev/ptmx'
		assert_victim_unchanged
		[[ $output != *'ended 0'* ]] || assert_output_has '/dev/pts/0' '^1:3' '^5:2'
	done
}
