/*
 * filter_load: hands a filter that was compiled before to the kernel.
 */
#ifndef FILTER_LOAD_H
#define FILTER_LOAD_H

#include "error.h"
#include "filters.h"

/*
 * Put the calling thread, and all it starts, under the filter, and make sure that it holds. The
 * last step before exec: afterwards setns, mount and the like are refused. Needs no_new_privs.
 * Neither allocates nor prints, so it may run in a child that shares our memory. NULL, for no
 * filter, does nothing. 0, or -1 and err.
 */
int seccomp_install(const struct filter *filter, struct error *err);

/* The call alone, with these flags beside the filter's own: what seccomp(2) answers. */
long seccomp_put(const struct filter *filter, unsigned flags);

/* Does the filter that was loaded hold? 0, or -1 and err. */
int seccomp_check(const struct filter *filter, struct error *err);

#endif
