/*
 * denial_watch: one held call after the other: what the filter as it was says of it, who makes it,
 * what it is about, and the answer.
 */
#ifndef DENIAL_WATCH_H
#define DENIAL_WATCH_H

#include <linux/seccomp.h>

#include "denial_advice.h"
#include "denial_filter.h"
#include "denial_record.h"
#include "denial_table.h"

struct watch {
	unsigned mode;                /* DENIAL_* */
	struct filter_program filter; /* as it was */
	struct facts facts;
	struct denials denials;
	struct record record; /* with DENIAL_LEARN */
};

/* Make the program that asks, for this watch. NULL, or a reason. */
const char *watch_program(const struct watch *watch, struct filter_program *out);

/*
 * Note a call and fill in the answer: what the filter says, or with DENIAL_LOG that it is made. A
 * call that the filter lets pass is made: it was only looked at.
 */
void watch_call(struct watch *watch, int listener, const struct seccomp_notif *notif,
		struct seccomp_notif_resp *answer);

/* With DENIAL_LEARN, at the end: what was used (denial_record.h), what no run does without, and the
 * calls that the filter answers with ENOSYS, "absent NAME". */
void watch_record(const struct watch *watch, FILE *out);

#endif
