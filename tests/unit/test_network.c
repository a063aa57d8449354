/* parse_network.c: each form of a rule, a port and a network; each reason; each boundary. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "parse_network.h"

/* Last: it has a macro fail(). */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Labels of 63 and 64 bytes, names of 253 and 254. */
#define L10  "abcdefghij"
#define L60  L10 L10 L10 L10 L10 L10
#define L63  L60 "abc"
#define N252 L63 "." L63 "." L63 "." L60

static void wrong(const char *text, const char *got, const char *wanted)
{
	fail_msg("'%s': got '%s', not '%s'", text, got ? got : "(accepted)",
		 wanted ? wanted : "(accepted)");
}

/* The reason contains the words; no words: there is no reason. */
static void expect(const char *text, const char *reason, const char *words)
{
	if (words ? !reason || !strstr(reason, words) : reason != NULL)
		wrong(text, reason, words);
}

/* ---- rules ---- */

/* As egress.c writes it: "NAME tcp 80-90". */
static const char *rule(const struct egress_op *op)
{
	static const char *const protocols[] = {
		[PROTOCOL_ANY] = "any", [PROTOCOL_TCP] = "tcp", [PROTOCOL_UDP] = "udp"};
	static const char *const kinds[] = {
		[EGRESS_ADDRESS] = "address", [EGRESS_NAME] = "name", [EGRESS_BELOW] = "below"};
	static char text[400];

	snprintf(text, sizeof text, "%s %s %s %u-%u", kinds[op->kind], op->what,
		 protocols[op->protocol], op->from, op->to);
	return text;
}

