# Containers of hostile bundles and root file systems: nothing of them reaches outside, what is asked for holds, and
# the runtime itself is out of reach. $victim must stay as it is.
load ../lib
load attack
load ../run/oci

setup() {
	oci_setup
	make_victim
}

# a writable place of the container's, at /out
out='c["mounts"].append({"destination": "/out", "source": os.environ["PWD"] + "/out", "options": ["bind"]})'

# hostile TARGET: a link at TARGET of the root leads to the victim in all the usual ways; nothing follows it outside.
hostile() {
	local to
	for to in "$victim" "../../../../../../../..$victim" "/proc/self/root$victim" "/proc/1/root$victim" /proc/self/cwd "$victim/not-there"; do
		replace link "$root$1" "$to"
		made run --bundle b x
		[ "$status" = 0 ] || [ "$status" = 125 ] || told "it should work or be refused"
		assert_victim_unchanged || return
		no_records || return
	done
	replace missing "$root$1"
}

# case: links at a bundle's mount points, devices, masks and directory
@test "targets of mounts that are links: nothing is made, mounted or written outside" {
	for target in /proc /sys /dev /dev/pts; do
		bundle b
		replace missing "$root/dev"
		hostile "$target" || return
		replace directory "$root$target"
	done
	bundle b 'c["mounts"] += [{"destination": "/data/x/y", "source": os.environ["PWD"], "options": ["bind"]},
		{"destination": "/data/f", "source": "/etc/hostname", "options": ["bind"]}, {"destination": "/data/t", "type": "tmpfs", "options": ["tmpcopyup"]}]'
	hostile /data
	bundle b 'p["cwd"] = "/data/cwd"'
	hostile /data
	bundle b 'l["devices"] = [{"path": "/data/null", "type": "c", "major": 1, "minor": 3}]' 'c["mounts"] = [one for one in c["mounts"] if one["destination"] != "/dev"]'
	hostile /data
	bundle b 'l["maskedPaths"] = ["/data", "/data/file", "/data/etc"]' 'l["readonlyPaths"] = ["/data", "/data/etc"]'
	hostile /data
}

# case: the kernel's file systems, through a link of a bundle's root
@test "the kernel's file systems are never mounted through a link of the root" {
	mkdir "$root/elsewhere"
	replace link "$root/proc" elsewhere
	bundle b
	made run --bundle b x
	assert_refused 'mount.*on /proc'
}

# case: a mask that a bundle's root offers
@test "a mask that the root offers itself is none: /dev/null is the machine's" {
	# No tmpfs on /dev: what lies there is the root's.
	replace file "$root/dev/null" SECRET
	sh_bundle b 'cat /proc/keys /hidden; [ -c /dev/null ] && echo device' 'l["maskedPaths"].append("/hidden")' \
		'c["mounts"] = [one for one in c["mounts"] if not one["destination"].startswith("/dev")]'
	echo SECRET >"$root/hidden"
	oci run --bundle b x
	assert_output device
	assert_equal "$(cat "$root/dev/null")" SECRET
}

# case: masked and read-only paths of a bundle, undone from inside
@test "masked and read-only paths cannot be undone from inside, with capabilities over the namespace" {
	sh_bundle b 'cat /proc/keys; umount /proc/keys; cat /proc/keys; mount -o remount,rw /proc/sys; echo x >/proc/sys/kernel/hostname; mount --bind /proc/sys /tmp && echo x >/tmp/kernel/hostname; hostname' \
		'p["capabilities"] = {name: ["CAP_SYS_ADMIN"] for name in ("bounding", "effective", "permitted")}' \
		'l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["umount2", "mount", "mount_setattr", "move_mount", "open_tree", "fsopen", "fsmount", "fspick"], "action": "SCMP_ACT_ERRNO"}]}'
	oci run --bundle b x
	assert_output inside
}

