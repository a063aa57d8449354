/* parse_bus.c: names of D-Bus and rules of xdg-dbus-proxy's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "parse_bus.h"

/* Last: it has a macro fail(). */
#include <cmocka.h>

static void expect(enum bus_grant grant, const char *text, const char *words)
{
	struct bus_rule op = {.grant = grant};
	char copy[512];

	snprintf(copy, sizeof copy, "%s", text);
	const char *reason = parse_bus_rule(copy, &op);
	if (words ? !reason || !strstr(reason, words) : reason != NULL)
		fail_msg("'%s': got '%s', not '%s'", text, reason ? reason : "(accepted)",
			 words ? words : "(accepted)");
}

static void test_names(void **state)
{
	static const struct {
		const char *name, *reason;
	} cases[] = {
		{"a.b", NULL},
		{"org.freedesktop.portal.*", NULL},
		{"org.mpris.MediaPlayer2.vlc-1._x", NULL},
		{"-a.b", NULL},
		{"", "missing"},
		{":1.5", "unique"},
		{"a", "two parts"},
		{"*", "two parts"},
		{"a.*b", "two parts"},
		{"a.b*", "two parts"},
		{"a.*.b", "two parts"},
		{"a..b", "two parts"},
		{".a.b", "two parts"},
		{"a.b.", "two parts"},
		{"a.1b", "two parts"},
		{"a.b c", "two parts"},
		{"a.\xc3\xa4", "two parts"},
		{"org.freedesktop.DBus", "bus itself"},
		{"org.*", "too wide"},
		{"org.freedesktop.*", "too wide"},
		{"org.freedesktop.secrets", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect(BUS_TALK, cases[i].name, cases[i].reason);
}

/* 255 characters, and one more. */
static void test_length(void **state)
{
	char name[300];

	(void)state;
	memset(name, 'a', sizeof name);
	name[1] = '.';
	name[255] = '\0';
	expect(BUS_SEE, name, NULL);
	name[255] = 'a';
	name[256] = '\0';
	expect(BUS_SEE, name, "255");
}

static void test_rules(void **state)
{
	static const struct {
		const char *rule, *reason;
	} cases[] = {
		{"*", NULL},
		{"a.b", NULL},
		{"a.b.*", NULL},
		{"@/", NULL},
		{"*@/a/b_1", NULL},
		{"a.b.C@/a/*", NULL},
		{"@/*", NULL},
		{"", "missing"},
		{"a", "not a method"},
		{"**", "not a method"},
		{"a-b.c", "not a method"},
		{"a.b=c", "not a method"},
		{"*@", "object's path"},
		{"*@a", "object's path"},
		{"*@/a//b", "object's path"},
		{"*@/a/", "object's path"},
		{"*@/a-b", "object's path"},
		{"*@/a@/b", "object's path"},
		{"*@/a*", "last part"},
		{"*@/*/a", "last part"},
		{"*@/**", "last part"},
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(text, sizeof text, "a.b=%s", cases[i].rule);
		expect(BUS_CALL, text, cases[i].reason);
	}
	expect(BUS_CALL, "a.b", "rule is missing");
	expect(BUS_TALK, "a.b=*", "only --dbus-call");
	expect(BUS_CALL, "a=*", "two parts");
}

static void test_parts(void **state)
{
	char system[] = "system:a.b=c.d@/e", session[] = "session:a.b", neither[] = "a.b";
	struct bus_rule op = {.grant = BUS_CALL};

	(void)state;
	assert_null(parse_bus_rule(system, &op));
	assert_true(op.system);
	assert_string_equal(op.name, "a.b");
	assert_string_equal(op.rule, "c.d@/e");
	op = (struct bus_rule){.grant = BUS_OWN};
	assert_null(parse_bus_rule(session, &op));
	assert_false(op.system);
	assert_string_equal(op.name, "a.b");
	assert_null(op.rule);
	assert_null(parse_bus_rule(neither, &op));
	assert_false(op.system);
	expect(BUS_OWN, "other:a.b", "two parts");
	expect(BUS_OWN, "system:", "missing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_parts),
	};
	return cmocka_run_group_tests_name("bus_rule", tests, NULL, NULL);
}
