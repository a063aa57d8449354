# user: sandbox-norange
# `sandbox rootfs import` for a user with one id.
load ../lib

@test "owners are recorded where the file system can hold it, and said; --squash leaves them out" {
	tiny_rootfs r
	tar -C r --numeric-owner --owner=33 --group=44 -cf r.tar .
	sandbox rootfs import r.tar
	assert_success
	assert_stderr_has 'one id only' 'override_stat'
	local got=$XDG_DATA_HOME/sandbox/rootfs
	assert_equal "$(getfattr --only-values -n user.containers.override_stat "$got/r/root/etc/passwd")" 33:44:0100644
	sandbox --userns=single r stat -c %u:%g /etc/passwd
	assert_output 0:0
	sandbox rootfs import r.tar squashed --squash
	assert_success
	assert_stderr_lacks 'one id only'
	run getfattr -n user.containers.override_stat "$got/squashed/root/etc/passwd"
	assert_status 1
	sandbox rootfs import r.tar b --ids=subordinate
	assert_refused 'needs a range'
	sandbox rootfs rm r squashed
	assert_success
}

@test "a layer, its diff and its commit with one id" {
	sandbox rootfs create busybox b
	sandbox --overlay=t --userns=single b sh -c 'echo 1 >/f; rm /bin/ls'
	sandbox diff t
	assert_output_has 'added .* /f' 'deleted .* /bin/ls'
	sandbox commit t
	assert_success
	sandbox --userns=single b sh -c 'cat /f; ls /bin/ls'
	assert_output 1
}
