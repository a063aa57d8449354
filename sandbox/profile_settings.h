/*
 * profile_settings: what a profile and all it extends come to, setting by setting, with what was
 * said and taken back left out.
 */
#ifndef PROFILE_SETTINGS_H
#define PROFILE_SETTINGS_H

#include <stdio.h>

#include "options_table.h"

struct profile_setting {
	const struct option *option;
	const char *value;  /* expanded; of a flag "true" or "false" */
	const char *origin; /* "build.conf:7" */
};

struct profile_settings {
	struct arena arena;
	struct profile_setting *list;
	size_t count;
};

/* For profile_loader.seen: data is the struct profile_settings. */
void profile_settings_take(void *data, const struct option *option, const char *value,
			   const char *origin);

/* As a profile has it: its origin as a comment, then the line. */
void profile_settings_print(const struct profile_setting *setting, FILE *out);

#endif
