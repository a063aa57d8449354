# The OCI runtime, with bundles made here: as a plain user, and as uid 0 of an engine's user namespace.
load ../lib
load oci

setup() { oci_setup; }

@test "run: the command's output and status, and nothing left" {
	sh_bundle b 'echo out; echo err >&2; hostname; id -u; exit 7'
	oci run --bundle b x
	assert_status 7
	assert_output $'out\ninside\n0'
	[ "$stderr" = err ]
	no_records
}

@test "sandbox oci is the same program" {
	sh_bundle b 'exit 3'
	sandbox oci run --bundle b x
	assert_status 3
	sandbox oci --version
	assert_output_has '^sandbox-oci version' 'spec: 1\.2\.0'
}

@test "create, start, state, kill, delete" {
	sh_bundle b 'echo started >/tmp/here; trap "exit 9" TERM; while :; do sleep 0.05; done' 'c["mounts"].append({"destination": "/tmp", "type": "bind", "source": "'"$PWD"'/t", "options": ["bind", "rw"]})'
	mkdir t
	made create --bundle b --pid-file pid x
	assert_success
	assert_equal "$(cat pid)" "$(pid_of x)"
	is_state x created
	[ ! -e t/here ]
	made create --bundle b x
	assert_refused 'a container x already'
	oci start x
	assert_success
	eventually test -e t/here
	is_state x running
	oci start x
	assert_refused 'is running, not created'
	oci delete x
	assert_refused 'is running'
	oci list
	assert_output_has '^x +[0-9]+ +running'
	oci ps x
	assert_output_has "^$(cat pid)$"
	oci kill x TERM
	assert_success
	eventually is_state x stopped
	oci kill x KILL
	assert_refused 'not running'
	oci delete x
	assert_success
	oci state x
	assert_refused 'container does not exist'
	no_records
}

@test "delete of one that was never started leaves nothing" {
	bundle b
	made create --bundle b x
	assert_success
	local pid
	pid=$(pid_of x)
	oci delete x
	assert_success
	[ ! -e "/proc/$pid/exe" ]
	no_records
}

@test "delete --force: of a running one, of none" {
	sh_bundle b 'while :; do sleep 1; done'
	made run --detach --bundle b x
	assert_success
	oci delete --force x
	assert_success
	no_records
	oci delete --force x
	assert_success
	oci delete x
	assert_refused 'does not exist'
}

@test "exec: by words, by process.json, detached, with another user's directory and variables" {
	sh_bundle b 'while :; do sleep 0.1; done'
	made run --detach --bundle b x
	oci exec x sh -c 'echo $HOME; hostname; exit 4'
	assert_status 4
	assert_output $'/root\ninside'
	oci exec --cwd /tmp --env A=b x sh -c 'pwd; echo $A'
	assert_output $'/tmp\nb'
	echo '{"args": ["sh", "-c", "grep -e NoNew /proc/self/status; echo $B"], "cwd": "/", "env": ["PATH=/bin", "B=c"], "user": {"uid": 0, "gid": 0}, "noNewPrivileges": true}' >process.json
	oci exec --process process.json x
	assert_output $'NoNewPrivs:\t1\nc'
	made exec --detach --pid-file pid x sleep 100
	assert_success
	oci ps --format json x
	assert_output_has "$(cat pid)"
	made exec x nothere
	assert_status 127
	oci delete --force x
	oci exec x true
	assert_refused 'does not exist'
}

@test "a command that is not there, that is none: create says so" {
	bundle b 'p["args"] = ["nothere"]'
	made --log log --log-format json create --bundle b x
	assert_status 127
	assert_stderr_has 'executable file not found in \$PATH'
	assert_equal "$(python3 -c 'import json; one = json.load(open("log")); print(one["level"], "not found" in one["msg"])')" 'error True'
	bundle b 'p["args"] = ["/not/here"]'
	made create --bundle b x
	assert_status 127
	assert_stderr_has 'no such file or directory'
	bundle b 'p["args"] = ["/etc/passwd"]'
	made create --bundle b x
	assert_status 126
	assert_stderr_has 'permission denied'
	no_records
}

