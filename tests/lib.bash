# lib.bash: what the bats files share. A test file begins with
#
#     # user: sandbox-test            (only where it must be another; see docs/testing.md)
#     load ../lib
#
# Each test then has
#   $SANDBOX        the program under test
#   $PROJECT        the top of the source tree, read-only
#   $scratch        an empty directory of its own, removed afterwards
#   $root           after `tiny_rootfs`, a small root file system with busybox in it
# and after each test nothing may be left: no process, no mount, no temporary file. A file that
# needs its own setup or teardown calls lib_setup and lib_teardown from it.
# shellcheck shell=bash
bats_require_minimum_version 1.5.0

PROJECT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SANDBOX=${SANDBOX:-$PROJECT/build/sandbox}
TESTS_BUILD=${TESTS_BUILD:-$PROJECT/build/tests} # compiled helpers: probe, ...
export PROJECT SANDBOX TESTS_BUILD

setup() { lib_setup; }
teardown() { lib_teardown; }

lib_setup() {
	[ -x "$SANDBOX" ] || fail "$SANDBOX is not there: run make"
	scratch=$BATS_TEST_TMPDIR/scratch
	export TMPDIR=$BATS_TEST_TMPDIR/tmp XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/runtime
	mkdir "$scratch" "$TMPDIR"
	# No root file system of the user's own is found by its name.
	export XDG_DATA_HOME=$scratch/data
	mkdir -m 0700 "$XDG_RUNTIME_DIR"
	cd "$scratch" || return
	options=()
	processes_before=$(our_processes)
}

lib_teardown() {
	cd /
	local left=0
	nothing_left || left=1
	remove_tree "$scratch"
	return $left
}

# --- running the program -------------------------------------------------------------------------

# sandbox ARG...: run the program under test; then $status, $output (stdout), $stderr, $lines.
sandbox() { run --separate-stderr -- "$SANDBOX" "$@"; }

# nested SCRIPT [ARG...]: sh in a user and mount namespace where uid 0 is the caller and may mount
nested() {
	require 'unprivileged unshare' unshare --map-root-user --mount true
	run --separate-stderr unshare --map-root-user --mount sh -c "$@"
}

# sanitized: is it built with sanitizers, which want a /proc, address space without bound, and their libraries?
sanitized() { grep -q __asan_init "$SANDBOX"; }
# in_sandbox SCRIPT [ARG...]: the same with `sh -c SCRIPT` in $root, with the words of the array `options` before ROOTFS.
in_sandbox() { sandbox "${options[@]}" "$root" /bin/sh -c "$@"; }

# --- root file systems ---------------------------------------------------------------------------

# tiny_rootfs [DIR]: make a root file system of busybox applets; sets $root. About 20 ms.
tiny_rootfs() {
	root=${1:-$scratch/root}
	local cache=${TESTS_CACHE:-$BATS_FILE_TMPDIR}/tiny
	[ -d "$cache" ] || make_tiny_cache "$cache"
	mkdir -p "$root"
	# Three hundred symbolic links are shared with the cache; what a test might write to is not.
	cp -al "$cache/applets/." "$root/"
	cp -a "$cache/files/." "$root/"
}

# Other test files may be doing the same: the first rename wins.
make_tiny_cache() {
	local part busybox applet
	busybox=$(command -v busybox) || fail "busybox is missing: apt-get install busybox-static"
	part=$(mktemp -d "$1.XXXXXX")
	chmod 0755 "$part"
	mkdir -p "$part"/applets/bin "$part"/files/{bin,dev,etc,home,proc,root,run,sys,tmp,usr,var/tmp}
	"$busybox" --list | while read -r applet; do
		[ "$applet" = busybox ] || ln -s busybox "$part/applets/bin/$applet"
	done
	cp "$busybox" "$part/files/bin/busybox"
	[ ! -x "$TESTS_BUILD/probe" ] || cp "$TESTS_BUILD/probe" "$part/files/bin/probe"
	ln -s bin "$part/files/sbin"
	ln -s ../bin "$part/files/usr/bin"
	printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'daemon:x:1:1::/:/bin/sh' \
		'nobody:x:65534:65534::/:/bin/sh' >"$part/files/etc/passwd"
	printf '%s\n' 'root:x:0:' 'daemon:x:1:' 'nogroup:x:65534:' >"$part/files/etc/group"
	chmod 1777 "$part/files/tmp" "$part/files/var/tmp"
	mv -T "$part" "$1" 2>/dev/null || rm -rf "$part"
}

# remove_tree DIR...: also what belongs to subordinate ids, or has no permission bits left.
remove_tree() {
	rm -rf -- "$@" 2>/dev/null && return
	chmod -R u+rwX -- "$@" 2>/dev/null || :
	rm -rf -- "$@" 2>/dev/null && return
	unshare --map-root-user --map-auto rm -rf -- "$@"
}

# --- claims --------------------------------------------------------------------------------------

