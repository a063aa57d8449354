/*
 * announce: the supervisor's own record (state.h), by which others hear of the sandbox.
 */
#ifndef ANNOUNCE_H
#define ANNOUNCE_H

#include "error.h"
#include "sandbox.h"

/* Take the name that was asked for, or one for a sandbox in the background, and write a record of
 * what is about to start. Nothing when neither was asked for. -1 with err filled. */
int announce_take(struct sandbox *sandbox, struct error *err);

/* Write the record anew; once the command runs it has the child's pid. -1 with err filled. */
int announce_write(struct sandbox *sandbox, struct error *err);

#endif
