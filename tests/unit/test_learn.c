/*
 * test_learn: what of a mount a learnt profile shows: directories of what was used, never above
 * what the run had, nothing of a read-only one to be written. On directories of the test's own.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "denial_decode.h"
#include "learn.h"

#include <cmocka.h>

static struct arena arena;
static char source[64];

static struct learnt learnt_of(const char *record)
{
	struct learnt learnt = {.arena = &arena};
	struct error err;
	const char *whole = arena_printf(&arena, "%s\nend yes\n", record);

	if (learnt_read(&learnt, whole, &err) < 0)
		fail_msg("%s", err.text);
	learnt_sort(&learnt);
	return learnt;
}

static void make(const char *path)
{
	char *whole = arena_printf(&arena, "%s/%s", source, path);

	assert_true(mkdir(whole, 0755) == 0 || errno == EEXIST);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(source, "/tmp/test_learn.XXXXXX");
	assert_non_null(mkdtemp(source));
	make("a");
	make("a/b");
	make("c");
	char *link = arena_printf(&arena, "%s/link", source);
	assert_int_equal(symlink("a/b", link), 0);
	for (int i = 0; i < 12; i++)
		make(arena_printf(&arena, "c/d%d", i));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	char *command = arena_printf(&arena, "rm -rf %s", source);
	int status = system(command);

	arena_free(&arena);
	return status;
}

/* "r /p/a, w /p/c": what is shown of a mount of mode at /p. */
static const char *fold(const char *record, const char *mode)
{
	struct learnt learnt = learnt_of(record);
	struct run_mount mount = {.option = "bind",
				  .mode = mode,
				  .source = source,
				  .target = "/p",
				  .flags = "",
				  .value = ""};
	struct run run = {.mounts = &mount, .mounts_count = 1};
	size_t count;
	struct shown *shown = fold_mount(&learnt, &run, &mount, &count);
	const char *text = "";

	for (size_t i = 0; i < count; i++) {
		/* The promise, of whatever comes out. */
		assert_true(learn_below(shown[i].path, "/p"));
		assert_false(shown[i].as == SHOWN_WRITE && strcmp(mode, "ro") == 0);
		text = arena_printf(&arena, "%s%s%c %s", text, *text ? ", " : "",
				    "rwe"[shown[i].as], shown[i].path);
	}
	return text;
}

static void test_a_file_stands_for_its_directory(void **state)
{
	(void)state;
	assert_string_equal(fold("file r /p/a/b/f", "rw"), "r /p/a/b");
	assert_string_equal(fold("file w /p/a/b/f", "rw"), "w /p/a/b");
	assert_string_equal(fold("file c /p/c/new", "rw"), "w /p/c");
	assert_string_equal(fold("file rd /p/c", "rw"), "r /p/c");
	assert_string_equal(fold("file sd /p/c", "rw"), "e /p/c");
	assert_string_equal(fold("file x /p/f", "rw"), "r /p");
}

static void test_nothing_used(void **state)
{
	(void)state;
	assert_string_equal(fold("file r /other/f", "rw"), "");
	assert_string_equal(fold("file sm /p/c/nosuch", "rw"), "");
	assert_string_equal(fold("file r /pp/f", "rw"), "");
}

static void test_read_only_stays(void **state)
{
	(void)state;
	assert_string_equal(fold("file wc /p/a/f\nfile c /p/new", "ro"), "r /p");
}

static void test_wide_covers_narrow(void **state)
{
	(void)state;
	assert_string_equal(fold("file r /p/a/f\nfile r /p/a/b/f", "rw"), "r /p/a");
	assert_string_equal(fold("file r /p/a/f\nfile w /p/a/b/f", "rw"), "r /p/a, w /p/a/b");
	assert_string_equal(fold("file w /p/a/f\nfile r /p/a/b/f", "rw"), "w /p/a");
}

static void test_looked_for_and_then_made(void **state)
{
	(void)state;
	assert_string_equal(fold("file smwc /p/c/f", "rw"), "w /p/c");
}

static void test_many_beside_each_other(void **state)
{
	const char *record = "file r /p/a/f";

	(void)state;
	for (int i = 0; i < 12; i++)
		record = arena_printf(&arena, "%s\nfile r /p/c/d%d/f", record, i);
	assert_string_equal(fold(record, "rw"), "r /p/a, r /p/c");
}

