/*
 * plan: asks each room for its steps, in order; prints them; runs the steps of one phase.
 */
#ifndef PLAN_H
#define PLAN_H

#include <stdio.h>

#include "step.h"

/* Everything that config asks for on this host, as steps. Changes nothing. caller: the environment.
 */
int plan_make(struct plan *plan, const struct config *config, const struct host *host,
	      char *const caller[], struct error *err);

/* One line a step: who, what, on what, and because of what; then the command. */
void plan_print(const struct plan *plan, FILE *out);

/* Run the steps of one phase, in order, up to the first that fails. */
int plan_run(const struct plan *plan, enum phase phase, struct sandbox *sandbox, struct error *err);

void plan_free(struct plan *plan);

#endif
