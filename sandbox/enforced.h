/*
 * enforced: --print-enforced: what is really in force for this run, read back from the kernel by
 * the command's own process, behind every rule, just before its exec; as JSON for another program,
 * which can refuse to go on. The command does not run before it is written. docs/enforced.md has
 * the fields.
 */
#ifndef ENFORCED_H
#define ENFORCED_H

#include "step.h"

/* SETUP, before Landlock: something outside of its rules, to be tried on them. */
int enforced_plan_witness(struct plan *plan, struct error *err);

/* The last step of CONFINE, and ATTEST. */
int enforced_plan(struct plan *plan, struct error *err);

#endif
