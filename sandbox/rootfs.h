/*
 * rootfs: the root of the sandbox. ROOTFS itself (--rw, --read-only), an overlay over it (overlay.c
 * mounts that), or, for "/", an empty root in which an allow-list of the host is shown read-only.
 * Child, SETUP.
 */
#ifndef ROOTFS_H
#define ROOTFS_H

#include "step.h"

/* Steps that make the new root and put it on top of the host's. */
int rootfs_plan(struct plan *plan, struct error *err);

/* The last of SETUP: make the root read-only where asked, let go of the host's root, chdir. */
int rootfs_plan_finish(struct plan *plan, struct error *err);

#endif
