/* json.c: what is written is JSON, whatever it is made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "json.h"

#include <cmocka.h>

static void expect_of(void (*print)(FILE *, const char *), const char *text, const char *wanted)
{
	char *written = NULL;
	size_t size;
	FILE *out = open_memstream(&written, &size);

	print(out, text);
	fclose(out);
	assert_string_equal(written, wanted);
	free(written);
}

static void expect(const char *text, const char *wanted)
{
	expect_of(json_quoted, text, wanted);
}

static void test_plain(void **state)
{
	(void)state;
	expect("", "\"\"");
	expect("run /bin/sh -c 'a'", "\"run /bin/sh -c 'a'\"");
	expect("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf",
	       "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf\"");
}

static void test_escaped(void **state)
{
	(void)state;
	expect("a\"b\\c", "\"a\\\"b\\\\c\"");
	expect("\n\t\x1b\x7f\x01", "\"\\u000a\\u0009\\u001b\\u007f\\u0001\"");
	expect("\xc2\x80\xc2\x9f\xc2\xa0", "\"\\u0080\\u009f\xc2\xa0\"");
}

static void test_not_utf8(void **state)
{
	(void)state;
	expect("a\xff"
	       "b",
	       "\"a\\ufffdb\"");
	expect("\xc3", "\"\\ufffd\""); /* cut short */
	expect("\xe2\x82", "\"\\ufffd\\ufffd\"");
	expect("\xc0\x80", "\"\\ufffd\\ufffd\""); /* overlong */
	expect("\xe0\x80\x80", "\"\\ufffd\\ufffd\\ufffd\"");
	expect("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""); /* a surrogate */
	expect("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	expect("\x80\xbf", "\"\\ufffd\\ufffd\"");
	expect("\xc3\"", "\"\\ufffd\\\"\""); /* it swallows no quote */
}

static void test_names_stay_different(void **state)
{
	(void)state;
	expect_of(json_name, "a\xff\xfe\xe2\x82\xac\x1b", "\"a\\udcff\\udcfe\xe2\x82\xac\\u001b\"");
}

/* What a terminal gets has no control in it, in whatever longer form. */
static void test_shown(void **state)
{
	(void)state;
	expect_of(print_escaped, "a\xe2\x82\xac\t", "a\xe2\x82\xac\\t");
	expect_of(print_escaped, "\x1b\xc2\x9b\xc2\xa0", "\\x1b\\xc2\\x9b\xc2\xa0");
	expect_of(print_escaped, "\xc0\x9b", "\\xc0\\x9b");
	expect_of(print_escaped, "\xe0\x82\x9b", "\\xe0\\x82\\x9b");
	expect_of(print_escaped, "\xf0\x80\x82\x9b", "\\xf0\\x80\\x82\\x9b");
	expect_of(print_escaped, "\xed\xa0\x80\xf4\x90\x80\x80",
		  "\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),    cmocka_unit_test(test_escaped),
		cmocka_unit_test(test_not_utf8), cmocka_unit_test(test_names_stay_different),
		cmocka_unit_test(test_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
