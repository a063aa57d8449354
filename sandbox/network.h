/*
 * network: what of a network the sandbox has. none: a network namespace of its own with lo up and
 * nothing else. host: the host's. Child, ISOLATE.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include "step.h"

/* Says whether there is a network namespace (plan->namespaces); comes before namespaces_plan. */
int network_plan(struct plan *plan, struct error *err);

/* Adds the step that brings lo up; comes behind namespaces_plan. */
int network_plan_up(struct plan *plan, struct error *err);

#endif