static void test_never_above_the_mount(void **state)
{
	const char *record = "file c /p";

	(void)state;
	assert_string_equal(fold(record, "rw"), "w /p");
	assert_string_equal(fold("file r /p", "rw"), "r /p");
}

static void test_links_are_not_bound(void **state)
{
	(void)state;
	assert_string_equal(fold("file r /p/link/f\nfile r /p/a/b/f", "rw"), "r /p");
	/* What is written through it is noted by its own name as well. */
	assert_string_equal(fold("file w /p/link/f\nfile w /p/a/b/f", "rw"), "r /p, w /p/a/b");
}

static void test_what_is_gone_was_made_there(void **state)
{
	(void)state;
	assert_string_equal(fold("file w /p/c/gone/f\nfile c /p/c/gone", "rw"), "w /p/c");
}

static void test_records_that_are_none(void **state)
{
	static const char *const wrong[] = {"file r p",    "file",        "what is", "call",
					    "file r /a%0", "call a\033b", ""};
	struct error err;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof wrong / sizeof *wrong; i++) {
		struct learnt learnt = {.arena = &arena};

		assert_int_equal(
			learnt_read(&learnt, arena_printf(&arena, "%s\nend yes\n", wrong[i]), &err),
			-1);
	}
	struct learnt learnt = {.arena = &arena};
	assert_int_equal(learnt_read(&learnt, "call read\n", &err), -1); /* cut */
}

/* What is kept in a profile and read again gives the same, folded or not. */
static void test_kept_and_merged(void **state)
{
	struct learnt learnt = learnt_of("call read\ncall ioctl 1:ffffffff:5401\nfile w /p/c/f\n"
					 "file r /p/a/f\nname example.org\ntcp 192.0.2.1 443\n"
					 "peak tasks 3");
	struct run_mount mount = {"bind", "rw", source, "/p", "", ""};
	struct run run = {.mounts = &mount, .mounts_count = 1};
	char path[] = "/tmp/test_learn.conf.XXXXXX";
	uint64_t made_with = 0;
	struct error err;
	size_t count;

	(void)state;
	int fd = mkstemp(path);
	FILE *out = fdopen(fd, "w");
	fold_files(&learnt, &run);
	fputs("extends = default\n#: made-with 2a\n", out);
	learnt_write(out, &learnt);
	fclose(out);
	struct learnt again = {.arena = &arena};
	assert_int_equal(learnt_read_profile(&again, path, &made_with, &err), 0);
	unlink(path);
	learnt_sort(&again);
	assert_int_equal(made_with, 42);
	assert_int_equal(again.calls_count, 2);
	assert_string_equal(again.names[0], "example.org");
	assert_string_equal(again.peaks[0], "tasks 3");
	struct shown *shown = fold_mount(&again, &run, &mount, &count);
	assert_int_equal(count, 2);
	assert_string_equal(shown[0].path, "/p/a");
	assert_int_equal(shown[0].as, SHOWN_READ);
	assert_string_equal(shown[1].path, "/p/c");
	assert_int_equal(shown[1].as, SHOWN_WRITE);
}

static void test_the_root(void **state)
{
	struct run run = {.mounts_count = 0};
	struct learnt learnt = learnt_of("file wc /tmp/x\nfile r /etc/passwd\nfile s /opt/x/y");

	(void)state;
	assert_false(fold_root_written(&learnt, &run));
	assert_true(fold_touched(&learnt, "/opt"));
	assert_false(fold_touched(&learnt, "/srv"));
	learnt = learnt_of("file c /var/log/x");
	assert_true(fold_root_written(&learnt, &run));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_file_stands_for_its_directory),
		cmocka_unit_test(test_nothing_used),
		cmocka_unit_test(test_read_only_stays),
		cmocka_unit_test(test_wide_covers_narrow),
		cmocka_unit_test(test_looked_for_and_then_made),
		cmocka_unit_test(test_many_beside_each_other),
		cmocka_unit_test(test_never_above_the_mount),
		cmocka_unit_test(test_links_are_not_bound),
		cmocka_unit_test(test_what_is_gone_was_made_there),
		cmocka_unit_test(test_records_that_are_none),
		cmocka_unit_test(test_kept_and_merged),
		cmocka_unit_test(test_the_root),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
