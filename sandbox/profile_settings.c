/* See profile_settings.h. */
#include "profile_settings.h"

#include <string.h>

/* Does the later setting undo the earlier one? */
static bool undoes(const struct option *option, const char *value,
		   const struct profile_setting *earlier)
{
	bool list = option->flags & OPTION_LIST;

	if (option == earlier->option)
		return !list || !*value;
	/* Two flags that settle one field. A list has no field of its own here. */
	return !list && !(earlier->option->flags & OPTION_LIST) &&
	       option->field == earlier->option->field && strcmp(value, "true") == 0 &&
	       strcmp(earlier->value, "true") == 0;
}

void profile_settings_take(void *data, const struct option *option, const char *value,
			   const char *origin)
{
	struct profile_settings *settings = data;
	size_t kept = 0;

	for (size_t i = 0; i < settings->count; i++)
		if (!undoes(option, value, &settings->list[i]))
			settings->list[kept++] = settings->list[i];
	settings->count = kept;
	if ((option->flags & OPTION_LIST) && !*value)
		return;
	*ARENA_APPEND(&settings->arena, settings->list, settings->count) = (struct profile_setting){
		option, arena_strdup(&settings->arena, value),
		arena_strdup(&settings->arena,
			     strchr(origin, ' ') ? strchr(origin, ' ') + 1 : origin)};
}

/* As it would stand in a profile: `$` doubled, so that the output can be used as one. */
static void print_value(FILE *out, const char *value)
{
	for (size_t length; *value; value += length) {
		char part[512];

		length = strcspn(value, "$\t");
		if (length == 0) {
			fputs(*value == '$' ? "$$" : "\t", out);
			length = 1;
			continue;
		}
		if (length > sizeof part - 1)
			length = sizeof part - 1;
		memcpy(part, value, length);
		part[length] = '\0';
		print_escaped(out, part);
	}
}

void profile_settings_print(const struct profile_setting *setting, FILE *out)
{
	fputs("# ", out);
	print_escaped(out, setting->origin);
	fprintf(out, "\n%s", setting->option->name);
	if (setting->option->value || strcmp(setting->value, "true") != 0) {
		fputs(" = ", out);
		print_value(out, setting->value);
	}
	fputc('\n', out);
}
