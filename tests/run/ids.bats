# Who the command is inside, and whose its files are outside.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	uid=$(id -u) gid=$(id -g)
	mkdir work
}

# map FILE: the id map inside, one "inside outside count" to a line (the sandbox's own ids, seen by it)
map() { in_sandbox "tr -s ' ' </proc/self/$1 | sed 's/^ //'"; }

# first_grant FILE: "START COUNT" of this user's first range
first_grant() { sed -nE "s/^($(id -un)|$uid):([0-9]+):([0-9]+)\$/\2 \3/p" "$1" | head -n 1; }

@test "auto: 0 inside is the caller, and the range follows" {
	require_range
	read -r start count <<<"$(first_grant /etc/subuid)"
	map uid_map
	assert_success
	assert_equal "$(head -n 2 <<<"$output")" "0 $uid 1
1 $start $count"
	read -r start count <<<"$(first_grant /etc/subgid)"
	map gid_map
	assert_equal "$(head -n 2 <<<"$output")" "0 $gid 1
1 $start $count"
	in_sandbox 'id -u; id -g; id -un; echo $HOME $USER'
	assert_output $'0\n0\nroot\n/root root'
}

@test "auto: what root writes inside is the caller's outside" {
	options=(--bind "$PWD/work:/proj")
	in_sandbox 'touch /proj/file; mkdir /proj/directory'
	assert_success
	assert_equal "$(stat -c '%u:%g' work/file work/directory | sort -u)" "$uid:$gid"
}

@test "auto: other ids inside are the caller's subordinate ones" {
	require_range
	read -r start _ <<<"$(first_grant /etc/subuid)"
	read -r gstart _ <<<"$(first_grant /etc/subgid)"
	options=(--bind "$PWD/work:/proj")
	in_sandbox 'touch /proj/file && chown 7:9 /proj/file && stat -c %u:%g /proj/file'
	assert_success
	assert_output 7:9
	assert_equal "$(stat -c %u:%g work/file)" "$((start + 6)):$((gstart + 8))"
}

@test "keep-id: the caller keeps its number and its name, in and out" {
	require_range
	options=(--userns=keep-id --bind "$PWD/work:/proj")
	in_sandbox 'id -u; id -g; id -un; id -gn; echo $USER; touch /proj/file; stat -c %u:%g /proj/file'
	assert_success
	assert_output "$uid
$gid
$(id -un)
$(id -un)
$(id -un)
$uid:$gid"
	assert_equal "$(stat -c %u:%g work/file)" "$uid:$gid"
	map uid_map
	assert_output_has "^$uid $uid 1\$"
}

@test "keep-id: id 0 and those above the caller's are mapped too" {
	require_range
	read -r start count <<<"$(first_grant /etc/subuid)"
	options=(--userns=keep-id)
	map uid_map
	assert_output "0 $start $uid
$uid $uid 1
$((uid + 1)) $((start + uid)) $((count - uid))"
	options+=(--user 0)
	in_sandbox 'id -u'
	assert_output 0
}

@test "single: one id, setgroups denied, no helper run" {
	options=(--userns=single)
	map uid_map
	assert_output "0 $uid 1"
	map gid_map
	assert_output "0 $gid 1"
	in_sandbox 'cat /proc/self/setgroups'
	assert_output deny
	sandbox --dry-run --userns=single "$root" true
	assert_output_lacks newuidmap
}

@test "single: the one id may be any" {
	options=(--userns=single --user 5:6)
	in_sandbox 'id -u; id -g; tr -s " " </proc/self/uid_map'
	assert_output "5
6
 5 $uid 1"
}

@test "single is quiet: it is what was asked for" {
	sandbox --userns=single "$root" /bin/true
	assert_success
	assert_equal "$stderr" ''
}

@test "--uidmap and --gidmap: these ids and no others" {
	require_range
	read -r start _ <<<"$(first_grant /etc/subuid)"
	read -r gstart _ <<<"$(first_grant /etc/subgid)"
	options=(--uidmap "0:$uid:1" --uidmap "5:$((start + 10)):20" --gidmap "0:$gid:1" --gidmap "100:$gstart:2")
	map uid_map
	assert_success
	assert_output "0 $uid 1
5 $((start + 10)) 20"
	map gid_map
	assert_output "0 $gid 1
100 $gstart 2"
	options+=(--user 5:100 --bind "$PWD/work:/proj")
	chmod 0777 work
	in_sandbox 'id -u; id -g; touch /proj/file'
	assert_output $'5\n100'
	assert_equal "$(stat -c %u:%g work/file)" "$((start + 10)):$gstart"
}

@test "--uidmap that leaves the caller out" {
	require_range
	read -r start _ <<<"$(first_grant /etc/subuid)"
	read -r gstart _ <<<"$(first_grant /etc/subgid)"
	sandbox --uidmap "0:$start:10" --gidmap "0:$gstart:10" / sh -c 'id -u; id -g; tr -s " " </proc/self/uid_map'
	assert_success
	assert_output "0
0
 0 $start 10"
}

