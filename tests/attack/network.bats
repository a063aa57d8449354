# A hostile command with a network: the host it runs on, the rules, the names, and who works for it outside. On a machine of our own
# (tests/run/lab) whose cable leads to a world in which every address answers.
load ../lib
load attack
load ../run/lab

setup() {
	lib_setup
	resolv_conf 'nameserver 192.168.77.1'
	there=()
	: >"$lab/packets"
}

# as_all COMMAND...: as each kind of payload: uid 0 as usual, with every capability and every system call, with one id and many; more of them by `FAULTS=long make faults`.
as_all() {
	local how kinds=('' '--cap-add=ALL --seccomp=unconfined' '--userns=keep-id --seccomp=unconfined')
	! long || kinds+=('--cap-add=ALL' '--userns=single --cap-add=ALL' '--userns=single' '--userns=single --cap-add=ALL --seccomp=unconfined' '--userns=keep-id' '--user=33:33')
	for how in "${kinds[@]}"; do
		echo "as $how:"
		# shellcheck disable=SC2206
		who=($how)
		"$@"
	done
}

# hostile WORD...: network.py inside, with the words of `who` and `options`.
hostile() {
	range_sandbox "${who[@]}" "${options[@]}" --ro-bind "$PROJECT/tests/attack/network.py:/run/hostile" / /run/hostile "$@"
	assert_success
	[ -n "$output" ]
}

# What network.py has achieved stands in capitals, with letters that no error's name begins with.
nothing_done() { assert_output_lacks ': (DONE|REACHED|WRITTEN|.*[0-9]+\.[0-9]+\.|<socket)'; }

# --- the host ------------------------------------------------------------------------------------

host_services=(127.0.0.1:7000/tcp 127.0.0.1:7000/udp 127.0.0.5:7000/udp ::1:7000/tcp ::1:7000/udp 192.168.77.2:7000/tcp 192.168.77.2:7000/udp 2001:db8:77::2:7000/tcp 2001:db8:77::2:7000/udp)

reach_host() {
	hostile reach 10.0.2.2 7000 10.0.2.3 7000 10.0.2.15 7000 127.0.0.1 7000 127.0.0.5 7000 0.0.0.0 7000 192.168.77.2 7000 169.254.169.254 80
	nothing_done
}
reach_host_6() {
	hostile reach 2001:db8:77::2 7000 fd00::2 7000 fd00::3 7000 ::1 7000 fe80::2 7000
	nothing_done
}

# case: the host's addresses, 169.254.169.254, by the interface's name
# case: the host's loopback by UDP through pasta
# case: 10.0.2.2
# case: other ports of a resolver on loopback
@test "the host's loopback and its own addresses, by every way" {
	serve_in_lab "${host_services[@]}"
	# A resolver on the host's loopback is what 10.0.2.3 leads to: but for port 53, it must not.
	resolv_conf 'nameserver 127.0.0.1'
	for options in --network=slirp4netns --network=pasta --allow-net=0.0.0.0/0,::/0 --deny-net=203.0.113.77; do
		echo "$options"
		as_all reach_host
	done
	stop_server
	no_packets ' 169\.254\.'
}

# case: the host's addresses, 169.254.169.254, by the interface's name
@test "the same in IPv6" {
	serve_in_lab "${host_services[@]}"
	resolv_conf 'nameserver ::1'
	for options in --network=slirp4netns:ipv6 --network=pasta:ipv6; do
		echo "$options"
		as_all reach_host_6
	done
	options=(--network=slirp4netns:ipv6 --allow-net=::/0)
	as_all reach_host_6
	stop_server
}

# --- power over the network ----------------------------------------------------------------------

no_power() {
	hostile sockets
	nothing_done
	assert_output_has '^packet: E' '^raw: E' '^mark: EPERM$' '^mark by message: EPERM$'
	hostile netlink
	nothing_done
	assert_output_has '^route: (EPERM|EACCES)' '^address: (EPERM|EACCES)' '^nft everything deleted: E'
	hostile namespaces
	nothing_done
	hostile sysctls
	nothing_done
	assert_output_has '^refused: True$'
	no_packets 203.0.113.66
}

# case: raw sockets, marks, links, routes, nft
# case: joining namespaces, a cable from one's own
@test "raw sockets, marks, links, routes, rules, namespaces, sysctls" {
	for options in --network=slirp4netns --network=pasta --allow-net=ok.test; do
		echo "$options"
		as_all no_power
	done
}

