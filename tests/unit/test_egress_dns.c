/* DNS messages of clients and of name servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "egress_dns.h"

/* Last: it has a macro fail(). */
#include <cmocka.h>

/* A message that is written byte by byte. */
struct message {
	unsigned char bytes[8192];
	size_t size;
};

static void put(struct message *message, const void *bytes, size_t size)
{
	assert_true(message->size + size <= sizeof message->bytes);
	memcpy(message->bytes + message->size, bytes, size);
	message->size += size;
}

static void put16(struct message *message, unsigned value)
{
	put(message, (const unsigned char[]){(unsigned char)(value >> 8), (unsigned char)value}, 2);
}

static void put_name(struct message *message, const char *name)
{
	while (*name) {
		size_t label = strcspn(name, ".");

		put(message, (const unsigned char[]){(unsigned char)label}, 1);
		put(message, name, label);
		name += label + (name[label] == '.');
	}
	put(message, "", 1);
}

static struct message start(unsigned id, unsigned flags, const char *name, unsigned type)
{
	struct message message = {.size = 0};

	put16(&message, id);
	put16(&message, flags);
	put16(&message, 1);
	put(&message, "\0\0\0\0\0\0", 6);
	put_name(&message, name);
	put16(&message, type);
	put16(&message, 1);
	return message;
}

/* One more record in the section whose count is at this offset. */
static void put_record(struct message *message, size_t count, const char *owner, unsigned type,
		       uint32_t ttl, const void *data, size_t size)
{
	message->bytes[count + 1]++;
	message->bytes[count] += message->bytes[count + 1] == 0;
	put_name(message, owner);
	put16(message, type);
	put16(message, 1);
	put16(message, ttl >> 16);
	put16(message, ttl & 0xffff);
	put16(message, (unsigned)size);
	put(message, data, size);
}

static void put_a(struct message *message, const char *owner, uint32_t ttl, const char four[4])
{
	put_record(message, 6, owner, 1, ttl, four, 4);
}

static void put_alias(struct message *message, const char *owner, const char *target)
{
	struct message name = {.size = 0};

	put_name(&name, target);
	put_record(message, 6, owner, 5, 300, name.bytes, name.size);
}

enum { REPLY = 0x8180, TRUNCATED = 0x0200 };

/* ---- clients ---- */

static void test_query(void **state)
{
	struct message message = start(0x1234, 0x0120, "Www.Example.TEST", 28);
	struct dns_query query;

	(void)state;
	assert_int_equal(dns_read_query(message.bytes, message.size, &query), 0);
	assert_int_equal(query.id, 0x1234);
	assert_int_equal(query.type, 28);
	assert_true(query.recursion);
	assert_true(query.is_host_name);
	assert_string_equal(query.name, "www.example.test");
	assert_false(query.edns);
	assert_int_equal(query.udp_size, 512);
	/* Kept as asked. */
	assert_memory_equal(query.question, message.bytes + 12, query.question_size);
	assert_int_equal(query.question_size, message.size - 12);
}

static void test_query_edns(void **state)
{
	static const struct {
		unsigned size, taken;
	} cases[] = {{0, 512}, {511, 512}, {800, 800}, {4096, 1232}, {65535, 1232}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct message message = start(1, 0x0100, "a.test", 1);
		struct dns_query query;

		message.bytes[11] = 1;
		put(&message, "\0\0\51", 3);
		put16(&message, cases[i].size);
		put(&message, "\0\0\0\0\0\4\0\12\0\0", 10);
		assert_int_equal(dns_read_query(message.bytes, message.size, &query), 0);
		assert_true(query.edns);
		assert_int_equal(query.udp_size, cases[i].taken);
	}
}

/* A record that cannot be read behind it, which ns_initparse lets pass: its name is too long. */
static void test_query_edns_then_nonsense(void **state)
{
	struct message message = start(1, 0x0100, "a.test", 1);
	struct dns_query query;
	char label[63];

	(void)state;
	memset(label, 'a', sizeof label);
	message.bytes[11] = 2;
	put(&message, "\0\0\51\0\1\0\0\0\0\0\0", 11);
	for (int i = 0; i < 5; i++) {
		put(&message, "\77", 1);
		put(&message, label, sizeof label);
	}
	put(&message, "\0\0\1\0\1\0\0\0\0\0\0", 11);
	assert_int_equal(dns_read_query(message.bytes, message.size, &query), 0);
	assert_true(query.edns);
	assert_int_equal(query.udp_size, 512);
}

