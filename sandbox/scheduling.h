/*
 * scheduling: what each process carries with it and hands down to its children: niceness, the CPUs
 * to run on, how soon it goes when the machine is out of memory. The limits of all processes
 * together are the cgroup's (cgroup.h), and --timeout is the supervisor's (deadline.h).
 */
#ifndef SCHEDULING_H
#define SCHEDULING_H

#include "step.h"

int scheduling_plan(struct plan *plan, struct error *err);

#endif