# case: AF_VSOCK
@test "AF_VSOCK" {
	options=(--network=slirp4netns)
	who=()
	hostile vsock
	nothing_done
	assert_output_has '^vsock 2: (EAFNOSUPPORT|EPERM)$'
	who=(--cap-add=ALL)
	hostile vsock
	assert_output_has '^vsock 2: (EAFNOSUPPORT|EPERM)$'
}

# case: raw sockets, marks, links, routes, nft
# case: sysctls of the namespace, a new /proc
@test "the tools of an administrator, with every capability" {
	local script='ip route flush table main; ip rule flush; ip addr add 192.168.77.9/24 dev tap0; ip link set lo down; ip -6 route flush table main; iptables -F; nft flush ruleset; true'
	range_sandbox --cap-add=ALL --seccomp=unconfined --network=slirp4netns / sh -c "PATH=\$PATH:/usr/sbin:/sbin; $script; ip route show table local; ip -o addr show tap0"
	assert_output_has '^local 192\.168\.77\.2 dev tap0' '^local 169\.254.* dev tap0' '10\.0\.2\.100'
	assert_output_lacks '192\.168\.77\.9'
}

# --- who works outside ---------------------------------------------------------------------------

looks() {
	hostile look "@sandbox-test-$$"
	assert_output_lacks 'slirp|pasta|passt|egress|relay|watch'
	assert_output_has '^descriptors: $' '^unix sockets by name: 0$' '^abstract socket: ECONNREFUSED$' '^descriptors of process 1: E'
}
# case: helpers' processes, sockets, descriptors
# case: the host's abstract sockets
@test "helpers, their sockets and descriptors are not seen; the host's abstract sockets are out of reach" {
	"$PROJECT/tests/run/lab" enter "$LAB" python3 -c 'import socket, signal, sys
s = socket.socket(socket.AF_UNIX)
s.bind("\0" + sys.argv[1])
s.listen()
print("up", flush=True)
signal.pause()' "sandbox-test-$$" >up 3>&- &
	local pid=$!
	eventually test -s up
	for options in --network=slirp4netns --network=pasta '--allow-net=ok.test' '-p8080:80' '--allow-host-port=80'; do
		echo "$options"
		as_all looks
	done
	kill $pid
	wait $pid || :
}

# state NAME: of the helper that is a child of $supervisor.
state() {
	local pid
	pid=$(eventually pgrep -P "$supervisor" "$1" >/dev/null; pgrep -P "$supervisor" "$1" | head -n 1)
	grep -E '^(NoNewPrivs|Seccomp|CapEff|CapPrm):' "/proc/$pid/status" | tr -d '\t' | tr '\n' ' '
}

# case: helpers confined
@test "helpers have given up what they do not need" {
	local how
	for how in '--allow-net=ok.test -p 8080:80 --allow-host-port=81' --network=pasta; do
		# shellcheck disable=SC2086
		"$PROJECT/tests/run/lab" enter "$LAB" "$SANDBOX" --userns=single $how / sh -c 'echo up; sleep 50' >up 3>&- &
		supervisor=$!
		eventually grep -q up up
		if [ "$how" = --network=pasta ]; then
			# It is in a user namespace of its own, over which it keeps two (isolation.c of passt).
			assert_equal "$(state '^(pasta|passt)' | sed 's/Cap[A-Za-z]*:[0-9a-f]* //g')" 'NoNewPrivs:1 Seccomp:2 '
		else
			assert_equal "$(state '^egress$')" 'CapPrm:0000000000001000 CapEff:0000000000001000 NoNewPrivs:1 Seccomp:2 '
			assert_equal "$(state '^relay$')" 'CapPrm:0000000000000000 CapEff:0000000000000000 NoNewPrivs:1 Seccomp:2 '
			assert_equal "$(state '^slirp4netns$' | sed 's/Cap[A-Za-z]*:[0-9a-f]* //g')" 'NoNewPrivs:1 Seccomp:2 '
			run bash -c 'tr "\0" " " </proc/$(pgrep -P "$1" -x slirp4netns)/cmdline' - "$supervisor"
			assert_output_has -- '--disable-host-loopback --enable-sandbox --enable-seccomp'
			assert_output_lacks 'api-socket'
		fi
		kill -TERM "$supervisor"
		wait "$supervisor" || :
	done
}

# --- names ---------------------------------------------------------------------------------------

