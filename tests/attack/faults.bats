# An error, or a kill, at the system calls of a launch, one after the other: it ends at once, says so, leaves nothing,
# and never runs the command with less protection than it should have. A sample; all of them by `make faults`.
load ../lib
load attack

setup() {
	lib_setup
	require_program strace
	require 'a strace that can trace' strace -o /dev/null true
	tiny_rootfs
	export XDG_CACHE_HOME=$scratch/cache
	every=16
	! long || every=1
}

# Not tried: the C library's calls before main, and waiting, which has no error but those that are handled.
startup='^(execve|arch_prctl|set_tid_address|set_robust_list|rseq|brk|exit_group|rt_sigaction|wait4)$'

# points ARG...: "CALL N" for each call that one process of the launch makes N times, in an order of no meaning.
points() {
	strace -f -qq -o "$scratch/trace" "$SANDBOX" "$@" >"$scratch/want" 2>/dev/null
	awk '{ pid = $1; sub(/^[0-9]+ +/, "") }
		match($0, /^[a-z0-9_]+\(/) { call = substr($0, 1, RLENGTH - 1); n[call " " pid]++ }
		END {
			for (key in n) {
				split(key, part, " ")
				if (n[key] > most[part[1]])
					most[part[1]] = n[key]
			}
			for (call in most)
				for (i = 1; i <= most[call]; i++)
					print call, i
		}' "$scratch/trace" | grep -vE "${startup%\$} |^(close|write) [0-9]*[1-9]$" | sort -k 2n -k 1
}

# The state that the command found is no weaker than without the fault; -1 is a call of its own that failed.
no_weaker() {
	local name value wanted
	while IFS=' ' read -r name value; do
		wanted=$(sed -n "s/^$name //p" "$scratch/want")
		case $name in
		NoNewPrivs: | Seccomp:) [ "$value" = "$wanted" ] || [ "$value" = -1 ] || return ;;
		Cap*) [ $((0x$value & ~0x$wanted)) = 0 ] || return ;;
		terminal:) [ "$value" != 'has one' ] || return ;;
		esac
	done
}

# A close that fails closes all the same (close(2)); one that is kept from happening, as here, is no fault there is.
possible() { [[ $1 != error=* || $2 != close ]]; }

# survive FAULT ARG...
survive() {
	local fault=$1 call number n=0 status start took
	shift
	while read -r call number; do
		possible "$fault" "$call" || continue
		n=$((n + 1))
		[ $((n % every)) = $((RANDOM % every)) ] || continue
		status=0
		start=${EPOCHREALTIME/./}
		# The inner shell is who says "Killed".
		timeout -s KILL 6 sh -c '"$@"; exit $?' - strace -f -qq -o /dev/null \
			-e "inject=$call:$fault:when=$number" "$SANDBOX" "$@" >"$scratch/got" 2>"$scratch/err" </dev/null || status=$?
		took=$(((${EPOCHREALTIME/./} - start) / 1000))
		[ $took -lt 5000 ] || fail "it hung: $fault at $call $number" || return
		if [ $status = 0 ]; then
			no_weaker <"$scratch/got" || fail "weaker: $fault at $call $number: $(cat "$scratch/got")" || return
		elif [ $status = 125 ]; then
			grep -aq '^sandbox: ' "$scratch/err" || fail "silent: $fault at $call $number" || return
		fi
	done < <(points "$@")
	eventually no_new_processes || fail "left: $left" || return
	# The fault hits whoever cleans up as well, each process at its own Nth call. The next run makes up for it.
	"$SANDBOX" --layer=disk "$root" true || return
	[ -z "$(ls -A "$XDG_CACHE_HOME/sandbox/layers")" ] || fail "left: $(ls -A "$XDG_CACHE_HOME/sandbox/layers")"
}

for_all() {
	survive "$1" --userns=single "$root" /bin/probe state
	survive "$1" --userns=single --as-pid-1 "$root" /bin/probe state
	survive "$1" --userns=single --layer=disk --mkdir /m --mask /home "$root" /bin/probe state
}

@test "an error of any call: EPERM" { for_all error=EPERM; }
@test "an error of any call: ENOMEM" { for_all error=ENOMEM; }
@test "an error of any call: EINTR" {
	long || skip 'slow: make faults'
	for_all error=EINTR
}
@test "a kill at any call" { for_all signal=KILL; }

@test "a descriptor table, a process limit and a file size that are used up" {
	local n
	for ((n = 4; n < 24; n++)); do
		run --separate-stderr -- timeout --foreground -s KILL 5 bash -c 'ulimit -n "$1"; shift; exec "$@"' - $n "$SANDBOX" --userns=single "$root" /bin/probe state
		[ "$status" = 0 ] || [ "$status" = 125 ] || told "with $n descriptors"
		[ "$status" != 0 ] || assert_output_has '^Seccomp: 2$' '^NoNewPrivs: 1$'
	done
	run --separate-stderr -- timeout --foreground -s KILL 5 bash -c 'ulimit -f 0; exec "$@"' - "$SANDBOX" "$root" /bin/probe state
	[ "$status" != 137 ]
	run --separate-stderr -- timeout --foreground -s KILL 5 bash -c 'ulimit -v 20000; exec "$@"' - "$SANDBOX" "$root" /bin/probe state
	[ "$status" != 137 ]
	run --separate-stderr -- timeout --foreground -s KILL 5 bash -c 'ulimit -s 64; exec "$@"' - "$SANDBOX" "$root" /bin/probe state
	[ "$status" != 137 ]
	run --separate-stderr -- timeout --foreground -s KILL 5 bash -c 'ulimit -l 0; ulimit -i 0; ulimit -q 0; exec "$@"' - "$SANDBOX" "$root" /bin/probe state
	assert_success
}
