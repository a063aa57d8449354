/* Adding a step to a plan, and running those of a phase: see step.h. */
#include "step.h"

struct step *plan_add(struct plan *plan, enum phase phase, const struct step_kind *kind,
		      const char *because)
{
	struct step *step = ARENA_APPEND(&plan->arena, plan->steps, plan->steps_count);

	step->kind = kind;
	step->phase = phase;
	step->because = because ? because : "default";
	return step;
}

int plan_run(const struct plan *plan, enum phase phase, struct sandbox *sandbox, struct error *err)
{
	for (size_t i = 0; i < plan->steps_count; i++) {
		const struct step *step = &plan->steps[i];

		if (step->phase == phase && step->kind->run(step, sandbox, err) < 0)
			return -1;
	}
	return 0;
}

void plan_say(struct plan *plan, const char *text)
{
	plan->note = plan->note ? arena_printf(&plan->arena, "%s\n%s", plan->note, text) : text;
}

void plan_set_variable(struct plan *plan, const char *name, const char *value)
{
	*ARENA_APPEND(&plan->arena, plan->variables, plan->variables_count) =
		(struct variable){name, value};
}

bool plan_has(const struct plan *plan, enum phase phase)
{
	for (size_t i = 0; i < plan->steps_count; i++)
		if (plan->steps[i].phase == phase)
			return true;
	return false;
}

bool id_is_mapped(const struct id_range *ranges, size_t count, uint32_t id)
{
	for (size_t i = 0; i < count; i++)
		if (id >= ranges[i].inside && id - ranges[i].inside < ranges[i].count)
			return true;
	return false;
}
