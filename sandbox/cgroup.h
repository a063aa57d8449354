/*
 * cgroup: limits of all processes inside together, by a control group of version 2 (cgroups(7)),
 * with no root. Two managers can give us one: the caller's systemd manager, asked over D-Bus by a
 * helper for a scope with delegation (libexec/sandbox/scope), or a delegated cgroup that the caller
 * is in already. In what they give there are then
 *
 *   supervisor      where we are, with our helpers
 *   box             the limits; it is nobody's root, so that nothing inside can raise them
 *   box/in          the sandbox: the root of its cgroup namespace, shown read-only inside
 *
 * below a cgroup of the caller's without a manager, box is called sandbox-PID.
 *
 * The child enters it before it does anything else, so the payload was never outside. What is
 * written is read back: a limit that the kernel did not take is an error.
 *
 * What a manager has given ends by itself when it is empty (systemd's scope), or is removed by us,
 * or by the watcher when we were killed.
 */
#ifndef CGROUP_H
#define CGROUP_H

#include "step.h"

/* Which manager, or why there is none; the steps before the others of ISOLATE. */
int cgroup_plan(struct plan *plan, struct error *err);

/* After /sys: the cgroup as it is seen inside. */
int cgroup_plan_mount(struct plan *plan, struct error *err);

/*
 * Remove what was made without a manager for this supervisor, when nobody is left in it: waits for
 * the last to go, two seconds at most. Does nothing where there is nothing.
 */
void cgroup_remove(const struct plan *plan, pid_t supervisor);

#endif
