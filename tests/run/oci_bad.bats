# What the OCI runtime is not to do: bad configurations refused at once and by name, nothing left of them.
load ../lib
load oci

setup() { oci_setup; }

# refused PATTERN...: `create` fails with these words, and there is no record.
refused() {
	made create --bundle b x
	assert_refused "$@" && no_records
}

# named WORDS: the same, with just these.
named() {
	made create --bundle b x
	assert_status 125
	[[ $stderr == *"$1"* ]] || told "stderr should have: $1"
	no_records
}

# swiftly PATTERN...: the same, in memory and time that no attacker chooses.
swiftly() {
	made_limited create --bundle b x
	assert_refused "$@" && no_records
}

# 20 seconds are for a loaded machine; alone each takes a fraction of one.
made_limited() {
	local most=262144
	status=0
	! sanitized || most=unlimited
	(ulimit -v "$most" && exec timeout -s KILL 20 "$oci" "$@") >made.out 2>made.err </dev/null 3>&- || status=$?
	output=$(<made.out) stderr=$(<made.err)
}

@test "no bundle, no config.json, one that is no file" {
	refused 'bundle b'
	mkdir b
	refused config.json
	mkfifo b/config.json
	refused 'no regular file'
}

@test "truncated at every tenth byte, trailing garbage, a key twice, a NUL" {
	bundle b
	local whole length i
	whole=$(<b/config.json) length=${#whole}
	for ((i = 0; i < length; i += length / 10)); do
		printf '%s' "${whole:0:i}" >b/config.json
		refused 'config.json' || return
	done
	printf '%s x' "$whole" >b/config.json
	refused 'end of file expected'
	printf '%s' "${whole/\{/\{\"ociVersion\": \"1.0.0\", }" >b/config.json
	refused duplicate
	printf '%s' "${whole/inside/in\\u0000side}" >b/config.json
	refused NUL
}

@test "200,000 deep, 200 MB, 100,000 mounts: refused at once" {
	bundle b
	local whole
	whole=$(<b/config.json)
	python3 -c 'print("{\"a\":" + "[" * 200000 + "]" * 200000 + "}")' >b/config.json
	swiftly 'depth'
	truncate -s 200M b/config.json
	swiftly 'more than'
	bundle b 'c["mounts"] = [{"destination": "/m", "source": "/", "options": ["bind"]}] * 50000'
	swiftly 'more than'
	# Short ones, so that they are no more bytes than may be read.
	python3 - <<'PYTHON'
import json
c = json.load(open("b/config.json")); c["mounts"] = [{}] * 100000
json.dump(c, open("b/config.json", "w"), separators=(",", ":"))
PYTHON
	swiftly '100000 entries'
	printf '%s' "$whole" >b/config.json
	oci run --bundle b x
	assert_success
}

@test "values of the wrong type, out of range, missing: the path of each" {
	local change path
	while IFS='|' read -r change path; do
		bundle b "$change"
		named "config.json: $path" || return
	done <<'CASES'
p["args"] = "true"|process.args: should be a list
p["args"] = []|process.args: names no command
p["args"] = [1]|process.args[0]: should be a string
p["cwd"] = "tmp"|process.cwd: should be an absolute path
p["user"]["uid"] = -1|process.user.uid: -1
p["user"]["uid"] = 4294967295|process.user.uid: 4294967295
p["user"]["uid"] = 1.5|process.user.uid: should be a whole number
p["env"] = ["x"]|process.env: 'x'
p["rlimits"] = [{"type": "RLIMIT_X", "soft": 1, "hard": 1}]|process.rlimits[0].type
p["rlimits"] = [{"type": "RLIMIT_CPU", "soft": 2, "hard": 1}]|process.rlimits[0]: has a soft limit
p["rlimits"] = [{"type": "RLIMIT_CPU", "soft": 1, "hard": 1}] * 2|process.rlimits[1].type
p["noNewPrivileges"] = "yes"|process.noNewPrivileges: should be true or false
p["scheduler"] = {"policy": "SCHED_X"}|process.scheduler.policy
c["ociVersion"] = "2.0.0"|ociVersion
c["root"] = {}|root.path: is missing
del c["process"]|process: is missing
c["mounts"].append({"destination": "/x", "options": ["tmpcopyup"]})|mounts[4].type: is missing
c["mounts"].append({"destination": "/x"})|mounts[4].type: is missing
c["mounts"].append({"destination": "/x", "source": "/", "options": ["bind", "size=1"]})|mounts[4].options: 'size'
l["namespaces"].append({"type": "pid"})|linux.namespaces[7].type: pid is there twice
l["namespaces"].append({"type": "moon"})|linux.namespaces[7].type
drop("mount")|linux.namespaces: has no mount namespace
drop("uts")|linux.namespaces: has no uts namespace
drop("user")|linux: has uidMappings
l["uidMappings"][0]["size"] = 0|linux.uidMappings[0]: maps no ids
l["uidMappings"][0]["hostID"] = 4294967294; l["uidMappings"][0]["size"] = 9|linux.uidMappings[0]: maps no ids
l["sysctl"] = {"kernel.panic": "1"}|linux.sysctl.kernel.panic: belongs to no namespace
l["sysctl"] = {"net/../kernel/panic": "1"}|linux.sysctl
l["maskedPaths"] = ["proc"]|linux.maskedPaths[0]: should be an absolute path
l["rootfsPropagation"] = "both"|linux.rootfsPropagation
CASES
}

@test "what is not supported is refused by name, and never left out" {
	local change path
	while IFS='|' read -r change path; do
		bundle b "$change"
		named "$path" || return
	done <<'CASES'
l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "x"}|linux.seccomp.listenerPath: should be an absolute path
l["seccomp"] = {"defaultAction": "SCMP_ACT_MAYBE"}|SCMP_ACT_MAYBE
l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_NOTIFY"}]}|SCMP_ACT_NOTIFY needs listenerPath
l["resources"] = {"memory": {"limit": 1000000}}|linux.resources.memory.limit
l["resources"] = {"pids": {"limit": 10}}|linux.resources.pids.limit
l["resources"] = {"hugepageLimits": [{"pageSize": "2MB", "limit": 1}]}|linux.resources.hugepageLimits: is not supported
l["intelRdt"] = {"closID": "x"}|linux.intelRdt: is not supported
l["mountLabel"] = "a:b:c:s0"|linux.mountLabel asks for a:b:c:s0, and this machine has no SELinux
c["windows"] = {"a": 1}|windows: is not supported
p["apparmorProfile"] = "not-there"|process.apparmorProfile asks for not-there
p["selinuxLabel"] = "a:b:c"|process.selinuxLabel asks for a:b:c
p["execCPUAffinity"] = {"initial": "0"}|process.execCPUAffinity: is not supported
c["hooks"] = {"poststop": [{"path": "/bin/true"}]}|hooks.poststop would run /bin/true
c["annotations"] = {"sandbox.proflie": "judge"}|annotations.sandbox.proflie
c["annotations"] = {"sandbox.profile": "/tmp/mine.conf"}|annotations.sandbox.profile: '/tmp/mine.conf' is a path
c["annotations"] = {"sandbox.profile": "nobody-has-this"}|nobody-has-this
CASES
}