# case: rebinding
@test "an allowed name that is an address of the host, of the network's own or of the neighbourhood (rebinding)" {
	serve_in_lab "${host_services[@]}"
	options=(--allow-net='*.rebind.test')
	who=(--cap-add=ALL --seccomp=unconfined)
	hostile names {localhost,gateway,resolver,lan,neighbour,metadata,mapped}.rebind.test
	nothing_done
	assert_output_lacks ':.*[0-9]'
	hostile reach 192.168.77.1 81 192.168.77.2 7000 10.0.2.2 7000 10.0.2.3 53 127.0.0.1 7000 169.254.169.254 80
	nothing_done
	no_packets '192.168.77.1 81|169.254'
	# Unless the rules say that this address is meant.
	options=(--allow-net='*.rebind.test' --allow-net=192.168.77.1)
	hostile names neighbour.rebind.test
	assert_output 'neighbour.rebind.test: 192.168.77.1'
	stop_server
}

# case: names not allowed, tunnels, other resolvers
@test "names that are not allowed: no question about them leaves, by whatever resolver" {
	local before
	options=(--allow-net=ok.test --allow-net=chain.test)
	who=(--cap-add=ALL --seccomp=unconfined)
	before=$(wc -l <"$lab/questions")
	hostile names secret-payload.ok.test tunnel.test x.secret.tunnel.test chain.test
	nothing_done
	client() { range_sandbox "${who[@]}" "${options[@]}" --ro-bind "$PROJECT/tests/run/lab-client:/run/client" / /run/client "$@"; }
	client dns ok.test TXT / dns tunnel.test TXT / dns secret.tunnel.test @192.168.77.1 / dns secret.tunnel.test @192.168.77.1 tcp / dns secret.tunnel.test @10.0.2.3 \
		/ dns secret.tunnel.test @10.0.2.3 tcp / dns secret.tunnel.test @203.0.113.1 / dns ok.test
	assert_output_lacks 'hello|secret'
	assert_equal "$(tail -n 1 <<<"$output")" 'NOERROR 203.0.113.1'
	tail -n "+$((before + 1))" "$lab/questions" >questions
	assert_equal "$(grep -E 'query.*(secret|tunnel)' questions)" ''
	no_packets '203.0.113.1 53'
}

# case: CNAME to a name not allowed
@test "an answer by way of a name that is not allowed" {
	options=(--allow-net=chain.test)
	who=(--cap-add=ALL --seccomp=unconfined)
	hostile names chain.test alias.test other.test
	assert_output $'chain.test: none\nalias.test: none\nother.test: none'
	hostile reach 203.0.113.9 443
	nothing_done
	no_packets 203.0.113.9
}

# case: names not allowed, tunnels, other resolvers
@test "addresses of a name on a port of another" {
	options=(--allow-net=ok.test:443 --allow-net=www.ok.test:81)
	who=(--cap-add=ALL --seccomp=unconfined)
	range_sandbox "${who[@]}" "${options[@]}" --ro-bind "$PROJECT/tests/run/lab-client:/run/client" / /run/client names www.ok.test / names ok.test \
		/ tcp 203.0.113.1 443 / tcp 203.0.113.2 81 / tcp 203.0.113.1 81 / tcp 203.0.113.2 443 / udp 203.0.113.1 443
	assert_equal "$(tail -n 5 <<<"$output")" $'hello 203.0.113.1 443\nhello 203.0.113.2 81\nECONNREFUSED\nECONNREFUSED\nECONNREFUSED'
}

# case: a thousand addresses
@test "a thousand addresses of an allowed name open no others, and end nothing" {
	options=(--allow-net=many.test:443)
	range_sandbox "${options[@]}" --ro-bind "$PROJECT/tests/run/lab-client:/run/client" / /run/client dns many.test tcp / tcp 11.1.0.1 443 / tcp 11.1.0.1 80 / tcp 11.2.0.1 443 / dns many.test
	assert_output_has '^hello 11\.1\.0\.1 443$' '^NOERROR'
	assert_equal "$(grep -c ECONNREFUSED <<<"$output")" 2
}

# --- profiles ------------------------------------------------------------------------------------

project() {
	mkdir -p home/.ssh home/.config project
	echo SECRET | tee home/.ssh/id_ed25519 home/.npmrc.secret home/.config/token >/dev/null
	git init -q -b main project
	mkdir -p project/.git/hooks
	export HOME=$scratch/home XDG_CONFIG_HOME=$scratch/home/.config XDG_CACHE_HOME=$scratch/home/.cache XDG_DATA_HOME=$scratch/home/.local/share
	export NPM_CONFIG_REGISTRY=http://ok.test/ PIP_INDEX_URL=http://ok.test/simple SANDBOX_CARGO_REGISTRY=ok.test
	cd project || return
}

