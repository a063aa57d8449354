/* Descriptors that the command keeps: see passed.h. */
#include "passed.h"

#include <fcntl.h>

#include "sandbox.h"

/* In the payload, where all above 2 have just been marked for closing. */
static int run_pass(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	return fcntl((int)step->flags, F_SETFD, 0) < 0 ? fail(err, "pass %s on", step->target) : 0;
}

static const struct step_kind pass = {"pass", run_pass};

int passed_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	int *kept = NULL;
	size_t count = 0;

	(void)err;
	if (!config->passed_count)
		return 0;
	for (size_t i = 0; i < plan->files.count; i++)
		*ARENA_APPEND(&plan->arena, kept, count) = plan->files.fds[i];
	for (size_t i = 0; i < config->passed_count; i++) {
		struct step *step =
			plan_add(plan, PHASE_CONFINE, &pass, config_origin(config, OPT_PASS_FD));

		step->flags = (uint64_t)config->passed[i];
		step->target = arena_printf(&plan->arena, "descriptor %d", config->passed[i]);
		*ARENA_APPEND(&plan->arena, kept, count) = config->passed[i];
	}
	plan->files = (struct kept){kept, count};
	return 0;
}
