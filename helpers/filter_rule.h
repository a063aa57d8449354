/*
 * filter_rule: what a filter is to answer, as data, whoever wrote it: the lists of this project
 * (filter_list.h) or a profile of a container engine (oci_profile.h). filter_code.h makes a program
 * of it, filter_check.h asks the program whether it answers so.
 */
#ifndef FILTER_RULE_H
#define FILTER_RULE_H

#include <stddef.h>
#include <stdint.h>

enum {
	FILTER_CONDITIONS_MAX = 6,
	FILTER_VALUES_MAX = 16,
};

/* Comparisons are of unsigned numbers of 64 bits. */
enum filter_operator {
	FILTER_IN, /* the argument, masked, is one of the values */
	FILTER_NOT_EQUAL,
	FILTER_LESS,
	FILTER_LESS_EQUAL,
	FILTER_GREATER_EQUAL,
	FILTER_GREATER,
};

struct filter_condition {
	unsigned argument; /* 0 to 5 */
	enum filter_operator operator;
	uint64_t mask; /* of the argument, before it is compared; FILTER_IN: any; else the low half,
			  where the kernel takes no more of it, or all ones */
	uint64_t values[FILTER_VALUES_MAX]; /* of which only FILTER_IN has more than one */
	size_t values_count;
};

/* What a call answers when all conditions hold. */
struct filter_rule {
	const char *name;
	int64_t number;  /* negative: this architecture has no such call */
	uint32_t action; /* SECCOMP_RET_... */
	struct filter_condition conditions[FILTER_CONDITIONS_MAX];
	size_t conditions_count;
	int depth, line; /* for who reads a file: which one of a chain said so, and where */
};

/* Numbers that no rule is about answer this, from first on, up to the next range. */
struct filter_range {
	uint32_t first, answer;
};

/*
 * The calls of one architecture. The rules are sorted by number, those of one call together in the
 * order in which they are tried, the last of each without a condition. The ranges are sorted, and
 * begin with 0.
 */
struct filter_section {
	uint32_t architecture; /* AUDIT_ARCH_... */
	const struct filter_rule *rules;
	size_t rules_count;
	const struct filter_range *ranges;
	size_t ranges_count;
	const uint32_t *hot; /* numbers that programs call all the time */
	size_t hot_count;
};

/* What the rules say: the reference for everything that is made of them. */
struct seccomp_data;
uint32_t filter_rule_answer(const struct filter_section *section, const struct seccomp_data *data);

#endif