@test "a terminal goes to the console socket, and is /dev/console" {
	sh_bundle b 'tty; stty size; read line; echo "got $line"; cat /dev/console >/dev/null & echo there >/dev/console' 'p["terminal"] = True' \
		'p["consoleSize"] = {"height": 33, "width": 77}'
	console "$PWD/socket" out $'word\n'
	made create --bundle b --console-socket "$PWD/socket" x
	assert_success
	oci start x
	assert_success
	eventually grep -q there out
	grep -q '^/dev/pts/0' out
	grep -q '^33 77' out
	grep -q 'got word' out
	eventually is_state x stopped
	oci delete x
}

@test "a console socket that nobody serves, or whose queue is full, is an error and not a wait" {
	bundle b 'p["terminal"] = True'
	made create --bundle b x
	assert_refused 'console-socket'
	made create --bundle b --console-socket "$PWD/none" x
	assert_refused 'none'
	python3 -c '
import socket, sys, time
server = socket.socket(socket.AF_UNIX)
server.bind("full"); server.listen(0)
ends = []
for _ in range(8):
    ends.append(socket.socket(socket.AF_UNIX)); ends[-1].setblocking(False)
    try: ends[-1].connect("full")
    except BlockingIOError: break
open("ready", "w")
time.sleep(60)' &
	local server=$!
	eventually test -e ready
	made create --bundle b --console-socket "$PWD/full" x
	kill "$server"
	assert_refused full
	no_records
}

@test "inside an engine's user namespace: no user namespace of its own, and any uid" {
	sh_bundle b 'id -u; id -g; id -G; cat /proc/self/uid_map; umask' 'inside()' \
		'p["user"] = {"uid": 33, "gid": 33, "additionalGids": [7, 9], "umask": 0o27}'
	as_engine sh -c "'$oci' run --bundle b x"
	assert_success
	assert_equal "$(tail -n 1 <<<"$output")" 0027
	assert_equal "$(head -n 3 <<<"$output")" $'33\n33\n33 7 9'
}

@test "inside an engine's user namespace: one of its own, mapped directly" {
	sh_bundle b 'id -u; tr -s " " </proc/self/uid_map' 'l["uidMappings"] = [{"containerID": 0, "hostID": 1, "size": 100}, {"containerID": 100, "hostID": 0, "size": 1}]' \
		'l["gidMappings"] = l["uidMappings"]' 'p["user"] = {"uid": 100, "gid": 100}'
	as_engine sh -c "PATH=/nowhere '$oci' run --bundle b x"
	assert_success
	assert_output $'100\n 0 1 100\n 100 0 1'
}

@test "as a plain user: ranges, by newuidmap" {
	require_range
	local first
	first=$(sed -n "s/^$(id -un):\([0-9]*\):.*/\1/p" /etc/subuid | head -n 1)
	sh_bundle b 'id -u; id -G' 'l["uidMappings"].append({"containerID": 1, "hostID": '"$first"', "size": 100})' \
		'l["gidMappings"].append({"containerID": 1, "hostID": '"$first"', "size": 100})' 'p["user"] = {"uid": 5, "gid": 6, "additionalGids": [7]}'
	chmod 0777 "$root"
	oci run --bundle b x
	assert_success
	assert_output $'5\n6 7'
}

@test "one id alone: groups are refused, not left out" {
	sh_bundle b true 'p["user"]["additionalGids"] = [5]'
	oci run --bundle b x
	assert_refused additionalGids
}

@test "namespaces by path: a network that is there, with and without a new user namespace" {
	sh_bundle hold 'while :; do sleep 1; done' 'inside()'
	NET=NETPATH sh_bundle b 'readlink /proc/self/ns/net' 'inside()' 'join("network", os.environ["NET"])'
	# shellcheck disable=SC2016
	as_engine sh -c '"$0" run --detach --bundle hold h </dev/null >held 2>&1 3>&- && pid=$("$0" ps h | tail -n 1) && readlink /proc/$pid/ns/net &&
		sed -i "s,NETPATH,/proc/$pid/ns/net," b/config.json && "$0" run --bundle b x; status=$?; "$0" delete --force h; exit $status' "$oci"
	assert_success
	assert_equal "${lines[0]}" "${lines[1]}"
}

