# lab.bash: for test files that need a network with an outside: a machine of our own, by tests/run/lab. After
# `load lab` (from tests/run) or `load ../run/lab`, and with setup_file and teardown_file left alone, a test has
#   in_lab [-c] [-b FILE TARGET] COMMAND...   run on that machine, as the user that the test is; -c: with a few
#                             capabilities; -b: with FILE in the place of TARGET
#   sandbox ARG...            the program under test there, with --userns=single before ARG (no set-user-id
#                             program works there) and the words of the array `there` before the program;
#                             range_sandbox ARG...: with many ids
#   client WORD...            lab-client inside, with the words of the array `options`
#   $lab                      its directory: packets, questions
# shellcheck shell=bash

setup_file() { lab_start; }
teardown_file() { lab_stop; }

lab_start() {
	command -v dnsmasq >/dev/null || [ -x /usr/sbin/dnsmasq ] || fail 'dnsmasq is missing: apt-get install dnsmasq-base'
	export lab=$BATS_FILE_TMPDIR/lab
	mkdir "$lab"
	mkfifo "$lab/alive"
	"$PROJECT/tests/run/lab" start "$lab" <"$lab/alive" >"$lab/pids" 2>"$lab/errors" 3>&- &
	lab_process=$!
	exec {lab_alive}>"$lab/alive" # it ends when we do
	eventually test -s "$lab/pids" || fail "the lab did not start: $(cat "$lab/errors")"
	read -r LAB LAB_WORLD <"$lab/pids"
	export LAB LAB_WORLD
}

lab_stop() {
	[ -z "${lab_alive-}" ] || exec {lab_alive}>&-
	wait "${lab_process-}" || :
}

in_lab() { "$PROJECT/tests/run/lab" enter "$LAB" "$@"; }
sandbox() { run --separate-stderr -- in_lab "${there[@]}" "$SANDBOX" --userns=single "$@"; }
range_sandbox() { run --separate-stderr -- in_lab -c "$SANDBOX" "$@"; }
client() { sandbox "${options[@]}" --ro-bind "$PROJECT/tests/run/lab-client:/run/client" / /run/client "$@"; }

# expect OUTPUT WORD...: what one attempt of the client comes to.
expect() {
	client "${@:2}"
	assert_output "$1"
}

# resolv_conf TEXT: of that machine.
resolv_conf() { in_lab sh -c 'rm -f /etc/resolv.conf; printf "%s\n" "$1" >/etc/resolv.conf' - "$1"; }

# serve_in_lab ARG...: `lab-server ARG` on that machine until the end of the test; $server is its pid.
serve_in_lab() {
	"$PROJECT/tests/run/lab" enter "$LAB" -c "$PROJECT/tests/run/lab-server" "$@" >"$scratch/serving" 3>&- &
	server=$!
	eventually test -s "$scratch/serving"
}

stop_server() {
	kill "$server"
	wait "$server" 2>/dev/null || :
}

# no_packets PATTERN: nothing like it has left that machine.
no_packets() { ! grep -E "$1" "$lab/packets" || fail "packets to $1"; }
