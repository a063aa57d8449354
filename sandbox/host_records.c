/* Where a bind, or ROOTFS, would show the records of this user's sandboxes (state.h), or what else
 * is believed later (places.h); supervisor, before the plan: see host_find_records in host.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "host.h"
#include "places.h"
#include "state.h"

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Is dir the directory that wanted is, or below it? 1 or 0, or -1. By what they are: names may go
 * round. */
static int is_below(int dir, const struct stat *wanted)
{
	struct stat st, before = {.st_ino = 0};
	int cleanup_fd at = fcntl(dir, F_DUPFD_CLOEXEC, 3);

	for (;;) {
		if (at < 0)
			return is_out_of_reach(errno) ? 0 : -1;
		if (fstat(at, &st) < 0)
			return -1;
		if (is_same(&st, wanted) || is_same(&st, &before))
			return is_same(&st, wanted);
		before = st;
		int up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close_cleanup(&at);
		at = up;
	}
}

/* The part of path that is below the directory that st is, in *rest; NULL when that is not above
 * it. */
static int below(const char *path, const struct stat *st, const char **rest)
{
	char above[PATH_MAX];
	struct stat there;

	*rest = NULL;

	snprintf(above, sizeof above, "%s", path);
	for (char *slash; (slash = strrchr(above, '/')) != NULL;) {
		*slash = '\0';
		bool found = stat(slash == above ? "/" : above, &there) == 0;

		if (!found && errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			return -1;
		if (found && is_same(&there, st)) {
			*rest = path + (slash - above);
			return 0;
		}
	}
	return 0;
}

/* What a file is in, for a bind of a file. */
static int directory_of(int fd, const struct stat *st)
{
	char link[48], path[PATH_MAX];

	if (S_ISDIR(st->st_mode))
		return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, path, sizeof path - 1);
	if (length < 0)
		return -1;
	path[length] = '\0';
	char *slash = strrchr(path, '/');
	if (!slash) { /* a pipe, a socket */
		errno = ENOENT;
		return -1;
	}
	*slash = '\0';
	return open(*path ? path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* A directory that nothing inside may see. */
struct kept_place {
	const char *path, *what, *why;
};

/* A path without links on the way to it, as far as it is there; its own last name may be one. NULL
 * and errno. */
static const char *plain_path(struct arena *arena, const char *place)
{
	char above[PATH_MAX], real[PATH_MAX];

	errno = ENOENT;

	snprintf(above, sizeof above, "%s", place);
	for (char *slash; (slash = strrchr(above, '/')) != NULL;) {
		*slash = '\0';
		if (realpath(*above ? above : "/", real))
			return arena_printf(arena, "%s%s", strcmp(real, "/") == 0 ? "" : real,
					    place + (slash - above));
		if (!is_out_of_reach(errno))
			break;
	}
	return NULL;
}

static int unsure(const struct kept_place *kept, const char *source, struct error *err)
{
	return fail(err, "find out whether %s shows the %s", source, kept->what);
}

/* One of the places; source is the name for messages. */
static int look(struct host *host, const struct kept_place *kept, const char *source, int fd,
		struct shown *shown, struct error *err)
{
	const char *path = plain_path(&host->arena, kept->path), *rest = NULL;
	struct stat st, there;

	if (!path && is_out_of_reach(errno))
		return 0;
	if (!path || fstat(fd, &st) < 0)
		return unsure(kept, source, err);
	bool is_there = lstat(path, &there) == 0;
	if (!is_there && !is_out_of_reach(errno))
		return unsure(kept, source, err);
	int cleanup_fd dir = is_there ? directory_of(fd, &st) : -1;
	if (is_there && dir < 0 && !is_out_of_reach(errno))
		return unsure(kept, source, err);
	int within = dir >= 0 ? is_below(dir, &there) : 0;
	if (within < 0 || below(path, &st, &rest) < 0)
		return unsure(kept, source, err);
	if (within) {
		fail_because(err, "will not show %s inside: it belongs to the %s", source,
			     kept->what);
		return fail_remedy(err, "who can write to them can %s", kept->why);
	}
	if (rest)
		*ARENA_APPEND(&host->arena, shown->list, shown->count) =
			(struct shown_records){.path = path, .below = rest, .what = kept->what};
	return 0;
}

int host_find_records(struct host *host, const char *source, int fd, struct shown *shown,
		      struct error *err)
{
	const char *places[STATE_PLACES];
	size_t count = state_places(&host->arena, places);
	const struct kept_place more[] = {
		{places_filters(&host->arena), "filters that are kept",
		 "decide what your other sandboxes are refused"},
		{places_trusted(&host->arena), "profiles that you trust",
		 "have your other sandboxes trust any"},
	};

	for (size_t i = 0; i < count; i++) {
		const struct kept_place records = {places[i], "records of sandboxes",
						   "start commands in your other sandboxes"};

		if (look(host, &records, source, fd, shown, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < sizeof more / sizeof *more; i++)
		if (more[i].path && look(host, &more[i], source, fd, shown, err) < 0)
			return -1;
	return 0;
}
