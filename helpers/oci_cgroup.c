/* Cgroups of containers: see oci_cgroup.h. */
#include "oci_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "host.h"
#include "oci_scope.h"

static bool is_unified(void)
{
	struct statfs fs;

	return statfs(CGROUP_ROOT, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* Ours has us in it, so that it cannot hand controllers down ("no internal processes", cgroups(7)).
 */
static const char *above_ours(struct arena *arena)
{
	const char *own = host_cgroup_of(arena, "self"), *slash = own ? strrchr(own, '/') : NULL;

	if (!slash || strncmp(own, "/../", 4) == 0)
		return ""; /* out of sight */
	return arena_printf(arena, "%.*s", (int)(slash - own), own);
}

/*
 * "slice:prefix:name", as systemd's managers are asked (NULL), or a path: below the mount, or, as
 * config-linux.md leaves to the runtime, a relative one beside our own cgroup, where a caller who
 * has one delegated may make it.
 */
static const char *place(struct arena *arena, const struct oci_spec *spec, const char *id)
{
	const char *path = spec->cgroups_path;

	if (!path || !*path)
		path = arena_printf(arena, "sandbox-oci-%s", id);
	if (strchr(path, ':'))
		return NULL;
	if (*path == '/')
		return arena_printf(arena, CGROUP_ROOT "%s", path);
	return arena_printf(arena, CGROUP_ROOT "%s/%s", above_ours(arena), path);
}

static bool leads_up(const char *path)
{
	for (const char *part = path; part && *part; part = strchr(part, '/')) {
		part += strspn(part, "/");
		if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
			return true;
	}
	return false;
}

/* Controllers are passed on from the top down; a directory that is somebody else's has what it has.
 */
static int make_all(char *path)
{
	static const char *const controllers[] = {"+cpuset", "+cpu", "+io", "+memory", "+pids"};

	for (char *slash = strchr(path + strlen(CGROUP_ROOT), '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		char was = *slash;

		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST) {
			*slash = was;
			return -1;
		}
		int cleanup_fd directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		for (size_t i = 0; i < sizeof controllers / sizeof *controllers; i++)
			(void)!write_file_at(directory, "cgroup.subtree_control", controllers[i]);
		*slash = was;
	}
	return mkdir(path, 0755);
}

/* What was written is read back: a controller that is not there must not be a limit that does not
 * hold. */
static int set_limit(int directory, const struct oci_limit *limit, struct error *err)
{
	struct arena arena = {NULL};
	size_t size;

	if (faccessat(directory, limit->file, F_OK, 0) < 0)
		return fail_because(err, "cannot hold the container to %s: the cgroup has no %s",
				    limit->because, limit->file);
	if (write_file_at(directory, limit->file, limit->value) < 0)
		return fail(err, "set %s to %s (%s)", limit->file, limit->value, limit->because);
	char *now = read_file_in(&arena, directory, limit->file, 4096, &size);
	bool kept =
		now && *now && (strcmp(limit->value, "max") != 0 || strncmp(now, "max", 3) == 0);
	arena_free(&arena);
	return kept ? 0
		    : fail_because(err, "cannot hold the container to %s: %s is not what was set",
				   limit->because, limit->file);
}

int oci_cgroup_limit(const char *path, const struct oci_spec *spec, struct error *err)
{
	int cleanup_fd directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return fail(err, "open the cgroup %s", path);
	for (size_t i = 0; i < spec->limits_count; i++)
		if (set_limit(directory, &spec->limits[i], err) < 0)
			return -1;
	return 0;
}

static int refuse(const struct oci_spec *spec, struct error *err, const char *why)
{
	fail_because(err, "cannot hold the container to %s: %s", spec->limits[0].because, why);
	return fail_remedy(err, "leave the limit out, or have a cgroup of version 2 that is yours "
				"(podman: --cgroups=disabled asks for none)");
}

int oci_cgroup_make(struct arena *arena, const struct oci_spec *spec,
		    const struct oci_options *options, const char *id, const char **path,
		    struct error *err)
{
	const char *at = place(arena, spec, id);
	bool needed = spec->limits_count > 0;

	*path = NULL;
	if (options->no_cgroup && !needed)
		return 0;
	if (options->no_cgroup)
		return refuse(spec, err, "cgroups are switched off");
	if (!is_unified())
		return !needed ? 0 : refuse(spec, err, "there are no cgroups of version 2 here");
	if (options->systemd_cgroup)
		return 0; /* when there is a process to put into it */
	if (!at)
		return !needed ? 0
			       : refuse(spec, err,
					"cgroupsPath is slice:prefix:name, which is for "
					"--systemd-cgroup");
	if (leads_up(at))
		return fail_because(err, "linux.cgroupsPath: '%.200s' leads upwards",
				    spec->cgroups_path);
	char *made = arena_strdup(arena, at);
	if (make_all(made) < 0) {
		if (!needed)
			return 0;
		int number = errno;

		fail(err, "make the cgroup %s, for %s", at, spec->limits[0].because);
		return fail_remedy(err, number == EEXIST
						? "it is another container's, or was left "
						  "behind: rmdir removes one that is empty"
						: "no cgroup has been delegated to you there");
	}
	*path = made;
	if (oci_cgroup_limit(made, spec, err) == 0)
		return 0;
	oci_cgroup_remove(made, NULL);
	*path = NULL;
	return -1;
}

int oci_cgroup_ask(struct arena *arena, const struct oci_spec *spec,
		   const struct oci_options *options, const char *id, pid_t pid, const char **path,
		   const char **unit, struct error *err)
{
	struct oci_scope scope;

	*path = *unit = NULL;
	if (!options->systemd_cgroup || options->no_cgroup || !is_unified())
		return 0;
	bool needed = spec->limits_count > 0;
	if (oci_scope_read(arena, spec, id, &scope, err) < 0)
		return needed ? -1 : 0;
	if (!scope.socket)
		return !needed ? 0 : refuse(spec, err, "no systemd manager of yours answers");
	if (oci_scope_make(arena, &scope, spec, pid, path, err) < 0)
		return needed ? -1 : 0;
	*unit = scope.unit;
	return oci_cgroup_limit(*path, spec, err);
}

int oci_cgroup_enter(const char *path, pid_t pid, struct error *err)
{
	char number[16];
	int cleanup_fd directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	snprintf(number, sizeof number, "%d", pid);
	return directory < 0 || write_file_at(directory, "cgroup.procs", number) < 0
		       ? fail(err, "put the container into the cgroup %s", path)
		       : 0;
}

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

int oci_cgroup_freeze(const char *path, bool frozen, struct error *err)
{
	char events[256];
	int cleanup_fd directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0 || write_file_at(directory, "cgroup.freeze", frozen ? "1" : "0") < 0)
		return fail(err, "%s the cgroup %s", frozen ? "freeze" : "thaw", path);
	for (int tries = 0; tries < 1000; tries++) {
		int cleanup_fd file = openat(directory, "cgroup.events", O_RDONLY | O_CLOEXEC);
		ssize_t got = file < 0 ? -1 : read(file, events, sizeof events - 1);

		events[got > 0 ? got : 0] = '\0';
		if (strstr(events, frozen ? "frozen 1" : "frozen 0"))
			return 0;
		nap();
	}
	return fail_because(err, "the cgroup %s does not %s", path, frozen ? "freeze" : "thaw");
}

void oci_cgroup_kill(const char *path)
{
	int cleanup_fd directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	/* Linux 5.14 */
	if (directory >= 0)
		(void)!write_file_at(directory, "cgroup.kill", "1");
}

void oci_cgroup_remove(const char *path, const char *unit)
{
	/* The manager takes it away when it has seen that nobody is left, which it does not see of
	 * one that is away before: the unit would stay for ever. */
	for (int tries = 0; unit && *unit && access(path, F_OK) == 0 && tries < 1000; tries++)
		nap();
	/* Its processes are killed; until the kernel is done with them it is busy. */
	for (int tries = 0; rmdir(path) < 0 && errno == EBUSY && tries < 500; tries++)
		nap();
}
