/* Adding a step to a plan: see step.h. */
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

bool id_is_mapped(const struct id_range *ranges, size_t count, uint32_t id)
{
	for (size_t i = 0; i < count; i++)
		if (id >= ranges[i].inside && id - ranges[i].inside < ranges[i].count)
			return true;
	return false;
}