static void test_rules(void **state)
{
	static const struct {
		const char *text, *rule;
	} cases[] = {
		/* names */
		{"example.org", "name example.org any 0-0"},
		{"example.org:443", "name example.org tcp 443-443"},
		{"example.org:80-90", "name example.org tcp 80-90"},
		{"example.org:1-65535", "name example.org tcp 1-65535"},
		{"example.org:443/udp", "name example.org udp 443-443"},
		{"example.org:443/tcp", "name example.org tcp 443-443"},
		{"example.org/udp", "name example.org udp 0-0"},
		{"EXAMPLE.Org.:53", "name example.org tcp 53-53"},
		{"*.example.org", "below example.org any 0-0"},
		{"*.Example.ORG.:1-2/udp", "below example.org udp 1-2"},
		{"xn--bcher-kva.example", "name xn--bcher-kva.example any 0-0"},
		{"a_b.c-d.e1", "name a_b.c-d.e1 any 0-0"},
		{"localhost", "name localhost any 0-0"},
		{"1.2.3.a", "name 1.2.3.a any 0-0"},
		{L63 ".org", "name " L63 ".org any 0-0"},
		{N252 "x", "name " N252 "x any 0-0"},
		{N252 "x.", "name " N252 "x any 0-0"},
		/* addresses */
		{"192.0.2.1", "address 192.0.2.1 any 0-0"},
		{"192.0.2.1:22", "address 192.0.2.1 tcp 22-22"},
		{"192.0.2.0/24:22", "address 192.0.2.0/24 tcp 22-22"},
		{"192.0.2.77/24", "address 192.0.2.0/24 any 0-0"},
		{"192.0.2.255/25", "address 192.0.2.128/25 any 0-0"},
		{"192.0.2.1/32", "address 192.0.2.1 any 0-0"},
		{"255.255.255.255/1", "address 128.0.0.0/1 any 0-0"},
		{"192.0.2.1/0", "address 0.0.0.0/0 any 0-0"},
		{"192.0.2.0/24/udp", "address 192.0.2.0/24 udp 0-0"},
		{"2001:DB8::1", "address 2001:db8::1 any 0-0"},
		{"2001:db8::1:80", "address 2001:db8::1:80 any 0-0"},
		{"[2001:db8::1]", "address 2001:db8::1 any 0-0"},
		{"[2001:db8::1]:80", "address 2001:db8::1 tcp 80-80"},
		{"[2001:db8::1]:80-81/udp", "address 2001:db8::1 udp 80-81"},
		{"[2001:db8:ffff:ffff::1/33]:1", "address 2001:db8:8000::/33 tcp 1-1"},
		{"2001:db8::1/128", "address 2001:db8::1 any 0-0"},
		{"2001:db8::1/0", "address ::/0 any 0-0"},
		{"::/0", "address ::/0 any 0-0"},
		/* what a registry's setting holds */
		{"https://registry.example/", "name registry.example tcp 443-443"},
		{"http://registry.example", "name registry.example tcp 80-80"},
		{"https://registry.example:8443/npm/?x#y", "name registry.example tcp 8443-8443"},
		{"sparse+https://index.example/x/", "name index.example tcp 443-443"},
		{"sparse+http://index.example/", "name index.example tcp 80-80"},
		{"http://192.0.2.9:81/", "address 192.0.2.9 tcp 81-81"},
		{"https://[2001:db8::9]/", "address 2001:db8::9 tcp 443-443"},
		{"http://[2001:db8::9]:4873/", "address 2001:db8::9 tcp 4873-4873"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct egress_op op = {.deny = true, .origin = "mine"};
		char buffer[PARSE_NAME_SIZE];
		const char *reason = parse_egress(cases[i].text, &op, buffer);

		expect(cases[i].text, reason, NULL);
		if (strcmp(rule(&op), cases[i].rule) != 0)
			wrong(cases[i].text, rule(&op), cases[i].rule);
		assert_true(op.deny);
		assert_string_equal(op.origin, "mine");
	}
}

static void test_rules_refused(void **state)
{
	static const char port[] = "a port is a number from 1 to 65535",
			  neither[] = "neither a name nor an address",
			  star[] = "'*' stands for the first parts",
			  letters[] = "letters, digits, '-', '_' and dots only";
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"", "empty"},
		{".", "empty"},
		{":80", "empty"},
		{"*", star},
		{"*.", star},
		{"*:80", star},
		{"a.*.b", star},
		{"*a.b", star},
		{"*.*.b", star},
		{"a..b", "empty part"},
		{".a", "empty part"},
		{"a.b..", "empty part"},
		{"*..b", "empty part"},
		{L63 "x.org", "63 bytes"},
		{N252 "xy", "253 bytes"},
		{"b\xc3\xbc"
		 "cher.example",
		 "xn-- form"},
		{"a b.org", letters},
		{"a/b", "no network"},
		{"a.org/24", "no network"},
		{"a\x1b.org", letters},
		{"a%25.org", letters},
		{"fe80::1%eth0", letters},
		{"1.2.3", neither},
		{"1.2.3.4.5", neither},
		{"1.2.3.256", neither},
		{"192.0.2.1.", neither},
		{"a.1", neither},
		{"a.1.", neither},
		{"127", neither},
		{"a.-b", neither},
		{"*.1", neither},
		{"192.0.2.0/33", "at most 32 bits"},
		{"192.0.2.0/", "at most 32 bits"},
		{"192.0.2.0/-1", "at most 32 bits"},
		{"192.0.2.0/255.255.255.0", "at most 32 bits"},
		{"2001:db8::/129", "128 for IPv6"},
		{"[2001:db8::1", "bracket is not closed"},
		{"[2001:db8::1]80", "what follows the bracket"},
		{"[2001:db8::1]x:80", "what follows the bracket"},
		{"[2001:db8::1]:", port},
		{"[]:80", "empty"},
		{"::ffff:192.0.2.1", "IPv4"},
		{"::ffff:0:0/96", "IPv4"},
		{"[::ffff:c000:201]:80", "IPv4"},
		{"a.org:", port},
		{"a.org:0", port},
		{"a.org:65536", port},
		{"a.org:99999999", port},
		{"a.org:http", port},
		{"a.org:-1", port},
		{"a.org:80-", port},
		{"a.org:-80", port},
		{"a.org:80-0", port},
		{"a.org:1-2-3", port},
		{"a.org:+80", port},
		{"a.org: 80", port},
		{"a.org:80/sctp", port},
		{"a.org:80/udp/udp", port},
		{"a.org:90-80", "goes down"},
		{"ftp://a.org/", "http and https"},
		{"://a.org", "http and https"},
		{"HTTPS://a.org", "http and https"},
		{"https://user@a.org/", "user name"},
		{"https://user:word@a.org/", "user name"},
		{"https://a.org:0/", port},
		{"https://a.org:/", port},
		{"https://", "empty"},
		{"https:///x", "empty"},
		{"https://[2001:db8::9", "bracket is not closed"},
		{"https://a.org:80-90/", port},
		{"https://[2001:db8::9]x/", "bracket"},
		{"https://[2001:db8::9]x:80/", "bracket"},
		{"https://[2001:db8::/32]/", "bracket is not closed"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct egress_op op = {.deny = false};
		char buffer[PARSE_NAME_SIZE];

		expect(cases[i].text, parse_egress(cases[i].text, &op, buffer), cases[i].words);
	}
}

/* ---- published ports, host ports ---- */

