# Command line and made-up machine to the expected plan. No privilege and no kernel feature is needed.
# Case NAME is NAME.case and NAME.plan; after a change that is meant: tests/plan/plan-case build/tests/plan/planner all
load ../lib

setup() {
	lib_setup
	cases=$PROJECT/tests/plan
	planner=$TESTS_BUILD/plan/planner
	[ -x "$planner" ] || fail "$planner is not there: run make tests"
}

plan() {
	run --separate-stderr "$cases/plan-case" "$planner" "$1"
	assert_success
	assert_equal "$stderr" ''
	assert_equal "$output" "$(cat "$cases/$1.plan")"
}

@test "every case is run here" {
	assert_equal "$(sed -n 's/^@test "\(.*\)" { plan .*/\1/p' "$BATS_TEST_FILENAME" | sort)" \
		"$(find "$cases" -name '*.case' -printf '%f\n' | sed 's/\.case$//' | sort)"
}

@test "planner and program agree on a real machine" {
	tiny_rootfs
	# Ids, names and the environment are this machine's; the other steps and their reasons are the same.
	steps() { grep -vE '^ +(map-ids|open|layer|home|identity|file|landlock|environment) '; }
	printf 'run --userns=single --tmpfs /t %s true\n' "$root" >case
	run --separate-stderr "$planner" "$cases/host.txt" case
	assert_success
	local planned
	planned=$(steps <<<"$output")
	sandbox --dry-run --userns=single --tmpfs /t "$root" true
	assert_success
	assert_equal "$planned" "$(steps <<<"$output")"
}

