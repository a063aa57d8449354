/*
 * Paths inside the new root, which may hold what an enemy has put there: each prefix is resolved
 * with the new root as "/" (files.h), so that no link leads out of it, and what is made is made in
 * the directory that was found, by its descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "bwrap.h"

mode_t bwrap_parents(const struct bwrap_op *op)
{
	mode_t mode = 0755;

	if (op->perms >= 0 && !(op->perms & 0070))
		mode &= ~(mode_t)0050;
	if (op->perms >= 0 && !(op->perms & 0007))
		mode &= ~(mode_t)0005;
	return mode;
}

static int make_one(int parent, const char *name, enum leaf leaf, mode_t mode)
{
	if (leaf == LEAF_DIRECTORY)
		return mkdirat(parent, name, mode) < 0 && errno != EEXIST ? -1 : 0;
	int fd = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return errno == EEXIST ? 0 : -1;
	close(fd);
	return 0;
}

struct walk {
	int root;
	const char *target;
	enum leaf leaf;
	mode_t parents, last;
};

static int walk_and_make(const struct walk *walk)
{
	const char *target = walk->target;
	char prefix[PATH_MAX], name[NAME_MAX + 1];
	size_t start, end = 0;
	int cleanup_fd parent = open_in(walk->root, "/", O_PATH | O_DIRECTORY);

	if (strlen(target) >= sizeof prefix) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (;;) {
		start = end + strspn(target + end, "/");
		end = start + strcspn(target + start, "/");
		if (parent < 0 || end == start)
			break;
		bool last = target[end + strspn(target + end, "/")] == '\0';
		enum leaf kind = last ? walk->leaf : LEAF_DIRECTORY;
		int flags = O_PATH | (last ? 0 : O_DIRECTORY);

		memcpy(prefix, target, end);
		prefix[end] = '\0';
		int fd = open_in(walk->root, prefix, flags);
		if (fd < 0 && errno == ENOENT && end - start < sizeof name) {
			memcpy(name, target + start, end - start);
			name[end - start] = '\0';
			if (make_one(parent, name, kind, last ? walk->last : walk->parents) == 0)
				fd = open_in(walk->root, prefix, flags);
		}
		close_cleanup(&parent);
		parent = fd;
	}
	return steal_fd(&parent);
}

static int place(const struct walk *walk)
{
	int fd = open_in(walk->root, walk->target, O_PATH);

	return fd >= 0 || errno != ENOENT ? fd : walk_and_make(walk);
}

int bwrap_place(int root, const char *target, enum leaf leaf, mode_t parents)
{
	const struct walk walk = {root, target, leaf, parents, leaf == LEAF_FILE ? 0444 : 0755};

	return place(&walk);
}

int bwrap_place_parent(int root, const char *target, mode_t parents, char **name)
{
	size_t length = strlen(target);

	while (length > 0 && target[length - 1] == '/')
		length--;
	size_t start = length;
	while (start > 0 && target[start - 1] != '/')
		start--;
	*name = strndup(target + start, length - start);
	if (!*name)
		return -1;
	char *above = strndup(target, start);
	int fd = -1;
	if (!above) {
		errno = ENOMEM;
	} else if (length == start || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0) {
		errno = EEXIST;
	} else {
		const struct walk walk = {root, above, LEAF_DIRECTORY, parents, parents};

		fd = place(&walk);
	}
	free(above);
	return fd;
}
