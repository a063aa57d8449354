# A network of the sandbox's own: what goes through it, names, certificates. On a machine of our own (tests/run/lab), at the
# other end of whose cable every address answers.
load ../lib
load lab

setup() {
	lib_setup
	resolv_conf 'nameserver 192.168.77.1'
	back_end=slirp4netns
	options=(--network=slirp4netns)
}

# for_both COMMAND...: with slirp4netns, then with pasta.
for_both() {
	for back_end in slirp4netns pasta; do
		options=("--network=$back_end")
		echo "with $back_end:"
		"$@"
	done
}

# --- what goes through ---------------------------------------------------------------------------

basics() {
	client tcp 203.0.113.1 443 / udp 203.0.113.2 123 / dns ok.test / names www.ok.test / get http://ok.test/x \
		/ dns nowhere.test / tcp 192.168.77.1 81
	assert_success
	assert_output "$(printf '%s\n' 'hello 203.0.113.1 443' 'hello 203.0.113.2 123 x' 'NOERROR 203.0.113.1' 203.0.113.2 \
		'203.0.113.1 /x' NXDOMAIN 'hello 192.168.77.1 81')"
	assert_equal "$stderr" ''
}
@test "TCP, UDP and names, with slirp4netns and pasta" { for_both basics; }

interface() {
	options=("--network=$back_end:cidr=10.9.0.0/16,mtu=1400")
	sandbox "${options[@]}" / ip -o addr show tap0
	assert_output_has 'inet 10\.9\.0\.100/16 '
	sandbox "${options[@]}" / cat /sys/class/net/tap0/mtu
	assert_output 1400
	expect 'hello 203.0.113.1 443' tcp 203.0.113.1 443
	sandbox "--network=$back_end" / cat /sys/class/net/tap0/mtu
	assert_output 65520
}
@test "the network's address and MTU can be chosen" { for_both interface; }

@test "the network moves where the machine itself is in it" {
	in_lab -c ip addr add 10.0.2.77/24 dev lan0
	client tcp 203.0.113.1 443 / tcp 10.0.2.77 22
	in_lab -c ip addr del 10.0.2.77/24 dev lan0
	assert_output $'hello 203.0.113.1 443\nECONNREFUSED'
}

@test "ping, without a raw socket" {
	sandbox "${options[@]}" / sh -c 'ping -c 1 -W 4 203.0.113.1 >/dev/null && echo here; ping -c 1 -W 1 10.0.2.2 >/dev/null && echo gateway'
	assert_output $'here\ngateway'
	range_sandbox --userns=keep-id "${options[@]}" / ping -c 1 -W 4 203.0.113.1
	assert_success
	sandbox --network=pasta / ping -c 1 -W 4 203.0.113.1
	assert_success
}

six() {
	options=("--network=$back_end:ipv6")
	client tcp 2001:db8:1::1 443 / udp 2001:db8:1::2 123 / dns six.test AAAA / get http://six.test/
	assert_output "$(printf '%s\n' 'hello 2001:db8:1::1 443' 'hello 2001:db8:1::2 123 x' 'NOERROR 2001:db8:1::6' '2001:db8:1::6 /')"
	options=("--network=$back_end")
	expect ENETUNREACH tcp 2001:db8:1::1 443
}
@test "IPv6, where it is asked for, from the first moment on" {
	local i before=0
	for_both six
	# The kernel that waits for other owners of an address leaves the first second or three without a route.
	for i in 1 2 3 4 5; do
		sandbox --network=slirp4netns:ipv6 / ip -6 route get 2001:db8:1::1
		[[ $output != *via* ]] || before=$((before + 1))
	done
	[ $before -ge 3 ]
}

parallel() { expect 200 many 200 203.0.113.1 443; }
@test "two hundred connections at once" { for_both parallel; }

@test "a transfer of 1 GB, and 200 MB back and forth" {
	local how
	expect '200000000 200000000' load http://203.0.113.1/big/200000000
	for how in slirp4netns pasta; do
		sandbox --network=$how / sh -c 'busybox wget -qO- http://203.0.113.1/big/1000000000 | wc -c'
		assert_output 1000000000
	done
}

