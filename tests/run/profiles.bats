# Profiles used for real: build, strict, the user's own, drop-ins; and what is wrong with one.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	export XDG_CONFIG_HOME=$scratch/config
	mine=$XDG_CONFIG_HOME/sandbox/profiles
	mkdir -p "$mine" project
}

# use NAME [ARG...]: the profile, with its command
use() { sandbox --profile "$1" "${@:2}"; }

@test "build: the working directory is written to, as the caller, and nothing else of the home is there" {
	cd project
	echo 'all:' >Makefile
	use build "$root" /bin/sh -c 'pwd; id -un; cat Makefile; mkdir out; echo obj >out/a.o; ls -A ..; touch /etc/x'
	assert_success
	assert_output "$scratch/project
$(id -un)
all:
project"
	assert_equal "$(stat -c %U out/a.o)" "$(id -un)"
	[ ! -e "$root/etc/x" ]
}

@test "build: no core files, no network" {
	cd project
	use build "$root" /bin/sh -c 'ulimit -c; ip -o link | wc -l; grep CapEff /proc/self/status'
	assert_output $'0\n1\nCapEff:\t0000000000000000'
}

@test "build in /: the same" {
	cd project
	use build / sh -c 'pwd; id -un; echo x >made; ls -A ..; touch /usr/x'
	assert_output "$scratch/project
$(id -un)
project"
	[ -f made ]
}

@test "build: in the home directory itself is refused, as any bind of it" {
	mkdir home
	HOME=$PWD/home
	cd home
	use build "$root" /bin/true
	assert_refused 'will not bind' 'home directory'
}

@test "strict: nothing is written, nothing can be done" {
	before=$(snapshot "$root")
	use strict "$root" /bin/sh -c 'touch /x /etc/x; touch /tmp/x && echo tmp; grep -E "^(CapEff|CapBnd|Seccomp):" /proc/self/status; ulimit -n; ip -o link | wc -l'
	assert_output $'tmp\nCapBnd:\t0000000000000000\nCapEff:\t0000000000000000\nSeccomp:\t2\n1024\n1' 2>/dev/null ||
		assert_output_has '^tmp$' $'^CapBnd:\t0000000000000000' $'^CapEff:\t0000000000000000' $'^Seccomp:\t2' '^1024$'
	assert_stderr_has 'Read-only file system'
	assert_equal "$(snapshot "$root")" "$before"
}

@test "strict in /" {
	use strict / sh -c 'echo "6 * 7" | sed "s/ .*//"; touch /x || touch /usr/x || echo no'
	assert_output $'6\nno'
}

@test "the command line wins over the profile" {
	use strict --seccomp=unconfined --ulimit nofile=99 "$root" /bin/sh -c 'grep ^Seccomp: /proc/self/status; ulimit -n'
	assert_output $'Seccomp:\t0\n99'
	use strict --rw "$root" /bin/touch /made
	assert_success
	[ -e "$root/made" ]
}

@test "the user's own profile, by name and by path" {
	printf '# mine\nextends = build\nhostname = my-box\nenv = GREETING=hello world\n' >"$mine/mine.conf"
	cd project
	use mine "$root" /bin/sh -c 'hostname; echo $GREETING; pwd'
	assert_output "my-box
hello world
$scratch/project"
	use "$mine/mine.conf" "$root" /bin/hostname
	assert_output my-box
}

@test "a profile by path, relative, that extends one beside it" {
	printf 'hostname = base\nenv = A=1\n' >project/base.conf
	printf 'extends = ./base.conf\nhostname = top\n' >project/top.conf
	use ./project/top.conf "$root" /bin/sh -c 'hostname; echo $A'
	assert_output $'top\n1'
}

@test "the user's own default is what every sandbox starts from" {
	printf 'extends = default\nhostname = mine\n' >"$mine/default.conf"
	in_sandbox hostname
	assert_output mine
}

