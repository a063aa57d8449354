/* parse.c and parse_mount.c: each value, each reason, each boundary. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/resource.h>

#include "parse.h"

/* Last: it has a macro fail(). */
#include <cmocka.h>

/* The reason contains the words; no words: there is no reason. */
static void expect(const char *text, const char *reason, const char *words)
{
	bool right = words ? reason && strstr(reason, words) : !reason;

	if (!right)
		fail_msg("'%s': got '%s', not '%s'", text, reason ? reason : "(accepted)",
			 words ? words : "(accepted)");
}

static void test_number(void **state)
{
	static const struct {
		const char *text;
		uint64_t max, value;
		const char *reason;
	} cases[] = {
		{"0", 10, 0, NULL},
		{"10", 10, 10, NULL},
		{"007", 10, 7, NULL},
		{"11", 10, 0, "too large"},
		{"5", 3, 0, "too large"},
		{"18446744073709551615", UINT64_MAX, UINT64_MAX, NULL},
		{"18446744073709551616", UINT64_MAX, 0, "too large"},
		{"99999999999999999999999", UINT64_MAX, 0, "too large"},
		{"", 10, 0, "missing"},
		{"-1", 10, 0, "decimal"},
		{"+1", 10, 0, "decimal"},
		{" 1", 10, 0, "decimal"},
		{"1 ", 10, 0, "decimal"},
		{"0x1", 10, 0, "decimal"},
		{"1e2", 1000, 0, "decimal"},
		{"1.5", 10, 0, "decimal"},
		{"\xd9\xa1", 10, 0, "decimal"}, /* an Arabic digit */
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t value = 0;
		const char *reason = parse_number(cases[i].text, cases[i].max, &value);

		expect(cases[i].text, reason, cases[i].reason);
		if (!reason)
			assert_true(value == cases[i].value);
	}
}

static void test_size(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
		const char *reason;
	} cases[] = {
		{"1", 1, NULL},
		{"4096", 4096, NULL},
		{"1k", 1024, NULL},
		{"512M", UINT64_C(512) << 20, NULL},
		{"3g", UINT64_C(3) << 30, NULL},
		{"2T", UINT64_C(2) << 40, NULL},
		{"16777215t", UINT64_C(16777215) << 40, NULL},
		{"16777216t", 0, "too large"},
		{"18446744073709551614", UINT64_MAX - 1, NULL},
		{"18446744073709551615", 0, "too large"},
		{"18446744073709551615k", 0, "too large"},
		{"0", 0, "more than 0"},
		{"0k", 0, "more than 0"},
		{"", 0, "not a size"},
		{"k", 0, "not a size"},
		{"1kb", 0, "not a size"},
		{"1 k", 0, "not a size"},
		{"50%", 0, "not a size"},
		{"1p", 0, "not a size"},
		{"-1m", 0, "not a size"},
		{"0x10", 0, "not a size"},
		{"1e99", 0, "not a size"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t value = 0;
		const char *reason = parse_size(cases[i].text, &value);

		expect(cases[i].text, reason, cases[i].reason);
		if (!reason)
			assert_true(value == cases[i].value);
	}
}

static void test_duration(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
		const char *reason;
	} cases[] = {
		{"3600", 3600, NULL},
		{"0", 0, NULL},
		{"-0", 0, NULL},
		{"90s", 90, NULL},
		{"1h", 3600, NULL},
		{"+1h", 3600, NULL},
		{"-30m", -1800, NULL},
		{"2d", 172800, NULL},
		{"9223372036854775807", INT64_MAX, NULL},
		{"-9223372036854775807", -INT64_MAX, NULL},
		{"9223372036854775808", 0, "too long"},
		{"106751991167300d", INT64_C(106751991167300) * 86400, NULL},
		{"106751991167301d", 0, "too long"},
		{"", 0, "not a duration"},
		{"-", 0, "not a duration"},
		{"h", 0, "not a duration"},
		{"--1", 0, "not a duration"},
		{"-+1", 0, "not a duration"},
		{"1y", 0, "not a duration"},
		{"1H", 0, "not a duration"},
		{"1h30m", 0, "not a duration"},
		{"1.5h", 0, "not a duration"},
		{" 1", 0, "not a duration"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t value = 1;
		const char *reason = parse_duration(cases[i].text, &value);

		expect(cases[i].text, reason, cases[i].reason);
		if (!reason)
			assert_true(value == cases[i].value);
	}
}

