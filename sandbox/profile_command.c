/*
 * `sandbox profile list|show|check`: what the profiles on this machine are, what one means when all
 * it extends is written out, and what is wrong with a file. Prints; starts nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile_load.h"

static int usage(void)
{
	fputs("usage: sandbox profile list\n"
	      "       sandbox profile show [NAME]\n"
	      "       sandbox profile check FILE...\n",
	      stderr);
	return EXIT_SANDBOX;
}

/* --- list --- */

struct listed {
	const char *name, *path, *about;
};

/* The first comment of a profile, without what it repeats: "# build: text" is "text". */
static const char *first_comment(const char *path, const char *name, struct arena *arena)
{
	char line[512];
	FILE *file = fopen(path, "re");
	const char *about = "";

	if (file && fgets(line, sizeof line, file) && line[0] == '#') {
		char *text = line + 1 + strspn(line + 1, "# \t");
		size_t length = strlen(name);

		if (strncmp(text, name, length) == 0) {
			char *rest = text + length;

			rest += strncmp(rest, ".conf", 5) == 0 ? 5 : 0;
			text = *rest == ':' ? rest + 1 + strspn(rest + 1, " \t") : text;
		}
		text[strcspn(text, "\r\n")] = '\0';
		about = arena_strdup(arena, text);
	}
	if (file)
		fclose(file);
	return about;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct listed *)a)->name, ((const struct listed *)b)->name);
}

/* Add the profiles of one directory; a name that is there already covers this one. */
static void list_directory(const char *directory, struct arena *arena, struct listed **list,
			   size_t *count)
{
	DIR *opened = opendir(directory);
	size_t names_count = 0, before = *count;
	char **names = opened ? profile_directory_names(opened, arena, &names_count) : NULL;

	for (size_t i = 0; i < names_count; i++) {
		const char *path = arena_printf(arena, "%s/%s", directory, names[i]);
		bool covered = false;

		names[i][strlen(names[i]) - 5] = '\0';
		for (size_t j = 0; j < before; j++)
			covered |= strcmp((*list)[j].name, names[i]) == 0;
		if (covered || profile_name_reason(names[i]))
			continue;
		*ARENA_APPEND(arena, *list, *count) =
			(struct listed){names[i], path, first_comment(path, names[i], arena)};
	}
	if (opened)
		closedir(opened);
}

static int command_list(FILE *out)
{
	struct arena arena = {0};
	struct listed *list = NULL;
	size_t count = 0;
	int width = 0, path_width = 0;

	for (const char *const *directory = profile_directories(&arena); *directory; directory++)
		list_directory(*directory, &arena, &list, &count);
	if (count > 1)
		qsort(list, count, sizeof *list, compare);
	for (size_t i = 0; i < count; i++) {
		int length = (int)strlen(list[i].name), path_length = (int)strlen(list[i].path);

		width = length > width ? length : width;
		path_width = path_length > path_width ? path_length : path_width;
	}
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%-*s  ", width, list[i].name);
		print_escaped(out, list[i].path);
		fprintf(out, "%*s", path_width - (int)strlen(list[i].path) + 2, "");
		print_escaped(out, list[i].about);
		fputc('\n', out);
	}
	arena_free(&arena);
	return 0;
}

/* --- show --- */

struct shown {
	const struct option *option;
	const char *value, *origin;
};

struct showing {
	struct arena arena;
	struct shown *list;
	size_t count;
};

/* Does the later setting undo the earlier one? */
static bool undoes(const struct option *option, const char *value, const struct shown *earlier)
{
	bool list = option->flags & OPTION_LIST;

	if (option == earlier->option)
		return !list || !*value;
	/* Two flags that settle one field. A list has no field of its own here. */
	return !list && !(earlier->option->flags & OPTION_LIST) &&
	       option->field == earlier->option->field && strcmp(value, "true") == 0 &&
	       strcmp(earlier->value, "true") == 0;
}

static void remember(void *data, const struct option *option, const char *value, const char *origin)
{
	struct showing *showing = data;
	size_t kept = 0;

	for (size_t i = 0; i < showing->count; i++)
		if (!undoes(option, value, &showing->list[i]))
			showing->list[kept++] = showing->list[i];
	showing->count = kept;
	if ((option->flags & OPTION_LIST) && !*value)
		return;
	*ARENA_APPEND(&showing->arena, showing->list, showing->count) = (struct shown){
		option, arena_strdup(&showing->arena, value),
		arena_strdup(&showing->arena,
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

static int command_show(const char *name, FILE *out)
{
	struct showing showing = {0};
	struct config config = {0};
	struct error err = {0};
	struct profile_loader loader = {
		.config = &config, .err = &err, .seen = remember, .data = &showing};
	int failed = profile_load(&loader, name, false);

	if (failed)
		error_print(stderr, &err);
	for (size_t i = 0; !failed && i < showing.count; i++) {
		fputs("# ", out);
		print_escaped(out, showing.list[i].origin);
		fprintf(out, "\n%s", showing.list[i].option->name);
		if (showing.list[i].option->value || strcmp(showing.list[i].value, "true") != 0) {
			fputs(" = ", out);
			print_value(out, showing.list[i].value);
		}
		fputc('\n', out);
	}
	if (!failed && showing.count == 0)
		fputs("# nothing beyond the built-in defaults\n", out);
	arena_free(&showing.arena);
	config_free(&config);
	return failed ? EXIT_SANDBOX : 0;
}

/* --- check --- */

/* As compilers write it, without the program's name: FILE:LINE: what. */
static void print_wrong(void *data, const struct error *err)
{
	FILE *out = data;

	print_escaped(out, err->text);
	fputc('\n', out);
	if (err->remedy[0]) {
		fputs("  ", out);
		print_escaped(out, err->remedy);
		fputc('\n', out);
	}
}

static int check_file(const char *path, FILE *out)
{
	struct config config = {.rootfs = "/"};
	struct error err = {0};
	struct profile_loader loader = {
		.config = &config, .err = &err, .wrong = print_wrong, .data = out};
	int failed = profile_load(&loader, path, true);

	if (!failed && config_check(&config, &err)) {
		fprintf(out, "%s: ", path);
		print_wrong(out, &err);
		failed = -1;
	}
	if (!failed) {
		print_escaped(out, path);
		fputs(": ok\n", out);
	}
	config_free(&config);
	return failed ? EXIT_SANDBOX : 0;
}

int profile_command(int argc, char **argv, FILE *out)
{
	const char *verb = argc > 0 ? argv[0] : "";
	int status = 0;

	if (strcmp(verb, "list") == 0 && argc == 1)
		return command_list(out);
	if (strcmp(verb, "show") == 0 && argc <= 2)
		return command_show(argc == 2 ? argv[1] : "default", out);
	if (strcmp(verb, "check") != 0 || argc < 2)
		return usage();
	for (int i = 1; i < argc; i++)
		if (check_file(argv[i], out))
			status = EXIT_SANDBOX;
	return status;
}
