/* The policy as packet rules: their text, and that nftables takes it. */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "egress_rules.h"

/* Last: it has a macro fail(). */
#include <cmocka.h>

/* A rule of every kind. */
static const char everything[] =
	"mark 0x5b0c\nupstream 10.0.2.3\nupstream 2001:db8::53\n"
	"never 10.0.2.0/24\nnever fe80::/10\n"
	"allow a.test 443\nallow *.b.test udp 53\nallow c.test\nallow d.test tcp\n"
	"allow 192.0.2.1 22\nallow 2001:db8::1\nallow 198.51.100.0/24 1000-2000\n"
	"allow 2001:db8:1::/48 udp\ndeny 198.51.100.7\ndeny 198.51.100.0/28\ndeny d.test "
	"25\npublish 8080\n";

static struct policy policy_of(const char *text)
{
	struct policy policy;
	struct error err;

	if (policy_parse(&policy, text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
	return policy;
}

static char *text_of(const struct policy *policy, bool conntrack)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	rules_write(out, policy, conntrack);
	fclose(out);
	return text;
}

/* Each stands in text, in this order. */
static void in_order(const char *text, const char *const *lines)
{
	for (; *lines; lines++) {
		const char *found = strstr(text, *lines);

		if (!found) {
			fail_msg("missing or too early: %s", *lines);
			return;
		}
		text = found;
	}
}

static void test_order(void **state)
{
	struct policy policy = policy_of(everything);
	char *text = text_of(&policy, true);

	(void)state;
	in_order(text, (const char *const[]){
			       "add table inet sandbox\ndelete table inet sandbox\n",
			       "chain decide {\n",
			       "\t\tip daddr { 198.51.100.7 } goto refuse\n",
			       "daddr @d7v4 goto refuse\n",
			       "\t\tmeta l4proto 6 th dport 22 ip daddr { 192.0.2.1 } accept\n",
			       "\t\tip daddr { 10.0.2.0/24 } goto refuse\n",
			       "\t\tip6 daddr { fe80::/10 } goto refuse\n",
			       "th dport 1000-2000 ip daddr { 198.51.100.0/24 } accept\n",
			       "meta l4proto 6 th dport 443 ip daddr @n0v4 accept\n",
			       "\t\tgoto refuse\n\t}\n",
			       "chain output {\n",
			       "policy drop;\n",
			       "\t\tct state related accept\n",
			       "fib saddr type != local drop\n",
			       "meta mark 0x5b0c meta l4proto { 6, 17 } th dport 53 ",
			       "ip daddr 10.0.2.3 accept\n",
			       "th dport 53 ip daddr 10.0.2.3 goto decide\n",
			       "th dport 53 ip6 daddr 2001:db8::53 goto decide\n",
			       "\t\tct state established accept\n",
			       "\t\tgoto decide\n",
			       "chain input {\n",
			       "policy drop;\n",
			       "\t\tmeta l4proto 6 th dport 8080 accept\n",
			       "chain forward {",
			       "policy drop;",
			       NULL,
		       });
	free(text);
	policy_free(&policy);
}

static void test_deny_only(void **state)
{
	struct policy policy =
		policy_of("mark 0x1\nupstream 10.0.2.3\ndeny 192.0.2.0/24\nnever 10.0.2.0/24\n");
	char *text = text_of(&policy, true);

	(void)state;
	in_order(text,
		 (const char *const[]){
			 "\t\tip daddr { 192.0.2.0/24 } goto refuse\n"
			 "\t\tip daddr { 10.0.2.0/24 } goto refuse\n\t\taccept\n\t\tgoto refuse\n",
			 NULL});
	free(text);
	policy_free(&policy);
}

static void test_without_conntrack(void **state)
{
	struct policy policy = policy_of(everything);
	char *text = text_of(&policy, false);

	(void)state;
	assert_null(strstr(text, "ct state"));
	free(text);
	policy_free(&policy);
}

static void test_changes(void **state)
{
	struct change list[] = {
		{{AF_INET, {1, 1, 1, 1}}, true, false, 3},
		{{AF_INET, {2, 2, 2, 2}}, true, false, 1},
		{{AF_INET6, {0x20, 1}}, true, true, 1},
		{{AF_INET, {3, 3, 3, 3}}, false, false, UINT64_C(1) << 63},
	};
	const struct changes changes = {list, 4};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	changes_write(out, &changes);
	fclose(out);
	assert_string_equal(text, "delete element inet sandbox n63v4 { 3.3.3.3 }\n"
				  "add element inet sandbox n0v4 { 1.1.1.1, 2.2.2.2 }\n"
				  "add element inet sandbox d0v6 { 2001:: }\n"
				  "add element inet sandbox n1v4 { 1.1.1.1 }\n");
	free(text);
}

static void test_refused_parse(void **state)
{
	struct refused refused;

	(void)state;
	assert_true(
		refused_parse("\n\t\t 192.0.2.1 . 6 . 443 counter packets 3 bytes 180", &refused));
	assert_int_equal(refused.address.family, AF_INET);
	assert_int_equal(refused.protocol, 6);
	assert_int_equal(refused.port, 443);
	assert_int_equal(refused.packets, 3);
	assert_true(refused_parse("2001:db8::1 . 58 counter packets 18446744073709551615 bytes 1",
				  &refused));
	assert_int_equal(refused.address.family, AF_INET6);
	assert_int_equal(refused.port, 0);
	for (const char *const *bad =
		     (const char *const[]){"", "x", "1.2.3.4", "1.2.3.4 . 6",
					   "1.2.3 . 6 counter packets 1",
					   "1.2.3.4 . 256 counter packets 1",
					   "1.2.3.4 . 6 . 65536 counter packets 1", NULL};
	     *bad; bad++)
		assert_false(refused_parse(*bad, &refused));
}

/* ---- with the kernel ---- */

/* Into namespaces of our own, once; false where that is not allowed. */
static bool alone(void)
{
	static int result = -1;

	if (result < 0)
		result = unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
	return result;
}

static size_t seen_count;

static void seen(void *context, const struct refused *refused)
{
	(void)context;
	(void)refused;
	seen_count++;
}

static void load(const char *text, bool conntrack)
{
	struct policy policy = policy_of(text);
	struct rules rules;
	struct error err = {.text = ""};
	struct change list[] = {
		{{AF_INET, {1, 1, 1, 1}}, true, false, policy.allow_sets},
		{{AF_INET6, {0x20, 1}}, true, false, policy.allow_sets},
		{{AF_INET, {1, 1, 1, 1}}, true, true, policy.deny_sets},
	};
	const struct changes changes = {list, 3}, first = {list, 1};
	unsigned long long all;

	/* Twice: the second takes the place of the first. */
	for (int i = 0; i < 2; i++) {
		if (rules_open(&rules, &policy, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(rules.conntrack, conntrack);
		assert_int_equal(rules_apply(&rules, &changes, &err), 0);
		assert_int_equal(rules_apply(&rules, &changes, &err), 0);
		list[0].add = false;
		assert_int_equal(rules_apply(&rules, &first, &err), 0);
		/* There is nothing to delete any more, and that is an error. */
		if (policy.allow_sets)
			assert_int_equal(rules_apply(&rules, &first, &err), -1);
		list[0].add = true;
		if (rules_refused(&rules, seen, NULL, &all, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(all, 0);
		rules_close(&rules);
	}
	policy_free(&policy);
}

static void test_load(void **state)
{
	char without[sizeof everything + 16];

	(void)state;
	if (!alone())
		skip();
	load(everything, true);
	snprintf(without, sizeof without, "%.*sstateless\n",
		 (int)(strstr(everything, "publish") - everything), everything);
	load(without, false);
	load("mark 0x1\nupstream 10.0.2.3\ndeny a.test\n", true);
	load("mark 0x1\nallow 0.0.0.0/0\nallow ::/0 443\n", true);
	assert_int_equal(seen_count, 0);
}

/* The result of loading 64 names and so many ranges. */
static int load_many(int ranges, struct error *err)
{
	char *text = malloc(POLICY_TEXT_MAX), *at = text;
	struct policy policy;
	struct rules rules;

	at += sprintf(at, "mark 0x1\nupstream 10.0.2.3\n");
	for (int i = 0; i < 64; i++)
		at += sprintf(at, "allow n%d.test %d\n", i, i + 1);
	for (int i = 0; i < ranges; i++)
		at += sprintf(at, "allow 11.%d.%d.0/25 %d\n", i >> 8, i & 255, i % 8 + 1);
	policy = policy_of(text);
	int result = rules_open(&rules, &policy, err);
	if (result == 0)
		rules_close(&rules);
	policy_free(&policy);
	free(text);
	return result;
}

static void test_load_many(void **state)
{
	struct error err;

	(void)state;
	if (!alone())
		skip();
	if (load_many(2500, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(load_many(20000, &err), -1);
	assert_non_null(strstr(err.remedy, "too many addresses"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_deny_only),
		cmocka_unit_test(test_without_conntrack),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_refused_parse),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_load_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
