/*
 * filter_code: a list of system calls as a program for the kernel (classic BPF, seccomp(2)).
 */
#ifndef FILTER_CODE_H
#define FILTER_CODE_H

#include <linux/filter.h>
#include <stddef.h>

#include "filter_list.h"

enum { FILTER_LENGTH_MAX = 512 };

struct filter_code {
	struct sock_filter instructions[FILTER_LENGTH_MAX];
	size_t length;
};

/*
 * Compile: calls of AUDIT_ARCH `architecture` answer what the list says, all else ENOSYS. Ends the
 * program when the result does not fit.
 */
void filter_code_compile(struct filter_code *code, const struct filter_list *list,
			 uint32_t architecture);

#endif
