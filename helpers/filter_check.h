/*
 * filter_check: asks a compiled filter, in an interpreter, what it answers. So what the kernel is
 * given has been seen to refuse what it was to refuse, on every architecture and with arguments at
 * the edges of every condition, before anything runs below it.
 */
#ifndef FILTER_CHECK_H
#define FILTER_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter_code.h"
#include "filter_rule.h"

struct seccomp_data;

/*
 * Does the program answer what the rules say? -1, and *wrong is the first call that it does not do
 * so for.
 */
int filter_check(const struct filter_code *code, const struct filter_section *sections,
		 size_t count, uint32_t foreign, struct seccomp_data *wrong);

/* A call that shows, once a filter is loaded, that it refuses: without one it has another answer,
 * and it does nothing either way. */
struct filter_probe {
	int number;
	int refusal; /* the errno; 0: the filter refuses nothing that could be tried */
	uint64_t arguments[3];
};

/* native: the AUDIT_ARCH of the machine. */
void filter_check_probe(const struct filter_code *code, uint32_t native,
			struct filter_probe *probe);

#endif