static void test_mode(void **state)
{
	mode_t mode = 0;

	(void)state;
	expect("755", parse_mode("755", &mode), NULL);
	assert_int_equal(mode, 0755);
	expect("01777", parse_mode("01777", &mode), NULL);
	assert_int_equal(mode, 01777);
	expect("0", parse_mode("0", &mode), NULL);
	assert_int_equal(mode, 0);
	expect("", parse_mode("", &mode), "octal");
	expect("8", parse_mode("8", &mode), "octal");
	expect("-1", parse_mode("-1", &mode), "octal");
	expect("000000", parse_mode("000000", &mode), "octal");
	expect("u+x", parse_mode("u+x", &mode), "octal");
	expect("4755", parse_mode("4755", &mode), "setuid");
	expect("2755", parse_mode("2755", &mode), "setuid");
	expect("77777", parse_mode("77777", &mode), "setuid");
}

static void test_bool(void **state)
{
	bool value = false;

	(void)state;
	expect("true", parse_bool("true", &value), NULL);
	assert_true(value);
	expect("false", parse_bool("false", &value), NULL);
	assert_false(value);
	for (const char *const *text = (const char *const[]){"", "1", "yes", "True", "true ", NULL};
	     *text; text++)
		expect(*text, parse_bool(*text, &value), "true or false");
}

static void test_id(void **state)
{
	uint32_t id = 1;

	(void)state;
	expect("0", parse_id("0", &id), NULL);
	assert_int_equal(id, 0);
	expect("4294967294", parse_id("4294967294", &id), NULL);
	assert_true(id == UINT32_MAX - 1);
	expect("4294967295", parse_id("4294967295", &id), "at most");
	expect("4294967296", parse_id("4294967296", &id), "at most");
	expect("-1", parse_id("-1", &id), "decimal");
	expect("", parse_id("", &id), "missing");
}

