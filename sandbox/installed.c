/* Where what came with the program is: see installed.h. */
#include "installed.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_trusted(const char *path)
{
	struct stat status, program;

	if (stat(path, &status) || (status.st_mode & S_IWOTH))
		return false;
	if (status.st_uid == 0 || status.st_uid == geteuid())
		return true;
	return stat("/proc/self/exe", &program) == 0 && program.st_uid == status.st_uid;
}

static void cut_component(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

const char *installed_path(struct arena *arena, const char *in_tree, const char *installed)
{
	char top[PATH_MAX];
	const char *path, *standard = arena_printf(arena, "%s/%s", PREFIX, installed);
	ssize_t length = readlink("/proc/self/exe", top, sizeof top - 1);

	if (length <= 0)
		return standard;
	top[length] = '\0';
	cut_component(top);
	/* A helper looks from where the program is. */
	if (ends_with(top, "/libexec/sandbox") || ends_with(top, "/build/libexec") ||
	    ends_with(top, "/build/san/libexec"))
		cut_component(top);
	bool instrumented = ends_with(top, "/build/san");
	if (!instrumented && !ends_with(top, "/build")) {
		cut_component(top);
		path = arena_printf(arena, "%s/%s", top, installed);
	} else if (!in_tree) {
		path = arena_printf(arena, "%s/libexec%s", top, strrchr(installed, '/'));
	} else {
		cut_component(top);
		if (instrumented)
			cut_component(top);
		path = arena_printf(arena, "%s/%s", top, in_tree);
	}
	return is_trusted(path) ? path : standard;
}
