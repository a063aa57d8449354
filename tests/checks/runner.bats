# The runner itself: what must count as a failure does. A small tree of its own, run as the caller.
load ../lib

setup() {
	lib_setup
	mkdir -p tree/tests/run tree/build/tests/unit
	cp "$PROJECT"/tests/{run-tests,lib.bash} tree/tests/
	: >tree/tests/known-skips
	cp "$SANDBOX" tree/build/sandbox
	cp "$TESTS_BUILD/reaper" tree/build/tests/
}

# bats_file LINE...: a test file with these lines, in which @ stands for @test.
bats_file() {
	{
		echo 'load ../lib'
		printf '%s\n' "${@/#@ /@test }"
	} >tree/tests/run/file.bats
}

runner() { run --separate-stderr -- env -u TESTS_CACHE CI= "${settings[@]}" tree/tests/run-tests "$@"; }

@test "run-tests: passed cases, and one line of counts at the end" {
	bats_file '@ "one" { :; }' '@ "two" { :; }'
	runner
	assert_success
	assert_equal "${lines[-1]}" '2 passed, 0 failed, 0 skipped'
}

@test "run-tests: a failed case is shown with its output" {
	bats_file '@ "one" { :; }' '@ "two" { echo because; false; }'
	runner
	assert_status 1
	assert_output_has '^not ok  run/file: two$' because
	assert_equal "${lines[-1]}" '1 passed, 1 failed, 0 skipped'
}

@test "run-tests: a process, a temporary file left behind" {
	bats_file '@ "process" { setsid sleep 60 >&- 2>&- 3>&- & }' '@ "file" { touch "$TMPDIR/x"; }'
	runner
	assert_status 1
	assert_output_has 'left behind, processes: .*sleep 60' 'left behind, temporary files: .*/x'
	assert_equal "${lines[-1]}" '0 passed, 2 failed, 0 skipped'
}

@test "run-tests: a program that ends before its last case" {
	printf '#!/bin/sh\necho 1..3\necho "ok 1 - a"\nexit 0\n' >tree/build/tests/unit/test_short
	chmod +x tree/build/tests/unit/test_short
	runner
	assert_status 1
	assert_output_has 'ended with status 0 after 1 of 3 cases'
	assert_equal "${lines[-1]}" '1 passed, 1 failed, 0 skipped'
}

@test "run-tests: a skip is told with its reason; in CI only a listed one may be" {
	bats_file '@ "one" { :; }' '@ "two" { require "a unicorn" false; }'
	runner
	assert_success
	assert_output_has '^skipped run/file: two # skip missing: a unicorn$'
	assert_equal "${lines[-1]}" '1 passed, 0 failed, 1 skipped'
	settings=(CI=true)
	runner
	assert_status 1
	echo 'run/file: two # skip missing: a uni*' >tree/tests/known-skips
	runner
	assert_success
}

@test "run-tests: a file for another user is skipped by a plain user" {
	require 'a plain user' [ "$(id -u)" != 0 ]
	bats_file '# user: sandbox-test sandbox-short' '@ "one" { :; }'
	runner
	assert_success
	assert_output_has '^skipped run/file as sandbox-short: .*missing: root, to become sandbox-short$'
	assert_equal "${lines[-1]}" '1 passed, 0 failed, 1 skipped'
}

@test "run-tests: suites and files by name; a name that is none is an error" {
	bats_file '@ "one" { :; }'
	runner run/file
	assert_success
	runner unit
	assert_status 1 # nothing was run
	runner run/nothing
	assert_status 2
	assert_stderr_has "no tests called 'run/nothing'"
}
