/*
 * identity: who the payload is inside (uid, gid, name, home), from --user, --userns and ROOTFS's
 * own passwd and group files. Planning only.
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "step.h"

/* Sets plan->identity. */
int identity_plan(struct plan *plan, struct error *err);

#endif