# case: the machine as a container's working directory
@test "CVE-2024-21626: no directory of the machine's is a working directory, or left open" {
	local fd
	bundle b
	exec 7</etc
	for ((fd = 3; fd < 40; fd++)); do
		for path in "/proc/self/fd/$fd" "/proc/self/fd/$fd/.." "/proc/1/fd/$fd"; do
			sh_bundle b 'cat ../../../../etc/hostname ../hostname; pwd' "p['cwd'] = '$path'"
			made run --bundle b x 7</etc
			[ "$status" = 125 ] || ! grep -qF "$(</etc/hostname)" <<<"$output" || told "the machine is in reach by $path" || return
			made_exec_cwd "$path" || return
		done
		[ "$fd" -lt 12 ] || ((fd += 6))
	done
	exec 7<&-
}

# The same for a command that joins: from the one container that is kept for it.
made_exec_cwd() {
	is_state held running || {
		sh_bundle hold 'while :; do sleep 1; done'
		made run --detach --bundle hold held
		assert_success
	}
	made exec --cwd "$1" held sh -c 'cat ../../../../etc/hostname ../hostname' 7</etc
	[ "$status" = 125 ] || ! grep -qF "$(</etc/hostname)" <<<"$output" || told "the machine is in reach by exec --cwd $1"
}

teardown() {
	"$oci" delete --force held >/dev/null 2>&1 || :
	lib_teardown
}

# case: the runtime as a container's command, and written from inside
@test "CVE-2019-5736: a command that is /proc/self/exe, or a script for it, does not run the runtime, nor can it be written" {
	local before name
	# A program of the caller's own, so that uid 0 inside could write to it.
	mkdir -p bin libexec
	cp "$oci" bin/sandbox-oci
	chmod 0755 bin/sandbox-oci
	before=$(cksum <bin/sandbox-oci)
	oci=$PWD/bin/sandbox-oci
	bundle b 'p["args"] = ["/proc/self/exe", "--version"]'
	made run --bundle b x
	assert_status 126
	replace link "$root/link" /proc/self/exe
	printf '#!/proc/self/exe\n' >"$root/script"
	chmod 0755 "$root/script"
	for name in /link /script; do
		bundle b "p['args'] = ['$name', '--version']"
		made run --bundle b x
		[ "$status" != 0 ] || assert_output_has '^sandbox-oci version' || return
	done
	# An interpreter of a script is the kernel's to follow: the runtime runs inside, and stays for as long as its log is
	# a pipe that nobody reads. Whoever holds its program open then writes to it when it has ended.
	mkdir out
	mkfifo out/pipe
	printf '#!/proc/self/exe --log=/out/pipe\n' >"$root/script"
	# shellcheck disable=SC2016
	sh_bundle b 'while :; do for exe in /proc/[0-9]*/exe; do
		case $(readlink $exe) in *sandbox-oci*)
			echo seen
			(exec 9<$exe && cat /out/pipe >/dev/null && for _ in 1 2 3 4 5 6 7 8 9 10; do (echo evil >/proc/self/fd/9) && echo WRITTEN; sleep 0.05; done; echo tried);;
		esac
	done; done >/out/log 2>/dev/null' "$out"
	made run --detach --bundle b x
	made exec x /link
	assert_status 126
	made exec x /script
	eventually grep -q tried out/log
	oci delete --force x
	assert_lacks out/log WRITTEN
	assert_equal "$(cksum <"$oci")" "$before"
}

# case: who joins a container, seen from inside
@test "a hunter inside finds nothing of who joins, whatever capabilities it has in there (CVE-2016-9962)" {
	local caps
	cp "$TESTS_BUILD/hunter" "$root/bin/"
	for caps in '' '"CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"'; do
		bundle b 'p["args"] = ["/bin/hunter", "hunt", "HUNTED"]' "p['capabilities'] = {name: [$caps] for name in ('bounding', 'effective', 'permitted')}"
		"$oci" run --bundle b x >log 2>&1 </dev/null 3>&- &
		eventually grep -q '^hunting$' log
		for _ in {1..40}; do
			HUNTED=x made exec x true
			assert_success
		done
		assert_equal "$(<log)" hunting
		oci delete --force x
		wait "$!" || :
	done
}

