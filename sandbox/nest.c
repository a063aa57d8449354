/* The payload's own user namespace: see nest.h. */
#include "nest.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tap.h"

/* Nothing about a network can be done with these. */
#define HARMLESS                                                                                   \
	(UINT64_C(1) << CAP_CHOWN | UINT64_C(1) << CAP_DAC_OVERRIDE | UINT64_C(1) << CAP_FOWNER |  \
	 UINT64_C(1) << CAP_FSETID | UINT64_C(1) << CAP_KILL | UINT64_C(1) << CAP_SETGID |         \
	 UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_NET_BIND_SERVICE)

/* The ids of the payload's namespace are those of pid 1's, one to one; but for the one id that is 0
 * there. */
static int write_map(const struct plan *plan, int dir, const char *name,
		     const struct id_range *ranges, size_t count, uint32_t owner)
{
	struct arena arena = {NULL};
	const char *text = "";

	for (size_t i = 0; i < count; i++)
		text = arena_printf(&arena, "%s%u %u %u\n", text, ranges[i].inside,
				    plan->direct_map ? owner : ranges[i].inside, ranges[i].count);
	int result = write_file_at(dir, name, text);
	arena_free(&arena);
	return result;
}

int nest_map(struct sandbox *sandbox, pid_t payload, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	char name[16];
	int result = -1;

	snprintf(name, sizeof name, "%d", payload);
	/* The files of a process that may not be dumped belong to the host's root. Nobody who could
	 * look is inside yet. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	int cleanup_fd dir = openat(sandbox->proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0 && (!plan->direct_map || write_file_at(dir, "setgroups", "deny") == 0) &&
	    write_map(plan, dir, "uid_map", plan->uids, plan->uids_count, plan->owner_uid) == 0 &&
	    write_map(plan, dir, "gid_map", plan->gids, plan->gids_count, plan->owner_gid) == 0)
		result = 0;
	else
		fail(err, "map ids into the command's own user namespace");
	if (result == 0)
		sandbox->payload_namespace = openat(dir, "ns/user", O_RDONLY | O_CLOEXEC);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail(err, "make pid 1 not dumpable");
	return result;
}

/* In the payload: it has no id before the map is there. */
static int run_wait(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	char byte;
	ssize_t got;

	(void)step;
	do
		got = read(sandbox->mapped, &byte, 1);
	while (got < 0 && errno == EINTR);
	return got == 1 ? 0 : fail_because(err, "pid 1 did not map the command's ids");
}

static const struct step_kind wait_kind = {"user-namespace", run_wait};

/* Is id, inside, this one outside? */
static bool is_outside(const struct id_range *map, size_t count, uint32_t id, uint32_t outside)
{
	for (size_t i = 0; i < count; i++)
		if (id - map[i].inside < map[i].count)
			return map[i].outside + (id - map[i].inside) == outside;
	return false;
}

/*
 * May the X server be in the sandbox's IPC namespace? Only where the payload has the caller's ids
 * outside, as the server has: so it may attach what has mode 0600. And only where the payload can
 * be kept from it, by a user namespace of its own; else the server has no MIT-SHM.
 */
static bool x11_can_share(const struct plan *plan)
{
	const struct config *config = plan->config;
	enum x11_mode mode = config->desktop.x11_mode;

	return config->desktop.x11 && (mode == X11_NESTED || mode == X11_VIRTUAL) &&
	       config->ipc == IPC_OWN && !config->as_pid_1 && config->proc != PROC_BIND &&
	       is_outside(plan->uids, plan->uids_count, plan->identity.uid, plan->host->uid) &&
	       is_outside(plan->gids, plan->gids_count, plan->identity.gid, plan->host->gid);
}

int nest_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	bool zero = plan->identity.uid == plan->owner_uid && plan->identity.gid == plan->owner_gid;

	bool network = tap_is_wanted(config) && (plan->capabilities & ~HARMLESS || !zero);
	plan->x11_shares = x11_can_share(plan);
	plan->nested = network || plan->x11_shares;
	if (!plan->nested)
		return 0;
	if (config->as_pid_1) {
		fail_because(err, "--as-pid-1 (%s) cannot be had together with a network and %s",
			     config_origin(config, OPT_AS_PID_1),
			     zero ? "these capabilities" : "one id that is not 0");
		return fail_remedy(err, "the command then needs a user namespace that process 1 "
					"makes: leave --as-pid-1 out");
	}
	struct step *step = plan_add(plan, PHASE_CONFINE, &wait_kind,
				     !network ? "shared memory with the X server"
				     : zero   ? "capabilities beside a network"
					      : "slirp4netns needs uid 0 outside of it");
	step->target = network ? "of its own, with no power over the network"
			       : "of its own, with no power over the X server";
	return 0;
}

/* A command that joins: it has come from pid 1's, and the payload's is there. */
static int run_join(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	if (setns(sandbox->payload_namespace, CLONE_NEWUSER) < 0)
		return fail(err, "enter the command's own user namespace");
	return 0;
}

static const struct step_kind join_kind = {"user-namespace", run_join};

int nest_plan_join(struct plan *plan, struct error *err)
{
	(void)err;
	if (plan->nested)
		plan_add(plan, PHASE_CONFINE, &join_kind, NULL)->target =
			"of the sandbox's command";
	return 0;
}
