/* From outside: see oci_attach.h. */
#include "oci_attach.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"
#include "idmap.h"
#include "oci_cgroup.h"
#include "oci_scope.h"
#include "processes.h"
#include "spawn.h"

static bool may_map(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};
	uint32_t needed = 1u << CAP_SETUID | 1u << CAP_SETGID;

	return syscall(SYS_capget, &header, data) == 0 && (data[0].effective & needed) == needed;
}

int oci_map_write(int process, const char *file, const struct id_range *ranges, size_t count)
{
	struct arena arena = {NULL};
	const char *text = "";

	for (size_t i = 0; i < count; i++)
		text = arena_printf(&arena, "%s%u %u %u\n", text, ranges[i].inside,
				    ranges[i].outside, ranges[i].count);
	int result = write_file_at(process, file, text);
	int number = errno;
	arena_free(&arena);
	errno = number;
	return result;
}

static int write_map(int process, const char *file, const struct id_range *ranges, size_t count,
		     struct error *err)
{
	if (oci_map_write(process, file, ranges, count) == 0)
		return 0;
	fail(err, "write the container's %s", file);
	if (err->number == EPERM || err->number == EINVAL)
		fail_remedy(err, "linux.uidMappings and gidMappings name ids that are not there "
				 "outside, or not yours");
	return -1;
}

static int open_process(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/%d", pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int map_by_helpers(struct oci_running *running, pid_t pid, struct error *err)
{
	struct arena arena = {NULL};
	struct host host = {.uid = geteuid(), .gid = getegid()};
	struct plan plan = *running->sandbox.plan;

	host.newuidmap = spawn_find(&arena, "newuidmap");
	host.newgidmap = spawn_find(&arena, "newgidmap");
	plan.host = &host;
	running->sandbox.child = pid;
	int result = host.newuidmap && host.newgidmap
			     ? idmap_map(&plan, &running->sandbox, err)
			     : fail_because(err, "cannot map ids: newuidmap and newgidmap are not "
						 "there (the package uidmap)");
	arena_free(&arena);
	return result;
}

static bool is_own_alone(const struct plan *plan)
{
	return plan->uids_count == 1 && plan->uids->count == 1 &&
	       plan->uids->outside == geteuid() && plan->gids_count == 1 &&
	       plan->gids->count == 1 && plan->gids->outside == getegid();
}

static int map_ids(struct oci_running *running, int process, pid_t pid, struct error *err)
{
	const struct plan *plan = running->sandbox.plan;
	bool alone = is_own_alone(plan), may = may_map();

	if (!plan->uids_count)
		return 0;
	if (!may && !alone)
		return map_by_helpers(running, pid, err);
	/* Else a group that keeps somebody out could be dropped (CVE-2014-8989). */
	if (!may && write_file_at(process, "setgroups", "deny") < 0)
		return fail(err, "deny setgroups in the container");
	if (write_map(process, "uid_map", plan->uids, plan->uids_count, err) < 0)
		return -1;
	return write_map(process, "gid_map", plan->gids, plan->gids_count, err);
}

/* One that is as asked for need not be written: a plain user may not lower it. */
static int set_oom(const struct oci_process *asked, int process, struct error *err)
{
	struct arena arena = {NULL};
	char text[16];
	size_t size;

	if (!asked->oom_given)
		return 0;
	snprintf(text, sizeof text, "%d", asked->oom_score_adj);
	int cleanup_fd file = openat(process, "oom_score_adj", O_RDONLY | O_CLOEXEC);
	char now[16] = "";
	(void)!read(file, now, sizeof now - 1);
	size = strcspn(now, "\n");
	now[size] = '\0';
	arena_free(&arena);
	if (strcmp(now, text) == 0)
		return 0;
	if (write_file_at(process, "oom_score_adj", text) < 0) {
		fail(err, "set the oom score to %s (process.oomScoreAdj)", text);
		return fail_remedy(err, "only root may go below what it is now (%s)", now);
	}
	return 0;
}

/* Where the machine's own rules do not let a plain user move it, the manager does. */
static int enter(pid_t pid, const char *cgroup, const char *unit, struct error *err)
{
	if (!cgroup || !*cgroup)
		return 0;
	int result = oci_cgroup_enter(cgroup, pid, err);
	return result < 0 && unit && *unit ? oci_scope_join(unit, pid, err) : result;
}

int oci_attach(struct oci_running *running, pid_t pid, const char *cgroup, const char *unit,
	       struct error *err)
{
	int cleanup_fd process = open_process(pid);

	if (process < 0)
		return fail(err, "look at the container's process");
	if (map_ids(running, process, pid, err) < 0 || set_oom(running->process, process, err) < 0)
		return -1;
	return enter(pid, cgroup, unit, err);
}

void oci_ancestors_open(struct oci_running *running)
{
	struct process process;
	pid_t pid = getppid();

	running->maker = getpid();
	for (size_t i = 0; pid > 1 && i < OCI_ANCESTORS; i++) {
		struct oci_ancestor *one = &running->ancestors[running->ancestors_count++];

		one->pid = pid;
		one->process = (int)syscall(SYS_pidfd_open, pid, 0);
		if (one->process < 0 || process_read(&process, pid) < 0)
			return;
		pid = process.parent;
	}
}