static void test_id_range(void **state)
{
	static const struct {
		const char *text;
		struct id_range range;
		const char *reason;
	} cases[] = {
		{"0:1000:1", {0, 1000, 1, NULL}, NULL},
		{"1:100000:65535", {1, 100000, 65535, NULL}, NULL},
		{"0:0:4294967294", {0, 0, 4294967294, NULL}, NULL},
		{"4294967294:0:1", {4294967294, 0, 1, NULL}, NULL},
		{"4294967294:0:2", {0}, "beyond"},
		{"0:4294967294:2", {0}, "beyond"},
		{"1:0:4294967294", {1, 0, 4294967294, NULL}, NULL},
		{"2:0:4294967294", {0}, "beyond"},
		{"0:0:0", {0}, "more than 0"},
		{"0:0:4294967295", {0}, "at most"},
		{"4294967296:0:1", {0}, "at most"},
		{"", {0}, "INSIDE:OUTSIDE:COUNT"},
		{"0", {0}, "INSIDE:OUTSIDE:COUNT"},
		{"0:0", {0}, "INSIDE:OUTSIDE:COUNT"},
		{"0:0:1:1", {0}, "INSIDE:OUTSIDE:COUNT"},
		{"::", {0}, "missing"},
		{"0:0:", {0}, "missing"},
		{"-1:0:1", {0}, "decimal"},
		{"0:+1:1", {0}, "decimal"},
		{"0 :1:1", {0}, "decimal"},
		{"0x0:1:1", {0}, "decimal"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct id_range range = {.origin = "kept"};
		const char *reason = parse_id_range(cases[i].text, &range);

		expect(cases[i].text, reason, cases[i].reason);
		assert_string_equal(range.origin, "kept");
		if (reason)
			continue;
		assert_true(range.inside == cases[i].range.inside);
		assert_true(range.outside == cases[i].range.outside);
		assert_true(range.count == cases[i].range.count);
	}
}

static void test_user(void **state)
{
	static const char *const cases[][2] = {
		{"root", NULL},
		{"0", NULL},
		{"1000:1000", NULL},
		{"www-data:www-data", NULL},
		{"_apt", NULL},
		{"host$", NULL},
		{"a.b", NULL},
		{"0:root", NULL},
		{"", "empty"},
		{":", "empty"},
		{"1:", "empty"},
		{":1", "empty"},
		{"-1", "sign"},
		{"+1", "sign"},
		{"-u", "sign"},
		{"4294967295", "at most"},
		{"4294967296", "at most"},
		{"0 ", "decimal"},
		{" 0", "letters"},
		{"0x10", "decimal"},
		{"1e99", "decimal"},
		{"1:2:3", "decimal"},
		{"a b", "letters"},
		{"a/b", "letters"},
		{"a$b", "letters"},
		{"a:b\n", "letters"},
	};
	char longest[300] = "";

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect(cases[i][0], parse_user(cases[i][0]), cases[i][1]);
	memset(longest, 'a', 257);
	expect("257 letters", parse_user(longest), "too long");
	longest[256] = '\0';
	expect("256 letters", parse_user(longest), NULL);
}

static void test_hostname(void **state)
{
	static const char *const cases[][2] = {
		{"box", NULL},
		{"a", NULL},
		{"a-b.example", NULL},
		{"1", NULL},
		{"", "empty"},
		{"-a", "letters"},
		{"a-", "letters"},
		{"a..b", "letters"},
		{".", "letters"},
		{"a.", "letters"},
		{"a_b", "letters"},
		{"a b", "letters"},
		{"b\xc3\xbc", "letters"},
	};
	char longest[80] = "";

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect(cases[i][0], parse_hostname(cases[i][0]), cases[i][1]);
	memset(longest, 'a', 64);
	expect("64 letters", parse_hostname(longest), NULL);
	longest[64] = 'a';
	expect("65 letters", parse_hostname(longest), "64 bytes");
}

static void test_rlimit(void **state)
{
	static const struct {
		const char *text;
		int resource;
		uint64_t soft, hard;
		const char *reason;
	} cases[] = {
		{"nofile=1024", RLIMIT_NOFILE, 1024, 1024, NULL},
		{"nofile=1024:4096", RLIMIT_NOFILE, 1024, 4096, NULL},
		{"core=0", RLIMIT_CORE, 0, 0, NULL},
		{"as=4g", RLIMIT_AS, UINT64_C(4) << 30, UINT64_C(4) << 30, NULL},
		{"stack=8m:unlimited", RLIMIT_STACK, 8 << 20, UINT64_MAX, NULL},
		{"cpu=unlimited", RLIMIT_CPU, UINT64_MAX, UINT64_MAX, NULL},
		{"cpu=18446744073709551614", RLIMIT_CPU, UINT64_MAX - 1, UINT64_MAX - 1, NULL},
		{"cpu=18446744073709551615", 0, 0, 0, "too large"},
		{"as=18446744073709551615", 0, 0, 0, "too large"},
		{"nofile=1k", 0, 0, 0, "decimal"},
		{"nofile=2:1", 0, 0, 0, "above the hard"},
		{"nofile=unlimited:1", 0, 0, 0, "above the hard"},
		{"nofile", 0, 0, 0, "NAME=SOFT"},
		{"", 0, 0, 0, "NAME=SOFT"},
		{"nofile=", 0, 0, 0, "missing"},
		{"nofile=1:", 0, 0, 0, "missing"},
		{"nofile=:1", 0, 0, 0, "missing"},
		{"nofile=1:2:3", 0, 0, 0, "decimal"},
		{"nofile=-1", 0, 0, 0, "decimal"},
		{"as=-1", 0, 0, 0, "not a size"},
		{"NOFILE=1", 0, 0, 0, "no such resource"},
		{"nofiles=1", 0, 0, 0, "no such resource"},
		{"nofil=1", 0, 0, 0, "no such resource"},
		{"=1", 0, 0, 0, "no such resource"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct rlimit_op limit = {0};
		const char *reason = parse_rlimit(cases[i].text, &limit);

		expect(cases[i].text, reason, cases[i].reason);
		if (reason)
			continue;
		assert_int_equal(limit.resource, cases[i].resource);
		assert_true(limit.soft == cases[i].soft && limit.hard == cases[i].hard);
	}
	size_t names = 0;

	for (char text[32]; parse_rlimit_name(names); names++) {
		struct rlimit_op limit;

		snprintf(text, sizeof text, "%s=1", parse_rlimit_name(names));
		assert_null(parse_rlimit(text, &limit));
		assert_string_equal(limit.name, parse_rlimit_name(names));
	}
	assert_int_equal(names, RLIM_NLIMITS);
}

static void test_capability(void **state)
{
	static const char *const accepted[] = {"CHOWN", "chown", "cap_chown", "CAP_CHOWN",
					       "Cap_Chown"};
	static const char *const refused[] = {"",       "CAP_",        "CAP_CAP_CHOWN", "CHOWN ",
					      "5",      "cap_5",       "CHOWN,",        "CHOWN=ep",
					      "ch own", "cap_chown+ep"};
	char name[PARSE_CAP_NAME_SIZE], longest[100] = "";
	int capability;

	(void)state;
	for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
		expect(accepted[i], parse_capability(accepted[i], &capability, name), NULL);
		assert_int_equal(capability, CAP_CHOWN);
		assert_string_equal(name, "CAP_CHOWN");
	}
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		expect(refused[i], parse_capability(refused[i], &capability, name), "no such");
	expect("checkpoint_restore", parse_capability("checkpoint_restore", &capability, name),
	       NULL);
	assert_string_equal(name, "CAP_CHECKPOINT_RESTORE");
	expect("all", parse_capability("all", &capability, name), NULL);
	assert_int_equal(capability, -1);
	assert_string_equal(name, "ALL");
	memset(longest, 'a', sizeof longest - 1);
	expect("long", parse_capability(longest, &capability, name), "no such");
}

static void test_env_name(void **state)
{
	(void)state;
	expect("A", parse_env_name("A", 1), NULL);
	expect("BASH_FUNC_x%%", parse_env_name("BASH_FUNC_x%%", 13), NULL);
	expect("", parse_env_name("", 0), "no name");
	expect("A B", parse_env_name("A B", 3), "blank");
	expect("A=", parse_env_name("A=", 2), "blank");
	expect("\x7f", parse_env_name("\x7f", 1), "blank");
	expect("\n", parse_env_name("\n", 1), "blank");
}

static void test_inside_path(void **state)
{
	static const char *const cases[][3] = {
		{"/", "/", NULL},
		{"//", "/", NULL},
		{"/.", "/", NULL},
		{"/a", "/a", NULL},
		{"/a/", "/a", NULL},
		{"//a///b//", "/a/b", NULL},
		{"/./a/./b/.", "/a/b", NULL},
		{"/...", "/...", NULL},
		{"/..a/b..", "/..a/b..", NULL},
		{"/a:b,c", "/a:b,c", NULL},
		{"", NULL, "absolute"},
		{"a", NULL, "absolute"},
		{"./a", NULL, "absolute"},
		{"~/a", NULL, "absolute"},
		{"/..", NULL, "'..'"},
		{"/a/../b", NULL, "'..'"},
		{"/a/..", NULL, "'..'"},
	};
	char text[PATH_MAX + 300];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		strcpy(text, cases[i][0]);
		expect(cases[i][0], parse_inside_path(text), cases[i][2]);
		if (!cases[i][2])
			assert_string_equal(text, cases[i][1]);
	}
	memset(text, 'a', sizeof text);
	text[0] = '/';
	text[256] = '\0';
	expect("255 bytes", parse_inside_path(text), NULL);
	text[256] = 'a';
	text[257] = '\0';
	expect("256 bytes", parse_inside_path(text), "255 bytes");
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 2 ? 'a' : '/';
	text[PATH_MAX] = '\0';
	expect("4096 bytes", parse_inside_path(text), "4095 bytes");
	text[PATH_MAX - 2] = '\0';
	expect("4094 bytes", parse_inside_path(text), NULL);
}

