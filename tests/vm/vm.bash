# vm.bash: what the bats files of tests/vm share. They run inside the machine; see tests/vm/check.
# shellcheck shell=bash
load ../lib
load ../attack/killing

setup() {
	lib_setup
	tiny_rootfs
	supervisor=
}

teardown() {
	[ -z "$supervisor" ] || kill -KILL "$supervisor" 2>/dev/null || :
	gone
	lib_teardown
}

# json FILE EXPRESSION, last FILE EXPRESSION: python's value of it, with the document, or the last line's, as j
json() { python3 -c 'import json, sys; j = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }
line() { python3 -c 'import json, sys; j = json.loads(open(sys.argv[1]).readline()); print(eval(sys.argv[2]))' "$1" "$2"; }

manager() { XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user "$@"; }

# no_cgroups: none of ours is left, whoever gave it
no_cgroups() {
	left=$(find /sys/fs/cgroup -depth -name 'sandbox-*' -type d 2>/dev/null)
	[ -z "$left" ]
}

# gone: and the manager knows of none
gone() {
	eventually no_cgroups || fail "left: $left"
	[ -z "$(manager list-units --all --plain --no-legend 'sandbox-*' 2>/dev/null)" ] || fail 'the manager still has a scope'
}

# start OPTION...: a sandbox that sleeps, in the background; $supervisor, $init, and $box, its cgroup's directory
start() {
	"$SANDBOX" "$@" --json-status-fd 3 "$root" /bin/sh -c 'echo up; exec sleep 300' >up 3>status 2>said &
	supervisor=$!
	eventually -t 30 test -s up || fail "it does not start: $(cat said)"
	init=$(line status "j['child-pid']")
	box=/sys/fs/cgroup$(line status "j['cgroup']")
}

# kill_some WAY...: rounds of kill_anybody, VM_ROUNDS of them (6).
kill_some() {
	export XDG_CACHE_HOME=$scratch/cache
	records=$XDG_RUNTIME_DIR/sandbox
	# The manager of the user's is where it was; only records are of the test.
	kill_anybody "${VM_ROUNDS:-6}" 2500 "$@"
}

nothing_else() { no_cgroups; }

# own_cgroup: for a file that says `# vm: delegated`. The service's cgroup is ours: a plain one in it, ci, that hands
# its controllers down, and in that a cgroup for this shell.
own_cgroup() {
	local top
	top=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
	[ "${top%/ci/shell}" = "$top" ] || return 0
	mkdir -p "$top/ci/shell"
	eventually empty "$top" || fail "others are in $top"
	echo '+memory +pids +cpu' >"$top/ci/cgroup.subtree_control"
}
empty() {
	while read -r pid; do
		echo "$pid" >"$1/ci/shell/cgroup.procs" || :
	done <"$1/cgroup.procs"
	echo '+memory +pids +cpu' >"$1/cgroup.subtree_control"
} 2>/dev/null

# as_root WORDS...: one line, in this machine, which is thrown away.
done_by_root() { [ "$(cat /run/did 2>/dev/null)" = "$token" ]; }
as_root() {
	token=$BASHPID.$RANDOM
	printf '%s; echo %s >/run/did\n' "$*" "$token" >/run/do
	eventually -t 90 done_by_root || fail "root did not: $*"
}

# finding ABILITY FIELD: of the report in $output
finding() {
	python3 -c '
import json, sys
for one in json.loads(sys.argv[1])["findings"]:
    if one["ability"] == sys.argv[2]:
        print(one[sys.argv[3]])' "$output" "$@"
}
