/*
 * Loads the filter, in the payload's process, as the last step of CONFINE: see seccomp.h.
 *
 * One call hands the kernel an array that was compiled before: with the program, or once by a
 * helper (filter_file.c). Nothing is computed here.
 */
#include "seccomp.h"

#include "filter_file.h"

const struct filter *seccomp_filter(enum seccomp_mode mode)
{
	return mode < SECCOMP_UNCONFINED ? &filters[mode] : NULL;
}

static int run_seccomp(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	return seccomp_install(step->data, err);
}

static const struct step_kind seccomp = {"seccomp", run_seccomp};

int seccomp_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;

	/* Who joins a sandbox gets its filter: the file may be another by now. */
	if (!plan->filter && config->seccomp_file) {
		plan->filter = filter_file_load(&plan->arena, config, plan->host->machine,
						plan->capabilities, &plan->note, err);
		if (!plan->filter)
			return -1;
	} else if (!plan->filter) {
		plan->filter = seccomp_filter(config->seccomp);
	}
	struct step *step =
		plan_add(plan, PHASE_CONFINE, &seccomp, config_origin(config, OPT_SECCOMP));
	step->data = plan->filter;
	step->target = plan->filter ? plan->filter->description : "unconfined: every system call";
	return 0;
}
