/*
 * cmd_learn: `sandbox learn`, a run that is watched, and a profile that comes of it:
 * docs/denials.md. The run itself is main's; this is what stands before and behind it.
 */
#ifndef CMD_LEARN_H
#define CMD_LEARN_H

#include <stdbool.h>

#include "config.h"
#include "error.h"

struct learning {
	const char *output; /* absolute path of the profile to write, or NULL */
	bool merge;
	const char *check; /* the profile to try instead, a path with a slash */
	int record;        /* where the run notes what it used, or -1 */
	struct arena arena;
};

/*
 * Take learn's own words off the beginning of argv, and open what the run will write to; with no
 * words that can be used, -1 and err. learn_close in any case.
 */
int learn_take(struct learning *learning, int *argc, char ***argv, struct error *err);

/* Have config note its settings; before it has any. */
void learn_begin(const struct learning *learning, struct config *config);

/* Look at it as a whole, before it is run: what cannot be learnt from is refused. */
int learn_check(const struct learning *learning, const struct config *config, struct error *err);

/* The command has ended with status: write the profile. */
int learn_end(struct learning *learning, const struct config *config, int status,
	      struct error *err);

void learn_close(struct learning *learning);

#endif