# shellcheck disable=SC2016
break_out='
for t in .git/hooks/post-commit .git/config .git/hooks .git/info/attributes; do
	echo x 2>/dev/null >>$t && echo "WROTE $t"
done
mv .git .git2 2>/dev/null && echo RENAMED .git
mv .git/hooks .git/hooks2 2>/dev/null && echo RENAMED hooks
rm -rf .git/hooks .git/config 2>/dev/null
[ -d .git/hooks ] && [ -f .git/config ] || echo REMOVED
ln -sf /tmp/evil .git/config 2>/dev/null && echo LINKED
git config core.fsmonitor "touch /tmp/x" 2>/dev/null && echo CONFIGURED
echo y >file && echo project can be written
find / -path /usr -prune -o "(" -name id_ed25519 -o -name token -o -name .npmrc.secret ")" -print 2>/dev/null | sed "s/^/SEEN /"
grep -rl SECRET "$HOME" /home /root 2>/dev/null | sed "s/^/SEEN /"
env | grep -i -E "secret|token" | sed "s/^/SEEN /"
true'

# case: .git/hooks, .git/config, .git renamed
@test "profiles: hooks and settings of git, and the home directory" {
	local profile
	project
	export MY_TOKEN=secret
	for profile in npm pip cargo agent; do
		# shellcheck disable=SC2016
		run --separate-stderr -- in_lab -c "$SANDBOX" --profile "$profile" / sh -c "$break_out"
		assert_success
		assert_output 'project can be written'
		[ -d .git/hooks ] && [ -f .git/config ]
		assert_equal "$(git status --porcelain)" '?? file'
		rm file
	done
	# An agent commits where it is trusted with all of .git.
	run --separate-stderr -- in_lab -c "$SANDBOX" --profile agent --bind "$PWD/.git" / sh -c 'echo x >new && git add new && git -c user.name=a -c user.email=a@b commit -qm agent && git log --format=%s'
	assert_output agent
}

# case: .git/commondir, .git/config.worktree made anew
@test "profiles: no file that leads git's settings elsewhere" {
	project
	run --separate-stderr -- in_lab -c "$SANDBOX" --profile agent / sh -c 'mkdir evil; cp -r .git/objects .git/refs .git/config evil; git config -f evil/config core.fsmonitor "touch $PWD/escaped; false"; echo ../evil >.git/commondir'
	git status >/dev/null
	[ ! -e escaped ]
}

# case: names not allowed, tunnels, other resolvers
@test "profiles: what is kept between runs is shared with nothing else" {
	project
	run --separate-stderr -- in_lab -c "$SANDBOX" --profile npm / sh -c 'echo kept >/var/cache/npm/mark; ls -A /var/cache'
	assert_output npm
	run --separate-stderr -- in_lab -c "$SANDBOX" --profile npm / cat /var/cache/npm/mark
	assert_output kept
	run --separate-stderr -- in_lab -c "$SANDBOX" --profile pip / sh -c 'ls -A /var/cache /var/cache/pip'
	assert_output_lacks 'mark|npm'
	assert_equal "$(cd "$XDG_CACHE_HOME/sandbox" && find . -name mark)" ./npm/mark
}

# case: names not allowed, tunnels, other resolvers
@test "profiles: the registry and nothing else" {
	local profile
	project
	cp "$PROJECT/tests/run/lab-client" .
	for profile in npm pip cargo; do
		run --separate-stderr -- in_lab -c "$SANDBOX" --profile "$profile" / ./lab-client get http://ok.test/x / tcp 203.0.113.9 443 / names other.test / tcp 192.168.77.1 81
		assert_output $'203.0.113.1 /x\nECONNREFUSED\nno such name\nECONNREFUSED'
	done
	run --separate-stderr -- in_lab -c "$SANDBOX" --profile agent / ./lab-client tcp 203.0.113.9 443
	assert_output ENETUNREACH
	run --separate-stderr -- in_lab -c "$SANDBOX" --profile agent --allow-net=other.test:443 / ./lab-client tcp other.test 443 / tcp 203.0.113.1 443
	assert_output $'hello 203.0.113.9 443\nECONNREFUSED'
}
