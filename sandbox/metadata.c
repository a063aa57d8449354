/* Attributes of files, changed on behalf of the command: see metadata.h. In pid 1. */
#include "metadata.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <utime.h>

#include "channel.h"
#include "files.h"

enum { CALL_FCHMODAT2 = 452 };

enum operation { CHMOD, CHOWN, UTIME, UTIMES, UTIMENS, SET_ATTRIBUTE, REMOVE_ATTRIBUTE };

/* Where each call has its arguments; -1: it has none. */
struct call {
	int number;
	enum operation operation;
	int16_t dir;   /* a directory's descriptor, or without a path the file's */
	int16_t path;  /* NULL as a path is the descriptor */
	int16_t value; /* the first of what is to be set */
	int16_t flags; /* AT_... */
	bool no_follow;
};

static const struct call calls[] = {
#ifdef SYS_chmod
	{SYS_chmod, CHMOD, -1, 0, 1, -1, false},
	{SYS_chown, CHOWN, -1, 0, 1, -1, false},
	{SYS_lchown, CHOWN, -1, 0, 1, -1, true},
	{SYS_utime, UTIME, -1, 0, 1, -1, false},
	{SYS_utimes, UTIMES, -1, 0, 1, -1, false},
	{SYS_futimesat, UTIMES, 0, 1, 2, -1, false},
#endif
	{SYS_fchmod, CHMOD, 0, -1, 1, -1, false},
	{SYS_fchmodat, CHMOD, 0, 1, 2, -1, false},
	{CALL_FCHMODAT2, CHMOD, 0, 1, 2, 3, false},
	{SYS_fchown, CHOWN, 0, -1, 1, -1, false},
	{SYS_fchownat, CHOWN, 0, 1, 2, 4, false},
	{SYS_utimensat, UTIMENS, 0, 1, 2, 3, false},
	{SYS_setxattr, SET_ATTRIBUTE, -1, 0, 1, -1, false},
	{SYS_lsetxattr, SET_ATTRIBUTE, -1, 0, 1, -1, true},
	{SYS_fsetxattr, SET_ATTRIBUTE, 0, -1, 1, -1, false},
	{SYS_removexattr, REMOVE_ATTRIBUTE, -1, 0, 1, -1, false},
	{SYS_lremovexattr, REMOVE_ATTRIBUTE, -1, 0, 1, -1, true},
	{SYS_fremovexattr, REMOVE_ATTRIBUTE, 0, -1, 1, -1, false},
};

/* One call that waits. What it points to is read once, and never looked at again. */
struct asking {
	const struct sandbox *sandbox;
	const struct call *call;
	pid_t thread;
	const uint64_t *arguments;
	char path[PATH_MAX];
	bool has_path;
	int flags;
	union {
		struct timespec times[2];
		struct {
			char name[XATTR_NAME_MAX + 1];
			char bytes[XATTR_SIZE_MAX];
		} attribute;
	} value;
	bool now; /* times: none were given */
};

static int read_memory(const struct asking *asking, uint64_t address, void *to, size_t size)
{
	struct iovec here = {to, size}, there = {(void *)(uintptr_t)address, size};

	ssize_t got = process_vm_readv(asking->thread, &here, 1, &there, 1, 0);
	if (got >= 0 && (size_t)got != size)
		errno = EFAULT;
	return got == (ssize_t)size ? 0 : -1;
}

/* Up to its NUL, page by page: what lies behind the last may not be there. */
static int read_text(const struct asking *asking, uint64_t address, char *to, size_t size,
		     int too_long)
{
	enum { PAGE = 4096 };

	for (size_t had = 0; had < size;) {
		size_t part = PAGE - (address + had) % PAGE;

		if (part > size - had)
			part = size - had;
		if (read_memory(asking, address + had, to + had, part) < 0)
			return -1;
		if (memchr(to + had, '\0', part))
			return 0;
		had += part;
	}
	errno = too_long;
	return -1;
}

static uint64_t argument(const struct asking *asking, int index)
{
	return asking->arguments[index];
}

