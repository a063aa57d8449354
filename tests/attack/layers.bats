# What a payload leaves in a layer, and what happens around a commit, must not reach what nobody has agreed to
# (ATTACKS 92, 94): links, setuid, devices, git's hooks, names, races, and a kill at any point.
load ../lib
load attack

setup() {
	lib_setup
	tiny_rootfs
	make_victim
	mkdir src
	layers=$XDG_DATA_HOME/sandbox/layers
}

on() {
	sandbox --overlay=try --bind "$(realpath src):/src:O" "$root" /bin/sh -c "$1"
	[ "$status" = 0 ] || told "the script should work"
}

# refused FLAG SCRIPT: what the script makes is not committed without the flag, and is with it.
refused() {
	local before
	before=$(snapshot src)
	on "$2"
	sandbox commit try
	assert_refused "--allow-$1" 'so none is'
	assert_equal "$(snapshot src)" "$before"
	assert_victim_unchanged
	sandbox commit try "--allow-$1"
	assert_success
	[ "$(snapshot src)" != "$before" ]
	assert_victim_unchanged
}

# case: setuid, devices, links out, git's hooks, what has changed below
@test "setuid and setgid programs" {
	refused setuid 'cp /bin/busybox /src/su && chmod 4755 /src/su'
	refused setuid 'mkdir /src/d && cp /bin/busybox /src/d/sg && chmod 2755 /src/d/sg'
}

# case: setuid, devices, links out, git's hooks, what has changed below
@test "pipes and sockets" {
	refused special 'mkfifo /src/p'
	sandbox --overlay=try --bind "$(realpath src):/src:O" / python3 -c '
import os, socket
os.mkdir("/src/d"); socket.socket(socket.AF_UNIX).bind("/src/d/s"); os.mkfifo("/src/d/p", 0o640)'
	assert_success
	sandbox diff try
	assert_output_has 'added +socket .*/src/d/s +\(needs --allow-special' 'added +pipe +0640 .*/src/d/p +\(needs --allow-special'
	sandbox commit try
	assert_refused --allow-special
	[ ! -e src/d ]
	sandbox commit try --allow-special
	assert_success
	[ -S src/d/s ] && [ -p src/d/p ]
}

# case: setuid, devices, links out, git's hooks, what has changed below
@test "links that lead out of the tree" {
	refused links 'ln -s /etc/passwd /src/l'
	refused links 'mkdir -p /src/d && ln -s ../../x /src/d/up'
	refused links 'mkdir -p /src/e && ln -s /src /src/e/own' # its name inside means nothing outside
	refused links 'ln -s d/../../x /src/roundabout'
	on 'mkdir -p /src/f/g && ln -s ../../f /src/f/g/within && ln -s f /src/in'
	sandbox commit try
	assert_success
}

# case: setuid, devices, links out, git's hooks, what has changed below
@test "git's hooks and configuration, at any depth, in any case, and what replaces .git" {
	mkdir -p src/.git/hooks src/sub/.git && echo '[core]' >src/.git/config
	refused hooks 'printf "#!/bin/sh\n" >/src/.git/hooks/pre-commit; chmod +x /src/.git/hooks/pre-commit'
	refused hooks 'echo "	fsmonitor = evil" >>/src/.git/config'
	refused hooks 'mkdir -p /src/sub/.git/hooks && echo >/src/sub/.git/hooks/x'
	refused hooks 'mkdir -p /src/n/.GIT/hooks && echo >/src/n/.GIT/hooks/x'
	refused hooks 'mkdir -p /src/.git/modules/m/hooks && echo >/src/.git/modules/m/hooks/x'
	refused hooks 'echo gitdir: /tmp >/src/n/.git'
	refused hooks 'mkdir /src/evil && echo "[core]" >/src/evil/other && echo ../evil >/src/.git/commondir'
	on 'echo >/src/.git/index; mkdir -p /src/hooks && echo >/src/hooks/x'
	sandbox commit try
	assert_success
}

