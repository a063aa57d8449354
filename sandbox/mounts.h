/*
 * mounts: what the user asked to be bound, mounted, masked and made, in the order given. Child,
 * SETUP.
 */
#ifndef MOUNTS_H
#define MOUNTS_H

#include "step.h"

/* What is hidden of the host's /etc comes first, then the user's own list. */
int mounts_plan(struct plan *plan, struct error *err);

#endif
