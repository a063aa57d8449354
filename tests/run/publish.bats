# Published ports and services of the host, through the program; the relay's own tests are in relay.bats.
load ../lib
load lab

setup() {
	lib_setup
	resolv_conf 'nameserver 192.168.77.1'
	there=()
	options=()
}

# What a failed case leaves running would hold the runner's output open.
teardown() {
	[ -z "${inside-}" ] || kill -KILL "$inside" 2>/dev/null || :
	lib_teardown
}

# serve ARG...: lab-server inside, with the words of `options`, until the test's end; $inside is the sandbox.
serve() {
	rm -f "$scratch/up"
	"$PROJECT/tests/run/lab" enter "$LAB" "${there[@]}" "$SANDBOX" --userns=single "${options[@]}" --ro-bind "$PROJECT/tests/run/lab-server:/run/server" / \
		/run/server "$@" >"$scratch/up" 2>"$scratch/said" 3>&- &
	inside=$!
	eventually test -s "$scratch/up" || fail "$(cat "$scratch/said")"
}

stop() {
	kill -TERM "$inside"
	wait "$inside" 2>/dev/null || :
}

# outside WORD...: lab-client on the machine that the sandbox runs on.
outside() { run --separate-stderr -- in_lab "$PROJECT/tests/run/lab-client" "$@"; }

listening() { in_lab ss -Hltun | awk '{ print $1, $5 }' | sort; }

all_published() {
	options=("$1" -p 8080:80 -p 5353:53/udp -p 8100-8102:100-102 -p '[::1]:9000:80' -p 192.168.77.2:9001:80)
	serve 127.0.0.1:80/tcp 127.0.0.1:53/udp 127.0.0.1:102/tcp
	outside tcp 127.0.0.1 8080 / udp 127.0.0.1 5353 / tcp 127.0.0.1 8102 / tcp ::1 9000 / tcp 192.168.77.2 9001 \
		/ tcp 192.168.77.2 8080 / tcp ::1 8080 / tcp 127.0.0.1 9000 / tcp 127.0.0.1 9001
	assert_output "$(printf '%s\n' 'hello 127.0.0.1 80' 'hello 127.0.0.1 53 x' 'hello 127.0.0.1 102' 'hello 127.0.0.1 80' 'hello 127.0.0.1 80' \
		ECONNREFUSED ECONNREFUSED ECONNREFUSED ECONNREFUSED)"
	assert_equal "$(listening)" "$(printf '%s\n' 'tcp 127.0.0.1:8080' 'tcp 127.0.0.1:8100' 'tcp 127.0.0.1:8101' 'tcp 127.0.0.1:8102' \
		'tcp 192.168.77.2:9001' 'tcp [::1]:9000' 'udp 127.0.0.1:5353')"
	stop
	assert_equal "$(listening)" ''
}
@test "published ports, with no network, slirp4netns, pasta and rules" {
	local how
	for how in --network=none --network=slirp4netns --network=pasta --allow-net=ok.test; do
		echo "with $how:"
		all_published "$how"
	done
}

# case: a published port from another address
@test "from another machine only where the address is one that it reaches" {
	options=(-p 8080:80 -p 192.168.77.2:8081:80 -p 0.0.0.0:8082:80)
	serve 127.0.0.1:80/tcp
	run --separate-stderr -- nsenter --preserve-credentials -U -n -t "$LAB_WORLD" "$PROJECT/tests/run/lab-client" tcp 192.168.77.2 8080 / tcp 192.168.77.2 8081 / tcp 192.168.77.2 8082
	assert_output $'ECONNREFUSED\nhello 127.0.0.1 80\nhello 127.0.0.1 80'
	stop
}

@test "a port that is taken, privileged, or at an address that is not here" {
	serve_in_lab 127.0.0.1:8080/tcp 127.0.0.1:8080/udp
	sandbox -p 8080:80 / echo ran
	assert_refused 'publish port 8080: listen on 127.0.0.1:8080 \(tcp\): Address (already )?in use' 'ss -lnp' '-p 9080:80'
	sandbox -p 8080:80/udp / echo ran
	assert_refused 'Address (already )?in use'
	sandbox -p 8079-8081:79-81 / echo ran
	assert_refused '127.0.0.1:8080 \(tcp\)'
	stop_server
	sandbox -p 80:80 / echo ran
	assert_refused 'listen on 127.0.0.1:80 \(tcp\): Permission denied' 'ip_unprivileged_port_start=80'
	sandbox -p 192.0.2.99:8080:80 / echo ran
	assert_refused 'no such address'
	sandbox -p 8080:80 -p 8080:81 / echo ran
	assert_refused 'Address (already )?in use'
	assert_equal "$(listening)" ''
}

