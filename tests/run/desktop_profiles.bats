# The profiles of desktop applications, without a display: what each shows of the caller's files, and what it reaches.
load ../lib

setup() {
	lib_setup
	export HOME=$scratch/home
	unset XDG_DATA_HOME XDG_CONFIG_HOME WAYLAND_DISPLAY DISPLAY PULSE_SERVER
	mkdir -p "$HOME/docs"
	cd "$HOME/docs" || return
	echo one >a.txt
	echo two >b.txt
}

teardown() { lib_teardown; }

@test "each profile starts a program, with the file of its arguments and no other, and no bus" {
	local profile
	for profile in desktop viewer media office game; do
		sandbox --profile "$profile" / sh -c 'cat "$1"; ls; id -u; cat /proc/net/dev | grep -c :; echo "${DBUS_SESSION_BUS_ADDRESS-none}"' sh a.txt
		assert_success
		assert_output "one
a.txt
$(id -u)
1
none"
	done
}

@test "viewer: the file cannot be changed, and nothing is kept" {
	sandbox --profile viewer / sh -c 'echo x >"$1"; echo x >~/kept; ls ~' sh a.txt
	assert_output kept
	assert_stderr_has 'Read-only'
	assert_equal "$(cat a.txt)" one
	[ ! -e "$HOME/.local" ]
}

@test "office: the file can be changed, and settings are kept" {
	sandbox --profile office --application office / sh -c 'echo more >>"$1"; echo x >~/settings' sh a.txt
	assert_success
	assert_equal "$(cat a.txt)" "one
more"
	assert_equal "$(ls "$HOME/.local/share/sandbox/home/office")" settings
}

@test "browser: namespaces within, a network without this machine, downloads and nothing else" {
	require 'slirp4netns' command -v slirp4netns
	require '/dev/net/tun' test -w /dev/net/tun
	cd /
	sandbox --profile browser --application web -e "PLACE=$HOME" / sh -c '
		unshare --user --pid --fork --map-root-user id -u
		grep -c tap0 /proc/net/dev
		echo got >~/Downloads/file
		ls -A "$PLACE"'
	assert_output "0
1
Downloads"
	assert_equal "$(cat "$HOME/Downloads/file")" got
}
