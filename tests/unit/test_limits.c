/* parse_limits.c: each value, each reason, each boundary; and what config_check makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include "options.h"
#include "parse_limits.h"

/* Last: it has a macro fail(). */
#include <cmocka.h>

static void expect(const char *text, const char *reason, const char *words)
{
	bool right = words ? reason && strstr(reason, words) : !reason;

	if (!right)
		fail_msg("'%s': got '%s', not '%s'", text, reason ? reason : "(accepted)",
			 words ? words : "(accepted)");
}

static void test_span(void **state)
{
	static const struct {
		const char *text;
		uint64_t milliseconds;
		const char *reason;
	} cases[] = {
		{"0", 0, NULL},
		{"10", 10000, NULL},
		{"10s", 10000, NULL},
		{"1.5s", 1500, NULL},
		{"1.5", 1500, NULL},
		{"0.001s", 1, NULL},
		{"250ms", 250, NULL},
		{"5m", 300000, NULL},
		{"0.5h", 1800000, NULL},
		{"1.25d", 108000000, NULL},
		{"36500d", UINT64_C(3153600000000), NULL},
		{"36525d", UINT64_C(3155760000000), NULL},
		{"36526d", 0, "too long"},
		{"36525.5d", 0, "too long"},
		{"99999999999999999999999", 0, "too long"},
		{"18446744073709551616ms", 0, "too long"},
		{"18446744073709552", 0, "too long"},
		{"0.5ms", 0, "millisecond"},
		{"1.2345s", 0, "decimals"},
		{"1.00000000000000000000000000001", 0, "decimals"},
		{"", 0, "not a span"},
		{"s", 0, "not a span"},
		{".5", 0, "not a span"},
		{"5.", 0, "not a span"},
		{"5.s", 0, "not a span"},
		{"1.2.3", 0, "not a span"},
		{"-5", 0, "not a span"},
		{"+5", 0, "not a span"},
		{"5 s", 0, "not a span"},
		{"5M", 0, "not a span"},
		{"5min", 0, "not a span"},
		{"1m30s", 0, "not a span"},
		{"1e3", 0, "not a span"},
		{"0x10", 0, "not a span"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t value = 0;
		const char *reason = parse_span(cases[i].text, &value);

		expect(cases[i].text, reason, cases[i].reason);
		if (!reason)
			assert_true(value == cases[i].milliseconds);
	}
}

static void test_cpus(void **state)
{
	static const struct {
		const char *text;
		uint32_t thousandths;
		const char *reason;
	} cases[] = {
		{"1", 1000, NULL},           {"1.5", 1500, NULL},
		{"0.01", 10, NULL},          {"10000", 10000000, NULL},
		{"0.125", 125, NULL},        {"0", 0, "from 0.01"},
		{"0.009", 0, "from 0.01"},   {"10000.001", 0, "from 0.01"},
		{"4294968", 0, "from 0.01"}, {"99999999999999999999999", 0, "from 0.01"},
		{"1.2345", 0, "decimals"},   {"", 0, "not a number"},
		{"1.", 0, "not a number"},   {".5", 0, "not a number"},
		{"-1", 0, "not a number"},   {"1 ", 0, "not a number"},
		{"50%", 0, "not a number"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t value = 0;
		const char *reason = parse_cpus(cases[i].text, &value);

		expect(cases[i].text, reason, cases[i].reason);
		if (!reason)
			assert_int_equal(value, cases[i].thousandths);
	}
}

static void test_cpuset(void **state)
{
	static const char *const wrong[] = {
		"",      ",",      "1,", ",1",  "-1",   "1-",  "3-1",
		"1024",  "0-1024", "a",  "1 2", "1--2", "0x1", "99999999999999999999",
		"1-2-3", "0;1"};
	struct cpu_list list;

	(void)state;
	assert_null(parse_cpuset("0-3,5", &list));
	assert_true(list.given && list.mask[0] == 0x2f);
	assert_null(parse_cpuset("63-64,1023", &list));
	assert_true(list.mask[0] == UINT64_C(1) << 63 && list.mask[1] == 1 &&
		    list.mask[15] == UINT64_C(1) << 63);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		expect(wrong[i], parse_cpuset(wrong[i], &list), "not a list");
}

static void test_print_cpus(void **state)
{
	static const char *const texts[] = {"0", "0-3,5", "1023", "0-1023", "63-64,66,68-69"};
	char text[PARSE_CPUS_SIZE];
	struct cpu_list list;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_null(parse_cpuset(texts[i], &list));
		assert_string_equal(parse_print_cpus(&list, text), texts[i]);
	}
	assert_null(parse_cpuset("2,1,0,3-4", &list));
	assert_string_equal(parse_print_cpus(&list, text), "0-4");
	/* The longest fits. */
	for (int cpu = 0; cpu < LIMITS_CPUS; cpu++)
		if (cpu % 2)
			list.mask[cpu / 64] &= ~(UINT64_C(1) << cpu % 64);
		else
			list.mask[cpu / 64] |= UINT64_C(1) << cpu % 64;
	parse_print_cpus(&list, text);
	assert_string_equal(text + strlen(text) - 5, ",1022");
}

static void test_whole(void **state)
{
	int value;

	(void)state;
	assert_null(parse_whole("-1000", -1000, 1000, &value));
	assert_int_equal(value, -1000);
	assert_null(parse_whole("+7", 0, 19, &value));
	assert_int_equal(value, 7);
	expect("20", parse_whole("20", 0, 19, &value), "too large");
	expect("-1", parse_whole("-1", 0, 19, &value), "too small");
	expect("", parse_whole("", 0, 19, &value), "missing");
	expect("--1", parse_whole("--1", -5, 19, &value), "decimal");
	expect("4294967296", parse_whole("4294967296", 0, INT32_MAX, &value), "too large");
	expect("2147483648", parse_whole("2147483648", 0, INT32_MAX, &value), "too large");
}

static void test_print(void **state)
{
	char text[PARSE_SPAN_SIZE];

	(void)state;
	assert_string_equal(parse_print_span(0, text), "0s");
	assert_string_equal(parse_print_span(90000, text), "1m30s");
	assert_string_equal(parse_print_span(1500, text), "1s500ms");
	assert_string_equal(parse_print_span(86400000 + 1, text), "1d1ms");
	assert_string_equal(parse_print_size(0, text), "0");
	assert_string_equal(parse_print_size(1000, text), "1000");
	assert_string_equal(parse_print_size(512 << 20, text), "512m");
	assert_string_equal(parse_print_size(UINT64_C(1536) << 20, text), "1536m");
}

/* A command line, on a profile's settings. */
static int check(struct config *config, const char *const profile[], const char *const line[],
		 struct error *err)
{
	int count = 0;

	memset(config, 0, sizeof *config);
	for (; *profile; profile += 2)
		if (options_set(config, profile[0], profile[1], "profile x:1", err) < 0)
			return -1;
	while (line[count])
		count++;
	if (options_apply(config, count, (char **)line, err) < 0)
		return -1;
	config->rootfs = "/";
	return config_check(config, err);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NONE       ((const char *const[]){NULL})

static void test_cpu_time(void **state)
{
	struct config config;
	struct error err;

	(void)state;
	assert_int_equal(check(&config, NONE, WORDS("--cpu-time", "1.5"), &err), 0);
	assert_int_equal(config.rlimits_count, 1);
	assert_int_equal(config.rlimits[0].resource, RLIMIT_CPU);
	assert_true(config.rlimits[0].soft == 2 && config.rlimits[0].hard == 3);
	config_free(&config);
	/* Said twice at one place: an error; else the command line wins. */
	assert_int_equal(check(&config, NONE, WORDS("--cpu-time=1", "--ulimit=cpu=5"), &err), -1);
	config_free(&config);
	assert_int_equal(check(&config, WORDS("ulimit", "cpu=9"), WORDS("--cpu-time=1"), &err), 0);
	assert_int_equal(config.rlimits_count, 1);
	assert_true(config.rlimits[0].soft == 1);
	config_free(&config);
	assert_int_equal(check(&config, WORDS("cpu-time", "1"), WORDS("--ulimit=cpu=9"), &err), 0);
	assert_int_equal(config.rlimits_count, 1);
	assert_true(config.rlimits[0].soft == 9);
	config_free(&config);
	/* What clears the list does not clear it. */
	assert_int_equal(check(&config, NONE, WORDS("--cpu-time=1", "--ulimit="), &err), 0);
	assert_int_equal(config.rlimits_count, 1);
	config_free(&config);
}

static void test_across(void **state)
{
	struct config config;
	struct error err;

	(void)state;
	assert_int_equal(check(&config, WORDS("memory", "1g"), WORDS("--memory=unlimited"), &err),
			 0);
	assert_true(config.limits.memory == 0 && config.limits.timeout_grace == 5000);
	config_free(&config);
	assert_int_equal(check(&config, NONE, WORDS("--timeout-grace=0"), &err), 0);
	assert_true(config.limits.timeout_grace == 0);
	config_free(&config);
	assert_int_equal(check(&config, NONE, WORDS("--timeout=0"), &err), -1);
	assert_non_null(strstr(err.text, "more than 0"));
	config_free(&config);
	assert_int_equal(check(&config, NONE, WORDS("--pids-limit=0"), &err), -1);
	config_free(&config);
	assert_int_equal(check(&config, NONE, WORDS("--memory-swap=1g"), &err), -1);
	assert_non_null(strstr(err.remedy, "--memory"));
	config_free(&config);
	assert_int_equal(check(&config, NONE, WORDS("-m1g", "--memory-swap=1m"), &err), -1);
	config_free(&config);
	assert_int_equal(check(&config, NONE, WORDS("-m1g", "--memory-swap=2g"), &err), 0);
	config_free(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_span),     cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_cpuset),   cmocka_unit_test(test_whole),
		cmocka_unit_test(test_print),    cmocka_unit_test(test_print_cpus),
		cmocka_unit_test(test_cpu_time), cmocka_unit_test(test_across),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
