# What an application gets of the caller's files: --home, --auto-args, --downloads, --documents.
load ../lib

setup() {
	lib_setup
	export HOME=$scratch/home
	unset XDG_DATA_HOME XDG_CONFIG_HOME
	mkdir -p "$HOME/docs/sub"
	cd "$HOME/docs" || return
	echo one >a.txt
	echo two >b.txt
	echo three >sub/c.txt
	homes=$HOME/.local/share/sandbox/home
	options=(--userns keep-id)
}

teardown() {
	chmod -R u+w "$scratch"
	lib_teardown
}

@test "--home=private: kept by the command's name, and by --application" {
	sandbox "${options[@]}" --home private / sh -c 'echo "$HOME"; cd; echo kept >file'
	assert_success
	assert_output /run/home
	assert_equal "$(stat -c %a "$homes/sh")" 700
	sandbox "${options[@]}" --home private / sh -c 'cat ~/file'
	assert_output kept
	sandbox "${options[@]}" --home private --application other / sh -c 'ls -A ~; ls -A '"$homes"
	assert_output ''
	[ -d "$homes/other" ]
}

@test "--home=private: where XDG_DATA_HOME says, without newuidmap, and in another root" {
	tiny_rootfs "$scratch/root"
	XDG_DATA_HOME=$scratch/data sandbox --home private --userns single "$scratch/root" sh -c 'echo x >~/file; stat -c %u ~/file'
	assert_success
	assert_output 0
	assert_equal "$(stat -c %U "$scratch/data/sandbox/home/sh/file")" "$(id -un)"
}

@test "--home=private: two at once share it" {
	mkfifo "$scratch/go"
	"$SANDBOX" "${options[@]}" --home private --bind "$scratch/go" / sh -c 'echo first >~/first; read line <'"$scratch/go" 3>&- &
	local pid=$!
	eventually test -s "$homes/sh/first"
	sandbox "${options[@]}" --home private / sh -c 'cat ~/first'
	assert_output first
	echo >"$scratch/go"
	wait "$pid"
}

@test "--home=tmp: empty, writable, gone" {
	sandbox "${options[@]}" --home tmp / sh -c 'ls -A ~; stat -c %a ~; echo x >~/file'
	assert_success
	assert_output 700
	[ ! -e "$HOME/.local" ]
}

@test "--home: names and directories that will not do" {
	sandbox "${options[@]}" --home private --application ../up / true
	assert_refused "--application '../up'"
	sandbox "${options[@]}" --home private / '/bin/['
	assert_refused "cannot call the command's home '\['" 'application=NAME'
	sandbox --home private --user 1:1 / true
	assert_refused 'exclude each other'
	mkdir -p "$homes/open"
	chmod 777 "$homes/open"
	sandbox "${options[@]}" --home private --application open / true
	assert_refused 'cannot use .*/home/open' 'nobody else can write'
	ln -s /etc "$homes/link"
	sandbox "${options[@]}" --home private --application link / true
	assert_refused 'cannot use .*/home/link'
	mkdir "$homes/fixed"
	chmod 500 "$homes/fixed"
	sandbox "${options[@]}" --home private --application fixed / true
	assert_refused 'cannot write to .*/home/fixed' 'home=tmp'
	mv "$HOME/.local" "$HOME/elsewhere"
	ln -s elsewhere "$HOME/.local"
	sandbox "${options[@]}" --home private / true
	assert_refused 'symbolic link'
	rm "$HOME/.local"
	chmod 500 "$HOME"
	sandbox "${options[@]}" --home private / true
	assert_refused 'cannot make the directory'
	unset HOME
	sandbox "${options[@]}" --home private / true
	assert_refused 'neither XDG_DATA_HOME nor HOME'
}

@test "--auto-args: the file, read-only, and not its neighbour; the name as it was given" {
	sandbox "${options[@]}" --auto-args / sh -c 'cat "$1"; ls; echo x >>"$1"' sh a.txt
	assert_output "one
a.txt"
	assert_stderr_has 'Read-only file system'
	sandbox "${options[@]}" --auto-args / cat "$PWD/a.txt" ../docs/a.txt ./sub/c.txt
	assert_output "one
one
three"
	cd sub
	sandbox "${options[@]}" --auto-args / cat ../a.txt ../b.txt
	assert_output "one
two"
}

@test "--auto-args=rw: what is written is there" {
	sandbox "${options[@]}" --auto-args=rw / sh -c 'echo more >>"$1"; echo x >new' sh a.txt
	assert_status 2
	assert_stderr_has 'cannot create new: Permission denied'
	assert_equal "$(cat a.txt)" "one
more"
	[ ! -e new ]
	sandbox "${options[@]}" --auto-args=rw / sh -c 'echo x >"$1/new"' sh sub
	assert_success
	assert_equal "$(cat sub/new)" x
}

