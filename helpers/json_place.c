/* See json_place.h. */
#include "json_place.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As one line. What steers a terminal is escaped by who shows it in the end. */
static void print_line(const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' || *text == 127 ? '?' : *text, stderr);
}

enum { WORDS_MAX = 1024 };

/* words: one line, or two, the second being what to do. */
static _Noreturn void refuse_at(const struct json_text *in, size_t line, size_t column, char *words)
{
	char *remedy = strchr(words, '\n');

	if (remedy)
		*remedy++ = '\0';
	print_line(in->name);
	fprintf(stderr, ":%zu:%zu: ", line, column);
	print_line(words);
	if (remedy) {
		fputs("\n", stderr);
		print_line(remedy);
	}
	fputs("\n", stderr);
	exit(1);
}

void place_refuse(struct json_place place, const char *format, ...)
{
	size_t line = 1;
	const char *start = place.in->text;
	char words[WORDS_MAX];
	va_list args;

	for (const char *p = start; p < place.at; p++)
		if (*p == '\n') {
			line++;
			start = p + 1;
		}
	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	refuse_at(place.in, line, (size_t)(place.at - start) + 1, words);
}

/* ---- over a text that is known to be JSON ---- */

static const char *skip_blank(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

static const char *skip_string(const char *p)
{
	for (p++; *p != '"'; p++)
		p += *p == '\\';
	return p + 1;
}

/* Behind the value at p. */
static const char *skip_value(const char *p)
{
	int depth = 0;

	do {
		switch (*p) {
		case '"':
			p = skip_string(p);
			break;
		case '{':
		case '[':
			depth++;
			p++;
			break;
		case '}':
		case ']':
			depth--;
			p++;
			break;
		case ',':
		case ':':
			p++;
			break;
		default: /* a number, true, false, null */
			p += strcspn(p, " \t\r\n,:{}[]\"");
			break;
		}
		if (depth > 0)
			p = skip_blank(p);
	} while (depth > 0);
	return p;
}

struct json_place place_read(const struct json_text *text)
{
	json_error_t error;
	/* jansson passes over one behind a number, and ours would stay at it for ever. */
	const char *nul = memchr(text->text, '\0', text->size);

	if (nul)
		place_refuse((struct json_place){text, nul}, "a NUL byte is no JSON");
	/* Whole numbers as real ones: jansson's own end at 2^63 - 1. What they are is read from the
	 * text. */
	json_t *json = json_loadb(text->text, text->size,
				  JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);

	if (!json)
		refuse_at(text, error.line > 0 ? (size_t)error.line : 1,
			  error.column > 0 ? (size_t)error.column : 1, error.text);
	json_decref(json);
	return (struct json_place){text, skip_blank(text->text)};
}

const char *place_kind(struct json_place place)
{
	switch (*place.at) {
	case '"':
		return "a string";
	case '{':
		return "an object";
	case '[':
		return "an array";
	case 't':
	case 'f':
		return "true or false";
	case 'n':
		return "null";
	default:
		return "a number";
	}
}

bool place_is_null(struct json_place place)
{
	return *place.at == 'n';
}

/* The member whose key is at p, or none at the object's end. */
static struct json_member member_at(const struct json_text *in, const char *p)
{
	if (*p == '}')
		return (struct json_member){{in, NULL}, {in, NULL}};
	return (struct json_member){{in, p}, {in, skip_blank(skip_blank(skip_string(p)) + 1)}};
}

struct json_member place_first_member(struct json_place object, const char *what)
{
	if (*object.at != '{')
		place_refuse(object, "%s has to be an object, and is %s", what, place_kind(object));
	return member_at(object.in, skip_blank(object.at + 1));
}

struct json_member place_next_member(struct json_member member)
{
	const char *p = skip_blank(skip_value(member.value.at));

	return member_at(member.key.in, *p == ',' ? skip_blank(p + 1) : p);
}

struct json_place place_first_element(struct json_place array, const char *what)
{
	if (*array.at != '[')
		place_refuse(array, "%s has to be an array, and is %s", what, place_kind(array));
	const char *p = skip_blank(array.at + 1);

	return (struct json_place){array.in, *p == ']' ? NULL : p};
}

struct json_place place_next_element(struct json_place element)
{
	const char *p = skip_blank(skip_value(element.at));

	return (struct json_place){element.in, *p == ',' ? skip_blank(p + 1) : NULL};
}

void place_take_string(struct json_place place, const char *what, char *text, size_t size)
{
	if (*place.at != '"')
		place_refuse(place, "%s has to be a string, and is %s", what, place_kind(place));
	const char *end = skip_string(place.at);
	json_t *string = json_loadb(place.at, (size_t)(end - place.at), JSON_DECODE_ANY, NULL);
	size_t length = string ? json_string_length(string) : size;

	if (length < size)
		memcpy(text, json_string_value(string), length + 1);
	json_decref(string);
	if (length >= size)
		place_refuse(place, "%s is longer than anything that it could be", what);
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			place_refuse(place, "%s has a control character", what);
}

uint64_t place_take_number(struct json_place place, const char *what, uint64_t max)
{
	size_t length = strcspn(place.at, " \t\r\n,:{}[]\"");
	char digits[24];

	if (strcmp(place_kind(place), "a number") != 0)
		place_refuse(place, "%s has to be a number, and is %s", what, place_kind(place));
	snprintf(digits, sizeof digits, "%.*s", (int)(length < 23 ? length : 23), place.at);
	errno = 0;
	unsigned long long value = strtoull(digits, NULL, 10);
	if (strspn(place.at, "0123456789") != length || length > 20 || errno || value > max)
		place_refuse(place, "%s has to be a whole number from 0 to %llu", what,
			     (unsigned long long)max);
	return value;
}
