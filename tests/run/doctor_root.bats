# What `sandbox doctor` says where helpers or ranges are missing or wrong: root changes them in a mount namespace.
# user: root
load ../lib

setup() {
	lib_setup
	mkdir -m 0755 fake
	local part=$scratch
	while [ "$part" != / ]; do
		chmod a+x "$part"
		part=$(dirname "$part")
	done
}

# doctor CHANGE: its report, as sandbox-test, in a mount namespace where root has run CHANGE
doctor() {
	run --separate-stderr unshare --mount sh -ec "$1"'
		exec setpriv --reuid=sandbox-test --regid=sandbox-test --init-groups \
			env -u XDG_RUNTIME_DIR -u TMPDIR -u XDG_DATA_HOME HOME=/home/sandbox-test "$1" doctor' sh "$SANDBOX"
	[ "$status" -le 1 ] || told 'a report'
}

without='mount -t tmpfs none fake; mkdir fake/u fake/w; chmod 755 fake/u
	mount -t overlay none -o lowerdir=/usr/bin,upperdir=fake/u,workdir=fake/w /usr/bin;'

@test "helpers that are missing, or not setuid" {
	doctor "$without rm /usr/bin/newuidmap /usr/bin/slirp4netns /usr/bin/pasta"
	assert_output_has '^  weaker +newuidmap +there is none' 'mend: sudo apt-get install uidmap' '^  yes +newgidmap' \
		'^  weaker +slirp4netns +is not in' '^  no +a network \(pasta\)' 'apt-get install passt'
	doctor 'cp /usr/bin/newuidmap fake/n; chmod 0755 fake/n; mount --bind fake/n /usr/bin/newuidmap'
	assert_output_has 'newuidmap is neither setuid root nor has file capabilities' 'mend: sudo chmod u\+s /usr/bin/newuidmap'
}

# subuid LINE...: the report with these lines alone in /etc/subuid
subuid() {
	printf '%s\n' "$@" >lines
	doctor 'cp lines fake/s; chmod 644 fake/s; mount --bind fake/s /etc/subuid'
}

@test "ranges: none, too short, of somebody else's too" {
	local next='sudo usermod --add-subuids [0-9]+-[0-9]+ --add-subgids [0-9]+-[0-9]+ sandbox-test'
	subuid 'other:300000:65536'
	assert_output_has '^  weaker +subordinate uid +none for sandbox-test' "$next" '^  yes +subordinate gid'
	subuid 'sandbox-test:300000:1000'
	assert_output_has '^  weaker +subordinate uid +1000 ids for sandbox-test in 1 range; most' "$next"
	subuid 'sandbox-test:300000:65536' 'other:365000:65536'
	assert_output_has '^  weaker +subordinate uid .*they overlap with other: 365000 to 430535'
	subuid 'sandbox-test:300000:65536' 'other:365536:65536'
	assert_output_has '^  yes +subordinate uid +65536 ids'
}

@test "devices that are missing or closed" {
	doctor 'mount -t tmpfs none /dev/net'
	assert_output_has '^  weaker +/dev/net/tun +is not there' 'mend: sudo modprobe tun' '^  no +a network \(slirp4netns\)'
	doctor 'cp -a /dev/net/tun fake/; chmod 600 fake/tun; mount --bind fake/tun /dev/net/tun'
	assert_output_has '^  weaker +/dev/net/tun +cannot be opened' 'mend: sudo chmod 0666 /dev/net/tun'
}

@test "a store where programs cannot run" {
	doctor 'mount -t tmpfs -o noexec,uid=$(id -u sandbox-test) none /home/sandbox-test'
	assert_output_has "^  weaker +the store's file system +/home/sandbox-test is mounted noexec" 'mend: set XDG_DATA_HOME'
}