static void test_host_path(void **state)
{
	static const char *const cases[][3] = {
		/* cwd, path, result */
		{"/w", "a", "/w/a"},
		{"/w", "", "/w"},
		{"/w", ".", "/w"},
		{"/w", "./a//b/", "/w/a/b"},
		{"/w/x", "..", "/w"},
		{"/w/x", "../y", "/w/y"},
		{"/w/x", "../../..", "/"},
		{"/w/x", "../../../y", "/y"},
		{"/w", "a/../b", "/w/a/../b"},
		{"/w/x", "../a/../b", "/w/a/../b"},
		{"/", "a", "/a"},
		{"/", "..", "/"},
		{"/w", "/a", "/a"},
		{"/w", "/", "/"},
		{"/w", "/a/../b", "/a/../b"},
		{"/w", "/..", "/.."},
		{"/w", "~/a", "/w/~/a"},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_null(parse_host_path(cases[i][0], cases[i][1], out, sizeof out));
		assert_string_equal(out, cases[i][2]);
	}
	expect("cwd", parse_host_path("/wwww", "a", out, 5), "too long");
	expect("fits", parse_host_path("/ww", "aa", out, 7), NULL);
	expect("long", parse_host_path("/ww", "aaa", out, 7), "too long");
	expect("long", parse_host_path("/", "/aaaaaa", out, 7), "too long");
}

