/* Whose profile it is: see profile_trust.h. What loosens is in profile_tighten.c. */
#include "profile_trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "lines.h"
#include "places.h"

/* Absolute, without "." and ".." or a slash at the end ("" is the root), by its letters: a link
 * that somebody exchanges meanwhile changes nothing. false: there is no working directory. */
static bool make_plain(const char *path, char plain[PATH_MAX])
{
	char cwd[PATH_MAX], whole[2 * PATH_MAX];
	size_t used = 0;

	if (!getcwd(cwd, sizeof cwd))
		return false;
	snprintf(whole, sizeof whole, "%s/%s", *path == '/' ? "" : cwd, path);
	path = whole;

	while (*path) {
		size_t length = strcspn(path, "/");

		if (length == 2 && memcmp(path, "..", 2) == 0) {
			while (used > 0 && plain[--used] != '/')
				;
		} else if (length > 0 && !(length == 1 && *path == '.') &&
			   used + length + 2 < PATH_MAX) {
			plain[used++] = '/';
			memcpy(plain + used, path, length);
			used += length;
		}
		path += length + (path[length] == '/');
	}
	plain[used] = '\0';
	return true;
}

/* The name that the open file has now. false: none that leads to it. */
static bool name_of(int fd, const struct stat *st, char real[PATH_MAX])
{
	char link[32];
	struct stat there;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, real, PATH_MAX - 1);
	if (length <= 0)
		return false;
	real[length] = '\0';
	return *real == '/' && stat(real, &there) == 0 && there.st_dev == st->st_dev &&
	       there.st_ino == st->st_ino;
}

/* Is path top, or below it? top has no slash at its end; "" is the root. */
static bool is_below(const char *path, const char *top)
{
	size_t length = strlen(top);

	return strncmp(path, top, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* The top of what the directory belongs to: where the outermost repository is, else itself. */
static void find_top(const char *directory, char top[PATH_MAX])
{
	static const char *const repositories[] = {".git", ".hg", ".jj", ".svn"};
	char above[PATH_MAX], name[PATH_MAX + 8];

	snprintf(above, sizeof above, "%s", directory);
	snprintf(top, PATH_MAX, "%s", above);
	for (char *slash; *above; *slash = '\0') {
		for (size_t i = 0; i < sizeof repositories / sizeof *repositories; i++) {
			snprintf(name, sizeof name, "%s/%s", above, repositories[i]);
			if (access(name, F_OK) == 0)
				snprintf(top, PATH_MAX, "%s", above);
		}
		slash = strrchr(above, '/');
	}
}

static bool is_in(const char *plain, const char *real, const char *const *directories)
{
	char directory[PATH_MAX];

	for (; *directories; directories++)
		if (realpath(*directories, directory) && is_below(real, directory) &&
		    (is_below(plain, directory) || is_below(plain, *directories)))
			return true;
	return false;
}

bool profile_is_project(int fd, const char *path, const char *const *directories)
{
	char cwd[PATH_MAX], top[PATH_MAX], plain[PATH_MAX], real[PATH_MAX];
	struct stat st;

	/* What cannot be looked at is not excused. */
	if (!make_plain(".", cwd) || !make_plain(path, plain) || fstat(fd, &st) < 0 ||
	    !name_of(fd, &st, real))
		return true;
	if (is_in(plain, real, directories))
		return false;
	/* Also what a process of somebody's shows in /proc is root's. */
	if (strcmp(plain, real) == 0 && st.st_uid == 0 && geteuid() != 0 &&
	    !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return false;
	find_top(cwd, top);
	return is_below(plain, top) || is_below(real, top);
}

/* ---- what is trusted ---- */

enum { NAME_SIZE = 32, ENTRY_MAX = LINES_FILE_MAX + PATH_MAX + 1 };

/* The entry of a path; the path stands in it, so that two with one name are told apart. */
static void entry_name(const char *plain, char name[NAME_SIZE])
{
	unsigned long long value = 0xcbf29ce484222325;

	for (const char *p = plain; *p; p++)
		value = (value ^ (unsigned char)*p) * 0x100000001b3;
	snprintf(name, NAME_SIZE, "%016llx", value);
}

bool profile_is_trusted(struct arena *arena, const char *path, const char *text, size_t size)
{
	const char *place = places_trusted(arena);
	char name[NAME_SIZE], plain[PATH_MAX];
	int cleanup_fd directory = place ? open_own_directory(place) : -1;
	size_t had;

	if (directory < 0 || !make_plain(path, plain))
		return false;
	entry_name(plain, name);
	int cleanup_fd entry = open_own_file(directory, name);
	const char *kept = entry < 0 ? NULL : read_fd(arena, entry, ENTRY_MAX, &had);
	size_t length = strlen(plain) + 1;

	return kept && had == length + size && memcmp(kept, plain, length) == 0 &&
	       memcmp(kept + length, text, size) == 0;
}

static int open_place(struct arena *arena, struct error *err)
{
	const char *place = places_trusted(arena);

	if (!place)
		return fail_because(err, "cannot remember what you trust: neither XDG_STATE_HOME "
					 "nor HOME is an absolute path");
	if (make_directories(place) < 0)
		return fail(err, "make %s", place);
	int directory = open_own_directory(place);

	if (directory >= 0)
		return directory;
	fail(err, "use %s", place);
	return fail_remedy(err, "it has to be a directory of yours, no link, that nobody else can "
				"write to");
}

/* Whole, or not at all. */
static int put_entry(int directory, const char *plain, const char *text, size_t size,
		     struct error *err)
{
	char name[NAME_SIZE], making[NAME_SIZE + 16];

	entry_name(plain, name);
	snprintf(making, sizeof making, "%s.%d", name, (int)getpid());
	unlinkat(directory, making, 0);
	int cleanup_fd entry = openat(directory, making,
				      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (entry >= 0 && write_all(entry, plain, strlen(plain) + 1) == 0 &&
	    write_all(entry, text, size) == 0 && renameat(directory, making, directory, name) == 0)
		return 0;
	fail(err, "remember that %s is trusted", plain);
	unlinkat(directory, making, 0);
	return -1;
}

int profile_trust_add(const char *path, struct error *err)
{
	struct arena arena = {0};
	char plain[PATH_MAX];
	size_t size;
	const char *text =
		make_plain(path, plain) ? read_file(&arena, path, LINES_FILE_MAX, &size) : NULL;
	int result = -1;

	if (!text) {
		fail(err, "read the profile %s", path);
	} else {
		int cleanup_fd directory = open_place(&arena, err);

		if (directory >= 0)
			result = put_entry(directory, plain, text, size, err);
	}
	arena_free(&arena);
	return result;
}

int profile_trust_remove(const char *path, struct error *err)
{
	struct arena arena = {0};
	char name[NAME_SIZE], plain[PATH_MAX];
	int result = 0;

	if (!make_plain(path, plain))
		return fail(err, "find the working directory");
	entry_name(plain, name);
	int cleanup_fd directory = open_place(&arena, err);
	if (directory < 0)
		result = -1;
	else if (unlinkat(directory, name, 0) < 0)
		result = errno == ENOENT ? fail_because(err, "%s is not trusted", plain)
					 : fail(err, "forget that %s is trusted", plain);
	arena_free(&arena);
	return result;
}
