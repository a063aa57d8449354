/*
 * options: the one table of options, and the walks over it.
 *
 * A row drives the command line, the profile key of the same name, --help, the manual page and
 * the bash, zsh and fish completions. Text about an option stands nowhere else.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdio.h>

#include "config.h"

/*
 * Set option NAME (without dashes) to VALUE, which came from ORIGIN ("profile build.conf:7").
 * VALUE is NULL for a flag given without one. Lists append; an empty value clears a list; a
 * scalar's last value wins. The strings are copied. For profile.c.
 */
int options_set(struct config *config, const char *name, const char *value, const char *origin,
		struct error *err);

/* What `sandbox run` found on its command line beyond options. */
struct command_line {
	const char *profile; /* --profile, or NULL */
	char **rest;         /* ROOTFS COMMAND [ARG...]: what follows the options */
	int rest_count;
	bool help, version;
};

/*
 * Two passes over argv[0..argc): options_scan finds what must be known before the profile is read
 * (--profile, --help, --version, and where the options end), options_apply then sets the
 * rest over what the profile has set. Both refuse what they do not know, with the nearest name.
 * Options end at the first word that is not one, or at "--". `--name=value`, `--name value`,
 * `-x value`, `-xvalue`; a flag takes also `--name=true` and `--name=false`.
 */
int options_scan(int argc, char **argv, struct command_line *found, struct error *err);
int options_apply(struct config *config, int argc, char **argv, struct error *err);

/* The values that option `id` is given on a command line, at most max of them, borrowed. Returns
 * how many. */
size_t options_values(int argc, char **argv, enum option_id id, const char **values, size_t max);

/* The generated texts. */
void options_print_help(FILE *out);
void options_print_man(FILE *out);      /* the OPTIONS part of sandbox(1), in man(7) macros */
void options_print_man_keys(FILE *out); /* the KEYS part of sandbox-profile(5) */
void options_print_bash(FILE *out);
void options_print_zsh(FILE *out);
void options_print_fish(FILE *out);

#endif
