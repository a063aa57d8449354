/*
 * watcher: a process that outlives a killed supervisor, for what the death of pid 1 alone does not
 * clean up.
 */
#ifndef WATCHER_H
#define WATCHER_H

#include "sandbox.h"

/* Start it, if the plan needs one, before anything is there to be cleaned up. */
int watcher_start(struct sandbox *sandbox, struct error *err);

/* Tell it of pid 1, which exists now and waits. */
int watcher_tell(const struct sandbox *sandbox, struct error *err);

/* Let it do its work and wait for it. Pid 1 is dead or about to die. */
void watcher_finish(struct sandbox *sandbox);

#endif
