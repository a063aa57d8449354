/*
 * profile: finds a profile, follows `extends`, and hands each line to options.c with its origin.
 *
 * A profile is a file of command-line options without the dashes, one to a line: see PROFILES in
 * sandbox(1).
 */
#ifndef PROFILE_H
#define PROFILE_H

#include <stdio.h>

#include "config.h"

/* Where profiles are looked for, in order; the array is NULL-terminated and lives in the arena. */
const char *const *profile_directories(struct arena *arena);

/*
 * Apply profile NAME (a name, or a path when it has a slash) and all it extends to config, and note
 * NAME there. `default` that is found nowhere is the built-in defaults and no error.
 */
int profile_apply(struct config *config, const char *name, struct error *err);

/* sandbox profile list|show NAME|check FILE...: prints to out, returns the exit status. */
int profile_command(int argc, char **argv, FILE *out);

#endif
