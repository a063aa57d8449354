/* Values of config.json: see oci_json.h. */
#include "oci_json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"

enum { CHUNK = 64 << 10 };

/* The front of a chunk is handed out, in words of 16 bytes; a large one has a chunk to itself. */
static void *take(size_t size)
{
	static char *at;
	static size_t left;
	size_t words = (size + 15) & ~(size_t)15;

	if (words < size)
		return NULL;
	if (words > CHUNK / 4)
		return malloc(words);
	if (words > left) {
		at = malloc(CHUNK);
		left = at ? CHUNK : 0;
		if (!at)
			return NULL;
	}
	left -= words;
	at += words;
	return at - words;
}

static void keep(void *memory)
{
	(void)memory;
}

void oci_json_start(void)
{
	json_set_alloc_funcs(take, keep);
}

char *oci_json_text(const json_t *json)
{
	return json ? json_dumps(json, JSON_COMPACT) : NULL;
}

/*
 * jansson refuses a number above 2^63 - 1, and rlimits have one: "unlimited" is 2^64 - 1. As value
 * of "soft" or "hard" it is read as 2^63 - 1 (OCI_UNLIMITED). text is changed in place.
 */
static void clip_unlimited(char *text, size_t size)
{
	static const char unlimited[] = "18446744073709551615", clipped[] = " 9223372036854775807";
	const char *word = NULL;
	bool rlimit = false;

	for (size_t i = 0; i < size; i++) {
		if (word) { /* in a string */
			if (text[i] == '\\') {
				i++;
			} else if (text[i] == '"') {
				rlimit = text + i - word == 5 && (memcmp(word, "\"soft", 5) == 0 ||
								  memcmp(word, "\"hard", 5) == 0);
				word = NULL;
			}
		} else if (text[i] == '"') {
			word = text + i;
		} else if (rlimit && size - i >= 20 && memcmp(text + i, unlimited, 20) == 0) {
			memcpy(text + i, clipped, 20);
		}
	}
}

json_t *oci_json_parse(char *text, size_t size, const char *name, struct error *err)
{
	json_error_t where;

	clip_unlimited(text, size);
	json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
	if (!json) {
		fail_because(err, "cannot use %s: line %d, column %d: %s", name, where.line,
			     where.column, where.text);
	} else if (!json_is_object(json)) {
		fail_because(err, "cannot use %s: it is no JSON object", name);
		json_decref(json);
		json = NULL;
	}
	return json;
}

json_t *oci_json_read(const char *path, const char *name, struct error *err)
{
	struct arena arena = {NULL};
	size_t size;
	char *text = read_file(&arena, path, OCI_JSON_MAX, &size);
	json_t *json = NULL;

	if (text)
		json = oci_json_parse(text, size, name, err);
	else if (errno == EFBIG)
		fail_because(err, "will not read %s: it has more than %d bytes", path,
			     OCI_JSON_MAX);
	else if (errno == EINVAL)
		fail_because(err, "will not read %s: it is no regular file", path);
	else
		fail(err, "read %s", path);
	arena_free(&arena);
	return json;
}

int oci_refuse(struct oci_reader *reader, struct oci_place place, const char *format, ...)
{
	char words[512];
	va_list list;

	if (reader->failed)
		return -1;
	va_start(list, format);
	vsnprintf(words, sizeof words, format, list);
	va_end(list);
	reader->failed = true;
	errno = 0;
	return fail_because(reader->err, "%s: %s: %s", reader->name, place.path, words);
}

void oci_note(struct oci_reader *reader, const char *format, ...)
{
	char words[512];
	va_list list;

	/* What a stranger's file makes long is not made longer by us. */
	if (strlen(reader->notes) >= 2000)
		return;
	va_start(list, format);
	vsnprintf(words, sizeof words, format, list);
	va_end(list);
	/* A newline in a key would begin a note of its own. */
	for (char *c = words; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
	reader->notes =
		arena_printf(reader->arena, "%s%s: %s\n", reader->notes, reader->name, words);
}

static const char *kind_of(const json_t *json)
{
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	default:
		return "true or false";
	}
}

/* Is there something to read, and is it of this type? */
static bool is(struct oci_reader *reader, struct oci_place place, json_type type, const char *what)
{
	if (!place.json || reader->failed)
		return false;
	if (json_typeof(place.json) == type)
		return true;
	oci_refuse(reader, place, "should be %s, and is %s", what, kind_of(place.json));
	return false;
}

