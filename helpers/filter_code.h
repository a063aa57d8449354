/*
 * filter_code: rules about system calls as a program for the kernel (classic BPF, seccomp(2)).
 */
#ifndef FILTER_CODE_H
#define FILTER_CODE_H

#include <linux/filter.h>
#include <stddef.h>

#include "filter_rule.h"

enum { FILTER_LENGTH_MAX = BPF_MAXINSNS };

struct filter_code {
	struct sock_filter instructions[FILTER_LENGTH_MAX];
	size_t length;
};

/*
 * Compile: calls answer what the section of their architecture says, those of any other
 * architecture `foreign`. The first section should be the one that is used most. -1 when the result
 * is longer than what the kernel takes; without memory the program ends.
 */
int filter_code_compile(struct filter_code *code, const struct filter_section *sections,
			size_t count, uint32_t foreign);

#endif
