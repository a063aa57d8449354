# What sandbox learn has of a network, on a machine of its own (tests/run/lab): names and ports that were used end up in the
# profile, the profile then runs it, and gives no name, address or port that the run did not have and use.
load ../lib
load lab

setup() {
	lib_setup
	resolv_conf 'nameserver 192.168.77.1'
	options=(--ro-bind "$PROJECT/tests/run/lab-client:/run/client" / /run/client)
}

# learn OPTION... : WORD...    from a run of lab-client with the words
learn() {
	local given=()
	while [ "$1" != : ]; do
		given+=("$1")
		shift
	done
	run --separate-stderr -- in_lab "$SANDBOX" learn --output app.conf --userns=single "${given[@]}" "${options[@]}" "${@:2}"
}
# learnt WORD...: the client with what was learnt
learnt() { run --separate-stderr -- in_lab "$SANDBOX" --profile ./app.conf / /run/client "$@"; }
# lines KEY: the values of a key in app.conf
lines() { sed -n "s/^$1 = //p" app.conf; }

@test "names and ports that were used are in the profile, which then runs it and gives no others" {
	learn --network=slirp4netns : tcp ok.test 443
	assert_success
	assert_output 'hello 203.0.113.1 443'
	assert_equal "$(lines network)" slirp4netns
	# The C library's resolver connects datagram sockets to sort addresses.
	assert_equal "$(lines allow-net | grep -v /udp)" ok.test:443
	run ! grep -q '^allow-net = [^o]' app.conf
	learnt tcp ok.test 443
	assert_success
	assert_output 'hello 203.0.113.1 443'
	learnt tcp 203.0.113.1 25 / tcp www.ok.test 443 / tcp 203.0.113.9 443 / tcp 192.168.77.1 443
	assert_output $'ECONNREFUSED\nno such name\nECONNREFUSED\nECONNREFUSED'
	no_packets '203.0.113.9|203.0.113.1 25'
}

@test "of rules those that were used, as they were: no name, address or port more" {
	learn --allow-net=ok.test:443 --allow-net=other.test:443 --allow-net=203.0.113.7:25 --deny-net=203.0.113.8 : \
		tcp ok.test 443 / tcp six.test 443 / tcp 203.0.113.1 25
	assert_success
	assert_output $'hello 203.0.113.1 443\nno such name\nECONNREFUSED'
	# An address may have been used by itself: its rule stays.
	assert_equal "$(lines allow-net)" $'ok.test:443/tcp\n203.0.113.7:25/tcp'
	assert_equal "$(lines deny-net)" 203.0.113.8
	grep -qx '# not used: allow-net = other.test:443/tcp' app.conf
	learnt tcp ok.test 443 / tcp other.test 443 / tcp six.test 443 / tcp 203.0.113.1 25 / tcp 203.0.113.9 443
	assert_output $'hello 203.0.113.1 443\nno such name\nno such name\nECONNREFUSED\nECONNREFUSED'
}

@test "addresses without a name, and a network that was not used is none" {
	learn --network=slirp4netns : tcp 203.0.113.5 443 / udp 203.0.113.6 123
	assert_success
	assert_equal "$(lines allow-net | sort)" $'203.0.113.5:443\n203.0.113.6:123/udp'
	learnt tcp 203.0.113.5 443 / udp 203.0.113.6 123 / tcp 203.0.113.6 443
	assert_output $'hello 203.0.113.5 443\nhello 203.0.113.6 123 x\nECONNREFUSED'
	rm app.conf app.seccomp.json
	learn --network=slirp4netns : names nothing.invalid
	assert_equal "$(lines network)" none
	run ! grep -q '^allow-net' app.conf
}
