/*
 * egress_dns: DNS messages (RFC 1035) taken apart and built anew.
 *
 * Pure: no system call. What comes from either side is hostile. Nothing is ever passed on as it
 * came, except the client's own question back to the client.
 */
#ifndef EGRESS_DNS_H
#define EGRESS_DNS_H

#include "egress_policy.h"

enum {
	DNS_PORT = 53,
	DNS_QUESTION_MAX = 255 + 4, /* a name on the wire, type and class */
	DNS_QUERY_MAX = 12 + DNS_QUESTION_MAX,
	DNS_UDP_MAX = 512,       /* RFC 1035, 4.2.1 */
	DNS_EDNS_MAX = 1232,     /* what fits everywhere: dnsflagday.net/2020 */
	DNS_REPLY_MAX = 1500,    /* 32 IPv6 addresses, the question and OPT */
	DNS_ADDRESSES_MAX = 32,  /* that are used of one reply */
	DNS_MESSAGE_MAX = 65535, /* over TCP */
};

struct dns_query {
	uint16_t id, type;
	bool recursion; /* as asked, to be repeated in the reply */
	bool edns;
	size_t udp_size;      /* what the client takes over UDP, 512 to 1232 */
	char name[NAME_SIZE]; /* in policy_name_form; or what can be shown of it */
	bool is_host_name;    /* it is in policy_name_form */
	unsigned char question[DNS_QUESTION_MAX]; /* as asked, for the reply */
	size_t question_size;
};

/*
 * Read a client's message. -1: there is nothing to answer (no whole header, or a reply); else an
 * rcode, 0 when it is a query that can be looked at further, FORMERR, NOTIMP or REFUSED when the
 * reply is to say that.
 */
int dns_read_query(const unsigned char *message, size_t size, struct dns_query *query);

/* Build a query for a name in policy_name_form, recursion desired. Its size; 0 when it is none. */
size_t dns_build_query(unsigned char out[DNS_QUERY_MAX], uint16_t id, const char *name,
		       uint16_t type);

struct dns_answer {
	int rcode;
	struct address addresses[DNS_ADDRESSES_MAX];
	size_t count, cut;     /* cut: addresses beyond those */
	uint32_t ttl;          /* the least on the way; UINT32_MAX when there is no record */
	bool refused;          /* the chain of aliases led to a name that may not be followed ... */
	char alias[NAME_SIZE]; /* ... which is this */
};

enum dns_reply {
	DNS_REPLY_OK,
	DNS_REPLY_FOREIGN,   /* not the reply to this query: wait on */
	DNS_REPLY_TRUNCATED, /* ask again over TCP */
	DNS_REPLY_BAD,       /* malformed, or the server failed: ask another */
};

/* Is this name allowed to be followed to? name is in policy_name_form. */
struct dns_follow {
	bool (*may)(void *context, const char *name);
	void *context;
};

/*
 * Read what an upstream sent in reply to (id, name, type), type being A or AAAA. Aliases (CNAME)
 * are followed inside the message only. answer is valid with DNS_REPLY_OK: rcode NOERROR or
 * NXDOMAIN, addresses of the type asked for.
 */
enum dns_reply dns_read_reply(const unsigned char *message, size_t size, uint16_t id,
			      const char *name, uint16_t type, const struct dns_follow *follow,
			      struct dns_answer *answer);

/*
 * Build the reply to query with this rcode: the question, and the addresses under the question's
 * name. What does not fit in limit bytes is left out, and the reply says that it is truncated.
 */
size_t dns_build_reply(unsigned char out[DNS_REPLY_MAX], size_t limit,
		       const struct dns_query *query, int rcode, const struct address *addresses,
		       size_t count, uint32_t ttl);

/* "A", "HTTPS", "TYPE1234" for a report, in out. */
enum { DNS_TYPE_TEXT = 12 };
const char *dns_type_text(uint16_t type, char out[DNS_TYPE_TEXT]);

#endif
