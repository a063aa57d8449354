/* Copying what is committed to another file system: see layer.h. As cp -a, by descriptors. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "files.h"
#include "layer.h"

/* The first copy of an inode with several names. */
struct link_seen {
	dev_t device;
	ino_t inode;
	char *path; /* below the stage, where all copies are made */
};

static int compare_links(const void *a, const void *b)
{
	const struct link_seen *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

enum { SMALL = 32768 };

struct copying {
	int top; /* below which all copies are made */
	void **links;
	struct error *err;
};

/* fuse-overlayfs's too: nothing keeps a payload from writing those where the kernel makes the
 * layer. */
static bool is_overlays(const char *attribute)
{
	return strncmp(attribute, "user.overlay.", 13) == 0 ||
	       strncmp(attribute, "user.fuseoverlayfs.", 19) == 0;
}

bool layer_keeps(const char *attribute)
{
	return !is_overlays(attribute) && strncmp(attribute, "trusted.", 8) != 0 &&
	       (strncmp(attribute, "security.", 9) != 0 ||
		strcmp(attribute, "security.capability") == 0);
}

void layer_strip(int directory, const char *name)
{
	if (fchdir(directory) == 0)
		layer_strip_here(name);
}

void layer_strip_here(const char *name)
{
	char names[4096];
	ssize_t size = llistxattr(name, names, sizeof names);

	for (const char *p = names; size > 0 && p < names + size; p += strlen(p) + 1)
		if (is_overlays(p))
			(void)lremovexattr(name, p);
}

static int copy_attributes(int from, const char *name, int to, const char *copy)
{
	char names[4096], value[65536];
	ssize_t size = fchdir(from) < 0 ? -1 : llistxattr(name, names, sizeof names);

	if (size < 0)
		return errno == ENOTSUP ? 0 : -1;
	for (const char *p = names; p < names + size; p += strlen(p) + 1) {
		if (!layer_keeps(p))
			continue;
		ssize_t length = fchdir(from) < 0 ? -1 : lgetxattr(name, p, value, sizeof value);

		/* What is not to be had here was not to be seen. */
		if (length >= 0 &&
		    (fchdir(to) < 0 || lsetxattr(copy, p, value, (size_t)length, 0) < 0) &&
		    errno != ENOTSUP)
			return -1;
	}
	return 0;
}

/* From one file system to another of the same type the kernel copies by itself; else by hand. */
static ssize_t copy_piece(int from, int to, off_t at, size_t size)
{
	off_t in = at, out = at;
	ssize_t copied = copy_file_range(from, &in, to, &out, size, 0);

	if (copied > 0 || (copied < 0 && errno != EXDEV && errno != EINVAL && errno != ENOSYS &&
			   errno != EOPNOTSUPP))
		return copied;
	char *block = malloc(1 << 18);
	ssize_t got = block ? pread(from, block, size < 1 << 18 ? size : 1 << 18, at) : -1;

	copied = got > 0 ? pwrite(to, block, (size_t)got, at) : got;
	free(block);
	return copied;
}

/* Holes stay holes. */
int layer_copy_data(int from, int to, off_t size)
{
	off_t at = 0;

	while (at < size) {
		off_t data = lseek(from, at, SEEK_DATA);

		if (data < 0)
			break; /* ENXIO: only a hole is left */
		off_t hole = lseek(from, data, SEEK_HOLE);
		while (data < hole) {
			ssize_t copied = copy_piece(from, to, data, (size_t)(hole - data));

			if (copied <= 0)
				return -1;
			data += copied;
		}
		at = hole;
	}
	return ftruncate(to, size);
}

/* A small file without holes, at one go: -1 when there was more or less of it than one look said.
 */
static int copy_small(int from, int to, off_t size)
{
	char block[SMALL];
	ssize_t got = read(from, block, sizeof block);

	if (got != size) {
		errno = got < 0 ? errno : EAGAIN;
		return -1;
	}
	return got == 0 || write(to, block, (size_t)got) == got ? 0 : -1;
}

static int set_attribute(int to, const char *name, const void *value, size_t size)
{
	return fsetxattr(to, name, value, size, 0) < 0 && errno != ENOTSUP ? -1 : 0;
}

static int copy_file_attributes(int from, int to)
{
	char names[4096], value[65536];
	ssize_t size = flistxattr(from, names, sizeof names);

	if (size < 0)
		return errno == ENOTSUP ? 0 : -1;
	for (const char *p = names; p < names + size; p += strlen(p) + 1) {
		ssize_t length = layer_keeps(p) ? fgetxattr(from, p, value, sizeof value) : -1;

		/* What is not to be had here was not to be seen. */
		if (length >= 0 && set_attribute(to, p, value, (size_t)length) < 0)
			return -1;
	}
	return 0;
}

/* Most of what is copied is small files, so calls are saved: all by the two descriptors. */
static int copy_file(int from, const char *name, int to, const char *copy, const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	bool whole = st->st_blocks * 512 >= st->st_size;
	int cleanup_fd in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int cleanup_fd out =
		in < 0 ? -1
		       : openat(to, copy, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				0600);

	if (out < 0 || (whole && st->st_size < SMALL ? copy_small(in, out, st->st_size)
						     : layer_copy_data(in, out, st->st_size)) < 0)
		return -1;
	/* What we make is root's, as we are. The owner first: chown takes setuid away. */
	if (((st->st_uid || st->st_gid) && fchown(out, st->st_uid, st->st_gid) < 0) ||
	    copy_file_attributes(in, out) < 0 || fchmod(out, st->st_mode & 07777) < 0)
		return -1;
	return futimens(out, times);
}

static int copy_link(int from, const char *name, int to, const char *copy)
{
	char link[PATH_MAX];
	ssize_t length = readlinkat(from, name, link, sizeof link - 1);

	if (length < 0)
		return -1;
	link[length] = '\0';
	return symlinkat(link, to, copy);
}

static int finish(int from, const char *name, int to, const char *copy, const struct stat *st)
{
	struct timespec times[2] = {st->st_atim, st->st_mtim};

	/* The owner first: chown takes setuid away. */
	if (fchownat(to, copy, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    copy_attributes(from, name, to, copy) < 0)
		return -1;
	if (!S_ISLNK(st->st_mode) && fchmodat(to, copy, st->st_mode & 07777, 0) < 0)
		return -1;
	return utimensat(to, copy, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_one(struct copying *copying, int from, const char *name, int to, const char *copy,
		    const char *path);

static int copy_directory(struct copying *copying, int from, const char *name, int to,
			  const char *copy, const char *path)
{
	char below[PATH_MAX];
	int result = 0;

	if (mkdirat(to, copy, 0700) < 0)
		return -1;
	int cleanup_fd source = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int cleanup_fd target = openat(to, copy, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *stream = source < 0 || target < 0 ? NULL : fdopendir(dup(source));
	if (!stream)
		return -1;
	for (struct dirent *entry; result == 0 && (entry = readdir(stream));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (snprintf(below, sizeof below, "%s/%s", path, entry->d_name) >=
		    (int)sizeof below) {
			errno = ENAMETOOLONG;
			result = -1;
		} else {
			result = copy_one(copying, source, entry->d_name, target, entry->d_name,
					  below);
		}
	}
	closedir(stream);
	return result;
}

/* Another name of an inode that has been copied: 1, linked. */
static int copy_again(struct copying *copying, int to, const char *copy, const char *path,
		      const struct stat *st)
{
	struct link_seen *seen = malloc(sizeof *seen);
	char *own = strdup(path);
	struct link_seen **there = NULL;

	if (seen && own) {
		*seen = (struct link_seen){.device = st->st_dev, .inode = st->st_ino, .path = own};
		there = tsearch(seen, copying->links, compare_links);
	}
	if (there && *there == seen)
		return 0;
	free(own);
	free(seen);
	return !there ? -1 : linkat(copying->top, (*there)->path, to, copy, 0) < 0 ? -1 : 1;
}

static int copy_one(struct copying *copying, int from, const char *name, int to, const char *copy,
		    const char *path)
{
	struct stat st;
	int result = 0;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (!S_ISDIR(st.st_mode) && st.st_nlink > 1) {
		result = copy_again(copying, to, copy, path, &st);
		if (result != 0)
			return result < 0 ? -1 : 0;
	}
	if (S_ISREG(st.st_mode))
		return copy_file(from, name, to, copy, &st);
	if (S_ISDIR(st.st_mode))
		result = copy_directory(copying, from, name, to, copy, path);
	else if (S_ISLNK(st.st_mode))
		result = copy_link(from, name, to, copy);
	else
		result = mknodat(to, copy, st.st_mode, st.st_rdev);
	return result < 0 ? -1 : finish(from, name, to, copy, &st);
}

int layer_copy(int from, const char *path, int to, const char *name, void **links,
	       struct error *err)
{
	struct copying copying = {to, links, err};
	const char *last;
	int cleanup_fd parent = layer_open_parent(from, path, &last);

	if (parent < 0 || copy_one(&copying, parent, last, to, name, name) < 0)
		return fail(err, "copy %s", path);
	return 0;
}

static void free_link(void *node)
{
	struct link_seen *seen = node;

	free(seen->path);
	free(seen);
}

void layer_copy_end(void **links)
{
	tdestroy(*links, free_link);
	*links = NULL;
}
