/*
 * Where profiles are: the user's directory, the administrator's, and the one that came with the
 * program, which is found from where the program itself is, so that a copied tree works as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "installed.h"
#include "profile_load.h"

static const char *user_directory(struct arena *arena)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (base && base[0] == '/')
		return arena_printf(arena, "%s/sandbox/profiles", base);
	if (home && home[0] == '/')
		return arena_printf(arena, "%s/.config/sandbox/profiles", home);
	return NULL;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

const char *const *profile_directories(struct arena *arena)
{
	const char **list = arena_alloc(arena, (PROFILE_DIRECTORIES_MAX + 1) * sizeof *list);
	int count = 0;

	list[count] = user_directory(arena);
	count += list[count] != NULL;
	list[count++] = "/etc/sandbox/profiles";
	list[count] = installed_path(arena, "profiles", "share/sandbox/profiles");
	return list;
}

int profile_search_open(struct profile_search *search, struct arena *arena, struct error *err)
{
	*search = (struct profile_search){.directories = profile_directories(arena)};
	while (search->directories[search->count]) {
		const char *directory = search->directories[search->count];
		int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0 && errno != ENOENT && errno != ENOTDIR) {
			/* What cannot be read might have confined more. */
			fail(err, "look for profiles in %s", directory);
			profile_search_close(search);
			return fail_remedy(err, "make it readable, or set XDG_CONFIG_HOME or HOME");
		}
		search->fds[search->count++] = fd;
	}
	return 0;
}

void profile_search_close(struct profile_search *search)
{
	while (search->count > 0)
		if (search->fds[--search->count] >= 0)
			close(search->fds[search->count]);
}

const char *profile_name_reason(const char *name)
{
	static const char marks[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";

	if (!*name)
		return "the name is empty";
	if (strlen(name) > PROFILE_NAME_MAX)
		return "the name is too long";
	if (*name == '.' || *name == '-' || name[strspn(name, marks)])
		return "a name has letters, digits and ._+- and does not start with '.' or '-'";
	return NULL;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **profile_directory_names(DIR *directory, struct arena *arena, size_t *count)
{
	char **names = NULL;

	*count = 0;
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
		if (entry->d_name[0] != '.' && ends_with(entry->d_name, ".conf"))
			*ARENA_APPEND(arena, names, *count) = arena_strdup(arena, entry->d_name);
	if (names)
		qsort(names, *count, sizeof *names, compare);
	return names;
}

int profile_not_found(const struct profile_search *search, struct arena *arena, const char *name,
		      struct error *err)
{
	const char *nearest = NULL;
	int least = -1;

	for (int i = 0; i < search->count; i++) {
		DIR *directory = search->fds[i] < 0 ? NULL : opendir(search->directories[i]);
		size_t count = 0;
		char **names = directory ? profile_directory_names(directory, arena, &count) : NULL;

		for (size_t j = 0; j < count; j++) {
			names[j][strlen(names[j]) - 5] = '\0';
			int edits = option_distance(name, strlen(name), names[j]);

			if (edits >= 0 && (least < 0 || edits < least)) {
				nearest = names[j];
				least = edits;
			}
		}
		if (directory)
			closedir(directory);
	}
	fail_because(err, "no profile '%.200s' was found", name);
	if (nearest)
		return fail_remedy(err, "did you mean %s?", nearest);
	return fail_remedy(
		err, "sandbox profile list shows them; a file is given with a slash: ./%s", name);
}
