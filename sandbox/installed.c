/* Where what came with the program is: see installed.h. */
#include "installed.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The program's file: of a sealed copy in memory, which nobody else can have made, the one that it
 * is a copy of. NULL where it cannot be found out. */
static const char *program_file(char path[PATH_MAX])
{
	const char *copied = getenv(INSTALLED_COPY_OF);
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

	if (length <= 0)
		return NULL;
	path[length] = '\0';
	if (!copied || *copied != '/' || strlen(copied) >= PATH_MAX)
		return path;
	int program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int seals = program < 0 ? -1 : fcntl(program, F_GET_SEALS);
	if (program >= 0)
		close(program);
	return seals >= 0 && seals & F_SEAL_WRITE ? strcpy(path, copied) : path;
}

static bool is_trusted(const char *path, const char *file)
{
	struct stat status, program;

	if (stat(path, &status) || (status.st_mode & S_IWOTH))
		return false;
	if (status.st_uid == 0 || status.st_uid == geteuid())
		return true;
	return stat(file, &program) == 0 && program.st_uid == status.st_uid;
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

	if (!program_file(top))
		return standard;
	const char *file = arena_strdup(arena, top);
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
	return is_trusted(path, file) ? path : standard;
}