@test "pid and user namespaces by path: the container is a child of ours all the same" {
	sh_bundle hold 'while :; do sleep 1; done'
	made run --detach --bundle hold h
	local pid
	pid=$(pid_of h)
	sh_bundle b 'echo $$; readlink /proc/self/ns/user; exit 5' "join('pid', '/proc/$pid/ns/pid')" "join('user', '/proc/$pid/ns/user')" \
		'del l["uidMappings"], l["gidMappings"]'
	oci run --bundle b x
	assert_status 5
	assert_equal "${lines[1]}" "$(readlink "/proc/$pid/ns/user")"
	[ "${lines[0]}" -gt 1 ]
	# Whose child it is, and who it is, is known before it can be done, however they are scheduled.
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		oci run --bundle b x
		assert_status 5
	done
	oci delete --force h
}

@test "mounts: read-only, tmpfs that begins with what it covers, files, missing mount points" {
	mkdir -p data "$root/with"
	echo x >"$root/with/file"
	echo y >data/f
	sh_bundle b 'cat /with/file; echo z >/with/new && cat /data/f; echo q >/data/f || echo refused; cat /new/place; [ ! -e /dev/sda ]; echo >/dev/null' \
		'c["mounts"] += [{"destination": "/with", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup", "size=1m"]},
		{"destination": "/data", "source": "'"$PWD"'/data", "options": ["rbind", "ro", "rprivate"]},
		{"destination": "/new/place", "source": "'"$PWD"'/data/f", "options": ["bind"]}]'
	oci run --bundle b x
	assert_success
	assert_output $'x\ny\nrefused\ny'
	[ ! -e "$root/with/new" ]
}

@test "masked and read-only paths, a read-only root, sysctls, rlimits, cwd" {
	sh_bundle b 'cat /proc/keys; ls /proc/acpi; echo 1 >/proc/sys/kernel/hostname || echo ro; touch /x || echo ro2; cat /proc/sys/net/ipv4/ip_forward; ulimit -n; pwd' \
		'l["sysctl"] = {"net.ipv4.ip_forward": "1"}' 'c["root"]["readonly"] = True' 'p["cwd"] = "/tmp"' \
		'p["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]'
	oci run --bundle b x
	assert_success
	assert_output $'ro\nro2\n1\n100\n/tmp'
}

@test "descriptors: none but the standard ones, and those of --preserve-fds" {
	sh_bundle b 'for fd in /proc/self/fd/*; do [ -e "$fd" ] && echo "${fd##*/}"; done; cat <&3' 
	exec 7</etc
	oci run --bundle b --preserve-fds 1 x 3<<<kept 7</etc
	exec 7<&-
	assert_output $'0\n1\n2\n3\nkept'
	oci run --bundle b --preserve-fds 2 x 3<<<kept 4<&-
	assert_refused 'descriptor 4'
}

@test "the network: lo is up in a new one" {
	sh_bundle b 'ping -c 1 -W 2 127.0.0.1 >/dev/null && echo up' 'p["capabilities"] = {name: ["CAP_NET_RAW"] for name in ("bounding", "effective", "permitted")}'
	oci run --bundle b x
	assert_output up
}

@test "run passes signals on" {
	sh_bundle b 'trap "echo got; exit 8" USR1; echo ready; while :; do sleep 0.05; done'
	"$oci" run --bundle b x >out 3>&- &
	local pid=$! status=0
	eventually grep -q ready out
	kill -USR1 "$pid"
	wait "$pid" || status=$?
	[ "$status" = 8 ]
	grep -q got out
}

@test "run: the runtime killed, the container gone" {
	sh_bundle b 'echo $$; while :; do sleep 1; done'
	"$oci" run --bundle b x >out 3>&- &
	local pid=$!
	eventually test -s out
	kill -KILL "$pid"
	wait "$pid" || :
	eventually is_state x stopped
	oci delete x
	assert_success
}

