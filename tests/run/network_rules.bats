# Rules for what may be reached, through the program; the gateway's own tests are in egress.bats.
load ../lib
load lab

setup() {
	lib_setup
	resolv_conf 'nameserver 192.168.77.1'
	options=(--allow-net=ok.test:443)
}

for_both() {
	local rules=("${options[@]}")
	for back_end in slirp4netns pasta; do
		options=("--network=$back_end" "${rules[@]}")
		echo "with $back_end:"
		"$@"
	done
	options=("${rules[@]}")
}

basics() {
	: >"$lab/packets"
	client names ok.test / tcp ok.test 443 / tcp 203.0.113.1 80 / udp 203.0.113.1 443 / names other.test / tcp 203.0.113.9 443 \
		/ udp 203.0.113.9 123 / dns ok.test / dns ok.test tcp / dns www.ok.test / dns other.test @192.168.77.1 / tcp 192.168.77.1 81
	assert_success
	assert_output "$(printf '%s\n' '2001:db8:1::1 203.0.113.1' 'hello 203.0.113.1 443' ECONNREFUSED ECONNREFUSED 'no such name' ECONNREFUSED \
		ECONNREFUSED 'NOERROR 203.0.113.1' 'NOERROR 203.0.113.1' NXDOMAIN ECONNREFUSED ECONNREFUSED)"
	no_packets '203.0.113.9|203.0.113.1 80$'
}
@test "one name and one port: all else is refused, at once" {
	local start=$EPOCHSECONDS
	for_both basics
	[ $((EPOCHSECONDS - start)) -lt 8 ]
}

@test "names below a name, addresses, ranges, ports, UDP" {
	options=(--allow-net='*.ok.test:80-81' --allow-net='198.51.100.0/24:443/udp,203.0.113.77')
	client names www.ok.test / names a.b.ok.test / names ok.test / get http://www.ok.test/ / tcp a.b.ok.test 81 / tcp 203.0.113.3 443 \
		/ udp 198.51.100.200 443 / udp 198.51.100.200 123 / tcp 198.51.100.200 443 / tcp 203.0.113.77 25 / udp 203.0.113.77 123
	assert_output "$(printf '%s\n' 203.0.113.2 203.0.113.3 'no such name' '203.0.113.2 /' 'hello 203.0.113.3 81' ECONNREFUSED \
		'hello 198.51.100.200 443 x' ECONNREFUSED ECONNREFUSED 'hello 203.0.113.77 25' 'hello 203.0.113.77 123 x')"
}

@test "rules in IPv6" {
	local mode
	for mode in slirp4netns:ipv6 pasta:ipv6; do
		options=("--network=$mode" --allow-net='six.test,[2001:db8:1::8]:81' --allow-net=2001:db8:2::/48)
		client names six.test / tcp 2001:db8:1::6 443 / tcp 2001:db8:1::8 81 / tcp 2001:db8:1::8 443 / tcp 2001:db8:2:5::1 25 \
			/ tcp 2001:db8:3::1 443 / udp 2001:db8:3::1 123 / tcp 2001:db8:77::1 81
		assert_output "$(printf '%s\n' 2001:db8:1::6 'hello 2001:db8:1::6 443' 'hello 2001:db8:1::8 81' ECONNREFUSED \
			'hello 2001:db8:2:5::1 25' ECONNREFUSED ECONNREFUSED ECONNREFUSED)"
	done
}

denied() {
	client names www.ok.test / tcp 203.0.113.2 443 / names ok.test / tcp 203.0.113.1 443 / tcp 203.0.113.9 443 / tcp 198.51.100.3 443 / tcp 203.0.113.9 25
	assert_output "$(printf '%s\n' 203.0.113.2 'hello 203.0.113.2 443' 'no such name' 'hello 203.0.113.1 443' 'hello 203.0.113.9 443' ECONNREFUSED ECONNREFUSED)"
}
@test "--deny-net alone leaves the rest open" {
	options=(--deny-net=ok.test --deny-net=198.51.100.0/24 --deny-net=203.0.113.9:25)
	for_both denied
}