# case: setuid, devices, links out, git's hooks, what has changed below
@test "a directory that git takes for a repository by what is in it, made at once, or piece by piece" {
	local orders='printf "[core]\nrepositoryformatversion = 0\nworktree = .\nfsmonitor = \"false\"\n"'
	mkdir src/d src/e src/f src/g
	refused hooks "cd /src/d && mkdir objects refs && echo ref: refs/heads/x >HEAD && $orders >config"
	refused hooks 'cd /src/e && echo ref: refs/heads/x >HEAD && echo ../other >commondir'
	# Each by a commit of its own: what is put in place last would make it one.
	on "cd /src/f && mkdir objects && $orders >config && echo ref: refs/heads/x >HEAD"
	sandbox commit try
	assert_success
	refused hooks 'mkdir /src/f/refs'
	on 'cd /src/g && mkdir objects refs && echo >config'
	sandbox commit try
	assert_success
	refused hooks 'echo ref: refs/heads/x >/src/g/HEAD'
	# One that was there before: its objects are taken, its hooks and its configuration not.
	git init -q --bare src/bare.git
	refused hooks 'echo >/src/bare.git/hooks/post-checkout'
	refused hooks 'echo "[x]" >>/src/bare.git/config'
	refused hooks 'rm /src/bare.git/config'
	on 'echo 1 >/src/bare.git/refs/heads/x; mkdir -p /src/bare.git/objects/aa; echo >/src/config; mkdir -p /src/refs/objects; echo >/src/refs/HEAD'
	sandbox commit try
	assert_success
	refused hooks 'cd /src && rm config && mkdir objects hooks && echo ref: refs/heads/x >HEAD && echo >hooks/post-checkout'
}

# case: setuid, devices, links out, git's hooks, what has changed below
@test "a .git directory that is moved in whole is looked into" {
	refused hooks 'mkdir -p /src/x/y/hooks && echo >/src/x/y/hooks/post-checkout && mv /src/x/y /src/x/.git'
}

# case: setuid, devices, links out, git's hooks, what has changed below
@test "files changed below since the layer began: by writing, by replacing, and below a deleted directory" {
	mkdir src/d && echo 1 >src/f && echo 1 >src/d/g
	on 'echo 2 >/src/f; rm -r /src/d; echo 2 >/src/new'
	echo mine >src/f
	sandbox commit try
	assert_refused '--allow-changed'
	assert_equal "$(cat src/f)" mine
	echo mine >src/d/g
	sandbox commit try /src/d
	assert_refused '--allow-changed'
	echo mine >src/new # made meanwhile where the layer has one too
	sandbox commit try /src/new
	assert_refused '--allow-changed'
	assert_equal "$(cat src/f src/d/g src/new)" 'mine
mine
mine'
	touch -d 2001-01-01 src/f # times of the user's own making hide nothing
	sandbox commit try /src/f
	assert_refused '--allow-changed'
	sandbox commit try --allow-changed
	assert_success
	assert_equal "$(cat src/f src/new)" '2
2'
}

# case: names exchanged while it commits
@test "a directory of the lower that becomes a link between run and commit is not followed" {
	mkdir -p src/d && echo 1 >src/d/f
	on 'echo 2 >/src/d/f; echo new >/src/d/n; echo 2 >/src/other'
	rm -r src/d && ln -s "$victim" src/d
	before=$(snapshot src)
	sandbox commit try
	assert_refused '--allow-changed'
	assert_victim_unchanged
	assert_equal "$(snapshot src)" "$before"
	# Whoever wants it all the same gets the directory in the place of the link.
	sandbox commit try --allow-changed
	assert_success
	assert_equal "$(cat src/d/f src/d/n src/other)" '2
new
2'
	assert_victim_unchanged
}

# case: names exchanged while it commits
@test "the lower exchanged with a link to elsewhere while a commit runs" {
	mkdir -p src/d
	ln -s "$victim" src/link
	on 'i=0; while [ $i -lt 300 ]; do echo x >/src/d/$i; i=$((i+1)); done; echo y >/src/d/file'
	python3 -c '
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
while not os.path.exists("stop"):
    libc.syscall(316, -100, b"src/d", -100, b"src/link", 2)' 3>&- &
	for i in 1 2 3 4 5; do
		sandbox commit try --allow-changed --allow-links || :
		assert_victim_unchanged
		[ -d "$layers/try" ] || break
	done
	touch stop
	wait $!
	assert_victim_unchanged
	run find src "$victim" -name '.sandbox-commit*'
	assert_output ''
}

# case: names exchanged while it commits
@test "a directory of the lower that becomes a link after the commit has looked at it is not followed" {
	require_program strace
	require_range
	mkdir src/d && echo 1 >src/d/f
	on 'echo 2 >/src/d/f; echo new >/src/d/n'
	unshare --map-root-user --map-auto strace -f -o trace -e trace=syncfs -e inject=syncfs:delay_enter=3000000:when=1 \
		"$(dirname "$SANDBOX")/libexec/layer" commit 3<"$layers/try" >out 2>&1 &
	eventually compgen -G 'src/.sandbox-commit*/trash'
	mv src/d src/was && ln -s "$victim" src/d
	! wait $! || fail 'committed'
	grep -q 'symbolic links' out || fail "$(cat out)"
	assert_victim_unchanged
	assert_equal "$(cat src/was/f)" 1
	run find src "$victim" -name '.sandbox-commit*' -o -name n
	assert_output ''
}

