/*
 * denials: refused calls that are told of (--explain, --seccomp=log) or learnt from. Instead of the
 * filter a run would have, one that asks is loaded, and a helper, libexec/sandbox/denials, answers:
 * docs/denials.md. Without these options there is no step, and nothing of it.
 */
#ifndef DENIALS_H
#define DENIALS_H

#include "error.h"
#include "step.h"

/* Has to be called when the filter's step is in the plan: that one is taken over. */
int denials_plan(struct plan *plan, struct error *err);

/* The same for a command that joins: its calls are told of with the others. */
int denials_plan_join(struct plan *plan, struct error *err);

#endif
