# The egress gateway, build/libexec/egress, by itself: who is in its network namespace reaches what the policy
# says and nothing else. tests/run/egress-lab plays the world; its zone says which names there are.
load ../lib

PATH+=:/usr/sbin:/sbin
EGRESS=${EGRESS:-$(dirname "$SANDBOX")/libexec/egress}
here=$PROJECT/tests/run

setup() {
	lib_setup
	[ -x "$EGRESS" ] || fail "$EGRESS is not there: run make"
	require 'user and network namespaces' unshare -Urn true
	coproc LAB { exec "$here/egress-lab" "$EGRESS" "$scratch" 2>"$scratch/lab-errors"; }
	# shellcheck disable=SC2153 # coproc NAME sets NAME_PID
	lab_pid=$LAB_PID
	answer || fail "the lab: $(cat "$scratch/lab-errors")"
	read -r net world <<<"$reply"
}

teardown() {
	[ -z "${lab_pid-}" ] || { ask quit || kill "$lab_pid" || :; } 2>/dev/null
	[ -z "${lab_pid-}" ] || wait "$lab_pid" || :
	lib_teardown
}

# answer: what the lab has to say, into $reply.
answer() {
	local line
	reply=''
	while read -r -t 30 line <&"${LAB[0]}"; do
		[ "$line" != . ] || return 0
		reply+=${reply:+$'\n'}$line
	done
	return 1
}
ask() { echo "$*" >&"${LAB[1]}" && { [ "$1" = quit ] || answer; }; }

