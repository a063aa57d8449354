/*
 * cmd_sh: the program sandbox-sh, for whoever takes a shell to run commands by: make (SHELL=), npm
 * (--script-shell=), GNU parallel (PARALLEL_SHELL=), the first line of a script or a git hook.
 *
 *     sandbox-sh -c COMMAND     /bin/sh -c COMMAND in the profile that SANDBOX_PROFILE names, or
 *                               build
 *     sandbox-sh FILE [ARG...]  and whatever else sh(1) takes, which gets its words as they are
 *
 * Inside a sandbox it is /bin/sh.
 */
#ifndef CMD_SH_H
#define CMD_SH_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "error.h"

/* Is this the name that sandbox-sh is called by? */
bool sh_is_called(const char *name);

bool sh_is_inside(void);

/* Become /bin/sh. Returns only to say why not. */
int sh_exec(char **argv, struct error *err);

/* The words of a command line of `sandbox run`, in the arena. */
struct sh_words {
	struct arena arena;
	char **words;
	size_t count;
};

/* What sandbox-sh with these words is as `sandbox run`. -1 and err. */
int sh_take(struct sh_words *words, int argc, char **argv, struct error *err);

#endif
