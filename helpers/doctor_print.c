/* The report, for people and for programs: see doctor.h. */
#include <string.h>

#include "doctor.h"
#include "json.h"

static const struct {
	const char *word, *colour;
} answers[] = {
	[ANSWER_YES] = {"yes", "\033[32m"},
	[ANSWER_WEAKER] = {"weaker", "\033[33m"},
	[ANSWER_NO] = {"no", "\033[31m"},
	[ANSWER_FACT] = {"-", ""},
};

enum { NAME_WIDTH = 26, INDENT = 36 };

/* Each line of text at the same place, the first after a label. */
static void print_lines(FILE *out, const char *label, const char *text)
{
	while (text && *text) {
		size_t length = strcspn(text, "\n");

		fprintf(out, "%*s%s", INDENT, "", label);
		for (const char *p = text; p < text + length;) {
			size_t shown = character_shown(p);

			if (shown)
				fwrite(p, 1, shown, out);
			else
				fprintf(out, "\\x%02x", (unsigned char)*p);
			p += shown ? shown : 1;
		}
		fputc('\n', out);
		label = "      ";
		text += length + (text[length] == '\n');
	}
}

static void print_finding(const struct finding *one, FILE *out, bool colour)
{
	fprintf(out, "  %s%-7s%s %-*s ", colour ? answers[one->answer].colour : "",
		answers[one->answer].word, colour && *answers[one->answer].colour ? "\033[0m" : "",
		NAME_WIDTH - 1, one->name);
	print_escaped(out, one->found);
	fputc('\n', out);
	if (one->answer != ANSWER_NO && one->answer != ANSWER_WEAKER)
		return;
	print_lines(out, "for:  ", one->affects);
	print_lines(out, "mend: ", one->mend);
	print_lines(out, "else: ", one->without);
}

void doctor_print(const struct doctor *doctor, FILE *out, bool colour)
{
	const char *group = "";

	for (size_t i = 0; i < doctor->count; i++) {
		const struct finding *one = &doctor->list[i];

		if (strcmp(group, one->group) != 0)
			fprintf(out, "%s%s%s%s\n", *group ? "\n" : "", colour ? "\033[1m" : "",
				one->group, colour ? "\033[0m" : "");
		group = one->group;
		print_finding(one, out, colour);
	}
	fprintf(out, "\n%s\n",
		doctor->can_run ? "Sandboxes run here with the default profile."
				: "Sandboxes do not run here with the default profile: see the "
				  "first \"no\".");
}

static void member(FILE *out, const char *name, const char *value)
{
	fprintf(out, ",\"%s\":", name);
	if (value)
		json_quoted(out, value);
	else
		fputs("null", out);
}

void doctor_print_json(const struct doctor *doctor, FILE *out)
{
	static const char *const words[] = {
		[ANSWER_YES] = "yes",
		[ANSWER_WEAKER] = "weaker",
		[ANSWER_NO] = "no",
		[ANSWER_FACT] = "fact",
	};

	fprintf(out, "{\"version\":1,\"runs\":%s,\"findings\":[",
		doctor->can_run ? "true" : "false");
	for (size_t i = 0; i < doctor->count; i++) {
		const struct finding *one = &doctor->list[i];

		fprintf(out, "%s\n{\"group\":", i ? "," : "");
		json_quoted(out, one->group);
		member(out, "ability", one->name);
		member(out, "answer", words[one->answer]);
		member(out, "found", one->found);
		member(out, "affects", one->affects);
		member(out, "mend", one->mend);
		member(out, "without", one->without);
		fputc('}', out);
	}
	fputs("\n]}\n", out);
}
