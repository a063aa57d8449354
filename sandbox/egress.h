/*
 * egress: rules for what may be reached (--allow-net, --deny-net), carried out by a helper of our
 * own (helpers/egress.c) that enters the sandbox's network namespace: an nftables table, and a name
 * server that answers for allowed names only and opens the addresses that it gives out.
 */
#ifndef EGRESS_H
#define EGRESS_H

#include "step.h"

/* CONNECT: the helper, its rules loaded before the payload starts. FINISH: what was refused. */
int egress_plan(struct plan *plan, struct error *err);

#endif