@test "a key that is not of the specification is no error, and is noted in the log" {
	bundle b 'c["newer"] = 1' 'p["newest"] = {}'
	oci --log log run --bundle b x
	assert_success
	grep -q 'newer is no key' log
	grep -q 'process.newest is no key' log
}

@test "names of containers that lead elsewhere" {
	bundle b
	local name
	for name in '' . .. ../x a/b .hidden 'a b' $'a\nb' "$(printf 'a%.0s' {1..300})"; do
		made create --bundle b "$name"
		assert_refused 'no name of a container' || return
		made delete --force "$name"
		assert_refused 'no name of a container' || return
	done
}

@test "a directory of records that others can write to is not used" {
	bundle b
	mkdir -m 0777 open
	made --root open create --bundle b x
	assert_refused 'use .*/open'
	[ -z "$(ls open)" ]
}

@test "two creates of one name at once: one of them" {
	bundle b
	local i won=0 pids=()
	for i in 1 2 3 4; do
		("$oci" create --bundle b x >"out$i" 2>&1 </dev/null 3>&- && touch "won$i") 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}" || :
	for i in 1 2 3 4; do [ ! -e "won$i" ] || won=$((won + 1)); done
	[ "$won" = 1 ]
	is_state x created
	oci delete x
	no_records
}

