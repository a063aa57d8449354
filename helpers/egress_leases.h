/*
 * egress_leases: which addresses the filter has given out, for which rules and for how long.
 *
 * Pure bookkeeping. What has to change in the packet rules is told as a list of changes, which the
 * caller applies (rules_apply) before it lets anybody know of the addresses.
 */
#ifndef EGRESS_LEASES_H
#define EGRESS_LEASES_H

#include "egress_policy.h"

enum {
	LEASES_MAX = 4096,
	LEASES_BUCKETS = 4096,
};

struct lease {
	struct address address;
	uint64_t allow, deny; /* the sets that it is in; none: only the name is remembered */
	int64_t expires;      /* in milliseconds of the caller's clock */
	int next;             /* in its bucket; -1 at the end */
	char name[NAME_SIZE]; /* that it was given out for last */
};

struct leases {
	struct lease table[LEASES_MAX];
	size_t count;
	int buckets[LEASES_BUCKETS];
	int64_t next; /* when leases_expire has something to do; INT64_MAX: never */
};

/* One address into or out of the sets of these specs. */
struct change {
	struct address address;
	bool add, deny;
	uint64_t specs;
};

struct changes {
	struct change *list; /* owned */
	size_t count;
};

void leases_start(struct leases *leases);

/*
 * Note that address is given out for name until expires, for these rules. What an address is in
 * already is no change; a later expiry is kept. In a full table the address that would expire
 * first makes room, but none that a deny rule holds: those stay, since a client may keep what it
 * was told. -1: without memory, or all are held by deny rules.
 */
int leases_give(struct leases *leases, const struct address *address, struct name_verdict rules,
		const char *name, int64_t expires, struct changes *changes);

/* What has expired by now leaves its allow sets. -1: no memory; then try again later. */
int leases_expire(struct leases *leases, int64_t now, struct changes *changes);

/* The name that address was last given out for, or NULL. */
const char *leases_name(const struct leases *leases, const struct address *address);

void changes_free(struct changes *changes);

#endif
