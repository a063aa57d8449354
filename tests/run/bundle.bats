# `sandbox bundle`: what a run would be, as an OCI bundle that crun and runc start. Where the host's cgroups are of
# both versions at once neither starts anything for a user, so they are started where there is one hierarchy.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
	cp "$TESTS_BUILD/try_syscall" "$root/bin/"
	mkdir -p "$root$scratch/project" "$root/data" project
	cd project || return
}

# bundle ARG...: into $scratch/bundle, anew
bundle() {
	rm -rf "$scratch/bundle"
	sandbox bundle "$@"
}

# start RUNTIME: the bundle; then $status, $output, $stderr.
start() {
	local runtime=("$1" --root "$scratch/state")
	require_program "$1"
	[ "$1" != crun ] || runtime+=(--cgroup-manager=disabled)
	require 'unprivileged unshare' unshare --user --map-current-user --keep-caps --mount --cgroup true
	# shellcheck disable=SC2016 # for the other shell
	run --separate-stderr unshare --user --map-current-user --keep-caps --mount --cgroup sh -c '
		mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null || mount -t tmpfs none /sys/fs/cgroup
		exec "$@" </dev/null' - "${runtime[@]}" run --bundle "$scratch/bundle" test
}

look='id -u; id -g; grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status; pwd; hostname; ls /sys/class/net; ulimit -c; env | sort
	for path in / /etc /usr /tmp /run /dev/shm /proc/sys/kernel /sys/kernel "$PWD" /data /dev; do
		touch "$path/file" 2>/dev/null && echo "can write $path"; done
	for path in /proc/kcore /proc/keys /proc/timer_list; do wc -c <$path 2>/dev/null; done
	dd if=/dev/zero of=/dev/null bs=1 count=1 2>/dev/null && echo devices; exit 7'

@test "the same inside: ids, capabilities, filter, variables, limits, and what can be written" {
	local options=(--userns=single --profile build --rw --ro-bind "$scratch/project:/data")
	for more in '' '--cap-drop ALL' '--cap-add SYS_CHROOT --hostname other -e A=b --ulimit nofile=64'; do
		# shellcheck disable=SC2086 # words
		sandbox "${options[@]}" $more "$root" sh -c "$look"
		local ours="$status $output"
		# shellcheck disable=SC2086
		bundle "${options[@]}" $more "$root" "$scratch/bundle" sh -c "$look"
		assert_success
		for runtime in crun runc; do
			start "$runtime"
			assert_equal "$runtime: $status $output" "$runtime: $ours"
		done
	done
}

@test "the root: read-only where a run has a layer, and that is told" {
	bundle --userns=single "$root" "$scratch/bundle" sh -c 'touch /file; touch /tmp/file && echo tmp'
	assert_success
	assert_stderr_has 'not in the bundle: the layer that is thrown away'
	start crun
	assert_output tmp
	[ ! -e "$root/file" ]
	bundle --userns=single --rw "$root" "$scratch/bundle" touch /file
	assert_stderr_lacks 'thrown away'
	start crun
	[ -e "$root/file" ]
}

@test "the filter: each call is refused there that is refused here, and no other" {
	for filter in default build strict; do
		sandbox --userns=single --seccomp=$filter "$root" try_syscall all
		local ours=$output
		bundle --userns=single --seccomp=$filter "$root" "$scratch/bundle" try_syscall all
		start crun
		assert_equal "$filter: $(paste -d ' ' <(echo "$ours") <(echo "$output") | awk -v refused='^(EPERM|ENOSYS|EAFNOSUPPORT|EPROTONOSUPPORT)$' '
			$1 != $3 { print "another call: " $0; next }
			$2 == $4 { same++; next }
			# Neither is refused: what the kernel says of the root file system is another matter.
			$2 !~ refused && $4 !~ refused { next }
			# There is no other errno for what is refused after something was allowed.
			$4 == "ENOSYS" && $2 ~ /^(EPERM|EAFNOSUPPORT|EPROTONOSUPPORT)$/ { next }
			{ print }
			END { if (same < 50) print "only " same " are the same" }')" "$filter: "
	done
}

