/* Mounts whose ids are mapped: see oci_idmap.h. */
#include "oci_idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "channel.h"
#include "files.h"
#include "oci_attach.h"

#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif

struct maps {
	const struct id_range *uids, *gids;
	size_t uids_count, gids_count;
};

/* ---- a user namespace that is nothing but a pair of maps ---- */

/* Dumpable, so that its maps can be written: whoever could trace it then finds no descriptor of
 * ours. It ends when we let go of it. */
static _Noreturn void be_mapped(int end)
{
	char byte;

	if (close_all_but((struct kept){&end, 1}, (struct kept){NULL, 0}) < 0 ||
	    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		_exit(1);
	const int shown[] = {open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC),
			     open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC)};
	if (shown[0] < 0 || shown[1] < 0 || channel_send_fds(end, MESSAGE_NAMESPACES, shown, 2) < 0)
		_exit(1);
	(void)!read(end, &byte, 1);
	_exit(0);
}

static int map(int end, const struct maps *maps, const char *because, struct error *err)
{
	struct message message;

	if (channel_receive(end, &message) != MESSAGE_NAMESPACES)
		return fail_because(err, "the process that ids are mapped for has ended (%s)",
				    because);
	int cleanup_fd process = message.fds[0];
	int cleanup_fd namespace = message.fds[1];
	if (oci_map_write(process, "uid_map", maps->uids, maps->uids_count) < 0 ||
	    oci_map_write(process, "gid_map", maps->gids, maps->gids_count) < 0) {
		fail(err, "map the ids of %s", because);
		return fail_remedy(err, "ids of the machine are mapped by root alone, and those of "
					"a new file system are the container's");
	}
	return steal_fd(&namespace);
}

static int make_namespace(const struct maps *maps, const char *because, struct error *err)
{
	int ends[2];

	if (channel_open(ends, err) < 0)
		return -1;
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0);
	if (pid == 0)
		be_mapped(ends[1]);
	int number = errno;
	close(ends[1]);
	errno = number;
	int namespace = pid < 0 ? fail(err, "make a user namespace for the ids of %s", because)
				: map(ends[0], maps, because, err);
	close(ends[0]);
	if (pid > 0)
		while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
			;
	return namespace;
}

/* ---- mounts ---- */

static int apply(const struct oci_mount *op, int namespace, int mount, struct error *err)
{
	const char *what = op->bind ? op->source : op->type;
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t) namespace};

	if (syscall(SYS_mount_setattr, mount, "",
		    AT_EMPTY_PATH | (op->idmap_below ? AT_RECURSIVE : 0), &attr, sizeof attr) == 0)
		return 0;
	fail(err, "map the ids of %s (%s)", what, op->because);
	if (err->number == EPERM)
		return fail_remedy(err, "the kernel lets only those do it who have rights over the "
					"file system itself: root, for one of the machine's");
	if (err->number == EINVAL || err->number == ENOSYS || err->number == EOPNOTSUPP)
		return fail_remedy(err, "not every file system can do that, and not in every "
					"kernel: since Linux 5.12, tmpfs since 6.3; nor twice");
	return -1;
}

static const struct maps *maps_of(const struct oci_spec *spec, const struct oci_mount *op,
				  struct maps *maps)
{
	*maps = op->uids_count
			? (struct maps){op->uids, op->gids, op->uids_count, op->gids_count}
			: (struct maps){spec->uids, spec->gids, spec->uids_count, spec->gids_count};
	return maps;
}

static int bind_one(struct oci_running *running, size_t i, struct error *err)
{
	const struct oci_mount *op = &running->spec->mounts[i];
	struct maps maps;
	int cleanup_fd mount = (int)syscall(SYS_open_tree, AT_FDCWD, op->source,
					    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
						    (op->recursive ? AT_RECURSIVE : 0));

	if (mount < 0) {
		fail(err, "take %s, to map its ids (%s)", op->source, op->because);
		if (err->number == EPERM)
			fail_remedy(err, "for what the machine has that takes root");
		return -1;
	}
	int cleanup_fd namespace =
		make_namespace(maps_of(running->spec, op, &maps), op->because, err);
	if (namespace < 0 || apply(op, namespace, mount, err) < 0)
		return -1;
	running->bound[i] = steal_fd(&mount);
	return 0;
}

