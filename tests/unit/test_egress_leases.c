/* Addresses that were given out, and what was refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "egress_leases.h"
#include "egress_report.h"

/* Last: it has a macro fail(). */
#include <cmocka.h>

static struct leases *leases;
static struct changes changes;

static int start(void **state)
{
	(void)state;
	leases = malloc(sizeof *leases);
	leases_start(leases);
	return 0;
}

static int end(void **state)
{
	(void)state;
	changes_free(&changes);
	free(leases);
	return 0;
}

static struct address number(unsigned i)
{
	return (struct address){
		AF_INET, {11, (unsigned char)(i >> 16), (unsigned char)(i >> 8), (unsigned char)i}};
}

static int give(unsigned i, uint64_t allow, uint64_t deny, int64_t expires)
{
	struct address address = number(i);
	struct name_verdict rules = {.allow = allow, .deny = deny};
	char name[16];

	snprintf(name, sizeof name, "n%u", i);
	return leases_give(leases, &address, rules, name, expires, &changes);
}

/* The number of changes since it was asked last. */
static size_t changed(void)
{
	size_t count = changes.count;

	changes_free(&changes);
	return count;
}

static void test_give_and_expire(void **state)
{
	(void)state;
	assert_int_equal(leases->next, INT64_MAX);
	assert_int_equal(give(1, 1, 0, 100), 0);
	assert_int_equal(changes.list[0].specs, 1);
	assert_true(changes.list[0].add);
	assert_int_equal(changed(), 1);
	/* What it is in already is no change; what is new is. */
	assert_int_equal(give(1, 3, 0, 50), 0);
	assert_int_equal(changes.list[0].specs, 2);
	assert_int_equal(changed(), 1);
	assert_int_equal(give(1, 3, 0, 200), 0);
	assert_int_equal(changed(), 0);
	/* The later of two ends counts. */
	assert_true(leases->next <= 200);
	assert_int_equal(leases_expire(leases, 199, &changes), 0);
	assert_int_equal(changed(), 0);
	assert_int_equal(leases->next, 200);
	assert_int_equal(leases_expire(leases, 200, &changes), 0);
	assert_int_equal(changes.list[0].specs, 3);
	assert_false(changes.list[0].add);
	assert_int_equal(changed(), 1);
	assert_int_equal(leases->next, INT64_MAX);
	/* The name is remembered, and it can come again. */
	struct address one = number(1), two = number(2);
	assert_string_equal(leases_name(leases, &one), "n1");
	assert_null(leases_name(leases, &two));
	assert_int_equal(give(1, 1, 0, 300), 0);
	assert_int_equal(changed(), 1);
}

static void test_denied_stays(void **state)
{
	(void)state;
	assert_int_equal(give(1, 1, 4, 100), 0);
	assert_int_equal(changed(), 2);
	assert_int_equal(leases_expire(leases, 1000, &changes), 0);
	assert_int_equal(changes.count, 1);
	assert_false(changes.list[0].deny);
	assert_int_equal(changes.list[0].specs, 1);
}

static void test_full(void **state)
{
	struct address second = number(1), first = number(0);

	(void)state;
	for (unsigned i = 0; i < LEASES_MAX; i++)
		assert_int_equal(give(i, 1, 0, 1000 + i), 0);
	assert_int_equal(changed(), LEASES_MAX);
	/* The one that expires first goes. */
	assert_int_equal(give(5000, 1, 0, 9000), 0);
	assert_int_equal(changes.count, 2);
	assert_false(changes.list[0].add);
	assert_true(address_equal(&changes.list[0].address, &first));
	assert_int_equal(changed(), 2);
	assert_null(leases_name(leases, &first));
	assert_non_null(leases_name(leases, &second));
	/* One that is in no set goes before. */
	assert_int_equal(leases_expire(leases, 1001, &changes), 0);
	assert_int_equal(changed(), 1);
	assert_int_equal(give(5001, 1, 0, 9000), 0);
	assert_int_equal(changed(), 1);
	assert_null(leases_name(leases, &second));
}