@test "binds, tmpfs, masks, and limits are written out" {
	echo host >"$scratch/shown"
	bundle --userns=single --bind "$scratch/project:/data" --ro-bind "$scratch/shown:/etc/shown:noexec" --tmpfs /var/tmp:size=1m,mode=0700 \
		--mask /etc/passwd --memory 64m --cpus 1.5 --pids-limit 20 --oom-score-adj 100 "$root" "$scratch/bundle" \
		sh -c 'cat /etc/shown /etc/passwd; touch /data/made; stat -c %a /var/tmp'
	assert_success
	python3 - "$scratch/bundle/config.json" <<-'PY'
		import json, sys
		config = json.load(open(sys.argv[1]))
		resources = config["linux"]["resources"]
		assert resources["memory"]["limit"] == 64 << 20 and resources["pids"]["limit"] == 20, resources
		assert resources["cpu"] == {"period": 100000, "quota": 150000}, resources
		assert config["process"]["oomScoreAdj"] == 100
		assert "/etc/passwd" in config["linux"]["maskedPaths"]
		mount, = [m for m in config["mounts"] if m["destination"] == "/etc/shown"]
		assert {"bind", "ro", "nosuid", "nodev", "noexec"} <= set(mount["options"]), mount
		del config["linux"]["resources"]
		json.dump(config, open(sys.argv[1], "w"))
	PY
	touch "$root/etc/shown"
	mkdir -p "$root/var/tmp"
	start crun
	assert_output 'host
700'
	[ -e made ]
}

@test "what a bundle cannot say is refused by name, and nothing is written" {
	for option in '--network=slirp4netns' '--allow-net=example.org' '--publish=8080:80' '--overlay=kept' '--lower=/usr' '--userns=fakeroot' \
		'--seccomp=log' '--symlink=a:/b' '--mkdir=/d' '--file=0:/f' '--timeout=5s' '--nice=5' '--cpuset=0' '--boottime-offset=5' '--detach' \
		'--meta=file' '--info-fd=1' '--explain' '--landlock=require' '--keep-groups' '--cpu-time=5s'; do
		bundle "$option" "$root" "$scratch/bundle" true
		assert_status 125
		assert_output ''
		[ ! -e "$scratch/bundle" ] || fail "$option left a bundle"
	done
	bundle / "$scratch/bundle" true
	assert_refused 'ROOTFS /'
	bundle "$root"
	assert_refused 'usage: sandbox bundle'
	bundle --bind "$scratch/project:/data:O" "$root" "$scratch/bundle" true
	assert_refused '/data'
	bundle --nosuch "$root" "$scratch/bundle"
	assert_refused nosuch
}

@test "odd words come out as they are, and what is not UTF-8 is refused" {
	local odd=$'a"b\\c\nd\te\x01 é'
	bundle --userns=single -e "ODD=$odd" "$root" "$scratch/bundle" sh -c 'printf "%s|%s" "$ODD" "$1"' sh "$odd"
	assert_success
	start crun
	assert_output "$odd|$odd"
	bundle --userns=single -e $'ODD=\xff' "$root" "$scratch/bundle" true
	assert_refused 'not UTF-8'
	bundle --userns=single "$root" "$scratch/bundle" echo $'\xc3('
	assert_refused 'not UTF-8'
	[ ! -e "$scratch/bundle" ]
	ln -s "$scratch/elsewhere" "$scratch/link"
	mkdir "$scratch/elsewhere" && ln -s "$scratch/victim" "$scratch/elsewhere/config.json"
	sandbox bundle --userns=single "$root" "$scratch/link" true
	assert_status 125
	[ ! -e "$scratch/victim" ]
}

@test "a bundle that is there already is left alone" {
	mkdir "$scratch/there"
	echo mine >"$scratch/there/config.json"
	sandbox bundle "$root" "$scratch/there" true
	assert_status 125
	assert_stderr_has 'config.json: File exists'
	assert_equal "$(cat "$scratch/there/config.json")" mine
}
