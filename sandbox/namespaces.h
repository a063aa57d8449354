/*
 * namespaces: the namespaces beside the user and pid ones (which exist from the child's first
 * instruction on, see supervisor.c): mount, uts, ipc, cgroup, and, when asked for, net and time.
 * Child, ISOLATE.
 */
#ifndef NAMESPACES_H
#define NAMESPACES_H

#include "step.h"

int namespaces_plan(struct plan *plan, struct error *err);

#endif