# policy LINE...: start the helper with these, behind what every policy here has.
policy() {
	printf '%s\n' 'mark 0x5b0c' 'upstream 10.0.2.3' 'never 10.0.2.0/24' 'never 169.254.0.0/16' "$@" >"$scratch/config"
	ask start "$scratch/config"
	[[ $reply == ready* ]] || fail "the helper: $reply"
	helper=${reply##* }
}

# inside COMMAND...: as root without any capability, in the helper's network namespace.
inside() {
	nsenter -U -n --preserve-credentials -t "$net" \
		setpriv --bounding-set=-all --inh-caps=-all --no-new-privs -- "$@"
}
client() { run --separate-stderr -- inside "$here/egress-client" "$@"; }

# expect OUTPUT CLIENT-WORD...
expect() {
	local wanted=$1
	shift
	client "$@"
	assert_output "$wanted"
}

# packets PATTERN: nothing of this kind has left (PROTOCOL SOURCE DESTINATION PORT).
assert_no_packets() { ! grep -E "$1" "$scratch/packets" || fail "these packets got out"; }

# --- names ---------------------------------------------------------------------------------------

@test "an allowed name is reached on its port, and on no other" {
	policy 'allow ok.test 80'
	expect ECONNREFUSED tcp 203.0.113.1 80
	expect 'NOERROR 203.0.113.1' dns ok.test
	expect 'hello 203.0.113.1 80' tcp 203.0.113.1 80
	expect 'ECONNREFUSED' tcp 203.0.113.1 81
	expect 'EPERM' udp 203.0.113.1 443
	expect 'ECONNREFUSED' tcp 203.0.113.2 80
	assert_no_packets '203.0.113.1 81|203.0.113.1 443|203.0.113.2'
}

@test "other names do not exist, and nobody outside hears of them" {
	policy 'allow ok.test 80'
	expect NXDOMAIN dns other.test
	expect NXDOMAIN dns www.ok.test
	expect NXDOMAIN dns secret.ok.test AAAA
	expect NXDOMAIN dns test
	expect NXDOMAIN dns other.test TXT
	expect NXDOMAIN dns xok.test
	expect NXDOMAIN dns ok.test.test
	expect NXDOMAIN dns ''
	ask count
	assert_equal "$reply" 0
}

@test "a name is compared without case and trailing dot, and comes back as it was asked" {
	policy 'allow OK.Test. 80'
	expect 'NOERROR 203.0.113.1' dns oK.TeST
	assert_equal "$(cat "$scratch/questions")" 'ok.test A 25'
}

# case: names not allowed, tunnels, other resolvers
@test "names with bytes that are no host name's are refused" {
	policy 'allow ok.test 80' 'allow *.ok.test 80'
	# One label, that holds a dot, a NUL, a blank or a byte of UTF-8.
	expect NXDOMAIN dns 'a\\x2eok.test'
	expect NXDOMAIN dns 'a\x00.ok.test'
	expect NXDOMAIN dns 'a\x20b.ok.test'
	expect NXDOMAIN dns '\xc3\xa4.ok.test'
	ask count
	assert_equal "$reply" 0
}

@test "*.NAME is every name below, at any depth, and not NAME" {
	policy 'allow *.ok.test 80'
	expect 'NOERROR 203.0.113.2' dns www.ok.test
	expect 'NOERROR 203.0.113.3' dns a.b.ok.test
	expect NXDOMAIN dns ok.test
	expect 'hello 203.0.113.3 80' tcp 203.0.113.3 80
}

@test "record types other than A and AAAA have no data and are not passed on" {
	policy 'allow ok.test 80'
	expect NOERROR dns ok.test TXT
	expect NOERROR dns ok.test HTTPS
	expect NOERROR dns ok.test ANY
	expect NOERROR dns ok.test NS
	ask count
	assert_equal "$reply" 0
}

@test "a question is written anew: nothing of the client's message goes out but name and type" {
	policy 'allow ok.test 80'
	expect 'NOERROR 203.0.113.1' dns ok.test edns
	assert_equal "$(cat "$scratch/questions")" 'ok.test A 25'
}

@test "what does not exist outside does not exist inside, and no data is no data" {
	policy 'allow missing.test 80' 'allow www.ok.test 80'
	expect NXDOMAIN dns missing.test
	expect NOERROR dns www.ok.test AAAA
}

@test "the name server answers over TCP as well, several clients at a time" {
	policy 'allow ok.test 80'
	expect 'NOERROR 203.0.113.1' dns ok.test tcp
	expect NXDOMAIN dns other.test tcp
	# Those that connect and say nothing do not keep others from it.
	inside timeout 20 bash -c 'for i in $(seq 20); do exec {fd}<>/dev/tcp/127.0.0.53/53; done; echo >up; read -r -t 15 <&$fd' &
	eventually [ -e up ]
	expect 'NOERROR 203.0.113.1' dns ok.test tcp
	kill $! && wait $! || :
}

# --- aliases -------------------------------------------------------------------------------------

@test "an alias of an allowed name is followed where its target is allowed too" {
	policy 'allow alias.test 80' 'allow ok.test 443'
	expect 'NOERROR 203.0.113.1' dns alias.test
	expect 'hello 203.0.113.1 80' tcp 203.0.113.1 80
	# The rule of the name that was asked for counts.
	expect ECONNREFUSED tcp 203.0.113.1 443
}

# case: CNAME to a name not allowed
@test "an alias that leads to another name is refused, and reported with that name" {
	policy 'allow second.test 8080' 'allow alias.test 80'
	expect NXDOMAIN dns second.test
	expect NXDOMAIN dns alias.test
	expect ECONNREFUSED tcp 203.0.113.1 80
	ask report
	assert_equal "$(grep alias "$scratch/report")" $'1\talias\tok.test\t\t\talias.test\n1\talias\tok.test\t\t\tsecond.test'
	grep -F -- $'--allow-net=ok.test:8080\tok.test (alias that stands behind second.test, once)' <<<"$reply"
}

@test "with aliases they are followed, but not to a name that is denied, and not in circles" {
	policy 'allow second.test 80' 'allow loop.test 80' aliases
	expect 'NOERROR 203.0.113.1' dns second.test
	expect 'hello 203.0.113.1 80' tcp 203.0.113.1 80
	expect SERVFAIL dns loop.test
	ask close
	policy 'allow second.test 80' aliases 'deny ok.test'
	expect NXDOMAIN dns second.test
}

# --- rebinding -----------------------------------------------------------------------------------

# case: rebinding
@test "addresses of private networks and of nobody are left out of answers" {
	policy 'allow private.test 80' 'allow metadata.test 80' 'allow gateway.test 80'
	expect 'NOERROR 203.0.113.4' dns private.test
	expect NOERROR dns private.test AAAA
	expect NOERROR dns metadata.test
	expect NOERROR dns gateway.test
	ask report
	assert_equal "$(grep -c rebinding "$scratch/report")" 6
	grep -F $'1\trebinding\t169.254.169.254\t\t\tmetadata.test' "$scratch/report"
}

@test "an address rule for a private address lets a name point there" {
	policy 'allow private.test 80' 'allow 192.168.0.0/16 80' 'allow gateway.test 80' 'allow 10.0.2.2 80'
	expect 'NOERROR 192.168.1.1 203.0.113.4' dns private.test
	expect 'hello 192.168.1.1 80' tcp 192.168.1.1 80
	expect 'NOERROR 10.0.2.2' dns gateway.test
	expect 'hello 10.0.2.2 80' tcp 10.0.2.2 80
}

# --- addresses -----------------------------------------------------------------------------------

@test "addresses and ranges with their ports; never wins over ranges, not over an address" {
	policy 'allow 198.51.100.0/24 tcp 80-81' 'allow 10.0.0.0/8 80' 'allow 10.0.2.9 80' 'allow 192.0.2.7'
	expect 'hello 198.51.100.9 80' tcp 198.51.100.9 80
	expect 'hello 198.51.100.9 81' tcp 198.51.100.9 81
	expect ECONNREFUSED tcp 198.51.100.9 443
	expect EPERM udp 198.51.100.9 443
	expect 'hello 10.9.9.9 80' tcp 10.9.9.9 80
	expect ECONNREFUSED tcp 10.0.2.2 80
	expect 'hello 10.0.2.9 80' tcp 10.0.2.9 80
	expect ECONNREFUSED tcp 10.0.2.9 81
	expect 'hello there' udp 192.0.2.7 443
	expect 'hello 192.0.2.7 25' tcp 192.0.2.7 25
}

@test "UDP is allowed by saying so" {
	policy 'allow ok.test udp 443' 'allow other.test udp'
	expect 'NOERROR 203.0.113.1' dns ok.test
	expect 'NOERROR 203.0.113.9' dns other.test
	expect 'hello there' udp 203.0.113.1 443
	expect EPERM udp 203.0.113.1 123
	expect ECONNREFUSED tcp 203.0.113.1 443
	expect 'hello there' udp 203.0.113.9 123
}

@test "IPv6, by name and by range" {
	policy 'allow ok.test 80' 'allow six.test udp 443' 'allow 2001:db8:7::/48 443'
	expect EPERM udp 2001:db8:1::6 443
	expect 'NOERROR 2001:db8:1::1' dns ok.test AAAA
	expect 'hello 2001:db8:1::1 80' tcp 2001:db8:1::1 80
	expect ECONNREFUSED tcp 2001:db8:1::1 81
	expect 'NOERROR 2001:db8:1::6' dns six.test AAAA
	expect 'hello there' udp 2001:db8:1::6 443
	expect 'hello 2001:db8:7::5 443' tcp 2001:db8:7::5 443
	expect ECONNREFUSED tcp 2001:db8:8::5 443
	assert_no_packets '2001:db8:8::5|2001:db8:1::1 81'
}

@test "what is refused is refused at once" {
	policy 'allow ok.test 80'
	for try in 'tcp 198.51.100.1 80' 'tcp 2001:db8:8::1 80' 'udp 198.51.100.1 443' 'dns other.test' 'dns ok.test @10.0.2.3'; do
		# shellcheck disable=SC2086
		client $try
		assert_output_has '^(ECONNREFUSED|EPERM|NXDOMAIN)$'
	done
}

@test "no other name server is reached, by UDP or TCP, neither the upstream itself" {
	policy 'allow ok.test 80' 'allow 198.51.100.0/24 80'
	expect 'NOERROR 203.0.113.1' dns ok.test
	ask count
	before=$reply
	expect EPERM dns ok.test @10.0.2.3
	expect ECONNREFUSED dns ok.test tcp @10.0.2.3
	expect EPERM dns ok.test @198.51.100.8
	expect ECONNREFUSED dns ok.test tcp @8.8.8.8
	ask count
	assert_equal "$reply" "$before"
}

# --- deny ----------------------------------------------------------------------------------------

@test "deny wins: a name under an allowed *.NAME, an address in an allowed range" {
	policy 'allow *.ok.test 80' 'deny www.ok.test' 'deny *.b.ok.test' 'allow 198.51.100.0/24' 'deny 198.51.100.7' 'deny 198.51.100.8 tcp 81'
	expect NXDOMAIN dns www.ok.test
	expect NXDOMAIN dns a.b.ok.test
	expect ECONNREFUSED tcp 198.51.100.7 80
	expect 'hello 198.51.100.8 80' tcp 198.51.100.8 80
	expect ECONNREFUSED tcp 198.51.100.8 81
	ask count
	assert_equal "$reply" 0
}

@test "with deny alone, all else is allowed" {
	policy 'deny other.test' 'deny 198.51.100.0/24' 'deny ok.test 25'
	expect NXDOMAIN dns other.test
	expect 'NOERROR 203.0.113.2' dns www.ok.test
	expect 'hello 203.0.113.2 81' tcp 203.0.113.2 81
	expect 'hello there' udp 203.0.113.77 443
	expect ECONNREFUSED tcp 198.51.100.4 80
	expect ECONNREFUSED tcp 10.0.2.2 80
	expect 'NOERROR 203.0.113.1' dns ok.test
	expect 'hello 203.0.113.1 80' tcp 203.0.113.1 80
	expect ECONNREFUSED tcp 203.0.113.1 25
	expect NOERROR dns ok.test TXT
}

# --- many, and time ------------------------------------------------------------------------------

# case: a thousand addresses
@test "a reply of a thousand addresses: 32 are used" {
	policy 'allow many.test 80'
	expect 'NOERROR TC 0' dns many.test number || expect 'NOERROR TC 30' dns many.test number
	expect 'NOERROR 32' dns many.test number tcp
	expect 'NOERROR 32' dns many.test number edns
	expect 'hello 11.1.0.1 80' tcp 11.1.0.1 80
	expect ECONNREFUSED tcp 11.1.3.250 80
	ask report
	grep -E $'\tcut\taddresses\t\t\tmany.test' "$scratch/report"
}

@test "thousands of names: each is reached, and the first make room at last" {
	policy 'allow *.wide.test 80'
	run --separate-stderr -- inside python3 - "$here/egress-client" <<'PY'
import sys
sys.argv = ["x"]
source = open("/dev/stdin").read() if False else open(sys.orig_argv[-1]).read()
exec(source.replace("\nmain()\n", "\n"))
bad = [i for i in range(4200) if dns("n%d.wide.test" % i) != "NOERROR 11.2.%d.%d" % (i // 250, i % 250 + 1)]
print("bad", bad[:5])
print(tcp("11.2.16.200", 80))   # the last
print(attempt(["tcp", "11.2.0.1", "80"]))   # the first, pushed out
print(attempt(["tcp", "11.2.4.1", "80"]))
PY
	assert_output $'bad []\nhello 11.2.16.200 80\nECONNREFUSED\nhello 11.2.4.1 80'
}

@test "an address is forgotten after its time; a connection that is open goes on" {
	policy 'allow short.test 80' 'lease 1 3600 1'
	coproc TALK { inside python3 -u -c 'import socket, sys
s = socket.create_connection(("203.0.113.5", 80))
for line in sys.stdin:
    s.send(line.encode())
    print(s.recv(100).decode().strip())'; }
	# shellcheck disable=SC2153
	local talk_pid=$TALK_PID talk_in=${TALK[1]} talk_out=${TALK[0]}
	wait "$talk_pid" 2>/dev/null || : # refused: nobody has asked for the name yet
	expect 'NOERROR ttl=1 203.0.113.5' dns short.test ttl
	coproc TALK { inside python3 -u -c 'import socket, sys
s = socket.create_connection(("203.0.113.5", 80))
for line in sys.stdin:
    s.send(line.encode())
    print(s.recv(100).decode().strip())'; }
	talk_pid=$TALK_PID talk_in=${TALK[1]} talk_out=${TALK[0]}
	echo one >&"$talk_in"
	read -r -t 5 line <&"$talk_out"
	assert_equal "$line" 'hello 203.0.113.5 80'
	forgotten() { client tcp 203.0.113.5 80 && [ "$output" = ECONNREFUSED ]; }
	eventually forgotten
	echo two >&"$talk_in"
	read -r -t 5 line <&"$talk_out"
	assert_equal "$line" one
	expect 'NOERROR ttl=1 203.0.113.5' dns short.test ttl
	expect 'hello 203.0.113.5 80' tcp 203.0.113.5 80
	kill "$talk_pid"
	wait "$talk_pid" || :
}

@test "asking again keeps an address" {
	policy 'allow short.test 80' 'lease 4 3600 0'
	for i in 1 2 3; do
		expect 'NOERROR 203.0.113.5' dns short.test
		sleep 2 # half of its time
		expect 'hello 203.0.113.5 80' tcp 203.0.113.5 80
	done
}

# --- the upstream --------------------------------------------------------------------------------

@test "a name server that is silent, refuses or fails is passed over for the next" {
	printf '%s\n' 'mark 0x5b0c' 'upstream 10.0.2.67' 'upstream 10.0.2.66' 'upstream 10.0.2.3' 'allow ok.test 80' >"$scratch/config"
	ask start "$scratch/config"
	[[ $reply == ready* ]]
	expect 'NOERROR 203.0.113.1 slow' dns ok.test
}

@test "an upstream that does not answer, fails or talks nonsense: SERVFAIL, after five seconds at most" {
	policy 'allow drop.test 80' 'allow servfail.test 80' 'allow garbage.test 80'
	expect SERVFAIL dns servfail.test
	expect SERVFAIL dns garbage.test
	local start=$EPOCHSECONDS
	expect 'SERVFAIL slow' dns drop.test
	[ $((EPOCHSECONDS - start)) -le 6 ]
}

@test "replies with another id or question are not taken, nor records of other names" {
	policy 'allow wrongid.test 80' 'allow wrongname.test 80'
	expect 'NOERROR 203.0.113.6' dns wrongid.test
	expect 'NOERROR 203.0.113.6' dns wrongname.test
	expect ECONNREFUSED tcp 203.0.113.66 80
}

@test "hundreds of questions that wait: the filter goes on, and answers all" {
	policy 'allow drop.test 80' 'allow ok.test 80'
	run --separate-stderr -- inside python3 -c '
import os, select, socket, struct, time
q = b"\4drop\4test\0\0\1\0\1"
waiting = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for i in range(400)]
for s in waiting:
    s.connect(("127.0.0.53", 53))
answered = 0
while waiting:
    for s in waiting: # those too that were lost, as it happens to datagrams
        s.send(os.urandom(2) + struct.pack("!HHHHH", 256, 1, 0, 0, 0) + q)
    end = time.monotonic() + 6
    while waiting and time.monotonic() < end:
        for s in select.select(waiting, [], [], 0.1)[0]:
            answered += s.recv(600)[3] & 15 == 2
            waiting.remove(s)
print(answered)'
	assert_output 400
	expect 'NOERROR 203.0.113.1' dns ok.test
}

# --- ways around ---------------------------------------------------------------------------------

@test "the source port of one of the helper's questions is of no use to others" {
	policy 'allow ok.test 80'
	run --separate-stderr -- inside python3 -c '
import os, socket, struct
q = struct.pack("!HHHHH", 256, 1, 0, 0, 0) + b"\2ok\4test\0\0\1\0\1"
def ask(server, port=0):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("0.0.0.0", port))
    s.settimeout(1)
    try:
        s.sendto(os.urandom(2) + q, (server, 53))
        return s.recv(600)
    except OSError as e:
        return e
assert len(ask("127.0.0.53")) > 40
first, last = map(int, open("/proc/sys/net/ipv4/ip_local_port_range").read().split())
got = [p for p in range(first, last + 1) if isinstance(ask("10.0.2.3", p), bytes)]
print(got)'
	assert_output '[]'
	ask count
	assert_equal "$reply" 1
}

@test "an address that is not ours gives no way out: not by playing both ends of a connection" {
	policy 'allow six.test udp 5353' 'allow ok.test 80'
	expect 'NOERROR 2001:db8:1::6' dns six.test AAAA
	run --separate-stderr -- inside python3 - <<'PY'
import socket

FREEBIND, DEVICE = 78, 25
ours, far, allowed = "2001:db8::5", "2001:db8:66::1", "2001:db8:1::6"


def bound(address, port):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IPV6, FREEBIND, 1)
    s.bind((address, port))
    return s


def send(s, to):
    try:
        s.sendto(b"leak", to)
        return "sent"
    except OSError as e:
        return e.errno


# The far end asks, by way of lo; then the answer goes out to it.
a, b = bound(far, 5353), bound(ours, 7000)
send(a, (ours, 7000))
print("reply to the far end:", send(b, (far, 5353)))
# A made-up source asks an allowed one; then the allowed one, played by us, answers.
a, b = bound("2001:db8:67::1", 7001), bound(allowed, 5353)
send(a, (allowed, 5353))
print("answer of the allowed end:", send(b, ("2001:db8:67::1", 7001)))
# Out of lo, then by the ordinary way.
a = bound(ours, 7002)
a.setsockopt(socket.SOL_SOCKET, DEVICE, b"lo")
send(a, (far, 5353))
a.close()
print("by lo first:", send(bound(ours, 7002), (far, 5353)))
PY
	assert_output_lacks ': sent'
	assert_no_packets '2001:db8:6[67]::1'
}

@test "a route of the sender's own does not hide where a packet goes" {
	policy 'allow 198.51.100.1' 'allow 2001:db8:1::1'
	run --separate-stderr -- inside python3 - <<'PY'
import errno
import socket


def attempt(s, level, option, value, to):
    try:
        s.setsockopt(level, option, value)
    except OSError:
        return "the kernel refuses it"
    try:
        s.sendto(b"leak", to)
        return "sent"
    except OSError as e:
        return errno.errorcode[e.errno]


def v4():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


via = socket.inet_aton("198.51.100.1")
# Newer kernels ask for a capability for the first, not for the second (record route).
print("loose route:", attempt(v4(), 0, 4, bytes([131, 7, 4]) + via + b"\0", ("198.51.100.66", 443)))
print("any option:", attempt(v4(), 0, 4, bytes([7, 7, 4, 0, 0, 0, 0, 0]), ("198.51.100.1", 443)))
# Segment routing (RFC 8754): the first segment is where it goes first.
segments = [socket.inet_pton(socket.AF_INET6, a) for a in ("2001:db8:66::1", "2001:db8:1::1")]
header = bytes([0, 4, 4, 1, 1, 0, 0, 0]) + b"".join(segments)
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
print("segments:", attempt(s, 41, 57, header, ("2001:db8:66::1", 443)))
PY
	assert_success
	assert_output_lacks ': sent'
	assert_output_has '^any option: EPERM$'
	assert_no_packets '^17 .* (198.51.100|2001:db8:1:|2001:db8:66:)'
}

@test "without a capability the mark, the rules and raw packets are out of reach" {
	policy 'allow ok.test 80'
	run --separate-stderr -- inside python3 -c '
import socket
def attempt(run):
    try:
        run()
        print("done")
    except OSError as e:
        print(e.errno)
attempt(lambda: socket.socket().setsockopt(socket.SOL_SOCKET, 36, 0x5b0c))
attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 17))
attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3))
attempt(lambda: socket.socket().bind(("127.0.0.54", 53)))'
	assert_output $'1\n1\n1\n13'
}

