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

void print_escaped(FILE *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		/* C1 controls (0x80-0x9f) reach a terminal as UTF-8 C2 80..9F. */
		bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f;

		if (*p == '\n')
			fputs("\\n", out);
		else if (*p == '\t')
			fputs("\\t", out);
		else if (*p < 0x20 || *p == 0x7f || c1)
			fprintf(out, "\\x%02x", *p);
		else
			fputc(*p, out);
		if (c1)
			fprintf(out, "\\x%02x", *++p);
	}
}

void error_print(FILE *out, const struct error *err)
{
	const char *line = err->remedy;

	fputs("sandbox: ", out);
	print_escaped(out, err->text);
	fputc('\n', out);
	/* A remedy may have several lines; its newlines are ours, what stands between is escaped. */
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
