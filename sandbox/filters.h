/*
 * filters: the compiled system call filters, made at build time by helpers/mkfilter from
 * profiles/seccomp/NAME.list.
 */
#ifndef FILTERS_H
#define FILTERS_H

#include <linux/filter.h>

#include "config.h"

/*
 * A call that shows that a filter refuses: without one it answers something else, and it does
 * nothing either way. refusal: the errno; 0: the filter refuses nothing that could be tried.
 */
struct filter_try {
	int number, refusal;
	uint64_t arguments[3];
};

struct filter {
	const char *description; /* "default, 295 calls, 140 instructions, fnv1a:..." */
	const struct sock_filter *instructions;
	unsigned short length;
	unsigned flags; /* SECCOMP_FILTER_FLAG_... */
	struct filter_try attempt;
};

/* Indexed by enum seccomp_mode; SECCOMP_UNCONFINED has none. */
extern const struct filter filters[SECCOMP_UNCONFINED];

/* What compiles profiles: "libseccomp 2.5.4, 1234567", the number being that of its sources. */
extern const char filters_compiler[];

#endif