/* --- mounts --- */

struct mount_case {
	enum option_id option;
	enum mount_kind kind;
	const char *text;
	const char *reason;
	struct mount_op expected;
};

#define NO_MODE (mode_t) - 1

static const struct mount_case mounts[] = {
	{OPT_BIND, MOUNT_BIND, "a", NULL, {.source = "a", .fd = -1, .mode = NO_MODE}},
	{OPT_BIND,
	 MOUNT_BIND,
	 "/a:/b",
	 NULL,
	 {.source = "/a", .target = "/b", .fd = -1, .mode = NO_MODE}},
	{OPT_BIND,
	 MOUNT_BIND,
	 "/a:/b:rw",
	 NULL,
	 {.source = "/a", .target = "/b", .fd = -1, .mode = NO_MODE}},
	{OPT_BIND,
	 MOUNT_BIND,
	 "/a://b/./c/:ro,noexec",
	 NULL,
	 {.kind = MOUNT_RO_BIND,
	  .source = "/a",
	  .target = "/b/c",
	  .noexec = true,
	  .fd = -1,
	  .mode = NO_MODE}},
	{OPT_BIND,
	 MOUNT_BIND,
	 "a\\:b\\,c\\\\d:/e\\:f",
	 NULL,
	 {.source = "a:b,c\\d", .target = "/e:f", .fd = -1, .mode = NO_MODE}},
	{OPT_BIND, MOUNT_BIND, "a,b", NULL, {.source = "a,b", .fd = -1, .mode = NO_MODE}},
	{OPT_BIND, MOUNT_BIND, ":/b", "source is empty", {0}},
	{OPT_BIND, MOUNT_BIND, "/a:", "inside is empty", {0}},
	{OPT_BIND, MOUNT_BIND, "/a::ro", "inside is empty", {0}},
	{OPT_BIND, MOUNT_BIND, "/a:b", "absolute", {0}},
	{OPT_BIND, MOUNT_BIND, "/a:/b/../c", "'..'", {0}},
	{OPT_BIND, MOUNT_BIND, "/a:/", "over the root", {0}},
	{OPT_BIND, MOUNT_BIND, "/a://.", "over the root", {0}},
	{OPT_BIND, MOUNT_BIND, "/a:/b:", "ro, rw, O, noexec and create", {0}},
	{OPT_BIND, MOUNT_BIND, "/a:/b:ro,", "ro, rw, O, noexec and create", {0}},
	{OPT_BIND, MOUNT_BIND, "/a:/b:z", "ro, rw, O, noexec and create", {0}},
	{OPT_BIND, MOUNT_BIND, "/a:/b:ro,rw", "exclude each other", {0}},
	{OPT_BIND, MOUNT_BIND, "/a:/b:ro:x", "too many parts", {0}},
	{OPT_BIND, MOUNT_BIND, "a\\b", "backslash", {0}},
	{OPT_BIND, MOUNT_BIND, "a\\", "backslash", {0}},
	{OPT_BIND, MOUNT_BIND, "a:/b\\c", "backslash", {0}},
	{OPT_BIND, MOUNT_BIND, "a:/b:r\\o", "backslash", {0}},
	{OPT_RO_BIND,
	 MOUNT_RO_BIND,
	 "/a:/b:ro",
	 NULL,
	 {.source = "/a", .target = "/b", .fd = -1, .mode = NO_MODE}},
	{OPT_RO_BIND, MOUNT_RO_BIND, "/a:/b:rw", "contradicts", {0}},
	{OPT_DEV_BIND,
	 MOUNT_DEV_BIND,
	 "/dev/kvm:/dev/kvm:noexec",
	 NULL,
	 {.source = "/dev/kvm", .target = "/dev/kvm", .noexec = true, .fd = -1, .mode = NO_MODE}},
	{OPT_DEV_BIND, MOUNT_DEV_BIND, "/a:/b:ro", "device bind", {0}},
	{OPT_TMPFS, MOUNT_TMPFS, "/t", NULL, {.target = "/t", .fd = -1, .mode = NO_MODE}},
	{OPT_TMPFS,
	 MOUNT_TMPFS,
	 "/t:size=1m,mode=0700,inodes=10k,noexec",
	 NULL,
	 {.target = "/t",
	  .size = 1 << 20,
	  .inodes = 10240,
	  .mode = 0700,
	  .noexec = true,
	  .fd = -1}},
	{OPT_TMPFS, MOUNT_TMPFS, "/t:size=0", "more than 0", {0}},
	{OPT_TMPFS, MOUNT_TMPFS, "/t:size=50%", "not a size", {0}},
	{OPT_TMPFS, MOUNT_TMPFS, "/t:inodes=0", "inodes=", {0}},
	{OPT_TMPFS, MOUNT_TMPFS, "/t:mode=9", "octal", {0}},
	{OPT_TMPFS, MOUNT_TMPFS, "/t:exec", "options of a tmpfs", {0}},
	{OPT_TMPFS, MOUNT_TMPFS, "t", "absolute", {0}},
	{OPT_TMPFS, MOUNT_TMPFS, "/", "over the root", {0}},
	{OPT_BIND,
	 MOUNT_BIND,
	 "/a:/b:O,noexec",
	 NULL,
	 {.source = "/a",
	  .target = "/b",
	  .noexec = true,
	  .layer = true,
	  .fd = -1,
	  .mode = NO_MODE}},
	{OPT_BIND, MOUNT_BIND, "/a:/b:O,ro", "exclude each other", {0}},
	{OPT_RO_BIND, MOUNT_RO_BIND, "/a:/b:O", "writable --bind only", {0}},
	{OPT_DEV_BIND, MOUNT_DEV_BIND, "/a:/b:O", "writable --bind only", {0}},
	{OPT_LOWER, MOUNT_LOWER, "a\\:b", NULL, {.source = "a:b", .fd = -1, .mode = NO_MODE}},
	{OPT_LOWER, MOUNT_LOWER, "a:b", "one directory", {0}},
	{OPT_MASK, MOUNT_MASK, "/m", NULL, {.target = "/m", .fd = -1, .mode = NO_MODE}},
	{OPT_MASK, MOUNT_MASK, "/m:x", "no options", {0}},
	{OPT_MASK, MOUNT_MASK, "/m\\:x", NULL, {.target = "/m:x", .fd = -1, .mode = NO_MODE}},
	{OPT_SYMLINK,
	 MOUNT_SYMLINK,
	 "../t:/l",
	 NULL,
	 {.source = "../t", .target = "/l", .fd = -1, .mode = NO_MODE}},
	{OPT_SYMLINK, MOUNT_SYMLINK, "/l", "TARGET:LINK", {0}},
	{OPT_SYMLINK, MOUNT_SYMLINK, "a:/b:/c", "TARGET:LINK", {0}},
	{OPT_SYMLINK, MOUNT_SYMLINK, ":/l", "points to is empty", {0}},
	{OPT_SYMLINK, MOUNT_SYMLINK, "t:l", "absolute", {0}},
	{OPT_SYMLINK, MOUNT_SYMLINK, "t\\x:/l", "backslash", {0}},
	{OPT_MKDIR, MOUNT_MKDIR, "/d:mode=0700", NULL, {.target = "/d", .fd = -1, .mode = 0700}},
	{OPT_MKDIR, MOUNT_MKDIR, "/d:size=1", "mode=", {0}},
	{OPT_FILE, MOUNT_FILE, "3:/f", NULL, {.target = "/f", .fd = 3, .mode = NO_MODE}},
	{OPT_FILE,
	 MOUNT_FILE,
	 "2147483647:/f:mode=600",
	 NULL,
	 {.target = "/f", .fd = INT_MAX, .mode = 0600}},
	{OPT_FILE, MOUNT_FILE, "2147483648:/f", "descriptor", {0}},
	{OPT_FILE, MOUNT_FILE, "-1:/f", "descriptor", {0}},
	{OPT_FILE, MOUNT_FILE, "x:/f", "descriptor", {0}},
	{OPT_FILE, MOUNT_FILE, ":/f", "descriptor", {0}},
	{OPT_FILE, MOUNT_FILE, "3", "FD:PATH", {0}},
	{OPT_FILE, MOUNT_FILE, "3:f", "absolute", {0}},
};

