/*
 * passed: descriptors of the caller's that the command keeps (--pass-fd). All others are closed in
 * the child, and what is open then at the command's exec.
 */
#ifndef PASSED_H
#define PASSED_H

#include "step.h"

/* Adds to plan->files, and a step of CONFINE. */
int passed_plan(struct plan *plan, struct error *err);

#endif
