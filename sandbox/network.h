/*
 * network: what of a network the sandbox has.
 *
 *   none         a network namespace of its own with lo up and nothing else
 *   slirp4netns  the same with a tap in it, behind which slirp4netns speaks for the sandbox as an
 *   pasta        ordinary program of the caller's; pasta likewise
 *   host         the host's namespace
 *
 * What of it is out of the payload's reach: guards.c, and with rules egress.c.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include "step.h"

/*
 * Says whether there is a network namespace (plan->namespaces), and what its helper needs. Comes
 * before idmap_plan and namespaces_plan.
 */
int network_plan(struct plan *plan, struct error *err);

/* ATTACH: starts slirp4netns, beside the helpers that map ids; CONNECT: starts pasta. ISOLATE,
 * SETUP: lo, what lets ping(8) work. Comes behind idmap_plan and namespaces_plan. */
int network_plan_up(struct plan *plan, struct error *err);

/* CONNECT: waits until every helper that has been started is ready. FINISH: says which have not
 * lived. Comes behind all rooms that start some. */
int network_plan_ready(struct plan *plan, struct error *err);

#endif
