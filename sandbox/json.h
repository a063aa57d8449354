/*
 * json: a string as JSON has it (RFC 8259), for the few lines of it that are written. Control
 * characters, those of U+0080 to U+009F too, are escaped: it may be read at a terminal.
 */
#ifndef JSON_H
#define JSON_H

#include <stdio.h>

/* text in quotes. What is not UTF-8 becomes U+FFFD: JSON may not have it. */
void json_quoted(FILE *out, const char *text);

/* The same for names of files, of which no two may look the same: a byte that is not UTF-8 becomes
 * a lone surrogate, U+DC00 + byte, as Python's surrogateescape has it. */
void json_name(FILE *out, const char *text);

#endif
