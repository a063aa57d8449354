# Networks that cannot be had: helpers that are missing, too old, or fail; no /dev/net/tun; ports that are taken. An error in words,
# before the command runs, and nothing left.
load ../lib
load lab

setup() {
	lib_setup
	resolv_conf 'nameserver 192.168.77.1'
	there=()
	options=(--network=slirp4netns)
}

# fake HELPER SCRIPT: in the place of it; its descriptors are as they were given, and $ready is the one to write to.
fake() {
	{
		printf '#!/bin/bash\n'
		# shellcheck disable=SC2016
		printf 'for word; do case $word in --ready-fd=*) ready=${word#*=} ;; --control-fd) shift ;; esac; done\n%s\n' "$2"
	} >"$1"
	chmod +x "$1"
	there+=(-b "$1" "/usr/bin/$1")
}

# without HELPER...: as where it is not installed.
without() {
	local helper
	: >nothing
	for helper; do
		there+=(-b nothing "/usr/bin/$helper")
	done
}

# ran ARG...: the words after a run that should not come to its command.
no_run() { sandbox "${options[@]}" / sh -c 'echo ran'; }

@test "no slirp4netns: pasta in its place, and that is said; neither: what to install" {
	without slirp4netns
	client tcp 203.0.113.1 443
	assert_output 'hello 203.0.113.1 443'
	assert_equal "$stderr" 'sandbox: note: slirp4netns is not installed: pasta makes the network in its place'
	without pasta
	no_run
	assert_refused 'there is no slirp4netns here' 'apt-get install slirp4netns'
	options=(--network=pasta)
	no_run
	assert_refused 'there is no pasta here' 'apt-get install passt'
	options=(--allow-net=ok.test)
	no_run
	assert_refused 'there is no slirp4netns here'
}

@test "no pasta: slirp4netns is not taken in its place" {
	without pasta
	options=(--network=pasta)
	no_run
	assert_refused 'there is no pasta here'
	options=(--network=slirp4netns)
	no_run
	assert_output ran
}

@test "a helper from PATH, where /usr/bin has none" {
	without slirp4netns pasta
	mkdir bin
	cp /usr/bin/slirp4netns "$scratch/bin/slirp4netns" 2>/dev/null
	PATH=$scratch/bin:$PATH no_run
	assert_output ran
	assert_equal "$stderr" ''
	# Not from the working directory.
	mv bin/slirp4netns .
	PATH=.:$PATH no_run
	assert_refused 'there is no slirp4netns here'
}