static int read_times(struct asking *asking)
{
	uint64_t address = argument(asking, asking->call->value);
	struct timespec *times = asking->value.times;
	struct timeval pair[2];
	struct utimbuf seconds;

	asking->now = address == 0;
	if (asking->now)
		return 0;
	if (asking->call->operation == UTIMENS)
		return read_memory(asking, address, times, 2 * sizeof *times);
	if (asking->call->operation == UTIME) {
		if (read_memory(asking, address, &seconds, sizeof seconds) < 0)
			return -1;
		times[0] = (struct timespec){.tv_sec = seconds.actime};
		times[1] = (struct timespec){.tv_sec = seconds.modtime};
		return 0;
	}
	if (read_memory(asking, address, pair, sizeof pair) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		if (pair[i].tv_usec < 0 || pair[i].tv_usec >= 1000000) {
			errno = EINVAL;
			return -1;
		}
		times[i] = (struct timespec){pair[i].tv_sec, pair[i].tv_usec * 1000};
	}
	return 0;
}

static int read_value(struct asking *asking)
{
	int first = asking->call->value;

	switch (asking->call->operation) {
	case CHMOD:
	case CHOWN:
		return 0;
	case UTIME:
	case UTIMES:
	case UTIMENS:
		return read_times(asking);
	case SET_ATTRIBUTE:
		if (argument(asking, first + 2) > XATTR_SIZE_MAX) {
			errno = E2BIG;
			return -1;
		}
		if (read_memory(asking, argument(asking, first + 1), asking->value.attribute.bytes,
				argument(asking, first + 2)) < 0)
			return -1;
		/* fall through */
	case REMOVE_ATTRIBUTE:
		return read_text(asking, argument(asking, first), asking->value.attribute.name,
				 sizeof asking->value.attribute.name, ERANGE);
	}
	return -1;
}

static int read_arguments(struct asking *asking)
{
	const struct call *call = asking->call;

	if (call->no_follow)
		asking->flags = AT_SYMLINK_NOFOLLOW;
	if (call->flags >= 0)
		asking->flags = (int)argument(asking, call->flags);
	if (asking->flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) {
		errno = EINVAL;
		return -1;
	}
	asking->has_path = call->path >= 0 && (argument(asking, call->path) || call->dir < 0);
	if (asking->has_path && read_text(asking, argument(asking, call->path), asking->path,
					  sizeof asking->path, ENAMETOOLONG) < 0)
		return -1;
	return read_value(asking);
}

/* What a link of /proc that belongs to who asks leads to. */
static int open_of(const struct asking *asking, const char *link)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", asking->thread, link);
	return open(path, O_PATH | O_CLOEXEC);
}

static int open_descriptor(const struct asking *asking, unsigned fd)
{
	char link[32];

	snprintf(link, sizeof link, "fd/%u", fd);
	int opened = open_of(asking, link);
	if (opened < 0 && errno == ENOENT)
		errno = EBADF;
	return opened;
}

/* "/proc/self/fd/N" is how C libraries name what they have open; `self` would be us. */
static bool names_descriptor(const char *path, unsigned *fd)
{
	static const char *const before[] = {"/proc/self/fd/", "/proc/thread-self/fd/", "/dev/fd/"};

	for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
		size_t length = strlen(before[i]);

		if (strncmp(path, before[i], length) != 0)
			continue;
		size_t digits = strspn(path + length, "0123456789");
		if (digits == 0 || digits > 9 || path[length + digits])
			return false;
		*fd = (unsigned)strtoul(path + length, NULL, 10);
		return true;
	}
	return false;
}

/* Is its root the one that we have? A user namespace of its own could let it have another. */
static bool has_our_root(const struct asking *asking)
{
	struct stat ours, theirs;
	int cleanup_fd root = open_of(asking, "root");

	return root >= 0 && stat("/", &ours) == 0 && fstat(root, &theirs) == 0 &&
	       ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

static int open_base(const struct asking *asking)
{
	int dir = asking->call->dir < 0 ? AT_FDCWD : (int)argument(asking, asking->call->dir);

	if (asking->has_path && asking->path[0] == '/')
		return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir == AT_FDCWD)
		return open_of(asking, "cwd");
	if (dir < 0) {
		errno = EBADF;
		return -1;
	}
	return open_descriptor(asking, (unsigned)dir);
}

