# Rootless Podman with this runtime, as a plain user: what it asks of one, from `run` to `build`. The image is made
# here. What Podman leaves running (conmon, the process that holds its user namespace, a bus if it finds none) has
# the standard descriptors of whoever called it: so all of them are files here, and every call has a bound.
load ../lib

# Once for all cases: the first call of a fresh storage takes seconds. Short, for the paths of its sockets.
setup_file() {
	local applet
	runtime=$(dirname "$SANDBOX")/sandbox-oci
	short=$(mktemp -d /var/tmp/p.XXXXXX)
	export short runtime
	mkdir -m 0700 "$short"/{run,home,tmp}
	mkdir -p "$short"/home/.config/containers "$short"/image/{bin,etc,root,tmp}
	# Podman passes no variables on.
	! grep -q __asan_init "$SANDBOX" || {
		printf '#!/bin/sh\nASAN_OPTIONS=detect_leaks=0 exec %s "$@"\n' "$runtime" >"$short/sandbox-oci"
		chmod +x "$short/sandbox-oci"
		runtime=$short/sandbox-oci
	}
	cat >"$short/home/.config/containers/containers.conf" <<-CONF
		[containers]
		cgroups = "disabled"
		log_driver = "k8s-file"
		[engine]
		runtime = "sandbox-oci"
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		runtime_supports_nocgroup = ["sandbox-oci"]
		runtime_supports_nocgroups = ["sandbox-oci"]
		[engine.runtimes]
		sandbox-oci = ["$runtime"]
	CONF
	cp "$(command -v busybox)" "$short/image/bin/busybox"
	for applet in cat chown grep id ip ls sh sleep stat stty touch true tty; do ln -s busybox "$short/image/bin/$applet"; done
	echo root:x:0:0::/root:/bin/sh >"$short/image/etc/passwd"
	tar -C "$short/image" -cf "$short/image.tar" .
	unusable=
	command -v podman >/dev/null || unusable='program podman'
	[ -n "$unusable" ] || grep -qE "^($(id -un)|$(id -u)):" /etc/subuid || unusable="subordinate ids for $(id -un)"
	[ -n "$unusable" ] || storage overlay || storage vfs || unusable="a podman that works here: $(tail -n 1 "$short/err")"
	# Where a machine lets nobody mount a /proc, no runtime makes containers.
	[ -n "$unusable" ] || pod unshare unshare --mount --pid --fork --net sh -c 'mount -t proc proc /proc && mount -t sysfs sys /sys' ||
		unusable="a podman that works here: $(tail -n 1 "$short/err")"
	export unusable
}

# storage DRIVER: with the image in it
storage() {
	printf '[storage]\ndriver = "%s"\ngraphroot = "%s/%s"\nrunroot = "%s/r"\n' "$1" "$short" "$1" "$short" \
		>"$short/home/.config/containers/storage.conf"
	export driver=$1
	pod import -q "$short/image.tar" localhost/img
}

# pod ARG...: podman, with its words in $short/out and $short/err.
pod() {
	in_env timeout -k 5 60 podman --log-level error "$@" >"$short/out" 2>"$short/err" </dev/null 3>&-
}

in_env() {
	HOME=$short/home XDG_RUNTIME_DIR=$short/run TMPDIR=$short/tmp XDG_DATA_HOME='' DBUS_SESSION_BUS_ADDRESS=disabled: env -u XDG_DATA_HOME "$@"
}

# podman ARG...: then $status, $output, $stderr.
podman() {
	status=0
	pod "$@" || status=$?
	output=$(<"$short/out") stderr=$(<"$short/err")
}

setup() {
	lib_setup
	[ -z "$unusable" ] || skip "missing: $unusable"
}

# The last of a container is `podman container cleanup`, which conmon starts.
teardown() {
	[ -n "$unusable" ] || {
		pod rm --all --force --time 0 || :
		eventually -t 60 no_new_processes || :
	}
	lib_teardown
}

teardown_file() {
	# shellcheck disable=SC2046 # a pid
	[ ! -s "$short/run/libpod/tmp/pause.pid" ] || kill $(<"$short/run/libpod/tmp/pause.pid")
	remove_tree "$short"
}

# running NAME: it loops, says "up", ends with 5 at TERM, and says "usr" at USR1
running() {
	podman run -d --name "$1" --network none "${@:2}" localhost/img sh -c 'trap "exit 5" TERM; trap "echo usr" USR1; echo up; while :; do sleep 0.05; done'
	assert_success
	written=$short/$driver/$driver-containers/$output/userdata/ctr.log
	eventually logged 1 up
}