# fail WORDS: end the test, with the last run's status and output.
fail() {
	printf '%s\n' "$*" >&2
	return 1
}

told() {
	fail "$1" "${status+
status: $status}${output+
stdout: $output}${stderr+
stderr: $stderr}"
}

assert_status() { [ "$status" = "$1" ] || told "status should be $1"; }
assert_success() { assert_status 0; }

# assert_output TEXT: stdout is exactly this.
assert_output() { [ "$output" = "$1" ] || told "stdout should be: $1"; }
# assert_output_has PATTERN..., assert_stderr_has: each occurs in it (an extended regular expression).
assert_output_has() { each_matches stdout "$output" "$@"; }
assert_stderr_has() { each_matches stderr "$stderr" "$@"; }
assert_output_lacks() { ! grep -qE -e "$1" <<<"$output" || told "stdout should not match: $1"; }
assert_stderr_lacks() { ! grep -qE -e "$1" <<<"$stderr" || told "stderr should not match: $1"; }

each_matches() {
	local pattern
	for pattern in "${@:3}"; do
		grep -qE -e "$pattern" <<<"$2" || told "$1 should match: $pattern" || return
	done
}

# assert_equal IS SHOULD_BE: shows where they differ.
assert_equal() {
	[ "$1" = "$2" ] || fail "should be (+) but is (-):
$(diff -U 1 <(printf '%s\n' "$1") <(printf '%s\n' "$2") | tail -n +3)"
}

# assert_refused PATTERN...: the sandbox failed by itself (125), said so matching each, ran nothing.
assert_refused() {
	assert_status 125 && assert_stderr_has '^sandbox: ' "$@" && assert_output ''
}

# snapshot DIR: every name, type, mode, owner and content below it, for comparing before and after.
snapshot() {
	(cd "$1" && find . -printf '%P %y %m %U:%G %s %l\n' | sort &&
		find . -type f -readable -exec cksum {} + | sort)
}

# --- waiting and skipping ------------------------------------------------------------------------

# eventually [-t SECONDS] COMMAND...: poll until it succeeds, at most 20 seconds. Never sleep and hope.
eventually() {
	local seconds=20
	[ "$1" != -t ] || { seconds=$2 && shift 2; }
	local end=$((${EPOCHREALTIME/./} + seconds * 1000000))
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || return 1
		sleep 0.02
	done
}

# require WHAT COMMAND...: skip the test when COMMAND fails, saying that WHAT is missing.
require() {
	"${@:2}" >/dev/null 2>&1 || skip "missing: $1"
}
require_program() { require "program $1" command -v "$1"; }
require_range() {
	require "subordinate ids for $(id -un)" grep -qE "^($(id -un)|$(id -u)):" /etc/subuid
}

# i386_calls: can the machine make any? Some virtual ones have an int 0x80 that faults, whatever is filtered.
i386_calls() { unshare --map-root-user "$TESTS_BUILD/try_syscall" i386:20 | grep -q ': OK$'; }

# --- nothing left --------------------------------------------------------------------------------

# our_processes [BEFORE]: every process below the test file's reaper (without the runner: below this
# test) that is not a helper of this function and whose pid is not in BEFORE; "pid ppid state command".
our_processes() {
	local self=$BASHPID
	# bats' own countdown may start after the test has.
	ps -e -o pid=,ppid=,stat=,args= | awk -v top="${REAPER_PID:-$$}" -v self="$self" -v before="$1" \
		-v countdown="sleep ${BATS_TEST_TIMEOUT:-none}" '
		$4 " " $5 == countdown && NF == 5 { next }
		$3 !~ /^Z/ { parent[$1] = $2; line[$1] = $0 }
		END {
			n = split(before, lines, "\n")
			for (i = 1; i <= n; i++) {
				split(lines[i], field, " ")
				old[field[1]] = 1
			}
			for (pid in parent) {
				for (p = pid; p in parent && p != top && p != self;)
					p = parent[p]
				if (p == top && pid != top && !(pid in old))
					print line[pid]
			}
		}'
}

no_new_processes() {
	left=$(our_processes "$processes_before")
	[ -z "$left" ]
}

# nothing_left: no process of this test, no mount of its directories, no temporary file is left.
nothing_left() {
	local status=0 files
	if ! eventually -t 10 no_new_processes; then
		status=1
		fail "left behind, processes: $left" || :
	fi
	if grep -F "$BATS_TEST_TMPDIR" /proc/self/mountinfo; then
		status=1
		fail "left behind: the mounts above" || :
	fi
	# The directories of records stay; records do not.
	files=$(find "$TMPDIR" "$XDG_RUNTIME_DIR" -mindepth 1 ! -path "$XDG_RUNTIME_DIR/sandbox" ! -path "$XDG_RUNTIME_DIR/sandbox/.oci")
	if [ -n "$files" ]; then
		status=1
		fail "left behind, temporary files: $files" || :
	fi
	return $status
}
