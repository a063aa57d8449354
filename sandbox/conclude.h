/*
 * conclude: the supervisor has seen the end of a run: why it was, in sandbox->outcome, and in a
 * line for the user where the command has not simply ended.
 */
#ifndef CONCLUDE_H
#define CONCLUDE_H

#include "sandbox.h"

/*
 * status is the exit status so far, or -1 with err filled. Returns the one to end with; -1 when
 * nothing has run (or nobody knows how it ended), with err as it was.
 */
int conclude(struct sandbox *sandbox, int status, const struct error *err);

/* Nanoseconds of the monotonic clock. */
int64_t monotonic_now(void);

#endif
