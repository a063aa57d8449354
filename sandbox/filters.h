/*
 * filters: the compiled system call filters, made at build time by helpers/mkfilter from
 * profiles/seccomp/NAME.list.
 */
#ifndef FILTERS_H
#define FILTERS_H

#include <linux/filter.h>

#include "config.h"

struct filter {
	const char *description; /* "default, 295 calls, 140 instructions, fnv1a:..." */
	const struct sock_filter *instructions;
	unsigned short length;
};

/* Indexed by enum seccomp_mode; SECCOMP_UNCONFINED has none. */
extern const struct filter filters[SECCOMP_UNCONFINED];

#endif
