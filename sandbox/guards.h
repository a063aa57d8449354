/*
 * guards: routes and routing rules on the tap that keep the host's own addresses, the link-local
 * ones and all but port 53 of the built-in name server out of reach, and the payload's wait for
 * what its network is made of. With egress rules the packet filter does most of it (egress.c).
 * Either way the payload has no capability over them (nest.c).
 */
#ifndef GUARDS_H
#define GUARDS_H

#include "step.h"

/* CONFINE: the payload waits until all of its network is ready, where pid 1 has not; GUARD: the
 * guards, and pid 1's wait. Says which (plan->network_late). Comes behind all other rooms. */
int guards_plan(struct plan *plan, struct error *err);

#endif