@test "many ids, the caller's id, a made-up user: who may, has the network" {
	local how
	for how in '--userns=auto' '--userns=keep-id' '--user=33:33' '--cap-add=ALL' '--cap-drop=ALL' '--layer=disk' '--as-pid-1'; do
		range_sandbox "$how" "${options[@]}" --ro-bind "$PROJECT/tests/run/lab-client:/run/client" / /run/client names ok.test
		assert_success
		assert_output_has '^(2001:db8:1::1 )?203.0.113.1'
	done
}

@test "the caller's id alone, where no ids are to be had" {
	in_lab sh -c 'mv /etc/subuid /etc/subuid.away; mv /etc/subgid /etc/subgid.away'
	run --separate-stderr -- in_lab "$SANDBOX" --userns=keep-id "${options[@]}" / sh -c 'id -u; ping -c 1 -W 4 203.0.113.1 >/dev/null && echo here'
	in_lab sh -c 'mv /etc/subuid.away /etc/subuid; mv /etc/subgid.away /etc/subgid'
	assert_output "$(id -u)"$'\nhere'
}

@test "a low port inside is the payload's to listen on" {
	local how
	for how in --cap-drop=KILL --cap-add=NET_ADMIN; do
		sandbox "$how" "${options[@]}" / python3 -c 'import socket; s = socket.socket(); s.bind(("", 80)); print("bound")'
		assert_output bound
	done
	sandbox --cap-drop=ALL "${options[@]}" / python3 -c 'import socket; s = socket.socket(); s.bind(("", 80))'
	assert_status 1
}

@test "nothing comes in, unless it is published" {
	"$PROJECT/tests/run/lab" enter "$LAB" "$SANDBOX" --userns=single "${options[@]}" / python3 -c '
import socket
s = socket.create_server(("0.0.0.0", 7777))
print("up", flush=True)
s.settimeout(3)
s.accept()' >inside 2>/dev/null 3>&- &
	local pid=$!
	eventually grep -q up inside
	run in_lab sh -c 'ss -Hltn; ss -Hlun'
	assert_output ''
	kill -INT $pid
	wait $pid || :
}

# --- names ---------------------------------------------------------------------------------------

on_loopback() {
	expect 'NOERROR 203.0.113.1' dns ok.test
	# It is asked anew each time: a machine that moves takes its sandboxes with it.
	run --separate-stderr -- in_lab "$SANDBOX" --userns=single "${options[@]}" / cat /etc/resolv.conf
	assert_output 'nameserver 10.0.2.3'
}
@test "the resolver of the machine is on its loopback, as systemd-resolved is" {
	"$PROJECT/tests/run/lab" enter "$LAB" -c dnsmasq -k -C /dev/null --no-resolv --no-hosts --user= --group= --pid-file= --server=192.168.77.1 \
		--listen-address=127.0.0.53 --bind-interfaces --no-dhcp-interface=lo 3>&- &
	local pid=$!
	resolv_conf 'nameserver 127.0.0.53'
	eventually in_lab busybox nslookup ok.test >/dev/null
	for_both on_loopback
	kill $pid
	wait $pid || :
}

# Not with pasta: that of Debian 12 forwards DNS over UDP alone.
@test "DNS over TCP, for long answers" {
	client dns many.test / dns many.test tcp / dns ok.test tcp / names many.test
	assert_output_has '^NOERROR truncated' '^NOERROR 1000 answers$' '^NOERROR 203.0.113.1$' '^11\.1\.0\.1 .* 11\.1\.3\.99'
}

@test "programs with a resolver of their own: static, without a C library's settings" {
	tiny_rootfs
	sandbox "${options[@]}" "$root" nslookup www.ok.test
	assert_output_has '203\.0\.113\.2'
	sandbox "${options[@]}" "$root" wget -qO- http://ok.test/y
	assert_output '203.0.113.1 /y'
	sandbox --allow-net=ok.test:80 "$root" wget -qO- http://ok.test/y
	assert_output '203.0.113.1 /y'
}