# logged TIMES WORD: in the file that conmon writes, "TIME stdout F WORD"
logged() { [ "$(grep -c " $2\$" "$written")" = "$1" ]; }

@test "run: output, status, ids, no network" {
	podman run --rm --network none localhost/img sh -c 'echo out; echo err >&2; id -u; ls /sys/class/net; grep -e NoNew -e Seccomp: /proc/self/status; exit 7'
	assert_status 7
	assert_output $'out\n0\nlo\nNoNewPrivs:\t0\nSeccomp:\t2'
	[ "$stderr" = err ]
	podman info --format '{{.Host.OCIRuntime.Name}}'
	assert_output sandbox-oci
}

@test "run: statuses of what is not there, no program, killed" {
	podman run --rm --network none localhost/img nothere
	assert_status 127
	podman run --rm --network none localhost/img /etc/passwd
	assert_status 126
	podman run --rm --network none localhost/img sh -c 'sh -c "kill -KILL \$\$"; exit $?'
	assert_status 137
	local number
	for number in 0 1 255; do
		podman run --rm --network none localhost/img sh -c "exit $number"
		assert_status "$number" || return
	done
}

@test "run: another user, a read-only root, a bind, variables, a profile of ours on top" {
	mkdir data
	echo text >data/f
	chmod 0755 . data
	podman run --rm --network none --user 33:33 --read-only -e A=b -v "$PWD/data:/data:ro" localhost/img \
		sh -c 'id -u; echo $A; cat /data/f; echo x >/data/f || touch /x || echo refused'
	assert_output $'33\nb\ntext\nrefused'
	podman run --rm --network none --annotation sandbox.profile=strict localhost/img sh -c 'grep -e NoNew -e CapBnd /proc/self/status; touch /x || echo ro'
	assert_output $'CapBnd:\t0000000000000000\nNoNewPrivs:\t1\nro'
	podman run --rm --network none --annotation sandbox.profile=nobody-has-this localhost/img true
	assert_status 126
	assert_stderr_has nobody-has-this
}

@test "run: a network by slirp4netns" {
	require_program slirp4netns
	require '/dev/net/tun that users may open' sh -c ': <>/dev/net/tun'
	podman run --rm --network slirp4netns localhost/img sh -c 'ls /sys/class/net; ip route'
	assert_success
	assert_output_has '^tap0$' '^default via 10\.0\.2\.2'
}

@test "-d, logs, exec, kill, stop, wait, restart, rm" {
	running a
	podman exec a sh -c 'echo in; exit 9'
	assert_status 9
	assert_output in
	podman logs a
	assert_output up
	podman exec a nothere
	assert_status 127
	podman exec -d a sh -c 'echo there >/tmp/there'
	assert_success
	podman kill -s USR1 a
	assert_success
	eventually logged 1 usr
	podman restart -t 20 a
	assert_success
	eventually logged 2 up
	podman exec a cat /tmp/there
	assert_output there
	podman stop -t 20 a
	assert_success
	podman wait a
	assert_output 5
	podman inspect --format '{{.State.Status}} {{.State.ExitCode}}' a
	assert_output 'exited 5'
	podman start a
	podman kill a
	podman wait a
	assert_output 137
	podman rm a
	assert_success
	podman ps -a --format '{{.Names}}'
	assert_output ''
}

@test "create and start, and rm of what was never started" {
	podman create --name a --network none localhost/img sh -c 'echo out; exit 6'
	assert_success
	podman start --attach a
	assert_status 6
	assert_output out
	podman create --name b --network none localhost/img true
	podman init b
	assert_success
	podman rm --force b
	assert_success
}

@test "cp both ways, commit, diff" {
	echo one >one
	running a
	podman cp one a:/root/one
	assert_success
	podman exec a sh -c 'cat /root/one; echo two >/root/two'
	assert_output one
	podman cp a:/root/two two
	assert_equal "$(cat two)" two
	# `podman diff` would take an image whose id begins with an a.
	podman container diff a
	assert_output_has '^A /root/two'
	podman commit -q a localhost/more
	assert_success
	podman run --rm --network none localhost/more cat /root/one /root/two
	assert_output $'one\ntwo'
	pod rmi --force localhost/more
}