static void test_query_refused(void **state)
{
	struct dns_query query;
	struct message message = start(7, 0x0100, "a.test", 1);

	(void)state;
	for (size_t size = 0; size < 12; size++)
		assert_int_equal(dns_read_query(message.bytes, size, &query), -1);
	for (size_t size = 12; size < message.size; size++)
		assert_int_equal(dns_read_query(message.bytes, size, &query), 1);
	message = start(7, REPLY, "a.test", 1);
	assert_int_equal(dns_read_query(message.bytes, message.size, &query), -1);
	message = start(7, 0x2800, "a.test", 1); /* an update */
	assert_int_equal(dns_read_query(message.bytes, message.size, &query), 4);
	assert_int_equal(query.id, 7);
	message = start(7, 0, "a.test", 1);
	message.bytes[5] = 2;
	assert_int_equal(dns_read_query(message.bytes, message.size, &query), 1);
	message = start(7, 0, "a.test", 1);
	message.bytes[message.size - 1] = 3; /* class CH */
	assert_int_equal(dns_read_query(message.bytes, message.size, &query), 5);
	/* A name that points at itself. */
	message = start(7, 0, "a.test", 1);
	message.bytes[12] = 0xc0;
	message.bytes[13] = 12;
	assert_int_equal(dns_read_query(message.bytes, message.size, &query), 1);
}