@test "the machine has no resolv.conf, or one that leads nowhere" {
	local what
	tiny_rootfs
	for what in 'rm -f /etc/resolv.conf' 'ln -sf ../run/nowhere/stub.conf /etc/resolv.conf' ': >/etc/resolv.conf'; do
		in_lab sh -c "rm -f /etc/resolv.conf; $what"
		sandbox "${options[@]}" "$root" sh -c 'cat /etc/resolv.conf; nslookup ok.test 203.0.113.53; wget -qO- http://203.0.113.1/z'
		assert_output_has '^nameserver 10.0.2.3$' '^Address.* 203.0.113.1$' '^203.0.113.1 /z$'
		# Of the machine's own programs as well, whose /etc cannot be written to.
		sandbox "${options[@]}" / sh -c 'cat /etc/resolv.conf; echo x 2>/dev/null >/etc/new || echo read-only'
		assert_output $'nameserver 10.0.2.3\nread-only'
		sandbox "${options[@]}" --dns=203.0.113.53 "$root" wget -qO- http://ok.test/z
		assert_output '203.0.113.1 /z'
		sandbox --allow-net=ok.test --dns=203.0.113.53 "$root" wget -qO- http://ok.test/z
		assert_output '203.0.113.1 /z'
	done
	# Over a link that leads nowhere in the machine's own /etc too.
	in_lab ln -sf ../run/nowhere/stub.conf /etc/resolv.conf
	options+=(--dns=203.0.113.53)
	expect '203.0.113.2' names www.ok.test
}

@test "resolv.conf of the root file system is covered, whatever it is" {
	tiny_rootfs
	mkdir victim
	echo CANARY >victim/file
	local what
	for what in 'ln -s ../../../../../../../../victim/file' "ln -s $scratch/victim/file" 'ln -s /nowhere' 'ln -s resolv.conf' 'ln -s ../dev/null' 'touch' 'rm -f'; do
		rm -f "$root/etc/resolv.conf"
		$what "$root/etc/resolv.conf"
		sandbox "${options[@]}" "$root" sh -c 'cat /etc/resolv.conf; nslookup ok.test | grep -c 203.0.113.1; echo nameserver 6.6.6.6 >/etc/resolv.conf'
		assert_output $'nameserver 10.0.2.3\n1'
		assert_equal "$(cat victim/file)" CANARY
	done
	mkdir "$root/etc/resolv.conf.d"
	rm -f "$root/etc/resolv.conf"
	mv "$root/etc/resolv.conf.d" "$root/etc/resolv.conf"
	sandbox "${options[@]}" "$root" true
	assert_status 125
}

@test "--dns asks another server, --dns-search completes names" {
	options+=(--dns=203.0.113.53 --dns=2001:db8::53 --dns-search=ok.test --dns-search=b.ok.test)
	sandbox "${options[@]}" / cat /etc/resolv.conf
	assert_output $'nameserver 203.0.113.53\nnameserver 2001:db8::53\nsearch ok.test b.ok.test'
	options=(--network=slirp4netns --dns=203.0.113.53 --dns-search=ok.test --dns-search=b.ok.test)
	client names www / names a / dns ok.test
	assert_output $'203.0.113.2\n203.0.113.3\nNOERROR 203.0.113.1'
	grep -q '^17 192.168.77.2 203.0.113.53 53$' "$lab/packets"
	# The machine's own search list and options are kept where nothing else is said.
	resolv_conf $'# x\nnameserver 192.168.77.1\nsearch ok.test\noptions ndots:2\nsortlist 1.2.3.4'
	sandbox --network=slirp4netns / cat /etc/resolv.conf
	assert_output $'nameserver 10.0.2.3\nsearch ok.test\noptions ndots:2'
	options=(--network=slirp4netns)
	expect 203.0.113.2 names www
	# Not with rules: the list would be asked for, and is not allowed.
	sandbox --allow-net=ok.test / cat /etc/resolv.conf
	assert_output 'nameserver 127.0.0.53'
}

@test "the sandbox's own name has an address" {
	client names sandbox / names localhost
	assert_output_has '^127\.0\.1\.1$'
	options+=(--hostname=box)
	expect 127.0.1.1 names box
}

# --- certificates --------------------------------------------------------------------------------

