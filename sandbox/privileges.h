/*
 * privileges: what the payload may do. The caller's session keyring is left behind (supervisor,
 * PREPARE); rlimits, groups, ids and capabilities are set in the payload, CONFINE; seccomp comes
 * after. See capabilities(7), credentials(7), getrlimit(2), keyrings(7).
 */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include "step.h"

/* PREPARE: the keyring. CONFINE: rlimits, groups and ids, capabilities. Sets plan->capabilities. */
int privileges_plan(struct plan *plan, struct error *err);

/* For pid 1, which only passes signals on and reaps: give up every capability but CAP_KILL. */
int privileges_drop_for_init(struct error *err);

#endif