static const json_t *not_null(const json_t *json)
{
	return json_is_null(json) ? NULL : json;
}

struct oci_place oci_member(struct oci_reader *reader, struct oci_place object, const char *key)
{
	struct oci_place place = {.json = NULL, .path = key};

	if (object.path && *object.path)
		place.path = arena_printf(reader->arena, "%s.%s", object.path, key);
	if (is(reader, object, JSON_OBJECT, "an object"))
		place.json = not_null(json_object_get(object.json, key));
	return place;
}

size_t oci_count(struct oci_reader *reader, struct oci_place array)
{
	if (!is(reader, array, JSON_ARRAY, "a list"))
		return 0;
	size_t count = json_array_size(array.json);
	if (count > OCI_LIST_MAX) {
		oci_refuse(reader, array, "has %zu entries, and more than %d are refused", count,
			   OCI_LIST_MAX);
		return 0;
	}
	return count;
}

struct oci_place oci_element(struct oci_reader *reader, struct oci_place array, size_t index)
{
	return (struct oci_place){
		.json = not_null(json_array_get(array.json, index)),
		.path = arena_printf(reader->arena, "%s[%zu]", array.path, index),
	};
}

const char *oci_string(struct oci_reader *reader, struct oci_place place)
{
	if (!is(reader, place, JSON_STRING, "a string"))
		return NULL;
	return arena_strdup(reader->arena, json_string_value(place.json));
}

char **oci_strings(struct oci_reader *reader, struct oci_place place, size_t *count)
{
	size_t there = oci_count(reader, place), ignored;
	char **list = NULL;

	if (!count)
		count = &ignored;
	*count = 0;
	for (size_t i = 0; i < there && !reader->failed; i++) {
		struct oci_place element = oci_element(reader, place, i);
		const char *text = oci_string(reader, element);

		if (!text)
			oci_refuse(reader, element, "should be a string, and is null");
		*ARENA_APPEND(reader->arena, list, *count) = (char *)text;
	}
	size_t with_end = *count;
	*ARENA_APPEND(reader->arena, list, with_end) = NULL;
	return list;
}

bool oci_bool(struct oci_reader *reader, struct oci_place place)
{
	if (!place.json || reader->failed)
		return false;
	if (!json_is_boolean(place.json))
		oci_refuse(reader, place, "should be true or false, and is %s",
			   kind_of(place.json));
	return json_is_true(place.json);
}

int64_t oci_number(struct oci_reader *reader, struct oci_place place, int64_t least, int64_t most,
		   int64_t otherwise)
{
	if (!is(reader, place, JSON_INTEGER, "a whole number"))
		return otherwise;
	int64_t value = json_integer_value(place.json);
	if (value >= least && value <= most)
		return value;
	oci_refuse(reader, place, "%lld is not from %lld to %lld", (long long)value,
		   (long long)least, (long long)most);
	return otherwise;
}

bool oci_asks(struct oci_place place)
{
	if (!place.json)
		return false;
	switch (json_typeof(place.json)) {
	case JSON_OBJECT:
		return json_object_size(place.json) > 0;
	case JSON_ARRAY:
		return json_array_size(place.json) > 0;
	case JSON_STRING:
		return *json_string_value(place.json) != '\0';
	case JSON_INTEGER:
		return json_integer_value(place.json) != 0;
	case JSON_REAL:
	case JSON_TRUE:
		return true;
	default:
		return false;
	}
}

void oci_known(struct oci_reader *reader, struct oci_place object, const char *const keys[])
{
	const char *key;
	json_t *value;

	if (!is(reader, object, JSON_OBJECT, "an object"))
		return;
	json_object_foreach((json_t *)object.json, key, value)
	{
		size_t i = 0;

		while (keys[i] && strcmp(keys[i], key) != 0)
			i++;
		if (!keys[i])
			oci_note(reader,
				 "%s%s%.60s is no key of the runtime specification, and is not "
				 "looked at",
				 object.path, *object.path ? "." : "", key);
	}
}

void oci_unsupported(struct oci_reader *reader, struct oci_place object, const char *const keys[])
{
	for (; *keys; keys++) {
		struct oci_place place = oci_member(reader, object, *keys);

		if (oci_asks(place))
			oci_refuse(reader, place, "is not supported, and nothing of it would hold");
	}
}
