/*
 * The walks over the option table that read: argv and profile keys. Runs first thing, in the
 * caller's process, on every launch: it allocates only what a config keeps.
 */
#include "options.h"

#include <string.h>

#include "options_table.h"
#include "parse.h"

static const char command_line_origin[] = "command line";

static bool same(const char *known, const char *name, size_t length)
{
	return known && strncmp(known, name, length) == 0 && known[length] == '\0';
}

const struct option *option_find(const char *name, size_t length)
{
	for (const struct option *row = option_table; row < option_table + OPTION_COUNT; row++)
		if (same(row->name, name, length) || same(row->alias, name, length))
			return row;
	return NULL;
}

static const struct option *find_letter(char letter)
{
	for (const struct option *row = option_table; row < option_table + OPTION_COUNT; row++)
		if (row->letter && row->letter == letter)
			return row;
	return NULL;
}

enum { NAME_LIMIT = 32 };

/* Edits (insert, delete, replace, swap neighbours) that lead from a to b. */
int option_distance(const char *a, size_t length, const char *b)
{
	size_t width = strlen(b), longest = length > width ? length : width;
	int rows[3][NAME_LIMIT + 1];

	if (length >= NAME_LIMIT || width >= NAME_LIMIT)
		return -1;
	for (size_t j = 0; j <= width; j++)
		rows[0][j] = (int)j;
	for (size_t i = 1; i <= length; i++) {
		int *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];

		row[0] = (int)i;
		for (size_t j = 1; j <= width; j++) {
			int least = above[j - 1] + (a[i - 1] != b[j - 1]);

			if (above[j] + 1 < least)
				least = above[j] + 1;
			if (row[j - 1] + 1 < least)
				least = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    above2[j - 2] + 1 < least)
				least = above2[j - 2] + 1;
			row[j] = least;
		}
	}
	int edits = rows[length % 3][width];

	/* More than a third of the letters changed is another word. */
	return edits <= 1 + (int)longest / 3 && edits < (int)longest ? edits : -1;
}

const char *option_nearest(const char *name, size_t length, enum option_flags without)
{
	const char *nearest = NULL;
	int least = -1;

	for (const struct option *row = option_table; row < option_table + OPTION_COUNT; row++) {
		const char *names[] = {row->name, row->alias};

		for (int i = 0; i < 2 && names[i] && !(row->flags & without); i++) {
			int edits = option_distance(name, length, names[i]);

			if (edits >= 0 && (least < 0 || edits < least)) {
				nearest = names[i];
				least = edits;
			}
		}
	}
	return nearest;
}

/* How much of a mistyped name or a long value an error shows. */
enum { SHOWN = 200 };

static int unknown(const char *dashes, const char *name, size_t length, enum option_flags without,
		   struct error *err)
{
	const char *nearest = option_nearest(name, length, without);

	fail_because(err, "unknown %s %s%.*s", *dashes ? "option" : "key", dashes,
		     (int)(length > SHOWN ? SHOWN : length), name);
	if (nearest)
		return fail_remedy(err, "did you mean %s%s?", dashes, nearest);
	return fail_remedy(err, "see sandbox --help for all %s", *dashes ? "options" : "keys");
}

int option_refuse(const struct setting *setting, const char *reason)
{
	size_t length = strlen(setting->value);

	return fail_because(setting->err, "%s%s '%.*s%s': %s", setting->dashes,
			    setting->option->name, SHOWN, setting->value,
			    length > SHOWN ? "..." : "", reason);
}

int option_apply(struct setting *setting)
{
	if (setting->option->value && !*setting->value && !(setting->option->flags & OPTION_LIST))
		return option_refuse(setting, "the value is empty");
	if (setting->config->learn_fd > 0)
		*ARENA_APPEND(&setting->config->arena, setting->config->given,
			      setting->config->given_count) =
			(struct given){option_id(setting->option), setting->value};
	return setting->option->set(setting);
}

int options_set(struct config *config, const char *name, const char *value, const char *origin,
		struct error *err)
{
	const struct option *option = option_find(name, strlen(name));

	if (!option)
		return unknown("", name, strlen(name), OPTION_NOT_IN_PROFILE, err);
	if (option->flags & OPTION_NOT_IN_PROFILE) {
		fail_because(err, "%s has no meaning in a profile", name);
		return fail_remedy(err, "give it on the command line: --%s", name);
	}
	if (!value && option->value) {
		fail_because(err, "%s needs a value", name);
		return fail_remedy(err, "write it as: %s = %s", name, option->value);
	}
	struct setting setting = {
		.config = config,
		.option = option,
		.value = value ? value : "true",
		.origin = arena_strdup(&config->arena, origin),
		.dashes = "",
		.err = err,
	};
	return option_apply(&setting);
}

