/* What a sandbox may reach: the text of a policy, names, addresses. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "egress_policy.h"

/* Last: it has a macro fail(). */
#include <cmocka.h>

static struct policy policy;
static struct error err;

static int end(void **state)
{
	(void)state;
	policy_free(&policy);
	return 0;
}

/* Lines behind those that each policy must have. */
static int parse(const char *lines)
{
	char text[4096];

	snprintf(text, sizeof text, "mark 0x1\nupstream 192.0.2.53\n%s", lines);
	return policy_parse(&policy, text, strlen(text), &err);
}

static void accepted(const char *lines)
{
	policy_free(&policy);
	if (parse(lines) < 0)
		fail_msg("refused: %s", err.text);
}

static void refused(const char *lines, const char *words)
{
	if (parse(lines) == 0)
		fail_msg("taken: %s", lines);
	if (!strstr(err.text, words))
		fail_msg("%s\n  is not: %s", err.text, words);
	assert_null(policy.text);
}

static struct address address(const char *text)
{
	struct address made;

	memset(&made, 0, sizeof made);
	made.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(made.family, text, made.bytes), 1);
	return made;
}

static void test_names(void **state)
{
	char name[NAME_SIZE], longest[300];

	(void)state;
	assert_true(policy_name_form("Ex-Ample_1.TEST.", 16, name));
	assert_string_equal(name, "ex-ample_1.test");
	for (const char *const *bad =
		     (const char *const[]){"", ".", "..", ".a", "a..b", "a..", "a b", "a\\.b",
					   "\xc3\xa4", "a/b", "a:1", "*", NULL};
	     *bad; bad++)
		assert_false(policy_name_form(*bad, strlen(*bad), name));
	assert_false(policy_name_form("a\0b", 3, name));
	memset(longest, 'a', sizeof longest);
	assert_true(policy_name_form(longest, 63, name));
	assert_false(policy_name_form(longest, 64, name));
	for (size_t i = 63; i < sizeof longest; i += 64)
		longest[i] = '.';
	assert_true(policy_name_form(longest, 253, name));
	assert_int_equal(strlen(name), 253);
	assert_true(policy_name_form(longest, 250, name));
	assert_false(policy_name_form(longest, 254, name));
}

static void test_name_verdicts(void **state)
{
	(void)state;
	accepted("allow a.test 80\nallow *.b.test 443\ndeny x.b.test\ndeny *.y.b.test\n"
		 "allow c.test\nallow c.test udp 53\ndeny *.test tcp 25\n");
	assert_false(policy.deny_only);
	assert_true(policy_name(&policy, "a.test").allowed);
	assert_false(policy_name(&policy, "b.a.test").allowed);
	assert_false(policy_name(&policy, "b.test").allowed);
	assert_false(policy_name(&policy, "xb.test").allowed);
	assert_true(policy_name(&policy, "w.b.test").allowed);
	assert_true(policy_name(&policy, "v.w.b.test").allowed);
	assert_false(policy_name(&policy, "x.b.test").allowed);
	assert_true(policy_name(&policy, "x.b.test").denied);
	assert_true(policy_name(&policy, "w.x.b.test").allowed);
	assert_false(policy_name(&policy, "w.y.b.test").allowed);
	assert_true(policy_name(&policy, "y.b.test").allowed);
	assert_false(policy_name(&policy, "test").allowed);
	assert_false(policy_name(&policy, "other.test").allowed);
	/* Two rules, two sets; what is denied on one port has a set as well. */
	struct name_verdict verdict = policy_name(&policy, "c.test");
	assert_int_equal(__builtin_popcountll(verdict.allow), 2);
	assert_int_equal(__builtin_popcountll(verdict.deny), 1);
	assert_int_equal(verdict.allow & verdict.deny, 0);
	assert_int_equal(verdict.deny, policy.deny_sets);
}

static void test_deny_only(void **state)
{
	(void)state;
	accepted("deny a.test\n");
	assert_true(policy.deny_only);
	assert_false(policy_name(&policy, "a.test").allowed);
	assert_true(policy_name(&policy, "b.a.test").allowed);
	assert_int_equal(policy_name(&policy, "b.a.test").allow, 0);
}

