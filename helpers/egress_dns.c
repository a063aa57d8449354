/* DNS messages: see egress_dns.h. The C library reads the records (ns_parserr and its kin). */
#include "egress_dns.h"

#include <arpa/nameser.h>
#include <stdio.h>
#include <string.h>

enum {
	FLAG_REPLY = 0x8000,
	FLAGS_OPCODE = 0x7800,
	FLAG_AUTHORITY = 0x0400,
	FLAG_TRUNCATED = 0x0200,
	FLAG_RECURSION = 0x0100,
	FLAG_RECURSES = 0x0080,
	FLAGS_RCODE = 0x000f,
	ALIASES_MAX = 8, /* in one chain */
};

static uint16_t get16(const unsigned char *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static unsigned char *put16(unsigned char *at, unsigned value)
{
	at[0] = (unsigned char)(value >> 8);
	at[1] = (unsigned char)value;
	return at + 2;
}

static unsigned char *put32(unsigned char *at, uint32_t value)
{
	return put16(put16(at, value >> 16), value & 0xffff);
}

/* The size of the question at the start of the body, when it is whole and not compressed; else 0.
 */
static size_t question_size(const unsigned char *message, size_t size)
{
	size_t at = NS_HFIXEDSZ;

	while (at < size && message[at] != 0) {
		if (message[at] > 63)
			return 0;
		at += message[at] + 1u;
	}
	at += 1 + 4;
	return at <= size && at - NS_HFIXEDSZ <= DNS_QUESTION_MAX ? at - NS_HFIXEDSZ : 0;
}

/* The question's name; true when it is a host name, which is then in its form. Else what can be
 * shown, as the C library escapes it. */
static bool question_name(const unsigned char *message, size_t size, char name[NAME_SIZE])
{
	char text[NS_MAXDNAME];

	if (ns_name_uncompress(message, message + size, message + NS_HFIXEDSZ, text, sizeof text) <
	    0)
		text[0] = '\0';
	if (policy_name_form(text, strlen(text), name))
		return true;
	snprintf(name, NAME_SIZE, "%.*s", NAME_SIZE - 1, text);
	return false;
}

static size_t udp_size(unsigned asked)
{
	return asked < DNS_UDP_MAX ? DNS_UDP_MAX : asked > DNS_EDNS_MAX ? DNS_EDNS_MAX : asked;
}

/* The OPT record (RFC 6891) says how much the client takes over UDP; nothing else of it counts. */
static void read_edns(const unsigned char *message, size_t size, struct dns_query *query)
{
	ns_msg handle;
	ns_rr record;

	if (ns_initparse(message, (int)size, &handle) < 0)
		return;
	for (int i = 0; i < ns_msg_count(handle, ns_s_ar); i++) {
		if (ns_parserr(&handle, ns_s_ar, i, &record) < 0)
			return;
		if (ns_rr_type(record) == ns_t_opt) {
			query->edns = true;
			query->udp_size = udp_size(ns_rr_class(record));
		}
	}
}

int dns_read_query(const unsigned char *message, size_t size, struct dns_query *query)
{
	memset(query, 0, sizeof *query);
	query->udp_size = DNS_UDP_MAX;
	if (size < NS_HFIXEDSZ || size > DNS_MESSAGE_MAX || get16(message + 2) & FLAG_REPLY)
		return -1;
	query->id = get16(message);
	query->recursion = get16(message + 2) & FLAG_RECURSION;
	if (get16(message + 2) & FLAGS_OPCODE)
		return ns_r_notimpl;
	if (get16(message + 4) != 1)
		return ns_r_formerr;
	size_t question = question_size(message, size);
	if (question == 0)
		return ns_r_formerr;
	query->question_size = question;
	memcpy(query->question, message + NS_HFIXEDSZ, question);
	query->type = get16(query->question + question - 4);
	query->is_host_name = question_name(message, size, query->name);
	read_edns(message, size, query);
	return get16(query->question + question - 2) == ns_c_in ? ns_r_noerror : ns_r_refused;
}

size_t dns_build_query(unsigned char out[DNS_QUERY_MAX], uint16_t id, const char *name,
		       uint16_t type)
{
	unsigned char *at = out;

	if (!*name || strlen(name) >= NAME_SIZE)
		return 0;
	at = put16(put16(at, id), FLAG_RECURSION);
	at = put16(put16(put16(put16(at, 1), 0), 0), 0);
	for (;;) {
		size_t label = strcspn(name, ".");

		if (label == 0 || label > 63)
			return 0;
		*at++ = (unsigned char)label;
		memcpy(at, name, label);
		at += label;
		if (!name[label])
			break;
		name += label + 1;
	}
	*at++ = 0;
	at = put16(put16(at, type), ns_c_in);
	return (size_t)(at - out);
}

/* ---- replies of upstreams ---- */

static bool answers(const unsigned char *message, size_t size, uint16_t id, const char *name,
		    uint16_t type)
{
	char asked[NAME_SIZE];
	unsigned flags = size >= NS_HFIXEDSZ ? get16(message + 2) : 0;

	if (!(flags & FLAG_REPLY) || flags & FLAGS_OPCODE || get16(message) != id ||
	    get16(message + 4) != 1)
		return false;
	size_t question = question_size(message, size);
	return question && question_name(message, size, asked) && strcmp(asked, name) == 0 &&
	       get16(message + NS_HFIXEDSZ + question - 4) == type &&
	       get16(message + NS_HFIXEDSZ + question - 2) == ns_c_in;
}

static void take_ttl(const ns_rr *record, struct dns_answer *answer)
{
	/* RFC 2181, 8: with the highest bit set it counts as zero. */
	uint32_t ttl = ns_rr_ttl(*record) > INT32_MAX ? 0 : ns_rr_ttl(*record);

	if (ttl < answer->ttl)
		answer->ttl = ttl;
}

static void take_address(const ns_rr *record, struct dns_answer *answer)
{
	struct address address = {.family = ns_rr_type(*record) == ns_t_a ? AF_INET : AF_INET6};

	if (ns_rr_rdlen(*record) != address_bits(&address) / 8)
		return;
	memcpy(address.bytes, ns_rr_rdata(*record), ns_rr_rdlen(*record));
	for (size_t i = 0; i < answer->count; i++)
		if (address_equal(&answer->addresses[i], &address))
			return;
	take_ttl(record, answer);
	if (answer->count < DNS_ADDRESSES_MAX)
		answer->addresses[answer->count++] = address;
	else
		answer->cut++;
}

/* Is this record one of name? */
static bool is_of(const ns_rr *record, const char *name)
{
	char owner[NAME_SIZE];

	return policy_name_form(ns_rr_name(*record), strlen(ns_rr_name(*record)), owner) &&
	       strcmp(owner, name) == 0;
}

/* Take the addresses of name and, where it is an alias, what for, in next, "" when it is none.
 * False when a record is malformed. */
static bool take_records(ns_msg *handle, const char *name, uint16_t type, struct dns_answer *answer,
			 char next[NAME_SIZE])
{
	char text[NS_MAXDNAME];
	ns_rr record;

	next[0] = '\0';
	for (int i = 0; i < ns_msg_count(*handle, ns_s_an); i++) {
		if (ns_parserr(handle, ns_s_an, i, &record) < 0)
			return false;
		if (ns_rr_class(record) != ns_c_in || !is_of(&record, name))
			continue;
		if (ns_rr_type(record) == type)
			take_address(&record, answer);
		if (ns_rr_type(record) != ns_t_cname || next[0])
			continue;
		if (ns_name_uncompress(ns_msg_base(*handle), ns_msg_end(*handle),
				       ns_rr_rdata(record), text, sizeof text) < 0 ||
		    !policy_name_form(text, strlen(text), next))
			return false;
		take_ttl(&record, answer);
	}
	return true;
}

static enum dns_reply follow_aliases(ns_msg *handle, const char *name, uint16_t type,
				     const struct dns_follow *follow, struct dns_answer *answer)
{
	char current[NAME_SIZE], next[NAME_SIZE];

	snprintf(current, sizeof current, "%s", name);
	for (int links = 0; links <= ALIASES_MAX; links++) {
		if (!take_records(handle, current, type, answer, next))
			return DNS_REPLY_BAD;
		/* An alias has no other records (RFC 2181, 10.1); either way the chain ends. */
		if (answer->count || !next[0])
			return DNS_REPLY_OK;
		if (!follow->may(follow->context, next)) {
			answer->refused = true;
			strcpy(answer->alias, next);
			return DNS_REPLY_OK;
		}
		strcpy(current, next);
	}
	return DNS_REPLY_BAD;
}

enum dns_reply dns_read_reply(const unsigned char *message, size_t size, uint16_t id,
			      const char *name, uint16_t type, const struct dns_follow *follow,
			      struct dns_answer *answer)
{
	ns_msg handle;

	memset(answer, 0, sizeof *answer);
	answer->ttl = UINT32_MAX;
	if (size > DNS_MESSAGE_MAX || !answers(message, size, id, name, type))
		return DNS_REPLY_FOREIGN;
	answer->rcode = get16(message + 2) & FLAGS_RCODE;
	if (answer->rcode != ns_r_noerror && answer->rcode != ns_r_nxdomain)
		return DNS_REPLY_BAD;
	/* Before the records, of which the last may be cut in the middle. */
	if (get16(message + 2) & FLAG_TRUNCATED)
		return DNS_REPLY_TRUNCATED;
	if (ns_initparse(message, (int)size, &handle) < 0)
		return DNS_REPLY_BAD;
	return follow_aliases(&handle, name, type, follow, answer);
}

/* ---- replies to clients ---- */

static size_t record_size(const struct address *address)
{
	return 2 + 2 + 2 + 4 + 2 + address_bits(address) / 8;
}

static unsigned char *put_record(unsigned char *at, const struct address *address, uint32_t ttl)
{
	unsigned bytes = address_bits(address) / 8;

	at = put16(at, 0xc000 | NS_HFIXEDSZ); /* the question's name */
	at = put16(put16(at, address->family == AF_INET ? ns_t_a : ns_t_aaaa), ns_c_in);
	at = put16(put32(at, ttl), bytes);
	memcpy(at, address->bytes, bytes);
	return at + bytes;
}

static unsigned char *put_edns(unsigned char *at)
{
	*at++ = 0;
	at = put16(put16(at, ns_t_opt), DNS_EDNS_MAX);
	return put16(put32(at, 0), 0);
}

size_t dns_build_reply(unsigned char out[DNS_REPLY_MAX], size_t limit,
		       const struct dns_query *query, int rcode, const struct address *addresses,
		       size_t count, uint32_t ttl)
{
	unsigned flags = FLAG_REPLY | FLAG_RECURSES | (query->recursion ? FLAG_RECURSION : 0u);
	size_t edns = query->edns ? 11 : 0, records = 0;
	unsigned char *at = out + NS_HFIXEDSZ;

	if (limit > DNS_REPLY_MAX)
		limit = DNS_REPLY_MAX;
	memcpy(at, query->question, query->question_size);
	at += query->question_size;
	while (records < count &&
	       (size_t)(at - out) + record_size(&addresses[records]) + edns <= limit)
		at = put_record(at, &addresses[records++], ttl);
	if (edns)
		at = put_edns(at);
	if (records < count)
		flags |= FLAG_TRUNCATED;
	put16(put16(out, query->id), flags | (unsigned)rcode);
	put16(put16(out + 4, query->question_size > 0), (unsigned)records);
	put16(put16(out + 8, 0), edns > 0);
	return (size_t)(at - out);
}

const char *dns_type_text(uint16_t type, char out[DNS_TYPE_TEXT])
{
	static const struct {
		uint16_t type;
		const char *name;
	} known[] = {{1, "A"},    {2, "NS"},    {5, "CNAME"},  {6, "SOA"},
		     {12, "PTR"}, {15, "MX"},   {16, "TXT"},   {28, "AAAA"},
		     {33, "SRV"}, {64, "SVCB"}, {65, "HTTPS"}, {255, "ANY"}};

	snprintf(out, DNS_TYPE_TEXT, "TYPE%u", type);
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].type == type)
			snprintf(out, DNS_TYPE_TEXT, "%s", known[i].name);
	return out;
}