@test "an engine killed between create and start leaves no process" {
	bundle b
	# A subreaper, as conmon and the shims are, that ends.
	python3 -c 'import ctypes, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
sys.exit(subprocess.run([sys.argv[1], "create", "--bundle", "b", "--pid-file", "pid", "x"]).returncode)' "$oci" 3>&-
	eventually is_state x stopped
	oci start x
	assert_refused 'is stopped'
	oci delete x
	no_records
}

@test "mounts: each has the source that the configuration gives it" {
	sh_bundle b 'while read -r line; do set -- $line; place=$5; while [ "$1" != - ]; do shift; done; echo "$place $2 $3"; done </proc/self/mountinfo' \
		'c["mounts"] += [{"destination": "/tmp", "type": "tmpfs", "source": "some where", "options": ["size=64k"]}, {"destination": "/run", "type": "tmpfs"}]'
	oci run --bundle b x
	assert_success
	assert_output_has '^/proc proc proc$' '^/dev tmpfs tmpfs$' '^/dev/pts devpts devpts$' '^/tmp tmpfs some.040where$' '^/run tmpfs none$'
}

@test "hooks: refused unless they are allowed, then run where they belong" {
	mkdir hooks
	for kind in prestart createRuntime createContainer poststart poststop; do
		printf '#!/bin/sh\ncat >%s/hooks/%s\n' "$PWD" "$kind" >"$kind"
		chmod +x "$kind"
	done
	bundle b 'c["annotations"] = {"org.example.a": "b"}' \
		'c["hooks"] = {name: [{"path": "'"$PWD"'/" + name}] for name in ("prestart", "createRuntime", "createContainer", "poststart", "poststop")}'
	made create --bundle b x
	assert_refused 'hooks.prestart' 'allow-hooks'
	made --allow-hooks create --bundle b x
	assert_success
	assert_equal "$(ls hooks)" $'createContainer\ncreateRuntime\nprestart'
	for kind in prestart createRuntime createContainer; do
		grep -q '"status":"created"' "hooks/$kind" && grep -q '"annotations":{"org.example.a":"b"}' "hooks/$kind" ||
			fail "the state that $kind was told: $(<"hooks/$kind")"
	done
	oci --allow-hooks start x
	assert_success
	[ -e hooks/poststart ]
	eventually is_state x stopped
	oci --allow-hooks delete x
	[ -e hooks/poststop ]
}

@test "plan: every step with its reason, and nothing done" {
	bundle b
	oci plan --bundle b
	assert_success
	assert_output_has 'pivot-root' 'mask +/proc/keys +# linux.maskedPaths' 'uid 0, gid 0 +# process.user'
	no_records
}

@test "mountLabel: planned for what can have one and has none, and refused where there is no SELinux" {
	mkdir data
	bundle b 'l["mountLabel"] = "system_u:object_r:container_file_t:s0:c1,c2"' 'c["mounts"] += [
		{"destination": "/own", "type": "tmpfs", "options": ["context=\"u:r:t:s0:c3,c4\""]},
		{"destination": "/q", "type": "mqueue"}, {"destination": "/data", "source": os.environ["PWD"] + "/data", "options": ["bind"]}]'
	oci plan --bundle b
	assert_success
	assert_output_has 'mount-label +system_u:object_r:container_file_t:s0:c1,c2 +# linux.mountLabel'
	assert_equal "$(grep -o '/[a-z/]* *(.*context=[^ )]*' <<<"$output" | sed -E 's|^([a-z/]*).*context=|\1 |')" \
		$'/dev system_u:object_r:container_file_t:s0:c1,c2\n/dev/pts system_u:object_r:container_file_t:s0:c1,c2\n/own u:r:t:s0:c3,c4'
	[ ! -e /sys/fs/selinux/enforce ] || skip 'missing: a machine without SELinux'
	oci run --bundle b x
	assert_refused 'linux.mountLabel asks for system_u:.*, and this machine has no SELinux' 'leave it out'
	no_records
}
