/* Leaving the caller's namespaces: see namespaces.h. */
#include "namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "sandbox.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static const struct {
	uint64_t flag;
	const char *name;
} names[] = {{CLONE_NEWNS, "mnt"},        {CLONE_NEWUTS, "uts"}, {CLONE_NEWIPC, "ipc"},
	     {CLONE_NEWCGROUP, "cgroup"}, {CLONE_NEWNET, "net"}, {CLONE_NEWTIME, "time"}};

static int run_unshare(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	if (unshare((int)step->flags) == 0)
		return 0;
	int number = errno;
	fail(err, "make the namespaces %s", step->target);
	return host_explain_userns(number, err);
}

static const struct step_kind unshare_kind = {"unshare", run_unshare};

static int run_hostname(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	bool asked = sandbox->plan->config->hostname != NULL;

	/* The filters of containers refuse this where they let all else through. The namespace is
	 * our own all the same, and nothing depends on a name that nobody has asked for. */
	if (sethostname(step->target, strlen(step->target)) == 0 || (errno == EPERM && !asked))
		return 0;
	fail(err, "set the host name %s", step->target);
	if (err->number == EPERM)
		fail_remedy(err, "a system call filter is in force here that refuses it, as in a "
				 "container: leave --hostname out, and the name of this place is "
				 "seen inside");
	return -1;
}

static const struct step_kind hostname = {"hostname", run_hostname};

/* The offsets can be set until the first process enters; setns(2) then makes this one the first. */
static int run_time(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct config *config = sandbox->plan->config;
	char text[96];

	(void)step;
	snprintf(text, sizeof text, "monotonic %lld 0\nboottime %lld 0\n",
		 (long long)config->monotonic_offset, (long long)config->boottime_offset);
	if (write_file_at(AT_FDCWD, "/proc/self/timens_offsets", text) < 0) {
		fail(err, "set the clock offsets (monotonic %lld s, boottime %lld s)",
		     (long long)config->monotonic_offset, (long long)config->boottime_offset);
		if (err->number == ERANGE)
			fail_remedy(err, "a clock inside would be negative or too far ahead: "
					 "choose a smaller offset");
		return -1;
	}
	int cleanup_fd ns = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWTIME) < 0)
		return fail(err, "enter the time namespace");
	return 0;
}

static const struct step_kind time_kind = {"clock-offsets", run_time};

static const char *describe(struct plan *plan, uint64_t flags)
{
	const char *text = "";

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (flags & names[i].flag)
			text = arena_printf(&plan->arena, "%s%s%s", text, *text ? " " : "",
					    names[i].name);
	return text;
}

int namespaces_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;

	(void)err;
	plan->namespaces |= CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWCGROUP;
	if (config->ipc == IPC_OWN)
		plan->namespaces |= CLONE_NEWIPC;
	if (config->time_namespace)
		plan->namespaces |= CLONE_NEWTIME;
	struct step *step =
		plan_add(plan, PHASE_ISOLATE, &unshare_kind,
			 config->ipc == IPC_OWN ? NULL : config_origin(config, OPT_IPC));
	step->flags = plan->namespaces;
	step->target = describe(plan, plan->namespaces);
	step = plan_add(plan, PHASE_ISOLATE, &hostname, config_origin(config, OPT_HOSTNAME));
	step->target = config->hostname ? config->hostname : "sandbox";
	if (config->time_namespace) {
		step = plan_add(plan, PHASE_ISOLATE, &time_kind,
				config_origin(config, config->boottime_offset
							      ? OPT_BOOTTIME_OFFSET
							      : OPT_MONOTONIC_OFFSET));
		step->target = arena_printf(&plan->arena, "monotonic %llds, boottime %llds",
					    (long long)config->monotonic_offset,
					    (long long)config->boottime_offset);
	}
	return 0;
}