@test "certificates of the machine are shown where the root file system has none" {
	tiny_rootfs
	in_lab test -s /etc/ssl/certs/ca-certificates.crt || skip 'missing: ca-certificates'
	local script='echo "$SSL_CERT_FILE $NODE_EXTRA_CA_CERTS"; md5sum </etc/ssl/certs/ca-certificates.crt; echo x >>/etc/ssl/certs/ca-certificates.crt'
	local layer sum places='/etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt'
	local own='/run/sandbox/ca-certificates.crt /run/sandbox/ca-certificates.crt'
	sum=$(in_lab md5sum </etc/ssl/certs/ca-certificates.crt)
	sandbox "${options[@]}" "$root" sh -c "$script"
	assert_output "$own"$'\n'"$sum"
	assert_stderr_has 'Read-only'
	[ ! -e "$root/etc/ssl" ]
	# A package's own are put in their place by a rename, and what is kept has nothing of ours.
	script='echo MINE >/etc/new; mkdir -p /etc/ssl/certs; mv /etc/new /etc/ssl/certs/ca-certificates.crt && md5sum <$SSL_CERT_FILE; cat /etc/ssl/certs/*'
	for layer in --layer=auto --overlay=try --rw; do
		sandbox "${options[@]}" "$layer" "$root" sh -c "ls /etc/ssl/certs 2>/dev/null; $script"
		case $layer in *auto) assert_output ca-certificates.crt$'\n'"$sum"$'\nMINE' ;; *) assert_output "$sum"$'\nMINE' ;; esac
	done
	rm -r "$root/etc/ssl"
	# No network, no need.
	script='echo "$SSL_CERT_FILE $NODE_EXTRA_CA_CERTS"; md5sum </etc/ssl/certs/ca-certificates.crt'
	sandbox "$root" sh -c "$script"
	assert_output ' '
	sandbox "${options[@]}" --ca-certificates=none "$root" sh -c "$script"
	assert_output ' '
	# One of its own is left alone, in whatever place.
	mkdir -p "$root/etc/ssl"
	echo OWN >"$root/etc/ssl/cert.pem"
	sandbox "${options[@]}" "$root" sh -c "$script; cat /etc/ssl/cert.pem"
	assert_output_has '^ $' '^OWN$'
	sandbox "${options[@]}" --ca-certificates=host "$root" sh -c "$script"
	assert_output "$places"$'\n'"$sum"
}

@test "certificates from a file, and those that cannot be used" {
	tiny_rootfs
	echo MINE >ca.pem
	sandbox --ca-certificates=./ca.pem "$root" sh -c 'cat "$SSL_CERT_FILE" "$NODE_EXTRA_CA_CERTS"'
	assert_output $'MINE\nMINE'
	: >empty.pem
	mkfifo fifo.pem
	local file
	for file in ./nowhere.pem ./empty.pem ./ /dev/zero ./fifo.pem; do
		run --separate-stderr -- timeout -s KILL 5 "$SANDBOX" --ca-certificates="$file" "$root" true
		assert_refused 'certificate authorities in .*no file that can be read, or is empty'
	done
	# What the caller gives for the command goes before.
	sandbox "${options[@]}" --ca-certificates=./ca.pem -e SSL_CERT_FILE=/mine "$root" sh -c 'echo "$SSL_CERT_FILE"'
	assert_output /mine
	# A link in ROOTFS leads nowhere outside.
	mkdir victim "$root/etc/ssl"
	ln -s "$scratch/victim" "$root/etc/ssl/certs"
	sandbox --ca-certificates=./ca.pem "$root" true
	assert_equal "$(ls -A victim)" ''
}

# --- plan ----------------------------------------------------------------------------------------

@test "--dry-run starts nothing and touches nothing" {
	sandbox --dry-run --allow-net=ok.test --net-log=./log / true
	assert_success
	assert_output_has 'slirp4netns +10.0.2.0/24 -> tap0' 'egress +allow ok.test '
	[ ! -e log ]
}

@test "without a network nothing of it is there" {
	run --separate-stderr -- strace -f -qq -e trace=execve,socket -o trace "$SANDBOX" --userns=single / true
	assert_success
	assert_equal "$(grep -E 'slirp|pasta|egress|relay|AF_NETLINK' trace)" ''
	sandbox / cat /etc/resolv.conf /proc/net/dev
	assert_output_lacks 'tap|nameserver'
}
