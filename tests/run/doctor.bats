# What `sandbox doctor` says, compared with what is there and with what a run says in the same place.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
}

# finding ABILITY FIELD: of the JSON in $output
finding() {
	python3 -c '
import json, sys
for one in json.loads(sys.argv[1])["findings"]:
    if one["ability"] == sys.argv[2]:
        print(one[sys.argv[3]])' "$output" "$@"
}

# same PLACE ABILITY WORD...: in that place (a script that ends in "$@") a run with WORDs is refused; doctor says
# of ABILITY what that said, each line of it.
same() {
	local place=$1 ability=$2 line said
	nested "$place" sh "$SANDBOX" "${@:3}"
	assert_status 125
	said=$(awk '/^sandbox: / { note = /^sandbox: note: / } !note' <<<"$stderr" | sed 's/^sandbox: //; s/^ *//')
	nested "$place" sh "$SANDBOX" doctor --json
	[ "$status" -le 1 ] || told 'a report'
	assert_equal "$(finding "$ability" answer)" no
	{ finding "$ability" found; finding "$ability" mend; } >report
	while IFS= read -r line; do
		grep -qFx -- "$line" report || fail "not in the report: $line
$(cat report)"
	done <<<"$said"
}

@test "where everything is there, the report says so and ends with 0" {
	sandbox doctor
	assert_success
	assert_output_has '^  yes +run a command' '^  yes +a throw-away layer' '^  yes +user namespaces' '^Sandboxes run here'
	assert_output_lacks $'\033'
	sandbox doctor --json
	assert_success
	assert_equal "$(finding version found)" "$(uname -srm)"
	assert_equal "$(finding 'run a command' answer) $(finding openat2 answer)" 'yes yes'
	assert_equal "$(find /tmp -maxdepth 1 -name 'sandbox-doctor.*' -user "$(id -un)")" ''
}

@test "in colour at a terminal, unless NO_COLOR says no" {
	run script -qec "'$SANDBOX' doctor" /dev/null
	[[ $output == *$'\033[32myes'* ]] || told 'colours'
	NO_COLOR=1 run script -qec "'$SANDBOX' doctor" /dev/null
	[[ $output != *$'\033'* ]] || told 'no colours'
}

@test "the words are those of a run, cause by cause" {
	same 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"' 'run a command' / true
	same 'echo 0 >/proc/sys/user/max_net_namespaces; exec "$@"' 'run a command' / true
	mkdir -p s/kernel && echo 0 >s/kernel/unprivileged_userns_clone
	same 'echo 0 >/proc/sys/user/max_user_namespaces; mount --bind s /proc/sys; exec "$@"' 'run a command' / true
	same 'echo trap >trap; mount --bind trap /dev/null; exec "$@"' 'run a command' / true
	same 'mount --bind /dev/null /proc/keys; exec "$@"' 'run a command' / true
	same 'mount -t tmpfs none /dev/net 2>/dev/null; exec "$@"' 'a network (slirp4netns)' --network=slirp4netns / true
	same 'mount -t tmpfs none /sys/fs/cgroup; exec "$@"' 'limits of all together' --memory=256m --pids-limit=100 --cpus=1 / true
}

@test "the words are those of a run: ids, and no_new_privs" {
	local range='echo "root:100000:65536" >range; mount --bind range /etc/subuid; mount --bind range /etc/subgid'
	same "$range"'; mount --bind /dev/null /usr/bin/newuidmap; exec "$@"' 'run a command' / true
	same "$range"'; cp /usr/bin/newuidmap plain; chmod 0755 plain; mount --bind plain /usr/bin/newuidmap; exec "$@"' 'run a command' / true
	same "$range"'; exec setpriv --no-new-privs "$@"' 'run a command' / true
	! sanitized || return 0
	nested 'mount -t tmpfs none /proc; exec "$@"' sh "$SANDBOX" doctor
	assert_refused 'there is no /proc here'
}

@test "the words are those of a run: inside a sandbox, whose filter refuses it" {
	export ASAN_OPTIONS=detect_leaks=0
	mkdir -p t/build
	cp "$SANDBOX" t/build/sandbox
	cp -r "$(dirname "$SANDBOX")/libexec" t/build/
	local options=(--userns=single -e ASAN_OPTIONS --ro-bind "$scratch/t:/t" /)
	sandbox "${options[@]}" /t/build/sandbox --userns=single / true
	assert_refused 'a system call filter is in force here that refuses it'
	local said=${stderr%%$'\n'*}
	sandbox "${options[@]}" /t/build/sandbox doctor --userns=single /
	assert_status 1
	assert_equal "${output%%$'\n'*}" "no: ${said#sandbox: }"
}

@test "a limit of 0 is named, with the command that raises it" {
	nested 'echo 0 >/proc/sys/user/max_uts_namespaces; exec "$@"' sh "$SANDBOX" doctor
	assert_status 1
	assert_output_has 'user.max_uts_namespaces is 0' 'mend: sudo sysctl user.max_uts_namespaces=10000' '^  no +uts namespaces' \
		'^Sandboxes do not run here'
}

@test "under no_new_privs, and under a filter" {
	run --separate-stderr setpriv --no-new-privs "$SANDBOX" doctor --json
	assert_equal "$(finding 'new privileges' answer)" weaker
	export ASAN_OPTIONS=detect_leaks=0
	mkdir -p t/libexec
	cp "$SANDBOX" t/sandbox
	cp "$(dirname "$SANDBOX")/libexec/doctor" t/libexec/
	sandbox -e ASAN_OPTIONS --ro-bind t:/t/build / /t/build/sandbox doctor --json
	assert_status 1
	assert_equal "$(finding 'system call filter' answer) $(finding 'user namespaces' answer)" 'fact no'
	[[ $(finding 'user namespaces' found) == *'a system call filter is in force'* ]] || told why
}

@test "would this run here" {
	sandbox doctor --profile build "$root"
	assert_success
	assert_output 'yes: it was started, up to the command'
	sandbox doctor --profile build "$root" make -j
	assert_output_has '^yes: '
	sandbox doctor --bind /not/there:/x "$root"
	assert_status 1
	assert_output_has '^no: .*/not/there'
	sandbox doctor --json --bind /not/there:/x "$root"
	assert_status 1
	[[ $(finding 'run it' found) == *'/not/there'* ]] || told 'why'
	sandbox doctor --profile nosuch "$root"
	assert_status 1
	assert_output_has '^no: .*nosuch'
	sandbox doctor --profil build "$root"
	assert_status 125
	assert_stderr_has 'sandbox: .*--profil'
	sandbox doctor --profile build
	assert_status 125
	assert_stderr_has usage
}

@test "asking leaves nothing, whatever was asked about" {
	local before
	before=$(find "$scratch" "$XDG_RUNTIME_DIR" | sort)
	sandbox doctor --name web --overlay=try "$root"
	assert_success
	assert_output_has '^yes: it can be planned'
	sandbox doctor -d "$root"
	assert_output_has '^yes: it can be planned'
	sandbox doctor "$root"
	assert_equal "$(find "$scratch" "$XDG_RUNTIME_DIR" | sort)" "$before"
}

@test "a profile for AppArmor, with the program's path" {
	sandbox doctor --apparmor
	assert_success
	assert_output_has "^profile sandbox $(readlink -f "$SANDBOX") flags" '^  userns,'
}
