/* Errors and warnings as those who start bwrap know them: see bwrap.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bwrap.h"

int bwrap_fail(struct error *err, const char *format, ...)
{
	int number = errno;
	char what[sizeof err->text / 2];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	fail_because(err, "%s: %s", what, strerror(number));
	err->number = number;
	errno = number;
	return -1;
}

static void print_line(const struct bwrap_request *request, char level, const char *text,
		       size_t length)
{
	char line[sizeof((struct error *)0)->text];

	snprintf(line, sizeof line, "%.*s", (int)length, text);
	if (request->level_prefix)
		fprintf(stderr, "<%c>", level);
	fputs("bwrap: ", stderr);
	print_escaped(stderr, line);
	fputc('\n', stderr);
}

void bwrap_print_error(const struct bwrap_request *request, const struct error *err)
{
	print_line(request, '3', err->text, strlen(err->text));
	for (const char *line = err->remedy; *line;) {
		size_t length = strcspn(line, "\n");

		print_line(request, '3', line, length);
		line += length + (line[length] == '\n');
	}
}

void bwrap_warn(struct bwrap_request *request, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	*ARENA_APPEND(&request->arena, request->warnings, request->warnings_count) =
		arena_strdup(&request->arena, text);
}

void bwrap_print_warnings(const struct bwrap_request *request)
{
	for (size_t i = 0; i < request->warnings_count; i++)
		print_line(request, '4', request->warnings[i], strlen(request->warnings[i]));
}
