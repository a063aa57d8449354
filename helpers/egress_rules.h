/*
 * egress_rules: the policy as packet rules, the table `inet sandbox` of nftables.
 *
 * The text of the rules is made by pure functions; libnftables hands it to the kernel. The context
 * and its netlink socket belong to the network namespace in which rules_open was called.
 */
#ifndef EGRESS_RULES_H
#define EGRESS_RULES_H

#include <nftables/libnftables.h>
#include <stdio.h>

#include "egress_leases.h"
#include "egress_policy.h"

enum { REFUSED_MAX = 1024 /* different destinations that each of the four sets counts */ };

struct rules {
	struct nft_ctx *nft;
	bool conntrack; /* this kernel knows connections; without, packets are judged one by one */
};

/* Write the whole table, as nft(8) reads it, to out. */
void rules_write(FILE *out, const struct policy *policy, bool conntrack);

/* Write changes of its sets to out. */
void changes_write(FILE *out, const struct changes *changes);

/*
 * Load the table, in place of one that may be there, in one transaction. Where the kernel has no
 * connection tracking, rules->conntrack says so.
 */
int rules_open(struct rules *rules, const struct policy *policy, struct error *err);
void rules_close(struct rules *rules);

/* Apply changes in one transaction: all or none. */
int rules_apply(struct rules *rules, const struct changes *changes, struct error *err);

/* What was refused, one destination a call. port is 0 where the protocol has none. */
struct refused {
	struct address address;
	int protocol;
	unsigned port;
	unsigned long long packets;
};
typedef void refused_seen(void *context, const struct refused *refused);

/* Read from the kernel what was refused; *all is the number of packets, counted or not. */
int rules_refused(struct rules *rules, refused_seen *seen, void *context, unsigned long long *all,
		  struct error *err);

/* One element of nft's listing, "192.0.2.1 . 6 . 443 counter packets 3 bytes 180". Pure. */
bool refused_parse(const char *text, struct refused *refused);

#endif
