/*
 * supervisor: the process outside. Makes the sandbox, passes signals on, waits, and leaves nothing
 * behind.
 */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include "step.h"

/*
 * Carry the plan out. Returns the exit status to end with, the command's own or 128 + its signal,
 * or -1 with err filled when the command was not run. arguments and size: where the kernel shows
 * this process's command line and environment.
 */
int supervisor_run(const struct plan *plan, char *arguments, size_t size, struct error *err);

#endif
