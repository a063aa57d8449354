/*
 * filter_list: the lists of system calls (profiles/seccomp/NAME.list) as data.
 *
 * For mkfilter, at build time: a mistake in a list ends the program with its file and line. The
 * syntax is described at the head of strict.list.
 */
#ifndef FILTER_LIST_H
#define FILTER_LIST_H

#include <stddef.h>
#include <stdint.h>

enum {
	FILTER_CONDITIONS_MAX = 3,
	FILTER_VALUES_MAX = 16,
	FILTER_RULES_MAX = 1024,
};

/* The low 32 bits of an argument, masked, are one of the values. */
struct filter_condition {
	unsigned argument; /* 0 to 5 */
	uint32_t mask;
	uint32_t values[FILTER_VALUES_MAX];
	size_t values_count;
};

/* One line: what a call answers when all conditions hold. */
struct filter_rule {
	char name[40];
	int number;      /* of the native architecture; negative: it has no such call */
	uint32_t action; /* SECCOMP_RET_ALLOW or SECCOMP_RET_ERRNO | errno */
	struct filter_condition conditions[FILTER_CONDITIONS_MAX];
	size_t conditions_count;
	int depth,
		line; /* which file of the chain of includes said so, and where; 0: the outermost */
};

struct filter_list {
	struct filter_rule rules[FILTER_RULES_MAX];
	size_t count;
};

/*
 * Read a list and what it includes. Afterwards the rules are sorted by number, those of one call
 * together in their order, the last without a condition; calls this architecture lacks are gone.
 */
void filter_list_read(struct filter_list *list, const char *path);

#endif
