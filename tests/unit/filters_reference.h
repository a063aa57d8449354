/* filters_reference: the lists as libseccomp compiles them (helpers/mkfilter.c says how); for
 * tests. */
#ifndef FILTERS_REFERENCE_H
#define FILTERS_REFERENCE_H

#include <linux/filter.h>

#include "config.h"

/* A call is allowed when both filters allow it. */
struct filter_reference {
	const struct sock_filter *allowing, *refusing;
	unsigned short allowing_length, refusing_length;
};

extern const struct filter_reference filter_references[SECCOMP_UNCONFINED];

#endif
