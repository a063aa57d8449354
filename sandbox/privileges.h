/*
 * privileges: what the payload may do. The caller's session keyring is left behind (supervisor,
 * PREPARE); rlimits, groups, ids and capabilities are set in the payload, CONFINE; seccomp comes
 * after. See capabilities(7), credentials(7), getrlimit(2), keyrings(7).
 */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include "step.h"

/* Sets plan->capabilities, on which it depends where the payload runs (nest.h); comes behind
 * identity_plan. */
int privileges_plan_capabilities(struct plan *plan, struct error *err);

/* PREPARE: the keyring. CONFINE: rlimits, groups and ids, capabilities. */
int privileges_plan(struct plan *plan, struct error *err);

/* For a command that joins, between ids and filter: it dies when the joiner does. */
int privileges_plan_tie(struct plan *plan, struct error *err);

/* For pid 1, which only passes signals on and reaps: give up every capability but CAP_KILL, which
 * with --confine-only there is not. */
int privileges_drop_for_init(const struct plan *plan, struct error *err);

#endif