static void assert_same_text(const char *a, const char *b)
{
	if (a && b)
		assert_string_equal(a, b);
	else
		assert_true(a == b);
}

static void test_mount(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
		const struct mount_case *c = &mounts[i];
		struct mount_op op = {.option = c->option, .kind = c->kind};
		char text[128];

		strcpy(text, c->text);
		expect(c->text, parse_mount(text, &op), c->reason);
		if (c->reason)
			continue;
		assert_int_equal(op.layer, c->expected.layer);
		assert_int_equal(op.kind, c->expected.kind ? c->expected.kind : c->kind);
		assert_same_text(op.source, c->expected.source);
		assert_same_text(op.target, c->expected.target);
		assert_int_equal(op.fd, c->expected.fd);
		assert_int_equal(op.mode, c->expected.mode);
		assert_int_equal(op.noexec, c->expected.noexec);
		assert_true(op.size == c->expected.size && op.inodes == c->expected.inodes);
	}
}

static void test_mount_long(void **state)
{
	static char text[PATH_MAX + 10];
	struct mount_op op = {.option = OPT_BIND, .kind = MOUNT_BIND};

	(void)state;
	memset(text, 'a', PATH_MAX);
	expect("4096 bytes", parse_mount(text, &op), "4095 bytes");
	strcpy(text + PATH_MAX, ":/l");
	op = (struct mount_op){.option = OPT_SYMLINK, .kind = MOUNT_SYMLINK};
	expect("4096 bytes", parse_mount(text, &op), "4095 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_number),      cmocka_unit_test(test_size),
		cmocka_unit_test(test_duration),    cmocka_unit_test(test_mode),
		cmocka_unit_test(test_bool),        cmocka_unit_test(test_id),
		cmocka_unit_test(test_id_range),    cmocka_unit_test(test_user),
		cmocka_unit_test(test_hostname),    cmocka_unit_test(test_rlimit),
		cmocka_unit_test(test_capability),  cmocka_unit_test(test_env_name),
		cmocka_unit_test(test_inside_path), cmocka_unit_test(test_host_path),
		cmocka_unit_test(test_mount),       cmocka_unit_test(test_mount_long),
	};
	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
