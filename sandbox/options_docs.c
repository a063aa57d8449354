/*
 * The walks over the option table that write: --help and the manual page.
 * Those for the shells are in options_complete.c.
 */
#include "options.h"

#include <string.h>

#include "options_table.h"

enum { HELP_COLUMN = 30, HELP_WIDTH = 80 };

/* Print text, folded at blanks; it starts, and its later lines start, at HELP_COLUMN. */
static void print_folded(FILE *out, const char *text)
{
	size_t column = HELP_COLUMN;

	for (bool first = true; *text; first = false) {
		size_t length = strcspn(text, " ");

		if (!first && column + 1 + length > HELP_WIDTH) {
			fprintf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		} else if (!first) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", (int)length, text);
		column += length;
		text += length + (text[length] == ' ');
	}
	fputc('\n', out);
}

void options_print_help(FILE *out)
{
	const char *group = "";

	fputs("usage: sandbox [OPTIONS] ROOTFS [COMMAND [ARG...]]\n", out);
	for (const struct option *row = option_table; row < option_table + OPTION_COUNT; row++) {
		int width = 0;

		if (row->flags & OPTION_ONLY_IN_PROFILE)
			continue;
		if (strcmp(group, row->group) != 0)
			fprintf(out, "\n%s:\n", group = row->group);
		width = row->letter ? fprintf(out, "  -%c, --%s", row->letter, row->name)
				    : fprintf(out, "      --%s", row->name);
		if (row->value)
			width += fprintf(out, " %s", row->value);
		if (row->optional)
			width += fprintf(out, "%s", row->optional);
		if (width + 2 > HELP_COLUMN) {
			fputc('\n', out);
			width = 0;
		}
		fprintf(out, "%*s", HELP_COLUMN - width, "");
		print_folded(out, row->help);
	}
}

/* --- the manual: man(7) macros --- */

static bool is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

static void man_char(FILE *out, char c)
{
	if (c == '-')
		fputs("\\-", out);
	else if (c == '\\')
		fputs("\\e", out);
	else
		fputc(c, out);
}

/* "NAME=SOFT[:HARD]": what the user fills in is in italics. */
static void man_value(FILE *out, const char *value)
{
	while (*value) {
		if (!is_capital(*value)) {
			man_char(out, *value++);
			continue;
		}
		fputs("\\fI", out);
		while (is_capital(*value))
			fputc(*value++, out);
		fputs("\\fR", out);
	}
}

/* One sentence to a line, `x` and --x in bold, a new paragraph at each '\n'. */
static void man_text(FILE *out, const char *text)
{
	bool quoted = false, option = false;

	for (const char *p = text; *p; p++) {
		if (option && *p != '-' && !(*p >= 'a' && *p <= 'z')) {
			fputs("\\fR", out);
			option = false;
		}
		if (*p == '`') {
			quoted = !quoted;
			fputs(quoted ? "\\fB" : "\\fR", out);
			continue;
		}
		if (!quoted && !option && strncmp(p, "--", 2) == 0 && (p == text || p[-1] == ' ')) {
			option = true;
			fputs("\\fB", out);
		}
		if (*p == '\n')
			fputs("\n.IP\n", out);
		else if (*p == ' ' && p > text && strchr(".:", p[-1]))
			fputc('\n', out);
		else
			man_char(out, *p);
	}
	fputs(option ? "\\fR\n" : "\n", out);
}

static void man_choices(FILE *out, const struct option *row)
{
	fputs(".RS\n", out);
	for (const struct choice *choice = row->choices; choice->name; choice++) {
		if (choice->refused)
			continue;
		fputs(".TP\n\\fB", out);
		for (const char *p = choice->name; *p; p++)
			man_char(out, *p);
		fputs(choice == row->choices ? "\\fR (the default)\n" : "\\fR\n", out);
		man_text(out, choice->help);
	}
	fputs(".RE\n", out);
}

static void man_option(FILE *out, const struct option *row)
{
	bool key = row->flags & OPTION_ONLY_IN_PROFILE;

	fputs(".TP\n", out);
	if (row->letter)
		fprintf(out, "\\fB\\-%c\\fR, ", row->letter);
	fputs(key ? "\\fB" : "\\fB\\-\\-", out);
	for (const char *p = row->name; *p; p++)
		man_char(out, *p);
	if (row->alias)
		fprintf(out, "\\fR, \\fB\\-\\-%s", row->alias);
	fputs("\\fR", out);
	if (row->value) {
		fputs(key ? " = " : " ", out);
		man_value(out, row->value);
	}
	if (row->optional)
		man_value(out, row->optional);
	fputc('\n', out);
	man_text(out, row->help);
	if (row->more)
		man_text(out, row->more);
	if (row->choices)
		man_choices(out, row);
}

void options_print_man(FILE *out)
{
	const char *group = "";

	for (const struct option *row = option_table; row < option_table + OPTION_COUNT; row++) {
		if (strcmp(group, row->group) != 0)
			fprintf(out, ".SS %s\n", group = row->group);
		man_option(out, row);
	}
}

/* The names of the rows that may stand in a profile and are flags, lists or neither. */
static void man_keys(FILE *out, const char *title, bool flag, enum option_flags list)
{
	const char *comma = "";

	fprintf(out, ".TP\n.B %s\n", title);
	for (const struct option *row = option_table; row < option_table + OPTION_COUNT; row++) {
		bool is_flag = !row->value && !row->optional;

		if (row->flags & OPTION_NOT_IN_PROFILE || is_flag != flag ||
		    (row->flags & OPTION_LIST) != list)
			continue;
		fputs(comma, out);
		fputs("\\fB", out);
		for (const char *p = row->name; *p; p++)
			man_char(out, *p);
		fputs("\\fR", out);
		comma = ",\n";
	}
	fputc('\n', out);
}

void options_print_man_keys(FILE *out)
{
	const char *comma = "";

	man_keys(out, "Flags", true, 0);
	man_keys(out, "Given once", false, 0);
	man_keys(out, "Lists", false, OPTION_LIST);
	fputs(".PP\nNot in a profile, since they say what is done and not how, or mean what only "
	      "the "
	      "caller has:\n",
	      out);
	for (const struct option *row = option_table; row < option_table + OPTION_COUNT; row++) {
		if (!(row->flags & OPTION_NOT_IN_PROFILE))
			continue;
		fprintf(out, "%s\\fB", comma);
		for (const char *p = row->name; *p; p++)
			man_char(out, *p);
		fputs("\\fR", out);
		comma = ",\n";
	}
	fputs(".\n", out);
}