static void test_publish(void **state)
{
	static const struct {
		const char *text, *address;
		enum protocol protocol;
		uint16_t host, inside, count;
	} cases[] = {
		{"8080:80", "127.0.0.1", PROTOCOL_TCP, 8080, 80, 1},
		{"8080:80/tcp", "127.0.0.1", PROTOCOL_TCP, 8080, 80, 1},
		{"5353:53/udp", "127.0.0.1", PROTOCOL_UDP, 5353, 53, 1},
		{"0.0.0.0:8080:80", "0.0.0.0", PROTOCOL_TCP, 8080, 80, 1},
		{"192.0.2.1:8080:80/udp", "192.0.2.1", PROTOCOL_UDP, 8080, 80, 1},
		{"[::1]:8080:80", "::1", PROTOCOL_TCP, 8080, 80, 1},
		{"[::]:8080:80", "::", PROTOCOL_TCP, 8080, 80, 1},
		{"[2001:DB8::1]:1:2/udp", "2001:db8::1", PROTOCOL_UDP, 1, 2, 1},
		{"8000-8009:80-89", "127.0.0.1", PROTOCOL_TCP, 8000, 80, 10},
		{"127.0.0.2:8000-8000:80", "127.0.0.2", PROTOCOL_TCP, 8000, 80, 1},
		{"1-1024:1-1024", "127.0.0.1", PROTOCOL_TCP, 1, 1, 1024},
		{"65535:65535", "127.0.0.1", PROTOCOL_TCP, 65535, 65535, 1},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct publish_op op = {.origin = "mine"};

		expect(cases[i].text, parse_publish(cases[i].text, &op), NULL);
		assert_string_equal(op.address, cases[i].address);
		assert_int_equal(op.protocol, cases[i].protocol);
		assert_int_equal(op.host, cases[i].host);
		assert_int_equal(op.inside, cases[i].inside);
		assert_int_equal(op.count, cases[i].count);
		assert_string_equal(op.origin, "mine");
	}
}

static void test_publish_refused(void **state)
{
	static const char port[] = "a port is a number from 1 to 65535";
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"", "[IP:]HOST:INSIDE"},
		{"80", "[IP:]HOST:INSIDE"},
		{"/udp", "[IP:]HOST:INSIDE"},
		{":", port},
		{"80:", port},
		{":80", port},
		{"::", "no IPv4 or IPv6"},
		{"0:80", port},
		{"80:0", port},
		{"80:65536", port},
		{"80:80/sctp", port},
		{"192.0.2.1:80", port},
		{":80:80", "no IPv4 or IPv6"},
		{"localhost:80:80", "no IPv4 or IPv6"},
		{"192.0.2.256:80:80", "no IPv4 or IPv6"},
		{"::1:80:80", "in brackets"},
		{"[::1:80:80", "in brackets"},
		{"[192.0.2.1]x:80:80", "no IPv4 or IPv6"},
		{"[]:80:80", "no IPv4 or IPv6"},
		{"[fe80::1%lo]:80:80", "no IPv4 or IPv6"},
		{L60 ":80:80", "too long"},
		{"80-81:80", "different lengths"},
		{"80:80-81", "different lengths"},
		{"81-80:80-81", "goes down"},
		{"1-1025:1-1025", "more than 1024"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct publish_op op = {.origin = NULL};

		expect(cases[i].text, parse_publish(cases[i].text, &op), cases[i].words);
	}
}

static void test_host_port(void **state)
{
	static const char port[] = "a port is a number from 1 to 65535";
	static const struct {
		const char *text;
		enum protocol protocol;
		uint16_t port;
		const char *words;
	} cases[] = {
		{"5432", PROTOCOL_TCP, 5432, NULL},
		{"5432/tcp", PROTOCOL_TCP, 5432, NULL},
		{"53/udp", PROTOCOL_UDP, 53, NULL},
		{"1", PROTOCOL_TCP, 1, NULL},
		{"65535", PROTOCOL_TCP, 65535, NULL},
		{"", 0, 0, port},
		{"/udp", 0, 0, port},
		{"0", 0, 0, port},
		{"65536", 0, 0, port},
		{"80-81", 0, 0, port},
		{"127.0.0.1:80", 0, 0, port},
		{"80/sctp", 0, 0, port},
		{" 80", 0, 0, port},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct host_port_op op = {.origin = NULL};
		const char *reason = parse_host_port(cases[i].text, &op);

		expect(cases[i].text, reason, cases[i].words);
		if (!reason) {
			assert_int_equal(op.protocol, cases[i].protocol);
			assert_int_equal(op.port, cases[i].port);
		}
	}
}

