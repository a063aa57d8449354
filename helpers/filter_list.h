/*
 * filter_list: the lists of system calls (profiles/seccomp/NAME.list) as data.
 *
 * For mkfilter, at build time: a mistake in a list ends the program with its file and line. The
 * syntax is described at the head of strict.list.
 */
#ifndef FILTER_LIST_H
#define FILTER_LIST_H

#include "filter_rule.h"

enum { FILTER_RULES_MAX = 1024 };

struct filter_list {
	struct filter_rule rules[FILTER_RULES_MAX];
	size_t count;
};

/*
 * Read a list and what it includes. Afterwards the rules are sorted by number, those of one call
 * together in their order, the last without a condition; calls this architecture lacks are gone.
 * Conditions look at the low half of an argument. Names are never freed.
 */
void filter_list_read(struct filter_list *list, const char *path);

#endif
