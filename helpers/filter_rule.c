/* What rules say of one call, read off them one by one: see filter_rule.h. */
#include "filter_rule.h"

#include <linux/seccomp.h>
#include <stdbool.h>

static bool holds(const struct filter_condition *condition, const struct seccomp_data *data)
{
	uint64_t argument = data->args[condition->argument] & condition->mask;
	uint64_t value = condition->values[0];

	switch (condition->operator) {
	case FILTER_IN:
		for (size_t i = 0; i < condition->values_count; i++)
			if (argument == condition->values[i])
				return true;
		return false;
	case FILTER_NOT_EQUAL:
		return argument != value;
	case FILTER_LESS:
		return argument < value;
	case FILTER_LESS_EQUAL:
		return argument <= value;
	case FILTER_GREATER_EQUAL:
		return argument >= value;
	case FILTER_GREATER:
		return argument > value;
	}
	return false;
}

uint32_t filter_rule_answer(const struct filter_section *section, const struct seccomp_data *data)
{
	uint32_t number = (uint32_t)data->nr, answer = section->ranges[0].answer;

	for (size_t i = 0; i < section->rules_count; i++) {
		const struct filter_rule *rule = &section->rules[i];
		bool all = rule->number == number;

		for (size_t j = 0; all && j < rule->conditions_count; j++)
			all = holds(&rule->conditions[j], data);
		if (all)
			return rule->action;
	}
	for (size_t i = 0; i < section->ranges_count; i++)
		if (number >= section->ranges[i].first)
			answer = section->ranges[i].answer;
	return answer;
}
