/*
 * fuse: layers by fuse-overlayfs, where the kernel's own overlay file system is not to be had in a
 * user namespace. Supervisor, PREPARE (a socket) and CONNECT (the helper that runs it, outside);
 * child, SETUP (the mounts).
 *
 * What the payload says to its files is read by a program, so that program is confined as well:
 * helpers/fuse.c. The payload does not see it: it is in no namespace of the payload's but the user
 * namespace, nor the sandbox's child.
 */
#ifndef FUSE_H
#define FUSE_H

#include "sandbox.h"

/* Before anything else has a step for a layer: decides plan->fuse. */
int fuse_plan(struct plan *plan, struct error *err);

/* As layering_mount; part is its directory, in which upper and work are made. */
int fuse_mount(struct sandbox *sandbox, const struct layer_part *what, int part, const int lowers[],
	       size_t count, struct error *err);

#endif
