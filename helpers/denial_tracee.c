/* Looking at a process that is held: see denial_tracee.h. */
#include "denial_tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE = 4096 };

bool tracee_valid(const struct tracee *tracee)
{
	uint64_t id = tracee->id;

	return ioctl(tracee->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

void tracee_name(const struct tracee *tracee, char name[TRACEE_NAME])
{
	char path[48];
	ssize_t got = -1;

	snprintf(path, sizeof path, "/proc/%d/comm", tracee->pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, name, TRACEE_NAME);
		close(fd);
	}
	/* Only now: before, the number could have become another process's in between. */
	if (got <= 0 || !tracee_valid(tracee)) {
		strcpy(name, "?");
		return;
	}
	name[got - 1] = '\0'; /* the kernel's newline; one that it has itself stays */
}

size_t tracee_read(const struct tracee *tracee, uint64_t address, void *into, size_t size)
{
	size_t done = 0;

	/* A read that meets a page that is not there is cut at the page, and not refused. */
	while (done < size) {
		uint64_t at = address + done;
		size_t piece = PAGE - at % PAGE;

		if (piece > size - done)
			piece = size - done;
		struct iovec ours = {(char *)into + done, piece};
		struct iovec theirs = {(void *)(uintptr_t)at, piece};
		ssize_t got = process_vm_readv(tracee->pid, &ours, 1, &theirs, 1, 0);
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done && tracee_valid(tracee) ? done : 0;
}

size_t tracee_memory(void *tracee, uint64_t address, void *into, size_t size)
{
	return tracee_read(tracee, address, into, size);
}

/* Append the parts of path to absolute, by their letters. */
static bool append(char absolute[TRACEE_PATH], const char *path)
{
	size_t used = strlen(absolute);

	while (*path) {
		size_t length = strcspn(path, "/");

		if (length == 2 && path[0] == '.' && path[1] == '.') {
			while (used > 0 && absolute[--used] != '/')
				;
			absolute[used] = '\0';
		} else if (length > 0 && !(length == 1 && path[0] == '.')) {
			if (used + 1 + length >= TRACEE_PATH)
				return false;
			absolute[used++] = '/';
			memcpy(absolute + used, path, length);
			used += length;
			absolute[used] = '\0';
		}
		path += length;
		path += *path == '/';
	}
	return true;
}

bool tracee_absolute(const struct tracee *tracee, int dirfd, const char *path,
		     char absolute[TRACEE_PATH])
{
	char link[64], base[TRACEE_PATH] = "";

	if (path[0] != '/') {
		if (dirfd == AT_FDCWD)
			snprintf(link, sizeof link, "/proc/%d/cwd", tracee->pid);
		else
			snprintf(link, sizeof link, "/proc/%d/fd/%d", tracee->pid, dirfd);
		ssize_t got = readlink(link, base, sizeof base - 1);
		if (got <= 0 || !tracee_valid(tracee))
			return false;
		base[got] = '\0';
		if (base[0] != '/')
			return false;
	}
	absolute[0] = '\0';
	if (!append(absolute, base) || !append(absolute, path))
		return false;
	if (!*absolute)
		strcpy(absolute, "/");
	return true;
}

void tracee_look(const struct tracee *tracee, const char *absolute, struct tracee_target *target)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	char link[64];
	struct stat st;
	struct statvfs fs;

	*target = (struct tracee_target){.number = EIO};
	snprintf(link, sizeof link, "/proc/%d/root", tracee->pid);
	int root = open(link, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return;
	int fd = tracee_valid(tracee) ? (int)syscall(SYS_openat2, root, absolute, &how, sizeof how)
				      : -1;
	target->number = fd < 0 ? errno : 0;
	close(root);
	if (fd < 0)
		return;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t got = readlink(link, target->path, sizeof target->path - 1);
	if (got <= 0 || target->path[0] != '/' || fstat(fd, &st) < 0 || fstatvfs(fd, &fs) < 0) {
		target->number = EIO;
	} else {
		target->path[got] = '\0';
		target->mode = st.st_mode;
		target->read_only = fs.f_flag & ST_RDONLY;
	}
	close(fd);
}