/* Where in argv a walk is, and what stands with the option that it found last. */
struct walk {
	char **argv;
	int argc, next;
	const char *letters; /* what is left of -xyz */
	const char *value;   /* NULL for a flag without one */
	bool failed;
	struct error *err;
};

static const struct option *walk_failed(struct walk *walk)
{
	walk->failed = true;
	return NULL;
}

/* The value that an option must have and that does not follow it in the same word. */
static const struct option *value_from_next(struct walk *walk, const struct option *option,
					    const char *dashes, const char *name, size_t length)
{
	if (walk->next == walk->argc) {
		fail_because(walk->err, "option %s%.*s needs a value", dashes, (int)length, name);
		fail_remedy(walk->err, "write it as: --%s=%s", option->name, option->value);
		return walk_failed(walk);
	}
	walk->value = walk->argv[walk->next++];
	return option;
}

static const struct option *walk_long(struct walk *walk, const char *name)
{
	size_t length = strcspn(name, "=");
	const struct option *option = option_find(name, length);

	if (!option) {
		unknown("--", name, length, OPTION_ONLY_IN_PROFILE, walk->err);
		return walk_failed(walk);
	}
	if (option->flags & OPTION_ONLY_IN_PROFILE) {
		fail_because(walk->err, "--%s is for profile files only", option->name);
		fail_remedy(walk->err, "on the command line use --profile=NAME");
		return walk_failed(walk);
	}
	walk->value = name[length] ? name + length + 1 : NULL;
	if (walk->value || !option->value)
		return option;
	return value_from_next(walk, option, "--", name, length);
}

static const struct option *walk_letter(struct walk *walk)
{
	const char *letter = walk->letters;
	const struct option *option = find_letter(*letter);

	if (!option) {
		fail_because(walk->err, "unknown option -%c", *letter);
		fail_remedy(walk->err, "see sandbox --help for all options");
		return walk_failed(walk);
	}
	walk->value = NULL;
	walk->letters = letter[1] && !option->value ? letter + 1 : NULL;
	if (!option->value)
		return option;
	if (!letter[1])
		return value_from_next(walk, option, "-", letter, 1);
	walk->value = letter + 1;
	return option;
}

/* The next option; NULL at the end, where walk->next is the first word behind, or with failed. */
static const struct option *walk_next(struct walk *walk)
{
	if (walk->letters)
		return walk_letter(walk);
	if (walk->next == walk->argc)
		return NULL;
	const char *word = walk->argv[walk->next];

	if (word[0] != '-' || word[1] == '\0')
		return NULL;
	walk->next++;
	if (word[1] != '-') {
		walk->letters = word + 1;
		return walk_letter(walk);
	}
	return word[2] ? walk_long(walk, word + 2) : NULL;
}

int options_scan(int argc, char **argv, struct command_line *found, struct error *err)
{
	struct walk walk = {.argv = argv, .argc = argc, .err = err};
	const struct option *option;

	*found = (struct command_line){0};
	while ((option = walk_next(&walk)) != NULL) {
		enum option_id id = option_id(option);

		if (id == OPT_PROFILE)
			found->profile = walk.value;
		if (id == OPT_HELP)
			found->help = true;
		if (id == OPT_VERSION)
			found->version = true;
		/* Whoever asks for help gets it, whatever else the line says. */
		if (found->help || found->version)
			return 0;
	}
	found->rest = argv + walk.next;
	found->rest_count = argc - walk.next;
	return walk.failed ? -1 : 0;
}

size_t options_values(int argc, char **argv, enum option_id id, const char **values, size_t max)
{
	struct error ignored;
	struct walk walk = {.argv = argv, .argc = argc, .err = &ignored};
	const struct option *option;
	size_t count = 0;

	while (count < max && (option = walk_next(&walk)) != NULL)
		if (option_id(option) == id && walk.value)
			values[count++] = walk.value;
	return count;
}

int options_apply(struct config *config, int argc, char **argv, struct error *err)
{
	struct walk walk = {.argv = argv, .argc = argc, .err = err};
	const struct option *option;

	while ((option = walk_next(&walk)) != NULL) {
		struct setting setting = {
			.config = config,
			.option = option,
			.value = walk.value ? walk.value : "true",
			.origin = command_line_origin,
			.dashes = "--",
			.err = err,
		};
		if (option_apply(&setting))
			return -1;
	}
	return walk.failed ? -1 : 0;
}