# case: names that mislead who looks
@test "a link in the layer where the lower has a directory: shown as such, and replaces it whole" {
	mkdir -p src/d/e && echo 1 >src/d/e/f
	on 'rm -r /src/d; ln -s /etc /src/d'
	sandbox diff try
	assert_output_has 'modified +link .*/src/d -> /etc +\(was a directory, needs --allow-links\)' 'deleted .*/src/d/e/f'
	sandbox commit try --allow-links
	assert_success
	assert_equal "$(readlink src/d)" /etc
}

# case: names that mislead who looks
@test "names with newlines, escapes and dashes" {
	on 'cd /src; echo 1 >"a
b"; echo 1 >"$(printf "\033]0;owned\007")"; echo 1 >--force; echo 1 >"-rf"; echo 1 >" x = y\\x41"; mkdir "d
 = e" && echo 1 >"d
 = e/f"; echo 1 >"$(printf "\377\376")"'
	sandbox diff try
	assert_success
	! grep -q $'[\033\007]' <<<"$output" || fail "an escape sequence came out"
	[ "$(grep -c '^added' <<<"$output")" = 8 ] || told 'one line each'
	sandbox diff try --json
	run python3 -c 'import json,os,sys; print(sorted(os.fsencode(c["path"])[5:] for c in json.loads(os.environ["J"])))' # readable again
	J=$output sandbox diff try --json
	before=$(cd "$layers"/try/bind-*/upper && find . -type f | sort | od -c)
	sandbox commit try
	assert_success
	assert_equal "$(cd src && find . -type f | sort | od -c)" "$before"
}

# case: holes, depth
@test "a tree too deep to be shown is an error, not a silence" {
	on 'cd /src; i=0; while [ $i -lt 1500 ]; do mkdir ddd && cd -P ddd || exit 1; i=$((i+1)); done'
	before=$(snapshot src)
	for verb in diff commit; do
		run --separate-stderr -- timeout --foreground -s KILL 20 "$SANDBOX" "$verb" try
		assert_status 125
		assert_stderr_has 'too deep'
	done
	assert_equal "$(snapshot src)" "$before"
	sandbox discard try
	assert_success
	assert_equal "$(ls -A "$layers")" ''
}

# case: attributes that overlayfs believes
@test "attributes that overlayfs would believe cannot be made from inside, and none is committed" {
	mkdir src/d && echo 1 >src/d/f
	on 'cd /src; rm -r d; mkdir d; echo 2 >d/f; mknod /src/w c 0 0 2>/dev/null; true'
	sandbox commit try
	assert_success
	run getfattr -R -d -m - src
	assert_output ''
}

# case: attributes that overlayfs believes
@test "references to what is below cannot be made from inside, and fuse-overlayfs's layers have none" {
	echo secret >src/secret && chmod 0600 src/secret
	set_all='import os
os.chdir("/src"); os.mkdir("d"); open("f", "w").close()
for name in ("redirect", "metacopy", "opaque", "origin"):
    for prefix in ("user.overlay.", "user.fuseoverlayfs.", "trusted.overlay."):
        for path in ("d", "f"):
            try: os.setxattr(path, prefix + name, b"/secret")
            except OSError: pass'
	sandbox --overlay=try --bind "$(realpath src):/src:O" / python3 -c "$set_all"
	assert_success
	run bash -c 'getfattr -R -d -m - "$1"/try/bind-*/upper 2>/dev/null | grep -E "user.overlay.(redirect|metacopy|opaque)="' - "$layers"
	assert_output ''
	sandbox commit try
	assert_success
	run getfattr -R -d -m - src
	assert_output_lacks 'overlay'
	[ ! -s src/f ] && [ -z "$(ls -A src/d)" ] && rm -r src/f src/d
	require 'fuse-overlayfs' command -v fuse-overlayfs
	require '/dev/fuse that users may open' test -w /dev/fuse
	sandbox --layer=fuse --overlay=fuse --bind "$(realpath src):/src:O" / python3 -c "$set_all"
	assert_success
	sandbox commit fuse # read or refused, but not followed
	[ "$status" = 0 ] || assert_refused 'fuse-overlayfs makes no such references'
	! grep -rs secret src/f src/d || fail 'it was followed'
}

# case: holes, depth
@test "10 T that are a hole stay a hole" {
	on 'truncate -s 10995116277760 /src/hole'
	run --separate-stderr -- timeout --foreground -s KILL 20 "$SANDBOX" commit try
	assert_success
	[ "$(stat -c %b src/hole)" -lt 100 ]
}

# on_another_fs: the source directory, where nothing can be moved to from the layer.
on_another_fs() {
	require 'another file system than the home directory' test "$(stat -c %d /dev/shm)" != "$(stat -c %d .)"
	shm=$(mktemp -d /dev/shm/layers.XXXXXX)
	rmdir src
	mkdir "$shm/src" && ln -s "$shm/src" src
}

