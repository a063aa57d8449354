/* JSON, as much of it as is written: see json.h. */
#include "json.h"

#include <stdbool.h>

#include "error.h"

static void quoted(FILE *out, const char *text, bool exact)
{
	const unsigned char *p = (const unsigned char *)text;

	fputc('"', out);
	while (*p) {
		size_t length = character_length((const char *)p);

		if (length == 0 && exact)
			fprintf(out, "\\udc%02x", *p);
		else if (length == 0)
			fputs("\\ufffd", out);
		else if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f)
			fprintf(out, "\\u%04x", *p);
		else if (*p == 0xc2 && p[1] < 0xa0) /* C1: controls of a terminal as well */
			fprintf(out, "\\u%04x", p[1]);
		else
			fwrite(p, 1, length, out);
		p += length ? length : 1;
	}
	fputc('"', out);
}

void json_quoted(FILE *out, const char *text)
{
	quoted(out, text, false);
}

void json_name(FILE *out, const char *text)
{
	quoted(out, text, true);
}
