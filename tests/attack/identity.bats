# Ids, groups, capabilities, limits: what the command is, and what it cannot become.
load ../lib
load attack

setup() {
	lib_setup
	tiny_rootfs
	state=$scratch/state
}

# held CAPABILITIES-IN-HEX: the state that the last run printed is what must hold after every run.
held() {
	assert_success
	assert_output_has "^CapPrm: $1\$" "^CapEff: $1\$" "^CapBnd: $1\$" '^NoNewPrivs: 1$' '^groups:$' '^session: own$' \
		'^directory: /'
	assert_output_lacks '^terminal: has one'
	assert_output_has '^CapInh: 0000000000000000$' '^CapAmb: 0000000000000000$'
}

# case: what must hold after every run
@test "what must hold after every run, on every profile and way to start" {
	require_range
	local none=0000000000000000 some=00000000000004fb how
	for how in '' --rw --read-only --layer=disk --as-pid-1 --network=host --user=0 --seccomp=build --seccomp=strict; do
		XDG_CACHE_HOME=$scratch/cache sandbox ${how:+"$how"} "$root" /bin/probe state
		held "$some"
		assert_output_has '^Seccomp: 2$'
	done
	for how in --userns=keep-id --user=1 --user=65534:1 '--profile=strict' --cap-drop=ALL; do
		sandbox "$how" "$root" /bin/probe state
		held "$none"
		assert_output_has '^Seccomp: 2$'
	done
	sandbox --profile=build --workdir=/ "$root" /bin/probe state
	held "$none"
	sandbox --seccomp=unconfined "$root" /bin/probe state
	held "$some"
}

# case: what must hold after every run
@test "capabilities are exactly those that were asked for" {
	sandbox --cap-drop ALL --cap-add CHOWN "$root" /bin/probe state
	held 0000000000000001
	sandbox --user 1 --cap-add NET_BIND_SERVICE "$root" /bin/probe state
	assert_output_has '^CapPrm: 0000000000000400$' '^CapAmb: 0000000000000400$' '^CapBnd: 0000000000000400$'
}

# case: setgroups
@test "with one id only, setgroups is denied before the map is written (CVE-2014-8989)" {
	sandbox --userns=single "$root" /bin/sh -c 'cat /proc/self/setgroups; cat /proc/self/uid_map /proc/self/gid_map | tr -s " "'
	assert_success
	assert_output "deny
 0 $(id -u) 1
 0 $(id -g) 1"
}

# case: setgroups
@test "the maps are those of the caller's ranges and cannot be written again" {
	require_range
	sandbox --cap-add ALL --seccomp=unconfined "$root" /bin/sh -c 'cat /proc/self/setgroups
		(echo 0 0 1 >/proc/self/uid_map) 2>/dev/null && echo again; (echo 0 0 1 >/proc/1/uid_map) 2>/dev/null && echo again
		awk "{ print \$2 }" /proc/self/uid_map'
	assert_success
	assert_output_has allow
	assert_output_lacks 'again|^0$'
}

# case: host's set-user-id programs
@test "no set-user-id program of the host gains anything" {
	for program in newuidmap newgidmap su passwd mount umount chsh sudo fusermount3; do
		[ -u "$(command -v $program)" ] || continue
		sandbox / /bin/sh -c "$(command -v $program) 1 0 0 1 </dev/null >/dev/null 2>&1; grep -E 'NoNewPrivs' /proc/self/status"
		assert_output_has 'NoNewPrivs:.1'
	done
	sandbox --userns=single / find /usr/bin /usr/sbin /bin -perm /6000 -user 0 -writable
	assert_output ''
	# A copy of a shell that belongs to root outside runs as who runs it.
	sandbox --user 1 --seccomp=unconfined / /bin/sh -c 'for p in $(find /usr/bin -perm -4000 -user 65534); do echo "$p"; done | head -1 | grep -q . ; id -u'
	assert_output 1
}

# case: host's set-user-id programs
@test "files that the host's root owns cannot be written, given away or entered" {
	sandbox / /bin/sh -c 'touch /usr/bin/x /etc/x /etc/passwd /opt/x; rm -f /etc/passwd /usr/bin/env; chmod 777 /etc /usr; chown 0 /etc
		mv /etc/passwd /tmp; echo x >>/etc/passwd; ls /root; cat /etc/shadow' 2>/dev/null
	assert_output ''
	[ -s /etc/passwd ] && [ ! -e /usr/bin/x ] && [ ! -e /etc/x ]
}

# case: numbers
@test "ids are read as they are written, or refused (CVE-2024-3154, CVE-2021-43784)" {
	for id in -1 4294967295 4294967296 18446744073709551616 18446744073709551615 '0 ' ' 0' 0x10 1e1 1: :1 :: 1:2:3 1:-1 + +1 '' 00x \
		0.0 '1,2' $'0\n' 99999999999999999999; do
		sandbox --user "$id" "$root" id -u
		assert_refused
	done
	for map in 0:0:1 0:0:4294967295 0:-1:1 -1:1000:1 0:1000:0 0:1000:-1 0:4294967295:2 4294967295:1000:1 0:1000 0:1000:1:1 \
		0:100000:18446744073709551615 0x0:1000:1 '0 :1000:1' 0:1:1; do
		sandbox --uidmap "$map" --gidmap "$map" "$root" id -u
		assert_refused
	done
	for limit in nofile=-1 nofile=1e9 nofile=0x10 nofile=18446744073709551616 nofile=5:3 nofile= =5 'nofile=5 ' nofile=4294967296g; do
		sandbox --ulimit "$limit" "$root" true
		assert_refused
	done
	for size in -1 1e99 18446744073709551616 99999999999g 0x10 '1 ' 1mm; do
		sandbox --tmpfs "/tmp:size=$size" "$root" true
		assert_refused
	done
}

# case: raw sockets, marks, links, routes, nft
@test "no raw socket, no interface, no network but lo" {
	in_sandbox 'ip link add x type dummy; ip link set lo down; ip addr add 10.0.0.1/8 dev lo; ip route add default dev lo; echo end' 2>/dev/null
	assert_output end
	in_sandbox 'ls /sys/class/net; cat /proc/net/dev | tail -n +3 | cut -d: -f1; ping -c 1 127.0.0.1 >/dev/null 2>&1; wget -T 2 -q http://10.0.2.2/ && echo reached'
	assert_output 'lo
    lo'
	sandbox --network=host "$root" /bin/sh -c 'ip link add x type dummy && echo added; ip addr add 10.254.0.1/32 dev lo && echo added'
	assert_output_lacks added
}

# case: limits
@test "limits hold for the command and all that it starts, and cannot be raised" {
	sandbox --ulimit nofile=64 --ulimit core=0 --ulimit fsize=1k "$root" /bin/sh -c 'ulimit -n 65; ulimit -Hn 65; ulimit -n; ulimit -Hn
		sh -c "ulimit -n"; head -c 5000 /dev/zero >/tmp/f; wc -c </tmp/f' 2>/dev/null
	assert_output '64
64
64
1024'
}

# case: processes of all ids together
@test "the limit of processes holds for the sum of all ids" {
	require_range
	sandbox --pids-limit 60 --limits=best-effort "$root" /bin/probe forks 1 200
	assert_success
	local counts
	read -r -a counts <<<"${output//[^0-9]/ }"
	# Without a cgroup they are counted with ours outside, which come and go while other tests run.
	[ $((counts[0] + counts[2])) -le 100 ] || told 'at most 60, and a few that have ended outside'
	[ $((counts[0] + counts[2])) -ge 10 ] || told 'it can have some'
}