@test "slirp4netns that fails: its own words" {
	local start
	fake slirp4netns 'echo "no luck today" >&2; exit 3'
	no_run
	assert_refused 'slirp4netns ended with status 3 before it was ready, and said: no luck today'
	fake slirp4netns 'exit 0'
	no_run
	assert_refused 'slirp4netns ended with status 0 before it was ready, and said: \(nothing\)'
	fake slirp4netns 'kill -SEGV $$'
	no_run
	assert_refused 'slirp4netns was killed by signal 11 before it was ready'
	fake slirp4netns 'for i in {1..200000}; do echo "line $i of many"; done & for i in {1..20000}; do echo "line $i of many" >&2; done; wait; exit 1'
	start=$EPOCHSECONDS
	no_run
	assert_refused 'ended with status' 'of many'
	[ ${#stderr} -lt 1500 ]
	[ $((EPOCHSECONDS - start)) -lt 15 ]
	fake slirp4netns 'printf "\033]0;title\007\n" >&2; exit 1'
	no_run
	assert_refused 'ended with status 1'
	[[ $stderr != *$'\033'* ]]
}

@test "slirp4netns that is too old" {
	fake slirp4netns 'echo "slirp4netns: unrecognized option '"'--enable-seccomp'"'" >&2; exit 1'
	no_run
	assert_refused "unrecognized option '--enable-seccomp'"
}

@test "a helper that is no program" {
	printf '\177ELF garbage' >slirp4netns
	chmod +x slirp4netns
	there=(-b slirp4netns /usr/bin/slirp4netns)
	no_run
	assert_refused 'run /usr/bin/slirp4netns'
}

@test "pasta that fails" {
	options=(--network=pasta)
	fake pasta 'echo "no such thing" >&2; exit 1'
	no_run
	assert_refused 'pasta ended with status 1 before it was ready, and said: no such thing'
}

@test "the helper of rules that fails or is missing" {
	mkdir -p copy/build/libexec
	cp "$SANDBOX" copy/build/sandbox
	options=(--allow-net=ok.test)
	SANDBOX=$scratch/copy/build/sandbox no_run
	assert_refused 'egress'
	printf '#!/bin/sh\necho no nftables here >&2\nexit 4\n' >copy/build/libexec/egress
	chmod +x copy/build/libexec/egress
	SANDBOX=$scratch/copy/build/sandbox no_run
	assert_refused 'egress ended with status 4 before it was ready, and said: no nftables here'
}

@test "a helper that never gets ready: Ctrl-C and SIGTERM end it at once" {
	local how number
	fake slirp4netns 'exec sleep 100'
	for how in INT:130 TERM:143 HUP:129; do
		number=${how#*:}
		"$PROJECT/tests/run/lab" enter "$LAB" "${there[@]}" env --default-signal=INT "$SANDBOX" --userns=single "${options[@]}" / echo ran >out 2>&1 3>&- &
		local pid=$!
		eventually pgrep -P $pid -x sleep >/dev/null
		kill "-${how%:*}" $pid
		status=0
		wait $pid || status=$?
		assert_status "$number"
		assert_equal "$(cat out)" ''
		eventually -t 2 no_new_processes
	done
}

@test "a helper that is slow to get ready: other signals wait for the command" {
	local pid
	fake slirp4netns 'sleep 1; echo 1 >&$ready; exec sleep 100'
	"$PROJECT/tests/run/lab" enter "$LAB" "${there[@]}" "$SANDBOX" --userns=single "${options[@]}" / sh -c 'echo ran' >out 2>&1 3>&- &
	pid=$!
	eventually pgrep -P $pid -x slirp4netns >/dev/null
	kill -WINCH $pid
	wait $pid
	assert_equal "$(cat out)" ran
}

@test "a helper that never gets ready is given up" {
	[ "${ATTACK-}" = long ] || skip 'slow: FAULTS=long make faults'
	fake slirp4netns 'exec sleep 100'
	no_run
	assert_refused 'slirp4netns was not ready after 20 seconds'
}

@test "slirp4netns dies while the command runs: the command goes on, and the end says so" {
	fake slirp4netns 'echo 1 >&$ready; exec sleep 0.2'
	sandbox "${options[@]}" / sh -c 'sleep 1; echo still here; exit 5'
	assert_status 5
	assert_output 'still here'
	assert_stderr_has '^sandbox: slirp4netns ended with status 0 while the command ran: from then on the network was gone$'
}

# The guards are routes of the first tap, and went with it: nothing would keep the command from the host's addresses.
@test "slirp4netns that makes a second network once the first is guarded: the command does not run" {
	mkdir bin
	cp /usr/bin/slirp4netns bin/slirp4netns
	# shellcheck disable=SC2016
	fake slirp4netns 'words=()
		for word; do
			case $word in --ready-fd=*) word=--ready-fd=9 ;; tap0) pid=$last ;; esac
			words+=("$word")
			last=$word
		done
		exec 9>first
		"$PWD/bin/slirp4netns" "${words[@]}" &
		until [ -s first ] && grep -q 169.254.0.0 "/proc/$pid/net/fib_trie"; do kill -0 $pid || exit 1; sleep 0.01; done
		kill $!
		wait $!
		exec "$PWD/bin/slirp4netns" "$@"'
	no_run
	assert_refused 'the network was made anew when it was guarded already'
	[ -s first ]
	eventually -t 2 no_new_processes
}

@test "no /dev/net/tun that can be opened" {
	: >tun
	chmod 0 tun
	there=(-b tun /dev/net/tun)
	no_run
	assert_refused '/dev/net/tun cannot be opened by you' 'chmod 0666 /dev/net/tun'
	chmod 0666 tun
	no_run
	assert_refused 'slirp4netns ended with status'
	mkdir empty
	there=(-b empty /dev/net)
	no_run
	assert_refused 'there is no /dev/net/tun here' 'modprobe tun'
	options=(--network=pasta)
	no_run
	assert_refused 'pasta ended with status' 'modprobe tun'
}

@test "the network's own ids cannot be mapped" {
	range_sandbox --uidmap="5:$(id -u):1" --gidmap="5:$(id -g):1" --user=5:5 --network=slirp4netns / echo ran
	assert_refused 'uid 0 and gid 0' 'network=pasta'
}

@test "--as-pid-1 with capabilities, or with one id that is not 0" {
	options=(--network=slirp4netns --as-pid-1 --cap-add=NET_ADMIN)
	no_run
	assert_refused '--as-pid-1 \(command line\) cannot be had together with a network'
}

@test "a limit of namespaces that allows for no network" {
	run --separate-stderr -- unshare --map-root-user sh -c 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$0" --userns=single --network=slirp4netns / echo ran' "$SANDBOX"
	assert_status 125
	assert_output ''
}
