# `sandbox rootfs create|list|rm`, and root file systems by name.
load ../lib

store() { echo "$XDG_DATA_HOME/sandbox/rootfs"; }
make_busybox() { sandbox rootfs create busybox "$@" && assert_success; }

@test "create busybox: no download, listed, run by name, removed" {
	make_busybox
	sandbox rootfs list
	assert_output_has '^busybox .* caller .*create busybox'
	sandbox busybox sh -c 'id -u; ls -d /bin/ls; stat -c %u:%g /bin/busybox /etc/passwd'
	assert_success
	assert_output "0
/bin/ls
0:0
0:0"
	sandbox rootfs rm busybox
	assert_success
	assert_equal "$(ls -A "$(store)")" ''
	sandbox rootfs list
	assert_output ''
}

@test "create: another name; a name that is taken or none is refused" {
	make_busybox mine
	sandbox mine true
	assert_success
	sandbox rootfs create busybox mine
	assert_refused 'mine already' 'rootfs rm mine'
	for name in ../x .x -- 'a b' "$(printf 'a\nb')" ''; do
		sandbox rootfs create busybox "$name"
		[ "$status" = 125 ] || fail "'$name' was taken"
	done
	assert_equal "$(ls -A "$(store)")" mine
}

@test "the store comes before a directory of the same name, which is written with a slash" {
	make_busybox
	tiny_rootfs "$scratch/busybox"
	echo here >busybox/here
	sandbox busybox ls /here
	assert_status 1
	sandbox ./busybox cat /here
	assert_output here
	sandbox rootfs rm busybox
	sandbox busybox cat /here # the directory's own turn
	assert_output here
}

@test "what is run by name is read-only for the run, unless --rw" {
	make_busybox
	before=$(snapshot "$(store)/busybox")
	sandbox busybox sh -c 'echo x >/new'
	assert_success
	assert_equal "$(snapshot "$(store)/busybox")" "$before"
	sandbox --rw busybox sh -c 'echo x >/new'
	sandbox busybox cat /new
	assert_output x
}

@test "two sandboxes at once on one base; it is not removed or written to meanwhile" {
	make_busybox
	"$SANDBOX" --bind .:/s busybox sh -c 'echo x >/own; echo >/s/up; while [ ! -e /s/end ]; do sleep 0.02; done; cat /own' >first 3>&- &
	eventually test -e up
	sandbox busybox ls /own
	assert_status 1
	sandbox rootfs rm busybox
	assert_refused 'cannot remove.*busybox.*running'
	sandbox --rw busybox true
	assert_refused 'write into.*busybox'
	touch end
	wait $!
	assert_equal "$(cat first)" x
	sandbox rootfs rm busybox
	assert_success
}

@test "create that fails leaves nothing and is not listed" {
	sandbox rootfs create debian --mirror=file:///nowhere
	assert_status 125
	assert_stderr_has 'could not be made' 'does not have a Release file'
	assert_equal "$(ls -A "$(store)")" ''
	# Where mmdebstrap's subordinate ids get to.
	repo=$(mktemp -d /var/tmp/repo.XXXXXX)
	mkdir -p "$repo/dists/noble" && printf '%s\n' 'Origin: x' 'Suite: noble' 'Codename: noble' 'Date: Thu, 26 Nov 2020 00:00:00 UTC' \
		'Architectures: amd64' 'Components: main' >"$repo/dists/noble/Release"
	chmod -R a+rX "$repo"
	sandbox rootfs create ubuntu --suite=noble --mirror="copy://$repo"
	assert_status 125
	assert_stderr_has 'is not signed' 'signature cannot be checked: the keyring'
	[ -e /usr/share/keyrings/ubuntu-archive-keyring.gpg ] || assert_stderr_has 'install ubuntu-keyring'
	assert_equal "$(ls -A "$(store)")" ''
	sandbox rootfs create nosuch\;suite
	assert_status 125
	sandbox rootfs create debian --mirror='x y'
	assert_status 125
	assert_equal "$(ls -A "$(store)")" ''
}

teardown() {
	[ -z "${server-}" ] || kill "$server"
	[ -z "${repo-}" ] || rm -r "$repo"
	lib_teardown
}

@test "create that is interrupted or killed leaves nothing that is listed or stays" {
	# A mirror that never answers.
	python3 -c 'import socket,sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1], flush=True)
held = []
while True: held.append(s.accept()[0]); held[-1].recv(1); open("asked", "w")' >port 3>&- &
	server=$!
	eventually test -s port
	for signal in TERM INT KILL; do
		rm -f asked
		set -m # so that SIGINT is not ignored
		"$SANDBOX" rootfs create debian "x$signal" --mirror="http://127.0.0.1:$(cat port)/debian" 2>said 3>&- &
		set +m
		eventually -t 20 test -e asked || fail "$(cat said)"
		kill -$signal $!
		wait $! || status=$?
		[ "$status" -gt 128 ] || fail "status $status: $(cat said)"
		sandbox rootfs list
		assert_output ''
	done
	# What SIGKILL leaves goes with the next call.
	make_busybox
	assert_equal "$(ls -A "$(store)")" busybox
	eventually no_maker
}
no_maker() { ! pgrep -u "$(id -u)" -f "127.0.0.1:$(cat port)"; }

@test "rm: files of subordinate ids, and directories without permissions" {
	require_range
	make_busybox
	sandbox --rw busybox sh -c 'mkdir -p /a/b && touch /a/b/f && chown -R 33:33 /a && chmod 0 /a'
	assert_success
	sandbox rootfs rm busybox nosuch
	assert_status 125
	assert_stderr_has 'no root file system called nosuch'
	assert_equal "$(ls -A "$(store)")" ''
}

@test "a store that is a link, or that others may enter, is not used" {
	mkdir -p "$XDG_DATA_HOME/sandbox" elsewhere
	chmod 0700 "$XDG_DATA_HOME/sandbox" elsewhere
	ln -s "$scratch/elsewhere" "$(store)"
	sandbox rootfs create busybox
	assert_refused 'rootfs' 'no link'
	sandbox busybox true
	assert_refused 'rootfs'
	assert_equal "$(ls -A elsewhere)" ''
	rm "$(store)"
	mkdir -m 0755 "$(store)"
	sandbox rootfs list
	assert_refused 'others may' chmod
	chmod 0700 "$(store)" && chmod 0770 "$XDG_DATA_HOME/sandbox"
	sandbox rootfs create busybox
	assert_refused 'others may'
}

@test "a program that is installed with PREFIX=~/.local has its store beside its profiles" {
	mkdir -p "$XDG_DATA_HOME/sandbox/profiles"
	chmod 0755 "$XDG_DATA_HOME/sandbox"
	sandbox rootfs create busybox
	assert_success
	assert_equal "$(stat -c %a "$XDG_DATA_HOME/sandbox" "$(store)" | paste -sd ' ')" '755 700'
}

@test "a store that belongs to somebody else is not used" {
	require_range
	mkdir -p "$XDG_DATA_HOME/sandbox"
	unshare --map-root-user --map-auto sh -c 'chown 5 "$1" && chmod 0755 "$1"' - "$XDG_DATA_HOME/sandbox"
	for verb in 'rootfs create busybox' 'rootfs list' 'rootfs rm x' 'diff x' 'discard x' 'busybox true'; do
		# shellcheck disable=SC2086 # words
		sandbox $verb
		assert_refused 'belongs to another user' XDG_DATA_HOME
	done
}