@test "a port is free again as soon as the sandbox has ended, and is not the payload's to keep" {
	local i
	for i in 1 2 3 4 5; do
		options=(-p 8080:80)
		serve 127.0.0.1:80/tcp
		outside tcp 127.0.0.1 8080
		assert_output 'hello 127.0.0.1 80'
		stop
	done
	sandbox -p 8080:80 / sh -c 'ls -l /proc/self/fd | grep -c socket'
	assert_output 0
}

@test "two hundred connections at once through a published port" {
	options=(--network=slirp4netns -p 8080:80)
	serve 127.0.0.1:80/tcp
	outside many 200 127.0.0.1 8080
	assert_output 200
	stop
}

# --- services of the host ------------------------------------------------------------------------

host_port() {
	options=("$1" --allow-host-port=5432 --allow-host-port=53/udp)
	client tcp 127.0.0.1 5432 / tcp ::1 5432 / udp 127.0.0.1 53 / tcp 127.0.0.1 5433 / udp 127.0.0.1 5432 / tcp 127.0.0.1 53
	assert_output "$(printf '%s\n' 'hello 127.0.0.1 5432' 'hello 127.0.0.1 5432' 'hello 127.0.0.1 53 x' ECONNREFUSED ECONNREFUSED ECONNREFUSED)"
}
@test "one port of the host's loopback and no other" {
	local how
	serve_in_lab 127.0.0.1:5432/tcp 127.0.0.1:5432/udp 127.0.0.1:5433/tcp 127.0.0.1:53/udp 127.0.0.1:53/tcp
	for how in --network=none --network=slirp4netns --network=pasta --allow-net=ok.test:443; do
		echo "with $how:"
		host_port "$how"
	done
	stop_server
}

@test "a service of the host that is not there, or comes later" {
	options=(--allow-host-port=5432)
	client tcp 127.0.0.1 5432
	assert_output_has 'ECONNRE|^$'
	serve_in_lab 127.0.0.1:5432/tcp
	expect 'hello 127.0.0.1 5432' tcp 127.0.0.1 5432
	stop_server
}

@test "git clone from a server on the host's loopback" {
	require_program git
	git init -q -b main repository
	git -C repository -c user.name=a -c user.email=a@b commit -q --allow-empty -m first
	git clone -q --bare repository served.git
	git -C served.git update-server-info
	"$PROJECT/tests/run/lab" enter "$LAB" python3 -m http.server -b 127.0.0.1 -d "$scratch" 8000 >/dev/null 2>&1 3>&- &
	local pid=$!
	eventually in_lab busybox wget -qO /dev/null http://127.0.0.1:8000/ 2>/dev/null
	sandbox --allow-host-port=8000 --network=none / sh -c 'cd /tmp && git clone -q http://127.0.0.1:8000/served.git && git -C served log --format=%s'
	assert_output first
	kill $pid
	wait $pid || :
}

@test "the relay is missing, fails, or dies while the command runs" {
	mkdir -p copy/build/libexec
	cp "$SANDBOX" copy/build/sandbox
	SANDBOX=$scratch/copy/build/sandbox sandbox -p 8080:80 / echo ran
	assert_refused 'relay'
	printf '#!/bin/sh\necho no luck >&2\nexit 4\n' >copy/build/libexec/relay
	chmod +x copy/build/libexec/relay
	SANDBOX=$scratch/copy/build/sandbox sandbox -p 8080:80 / echo ran
	assert_refused 'the relay of published ports ended with status 4 before it was ready, and said: no luck'
	SANDBOX=$scratch/copy/build/sandbox sandbox --allow-host-port=80 / echo ran
	assert_refused "the relay of the host's ports ended with status 4"
	options=(-p 8080:80)
	serve 127.0.0.1:80/tcp
	local relay
	relay=$(pgrep -P "$inside" -x relay)
	kill -KILL "$relay"
	eventually grep -q '^State:.Z' "/proc/$relay/status"
	kill -TERM "$inside"
	wait "$inside" || :
	stderr=$(cat said)
	assert_stderr_has 'the relay of published ports was killed by signal 9 while the command ran: from then on the published ports were closed'
	assert_equal "$(listening)" ''
}

@test "kills of the relay and of the supervisor: nothing listens, nothing is left" {
	local who i
	for who in relay supervisor; do
		for i in 1 2 3 4; do
			"$PROJECT/tests/run/lab" enter "$LAB" "$SANDBOX" --userns=single -p 8080:80 --allow-host-port=81 / sleep 20 >/dev/null 2>&1 3>&- &
			inside=$!
			eventually grep -qsx sandbox "/proc/$inside/comm"
			sleep "0.0$((RANDOM % 60 + 10))"
			[ $who = supervisor ] || kill -KILL "$(pgrep -P "$inside" -x relay | head -n 1)" 2>/dev/null || :
			kill -KILL "$inside"
			wait "$inside" 2>/dev/null || :
			eventually -t 2 no_new_processes
			assert_equal "$(listening)" ''
		done
	done
}