@test "--deny-net beats --allow-net" {
	options=(--allow-net='*.ok.test' --allow-net=203.0.113.0/24 --deny-net=a.b.ok.test --deny-net=203.0.113.9)
	client names www.ok.test / names a.b.ok.test / tcp 203.0.113.9 443 / tcp 203.0.113.10 443
	assert_output "$(printf '%s\n' 203.0.113.2 'no such name' ECONNREFUSED 'hello 203.0.113.10 443')"
}

@test "aliases are followed to what is allowed, or with --allow-aliases" {
	options=(--allow-net=chain.test)
	expect 'no such name' names chain.test
	options=(--allow-net=chain.test --allow-aliases)
	client names chain.test / tcp 203.0.113.9 443 / names other.test
	assert_output "$(printf '%s\n' 203.0.113.9 'hello 203.0.113.9 443' 'no such name')"
	options=(--allow-net='chain.test,alias.test,other.test')
	expect 203.0.113.9 names chain.test
}

@test "a thousand addresses, over TCP: all of them may be reached" {
	options=(--allow-net=many.test:443)
	client dns many.test tcp / tcp 11.1.0.1 443 / tcp 11.1.3.250 443 / tcp 11.1.4.1 443
	assert_output_has '^hello 11.1.' 'ECONNREFUSED$'
}

@test "what was refused: the line at the end, and the log" {
	options+=(--net-log=log)
	client names other.test / tcp 203.0.113.9 443 / tcp 203.0.113.9 443 / udp 198.51.100.1 123 / names ok.test / tcp 203.0.113.1 25
	assert_equal "$(grep -c . <<<"$stderr")" 1
	assert_stderr_has '^sandbox: the rules for the network refused [0-9]+: ' 'allow with --allow-net=203\.0\.113\.9:443' "all of it is in $scratch/log\$"
	assert_equal "$(head -n 1 log)" $'#count\tkind\twhat\tport\tproto\tname'
	grep -qx $'2\taddress\t203.0.113.9\t443\ttcp\t' log
	grep -qx $'1\taddress\t198.51.100.1\t123\tudp\t' log
	grep -qx $'1\taddress\t203.0.113.1\t25\ttcp\tok.test' log
	grep -qx $'[0-9]*\tname\tother.test\t\t\t' log
	# It is the caller's file, replaced each time; nothing was refused, nothing is said.
	client tcp ok.test 443
	assert_output 'hello 203.0.113.1 443'
	assert_equal "$stderr" ''
	assert_equal "$(cat log)" $'#count\tkind\twhat\tport\tproto\tname'
	assert_equal "$(stat -c %U log)" "$(id -un)"
}

@test "the flag that is offered is the one that helps" {
	client get http://www.ok.test/
	assert_output 'no such name'
	local flag
	flag=$(grep -oE -- '--allow-net=[^ ;]+' <<<"$stderr" | head -n 1)
	assert_equal "${flag%:*}" --allow-net=www.ok.test
	options=("${flag%:*}:80")
	expect '203.0.113.2 /' get http://www.ok.test/
}

@test "the exit status is the command's, and the log is there, however it ends" {
	local script='busybox nslookup other.test >/dev/null 2>&1;'
	sandbox --allow-net=ok.test --net-log=log / sh -c "$script exit 7"
	assert_status 7
	grep -q other.test log
	rm log
	sandbox --allow-net=ok.test --net-log=log / sh -c "$script kill -TERM \$\$"
	assert_status 143
	grep -q other.test log
	sandbox --allow-net=ok.test --net-log=log / /etc/passwd
	assert_status 126
}

@test "a log that cannot be written is an error before the command runs" {
	local place
	mkdir directory
	for place in directory /nowhere/log /proc/version; do
		sandbox --allow-net=ok.test --net-log=$place / echo ran
		assert_refused "cannot write .*${place##*/} \\(--net-log\\)"
	done
	# What a command before may have left under the name.
	echo text >victim
	ln -s victim link
	ln -s nowhere dangling
	mkfifo fifo
	for place in link dangling fifo; do
		run --separate-stderr timeout -k 1 10 "$SANDBOX" --allow-net=ok.test --net-log=$place / echo ran
		assert_refused "cannot write .*${place##*/} \\(--net-log\\): it is there, and no regular file"
	done
	assert_equal "$(cat victim)" text
	[ ! -e nowhere ]
}

