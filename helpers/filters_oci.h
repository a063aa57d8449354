/*
 * filters_oci: the shipped system call filters as an OCI runtime takes them, made at build time by
 * helpers/mkfilter (filter_oci.h).
 */
#ifndef FILTERS_OCI_H
#define FILTERS_OCI_H

#include "config.h"

struct filter_oci {
	const char *syscalls; /* members of the array, each followed by a comma */
	const char *untold;   /* calls whose refusal has another errno there */
};

extern const struct filter_oci filters_oci[SECCOMP_UNCONFINED];

#endif