/* ---- addresses, domains, networks ---- */

static void test_address(void **state)
{
	static const struct {
		const char *text, *address;
	} cases[] = {
		{"192.0.2.1", "192.0.2.1"},
		{"2001:DB8:0:0::0:1", "2001:db8::1"},
		{"::1", "::1"},
		{"", NULL},
		{"1.2.3", NULL},
		{"192.0.2.01", NULL},
		{"192.0.2.1 ", NULL},
		{"[::1]", NULL},
		{"fe80::1%eth0", NULL},
		{"one", NULL},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char address[PARSE_ADDRESS_SIZE];

		expect(cases[i].text, parse_address(cases[i].text, address),
		       cases[i].address ? NULL : "no IPv4 or IPv6");
		if (cases[i].address)
			assert_string_equal(address, cases[i].address);
	}
}

static void test_domain(void **state)
{
	char name[PARSE_NAME_SIZE];

	(void)state;
	expect("Corp.Example.", parse_domain("Corp.Example.", name), NULL);
	assert_string_equal(name, "corp.example");
	expect("local", parse_domain("local", name), NULL);
	expect("", parse_domain("", name), "empty");
	expect(".", parse_domain(".", name), "empty");
	expect("a b", parse_domain("a b", name), "letters");
	expect("a\nb", parse_domain("a\nnameserver 192.0.2.1", name), "letters");
	expect("*.a", parse_domain("*.a", name), "letters");
	expect("192.0.2.1", parse_domain("192.0.2.1", name), "neither");
}

static void test_settings(void **state)
{
	static const struct {
		const char *text;
		bool ipv6;
		uint32_t network;
		unsigned prefix, mtu;
	} cases[] = {
		{"ipv6", true, 0, 0, 0},
		{"mtu=1280", false, 0, 0, 1280},
		{"mtu=65520", false, 0, 0, 65520},
		{"cidr=10.1.2.0/24", false, 0x0a010200, 24, 0},
		{"cidr=10.0.0.0/8", false, 0x0a000000, 8, 0},
		{"cidr=192.168.1.128/25", false, 0xc0a80180, 25, 0},
		{"cidr=223.255.255.0/24", false, 0xdfffff00, 24, 0},
		{"ipv6,cidr=172.16.0.0/16,mtu=1500", true, 0xac100000, 16, 1500},
		{"mtu=1300,mtu=1400", false, 0, 0, 1400},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct network_settings settings = {.ipv6 = false};
		char text[80];

		strcpy(text, cases[i].text);
		expect(cases[i].text, parse_network_settings(text, &settings), NULL);
		assert_int_equal(settings.ipv6, cases[i].ipv6);
		assert_int_equal(settings.network, cases[i].network);
		assert_int_equal(settings.prefix, cases[i].prefix);
		assert_int_equal(settings.mtu, cases[i].mtu);
	}
}

static void test_settings_refused(void **state)
{
	static const char mtu[] = "mtu= takes a number from 1280 to 65520",
			  cidr[] = "cidr= takes an IPv4 network with 8 to 25 bits",
			  list[] = "the options of a network are";
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"", list},
		{"ipv4", list},
		{"ipv6,", list},
		{"IPV6", list},
		{"ipv6=yes", list},
		{"mtu", list},
		{"mtu=", mtu},
		{"mtu=1279", mtu},
		{"mtu=65521", mtu},
		{"mtu=1500k", mtu},
		{"cidr=", cidr},
		{"cidr=10.0.2.0", cidr},
		{"cidr=10.0.2.0/7", cidr},
		{"cidr=10.0.2.0/26", cidr},
		{"cidr=10.0.2.0/x", cidr},
		{"cidr=10.0.2/24", cidr},
		{"cidr=fd00::/16", cidr},
		{"cidr=10.0.2.0/24/24", cidr},
		{"cidr=10.0.2.1/24", "host bits"},
		{"cidr=127.0.0.0/24", "no network for hosts"},
		{"cidr=224.0.0.0/24", "no network for hosts"},
		{"cidr=255.255.255.0/24", "no network for hosts"},
		{"cidr=0.0.0.0/8", "no network for hosts"},
		{"cidr=" L60 "/24", "too long"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct network_settings settings = {.ipv6 = false};
		char text[80];

		strcpy(text, cases[i].text);
		expect(cases[i].text, parse_network_settings(text, &settings), cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_rules_refused),
		cmocka_unit_test(test_publish),
		cmocka_unit_test(test_publish_refused),
		cmocka_unit_test(test_host_port),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_domain),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_settings_refused),
	};
	return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
