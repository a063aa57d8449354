/*
 * landlock: what the mounts and namespaces say, said once more by another part of the kernel
 * (landlock(7)): what the plan lets be written is all that can be written, whatever descriptor or
 * mount somebody has come by; no signal and no abstract socket leads outside; and with the host's
 * network, to which TCP ports one may connect and bind. docs/landlock.md has what it does not do.
 *
 * Pid 1 goes behind the rules at the end of SETUP, and all that it starts is behind them with it:
 * the payload may signal whatever is in the sandbox, pid 1 too. A command that joins (join.c)
 * comes from elsewhere and has the same rules once more, as CONFINE begins.
 */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include "step.h"

/* SETUP, behind all mounts; after seccomp_plan, whose filter it asks. Fails where Landlock was
 * required and cannot be had. */
int landlock_plan(struct plan *plan, struct error *err);

/* With --confine-only: CONFINE, in the payload alone, for pid 1 has to stay outside. Fails where
 * the kernel cannot hold all that is promised. */
int landlock_plan_confine(struct plan *plan, struct error *err);

/* For a command that joins: CONFINE, before its capabilities go. */
int landlock_plan_join(struct plan *plan, struct error *err);

#endif