static void test_specs(void **state)
{
	static const struct {
		const char *words;
		struct port_spec spec;
	} cases[] = {
		{"", {0, 0, 65535}},
		{"tcp", {IPPROTO_TCP, 0, 65535}},
		{"udp", {IPPROTO_UDP, 0, 65535}},
		{"443", {IPPROTO_TCP, 443, 443}},
		{"tcp 443", {IPPROTO_TCP, 443, 443}},
		{"udp 1-65535", {IPPROTO_UDP, 1, 65535}},
		{"8000-8010", {IPPROTO_TCP, 8000, 8010}},
	};
	char line[64];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(line, sizeof line, "allow a.test %s\n", cases[i].words);
		accepted(line);
		assert_int_equal(policy.specs_count, 1);
		assert_int_equal(policy.specs[0].protocol, cases[i].spec.protocol);
		assert_int_equal(policy.specs[0].first, cases[i].spec.first);
		assert_int_equal(policy.specs[0].last, cases[i].spec.last);
	}
}

static void test_mistakes(void **state)
{
	char many[4096] = "", line[64];

	(void)state;
	refused("allow a.test 65536\n", "line 3: allow a.test: a port is 1 to 65535");
	refused("\n# x\nallow a.test 0x50\n", "line 5: ");
	refused("allow a.test -5\n", "a port is");
	refused("allow a.test 80-\n", "a port is");
	refused("allow a.test tcp udp\n", "a port is");
	refused("allow a.test 80 90\n", "nothing more");
	refused("allow a.test tcp 80 x\n", "number of words");
	refused("allow a.test tcp 80 x y z\n", "number of words");
	refused("aliases x\n", "number of words");
	refused("Allow a.test\n", "no such directive");
	refused("allow 1.2.3.4.5\n", "no address");
	refused("allow 1.2.3.4/\n", "number of bits");
	refused("allow 1.2.3.4/08x\n", "number of bits");
	refused("allow fe80::1/33\n", "bits behind the prefix");
	refused("allow fe80::1%lo\n", "no address");
	refused("allow ::ffff:1.2.3.4/104\n", "no address");
	refused("never a.test\n", "no address");
	refused("mark 0x1ffffffff\n", "a mark is");
	refused("mark 0x-1\n", "a mark is");
	refused("lease 5 4 1\n", "more than the most");
	refused("allow a.test\nupstream ::1\n", "loopback");
	refused("", "nothing is allowed");
	for (int i = 1; i <= 65; i++) {
		snprintf(line, sizeof line, "allow a.test %d\n", i);
		strcat(many, line);
	}
	refused(many, "more than 64");
	assert_int_equal(policy_parse(&policy, "allow 192.0.2.1\n", 16, &err), -1);
	assert_non_null(strstr(err.text, "mark"));
	assert_int_equal(policy_parse(&policy, "mark 0x1\nallow a.b\n", 19, &err), -1);
	assert_non_null(strstr(err.text, "name server"));
	assert_int_equal(policy_parse(&policy, "mark 0x1\0\n", 10, &err), -1);
	assert_non_null(strstr(err.text, "NUL"));
	char *huge = calloc(1, POLICY_TEXT_MAX + 1);
	memset(huge, '\n', POLICY_TEXT_MAX + 1);
	assert_int_equal(policy_parse(&policy, huge, POLICY_TEXT_MAX + 1, &err), -1);
	assert_non_null(strstr(err.text, "1 MB"));
	free(huge);
}

static void test_last_line_without_end(void **state)
{
	(void)state;
	accepted("allow a.test 80");
	assert_true(policy_name(&policy, "a.test").allowed);
}

static void test_ranges_within_ranges(void **state)
{
	(void)state;
	accepted("allow 10.0.0.0/8 80\nallow 10.1.0.0/16 80\nallow 10.1.2.3 80\nallow 10.1.2.3 80\n"
		 "allow 10.1.0.0/16 443\nallow 0.0.0.0/0 22\nallow 9.0.0.0/8 22\n"
		 "deny 10.2.0.0/16 80\nallow 2001:db8::/32 80\nallow 2001:db8:1::/48 80\n"
		 "never 169.254.0.0/16\nnever 169.254.169.254\nnever 10.0.2.0/24\n");
	/* Of port 80: 10/8, the single address once, 2001:db8::/32, and the denied range. */
	assert_int_equal(policy.addresses_count, 6);
	assert_int_equal(policy.never_count, 2);
	for (size_t i = 1; i < policy.addresses_count; i++)
		assert_true(policy.addresses[i - 1].deny <= policy.addresses[i].deny);
}

