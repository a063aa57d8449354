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
	steps() { grep -vE '^ +(map-ids|open|layer|home|identity|file|environment) '; }
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
@test "confinement" { plan confinement; }
@test "default" { plan default; }
@test "environment" { plan environment; }
@test "environment_kept" { plan environment_kept; }
@test "escapes" { plan escapes; }
@test "groups_kept" { plan groups_kept; }
@test "host_root" { plan host_root; }
@test "ids_by_hand" { plan ids_by_hand; }
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
@test "layer_auto_old_kernel" { plan layer_auto_old_kernel; }
@test "layer_disk" { plan layer_disk; }
@test "layer_disk_nowhere" { plan layer_disk_nowhere; }
@test "mounts" { plan mounts; }
@test "mounts_missing" { plan mounts_missing; }
@test "network_host" { plan network_host; }
@test "profile_and_command_line" { plan profile_and_command_line; }
@test "profile_build" { plan profile_build; }
@test "profile_build_host" { plan profile_build_host; }
@test "profile_strict" { plan profile_strict; }
@test "read_only" { plan read_only; }
@test "read_only_missing" { plan read_only_missing; }
@test "rw" { plan rw; }
@test "rw_keep_id" { plan rw_keep_id; }
@test "unconfined" { plan unconfined; }
@test "user_name" { plan user_name; }
@test "user_number" { plan user_number; }
@test "user_second_id" { plan user_second_id; }
@test "user_too_high" { plan user_too_high; }
@test "user_unknown" { plan user_unknown; }
