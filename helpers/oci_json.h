/*
 * oci_json: JSON of engines (config.json, process.json), read one value at a time, each with its
 * path in the document ("linux.seccomp.flags[1]"), so that what is wrong with a value is said of
 * that value. jansson reads the text; it refuses duplicate keys, what follows the end, a NUL in a
 * string, and what nests deeper than 2,048.
 *
 * The first thing that is wrong is kept in the reader, and all that is read after it is empty: who
 * reads looks once, at the end.
 */
#ifndef OCI_JSON_H
#define OCI_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "error.h"

enum { OCI_JSON_MAX = 4 << 20, OCI_LIST_MAX = 4096 };
#define OCI_UNLIMITED INT64_MAX /* 2^64 - 1 of "soft" and "hard" */

struct oci_reader {
	struct arena *arena;
	struct error *err;
	const char *name; /* of the document */
	bool failed;
	const char *notes; /* one line for each key that is not of the specification; "" for none */
};

/* A value and its path. json is NULL for one that is not there, or is null. */
struct oci_place {
	const json_t *json;
	const char *path;
};

/* Before anything of jansson's: what it allocates is then never given back. A verb reads one
 * document or two, of bounded size, and ends; a filter's has thousands of values. */
void oci_json_start(void);

/* As text, on one line; NULL without memory. Not to be freed. */
char *oci_json_text(const json_t *json);

/* Read a whole file, at most OCI_JSON_MAX bytes of it. The document is the caller's to
 * json_decref; NULL with err filled. */
json_t *oci_json_read(const char *path, const char *name, struct error *err);

/* The same of text, which may be changed. */
json_t *oci_json_parse(char *text, size_t size, const char *name, struct error *err);

struct oci_place oci_member(struct oci_reader *reader, struct oci_place object, const char *key);
struct oci_place oci_element(struct oci_reader *reader, struct oci_place array, size_t index);

/* 0 for what is not there; anything but an array of at most OCI_LIST_MAX is refused. */
size_t oci_count(struct oci_reader *reader, struct oci_place array);

/* NULL for what is not there. Strings are in the arena. */
const char *oci_string(struct oci_reader *reader, struct oci_place place);
char **oci_strings(struct oci_reader *reader, struct oci_place place, size_t *count);
bool oci_bool(struct oci_reader *reader, struct oci_place place);
/* A whole number from least to most; otherwise for what is not there. */
int64_t oci_number(struct oci_reader *reader, struct oci_place place, int64_t least, int64_t most,
		   int64_t otherwise);

/* Is it there, and neither null, empty, 0 nor false? What is unset in one of these ways asks for
 * nothing. */
bool oci_asks(struct oci_place place);

/* "PATH: words". Returns -1. */
int oci_refuse(struct oci_reader *reader, struct oci_place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* One line of reader->notes: "NAME: words", without control characters. */
void oci_note(struct oci_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The object has no other members than these (NULL-terminated): others are noted, since the
 * specification says that unknown ones are no error. */
void oci_known(struct oci_reader *reader, struct oci_place object, const char *const keys[]);

/* Refuse what object asks for by one of these keys: "PATH is not supported". */
void oci_unsupported(struct oci_reader *reader, struct oci_place object, const char *const keys[]);

#endif