@test "--user: a name and a group of ROOTFS's own passwd and group" {
	require_range
	echo 'builder:x:42:43:B:/home/builder:/bin/sh' >>"$root/etc/passwd"
	printf 'builder:x:43:\nwheel:x:77:\n' >>"$root/etc/group"
	options=(--user builder)
	in_sandbox 'id -u; id -g; id -un; echo $HOME $USER'
	assert_success
	assert_output $'42\n43\nbuilder\n/home/builder builder'
	options=(--user builder:wheel)
	in_sandbox 'id -u; id -g; id -gn'
	assert_output $'42\n77\nwheel'
}

@test "--user: the host's own users are unknown inside" {
	options=(--user "$(id -un)")
	in_sandbox 'id'
	assert_refused "cannot run as $(id -un)" /etc/passwd
	options=(--user root:nosuchgroup)
	in_sandbox 'id'
	assert_refused nosuchgroup /etc/group
}

@test "--user: numbers, exactly as given" {
	require_range
	options=(--user 12)
	in_sandbox 'id -u; id -g'
	assert_output $'12\n12'
	options=(--user 12:34)
	in_sandbox 'id -u; id -g; id -un; id -gn; grep -c . /etc/passwd'
	assert_output_has '^12$' '^34$'
	options=(--user 1)
	in_sandbox 'id -u; id -un'
	assert_output $'1\ndaemon'
}

@test "--user: what is no id is refused" {
	for user in -1 4294967295 4294967296 1: :1 1:-1 '0 ' 1x '' 0x10; do
		sandbox --user="$user" "$root" id
		assert_refused "user" || return
	done
}

@test "--user: an id that is not mapped is refused" {
	options=(--user 70000)
	in_sandbox id
	assert_refused 'uid 70000' '/etc/subuid' 'run: sudo usermod'
	options=(--uidmap "0:$uid:1" --user 5)
	in_sandbox id
	assert_refused 'uid 5' 'not among the ids that are mapped'
}

@test "another id than 0 has no capability, and a home of its own" {
	require_range
	options=(--user 12)
	in_sandbox 'grep CapEff /proc/self/status; cd; pwd; touch x && stat -c %u x'
	assert_success
	assert_output $'CapEff:\t0000000000000000\n/home/user\n12'
}

@test "the inside user has a line in passwd and group, and ROOTFS's file is unchanged" {
	require_range
	before=$(snapshot "$root")
	options=(--user 12:34)
	in_sandbox 'grep :12: /etc/passwd; grep :34: /etc/group; grep -c root: /etc/passwd'
	assert_success
	assert_output $'user:x:12:34::/home/user:/bin/sh\nuser:x:34:\n1'
	assert_equal "$(snapshot "$root")" "$before"
}

@test "without passwd and group in ROOTFS the inside user still has a name" {
	rm "$root/etc/passwd" "$root/etc/group"
	in_sandbox 'id -un; id -gn; echo ~'
	assert_output $'root\nroot\n/root'
	options=(--userns=keep-id)
	in_sandbox 'id -un'
	assert_output "$(id -un)"
}

@test "bad ranges: sizes, form, overlap" {
	local map
	for map in 0:1:0 0:1 0:1:x x:1:1 0:-1:1 0:4294967295:2 4294967290:1000:10 0:1:4294967296 0::1 ''; do
		sandbox --uidmap="$map" "$root" /bin/true
		[ -n "$map" ] || continue
		assert_refused uidmap || return
	done
	sandbox --uidmap 0:100000:10 --uidmap 5:200000:10 "$root" /bin/true
	assert_refused overlap inside 5:200000:10 0:100000:10
	sandbox --uidmap 0:100000:10 --uidmap 50:100009:10 "$root" /bin/true
	assert_refused overlap outside
}

@test "a range that /etc/subuid does not grant is refused before anything is made" {
	sandbox --uidmap 0:1:10 "$root" /bin/true
	assert_refused '/etc/subuid does not grant you 1 to 10'
	require_range
	read -r start count <<<"$(first_grant /etc/subuid)"
	sandbox --uidmap "0:$start:$((count + 1))" "$root" /bin/true
	assert_refused '/etc/subuid does not grant'
	sandbox --uidmap "0:$uid:2" "$root" /bin/true
	assert_refused '/etc/subuid does not grant'
	sandbox --uidmap "0:$uid:1" --gidmap 0:0:1 "$root" /bin/true
	assert_refused '/etc/subgid does not grant'
}

@test "a home that ROOTFS's passwd makes up is no harm" {
	require_range
	local home
	for home in /dev/null /etc/passwd /usr/bin /proc/1 nonsense /no/such/place; do
		sed -i '/^odd:/d' "$root/etc/passwd"
		echo "odd:x:42:42::$home:/bin/sh" >>"$root/etc/passwd"
		before=$(snapshot "$root")
		sandbox --user odd "$root" /bin/sh -c 'echo "$HOME"; stat -c %u /usr/bin/. /etc/passwd | sort -u'
		assert_success || return
		assert_output "${home/nonsense//}"$'\n0' || return
		assert_equal "$(snapshot "$root")" "$before"
	done
	sandbox --user daemon / sh -c 'id -un'
	assert_output daemon
}