@test "--auto-args: directories, URIs, --option=PATH, and words behind --" {
	touch -- -odd
	local list='for word; do printf "%s " "$word"; done; find . -type f | sort | tr "\n" " "'
	sandbox "${options[@]}" --auto-args / sh -c "$list" sh "file://$PWD/sub/c%2etxt" --file=a.txt
	assert_output "file://$PWD/sub/c%2etxt --file=a.txt ./a.txt ./sub/c.txt "
	sandbox "${options[@]}" --auto-args / sh -c "$list" sh -odd
	assert_output "-odd "
	sandbox "${options[@]}" --auto-args / sh -c "$list" sh -- -odd
	assert_output "-- -odd ./-odd "
	sandbox "${options[@]}" --auto-args / sh -c "$list" sh "file://localhost$PWD/a.txt" "file://other$PWD/b.txt" sub
	assert_output "file://localhost$PWD/a.txt file://other$PWD/b.txt sub ./a.txt ./sub/c.txt "
}

@test "--auto-args: the root's own names, sockets and devices are left" {
	tiny_rootfs "$scratch/root"
	sandbox "${options[@]}" --auto-args "$scratch/root" cat /etc/passwd /dev/null
	assert_success
	assert_output_has '^root:.*:/bin/sh$'
	mkfifo pipe
	sandbox "${options[@]}" --auto-args / sh -c 'ls -A' sh pipe
	assert_output ''
}

@test "--auto-args: a file that is not there yet cannot be made, and that is said" {
	sandbox "${options[@]}" --auto-args=rw / sh -c 'echo x >"$1"' sh new.txt
	assert_status 2
	assert_stderr_has "note: $PWD/new.txt does not exist, and would not be kept: make it first" 'Permission denied'
	[ ! -e new.txt ]
	sandbox "${options[@]}" --auto-args / sh -c 'true' sh https://example.org/x.y -n 5x a.txt
	assert_success
	assert_equal "$stderr" ''
	# What could steer a terminal is not passed to it.
	sandbox "${options[@]}" --auto-args / true $'new\e[31m.txt'
	assert_stderr_has 'new\\x1b'
}

@test "--auto-args: a link of the caller's, and a directory that holds the home, are refused" {
	ln -s b.txt link
	sandbox "${options[@]}" --auto-args / cat link
	assert_refused 'link is a symbolic link'
	sandbox "${options[@]}" --auto-args / ls ../..
	assert_refused 'holds your home directory'
	sandbox "${options[@]}" --auto-args / ls /
	assert_refused "argument '/'"
}

@test "--auto-args: with another working directory only whole paths count" {
	sandbox "${options[@]}" --auto-args --workdir /tmp / sh -c 'pwd; cat "$1"; cat "$2"' sh "$PWD/a.txt" b.txt
	assert_output "/tmp
one"
}

@test "--downloads, --documents: one directory at a time, as user-dirs.dirs has them" {
	mkdir -p "$HOME/Downloads" "$HOME/Papers \"x\"" "$HOME/.config"
	touch "$HOME/Downloads/down" "$HOME/Papers \"x\"/paper"
	sandbox "${options[@]}" --home private --downloads / sh -c 'ls ~/Downloads; ls -A '"$HOME"'; echo x >~/Downloads/new'
	assert_output "down
Downloads"
	[ -s "$HOME/Downloads/new" ]
	printf '%s\n' '# comment' 'XDG_DOCUMENTS_DIR="$HOME/Papers \"x\""' 'XDG_DOWNLOAD_DIR="/nowhere"' >"$HOME/.config/user-dirs.dirs"
	sandbox "${options[@]}" --documents=ro / sh -c 'ls "$1"; echo x >"$1/new"' sh "$HOME/Papers \"x\""
	assert_output paper
	assert_stderr_has 'Read-only'
	sandbox "${options[@]}" --downloads / true
	assert_refused 'cannot make the directory /nowhere'
	sandbox "${options[@]}" --downloads="$HOME/none" / true
	assert_refused 'cannot show the directory .*/none \(--downloads\): No such file' 'downloads=DIR'
	sandbox "${options[@]}" --downloads="$HOME/docs/a.txt" / true
	assert_refused 'cannot show the directory .*/a.txt \(--downloads\): Not a directory'
	rm -r "$HOME/.config" "$HOME/Downloads"
	sandbox "${options[@]}" --home tmp --downloads / sh -c 'echo x >~/Downloads/new'
	assert_success
	assert_equal "$(cat "$HOME/Downloads/new")" x
	sandbox "${options[@]}" --downloads="$HOME/docs:ro" / sh -c 'ls "$1"; echo x >"$1/new"' sh "$HOME/docs"
	assert_output "a.txt
b.txt
sub"
	sandbox "${options[@]}" --downloads=docs / true
	assert_refused "--downloads 'docs'"
	sandbox "${options[@]}" --downloads="$HOME" / true
	assert_refused 'holds your home directory'
	sandbox "${options[@]}" --downloads --downloads=false / ls "$HOME"
	assert_status 2
}
