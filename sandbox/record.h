/*
 * record: a small file of `key = value` lines that the program writes for itself, beside a root
 * file system or a layer of the store. Values may hold any byte but NUL: newlines, other control
 * characters and backslashes are written as \xNN. Used by the program and by its helpers.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stddef.h>
#include <stdio.h>

#include "arena.h"

struct record_line {
	const char *key, *value;
};

struct record {
	struct record_line *lines;
	size_t count;
};

/* Read file name below dir into the arena. -1 and errno (ENOENT; EBADMSG for what is no record). */
int record_read(struct record *record, struct arena *arena, int dir, const char *name);

/* Take a record apart that is in memory; text is changed. -1 for what is no record. */
int record_parse(struct record *record, struct arena *arena, char *text);

/* The value of the first line with this key, or NULL. */
const char *record_get(const struct record *record, const char *key);

/* Append a line in memory. key and value are borrowed. */
void record_add(struct record *record, struct arena *arena, const char *key, const char *value);

/* Write one line, escaped. */
void record_print(FILE *out, const char *key, const char *value);

/* Replace file name below dir by this record, whole or not at all. -1 and errno. */
int record_write(const struct record *record, int dir, const char *name);

#endif
