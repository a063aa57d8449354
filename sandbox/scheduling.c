/* Limits of single processes: see scheduling.h. Before the payload's exec, or before any mount. */
#include "scheduling.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "files.h"
#include "parse_limits.h"
#include "sandbox.h"

/*
 * Niceness weighs within a scheduling group, and where the kernel groups by session (sched(7),
 * autogroups) the sandbox, a session of its own, is such a group: its weight has to be lowered too.
 * The kernel takes only ten such writes a second, of all users together. Without the file there
 * are no such groups.
 *
 * The file is ours only while we may be dumped. Nothing else runs inside yet: pid 1, whose memory
 * this is, waits for our exec.
 */
static int lower_autogroup(int niceness, struct error *err)
{
	char text[16];

	snprintf(text, sizeof text, "%d", niceness);
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	for (int tries = 0; tries < 20; tries++) {
		if (write_file_at(AT_FDCWD, "/proc/self/autogroup", text) == 0 || errno != EAGAIN)
			break;
		poll(NULL, 0, 50);
	}
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail(err, "make pid 1 not dumpable again");
	return 0;
}

static int run_nice(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int wanted = sandbox->plan->config->limits.nice;

	(void)step;
	errno = 0;
	wanted += getpriority(PRIO_PROCESS, 0);
	if (wanted > 19)
		wanted = 19;
	if (errno || setpriority(PRIO_PROCESS, 0, wanted) < 0)
		return fail(err, "set the niceness to %d", wanted);
	return lower_autogroup(wanted, err);
}

/* Of the caller, and so of all that is inside: before /proc is another. */
static int run_oom_score_adj(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	if (write_file_at(AT_FDCWD, "/proc/self/oom_score_adj", step->target) == 0)
		return 0;
	fail(err, "set oom_score_adj to %s", step->target);
	if (err->number == EACCES)
		fail_remedy(err, "it is below your own, in /proc/self/oom_score_adj, and only root "
				 "may go down");
	return -1;
}

static const struct step_kind oom_score_adj = {"oom-score-adj", run_oom_score_adj};

/* CPUs that are not there, or not for the caller, the kernel leaves out without a word. */
static int run_cpuset(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct cpu_list *list = step->data;
	uint64_t have[LIMITS_CPUS / 64] = {0};
	long size;

	(void)sandbox;
	if (syscall(SYS_sched_setaffinity, 0, sizeof list->mask, list->mask) < 0) {
		fail(err, "run on the CPUs %s only", step->target);
		if (err->number == EINVAL)
			fail_remedy(err, "none of them is there for you: nproc(1) and taskset(1) "
					 "-pc $$ show which are");
		return -1;
	}
	size = syscall(SYS_sched_getaffinity, 0, sizeof have, have);
	for (int cpu = 0; size > 0 && cpu < LIMITS_CPUS; cpu++)
		if ((list->mask[cpu / 64] & ~have[cpu / 64]) >> cpu % 64 & 1) {
			fail_because(err, "cannot run on the CPUs %s: CPU %d is not there for you",
				     step->target, cpu);
			return fail_remedy(err, "taskset -pc $$ shows which are");
		}
	return size < 0 ? fail(err, "look at the CPUs to run on") : 0;
}

static const struct step_kind nice_kind = {"nice", run_nice};
static const struct step_kind cpuset = {"cpuset", run_cpuset};

/* The timer is made before there is anything to end; it starts with the command. */
static int run_timeout(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	return deadline_open(&sandbox->deadline, &sandbox->plan->config->limits, err);
}

static const struct step_kind timeout_kind = {"timeout", run_timeout};

static void plan_timeout(struct plan *plan)
{
	const struct limits *limits = &plan->config->limits;
	char grace[PARSE_SPAN_SIZE], span[PARSE_SPAN_SIZE];
	struct step *step = plan_add(plan, PHASE_PREPARE, &timeout_kind,
				     config_origin(plan->config, OPT_TIMEOUT));

	step->target = arena_strdup(&plan->arena, parse_print_span(limits->timeout, span));
	step->options = limits->timeout_grace
				? arena_printf(&plan->arena, "TERM, and KILL after %s",
					       parse_print_span(limits->timeout_grace, grace))
				: "KILL";
}

int scheduling_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	const struct limits *limits = &config->limits;
	struct step *step;

	(void)err;
	if (limits->timeout)
		plan_timeout(plan);
	if (config->origin[OPT_OOM_SCORE_ADJ]) {
		step = plan_add(plan, PHASE_ISOLATE, &oom_score_adj,
				config_origin(config, OPT_OOM_SCORE_ADJ));
		step->target = arena_printf(&plan->arena, "%d", limits->oom_score_adj);
	}
	if (limits->nice) {
		step = plan_add(plan, PHASE_CONFINE, &nice_kind, config_origin(config, OPT_NICE));
		step->target = arena_printf(&plan->arena, "+%d", limits->nice);
	}
	if (limits->cpuset.given) {
		step = plan_add(plan, PHASE_CONFINE, &cpuset, config_origin(config, OPT_CPUSET));
		char *text = arena_alloc(&plan->arena, PARSE_CPUS_SIZE);

		step->target = parse_print_cpus(&limits->cpuset, text);
		step->data = &limits->cpuset;
	}
	return 0;
}
