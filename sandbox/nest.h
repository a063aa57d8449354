/*
 * nest: a user namespace for the payload below the one that owns its network.
 *
 * Whoever has a capability in the user namespace that owns a network namespace can change the
 * latter's routes and filters. So where the payload gets more capabilities than package managers
 * need and has a network behind a tap, it runs in a user namespace of its own, with the same ids:
 * there the capabilities hold for its files and processes, and the network is out of their reach
 * (user_namespaces(7), "Capabilities"). The same is done where one id is mapped and is not 0,
 * since slirp4netns becomes uid 0 in pid 1's.
 *
 * And it is done where an X server of the sandbox's own shares memory with it, whose user namespace
 * is below pid 1's too (helpers/x11_enclosure.c).
 *
 * The map can be written only from the namespace above: by pid 1, while the payload waits.
 */
#ifndef NEST_H
#define NEST_H

#include <sys/types.h>

#include "sandbox.h"

/* Decides on plan->nested and plan->x11_shares; needs plan->capabilities. Adds the CONFINE step
 * that waits for the map, before any other. */
int nest_plan(struct plan *plan, struct error *err);

/*
 * Pid 1: write the maps of the payload, which has just been cloned into a user namespace and shares
 * our memory; sandbox->payload_namespace is set. 0, or -1 with err filled.
 */
int nest_map(struct sandbox *sandbox, pid_t payload, struct error *err);

/* For a command that joins: enter the payload's, before any other CONFINE step. */
int nest_plan_join(struct plan *plan, struct error *err);

#endif