teardown() {
	[ -z "${shm-}" ] || rm -rf "$shm"
	lib_teardown
}

# state: how the source directory looks, without what a commit has in it while it runs.
state() { (cd -P src && find . -name '.sandbox-commit*' -prune -o -printf '%P %y %m %l\n' -type f -exec cat {} + | sort); }

# prepare: a source and a layer with one of every kind of step.
prepare() {
	rm -rf src/* && mkdir -p src/keep src/gone/deep src/type && echo 1 >src/f && echo 1 >src/keep/g && echo 1 >src/gone/deep/h && echo 1 >src/type/x && echo 1 >src/file
	[ ! -d "$layers/try" ] || "$SANDBOX" discard try
	on 'cd /src; echo 2 >f; chmod 0700 keep; echo 2 >keep/new; rm -r gone type file; echo 2 >type; mkdir file; echo 2 >file/y; mkdir -p new/a; echo 2 >new/a/b; ln new/a/b new/c; mkdir gone; echo 2 >gone/again; echo 2 >"a
op = D root 0 name"'
}

# killed_at SYSCALL NUMBER [ACTION]: a commit that dies there; then the next call must leave all or nothing. What it leaves
# otherwise is told in $wrong, since a condition of a loop cannot fail.
wrong=
killed_at() {
	local helper status=0
	helper=$(dirname "$SANDBOX")/libexec/layer
	unshare --map-root-user --map-auto strace -f -o trace -e "trace=$1" -e "inject=$1:${3:-signal=KILL}:when=$2" \
		"$helper" commit 3<"$layers/try" >out 2>&1 || status=$?
	[ "$status" != 0 ] || return 1 # there is no such call any more
	# A commit of nothing: it finishes or undoes what was begun, and commits no more.
	"$SANDBOX" commit try /nosuch >>out 2>&1 || :
	case $(state) in
	"$old") [ -d "$layers/try" ] || wrong+="$1 $2: undone, and the layer is gone" ;;
	"$new") ;;
	*) wrong+="$1 $2: neither all nor nothing: $(cat out; diff <(echo "$new") <(state))" ;;
	esac
	[ -z "$(find src/ -name '.sandbox-commit*')" ] || wrong+="$1 $2: something is left"
	[ -z "$wrong" ]
}

killed_at_any_point() {
	require_program strace
	require_range
	prepare
	old=$(state)
	sandbox commit try
	assert_success
	new=$(state)
	[ "$old" != "$new" ]
	local points=0
	for call in renameat mkdirat linkat unlinkat syncfs fchmod,fchown,utimensat openat,openat2; do
		local step=1 number=1
		[ "$call" != openat,openat2 ] || long || step=9
		while prepare && killed_at "$call" "$number"; do
			number=$((number + step))
			points=$((points + 1))
		done
		[ -z "$wrong" ] || fail "$wrong"
	done
	[ "$points" -gt "$1" ] || fail "only $points points"
}

# case: a kill or an error in the middle
@test "killed at any point, a commit is finished or undone by the next call" {
	killed_at_any_point 60
}

# case: a kill or an error in the middle
@test "the same where files have to be copied, from another file system" {
	on_another_fs
	killed_at_any_point 60
}

# case: a kill or an error in the middle
@test "a step that fails undoes the commit, and the layer is as it was" {
	require_program strace
	require_range
	prepare
	old=$(state)
	sandbox diff try
	local listed=$output number=1
	for call in renameat linkat fchown syncfs; do
		number=1
		while prepare && ! [ "$number" -gt 12 ]; do
			killed_at "$call" "$number" error=EIO || break
			if [ "$(state)" = "$old" ] && [ -d "$layers/try" ]; then
				sandbox diff try
				assert_equal "$(awk '{ print $1, $2, $6 }' <<<"$output")" "$(awk '{ print $1, $2, $6 }' <<<"$listed")"
			fi
			number=$((number + 1))
		done
		[ -z "$wrong" ] || fail "$wrong"
	done
}

# A loss of power cannot be had here: that what has to be on disk is brought there before what rests on it can be seen.
# case: a kill or an error in the middle
@test "what is to be committed is on disk before the journal, that before the first step, and all before it goes" {
	require_program strace
	require_range
	prepare
	unshare --map-root-user --map-auto strace -o trace -e trace=syncfs,renameat,linkat,unlinkat \
		"$(dirname "$SANDBOX")/libexec/layer" commit 3<"$layers/try" >/dev/null
	order=$(sed -nE '/^syncfs.* = 0/s/.*/sync/p; /^renameat.*"journal"/s/.*/journal/p; /^renameat.*"(f|new|file|type)"/s/.*/step/p
		/^unlinkat.*"journal"/s/.*/gone/p' trace | uniq | paste -sd ' ')
	assert_equal "$order" 'sync journal sync step sync gone'
}
