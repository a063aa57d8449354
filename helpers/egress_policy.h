/*
 * egress_policy: what a sandbox may reach, as data, and the questions that are asked of it.
 *
 * Pure: no system call. The text it is made of is described at the head of egress.c.
 */
#ifndef EGRESS_POLICY_H
#define EGRESS_POLICY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum {
	POLICY_TEXT_MAX = 1 << 20,
	POLICY_SPECS = 64, /* distinct port specifications; a set of them is one uint64_t */
	POLICY_UPSTREAMS = 8,
	POLICY_PUBLISHED = 64,
	POLICY_SEARCHED = 8,
	NAME_SIZE = 254, /* of a host name: 253 bytes (RFC 1035 in presentation form) and NUL */
};

struct address {
	int family; /* AF_INET or AF_INET6 */
	unsigned char bytes[16];
};

struct prefix {
	struct address base; /* no bit set behind the first `bits` */
	unsigned bits;
};

/* protocol 0: every packet. Else ports first..last of TCP or UDP; 0..65535 is all of them. */
struct port_spec {
	int protocol;
	uint16_t first, last;
};

struct name_rule {
	const char *name; /* lower case; in policy->text */
	bool below;       /* "*.NAME": every name below it, not itself */
	bool deny;
	unsigned spec; /* an index of policy->specs */
};

struct address_rule {
	struct prefix prefix;
	bool deny;
	unsigned spec;
};

struct policy {
	char *text; /* owned; what name rules point into */
	uint32_t mark;
	struct address listen;
	struct address upstreams[POLICY_UPSTREAMS];
	size_t upstreams_count;
	struct prefix *never;
	size_t never_count;
	struct port_spec specs[POLICY_SPECS];
	size_t specs_count;
	struct name_rule *names; /* sorted by name */
	size_t names_count;
	struct address_rule *addresses; /* sorted by spec, then prefix; none within another alike */
	size_t addresses_count;
	struct port_spec published[POLICY_PUBLISHED];
	size_t published_count;
	const char *search[POLICY_SEARCHED];
	size_t search_count;
	bool aliases, stateless;
	/* Seconds: how short and how long an answer may be kept, and how long packets pass after.
	 */
	uint32_t ttl_least, ttl_most, grace;
	bool deny_only;                 /* there is no allow rule: what is not denied is allowed */
	uint64_t allow_sets, deny_sets; /* the specs that name rules use */
};

/*
 * Read a policy from text, which need not end in NUL. -1 and err, which names the line; then
 * policy is empty. Free with policy_free, which a zeroed one may be given to as well.
 */
int policy_parse(struct policy *policy, const char *text, size_t size, struct error *err);
void policy_free(struct policy *policy);

/*
 * The one form in which names are compared: lower case, no trailing dot. False when it is no host
 * name: other bytes than letters, digits, hyphen and underscore, an empty or too long label.
 */
bool policy_name_form(const char *text, size_t length, char out[NAME_SIZE]);

/* What the rules say of a name in that form. */
struct name_verdict {
	bool allowed;         /* it may be resolved */
	bool denied;          /* by a rule, on every port */
	uint64_t allow, deny; /* the specs whose sets its addresses belong in */
};
struct name_verdict policy_name(const struct policy *policy, const char *name);

/* May address be in an answer? Not when it is special (address_is_special) or in a `never` range,
 * unless an address rule allows it. */
bool policy_gives_out(const struct policy *policy, const struct address *address);

/*
 * Addresses that no public name has a reason to point at: loopback, private, link-local, shared,
 * multicast and reserved ones, and IPv6 addresses that carry one of those (RFC 6890, RFC 4193,
 * RFC 6598, RFC 6052, RFC 3056).
 */
bool address_is_special(const struct address *address);

/* Loopback, or no address at all. */
bool address_is_own(const struct address *address);

/* "192.0.2.1", "2001:db8::1"; IPv4 in IPv6 is refused, since packets to it are IPv4's. */
bool address_parse(const char *text, struct address *address);

/* The text of an address, in out. */
enum { ADDRESS_TEXT = INET6_ADDRSTRLEN };
const char *address_text(const struct address *address, char out[ADDRESS_TEXT]);

bool address_equal(const struct address *a, const struct address *b);
unsigned address_bits(const struct address *address); /* 32 or 128 */
bool prefix_has(const struct prefix *prefix, const struct address *address);

#endif
