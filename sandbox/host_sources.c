/* What the sources of binds really are; supervisor, before the plan: see host_probe_sources in
 * host.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "host.h"

enum { MAX_LINKS = 40 }; /* the kernel's own limit (path_resolution(7)) */

/* Put "rest" behind what the link says: the path that is still to be walked. */
static bool follow(char rest[PATH_MAX], const char *link, size_t length)
{
	size_t behind = strlen(rest);

	if (length + 1 + behind >= PATH_MAX)
		return false;
	memmove(rest + length + 1, rest, behind + 1);
	memcpy(rest, link, length);
	rest[length] = '/';
	return true;
}

/* A name that a walk has come to and that is a link: follow it if root made it. */
static int follow_if_roots(int dir, const char *name, const struct stat *st, char rest[PATH_MAX],
			   const char *path, const char *real, struct error *err)
{
	char link[PATH_MAX];
	ssize_t length = readlinkat(dir, name, link, sizeof link);

	if (length <= 0 || (size_t)length >= sizeof link)
		return fail(err, "read the link %s/%s on the way to %s", real, name, path);
	if (st->st_uid != 0) {
		fail_because(err,
			     "will not bind %s: %s/%s is a symbolic link to %.*s, and not one of "
			     "the system's",
			     path, real, name, (int)length, link);
		return fail_remedy(err, "if it leads where you want, name that place itself");
	}
	if (!follow(rest, link, (size_t)length))
		return fail_because(err, "cannot bind %s: its name is too long", path);
	return 0;
}

/* Walk path part by part. real (PATH_MAX bytes) becomes the name without links. Returns the
 * descriptor of what is there, -1 with err filled, or -2 when it does not exist. */
static int walk(const char *path, char *real, struct error *err)
{
	char rest[PATH_MAX], name[NAME_MAX + 1];
	int links = 0;
	int cleanup_fd at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	snprintf(rest, sizeof rest, "%s", path);
	real[0] = '\0';
	while (at >= 0 && rest[strspn(rest, "/")]) {
		size_t start = strspn(rest, "/"), length = strcspn(rest + start, "/");
		struct stat st;

		if (length >= sizeof name)
			return fail_because(err, "cannot bind %s: a part of its name is too long",
					    path);
		memcpy(name, rest + start, length);
		name[length] = '\0';
		memmove(rest, rest + start + length, strlen(rest + start + length) + 1);
		int next = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0 || fstat(next, &st) < 0) {
			if (errno == ENOENT)
				return -2;
			return fail(err, "bind %s", path);
		}
		if (S_ISLNK(st.st_mode)) {
			close(next);
			if (++links > MAX_LINKS)
				return fail_because(err, "cannot bind %s: too many symbolic links",
						    path);
			if (follow_if_roots(at, name, &st, rest, path, real, err) < 0)
				return -1;
			if (rest[0] != '/')
				continue;
			next = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
			real[0] = '\0';
		} else if (strcmp(name, "..") == 0) {
			char *slash = strrchr(real, '/');

			if (slash)
				*slash = '\0';
		} else if (strcmp(name, ".") != 0) {
			size_t used = strlen(real);

			snprintf(real + used, PATH_MAX - used, "/%s", name);
		}
		close(at);
		at = next;
	}
	if (!*real)
		strcpy(real, "/");
	return at < 0 ? fail(err, "bind %s", path) : steal_fd(&at);
}

/* Is this directory home or one above it? 1 or 0, or -1. By what they are, not by name. home: NULL
 * for none. */
static int is_above(const char *home, const struct stat *st)
{
	char path[PATH_MAX];
	struct stat above;

	if (!home || *home != '/' || strlen(home) >= sizeof path)
		return 0;
	strcpy(path, home);
	for (;;) {
		bool there = stat(*path ? path : "/", &above) == 0;

		if (!there && !is_out_of_reach(errno))
			return -1;
		if (there && above.st_dev == st->st_dev && above.st_ino == st->st_ino)
			return 1;
		char *slash = strrchr(path, '/');
		if (!slash)
			return 0;
		*slash = '\0';
	}
}

/* The caller's, by the environment and by the list of users. */
static int shows_home(const struct host *host, const struct stat *st)
{
	int result = is_above(host->home, st);

	return result || !host->own_home ? result : is_above(host->own_home, st);
}

/* Has it a part `..`? Behind a name at the top it leads elsewhere in the child, where something
 * else is mounted over the host's root. */