int oci_idmap_binds(struct oci_running *running, struct error *err)
{
	const struct oci_spec *spec = running->spec;

	for (size_t i = 0; i < spec->mounts_count; i++) {
		if (!spec->mounts[i].idmap)
			continue;
		if (!running->bound) {
			running->bound_count = spec->mounts_count;
			running->bound = malloc(spec->mounts_count * sizeof *running->bound);
			if (!running->bound)
				return fail(err, "make room for mounts");
			memset(running->bound, -1, spec->mounts_count * sizeof *running->bound);
		}
		if (spec->mounts[i].bind && bind_one(running, i, err) < 0)
			return -1;
	}
	return 0;
}

void oci_idmap_close(struct oci_running *running)
{
	for (size_t i = 0; running->bound && i < running->bound_count; i++)
		close_cleanup(&running->bound[i]);
	free(running->bound);
	running->bound = NULL;
	running->bound_count = 0;
}

/*
 * The maps name ids of the machine, and the namespace of a new file system is the container's: its
 * ids for those. A range that is not in one of the container's is no range of ids that it has.
 */
static int translate(struct arena *arena, const struct id_range *from, size_t count,
		     const struct id_range *ours, size_t ours_count, struct id_range **into,
		     const char *because, struct error *err)
{
	*into = arena_alloc(arena, count * sizeof **into);
	for (size_t i = 0; i < count; i++) {
		size_t j = 0;

		(*into)[i] = from[i];
		while (j < ours_count &&
		       (from[i].outside < ours[j].outside || from[i].count > ours[j].count ||
			from[i].outside - ours[j].outside > ours[j].count - from[i].count))
			j++;
		if (ours_count && j == ours_count)
			return fail_because(err,
					    "cannot map the ids of %s: %u to %u of the machine are "
					    "not among the container's (linux.uidMappings, "
					    "gidMappings)",
					    because, from[i].outside,
					    from[i].outside + from[i].count - 1);
		if (ours_count)
			(*into)[i].outside = ours[j].inside + (from[i].outside - ours[j].outside);
	}
	return 0;
}

static int namespace_for(const struct oci_spec *spec, const struct oci_mount *op, struct error *err)
{
	struct arena arena = {NULL};
	struct maps maps;
	struct id_range *uids, *gids;
	int result = -1;

	maps_of(spec, op, &maps);
	if (translate(&arena, maps.uids, maps.uids_count, spec->uids, spec->uids_count, &uids,
		      op->because, err) == 0 &&
	    translate(&arena, maps.gids, maps.gids_count, spec->gids, spec->gids_count, &gids,
		      op->because, err) == 0) {
		maps = (struct maps){uids, gids, maps.uids_count, maps.gids_count};
		result = make_namespace(&maps, op->because, err);
	}
	arena_free(&arena);
	return result;
}

int oci_idmap_namespaces(struct oci_running *running, struct error *err)
{
	for (size_t i = 0; i < running->bound_count; i++) {
		const struct oci_mount *op = &running->spec->mounts[i];

		if (!op->idmap || op->bind)
			continue;
		running->bound[i] = namespace_for(running->spec, op, err);
		if (running->bound[i] < 0)
			return -1;
	}
	return 0;
}

int oci_idmap_take(struct oci_running *running, const struct oci_mount *op)
{
	size_t i = (size_t)(op - running->spec->mounts);

	errno = EBADF;
	return i < running->bound_count ? steal_fd(&running->bound[i]) : -1;
}

int oci_idmap_new(struct oci_running *running, const struct oci_mount *op, int mount,
		  struct error *err)
{
	int cleanup_fd namespace = oci_idmap_take(running, op);

	return apply(op, namespace, mount, err);
}
