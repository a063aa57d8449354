/*
 * confine: --confine-only, where there is no namespace and no mount: what of the host can be used
 * (plan->places), which Landlock then holds to (landlock.h); the command's private directory, for
 * want of a /tmp and a home; and the directory that it starts in. What the filters add is in
 * refusals.h, chmod(2) and its kind in metadata.h, and how all that it started is ended in
 * descent.h. What this mode promises and does not is in docs/security.md.
 */
#ifndef CONFINE_H
#define CONFINE_H

#include "step.h"

/* PREPARE: the private directory's parts. SETUP: the places are opened, and the working directory
 * entered. Behind overlay_plan_private and identity_plan, and before pty_plan. Changes
 * plan->identity's home, and sets what other rooms would: who owns what is made, and that nothing
 * waits for ids. */
int confine_plan(struct plan *plan, struct error *err);

#endif
