/*
 * The walks over the option table that write: --help, the manual page and the completions.
 */
#include "options.h"

#include <string.h>

#include "options_table.h"

enum { HELP_COLUMN = 30, HELP_WIDTH = 100 };

/* Print text, folded at blanks, from column on; continuation lines start at HELP_COLUMN. */
static void print_folded(FILE *out, const char *text)
{
	size_t column = HELP_COLUMN;

	while (*text) {
		size_t length = strcspn(text, " ");

		if (column + length > HELP_WIDTH) {
			fprintf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		}
		fprintf(out, "%.*s", (int)length, text);
		column += length;
		text += length;
		if (*text == ' ') {
			if (column + 1 + strcspn(text + 1, " ") <= HELP_WIDTH) {
				fputc(' ', out);
				column++;
			}
			text++;
		}
	}
	fputc('\n', out);
}

static bool on_command_line(const struct option *option)
{
	return !(option->flags & OPTION_ONLY_IN_PROFILE);
}

void options_print_help(FILE *out)
{
	const char *group = "";

	fputs("usage: sandbox [OPTIONS] ROOTFS [COMMAND [ARG...]]\n", out);
	for (const struct option *row = option_table; row < option_table + OPTION_COUNT; row++) {
		int width = 0;

		if (!on_command_line(row))
			continue;
		if (strcmp(group, row->group) != 0)
			fprintf(out, "\n%s:\n", group = row->group);
		width = row->letter ? fprintf(out, "  -%c, --%s", row->letter, row->name)
				    : fprintf(out, "      --%s", row->name);
		if (row->value)
			width += fprintf(out, " %s", row->value);
		if (width + 2 > HELP_COLUMN) {
			fputc('\n', out);
			width = 0;
		}
		fprintf(out, "%*s", HELP_COLUMN - width, "");
		print_folded(out, row->help);
	}
}