static void test_full_of_denied(void **state)
{
	(void)state;
	for (unsigned i = 0; i + 1 < LEASES_MAX; i++)
		assert_int_equal(give(i, 0, 1, 1000), 0);
	assert_int_equal(give(9000, 1, 0, 5), 0);
	changed();
	/* Its place can be taken by one, but not again in the same reply. */
	assert_int_equal(give(9001, 1, 0, 6), 0);
	assert_int_equal(give(9002, 1, 0, 7), -1);
	changed();
	assert_int_equal(give(9002, 1, 1, 7), 0);
	assert_int_equal(give(9003, 1, 0, 7), -1);
	changed();
	assert_int_equal(give(9003, 1, 0, 7), -1);
	/* Those that are there can still be given. */
	assert_int_equal(give(5, 2, 1, 7), 0);
}

/* ---- the report ---- */

static const char policy_text[] = "mark 0x1\nupstream 192.0.2.53\nallow ok.test 8443\n"
				  "allow range.test udp 1000-2000\nsearch corp.test\n";

static char *written(const struct report *report)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	report_write(out, report);
	fclose(out);
	return text;
}

static void test_report(void **state)
{
	struct report report = {0};
	struct policy policy;
	struct error err;
	char message[REPORT_MESSAGE_MAX];

	(void)state;
	assert_int_equal(policy_parse(&policy, policy_text, strlen(policy_text), &err), 0);
	for (int i = 0; i < 3; i++) {
		report_name(&report, &policy, "b.test", false);
		report_name(&report, &policy, "b.test", true);
		report_name(&report, &policy, "b.test.corp.test", false);
	}
	report_name(&report, &policy, "ok.test.corp.test", false); /* ok.test had no AAAA */
	report_name(&report, &policy, "corp.test", true);
	report_name(&report, &policy, "a\033[1m", false);
	report_add(&report, REFUSAL_ADDRESS, "2001:db8::1", NULL, IPPROTO_UDP, 53, 2);
	report_add(&report, REFUSAL_ADDRESS, "192.0.2.1", "ok.test", IPPROTO_ICMP, 0, 1);
	report_add(&report, REFUSAL_ALIAS, "cdn.test", "range.test", 0, 0, 5);
	report_add(&report, REFUSAL_TYPE, "TXT", "ok.test", 0, 0, 50);
	report_sort(&report);
	char *text = written(&report);
	assert_string_equal(text, "#count\tkind\twhat\tport\tproto\tname\n"
				  "5\talias\tcdn.test\t\t\trange.test\n"
				  "3\tname\tb.test\t\t\t\n"
				  "2\taddress\t2001:db8::1\t53\tudp\t\n"
				  "1\tname\ta\\x1b[1m\t\t\t\n"
				  "1\tname\tcorp.test\t\t\t\n"
				  "1\taddress\t192.0.2.1\t\ticmp\tok.test\n"
				  "50\ttype\tTXT\t\t\tok.test\n");
	free(text);
	size_t size = report_message(message, &report, &policy);
	message[size] = '\0';
	assert_string_equal(message,
			    "refused 6\n"
			    "--allow-net=cdn.test:1000-2000/udp\tcdn.test (alias that stands "
			    "behind range.test, "
			    "5 times)\n"
			    "--allow-net=b.test:443\tb.test (name, 3 times)\n"
			    "--allow-net=[2001:db8::1]:53/udp\t[2001:db8::1]:53 (udp, 2 times)\n");
	report_free(&report);
	policy_free(&policy);
}

static void test_report_bounds(void **state)
{
	struct report report = {0};
	struct policy policy = {0};
	char name[16];

	(void)state;
	for (int i = 0; i < REPORT_MAX + 7; i++) {
		snprintf(name, sizeof name, "n%d", i);
		report_name(&report, &policy, name, false);
	}
	report_add(&report, REFUSAL_ADDRESS, "192.0.2.1", NULL, IPPROTO_TCP, 1, 1);
	assert_int_equal(report.count, REPORT_MAX + 1);
	assert_int_equal(report.more, 7);
	char *text = written(&report);
	assert_non_null(strstr(text, "\n7\tmore\t\t\t\t\n"));
	free(text);
	report_free(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_give_and_expire, start, end),
		cmocka_unit_test_setup_teardown(test_denied_stays, start, end),
		cmocka_unit_test_setup_teardown(test_full, start, end),
		cmocka_unit_test_setup_teardown(test_full_of_denied, start, end),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_report_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
