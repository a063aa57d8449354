/* The error value: see error.h. */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

int fail(struct error *err, const char *format, ...)
{
	int number = errno;
	char what[sizeof err->text / 2];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	snprintf(err->text, sizeof err->text, "cannot %s: %s", what, strerror(number));
	err->number = number;
	err->status = 0;
	err->again = false;
	err->remedy[0] = '\0';
	errno = number;
	return -1;
}

int fail_because(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	err->number = 0;
	err->status = 0;
	err->again = false;
	err->remedy[0] = '\0';
	return -1;
}

int fail_remedy(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->remedy, sizeof err->remedy, format, args);
	va_end(args);
	return -1;
}

size_t character_length(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t more = *p >= 0xf0 && *p <= 0xf4 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc2 ? 1 : 0;

	if (*p < 0x80)
		return 1;
	if (more == 0 || *p > 0xf4 || (*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] >= 0xa0) ||
	    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] >= 0x90))
		return 0;
	for (size_t i = 1; i <= more; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return more + 1;
}

/* Controls are at C2 80..9F too; a byte of them alone is one for terminals that are not set to
 * UTF-8. */
size_t character_shown(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
		return 0;
	return character_length(text);
}

void print_escaped(FILE *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p;) {
		size_t length = character_shown((const char *)p);

		if (*p == '\n')
			fputs("\\n", out);
		else if (*p == '\t')
			fputs("\\t", out);
		else if (length == 0)
			fprintf(out, "\\x%02x", *p);
		else
			fwrite(p, 1, length, out);
		p += length ? length : 1;
	}
}

void error_print(FILE *out, const struct error *err)
{
	const char *line = err->remedy;

	fputs("sandbox: ", out);
	print_escaped(out, err->text);
	fputc('\n', out);
	/* A remedy may have several lines; its newlines are ours, what stands between is escaped.
	 */
	while (*line) {
		char one[sizeof err->remedy];
		size_t length = strcspn(line, "\n");

		memcpy(one, line, length);
		one[length] = '\0';
		fputs("  ", out);
		print_escaped(out, one);
		fputc('\n', out);
		line += length + (line[length] == '\n');
	}
}