static bool goes_up(const char *path)
{
	for (const char *at = path; (at = strstr(at, "/..")) != NULL; at += 3)
		if (at[3] == '/' || at[3] == '\0')
			return true;
	return false;
}

/* top: the host's root, for openat2's "in root" means below the directory that it is given. */
static int check_source(struct host *host, const struct config *config, int top,
			const struct mount_op *op, struct source *source, struct error *err)
{
	char real[PATH_MAX];
	struct stat st;
	int cleanup_fd fd = goes_up(op->source) ? -1 : open_in_no_links(top, op->source, O_PATH);

	if (fd >= 0) {
		source->real = op->source;
	} else {
		fd = walk(op->source, real, err);
		if (fd == -1)
			return -1;
		if (fd == -2 && op->create) {
			source->real = op->source;
			source->missing = true;
			return 0;
		}
		if (fd == -2 && op->optional)
			return 0;
		if (fd == -2) {
			fail_because(err, "cannot bind %s: it does not exist", op->source);
			return fail_remedy(err, "to bind it only where it is there, use the -try "
						"form of the option");
		}
		source->real = arena_strdup(&host->arena, real);
	}
	if (fstat(fd, &st) < 0)
		return fail(err, "look at %s", op->source);
	int home = !config->allow_home && S_ISDIR(st.st_mode) ? shows_home(host, &st) : 0;
	if (home < 0)
		return fail(err, "find out whether %s holds your home directory", op->source);
	if (home) {
		fail_because(err,
			     "will not bind %s: it holds your home directory, with all that is "
			     "private in it",
			     op->source);
		return fail_remedy(
			err,
			"bind what the command needs of it, or say --allow-home if you mean it");
	}
	return host_find_records(host, op->source, fd, &source->records, err);
}

static int check_status(const struct config *config, enum option_id option, int fd,
			struct error *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (!config->origin[option])
		return 0;
	if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY)
		errno = EBADF;
	else if (flags >= 0)
		return 0;
	fail(err, "write the sandbox's status to descriptor %d", fd);
	return fail_remedy(
		err, "the shell opens one with, for instance, %d>FILE behind the command", fd);
}

/* Through a directory, or what was opened as a path alone, openat(2) would lead out. */
static int check_passed(int fd, struct error *err)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fstat(fd, &st) < 0)
		return fail(err, "pass descriptor %d on", fd);
	if (S_ISDIR(st.st_mode) || flags & O_PATH)
		return fail_because(
			err,
			"will not pass descriptor %d on: it is a directory, which would "
			"lead out of the sandbox",
			fd);
	return 0;
}

/* What --file names has to be the caller's: a number that is free now would come to mean one of
 * ours. */
static int check_descriptors(const struct config *config, struct error *err)
{
	for (size_t i = 0; i < config->mounts_count; i++) {
		const struct mount_op *op = &config->mounts[i];

		if (op->kind != MOUNT_FILE || fcntl(op->fd, F_GETFD) >= 0)
			continue;
		fail(err, "read descriptor %d for %s", op->fd, op->target);
		return fail_remedy(
			err, "the shell opens one with, for instance, %d<FILE behind the command",
			op->fd);
	}
	for (size_t i = 0; i < config->passed_count; i++)
		if (check_passed(config->passed[i], err) < 0)
			return -1;
	if (!config->status.enforced &&
	    check_status(config, OPT_PRINT_ENFORCED, config->status.enforced_fd, err) < 0)
		return -1;
	return check_status(config, OPT_INFO_FD, config->status.info_fd, err) < 0
		       ? -1
		       : check_status(config, OPT_JSON_STATUS_FD, config->status.json_status_fd,
				      err);
}

int host_probe_sources(struct host *host, const struct config *config, struct error *err)
{
	if (check_descriptors(config, err) < 0)
		return -1;
	int cleanup_fd top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (top < 0)
		return fail(err, "open the directory /");
	host->sources = arena_alloc(&host->arena, config->mounts_count * sizeof *host->sources);
	for (size_t i = 0; i < config->mounts_count; i++) {
		const struct mount_op *op = &config->mounts[i];

		if (op->kind != MOUNT_BIND && op->kind != MOUNT_RO_BIND &&
		    op->kind != MOUNT_DEV_BIND && op->kind != MOUNT_LOWER)
			continue;
		if (check_source(host, config, top, op, &host->sources[i], err) < 0)
			return -1;
	}
	return 0;
}
