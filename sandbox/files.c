/* Descriptors and path resolution: see files.h. Used by every process, in every phase. */
#include "files.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

/* EAGAIN: a rename or mount raced with a ".."; openat2(2) says to try again. Bounded, since the
 * one who renames may be an attacker who would like us to spin. */
enum { OPENAT2_TRIES = 32 };

static int open_resolving(int root, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
		.mode = flags & O_CREAT ? 0644 : 0,
		.resolve = resolve,
	};
	int fd = -1;

	if (!*path)
		path = ".";
	for (int i = 0; i < OPENAT2_TRIES; i++) {
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd;
}

int open_in(int root, const char *path, int flags)
{
	return open_resolving(root, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int open_in_no_links(int root, const char *path, int flags)
{
	return open_resolving(root, path, flags,
			      RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS);
}

int mount_id(int fd, uint64_t *id)
{
	/* struct statx of <linux/stat.h>, which does not go together with <sys/stat.h>; musl's own
	 * lacks the field. stx_mnt_id: Linux 5.8, 8 bytes at offset 0x90. */
	enum { STATX_MNT_ID_BIT = 0x1000, MNT_ID_OFFSET = 0x90 };
	_Alignas(8) char st[256];

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_MNT_ID_BIT, st) < 0)
		return -1;
	memcpy(id, st + MNT_ID_OFFSET, sizeof *id);
	return 0;
}

int own_mounts_add(struct own_mounts *own, int fd)
{
	uint64_t *grown = realloc(own->ids, (own->count + 1) * sizeof *grown);

	if (!grown)
		return -1;
	own->ids = grown;
	return mount_id(fd, &own->ids[own->count++]);
}

bool own_mounts_has(const struct own_mounts *own, int fd)
{
	uint64_t id;

	if (mount_id(fd, &id) < 0)
		return false;
	for (size_t i = 0; i < own->count; i++)
		if (own->ids[i] == id)
			return true;
	errno = EXDEV;
	return false;
}

/* Make name in parent as a directory or file, and open it. */
static int make_one(int parent, const char *name, enum leaf leaf, const struct own_mounts *own)
{
	if (!own_mounts_has(own, parent))
		return -1;
	if (leaf == LEAF_DIRECTORY) {
		if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
			return -1;
	} else {
		int fd = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW,
				0644);

		if (fd < 0 && errno != EEXIST)
			return -1;
		if (fd >= 0)
			close(fd);
	}
	/* Whoever has put a link here in between gains nothing: none is followed. */
	return open_resolving(parent, name, leaf == LEAF_DIRECTORY ? O_PATH | O_DIRECTORY : O_PATH,
			      RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS);
}

/* Find the next part of path behind *end: it lies between *start and *end. */
static bool next_part(const char *path, size_t *start, size_t *end)
{
	*start = *end + strspn(path + *end, "/");
	*end = *start + strcspn(path + *start, "/");
	return *end > *start;
}

/* Walk path from root, each prefix resolved anew below it, so that links in the middle (where
 * resolve lets them be) are followed inside root, and only what is not there at all is made. */
static int walk_and_make(int root, const char *path, enum leaf leaf, uint64_t resolve,
			 const struct own_mounts *own)
{
	char prefix[PATH_MAX], name[NAME_MAX + 1];
	size_t start = 0, end = 0;

	if (strlen(path) >= sizeof prefix) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int cleanup_fd parent = open_resolving(root, "/", O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT);
	while (parent >= 0 && next_part(path, &start, &end)) {
		bool last = path[end + strspn(path + end, "/")] == '\0';
		enum leaf kind = last ? leaf : LEAF_DIRECTORY;

		memcpy(prefix, path, end);
		prefix[end] = '\0';
		int fd = open_resolving(root, prefix,
					kind == LEAF_DIRECTORY ? O_PATH | O_DIRECTORY : O_PATH,
					resolve);
		if (fd < 0 && errno == ENOENT && end - start < sizeof name) {
			memcpy(name, path + start, end - start);
			name[end - start] = '\0';
			fd = make_one(parent, name, kind, own);
		}
		close_cleanup(&parent);
		parent = fd;
	}
	return steal_fd(&parent);
}

int open_or_make_in(int root, const char *path, enum leaf leaf, const struct own_mounts *own)
{
	/* Files and directories alike, so that a mismatch is told when the mount is attached. */
	int fd = open_in(root, path, O_PATH);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	return walk_and_make(root, path, leaf, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, own);
}

