/*
 * Any bytes where we print them: in an error, in a list, as JSON. What comes out is UTF-8, one line
 * where it should be one, and has no byte that steers a terminal. Run by `make fuzz`.
 */
#include <stdio.h>

#include "error.h"
#include "fuzz.h"
#include "json.h"

/* The length of the character at p as RFC 3629 has it; 0 for what is none. */
static size_t character(const unsigned char *p)
{
	uint32_t value;
	size_t more;

	if (*p < 0x80)
		return 1;
	more = (*p & 0xe0) == 0xc0 ? 1 : (*p & 0xf0) == 0xe0 ? 2 : (*p & 0xf8) == 0xf0 ? 3 : 0;
	value = *p & (0x3fu >> more);
	if (more == 0)
		return 0;
	for (size_t i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (p[i] & 0x3f);
	}
	if (value < (more == 1   ? 0x80
		     : more == 2 ? 0x800
				 : 0x10000) ||
	    value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	return value >= 0x80 && value < 0xa0 ? 0 : more + 1;
}

/* newline: it may have some of its own. */
static void check(const char *text, size_t size, bool newline)
{
	const unsigned char *p = (const unsigned char *)text;

	while (p < (const unsigned char *)text + size) {
		size_t length = character(p);

		require(length > 0);
		require(length > 1 || (*p >= 0x20 && *p != 0x7f) || (newline && *p == '\n'));
		p += length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size), *out = NULL;
	struct error err;
	size_t length = 0;

	for (int kind = 0; kind < 4; kind++) {
		FILE *stream = open_memstream(&out, &length);

		require(stream != NULL);
		if (kind == 0) {
			print_escaped(stream, text);
		} else if (kind == 1) {
			fail_because(&err, "%s", text);
			fail_remedy(&err, "%s", text);
			error_print(stream, &err);
		} else if (kind == 2) {
			json_quoted(stream, text);
		} else {
			json_name(stream, text);
		}
		fclose(stream);
		check(out, length, kind == 1);
		free(out);
	}
	free(text);
	return 0;
}
