/*
 * supervisor: the process outside. Makes the sandbox, passes signals on, waits, and leaves nothing
 * behind.
 */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include "step.h"

/* Where the supervisor finds itself. */
struct launch_place {
	char *arguments; /* where the kernel shows this process's command line and environment */
	size_t size;
	int output; /* detached: the read end of the command's output; -1: it has the caller's */
	int ready;  /* detached: gets MESSAGE_STARTED once the command runs; -1: nobody waits */
};

/*
 * Carry the plan out. Returns the exit status to end with, the command's own or 128 + its signal,
 * or -1 with err filled when the command was not run.
 */
int supervisor_run(const struct plan *plan, const struct launch_place *place, struct error *err);

/*
 * For a command that somebody else started and whose messages come over channel (join.h): pass
 * signals on, carry the terminal, and return its exit status, or -1 with err filled.
 */
int supervisor_attend(int channel, unsigned terminals, bool terminal_lazy, struct error *err);

#endif
