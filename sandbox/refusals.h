/*
 * refusals: system calls that are refused beside the filter that the user has chosen, where another
 * promise would have a gap without it: what Landlock does not see of TCP. A small filter of its
 * own, made from a table, in CONFINE just before the other; both hold. Nothing where no such
 * promise is made.
 */
#ifndef REFUSALS_H
#define REFUSALS_H

#include "step.h"

/* Before seccomp_plan, for the payload and for a command that joins. */
int refusals_plan(struct plan *plan, struct error *err);

#endif
