/*
 * detach: a sandbox in the background (--detach): a supervisor in a session of its own, without
 * the caller's terminal, input or descriptors, whose output is kept in the record.
 */
#ifndef DETACH_H
#define DETACH_H

#include "supervisor.h"

/* Start it, print its name when the command runs, and return 0; or -1 with err filled. */
int detach_run(const struct plan *plan, const struct launch_place *place, struct error *err);

#endif