@test "what the resolver of the machine says no to" {
	options=(--allow-net=nowhere.test --allow-net=ok.test)
	expect 'no such name' names nowhere.test
	resolv_conf 'nameserver 192.168.77.99'
	options=(--allow-net=ok.test --dns=203.0.113.53)
	expect 'NOERROR 203.0.113.1' dns ok.test
}

@test "rules and the resolver on the machine's loopback" {
	"$PROJECT/tests/run/lab" enter "$LAB" -c dnsmasq -k -C /dev/null --no-resolv --no-hosts --user= --group= --pid-file= \
		--server=192.168.77.1 --listen-address=127.0.0.53 --bind-interfaces 3>&- &
	local pid=$!
	resolv_conf 'nameserver 127.0.0.53'
	eventually in_lab busybox nslookup ok.test >/dev/null
	expect 'hello 203.0.113.1 443' tcp ok.test 443
	kill $pid
	wait $pid || :
}

# case: a packet before the rules are there
@test "many ids, every user, every capability: the rules are the same" {
	local how
	for how in --userns=auto --userns=keep-id --user=33:33 --cap-add=ALL --layer=disk --as-pid-1; do
		range_sandbox "$how" "${options[@]}" --ro-bind "$PROJECT/tests/run/lab-client:/run/client" / /run/client tcp ok.test 443 / tcp 203.0.113.9 443
		assert_success
		assert_output $'hello 203.0.113.1 443\nECONNREFUSED'
	done
}

@test "two with rules at once, each with its own" {
	local i pids=()
	for i in 1 2 3 4; do
		run_one() {
			in_lab "$SANDBOX" --userns=single --allow-net="203.0.113.$1" --ro-bind "$PROJECT/tests/run/lab-client:/run/client" / /run/client \
				tcp 203.0.113.1 443 / tcp 203.0.113.2 443 / tcp 203.0.113.3 443 / tcp 203.0.113.4 443 2>/dev/null | grep hello >"out.$1"
		}
		run_one $i 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	for i in 1 2 3 4; do
		assert_equal "$(cat "out.$i")" "hello 203.0.113.$i 443"
	done
}

@test "two hundred connections and 100 MB through the rules" {
	options+=(--allow-net=203.0.113.1)
	client many 200 203.0.113.1 443 / load http://203.0.113.1/big/100000000
	assert_output $'200\n100000000 100000000'
}

@test "rules of a profile, and the command line over it" {
	mkdir -p config/sandbox/profiles
	export XDG_CONFIG_HOME=$scratch/config
	printf '%s\n' 'extends = default' 'allow-net = ok.test:443' 'allow-net = ${NPM_REGISTRY}' >config/sandbox/profiles/mine.conf
	export NPM_CONFIG_REGISTRY=http://www.ok.test/npm/
	options=(--profile=mine)
	client tcp ok.test 443 / get http://www.ok.test/ / tcp 203.0.113.9 443
	assert_output $'hello 203.0.113.1 443\n203.0.113.2 /\nECONNREFUSED'
	options=(--profile=mine --network=none)
	expect ENETUNREACH tcp 203.0.113.1 443
	options=(--profile=mine --allow-net=203.0.113.9)
	expect 'hello 203.0.113.9 443' tcp 203.0.113.9 443
}

@test "programs with a resolver of their own: c-ares in node, and static ones" {
	local seen
	require_program node
	# dns.resolve is c-ares, which reads resolv.conf by itself; the second asks a server of its own choice.
	# shellcheck disable=SC2016
	sandbox --allow-net=ok.test:80 / node -e '
		const dns = require("dns"), show = n => (e, a) => console.log(n, e ? e.code : a.join(" "));
		dns.resolve4("ok.test", (e, a) => { show("ok")(e, a);
		dns.resolve4("no.test", (e, a) => { show("no")(e, a);
		dns.resolveTxt("ok.test", (e, a) => { show("txt")(e, a);
		const own = new dns.Resolver({ timeout: 1000, tries: 1 }); own.setServers(["203.0.113.53"]);
		own.resolve4("ok.test", show("own")); }); }); });'
	assert_output $'ok 203.0.113.1\nno ENOTFOUND\ntxt ENODATA\nown ECONNREFUSED'
}
