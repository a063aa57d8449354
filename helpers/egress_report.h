/*
 * egress_report: what was refused, counted, and told in two forms: a file with a line for each, and
 * a few words for whoever ran the command.
 *
 * Pure but for the streams that it writes to. A resolver asks for A and AAAA and again with each
 * domain of its search list: for a person that is one refusal.
 */
#ifndef EGRESS_REPORT_H
#define EGRESS_REPORT_H

#include <stdio.h>

#include "egress_policy.h"

enum { REPORT_MAX = 1024, REPORT_MESSAGE_MAX = 4096, REPORT_HINTS = 3 };

enum refusal_kind {
	REFUSAL_NAME,    /* what: a name that is not allowed */
	REFUSAL_ADDRESS, /* what: an address, with port and protocol; name: it was given out for */
	REFUSAL_ALIAS,   /* what: the name that the allowed `name` is an alias of */
	REFUSAL_REBINDING, /* what: a special address that `name` pointed at */
	REFUSAL_TYPE,      /* what: a record type other than A and AAAA that `name` was asked for */
	REFUSAL_CUT,       /* what: "addresses" beyond those that one reply may have, of `name` */
};

struct refusal {
	enum refusal_kind kind;
	char what[NAME_SIZE], name[NAME_SIZE];
	unsigned port;
	int protocol;
	/* By way of asking: A, AAAA, and each with a domain of the search list. */
	unsigned long long counts[4];
};

struct report {
	struct refusal *table; /* owned; grows as needed */
	size_t count,
		of[2]; /* in all; and of which: names and the like, addresses: REPORT_MAX each */
	unsigned long long more; /* that found no room */
};

void report_free(struct report *report);

/* A name was refused that was asked for as AAAA or else as A. */
void report_name(struct report *report, const struct policy *policy, const char *name, bool aaaa);

/* Anything else; count times. name may be NULL. */
void report_add(struct report *report, enum refusal_kind kind, const char *what, const char *name,
		int protocol, unsigned port, unsigned long long count);

/*
 * Sort the table: what a person should see first stands first. Then the two forms: report_write
 * prints a header and a line for each entry, its fields divided by tabs; report_message writes
 * "refused N\n" and up to three lines "FLAG\tTEXT\n", N being the number of different names and
 * addresses, FLAG what would allow it. Bytes that could steer a terminal are escaped.
 */
void report_sort(struct report *report);
void report_write(FILE *out, const struct report *report);
size_t report_message(char out[REPORT_MESSAGE_MAX], const struct report *report,
		      const struct policy *policy);

#endif
