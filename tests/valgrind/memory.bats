# Memory of the supervisor, process 1, the watcher, a joiner and the verbs: nothing lost, nothing read or written
# that is not theirs. `make check-valgrind` builds for it and runs it; it is no part of `make check`.
load ../lib
load ../run/life

setup() {
	lib_setup
	require_program valgrind
	tiny_rootfs
	export XDG_CACHE_HOME=$scratch/cache XDG_CONFIG_HOME=$scratch/config
	mkdir -p config/sandbox
	ln -s "$PROJECT/profiles" config/sandbox/profiles
	log=$scratch/log
	# "Possibly" lost is what only pointers into its middle lead to, as the words of a request that is kept whole.
	memcheck=(valgrind --leak-check=full "--errors-for-leak-kinds=definite,indirect" --show-leak-kinds=definite
		--error-exitcode=99 --log-file="$log")
}

# checked [PROCESSES] -- ARG...: the program with these arguments, of which so many processes end by themselves.
checked() {
	local processes=1
	[ "$1" = -- ] || { processes=$1 && shift; }
	shift
	rm -f "$log"
	run --separate-stderr -- "${memcheck[@]}" "$SANDBOX" "$@"
	clean "$processes"
}

# clean PROCESSES: what they said of themselves.
clean() {
	[ "$(grep -c 'ERROR SUMMARY: 0 errors' "$log")" -ge "$1" ] || told "of $1 processes: $(cat "$log")"
	if grep -E 'ERROR SUMMARY: [1-9]|unhandled [a-z0-9-]* syscall|Invalid|uninitialised|(definitely|indirectly) lost: [1-9]' "$log"; then
		told "$(cat "$log")"
	fi
}

# whole ARG...: a sandbox whose command ends with 3, of which process 1 tells too.
whole() {
	checked 2 -- "$@"
	assert_status 3
	grep -q '^==1== .*ERROR SUMMARY' "$log" || told "process 1 has said nothing: $(cat "$log")"
}

@test "one id, many ids, one's own" {
	whole --userns=single "$root" /bin/sh -c 'exit 3'
	whole --userns=keep-id "$root" /bin/sh -c 'exit 3'
	require_range
	whole "$root" /bin/sh -c 'exit 3'
	whole --user daemon:daemon --cap-add ALL --env A=b "$root" /bin/sh -c 'exit 3'
}

@test "mounts, files, masks, a directory as root, the host's root" {
	mkdir data
	echo x >data/f
	whole --bind "$scratch/data:/d" --ro-bind "$scratch/data/f:/f" --tmpfs /t --mask /home --mkdir /m --symlink f:/l --file 9:/g --bind "$scratch/data:/o:O" \
		"$root" /bin/sh -c 'exit 3' 9<data/f
	whole --rw "$root" /bin/sh -c 'exit 3'
	whole --read-only "$root" /bin/sh -c 'exit 3'
	whole --ro-bind "$scratch/data:/tmp/d" / /bin/sh -c 'exit 3'
}

@test "a layer on disk, and --as-pid-1: with a watcher" {
	# Process 1 is ended here before it can tell of itself, or is the command; the watcher tells.
	for how in --layer=disk --as-pid-1; do
		checked 2 -- $how "$root" /bin/sh -c 'echo >/x; exit 3'
		assert_status 3
	done
}

@test "a kept layer, its list, its commit" {
	checked 2 -- --overlay=kept "$root" /bin/sh -c 'echo new >/new; rm /etc/group; exit 3'
	checked -- diff kept
	assert_success
	checked -- commit kept
	[ -e "$root/new" ] || told 'not committed'
}

@test "networks, ports and rules" {
	require 'a network device that may be used' test -w /dev/net/tun
	require_range
	for network in slirp4netns pasta; do
		require_program "$network"
		whole --network=$network -p $((20000 + RANDOM % 10000)):80 "$root" /bin/sh -c 'exit 3'
	done
	whole --allow-net=example.org:443 --deny-net=192.0.2.0/24 --allow-host-port 9 "$root" /bin/sh -c 'exit 3'
	whole --network=host "$root" /bin/sh -c 'exit 3'
}

@test "limits, time-out, status" {
	checked 1 -- --timeout 1s --timeout-grace 1s --ulimit fsize=1g --nice 5 --limits=best-effort --pids-limit 5000 \
		--meta "$scratch/meta" --json-status-fd 8 --info-fd 9 "$root" /bin/sleep 100 8>status 9>info
	assert_status 143
	grep -q timeout meta
}

@test "what is refused, and what fails on the way" {
	for words in '--nonsense' "--bind /nowhere:/x $root true" "--user nobody-is-called-so $root id" "--workdir /nowhere $root true" "/nowhere true" \
		"--bind /etc/hostname:/tmp $root true" "--profile nosuch $root true" "exec nobody true"; do
		# shellcheck disable=SC2086
		checked -- $words
		assert_status 125
	done
}

@test "plans, profiles, help, lists" {
	for words in "--dry-run --profile build / make" "--verbose $root true" "profile show build" "profile list" "profile check $PROJECT/profiles/build.conf" '--help' '--version' 'ps -a' \
		'rootfs list'; do
		# shellcheck disable=SC2086
		checked -- $words
		assert_success
	done
}

@test "a terminal" {
	run --separate-stderr -- "$TESTS_BUILD/on_tty" "${memcheck[@]}" "$SANDBOX" "$root" /bin/sh -c 'tty; exit 3'
	assert_output_has '/dev/pts/0' 'ended 3'
	clean 2
}

@test "in the background, with commands that join" {
	run --separate-stderr -- "${memcheck[@]}" "$SANDBOX" -d --name web "$root" /bin/sh -c 'echo up; read x; sleep 1000'
	assert_success
	local running=$log
	log=$scratch/log-verbs memcheck[5]=--log-file=$scratch/log-verbs
	for words in 'exec web true' 'exec --user daemon -e A=b web id' 'ps' 'ps --json' 'logs web' 'kill -s TERM web' 'wait web' 'rm web'; do
		# shellcheck disable=SC2086
		checked -- $words
		[ "$status" = 0 ] || [ "$words" = 'wait web' ] || told "$words"
	done
	log=$running
	eventually clean 2
}
