/*
 * `sandbox profile list|show|check`: what the profiles on this machine are, what one means when all
 * it extends is written out, and what is wrong with a file. Prints; starts nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile_load.h"
#include "profile_settings.h"
#include "profile_trust.h"

static int usage(void)
{
	fputs("usage: sandbox profile list\n"
	      "       sandbox profile show [--resolved [--json]] [NAME [ROOTFS]]\n"
	      "       sandbox profile check FILE...\n"
	      "       sandbox profile trust|distrust FILE...\n",
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

static int command_show(const char *name, FILE *out)
{
	struct profile_settings settings = {.count = 0};
	struct config config = {0};
	struct error err = {0};
	struct profile_loader loader = {.config = &config,
					.err = &err,
					.seen = profile_settings_take,
					.data = &settings,
					.trusts_all = true};
	int failed = profile_load(&loader, name, false);

	if (failed)
		error_print(stderr, &err);
	for (size_t i = 0; !failed && i < settings.count; i++)
		profile_settings_print(&settings.list[i], out);
	if (!failed && settings.count == 0)
		fputs("# nothing beyond the built-in defaults\n", out);
	arena_free(&settings.arena);
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

/* What of a project's profile takes a word of the user's, line by line. Returns whether there is
 * any. */
static bool print_loosening(const char *path, FILE *out)
{
	struct config config = {.rootfs = "/"};
	struct error err = {0};
	struct profile_loader loader = {
		.config = &config, .err = &err, .wrong = print_wrong, .data = out};
	int failed = profile_load(&loader, path, true);

	config_free(&config);
	return failed != 0;
}

static int check_file(const char *path, FILE *out)
{
	struct config config = {.rootfs = "/"};
	struct error err = {0};
	struct profile_loader loader = {.config = &config,
					.err = &err,
					.wrong = print_wrong,
					.data = out,
					.trusts_all = true};
	int failed = profile_load(&loader, path, true);

	if (!failed && config_check(&config, &err)) {
		fprintf(out, "%s: ", path);
		print_wrong(out, &err);
		failed = -1;
	}
	config_free(&config);
	if (failed)
		return EXIT_SANDBOX;
	bool loosens = print_loosening(path, out);
	print_escaped(out, path);
	fputs(loosens ? ": ok, for who trusts it\n" : ": ok\n", out);
	return 0;
}

/* --- trust --- */

/* What it will be able to do is shown to whoever trusts it. */
static int trust_file(const char *path, FILE *out)
{
	struct error err;
	int status = check_file(path, out);

	if (status)
		return status;
	if (profile_trust_add(path, &err)) {
		error_print(stderr, &err);
		return EXIT_SANDBOX;
	}
	print_escaped(out, path);
	fputs(": trusted, as long as it stays as it is\n", out);
	return 0;
}

static int distrust_file(const char *path, FILE *out)
{
	struct error err;

	if (profile_trust_remove(path, &err)) {
		error_print(stderr, &err);
		return EXIT_SANDBOX;
	}
	print_escaped(out, path);
	fputs(": not trusted any more\n", out);
	return 0;
}

static const struct {
	const char *verb;
	int (*run)(const char *path, FILE *out);
} on_files[] = {{"check", check_file}, {"trust", trust_file}, {"distrust", distrust_file}};

int profile_command(int argc, char **argv, FILE *out)
{
	const char *verb = argc > 0 ? argv[0] : "";
	int status = 0;

	if (strcmp(verb, "list") == 0 && argc == 1)
		return command_list(out);
	if (strcmp(verb, "show") == 0 && argc <= 2)
		return command_show(argc == 2 ? argv[1] : "default", out);
	for (size_t i = 0; argc >= 2 && i < sizeof on_files / sizeof *on_files; i++) {
		if (strcmp(verb, on_files[i].verb) != 0)
			continue;
		for (int j = 1; j < argc; j++)
			if (on_files[i].run(argv[j], out))
				status = EXIT_SANDBOX;
		return status;
	}
	return usage();
}
