/*
 * json_place: JSON values with the place in the text where each stands, so that an error about what
 * a value means can name line and column.
 *
 * jansson reads the text first: it decides what is JSON at all, refuses duplicate keys, what
 * follows the end, and what nests too deep. A place is then a pointer into a text that is known to
 * be whole, and finding one's way in it needs no tree. Every look at a member goes over its object
 * once.
 */
#ifndef JSON_PLACE_H
#define JSON_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_text {
	const char *name; /* of the file, for messages */
	const char *text; /* NUL-terminated */
	size_t size;
};

/* A value: its first character. at is NULL for none. */
struct json_place {
	const struct json_text *in;
	const char *at;
};

/* Print "NAME:LINE:COLUMN: " and the words to standard error, and end the program with status 1.
 * Columns count bytes, from 1. */
_Noreturn void place_refuse(struct json_place place, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Check the text, and return its outermost value, or refuse it. */
struct json_place place_read(const struct json_text *text);

/* What a value is, in words for messages: "a string", "an object". */
const char *place_kind(struct json_place place);
bool place_is_null(struct json_place place);

/* The members of an object, the elements of an array: the first, the next; .at is NULL at the end.
 * Anything else than an object, or an array, is refused in words that say what it is for. */
struct json_member {
	struct json_place key, value;
};
struct json_member place_first_member(struct json_place object, const char *what);
struct json_member place_next_member(struct json_member member);
struct json_place place_first_element(struct json_place array, const char *what);
struct json_place place_next_element(struct json_place element);

/* A string, or a key, decoded into text of size bytes; refused when it is none or is longer. */
void place_take_string(struct json_place place, const char *what, char *text, size_t size);

/* A whole number from 0 to max, exact up to 2^64 - 1; refused when it is none. */
uint64_t place_take_number(struct json_place place, const char *what, uint64_t max);

#endif