@test "drop-ins come after the profile, in the order of their names" {
	mkdir "$mine/build.conf.d"
	echo 'hostname = ten' >"$mine/build.conf.d/10-name.conf"
	echo 'hostname = twenty' >"$mine/build.conf.d/20-name.conf"
	echo 'rubbish' >"$mine/build.conf.d/README"
	cd project
	use build "$root" /bin/hostname
	assert_output twenty
	use build --hostname cli "$root" /bin/hostname
	assert_output cli
}

@test "variables: HOME, PWD, UID and XDG_*" {
	# shellcheck disable=SC2016
	printf 'env = A=${HOME}\nenv = B=${PWD}\nenv = C=${UID}\nenv = D=${XDG_CONFIG_HOME}\nenv = E=$$x\n' >"$mine/vars.conf"
	use vars "$root" /bin/sh -c 'echo $A $B $C $D $E'
	assert_output "$HOME $PWD $(id -u) $XDG_CONFIG_HOME \$x"
	# shellcheck disable=SC2016
	echo 'env = A=${NOSUCH}' >"$mine/vars.conf"
	use vars "$root" /bin/true
	assert_refused vars.conf:1 NOSUCH
}

@test "an unknown key is refused, with the file, the line and the nearest name" {
	printf '\n# x\nhostnam = a\n' >"$mine/p.conf"
	use p "$root" /bin/echo ran
	assert_refused 'p.conf:3' hostnam hostname
}

@test "a bad value, a scalar twice, a key without a value" {
	printf 'network = hots\n' >"$mine/p.conf"
	use p "$root" /bin/echo ran
	assert_refused 'p.conf:1' hots 'none, slirp4netns, slirp, pasta, host'
	printf 'hostname = a\nhostname = b\n' >"$mine/p.conf"
	use p "$root" /bin/echo ran
	assert_refused 'p.conf:2' 'line 1'
	printf 'tmpfs\n' >"$mine/p.conf"
	use p "$root" /bin/echo ran
	assert_refused 'p.conf:1' tmpfs
}

@test "a cycle" {
	echo 'extends = b' >"$mine/a.conf"
	echo 'extends = a' >"$mine/b.conf"
	use a "$root" /bin/echo ran
	assert_refused circle a.conf b.conf
	echo 'extends = self' >"$mine/self.conf"
	use self "$root" /bin/echo ran
	assert_refused self
}

@test "a binary file, a line of 1 MB, a directory, a FIFO, a file that cannot be read" {
	head -c 4096 /dev/urandom >"$mine/p.conf"
	printf 'hostname = a\0b\n' | cat - "$mine/p.conf" >"$mine/q.conf"
	use p "$root" /bin/echo ran
	assert_refused p.conf
	use q "$root" /bin/echo ran
	assert_refused 'q.conf:1'
	{ printf 'hostname = '; head -c 1000000 /dev/zero | tr '\0' a; echo; } >"$mine/p.conf"
	use p "$root" /bin/echo ran
	assert_refused 'p.conf:1' 'more than 4096 bytes'
	rm "$mine/p.conf" && mkdir "$mine/p.conf"
	use p "$root" /bin/echo ran
	assert_refused p.conf
	rmdir "$mine/p.conf" && mkfifo "$mine/p.conf"
	run --separate-stderr timeout 10 "$SANDBOX" --profile p "$root" /bin/echo ran
	assert_refused p.conf
	rm "$mine/p.conf" && echo 'hostname = a' >"$mine/p.conf" && chmod 0 "$mine/p.conf"
	use p "$root" /bin/echo ran
	assert_refused p.conf 'Permission denied'
}

@test "a profile that is not there: the nearest name" {
	use biuld "$root" /bin/echo ran
	assert_refused biuld 'did you mean build'
	use ./nosuch.conf "$root" /bin/echo ran
	assert_refused nosuch.conf
	use ../build "$root" /bin/echo ran
	assert_refused '\.\./build'
}