@test "clocks_and_hostname" { plan clocks_and_hostname; }
@test "command" { plan command; }
@test "confine_only" { plan confine_only; }
@test "confine_only_home" { plan confine_only_home; }
@test "confine_only_host" { plan confine_only_host; }
@test "confine_only_missing" { plan confine_only_missing; }
@test "confine_only_old" { plan confine_only_old; }
@test "confine_only_older" { plan confine_only_older; }
@test "confinement" { plan confinement; }
@test "default" { plan default; }
@test "desktop_abstract" { plan desktop_abstract; }
@test "desktop_device_group" { plan desktop_device_group; }
@test "desktop_device_group_try" { plan desktop_device_group_try; }
@test "desktop_device_kept_group" { plan desktop_device_kept_group; }
@test "desktop_devices" { plan desktop_devices; }
@test "desktop_gpu_missing" { plan desktop_gpu_missing; }
@test "desktop_microphone" { plan desktop_microphone; }
@test "desktop_missing" { plan desktop_missing; }
@test "desktop_plain" { plan desktop_plain; }
@test "desktop_profile" { plan desktop_profile; }
@test "desktop_x11" { plan desktop_x11; }
@test "desktop_x11_no_server" { plan desktop_x11_no_server; }
@test "desktop_x11_virtual" { plan desktop_x11_virtual; }
@test "passed" { plan passed; }
@test "enforced" { plan enforced; }
@test "environment" { plan environment; }
@test "environment_kept" { plan environment_kept; }
@test "escapes" { plan escapes; }
@test "group_cut_off" { plan group_cut_off; }
@test "group_too_high" { plan group_too_high; }
@test "groups_kept" { plan groups_kept; }
@test "host_root" { plan host_root; }
@test "ids_fakeroot" { plan ids_fakeroot; }
@test "ids_by_hand" { plan ids_by_hand; }
@test "ids_granted_twice" { plan ids_granted_twice; }
@test "ids_keep_id" { plan ids_keep_id; }
@test "ids_keep_id_short" { plan ids_keep_id_short; }
@test "ids_no_helper" { plan ids_no_helper; }
@test "ids_no_new_privs" { plan ids_no_new_privs; }
@test "ids_none" { plan ids_none; }
@test "ids_none_keep_id" { plan ids_none_keep_id; }
@test "ids_not_granted" { plan ids_not_granted; }
@test "ids_only_uids" { plan ids_only_uids; }
@test "ids_overlap" { plan ids_overlap; }
@test "ids_several_ranges" { plan ids_several_ranges; }
@test "ids_single" { plan ids_single; }
@test "ipc_host" { plan ipc_host; }
@test "landlock_joined" { plan landlock_joined; }
@test "landlock_joined_host" { plan landlock_joined_host; }
@test "landlock_require" { plan landlock_require; }
@test "landlock_require_missing" { plan landlock_require_missing; }
@test "landlock_require_old" { plan landlock_require_old; }
@test "landlock_require_mounts" { plan landlock_require_mounts; }
@test "landlock_require_unconfined" { plan landlock_require_unconfined; }
@test "landlock_missing" { plan landlock_missing; }
@test "landlock_old" { plan landlock_old; }
@test "landlock_off" { plan landlock_off; }
@test "landlock_tcp" { plan landlock_tcp; }
@test "landlock_tcp_old" { plan landlock_tcp_old; }
@test "landlock_tcp_unconfined" { plan landlock_tcp_unconfined; }
@test "landlock_tcp_elsewhere" { plan landlock_tcp_elsewhere; }
@test "layer_auto_old_kernel" { plan layer_auto_old_kernel; }
@test "layer_disk" { plan layer_disk; }
@test "layer_disk_nowhere" { plan layer_disk_nowhere; }
@test "layer_fuse_chosen" { plan layer_fuse_chosen; }
@test "layer_fuse_kept" { plan layer_fuse_kept; }
@test "layer_fuse_missing" { plan layer_fuse_missing; }
@test "limits" { plan limits; }
@test "limits_best_effort" { plan limits_best_effort; }
@test "limits_controller" { plan limits_controller; }
@test "limits_counted" { plan limits_counted; }
@test "limits_delegated" { plan limits_delegated; }
@test "limits_nobody" { plan limits_nobody; }
@test "limits_systemd" { plan limits_systemd; }
@test "limits_version_1" { plan limits_version_1; }
@test "lower" { plan lower; }
@test "mounts" { plan mounts; }
@test "mounts_missing" { plan mounts_missing; }
@test "network_as_pid_1" { plan network_as_pid_1; }
@test "network_cap_add" { plan network_cap_add; }
@test "network_cap_add_as_pid_1" { plan network_cap_add_as_pid_1; }
@test "network_certificates" { plan network_certificates; }
@test "network_certificates_file" { plan network_certificates_file; }
@test "network_certificates_host" { plan network_certificates_host; }
@test "network_certificates_none" { plan network_certificates_none; }
@test "network_dns" { plan network_dns; }
@test "network_dns_host" { plan network_dns_host; }
@test "network_dns_loopback" { plan network_dns_loopback; }
@test "network_host" { plan network_host; }
@test "network_host_port" { plan network_host_port; }
@test "network_keep_id" { plan network_keep_id; }
@test "network_keep_id_as_pid_1" { plan network_keep_id_as_pid_1; }
@test "network_keep_id_single" { plan network_keep_id_single; }
@test "network_no_helper" { plan network_no_helper; }
@test "network_no_pasta" { plan network_no_pasta; }
@test "network_no_zero" { plan network_no_zero; }
@test "network_pasta" { plan network_pasta; }
@test "network_pasta_instead" { plan network_pasta_instead; }
@test "network_publish" { plan network_publish; }
@test "network_publish_no_relay" { plan network_publish_no_relay; }
@test "network_publish_rules" { plan network_publish_rules; }
@test "network_rules" { plan network_rules; }
@test "network_rules_denied" { plan network_rules_denied; }
@test "network_rules_dns" { plan network_rules_dns; }
@test "network_rules_no_helper" { plan network_rules_no_helper; }
@test "network_slirp4netns" { plan network_slirp4netns; }
@test "network_slirp4netns_options" { plan network_slirp4netns_options; }
@test "network_tap_moved" { plan network_tap_moved; }
@test "network_user" { plan network_user; }
@test "overlay" { plan overlay; }
@test "overlay_nothing" { plan overlay_nothing; }
@test "proc_bind" { plan proc_bind; }
@test "proc_unmasked" { plan proc_unmasked; }
@test "profile_and_command_line" { plan profile_and_command_line; }
@test "profile_build" { plan profile_build; }
@test "profile_build_host" { plan profile_build_host; }
@test "profile_strict" { plan profile_strict; }
@test "read_only" { plan read_only; }
@test "read_only_missing" { plan read_only_missing; }
@test "rootfs_subordinate" { plan rootfs_subordinate; }
@test "rw" { plan rw; }
@test "rw_keep_id" { plan rw_keep_id; }
@test "status" { plan status; }
@test "unconfined" { plan unconfined; }
@test "user_name" { plan user_name; }
@test "user_number" { plan user_number; }
@test "user_second_id" { plan user_second_id; }
@test "user_too_high" { plan user_too_high; }
@test "user_unknown" { plan user_unknown; }
@test "bus" { plan bus; }
@test "bus_no_proxy" { plan bus_no_proxy; }
@test "bus_no_session" { plan bus_no_session; }
@test "bus_none_wins" { plan bus_none_wins; }
@test "bus_user" { plan bus_user; }
@test "home" { plan home; }
@test "home_user" { plan home_user; }
