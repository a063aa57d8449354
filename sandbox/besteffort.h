/*
 * besteffort: --limits=best-effort where there is no cgroup to be had: what setrlimit(2) can do in
 * place of limits for all processes together, and the words for what it cannot.
 */
#ifndef BESTEFFORT_H
#define BESTEFFORT_H

#include "step.h"

/* After cgroup_plan. */
int besteffort_plan(struct plan *plan, struct error *err);

#endif