@test "profile list, show and check" {
	printf 'extends = build\nhostname = x\n' >"$mine/mine.conf"
	sandbox profile list
	assert_success
	assert_output_has '^build' '^default' '^strict' '^mine'
	sandbox profile show mine
	assert_success
	assert_equal "$(grep -A 1 mine.conf:2 <<<"$output")" $'# mine.conf:2\nhostname = x'
	assert_equal "$(grep -B 1 'userns = keep-id' <<<"$output" | tr -d 0-9)" $'# build.conf:\nuserns = keep-id'
	sandbox profile check "$mine/mine.conf"
	assert_success
	printf 'nonsense = 1\nenv = A=1\nnetwork = wifi\n' >>"$mine/mine.conf"
	sandbox profile check "$mine/mine.conf"
	assert_status 125
	assert_output_has 'mine.conf:3: .*nonsense' 'mine.conf:5: .*wifi'
	sandbox profile show nosuch
	assert_refused nosuch
}

@test "what a profile shows, it can be made from" {
	cd project
	sandbox profile show build
	assert_success
	printf '%s\n' "$output" >"$mine/copy.conf"
	sandbox --dry-run --profile copy "$root" /bin/true
	assert_success
	local copy=$scratch/copy
	printf '%s\n' "$output" >"$copy"
	sandbox --dry-run --profile build "$root" /bin/true
	printf '%s\n' "$output" >build
	assert_equal "$(sed 's/  # .*//' "$copy")" "$(sed 's/  # .*//' build)"
}

@test "show --resolved: every setting with where it is from, the defaults too, and what is done for it" {
	printf 'extends = strict\nhostname = x\nmask = /etc/hostname\n' >"$mine/mine.conf"
	sandbox profile show --resolved mine "$root"
	assert_success
	assert_equal "$(grep -A 1 '^# mine.conf:2$' <<<"$output" | head -2)" $'# mine.conf:2\nhostname = x'
	assert_output_has '^network = none' '^seccomp = strict' '^# default: keep-env = false' '^# default: memory is not set' '^# default: init = true' \
		'^#   confine: seccomp strict, [0-9]+ calls.*strict.conf:[0-9]+' '^#   setup: mask /etc/hostname  # mine.conf:3'
	assert_output_has '^# default: layer = auto$'
	# It is a profile, which comes to the same.
	printf '%s\n' "$output" >"$mine/copy.conf"
	sandbox profile check "$mine/copy.conf"
	assert_success
	sandbox --dry-run --profile copy "$root" /bin/true
	assert_success
	local copy=$scratch/copy
	printf '%s\n' "$output" >"$copy"
	sandbox --dry-run --profile mine "$root" /bin/true
	printf '%s\n' "$output" >mine
	assert_equal "$(sed 's/  # .*//' "$copy")" "$(sed 's/  # .*//' mine)"
}

@test "show --resolved --json, and what cannot be" {
	printf 'extends = strict\nenv = A=\\"b\n' >"$mine/mine.conf"
	sandbox profile show --resolved --json mine "$root"
	assert_success
	printf '%s\n' "$output" >json
	run python3 -c 'import json; d = json.load(open("json"))
of = {o["name"]: (o["value"], o["origin"]) for o in d["options"]}
print(d["profile"], of["seccomp"], of["env"], of["network"], of["memory"], [s["origin"] for s in d["steps"] if s["step"] == "seccomp"])'
	assert_output_has "^mine \\('strict', 'strict.conf:[0-9]+'\\) \\('A=.*\"b', 'mine.conf:2'\\) \\('none', 'strict.conf:[0-9]+'\\) \\(None, 'default'\\) \\['strict.conf:[0-9]+'\\]"
	sandbox profile show --resolved nosuch "$root"
	assert_refused nosuch
	sandbox profile show --resolved mine "$scratch/nosuch"
	assert_refused nosuch
	sandbox profile show --json
	assert_status 125
	# What a launch would refuse, this refuses.
	printf 'network = host\n' >project/x.conf
	sandbox profile show --resolved ./project/x.conf "$root"
	assert_refused 'comes with the project'
}