/* As the call would find it: O_PATH. */
static int open_target(const struct asking *asking)
{
	bool empty = asking->has_path && !asking->path[0];
	unsigned fd;

	if (!has_our_root(asking)) {
		errno = EPERM;
		return -1;
	}
	if (asking->has_path && !(asking->flags & AT_SYMLINK_NOFOLLOW) &&
	    names_descriptor(asking->path, &fd))
		return open_descriptor(asking, fd);
	int cleanup_fd base = open_base(asking);
	if (base < 0 || !asking->has_path || (empty && asking->flags & AT_EMPTY_PATH))
		return steal_fd(&base);
	const struct open_how how = {.flags =
					     O_PATH | O_CLOEXEC |
					     (asking->flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0),
				     .resolve = RESOLVE_NO_MAGICLINKS};
	return (int)syscall(SYS_openat2, base, asking->path, &how, sizeof how);
}

static bool name_of(int fd, char path[PATH_MAX])
{
	char link[32];

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, path, PATH_MAX);
	if (length <= 0 || length >= PATH_MAX)
		return false;
	path[length] = '\0';
	return path[0] == '/';
}

/*
 * May the command write there? By the names that both have now. It can move what is in one such
 * place into another one only (Landlock), so what is in one now was in one when it was opened.
 */
static bool is_writable(const struct sandbox *sandbox, int fd)
{
	char path[PATH_MAX], place[PATH_MAX];

	if (!name_of(fd, path))
		return false;
	for (size_t i = 0; i < sandbox->plan->places_count; i++) {
		unsigned rights = sandbox->plan->places[i].rights;
		size_t length;

		/* Devices that can be written have no attributes for the command to change. */
		if (!(rights & PLACE_WRITES) || sandbox->places[i] < 0 ||
		    !name_of(sandbox->places[i], place) || strncmp(place, "/dev/", 5) == 0)
			continue;
		length = strlen(place);
		if (strncmp(path, place, length) == 0 &&
		    (path[length] == '/' || path[length] == '\0'))
			return true;
	}
	return false;
}

static int change(const struct asking *asking, int fd)
{
	const struct call *call = asking->call;
	char link[32];

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	switch (call->operation) {
	case CHMOD:
		return (int)syscall(SYS_fchmodat, AT_FDCWD, link,
				    (unsigned)argument(asking, call->value));
	case CHOWN:
		return fchownat(fd, "", (uid_t)argument(asking, call->value),
				(gid_t)argument(asking, call->value + 1), AT_EMPTY_PATH);
	case UTIME:
	case UTIMES:
	case UTIMENS:
		return (int)syscall(SYS_utimensat, AT_FDCWD, link,
				    asking->now ? NULL : asking->value.times, 0);
	case SET_ATTRIBUTE:
		return setxattr(link, asking->value.attribute.name, asking->value.attribute.bytes,
				argument(asking, call->value + 2),
				(int)argument(asking, call->value + 3));
	case REMOVE_ATTRIBUTE:
		return removexattr(link, asking->value.attribute.name);
	}
	return -1;
}

/* 0, or the negative errno to answer. Whoever asks has to be still the same when all of it has been
 * opened, or its number may have been another's. */
static int act(struct asking *asking, int listener, uint64_t id)
{
	if (read_arguments(asking) < 0)
		return -errno;
	int cleanup_fd target = open_target(asking);
	if (target < 0)
		return -errno;
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) < 0)
		return -EPERM;
	if (!is_writable(asking->sandbox, target))
		return -EPERM;
	return change(asking, target) < 0 ? -errno : 0;
}

static const struct call *find(int number)
{
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (calls[i].number == number)
			return &calls[i];
	return NULL;
}

bool metadata_answer(const struct sandbox *sandbox, int listener)
{
	struct asking asking; /* large: all of it is written before it is read */
	struct seccomp_notif request;
	struct seccomp_notif_resp answer;

	memset(&request, 0, sizeof request);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		return errno != ENODEV && errno != EBADF && errno != EINVAL;
	asking.sandbox = sandbox;
	asking.flags = 0;
	asking.now = false;
	asking.call = find(request.data.nr);
	asking.thread = (pid_t)request.pid;
	asking.arguments = (const uint64_t *)request.data.args;
	memset(&answer, 0, sizeof answer);
	answer.id = request.id;
	answer.error = asking.call ? act(&asking, listener, request.id) : -EPERM;
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	return true;
}

int metadata_prepare(struct sandbox *sandbox)
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sandbox->attributes);
}

int metadata_take(struct sandbox *sandbox)
{
	int listener = channel_receive_fd(sandbox->attributes[0]);

	close(sandbox->attributes[0]);
	close(sandbox->attributes[1]);
	return listener;
}