int open_or_make_no_links(int root, const char *path, enum leaf leaf, const struct own_mounts *own)
{
	uint64_t resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS;
	/* O_NOFOLLOW with O_PATH opens a link at the end itself, which RESOLVE_NO_SYMLINKS allows.
	 */
	int fd = open_resolving(root, path,
				leaf == LEAF_FILE ? O_PATH | O_NOFOLLOW : O_PATH | O_DIRECTORY,
				resolve);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	return walk_and_make(root, path, leaf, resolve, own);
}

char *read_fd(struct arena *arena, int fd, size_t max, size_t *size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return NULL;
	}
	/* Files of /proc have size 0 and may be longer than one page. */
	size_t room = st.st_size > 0 ? (size_t)st.st_size + 1 : 4096, used = 0;
	if (room > max + 1)
		room = max + 1;
	char *text = arena_alloc(arena, room + 1);
	for (;;) {
		ssize_t got = read(fd, text + used, room - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return NULL;
		used += (size_t)got;
		if (used > max) {
			errno = EFBIG;
			return NULL;
		}
		/* All that the file said it had: no second read to hear that it ends there. */
		if (got == 0 || (used == (size_t)st.st_size && used < room))
			break;
		if (used == room) {
			size_t more = room * 2 > max + 1 ? max + 1 : room * 2;
			char *grown = arena_alloc(arena, more + 1);

			memcpy(grown, text, used);
			text = grown;
			room = more;
		}
	}
	text[used] = '\0';
	if (size)
		*size = used;
	return text;
}

char *read_file_in(struct arena *arena, int root, const char *path, size_t max, size_t *size)
{
	int cleanup_fd fd = open_in(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? NULL : read_fd(arena, fd, max, size);
}

char *read_file(struct arena *arena, const char *path, size_t max, size_t *size)
{
	int cleanup_fd fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? NULL : read_fd(arena, fd, max, size);
}

int write_file_at(int dir, const char *path, const char *text)
{
	int cleanup_fd fd = openat(dir, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -1;
	return write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

int write_all(int fd, const void *data, size_t size)
{
	const char *from = data;

	while (size > 0) {
		ssize_t wrote = write(fd, from, size);

		if (wrote < 0 && errno != EINTR)
			return -1;
		if (wrote > 0) {
			from += wrote;
			size -= (size_t)wrote;
		}
	}
	return 0;
}

int make_file_at(int dir, const char *path, mode_t mode, const char *text, size_t size)
{
	int cleanup_fd fd =
		openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return -1;
	return write_all(fd, text, size);
}

/* A file system may say EROFS or EACCES of a directory that is there. */
int make_directories(const char *path)
{
	for (const char *p = path; p;) {
		p = strchr(p + 1, '/');
		char *part = strndup(path, p ? (size_t)(p - path) : strlen(path));
		int number = part && mkdir(part, 0700) < 0 ? errno : 0;
		bool there = part && (number == 0 || access(part, F_OK) == 0);

		/* EEXIST of what is not there is a link that leads nowhere. */
		if (part && !there && number == EEXIST)
			number = errno;
		free(part);
		if (!there) {
			errno = number ? number : ENOMEM;
			return -1;
		}
	}
	return 0;
}

bool is_out_of_reach(int number)
{
	return number == ENOENT || number == ENOTDIR || number == EACCES || number == ELOOP ||
	       number == ENAMETOOLONG;
}

static int check_own(int fd, mode_t type)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	if (st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)) &&
	    (st.st_mode & S_IFMT) == type)
		return 0;
	errno = EPERM;
	return -1;
}

int open_own_directory(const char *path)
{
	int cleanup_fd fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 || check_own(fd, S_IFDIR) < 0 ? -1 : steal_fd(&fd);
}

int open_own_file(int directory, const char *name)
{
	int cleanup_fd fd =
		openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd < 0 || check_own(fd, S_IFREG) < 0 ? -1 : steal_fd(&fd);
}

/* The lowest of them that is not below from; -1: there is none. */
static int lowest(struct kept kept, int from, int found)
{
	for (size_t i = 0; i < kept.count; i++)
		if (kept.fds[i] >= from && (found < 0 || kept.fds[i] < found))
			found = kept.fds[i];
	return found;
}

int close_all_but(struct kept some, struct kept more)
{
	for (int from = 3;;) {
		int next = lowest(more, from, lowest(some, from, -1));
		unsigned last = next < 0 ? ~0u : (unsigned)next - 1;

		if (last >= (unsigned)from && syscall(SYS_close_range, from, last, 0) < 0)
			return -1;
		if (next < 0)
			return 0;
		from = next + 1;
	}
}

void give_back_stack(char *stack, size_t size)
{
#if defined(__SANITIZE_ADDRESS__)
	ASAN_UNPOISON_MEMORY_REGION(stack, size);
#endif
	munmap(stack, size);
}