@test "a recycled pid is not the container: it is stopped, and kill and delete leave the other alone" {
	bundle b
	made create --bundle b x
	oci kill x KILL
	eventually is_state x stopped
	sleep 100 3>&- &
	local other=$!
	# What a pid that has come round would look like: the number is right, the start time is not.
	sed -i "s/\"pid\":[0-9]*/\"pid\":$other/" "$XDG_RUNTIME_DIR/sandbox/.oci/x/state.json"
	is_state x stopped
	oci kill x KILL
	assert_refused 'not running'
	oci delete --force x
	assert_success
	kill -0 "$other"
	kill "$other"
}

@test "create killed at once, or in the middle: no process is left, and delete --force clears up" {
	bundle b
	local i pid
	for i in 0 2 4 6 8; do
		"$oci" create --bundle b x >/dev/null 2>&1 </dev/null 3>&- &
		pid=$!
		sleep "0.00$i"
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" || :
		oci delete --force x
		assert_success
		no_records
	done
}

@test "bad command lines" {
	bundle b
	for words in 'create' 'create --bundle b' 'create --bundle b x y' 'start' 'nothing' '--log-format xml list' 'kill x NOSIG' \
		'create --no-pivot --bundle b x' 'exec x' 'checkpoint x' 'create --preserve-fds -1 --bundle b x' 'create --wrong x'; do
		# shellcheck disable=SC2086 # words they are
		made $words
		assert_status 125 || return
	done
	no_records
}

@test "pause and resume without a cgroup say so" {
	sh_bundle b 'while :; do sleep 1; done'
	made run --detach --bundle b x
	oci pause x
	assert_refused 'no cgroup'
	oci resume x
	assert_refused 'not paused'
	oci delete --force x
}

@test "a program that runs from a sealed copy finds what lies beside it: profiles, and the compiler of filters" {
	# It belongs to an id that exists inside.
	mkdir -p own/bin own/share/sandbox own/libexec
	cp "$oci" own/bin/sandbox-oci
	cp -r "${oci%/*}/libexec" own/libexec/sandbox
	cp -r "$PROJECT/profiles" own/share/sandbox/profiles
	printf '%s\n' 'extends = strict' 'read-only' >own/share/sandbox/profiles/beside.conf
	chmod -R go-w own
	oci=$PWD/own/bin/sandbox-oci
	sh_bundle b 'grep Seccomp: /proc/self/status; touch /x || echo ro' 'c["annotations"] = {"sandbox.profile": "beside"}' \
		'l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["acct"], "action": "SCMP_ACT_ERRNO"}]}'
	oci run --bundle b x
	assert_success
	assert_output $'Seccomp:\t2\nro'
}

@test "profiles tighten: a filter, capabilities, limits, masks; what they cannot say is refused" {
	mkdir -p "$scratch/config/sandbox/profiles"
	export XDG_CONFIG_HOME=$scratch/config
	printf '%s\n' 'seccomp = strict' 'cap-drop = CHOWN' 'ulimit = nofile=50' 'mask = /etc/passwd' 'read-only' >"$XDG_CONFIG_HOME/sandbox/profiles/tight.conf"
	sh_bundle b 'grep -e NoNew -e CapEff -e Seccomp: /proc/self/status; ulimit -n; cat /etc/passwd; touch /x || echo ro' 'p["noNewPrivileges"] = False' \
		'c["annotations"] = {"sandbox.profile": "tight"}'
	oci run --bundle b x
	assert_success
	assert_output $'CapEff:\t0000000000000020\nNoNewPrivs:\t1\nSeccomp:\t2\n50\nro'
	# One that comes with the program.
	sh_bundle b 'grep -e NoNew -e CapEff -e Seccomp: /proc/self/status; ulimit -n; touch /x || echo ro' 'p["noNewPrivileges"] = False' \
		'c["annotations"] = {"sandbox.profile": "strict"}'
	oci run --bundle b x
	assert_output $'CapEff:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n1024\nro'
	echo 'userns = single' >"$XDG_CONFIG_HOME/sandbox/profiles/loose.conf"
	bundle b 'c["annotations"] = {"sandbox.profile": "loose"}'
	refused 'says userns'
	echo 'network = host' >"$XDG_CONFIG_HOME/sandbox/profiles/loose.conf"
	refused 'can only say none'
	echo 'cap-add = SYS_ADMIN' >"$XDG_CONFIG_HOME/sandbox/profiles/loose.conf"
	refused 'cap-add'
}