# case: seccomp of a bundle, left out
@test "seccomp of the configuration holds, with and without no_new_privs, for exec too" {
	local value
	for value in True False; do
		sh_bundle b 'mkdir /tmp/x && echo MADE; grep -e Seccomp: /proc/self/status; while :; do sleep 1; done' "p['noNewPrivileges'] = $value" \
			'l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}'
		made run --detach --bundle b x
		assert_success
		eventually grep -q Seccomp made.out
		assert_equal "$(<made.out)" $'Seccomp:\t2'
		grep -q 'not supported' made.err
		made exec x sh -c 'mkdir /tmp/y && echo MADE; grep Seccomp: /proc/self/status'
		assert_output $'Seccomp:\t2'
		echo '{"args": ["sh", "-c", "mkdir /tmp/y && echo MADE; grep Seccomp: /proc/self/status"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}}' >process.json
		made exec --process process.json x
		assert_output $'Seccomp:\t2'
		oci delete --force x
	done
}

# case: a command whose filter's agent is not there
@test "without the agent that its filter asks nothing is run: not at start, and no command that joins" {
	sh_bundle b 'echo RAN; while :; do sleep 1; done' 'l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": os.environ["PWD"] + "/agent",
		"syscalls": [{"names": ["keyctl"], "action": "SCMP_ACT_NOTIFY"}]}'
	python3 "$PROJECT/tests/run/oci_agent.py" "$PWD/agent" "$PWD/told" -13 3>&- &
	local agent=$!
	eventually test -S agent
	made create --bundle b started
	assert_success
	cp made.out first.out
	made run --detach --bundle b held
	assert_success
	kill -KILL "$agent"
	wait "$agent" || :
	oci start started
	assert_refused 'reach the agent'
	eventually is_state started stopped
	assert_equal "$(<first.out)" ''
	made exec held sh -c 'echo RAN'
	assert_refused 'reach the agent'
	assert_equal "$(<made.out)" ''
	oci delete started
	assert_success
}

# case: capabilities of a bundle, more than were asked for
@test "capabilities are those that were asked for, in all five sets, for exec too; nodes cannot be made or used" {
	sh_bundle b 'grep ^Cap /proc/self/status; mknod /tmp/node c 1 3 && echo NODE; while :; do sleep 1; done' \
		'p["capabilities"] = {"bounding": ["CAP_KILL", "CAP_MKNOD"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL", "CAP_MKNOD"], "inheritable": [], "ambient": []}'
	made run --detach --bundle b x
	eventually grep -q CapAmb made.out
	assert_equal "$(awk '{ print $2 }' made.out | tr '\n' ' ')" "0000000000000000 0000000000000020 0000000000000020 0000000000000020 0000000000000000 "
	made exec x grep ^Cap /proc/self/status
	assert_equal "$(awk '{ print $2 }' made.out | tr '\n' ' ')" "0000000000000000 0000000000000020 0000000000000020 0000000000000020 0000000000000000 "
	oci delete --force x
}

# case: the machine's root, in a container
@test "the machine's root is nowhere: no mount of it, no way up" {
	sh_bundle b 'cut -d " " -f 5 /proc/self/mountinfo | grep -cx /; cut -d " " -f 5 /proc/self/mountinfo; cd /; cd ../../../..; ls; ls /proc/1/root/' "$out"
	mkdir out
	oci run --bundle b x
	assert_success
	assert_equal "${lines[0]}" 1
	assert_output_lacks "$scratch"
	assert_output_lacks '^boot$|^lib64$'
}

# case: mounts of a container's, seen outside
@test "mounts of the container's do not come out, nor the machine's later ones in" {
	mkdir out
	sh_bundle b 'mount -t tmpfs none /out && touch /out/inside; sleep 1; ls /out' "$out" \
		'p["capabilities"] = {name: ["CAP_SYS_ADMIN"] for name in ("bounding", "effective", "permitted")}'
	oci run --bundle b x
	assert_output inside
	[ -z "$(ls out)" ]
}
