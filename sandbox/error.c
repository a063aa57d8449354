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

/* How many bytes at p are one character that a terminal shows: of UTF-8, whole, and no control, of
 * which there are some at C2 80..9F too. A byte of them alone is a control for terminals that are
 * not set to UTF-8. */
static size_t shown(const unsigned char *p)
{
	size_t more = *p >= 0xf0 && *p <= 0xf4 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc2 ? 1 : 0;

	if (*p < 0x80)
		return *p >= 0x20 && *p != 0x7f;
	if (more == 0 || *p > 0xf4 || (*p == 0xc2 && p[1] < 0xa0))
		return 0;
	for (size_t i = 1; i <= more; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return more + 1;
}

void print_escaped(FILE *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p;) {
		size_t length = shown(p);

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
