/*
 * environment: what environment the payload starts with. It is made when the plan is and used at
 * the payload's exec and nowhere before: nothing of ours or of a helper ever runs with it.
 */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include "step.h"

/* Sets plan->envp; identity must be known. caller is the environment to pass values on from. */
int environment_plan(struct plan *plan, char *const caller[], struct error *err);

/* For a command that joins: that of the sandbox's command, with the variables that config has more.
 */
int environment_plan_join(struct plan *plan, const struct plan *of, struct error *err);

#endif