static void test_query_names(void **state)
{
	static const struct {
		const char *label, *shown;
	} cases[] = {{"a.b", "a\\.b.test"},
		     {"a b", "a\\032b.test"},
		     {"\xe4", "\\228.test"},
		     {"\001", "\\001.test"},
		     {"a\\b", "a\\\\b.test"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct message message = {.size = 0};
		struct dns_query query;
		size_t length = strlen(cases[i].label);

		put(&message, "\0\1\1\0\0\1\0\0\0\0\0\0", 12);
		put(&message, (const unsigned char[]){(unsigned char)length}, 1);
		put(&message, cases[i].label, length);
		put_name(&message, "test");
		put16(&message, 1);
		put16(&message, 1);
		assert_int_equal(dns_read_query(message.bytes, message.size, &query), 0);
		assert_false(query.is_host_name);
		assert_string_equal(query.name, cases[i].shown);
	}
}

/* ---- questions of ours ---- */

static void test_build_query(void **state)
{
	unsigned char out[DNS_QUERY_MAX];
	struct message wanted = start(0xabcd, 0x0100, "www.example.test", 28);
	char name[NAME_SIZE];

	(void)state;
	assert_int_equal(dns_build_query(out, 0xabcd, "www.example.test", 28), wanted.size);
	assert_memory_equal(out, wanted.bytes, wanted.size);
	assert_int_equal(dns_build_query(out, 1, "", 1), 0);
	assert_int_equal(dns_build_query(out, 1, "a..b", 1), 0);
	/* The longest. */
	memset(name, 'a', sizeof name);
	name[63] = name[127] = name[191] = '.';
	name[253] = '\0';
	assert_int_equal(dns_build_query(out, 1, name, 1), 12 + 255 + 4);
}

/* ---- replies ---- */

static const char *allowed_alias;

static bool may(void *context, const char *name)
{
	(void)context;
	return allowed_alias &&
	       (strcmp(allowed_alias, "*") == 0 || strcmp(name, allowed_alias) == 0);
}

static struct dns_answer answer;

static enum dns_reply read_reply(const struct message *message, unsigned type)
{
	const struct dns_follow follow = {may, NULL};

	return dns_read_reply(message->bytes, message->size, 7, "a.test", (uint16_t)type, &follow,
			      &answer);
}

static void test_reply(void **state)
{
	struct message message = start(7, REPLY, "a.test", 1);

	(void)state;
	put_a(&message, "A.test", 300, "\1\1\1\1");
	put_a(&message, "a.test", 60, "\1\1\1\2");
	put_a(&message, "a.test", 60, "\1\1\1\2");
	put_a(&message, "b.test", 5, "\6\6\6\6");
	put_record(&message, 6, "a.test", 16, 1, "\3abc", 4);
	put_record(&message, 8, "a.test", 1, 1, "\6\6\6\6", 4); /* authority */
	assert_int_equal(read_reply(&message, 1), DNS_REPLY_OK);
	assert_int_equal(answer.rcode, 0);
	assert_int_equal(answer.count, 2);
	assert_int_equal(answer.ttl, 60);
	assert_memory_equal(answer.addresses[1].bytes, "\1\1\1\2", 4);
	/* With an end that is cut off it is nothing. */
	for (size_t size = 0; size < message.size; size++) {
		struct message cut = message;

		cut.size = size;
		assert_int_not_equal(read_reply(&cut, 1), DNS_REPLY_OK);
	}
	put(&message, "", 1);
	assert_int_not_equal(read_reply(&message, 1), DNS_REPLY_OK);
}

static void test_reply_foreign(void **state)
{
	struct message message = start(8, REPLY, "a.test", 1);

	(void)state;
	assert_int_equal(read_reply(&message, 1), DNS_REPLY_FOREIGN);
	message = start(7, REPLY, "b.test", 1);
	assert_int_equal(read_reply(&message, 1), DNS_REPLY_FOREIGN);
	message = start(7, REPLY, "a.test", 28);
	assert_int_equal(read_reply(&message, 1), DNS_REPLY_FOREIGN);
	message = start(7, 0x0180, "a.test", 1);
	assert_int_equal(read_reply(&message, 1), DNS_REPLY_FOREIGN);
	message = start(7, REPLY, "a.test", 1);
	message.bytes[5] = 0;
	assert_int_equal(read_reply(&message, 1), DNS_REPLY_FOREIGN);
}

static void test_reply_codes(void **state)
{
	struct message message = start(7, REPLY | 3, "a.test", 1);

	(void)state;
	assert_int_equal(read_reply(&message, 1), DNS_REPLY_OK);
	assert_int_equal(answer.rcode, 3);
	assert_int_equal(answer.count, 0);
	assert_int_equal(answer.ttl, UINT32_MAX);
	message = start(7, REPLY | 2, "a.test", 1);
	assert_int_equal(read_reply(&message, 1), DNS_REPLY_BAD);
	message = start(7, REPLY | TRUNCATED, "a.test", 1);
	message.bytes[7] = 9; /* records that are not there */
	assert_int_equal(read_reply(&message, 1), DNS_REPLY_TRUNCATED);
}

static void test_reply_wrong_length(void **state)
{
	struct message message = start(7, REPLY, "a.test", 1);

	(void)state;
	put_record(&message, 6, "a.test", 1, 60, "\1\1\1\1\1", 5);
	put_record(&message, 6, "a.test", 28, 60, "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 16);
	assert_int_equal(read_reply(&message, 1), DNS_REPLY_OK);
	assert_int_equal(answer.count, 0);
}

static void test_reply_high_ttl(void **state)
{
	struct message message = start(7, REPLY, "a.test", 1);

	(void)state;
	put_a(&message, "a.test", 0x80000000, "\1\1\1\1");
	assert_int_equal(read_reply(&message, 1), DNS_REPLY_OK);
	assert_int_equal(answer.ttl, 0);
}

static void test_aliases(void **state)
{
	struct message message = start(7, REPLY, "a.test", 1);

	(void)state;
	put_a(&message, "c.test", 60, "\1\1\1\1");
	put_alias(&message, "b.test", "C.test");
	put_alias(&message, "a.test", "b.test");
	allowed_alias = "*";
	assert_int_equal(read_reply(&message, 1), DNS_REPLY_OK);
	assert_int_equal(answer.count, 1);
	assert_false(answer.refused);
	allowed_alias = "b.test";
	assert_int_equal(read_reply(&message, 1), DNS_REPLY_OK);
	assert_int_equal(answer.count, 0);
	assert_true(answer.refused);
	assert_string_equal(answer.alias, "c.test");
	allowed_alias = NULL;
	assert_int_equal(read_reply(&message, 1), DNS_REPLY_OK);
	assert_string_equal(answer.alias, "b.test");
}

static void test_alias_circle(void **state)
{
	struct message message = start(7, REPLY, "a.test", 1);

	(void)state;
	put_alias(&message, "a.test", "b.test");
	put_alias(&message, "b.test", "a.test");
	allowed_alias = "*";
	assert_int_equal(read_reply(&message, 1), DNS_REPLY_BAD);
	message = start(7, REPLY, "a.test", 1);
	put_alias(&message, "a.test", "b c.test");
	assert_int_equal(read_reply(&message, 1), DNS_REPLY_BAD);
}

static void test_many_addresses(void **state)
{
	struct message message = start(7, REPLY, "a.test", 1);

	(void)state;
	for (int i = 0; i < 300; i++)
		put_a(&message, "a.test", 60, (const char[]){1, 2, (char)(i >> 8), (char)i});
	assert_int_equal(read_reply(&message, 1), DNS_REPLY_OK);
	assert_int_equal(answer.count, DNS_ADDRESSES_MAX);
	assert_int_equal(answer.cut, 300 - DNS_ADDRESSES_MAX);
}

/* ---- replies of ours ---- */

static void test_build_reply(void **state)
{
	struct message asked = start(7, 0x0100, "A.test", 1), wanted = start(7, REPLY, "A.test", 1);
	const struct address addresses[2] = {{AF_INET, {1, 1, 1, 1}}, {AF_INET, {2, 2, 2, 2}}};
	unsigned char out[DNS_REPLY_MAX];
	struct dns_query query;

	(void)state;
	assert_int_equal(dns_read_query(asked.bytes, asked.size, &query), 0);
	assert_int_equal(dns_build_reply(out, 512, &query, 0, addresses, 2, 77), asked.size + 32);
	/* What we write we can read. */
	memcpy(wanted.bytes, out, wanted.size = asked.size + 32);
	assert_int_equal(read_reply(&wanted, 1), DNS_REPLY_OK);
	assert_int_equal(answer.count, 2);
	assert_int_equal(answer.ttl, 77);
	assert_memory_equal(out + 12, asked.bytes + 12, asked.size - 12);
	/* Too little room: as many as fit, and said so. */
	assert_int_equal(dns_build_reply(out, asked.size + 31, &query, 0, addresses, 2, 77),
			 asked.size + 16);
	assert_int_equal(out[2] & 2, 2);
	assert_int_equal(out[7], 1);
	assert_int_equal(dns_build_reply(out, 512, &query, 3, NULL, 0, 0), asked.size);
	assert_int_equal(out[3], 0x83);
}

static void test_build_reply_largest(void **state)
{
	struct address addresses[DNS_ADDRESSES_MAX];
	struct dns_query query = {.edns = true, .question_size = DNS_QUESTION_MAX};
	unsigned char out[DNS_REPLY_MAX];

	(void)state;
	memset(addresses, 0, sizeof addresses);
	for (size_t i = 0; i < DNS_ADDRESSES_MAX; i++)
		addresses[i].family = AF_INET6;
	assert_true(dns_build_reply(out, SIZE_MAX, &query, 0, addresses, DNS_ADDRESSES_MAX, 1) <=
		    DNS_REPLY_MAX);
	assert_int_equal(out[2] & 2, 0);
}

static void test_types(void **state)
{
	char text[DNS_TYPE_TEXT];

	(void)state;
	assert_string_equal(dns_type_text(65, text), "HTTPS");
	assert_string_equal(dns_type_text(65535, text), "TYPE65535");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_query_edns),
		cmocka_unit_test(test_query_edns_then_nonsense),
		cmocka_unit_test(test_query_refused),
		cmocka_unit_test(test_query_names),
		cmocka_unit_test(test_build_query),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_reply_foreign),
		cmocka_unit_test(test_reply_codes),
		cmocka_unit_test(test_reply_wrong_length),
		cmocka_unit_test(test_reply_high_ttl),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_alias_circle),
		cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_build_reply),
		cmocka_unit_test(test_build_reply_largest),
		cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