@test "nobody from outside comes in, but to a published port" {
	policy 'allow ok.test 80' 'publish 7000' 'publish udp 7001'
	coproc SERVER { inside python3 -u -c 'import socket
a, b = socket.socket(), socket.socket()
a.bind(("", 7000)), b.bind(("", 7002))
a.listen(), b.listen()
print("up")
a.accept()[0].send(b"inside\n")
input()'; }
	# shellcheck disable=SC2153
	local server_pid=$SERVER_PID server_in=${SERVER[1]}
	read -r -t 5 <&"${SERVER[0]}"
	run nsenter -U -n --preserve-credentials -t "$world" python3 -c 'import socket
print(socket.create_connection(("10.0.2.100", 7000), 3).recv(99).decode().strip())
try:
    socket.create_connection(("10.0.2.100", 7002), 0.5)
    print("in")
except OSError as e:
    print("out")'
	assert_output $'inside\nout'
	echo >&"$server_in"
	wait "$server_pid"
}

@test "without connection tracking packets are judged one by one, to the same end" {
	policy 'allow ok.test 80' 'allow 198.51.100.0/24 udp 443' 'allow 2001:db8:6::/48 80' stateless
	ask count
	[[ $reply == 0 ]]
	expect 'NOERROR 203.0.113.1' dns ok.test
	expect 'NOERROR 203.0.113.1' dns ok.test tcp
	expect 'hello 203.0.113.1 80' tcp 203.0.113.1 80
	expect ECONNREFUSED tcp 203.0.113.1 81
	expect ECONNREFUSED tcp 2001:db8:8::1 80
	expect 'hello 2001:db8:6::1 80' tcp 2001:db8:6::1 80
	expect 'hello there' udp 198.51.100.1 443
	expect EPERM udp 198.51.100.1 123
	expect EPERM dns ok.test @10.0.2.3
	ask close
	printf '%s\n' 'mark 0x1' 'allow 192.0.2.1' stateless 'publish 80' >"$scratch/config"
	ask start "$scratch/config"
	[[ $reply == 'error ports cannot be published without connection tracking'* ]]
}

# --- life and death ------------------------------------------------------------------------------

@test "the helper gives up what it does not need" {
	policy 'allow ok.test 80'
	run --separate-stderr -- grep -E '^(CapEff|CapPrm|CapInh|CapAmb|NoNewPrivs|Seccomp):' "/proc/$helper/status"
	assert_output $'CapInh:\t0000000000000000\nCapPrm:\t0000000000001000\nCapEff:\t0000000000001000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2'
	# Not dumpable: what it has open and where its root is, is nobody's business.
	run ls "/proc/$helper/fd"
	[ "$status" != 0 ]
	expect 'NOERROR 203.0.113.1' dns ok.test
}

@test "a helper that nobody asks anything never wakes" {
	policy 'allow ok.test 80'
	switches() { awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$helper/status"; }
	asleep() { grep -q '^State:.S' "/proc/$helper/status"; }
	eventually asleep
	before=$(switches)
	sleep 2 # nothing is waited for: this is how long it is watched
	assert_equal "$(switches)" "$before"
}

@test "killed: the rules stay, and no name is answered" {
	policy 'allow ok.test 80'
	expect 'NOERROR 203.0.113.1' dns ok.test
	ask kill
	expect 'hello 203.0.113.1 80' tcp 203.0.113.1 80
	expect ECONNREFUSED tcp 203.0.113.2 80
	expect ECONNREFUSED dns ok.test
	expect ECONNREFUSED dns ok.test tcp
	expect EPERM dns ok.test @10.0.2.3
}

@test "when the supervisor is gone the helper ends, with the log written" {
	policy 'allow ok.test 80'
	expect NXDOMAIN dns other.test
	ask close
	assert_equal "$reply" 'status 0'
	assert_equal "$(cat "$scratch/report")" $'#count\tkind\twhat\tport\tproto\tname\n1\tname\tother.test\t\t\t'
}

@test "a log that nobody reads does not keep the helper" {
	printf '%s\n' 'mark 0x5b0c' 'allow 192.0.2.1' >"$scratch/config"
	ask start "stuck $scratch/config"
	[[ $reply == ready* ]]
	ask close
	assert_equal "$reply" 'status -14' # SIGALRM
}

@test "when the rules are not what the helper believes, it says so and ends, and no name is answered" {
	require_program nft
	policy 'allow ok.test 80'
	nsenter -U -n --preserve-credentials -t "$net" nft 'flush ruleset'
	expect timeout dns ok.test brief
	expect ECONNREFUSED dns ok.test
	ask message
	[[ $reply == 'error cannot change the packet rules: '* ]] || fail "$reply"
}

@test "another helper can follow: its rules take the place of the old ones at once" {
	policy 'allow ok.test 80'
	ask kill
	policy 'allow www.ok.test 81'
	expect 'NOERROR 203.0.113.2' dns www.ok.test
	expect 'hello 203.0.113.2 81' tcp 203.0.113.2 81
	expect NXDOMAIN dns ok.test
}

@test "the report: what was refused, how often, by which name, and what would allow it" {
	policy 'allow ok.test 80' 'search corp.test'
	# As a resolver does: both families, then the search list.
	client dns pypi.test A / dns pypi.test AAAA / dns pypi.test.corp.test A / dns pypi.test.corp.test AAAA
	client dns pypi.test A / dns pypi.test AAAA / dns pypi.test.corp.test A / dns pypi.test.corp.test AAAA
	client dns ok.test.corp.test A / dns ok.test HTTPS
	client dns ok.test A / tcp 203.0.113.1 25 / tcp 203.0.113.1 25 / tcp 203.0.113.1 25 / udp 198.51.100.1 443
	client tcp 2001:db8:9::1 443
	ask report
	assert_equal "$reply" "$(printf '%s\n' 'refused 4' \
		$'--allow-net=ok.test:25\t203.0.113.1:25 (tcp, ok.test, 3 times)' \
		$'--allow-net=pypi.test:443\tpypi.test (name, 2 times)' \
		$'--allow-net=198.51.100.1:443/udp\t198.51.100.1:443 (udp, once)' 'status 0')"
	assert_equal "$(cat "$scratch/report")" "$(printf '%b\n' '#count\tkind\twhat\tport\tproto\tname' \
		'3\taddress\t203.0.113.1\t25\ttcp\tok.test' \
		'2\tname\tpypi.test\t\t\t' \
		'1\taddress\t198.51.100.1\t443\tudp\t' \
		'1\taddress\t2001:db8:9::1\t443\ttcp\t' \
		'1\ttype\tHTTPS\t\t\tok.test')"
}

@test "a flood of refusals is counted in bounded tables" {
	policy 'allow ok.test 80'
	run --separate-stderr -- inside python3 -c '
import os, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("127.0.0.53", 53))
for i in range(1500):
    n = b"n%d" % i
    s.send(os.urandom(2) + struct.pack("!HHHHH", 256, 1, 0, 0, 0) + bytes([len(n)]) + n + b"\0\0\1\0\1")
    s.recv(600)
for i in range(2000):
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        u.sendto(b"x", ("203.1.%d.%d" % (i // 200, i % 200 + 1), 9))
    except OSError:
        pass'
	assert_success
	ask report
	assert_equal "$(wc -l <"$scratch/report")" 2050
	assert_equal "$(tail -n 1 "$scratch/report")" $'1452\tmore\t\t\t\t'
}

# --- mistakes ------------------------------------------------------------------------------------

@test "a policy that makes no sense is refused with line and reason, and no rule is loaded" {
	local line
	while IFS='|' read -r line words; do
		printf '%s\n' 'mark 0x5b0c' 'upstream 10.0.2.3' 'allow ok.test' "$line" >"$scratch/config"
		ask start "$scratch/config"
		[[ $reply == "error egress rules, line 4: "*"$words"*$'\nstatus 1' ]] || fail "'$line': $reply"
	done <<-'END'
		allow ok.test 0|a port is 1 to 65535
		allow ok.test 80-70|a port is 1 to 65535
		allow ok.test sctp|a port is 1 to 65535
		allow ok.test 80 tcp|nothing more
		allow|the number of words
		allow 10.0.0.1/8|bits behind the prefix
		allow 10.0.0.0/33|number of bits
		allow 1.2.3|no address
		allow ::ffff:1.2.3.4|no address
		allow a..b|no host name
		allow *|no host name
		allow a.*.b|no host name
		allow b\303\274cher.test|no host name
		upstream 127.0.0.1|its own loopback
		upstream ok.test|no address
		listen 10.0.0.1|loopback
		mark 5|a mark is
		frobnicate|no such directive
	END
	# Nothing was loaded: all is open.
	expect 'hello 203.0.113.9 81' tcp 203.0.113.9 81
}

@test "wrong arguments, and a process that is not in another namespace" {
	run --separate-stderr -- "$EGRESS" --config-fd 0
	assert_status 2
	assert_stderr_has '^usage: '
	run --separate-stderr -- "$EGRESS" --enter 99 --config-fd 98 --control-fd 97
	assert_status 2
	run --separate-stderr -- python3 -c '
import os, socket, subprocess, sys
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
r, w = os.pipe()
os.write(w, b"mark 0x1\nallow 192.0.2.1\n")
os.close(w)
me = os.pidfd_open(os.getpid())
p = subprocess.Popen([sys.argv[1], "--enter", str(me), "--config-fd", str(r), "--control-fd", str(b.fileno())], pass_fds=(r, me, b.fileno()))
print(p.wait(), a.recv(999).decode())' "$EGRESS"
	assert_output_has '^1 error cannot enter the sandbox'
}

@test "too few descriptors for a full house are refused at the start" {
	printf '%s\n' 'mark 0x5b0c' 'allow 192.0.2.1' >"$scratch/config"
	ask limit 100
	ask start "$scratch/config"
	[[ $reply == 'error the limit of open files is 100, and '* ]] || fail "$reply"
}
