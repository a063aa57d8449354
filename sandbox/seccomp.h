/*
 * seccomp: loads the system call filter of a mode. The filters are compiled at build time from
 * profiles/seccomp (see filters.h); which call is in which, and why, is in docs/seccomp.md.
 */
#ifndef SECCOMP_H
#define SECCOMP_H

#include "config.h"
#include "error.h"
#include "step.h"

/*
 * Put the calling thread, and all it starts, under the filter of mode, and make sure that it holds.
 * The last step before exec: afterwards setns, mount and the like are refused. Needs
 * no_new_privs. Neither allocates nor prints, so it may run in a child that shares our memory.
 * SECCOMP_UNCONFINED does nothing. 0, or -1 and err.
 */
int seccomp_install(enum seccomp_mode mode, struct error *err);

/* Adds the last step of CONFINE. */
int seccomp_plan(struct plan *plan, struct error *err);

/* For the plan: "default, 295 calls, ..."; a string that stays. */
const char *seccomp_describe(enum seccomp_mode mode);

#endif
