/*
 * errno_names: the numbers of errors by their names, as the C library's header has them: the call
 * for it (strerrorname_np) is glibc's alone. Made at build time (sandbox/seccomp.mk).
 */
#ifndef ERRNO_NAMES_H
#define ERRNO_NAMES_H

#include <stddef.h>

struct errno_name {
	const char *name;
	int number;
};

extern const struct errno_name errno_names[];
extern const size_t errno_names_count;

#endif