static void test_prefixes(void **state)
{
	(void)state;
	accepted("never 0.0.0.0/0\nnever 10.128.0.0/9\nallow 192.0.2.1\n");
	assert_int_equal(policy.never_count, 1);
	accepted("never 10.128.0.0/9\nallow 192.0.2.1\n");
	struct address in = address("10.200.0.1"), out = address("10.127.255.255");
	assert_true(prefix_has(&policy.never[0], &in));
	assert_false(prefix_has(&policy.never[0], &out));
	struct address six = address("::");
	assert_false(prefix_has(&policy.never[0], &six));
}

static void test_special(void **state)
{
	static const char *const special[] = {"0.0.0.0",
					      "0.1.2.3",
					      "10.0.0.0",
					      "10.255.255.255",
					      "100.64.0.1",
					      "100.127.255.255",
					      "127.0.0.1",
					      "127.255.255.255",
					      "169.254.169.254",
					      "172.16.0.1",
					      "172.31.255.255",
					      "192.0.0.1",
					      "192.168.0.1",
					      "198.18.0.1",
					      "198.19.255.255",
					      "224.0.0.1",
					      "239.255.255.255",
					      "240.0.0.1",
					      "255.255.255.255",
					      "::",
					      "::1",
					      "::ffff:127.0.0.1",
					      "::ffff:10.0.0.1",
					      "::10.0.0.1",
					      "64:ff9b::10.0.0.1",
					      "64:ff9b::169.254.169.254",
					      "64:ff9b:1::1",
					      "2002:a00:1::1",
					      "2002:7f00:1::",
					      "fc00::1",
					      "fdff::1",
					      "fe80::1",
					      "febf::1",
					      "fec0::1",
					      "ff02::1",
					      NULL};
	static const char *const ordinary[] = {
		"1.1.1.1",        "9.255.255.255",    "11.0.0.0",        "100.63.255.255",
		"100.128.0.0",    "126.255.255.255",  "128.0.0.0",       "169.253.255.255",
		"172.15.255.255", "172.32.0.0",       "192.0.1.0",       "192.167.255.255",
		"198.17.255.255", "198.20.0.0",       "223.255.255.255", "2001:db8::1",
		"2606:4700::1",   "64:ff9b::1.1.1.1", "2002:101:101::1", NULL};

	(void)state;
	for (const char *const *text = special; *text; text++) {
		struct address it = address(*text);

		if (!address_is_special(&it))
			fail_msg("%s is not special", *text);
	}
	for (const char *const *text = ordinary; *text; text++) {
		struct address it = address(*text);

		if (address_is_special(&it))
			fail_msg("%s is special", *text);
	}
}

static bool gives_out(const char *text)
{
	struct address it = address(text);

	return policy_gives_out(&policy, &it);
}

static void test_gives_out(void **state)
{
	(void)state;
	accepted("allow a.test\nallow 10.1.0.0/16 80\nallow 203.0.113.9\nnever 203.0.113.0/24\n"
		 "deny 198.51.100.1\n");
	assert_true(gives_out("10.1.2.3"));
	assert_false(gives_out("10.2.2.3"));
	assert_false(gives_out("203.0.113.1"));
	assert_true(gives_out("203.0.113.9"));
	assert_true(gives_out("198.51.100.1")); /* the packets to it are refused */
	accepted("deny a.test\nnever 203.0.113.0/24\n");
	assert_true(gives_out("10.2.2.3"));
	assert_false(gives_out("203.0.113.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_names, end),
		cmocka_unit_test_teardown(test_name_verdicts, end),
		cmocka_unit_test_teardown(test_deny_only, end),
		cmocka_unit_test_teardown(test_specs, end),
		cmocka_unit_test_teardown(test_mistakes, end),
		cmocka_unit_test_teardown(test_last_line_without_end, end),
		cmocka_unit_test_teardown(test_ranges_within_ranges, end),
		cmocka_unit_test_teardown(test_prefixes, end),
		cmocka_unit_test_teardown(test_special, end),
		cmocka_unit_test_teardown(test_gives_out, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
