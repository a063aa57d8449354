/*
 * denial_filter: what a system call filter answers, and the filter that asks us in its place.
 *
 * A filter that is loaded with SECCOMP_FILTER_FLAG_NEW_LISTENER (seccomp(2), Linux 5.0) hands the
 * calls for which it says SECCOMP_RET_USER_NOTIF to whoever holds the listener. So the filter that
 * a run would have is rewritten: what it refuses is asked about, and the answer is found by
 * running the filter as it was over the same registers. Works for any classic BPF program that the
 * kernel takes. Pure.
 */
#ifndef DENIAL_FILTER_H
#define DENIAL_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter_run.h"

struct filter_program {
	struct sock_filter code[BPF_MAXINSNS];
	size_t length;
};

/* What is asked about. */
enum denial_mode {
	DENIAL_EXPLAIN = 1, /* what is refused, and paths and addresses of some that are not */
	DENIAL_LOG = 2,     /* what is refused, fatally too; and it passes */
	DENIAL_LEARN = 4,   /* everything but what every program does all the time */
};

/* Is this call, of the native architecture, allowed with any arguments? */
bool filter_always_allows(const struct sock_filter *code, size_t length, int number);

/* Would the answer let the call be made? */
static inline bool filter_passes(uint32_t action)
{
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	return kind == SECCOMP_RET_ALLOW || kind == SECCOMP_RET_LOG;
}

/*
 * Make the asking filter of code. Calls of watched[] that code lets pass are asked about as well,
 * and with DENIAL_LEARN all but those of silent[]. NULL, or a reason why it cannot be made.
 */
const char *filter_rewrite(struct filter_program *out, const struct sock_filter *code,
			   size_t length, unsigned mode, const int *watched, size_t watched_count,
			   const int *silent, size_t silent_count);

#endif
