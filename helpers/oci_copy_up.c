/* tmpcopyup: a tmpfs that begins with what it covers; see oci_rooms.h. Container's process, SETUP.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "oci_rooms.h"

/* A rootfs is a stranger's: what is deeper or more than this is no /run or /tmp of an image. */
enum { DEPTH_MAX = 64, ENTRIES_MAX = 100000 };

struct copying {
	size_t entries;
};

static int copy_directory(struct copying *copying, int from, int into, int depth);

/* An owner that does not exist in this user namespace stays ours. */
static int give(int fd, const struct stat *st)
{
	if (fchown(fd, st->st_uid, st->st_gid) < 0 && errno != EINVAL && errno != EPERM)
		return -1;
	return fchmod(fd, st->st_mode & 07777);
}

static int copy_file(int from, int into, const char *name, const struct stat *st)
{
	int cleanup_fd source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int cleanup_fd copy =
		openat(into, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t got;

	if (source < 0 || copy < 0)
		return -1;
	while ((got = sendfile(copy, source, NULL, 1 << 20)) > 0)
		;
	return got < 0 ? -1 : give(copy, st);
}

static int copy_link(int from, int into, const char *name, const struct stat *st)
{
	char text[4096];
	ssize_t length = readlinkat(from, name, text, sizeof text - 1);

	if (length < 0)
		return -1;
	text[length] = '\0';
	if (symlinkat(text, into, name) < 0)
		return -1;
	(void)!fchownat(into, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW);
	return 0;
}

static int copy_below(struct copying *copying, int from, int into, const char *name, int depth)
{
	int cleanup_fd source = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (source < 0 || mkdirat(into, name, 0700) < 0)
		return -1;
	int cleanup_fd copy = openat(into, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return copy < 0 ? -1 : copy_directory(copying, source, copy, depth + 1);
}

static int copy_entry(struct copying *copying, int from, int into, const char *name, int depth)
{
	struct stat st;

	if (++copying->entries > ENTRIES_MAX) {
		errno = E2BIG;
		return -1;
	}
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(from, into, name, &st);
	case S_IFLNK:
		return copy_link(from, into, name, &st);
	case S_IFDIR:
		return copy_below(copying, from, into, name, depth);
	default: /* sockets, pipes and devices are nothing to begin with */
		return 0;
	}
}

static int copy_directory(struct copying *copying, int from, int into, int depth)
{
	struct stat st;
	struct dirent *entry;
	int result = 0;

	errno = ELOOP;
	if (depth > DEPTH_MAX || fstat(from, &st) < 0)
		return -1;
	int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	if (!list) {
		close_cleanup(&copy);
		return -1;
	}
	while (result == 0 && (entry = readdir(list)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			result = copy_entry(copying, from, into, entry->d_name, depth);
	closedir(list);
	/* The tmpfs's own mode and owner are the configuration's. */
	return result < 0 || depth == 0 ? result : give(into, &st);
}

int oci_copy_up(int from, int into)
{
	struct copying copying = {.entries = 0};
	int cleanup_fd top = openat(into, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return top < 0 ? -1 : copy_directory(&copying, from, top, 0);
}
