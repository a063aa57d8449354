/*
 * files: descriptors that close themselves, and path resolution that cannot be led outside.
 *
 * Every path below a root that somebody else controls is resolved with openat2(2), Linux 5.6,
 * RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, and used through the descriptor that comes of it.
 */
#ifndef FILES_H
#define FILES_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "arena.h"
#include "error.h"

static inline void close_cleanup(const int *fd)
{
	if (*fd >= 0) {
		int number = errno;

		close(*fd);
		errno = number;
	}
}

/* int cleanup_fd fd = -1; closed at the end of its scope unless stolen. */
#define cleanup_fd __attribute__((cleanup(close_cleanup)))

static inline int steal_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/*
 * Open path below root as if root were "/": "..", absolute names and absolute links stay inside,
 * links like /proc/self/fd/N are refused. flags are open(2)'s; O_CLOEXEC is added. -1 and errno
 * (ELOOP: a link that may not be followed; ENOENT; ...). With O_CREAT, mode 0644 is used.
 */
int open_in(int root, const char *path, int flags);

/* The same with no symbolic link followed anywhere in path: ELOOP when one is met. */
int open_in_no_links(int root, const char *path, int flags);

/*
 * The mounts in which missing mount points may be made: the new root (when it is ours to write)
 * and what we have mounted in it. A directory that the user has bound is never among them.
 */
struct own_mounts {
	uint64_t *ids; /* allocated */
	size_t count;
};

/* The number of the mount that fd lies in, as in /proc/PID/mountinfo: statx(2), Linux 5.8. */
int mount_id(int fd, uint64_t *id);

/* Take the mount that fd lies in into the set. */
int own_mounts_add(struct own_mounts *own, int fd);

/* Does fd lie in a mount of the set? false with errno EXDEV where it does not, and another where
 * that could not be found. */
bool own_mounts_has(const struct own_mounts *own, int fd);

/* A place that open, stat or realpath has answered so for is not there, or nobody who runs as we do
 * gets to it. Any other errno says nothing of that. */
bool is_out_of_reach(int number);

/*
 * Open path below root with O_PATH; what is missing of it is made: directories (0755) on the way,
 * and at its end a directory or, when the caller wants a file, an empty file. Nothing is made
 * through a dangling link (ELOOP) or outside of own (EXDEV). -1 and errno.
 */
enum leaf { LEAF_DIRECTORY, LEAF_FILE };
int open_or_make_in(int root, const char *path, enum leaf leaf, const struct own_mounts *own);

/*
 * The same for what shall be covered itself, even when it is a link: only what leads to it may be
 * made, and links on the way are refused. For the fixed mount points, which nobody has a good
 * reason to redirect.
 */
int open_or_make_no_links(int root, const char *path, enum leaf leaf, const struct own_mounts *own);

/*
 * Read a whole regular file below root, at most max bytes, into the arena, NUL-terminated; its
 * size is stored when size is not NULL. A FIFO, device or directory is refused (EINVAL), a longer
 * file too (EFBIG). NULL and errno. read_file takes the path as the process sees it.
 */
char *read_file_in(struct arena *arena, int root, const char *path, size_t max, size_t *size);
char *read_file(struct arena *arena, const char *path, size_t max, size_t *size);
char *read_fd(struct arena *arena, int fd, size_t max, size_t *size);

/* Write all of text to the existing file path below dir, in one write(2) (as /proc wants it). */
int write_file_at(int dir, const char *path, const char *text);

/* Write all size bytes to fd, however many calls that takes. */
int write_all(int fd, const void *data, size_t size);

/* Make file path below dir (it must not exist) with this content, and this mode less the umask. */
int make_file_at(int dir, const char *path, mode_t mode, const char *text, size_t size);

/* Close every descriptor from 3 on but these; -1 among them means nothing. -1 and errno. */
struct kept {
	const int *fds;
	size_t count;
};
int close_all_but(struct kept some, struct kept more);

/*
 * Give back the mapping that was somebody's stack, who has left it by exec. AddressSanitizer still
 * has what lay around the variables in his frames, and would find it in the next stack here.
 */
void give_back_stack(char *stack, size_t size);

/* As mkdir -p, with mode 0700. -1 and errno. */
int make_directories(const char *path);

/*
 * Open a directory, or a file of a directory, that only the caller can have written: it is the
 * caller's, nobody else may write to it, it is no link, and a file is a regular one. -1 and errno;
 * EPERM: it is somebody else's, or open to others.
 */
int open_own_directory(const char *path);
int open_own_file(int directory, const char *name);

#endif
