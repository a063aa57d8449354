# --print-enforced: what is in force, read back: the same that the command sees, and other when a defence is out.
load ../lib
load landlock

setup() {
	lib_setup
	tiny_rootfs
}

# says EXPRESSION: python's value of it, with the document of enforced.json as j
says() { python3 -c 'import json, sys; j = json.load(open("enforced.json")); print(eval(sys.argv[1]))' "$1"; }

@test "all of it is what the command itself sees after its exec" {
	local how
	for how in '' '--userns=keep-id --read-only' '--cap-add ALL --network=host' '--seccomp=unconfined --ulimit nofile=99:100' '--as-pid-1 --userns=single' '--user=daemon'; do
		[[ $how != *daemon* ]] || require_range
		# shellcheck disable=SC2086
		sandbox $how --print-enforced enforced.json / python3 -c '
import json, os, resource
status = dict(line.rstrip("\n").split(":\t", 1) for line in open("/proc/self/status") if ":\t" in line)
ids = lambda name: [int(x) for x in status[name].split()]
print(json.dumps({
	"namespaces": {n: os.stat("/proc/self/ns/" + n).st_ino for n in ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time")},
	"uid-map": [[int(x) for x in line.split()] for line in open("/proc/self/uid_map")],
	"gid-map": [[int(x) for x in line.split()] for line in open("/proc/self/gid_map")],
	"setgroups": open("/proc/self/setgroups").read().strip(),
	"uids": ids("Uid"), "gids": ids("Gid"), "groups": ids("Groups"),
	"capabilities": [bin(int(status["Cap" + s], 16)).count("1") for s in ("Inh", "Prm", "Eff", "Bnd", "Amb")],
	"no-new-privileges": status["NoNewPrivs"] == "1",
	"seccomp": {"mode": int(status["Seccomp"]), "filters": int(status.get("Seccomp_filters", 0))},
	"mounts": [line.split()[4] + " " + line.split()[5] for line in open("/proc/self/mountinfo")],
	"interfaces": [line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line],
	"nofile": resource.getrlimit(resource.RLIMIT_NOFILE),
	"cgroup": open("/proc/self/cgroup").readline().strip(),
}))'
		assert_success || return
		echo "$output" >seen.json
		python3 - <<'END' || fail "with: $how"
import json
seen, told = json.load(open("seen.json")), json.load(open("enforced.json"))
told["capabilities"] = [len(told["capabilities"][s]) for s in ("inheritable", "permitted", "effective", "bounding", "ambient")]
told["mounts"] = [m["target"] + " " + m["options"] for m in told["mounts"]]
told["nofile"] = told["rlimits"]["nofile"]
for key in seen:
	assert seen[key] == told[key], (key, seen[key], told[key])
END
	done
}

@test "a defence that is out is out in it" {
	sandbox --print-enforced enforced.json / true
	assert_equal "$(says 'j["seccomp"]["mode"], j["filter"]["description"].split(",")[0], j["no-new-privileges"]')" "(2, 'default', True)"
	local hash
	hash=$(says 'j["filter"]["fnv1a"]')
	assert_equal "$(says 'sorted(n for n in j["namespaces"] if j["namespaces"][n] == j["outside"][n])')" "['time']"
	assert_equal "$(says '[m["options"].split(",")[0] for m in j["mounts"] if m["target"] == "/usr"]')" "['ro']"
	sandbox --seccomp=strict --print-enforced enforced.json / true
	[ "$(says 'j["filter"]["fnv1a"]')" != "$hash" ]
	sandbox --seccomp=unconfined --print-enforced enforced.json / true
	assert_equal "$(says 'j["seccomp"]["mode"], j["seccomp"]["filters"], j["filter"]')" '(0, 0, None)'
	sandbox --network=host --boottime-offset 100 --print-enforced enforced.json / true
	assert_equal "$(says 'sorted(n for n in j["namespaces"] if j["namespaces"][n] == j["outside"][n])')" "['net']"
	sandbox --cap-drop ALL --cap-add CHOWN --print-enforced enforced.json / true
	assert_equal "$(says 'j["capabilities"]["bounding"]')" "['cap_chown']"
	sandbox --bind "$PWD:/mnt" --print-enforced enforced.json "$root" true
	assert_equal "$(says '[m["options"].split(",")[0] for m in j["mounts"] if m["target"] == "/mnt"]')" "['rw']"
}

@test "Landlock: tried, and not only said" {
	require_landlock 2
	sandbox --print-enforced enforced.json / true
	assert_equal "$(says 'j["landlock"]["refuses-outside-writes"], j["landlock"]["handled"]["fs"] > 0')" '(True, True)'
	assert_equal "$(says 'j["landlock"]["abi"]')" "$(landlock_abi)"
	sandbox --landlock=off --print-enforced enforced.json / true
	assert_equal "$(says 'j["landlock"]["refuses-outside-writes"], j["landlock"]["handled"]["fs"]')" '(False, 0)'
}

@test "the command does not run before it is there, nor where it cannot be" {
	echo old >enforced.json
	sandbox --bind "$PWD:/mnt" --print-enforced enforced.json "$root" /bin/grep -c no-new-privileges /mnt/enforced.json
	assert_output 1
	sandbox --print-enforced nosuch/file "$root" /bin/echo ran
	assert_refused 'cannot write .*nosuch/file \(--print-enforced\)'
	mkdir directory
	sandbox --print-enforced directory "$root" /bin/echo ran
	assert_refused 'no regular file'
	sandbox --print-enforced 77 "$root" /bin/echo ran
	assert_refused 'descriptor 77'
	sandbox -d --print-enforced 5 "$root" /bin/echo ran 5>&2
	assert_refused 'exclude each other'
	run --separate-stderr bash -c 'set -o pipefail; { "$0" --print-enforced 7 "$1" /bin/echo ran 7>&1 >&3 | true; } 3>&1' "$SANDBOX" "$root"
	[ "$status" != 0 ] || [ "$output" = ran ]
	# What a command that did not start had to say is of nobody's run.
	echo old >enforced.json
	sandbox --print-enforced enforced.json "$root" /bin/nosuch
	assert_status 127
	[ "$(says 'j["format"]')" = 1 ]
}

@test "a pipe that nobody reads any more, and a socket: yes, and no" {
	python3 - "$SANDBOX" "$root" <<'END'
import os, socket, subprocess, sys
sandbox, root = sys.argv[1:]
def start(fd, *more):
	process = subprocess.Popen([sandbox, "--print-enforced", str(fd), *more, root, "/bin/echo", "ran"], pass_fds=[fd],
		stdout=subprocess.PIPE, stderr=subprocess.PIPE)
	os.close(fd)
	return process
def end(process):
	out, err = process.communicate(timeout=60)
	return process.returncode, out, err
r, w = os.pipe(); os.close(r)
code, out, err = end(start(w))
assert (code, out) == (125, b"") and b"Broken pipe" in err, (code, out, err)
for answer in b"y", b"":
	a, b = socket.socketpair()
	process = start(b.detach())
	text = b""
	while block := a.recv(65536):
		text += block
	assert b'"no-new-privileges": true' in text
	assert process.poll() is None
	if answer:
		a.send(answer)
	a.close()
	code, out, err = end(process)
	assert (code, out) == ((0, b"ran\n") if answer else (125, b"")), (code, out, err)
# Ctrl-C while it is waited for.
a, b = socket.socketpair()
process = start(b.detach())
while a.recv(65536):
	pass
process.terminate()
code, out, err = end(process)
assert code != 0 and out == b"", (code, out, err)
END
}
