/* The addresses that were given out: see egress_leases.h. */
#include "egress_leases.h"

#include <stdlib.h>
#include <string.h>

void leases_start(struct leases *leases)
{
	leases->count = 0;
	leases->next = INT64_MAX;
	for (size_t i = 0; i < LEASES_BUCKETS; i++)
		leases->buckets[i] = -1;
}

void changes_free(struct changes *changes)
{
	free(changes->list);
	*changes = (struct changes){NULL, 0};
}

/* FNV-1a; whoever picks addresses that collide makes the look-up of 4096 slow, no more. */
static int *bucket(struct leases *leases, const struct address *address)
{
	uint32_t hash = 0x811c9dc5;

	for (unsigned i = 0; i < address_bits(address) / 8; i++)
		hash = (hash ^ address->bytes[i]) * 0x01000193;
	return &leases->buckets[(hash ^ hash >> 16) % LEASES_BUCKETS];
}

static struct lease *find(const struct leases *leases, const struct address *address)
{
	int i = *bucket((struct leases *)leases, address);

	while (i >= 0 && !address_equal(&leases->table[i].address, address))
		i = leases->table[i].next;
	return i < 0 ? NULL : (struct lease *)&leases->table[i];
}

static int note(struct changes *changes, const struct address *address, bool add, bool deny,
		uint64_t specs)
{
	if (!specs)
		return 0;
	if ((changes->count & (changes->count - 1)) == 0) {
		struct change *more = reallocarray(
			changes->list, changes->count ? changes->count * 2 : 1, sizeof *more);
		if (!more)
			return -1;
		changes->list = more;
	}
	changes->list[changes->count++] = (struct change){*address, add, deny, specs};
	return 0;
}

/* Is address new in one of these changes? */
static bool is_added(const struct changes *changes, const struct address *address)
{
	for (size_t i = 0; i < changes->count; i++)
		if (changes->list[i].add && address_equal(&changes->list[i].address, address))
			return true;
	return false;
}

/* Which must go for a new one: one that is in no set, else the one that expires first. */
static struct lease *victim(struct leases *leases, const struct changes *changes)
{
	struct lease *chosen = NULL;

	for (size_t i = 0; i < leases->count; i++) {
		struct lease *lease = &leases->table[i];
		bool better = !chosen || (!lease->allow && chosen->allow) ||
			      (!lease->allow == !chosen->allow && lease->expires < chosen->expires);

		if (better && !lease->deny && !is_added(changes, &lease->address))
			chosen = lease;
	}
	return chosen;
}

static void unlink_lease(struct leases *leases, const struct lease *lease)
{
	int *at = bucket(leases, &lease->address);

	while (&leases->table[*at] != lease)
		at = &leases->table[*at].next;
	*at = lease->next;
}

/* A place in the table for address, in no set yet. */
static struct lease *make(struct leases *leases, const struct address *address,
			  struct changes *changes)
{
	struct lease *lease;

	if (leases->count < LEASES_MAX) {
		lease = &leases->table[leases->count++];
	} else {
		lease = victim(leases, changes);
		if (!lease || note(changes, &lease->address, false, false, lease->allow) < 0)
			return NULL;
		unlink_lease(leases, lease);
	}
	int *head = bucket(leases, address);
	lease->address = *address;
	lease->allow = lease->deny = 0;
	lease->expires = INT64_MIN;
	lease->next = *head;
	*head = (int)(lease - leases->table);
	return lease;
}

int leases_give(struct leases *leases, const struct address *address, struct name_verdict rules,
		const char *name, int64_t expires, struct changes *changes)
{
	struct lease *lease = find(leases, address);

	if (!lease)
		lease = make(leases, address, changes);
	if (!lease || note(changes, address, true, false, rules.allow & ~lease->allow) < 0 ||
	    note(changes, address, true, true, rules.deny & ~lease->deny) < 0)
		return -1;
	lease->allow |= rules.allow;
	lease->deny |= rules.deny;
	if (expires > lease->expires)
		lease->expires = expires;
	if (lease->allow && lease->expires < leases->next)
		leases->next = lease->expires;
	snprintf(lease->name, sizeof lease->name, "%s", name);
	return 0;
}

int leases_expire(struct leases *leases, int64_t now, struct changes *changes)
{
	leases->next = INT64_MAX;
	for (size_t i = 0; i < leases->count; i++) {
		struct lease *lease = &leases->table[i];

		if (!lease->allow)
			continue;
		if (lease->expires > now) {
			if (lease->expires < leases->next)
				leases->next = lease->expires;
			continue;
		}
		if (note(changes, &lease->address, false, false, lease->allow) < 0) {
			leases->next = now;
			return -1;
		}
		lease->allow = 0;
	}
	return 0;
}

const char *leases_name(const struct leases *leases, const struct address *address)
{
	const struct lease *lease = find(leases, address);

	return lease ? lease->name : NULL;
}
