/*
 * denial_table: what was refused, counted by (program, call, reason). Its size is fixed: what finds
 * no room is counted together. Pure.
 */
#ifndef DENIAL_TABLE_H
#define DENIAL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { DENIALS_MAX = 512, DENIALS_SHOWN = 20, DENIAL_WHAT = 224, DENIAL_ADVICE = 320 };

/* In the order in which they are told. */
enum denial_reason {
	DENIAL_CALL,    /* the filter refuses it, with EPERM and the like */
	DENIAL_FILE,    /* it is not there inside, is masked or cannot be written */
	DENIAL_NETWORK, /* there is no way to that address */
	DENIAL_ABSENT,  /* the filter answers ENOSYS, after which programs do something else */
	DENIAL_REASONS
};

struct denial {
	enum denial_reason reason;
	int number;             /* errno */
	char program[16];       /* comm, as it is: any bytes */
	char call[32];          /* "mount" */
	char what[DENIAL_WHAT]; /* a path or an address; of calls, the first of its kind in words */
	char advice[DENIAL_ADVICE]; /* "add --ro-bind /x" */
	unsigned long long count;
};

struct denials {
	struct denial table[DENIALS_MAX];
	size_t count;
	unsigned buckets[DENIALS_MAX * 2]; /* hash -> index + 1, open addressing */
	unsigned long long more;           /* that found no room */
};

/*
 * Count one. Of like, what is part of the key but for DENIAL_CALL and DENIAL_ABSENT. The entry when
 * it is new, for its advice to be filled in; else NULL.
 */
struct denial *denials_add(struct denials *denials, const struct denial *like);

/* Lines for the user, the first of each reason first; what could steer a terminal is escaped.
 * `passed`: they were not refused but would have been. */
void denials_print(FILE *out, struct denials *denials, bool passed);

#endif
