/* Flags of mounts, one at a time; child, SETUP, on kernels before Linux 5.12: see remount.h. */
#include "remount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"
#include "mountinfo.h"

enum { TRIES = 16 };

/* What of path comes after prefix, without a slash at its start; NULL when it is not below it. */
static const char *below(const char *path, const char *prefix)
{
	size_t length = strcmp(prefix, "/") == 0 ? 0 : strlen(prefix);

	if (strncmp(path, prefix, length) != 0 || (path[length] && path[length] != '/'))
		return NULL;
	return path + length + strspn(path + length, "/");
}

/* Does another mount of the tree below top lie where the way to this one leads? */
static bool is_covered(const struct mountinfo *list, const struct mounted *top,
		       const struct mounted *one)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct mounted *other = &list->all[i];

		if (below(one->path, other->path) && mountinfo_is_above(list, top, other) &&
		    !mountinfo_is_above(list, other, one))
			return true;
	}
	return false;
}

static int add_flags(int fd, unsigned long flags)
{
	char path[32];

	/* A descriptor's link leads to its very mount, whatever lies on that. The kernel would
	 * forget the flags that the mount has, but for those of times. */
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return (int)syscall(SYS_mount, NULL, path, NULL, MS_REMOUNT | MS_BIND | flags, NULL);
}

/* Whoever may rename above it can lead us elsewhere; then it is looked up once more. */
static int change_one(int mount, const struct mounted *top, const struct mounted *one,
		      unsigned long flags)
{
	const char *path = below(one->path, top->path);
	uint64_t id;

	if (one == top)
		return add_flags(mount, one->flags | flags);
	int cleanup_fd fd = path ? open_in_no_links(mount, path, O_PATH) : -1;
	if (fd < 0 || mount_id(fd, &id) < 0 || id != one->id)
		return 0;
	return add_flags(fd, one->flags | flags);
}

static int change_list(const struct mountinfo *list, int mount, unsigned long flags, bool recursive)
{
	const struct mounted *top;
	int changed = 0;
	uint64_t id;

	if (mount_id(mount, &id) < 0)
		return -1;
	top = mountinfo_find(list, id);
	if (!top) {
		errno = ENOSYS; /* not attached, or out of this process's sight */
		return -1;
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct mounted *one = &list->all[i];

		if ((one->flags & flags) == flags || !mountinfo_is_above(list, top, one) ||
		    (one != top && (!recursive || is_covered(list, top, one))))
			continue;
		changed++;
		if (change_one(mount, top, one, flags) < 0)
			return -1;
	}
	return changed;
}

/* One round: how many had to be changed, or -1. */
static int change_all(int mount, unsigned long flags, bool recursive)
{
	struct mountinfo list;

	if (mountinfo_read(&list) < 0) {
		errno = ENOSYS;
		return -1;
	}
	int changed = change_list(&list, mount, flags, recursive), number = errno;
	mountinfo_free(&list);
	errno = number;
	return changed;
}

int remount_with(int mount, unsigned long flags, bool recursive)
{
	for (int i = 0; i < TRIES; i++) {
		int changed = change_all(mount, flags, recursive);

		if (changed <= 0)
			return changed;
	}
	errno = EAGAIN;
	return -1;
}
