/* Limits without a cgroup: see besteffort.h. In the supervisor, and rlimits for the payload. */
#include "besteffort.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "processes.h"
#include "sandbox.h"

struct limit64 {
	uint64_t soft, hard;
};

static int prlimit64_of(int resource, const struct limit64 *set, struct limit64 *old)
{
	return (int)syscall(SYS_prlimit64, 0, resource, set, old);
}

/* What is known of one process. */
struct counted {
	uint64_t threads; /* 0: it has ended */
	bool callers;     /* it is the caller's, and lets itself be looked at */
};

static struct counted look_at(pid_t pid)
{
	char path[48];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	if (stat(path, &st) < 0 || st.st_nlink <= 2)
		return (struct counted){0, false};
	return (struct counted){st.st_nlink - 2, st.st_uid == geteuid()};
}

/*
 * The caller's processes and threads, as the kernel counts them for RLIMIT_NPROC: those of other
 * ids in user namespaces of the caller's too, and process 1 of other sandboxes, which looks like
 * root's. They are those that come from one of the caller's.
 */
static uint64_t count_tasks(void)
{
	struct arena arena = {NULL};
	struct processes processes;
	uint64_t count = 0;

	processes_read(&processes, &arena);
	struct counted *all = arena_alloc(&arena, (processes.count + 1) * sizeof *all);
	for (size_t i = 0; i < processes.count; i++)
		all[i] = look_at(processes.list[i].pid);
	for (size_t i = 0; i < processes.count; i++) {
		const struct process *process = &processes.list[i];

		for (int depth = 0; process && depth < 64; depth++) {
			if (all[process - processes.list].callers) {
				count += all[i].threads;
				break;
			}
			process = processes_find(&processes, process->parent);
		}
	}
	arena_free(&arena);
	return count;
}

/*
 * The kernel remembers RLIMIT_NPROC in a user namespace as it was when that was made, and holds all
 * processes of all ids inside, together with those of its owner outside, to it (Linux 5.14). Set
 * later, each id inside could have as many by itself.
 */
static int run_lower(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct limit64 limit;

	(void)step;
	if (prlimit64_of(RLIMIT_NPROC, NULL, &limit) < 0)
		return fail(err, "look at the limit of processes");
	sandbox->nproc = limit.soft;
	uint64_t most = count_tasks() + sandbox->plan->config->limits.pids;
	if (most < limit.soft)
		limit.soft = most;
	if (prlimit64_of(RLIMIT_NPROC, &limit, NULL) < 0)
		return fail(err, "limit the processes");
	return 0;
}

/* We and our helpers are not meant. */
static int run_raise(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct limit64 limit;

	(void)step;
	if (prlimit64_of(RLIMIT_NPROC, NULL, &limit) < 0)
		return fail(err, "look at the limit of processes");
	limit.soft = sandbox->nproc;
	return prlimit64_of(RLIMIT_NPROC, &limit, NULL) < 0 ? fail(err, "restore the limit of "
									"processes")
							    : 0;
}

static const struct step_kind lower = {"nproc", run_lower};
static const struct step_kind raise_kind = {"nproc", run_raise};

/* Unless --ulimit has a lower one. */
static void add_rlimit(struct plan *plan, int resource, const char *name, uint64_t value,
		       const char *because)
{
	const struct config *config = plan->config;

	for (size_t i = 0; i < config->rlimits_count; i++)
		if (config->rlimits[i].resource == resource && config->rlimits[i].hard < value)
			return;
	*ARENA_APPEND(&plan->arena, plan->rlimits, plan->rlimits_count) =
		(struct rlimit_op){.resource = resource,
				   .name = name,
				   .soft = value,
				   .hard = value,
				   .origin = because};
}

static void plan_pids(struct plan *plan)
{
	const char *because = config_origin(plan->config, OPT_PIDS_LIMIT);
	uint64_t pids = plan->config->limits.pids;

	plan_add(plan, PHASE_PREPARE, &lower, because)->target = arena_printf(
		&plan->arena, "%llu and those that are yours now", (unsigned long long)pids);
	plan_add(plan, PHASE_ATTACH, &raise_kind, because)->target = "as before, for us";
	add_rlimit(plan, RLIMIT_NPROC, "nproc", pids, because);
	plan_say(plan, "best effort for --pids-limit: processes are counted together with your "
		       "others outside, which may come and go (RLIMIT_NPROC)");
}

int besteffort_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	const struct limits *limits = &config->limits;

	(void)err;
	if (limits->mode != LIMITS_BEST_EFFORT || plan->has_cgroup)
		return 0;
	if (limits->memory) {
		add_rlimit(plan, RLIMIT_AS, "as", limits->memory,
			   config_origin(config, OPT_MEMORY));
		plan_say(plan, "best effort for --memory: each process by itself is limited "
			       "(RLIMIT_AS), not all together, and files in memory do not count");
	}
	if (limits->pids)
		plan_pids(plan);
	if (limits->cpus)
		plan_say(plan, "best effort for --cpus: the use of CPUs is not limited");
	if (limits->io_weight)
		plan_say(plan, "best effort for --io-weight: the disk's time is not shared out");
	return 0;
}
