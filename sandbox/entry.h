/*
 * entry: a desktop entry (a .desktop file) rewritten so that it starts its application sandboxed.
 * Pure: text to text. Desktop Entry Specification 1.5.
 */
#ifndef ENTRY_H
#define ENTRY_H

#include <stdio.h>

#include "arena.h"

/* What marks one as ours, in [Desktop Entry]. */
#define ENTRY_PROFILE "X-Sandbox-Profile"
#define ENTRY_SOURCE  "X-Sandbox-Source"

struct entry_words {
	const char *program;     /* this program's path */
	const char *profile;     /* a name or a path */
	const char *application; /* for --application */
	const char *source;      /* the path of the file that is rewritten */
};

/*
 * Write text to out with each Exec (of the entry and of its actions) started by program, which has
 * the original command line behind it as it was, field codes and all; started by a command line and
 * not over D-Bus; and marked as ours. What a menu could take for an Exec that is not rewritten is
 * left out, or refused. All other lines are kept as they are, without blanks in front. NULL, or a
 * reason why it cannot be sandboxed.
 */
const char *entry_rewrite(const char *text, const struct entry_words *words, FILE *out);

/* The value of key in [Desktop Entry], as it stands there; NULL when there is none. */
const char *entry_value(struct arena *arena, const char *text, const char *key);

#endif
