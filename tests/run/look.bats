# --dry-run, --verbose, --help, --version.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	export XDG_CACHE_HOME=$scratch/cache
	export ASAN_OPTIONS=detect_leaks=0:disable_coredump=0 # what sanitizers do of their own
	mkdir data
}

@test "--dry-run prints the plan: who does what, on what, because of what" {
	mkdir -p config/sandbox/profiles
	printf 'extends = build\nhostname = x\n' >config/sandbox/profiles/p.conf
	XDG_CONFIG_HOME=$PWD/config sandbox --dry-run --profile p --ro-bind data:/d --tmpfs /t "$root" make all
	assert_success
	assert_equal "$stderr" ''
	assert_output_has '^prepare \(supervisor\)$' '^attach \(supervisor\)$' '^isolate \(child\)$' '^setup \(child\)$' \
		'^confine \(payload\)$' '^exec$' 'hostname +x +# profile p.conf:2' "ro-bind +$PWD/data -> /d .*# command line" \
		"bind +$PWD -> $PWD .*# profile build.conf:[0-9]+" 'tmpfs +/t .*# command line' 'command +make all'
}

@test "--dry-run does nothing: no process, no mount, no file, nothing written but the plan" {
	require_program strace
	before=$(snapshot .)
	run --separate-stderr strace -f -o "$TMPDIR/trace" "$SANDBOX" --dry-run --layer=disk --bind data:/new/place \
		--tmpfs /t --mkdir /m --symlink a:/b --uidmap "0:$(id -u):1" "$root" make
	assert_success
	local calls
	calls=$(grep -vE '^[0-9]+ +(writev?\(1, |\+\+\+|---)' "$TMPDIR/trace")
	rm "$TMPDIR/trace"
	assert_equal "$(grep -E ' (write|writev|pwrite64|mkdir|mkdirat|mknod|mknodat|mount|move_mount|open_tree|fsopen|fsmount|mount_setattr|umount2|pivot_root|clone|clone3|fork|vfork|unshare|setns|unlink|unlinkat|rename|renameat|renameat2|symlink|symlinkat|link|linkat|chmod|fchmod|fchmodat|chown|fchown|fchownat|lchown|truncate|ftruncate|setxattr|keyctl|add_key|setsid|setrlimit|prlimit64|sethostname|kill|socket)\(' <<<"$calls" |
		grep -vE 'prlimit64\(.*NULL, ')" ''
	assert_equal "$(grep -E 'open(at|at2)?\(' <<<"$calls" | grep -E 'O_(CREAT|WRONLY|RDWR|TRUNC|TMPFILE)')" ''
	assert_equal "$(snapshot .)" "$before"
	[ ! -e cache ]
}

@test "--dry-run with nothing special opens nothing for writing either, nor starts a process" {
	require_program strace
	run --separate-stderr strace -f -o "$TMPDIR/trace" -e trace=clone,clone3,fork,vfork,unshare,mount,fsopen,keyctl,mkdirat,mkdir \
		"$SANDBOX" --dry-run / true
	assert_success
	assert_equal "$(grep -v '+++' "$TMPDIR/trace")" ''
	rm "$TMPDIR/trace"
}

@test "--dry-run fails where the run would fail by what was asked" {
	sandbox --dry-run --bind "$PWD/nosuch" "$root" true
	assert_refused nosuch
	sandbox --dry-run "$PWD/nosuch" true
	assert_refused nosuch
	sandbox --dry-run --user nosuch "$root" true
	assert_refused nosuch
}

@test "--dry-run shows no value of the environment, and no control byte" {
	sandbox --dry-run -e TOKEN=hunter2 "$root" $'a\033[31mb' $'c\nd'
	assert_success
	assert_output_has TOKEN
	assert_output_lacks 'hunter2'
	assert_output_lacks $'\033'
	assert_output_has 'x1[bB]\[31m' 'c\\nd'
}

@test "--verbose says the same on standard error, and runs the command" {
	sandbox --verbose "$root" /bin/echo ran
	assert_success
	assert_output ran
	assert_stderr_has '^setup \(child\)$' 'command +/bin/echo ran'
}

@test "what the plan says of mounts is what is there" {
	options=(--ro-bind data:/d --tmpfs /t --bind data:/e)
	sandbox --dry-run "${options[@]}" "$root" true
	local planned
	planned=$(sed -nE 's/^  (ro-bind|bind|tmpfs|proc|sysfs|dev) +([^ ]+ -> )?(\/[^ ]*).*/\3/p' <<<"$output" | sort)
	in_sandbox 'cut -d " " -f 5 /proc/self/mountinfo'
	assert_equal "$(comm -23 <(echo "$planned") <(sort -u <<<"$output"))" ''
}

@test "--help and --version" {
	sandbox --help
	assert_success
	assert_output_has '^Usage|sandbox \[OPTIONS\] ROOTFS' '--bind' '--seccomp' '--userns'
	assert_equal "$stderr" ''
	sandbox -h
	assert_success
	sandbox --version
	assert_success
	assert_output_has '^sandbox [0-9]'
}

@test "an error is told once, on standard error, without control bytes" {
	sandbox $'/no/such\033[31m\nplace' true
	assert_refused 'No such file'
	assert_stderr_lacks $'\033'
	[ "$(grep -c '^sandbox: ' <<<"$stderr")" = 1 ] || told 'once'
}

@test "output to a full device is an error" {
	run bash -c '"$0" --help >/dev/full' "$SANDBOX"
	assert_status 125
	run bash -c '"$0" --dry-run "$1" true >/dev/full' "$SANDBOX" "$root"
	assert_status 125
	run bash -c '"$0" profile show build >/dev/full' "$SANDBOX"
	assert_status 125
	assert_output_has 'cannot write the output: No space left'
}
