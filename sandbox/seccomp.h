/*
 * seccomp: loads the system call filter: one of those compiled at build time from profiles/seccomp
 * (filters.h; which call is in which, and why, is in docs/seccomp.md), or that of a file
 * (filter_file.h).
 */
#ifndef SECCOMP_H
#define SECCOMP_H

#include "config.h"
#include "error.h"
#include "filter_load.h"
#include "step.h"

/* The filter of a mode; NULL for SECCOMP_UNCONFINED. */
const struct filter *seccomp_filter(enum seccomp_mode mode);

/* Adds the last step of CONFINE. */
int seccomp_plan(struct plan *plan, struct error *err);

#endif
