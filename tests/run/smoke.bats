# The shortest way through the whole program, and an example of how a test file looks.
load ../lib

@test "a command runs in the root file system and its status comes back" {
	tiny_rootfs
	in_sandbox 'echo hello; exit 7'
	assert_status 7
	assert_output hello
}

@test "what the command writes into its root is gone afterwards" {
	tiny_rootfs
	before=$(snapshot "$root")
	in_sandbox 'echo x >/etc/passwd && rm /bin/ls && ! [ -e /bin/ls ]'
	assert_success
	assert_equal "$(snapshot "$root")" "$before"
}

@test "a root file system that is not there is refused, with the reason" {
	sandbox "$scratch/missing" true
	assert_refused missing 'No such file or directory'
}
