/*
 * plan: asks each room for its steps, in order, and prints them.
 */
#ifndef PLAN_H
#define PLAN_H

#include <stdio.h>

#include "step.h"

/* Everything that config asks for on this host, as steps. Changes nothing. caller: the environment.
 */
int plan_make(struct plan *plan, const struct config *config, const struct host *host,
	      char *const caller[], struct error *err);

/* The plan of a command that joins the sandbox of another plan, confined as that sandbox's command
 * is; config is that plan's with another command, user or variables. The arena is kept. */
int plan_make_join(struct plan *plan, const struct plan *of, const struct config *config,
		   struct error *err);

/* One line a step: who, what, on what, and because of what; then the command. */
void plan_print(const struct plan *plan, FILE *out);

/* "note: " and its lines, with what could steer a terminal escaped. */
void plan_print_note(const char *note, FILE *out);

/* "confine" */
const char *plan_phase_name(enum phase phase);

void plan_free(struct plan *plan);

#endif