@test "build" {
	mkdir context
	echo 'echo from a file' >context/script
	cat >context/Containerfile <<-'BUILD'
		FROM localhost/img
		COPY script /script
		RUN sh /script >/made && id -u >>/made && chown 33:33 /made
		USER 33
		CMD ["sh", "-c", "cat /made; stat -c %u /made; id -u"]
	BUILD
	podman build -q --pull=never --network none -t localhost/built context
	assert_success
	podman run --rm --network none localhost/built
	assert_output $'from a file\n0\n33\n33'
	printf 'FROM localhost/img\nRUN exit 3\n' >context/Containerfile
	podman build -q --pull=never --network none context
	[ "$status" != 0 ] || told 'a command that fails should fail it'
	pod rmi --force localhost/built
}

# buildah ARG...: then $status, $output, $stderr.
buildah() {
	status=0
	in_env timeout -k 5 60 buildah --log-level error "$@" >"$short/out" 2>"$short/err" </dev/null 3>&- || status=$?
	output=$(<"$short/out") stderr=$(<"$short/err")
}

@test "buildah: from, run, build" {
	local name isolation
	require_program buildah
	buildah from --pull-never localhost/img
	assert_success
	name=$output
	for isolation in oci rootless; do
		buildah run --runtime "$runtime" --isolation $isolation --network none "$name" -- sh -c 'echo $PPID $$ >>/made; id -u; exit 9'
		assert_status 9
		assert_output 0
	done
	# Process 1 of its own: not buildah's isolation "chroot".
	buildah run --runtime "$runtime" --isolation oci --network none "$name" -- cat /made
	assert_output $'0 1\n0 1'
	buildah rm "$name"
	mkdir context
	printf 'FROM localhost/img\nRUN echo $$ >/made\n' >context/Containerfile
	buildah build -q --runtime "$runtime" --isolation oci --pull-never --network none -t localhost/built context
	assert_success
	podman run --rm --network none localhost/built cat /made
	assert_output 1
	printf 'FROM localhost/img\nRUN exit 3\n' >context/Containerfile
	buildah build -q --runtime "$runtime" --isolation oci --pull-never --network none context
	assert_status 3
	pod rmi --force localhost/built
}

@test "pause where no cgroup can be frozen is refused, and the container goes on" {
	require 'a machine without a cgroup of version 2 of its own' test ! -e /sys/fs/cgroup/cgroup.controllers
	running a
	podman pause a
	[ "$status" != 0 ] || told 'it should be refused'
	assert_stderr_has 'cgroup'
	podman kill -s USR1 a
	eventually logged 1 usr
}

# terminal ARG...: podman on a terminal of its own; what is written to descriptor 7 is typed, its output goes to `screen`
terminal() {
	require_program script
	[ -p keys ] || mkfifo keys
	in_env env --default-signal SHELL=/bin/bash TERM=xterm timeout -k 5 60 script -qefc "podman --log-level error $*" /dev/null <keys >screen 2>&1 3>&- &
	terminal_pid=$!
	exec 7>keys
}

shows() { eventually grep -q "$1" screen || fail "no '$1' on the screen: $(cat -v screen)"; }

closed() {
	exec 7>&-
	status=0
	wait "$terminal_pid" || status=$?
}

@test "-it, as typed: a terminal, its size, Ctrl-C, the status" {
	terminal run --rm -it --network none localhost/img sh
	shows '/ #'
	printf 'tty; stty rows 31 cols 99; stty size; echo st""arted\n' >&7
	shows '^/dev/pts/0'
	shows '^31 99'
	shows '^started'
	printf 'sleep 1000\n' >&7
	eventually sleeps
	printf '\003' >&7
	printf 'echo back $((40 + 2))\n' >&7
	shows '^back 42'
	printf 'exit 4\n' >&7
	closed
	assert_status 4
}

sleeps() { our_processes "$processes_before" | grep -q ' sleep 1000$'; }

@test "attach and exec -it, as typed, and away again with Ctrl-P Ctrl-Q" {
	podman run -dit --name a --network none localhost/img sh
	assert_success
	terminal attach a
	printf 'X=1; echo on""e $((40 + 2))\n' >&7
	shows '^one 42'
	printf '\020\021' >&7
	closed
	podman inspect --format '{{.State.Status}}' a
	assert_output running
	terminal exec -it a sh
	shows '/ #'
	printf 'tty; echo tw""o $((40 + 3))\n' >&7
	shows '^/dev/pts/1'
	shows '^two 43'
	printf 'exit 3\n' >&7
	closed
	assert_status 3
	terminal attach a
	printf '\necho th""ree $X; exit 8\n' >&7
	shows 'three 1'
	closed
	podman wait a
	assert_output 8
}
