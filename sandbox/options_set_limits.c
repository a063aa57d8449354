/* The set functions of limits and status; as options_set.c, whose head says what they are. */
#include <string.h>

#include "options_table.h"
#include "parse.h"
#include "parse_limits.h"

/* What takes a profile's limit back. */
static bool unlimited(const struct setting *setting)
{
	return strcmp(setting->value, "unlimited") == 0;
}

static int finish(struct setting *setting, const char *reason)
{
	if (reason)
		return option_refuse(setting, reason);
	setting_note_origin(setting);
	return 0;
}

int set_memory(struct setting *setting)
{
	uint64_t *bytes = setting_field(setting);

	*bytes = 0;
	return finish(setting, unlimited(setting) ? NULL : parse_size(setting->value, bytes));
}

int set_cpus(struct setting *setting)
{
	uint32_t *cpus = setting_field(setting);

	*cpus = 0;
	return finish(setting, unlimited(setting) ? NULL : parse_cpus(setting->value, cpus));
}

int set_cpuset(struct setting *setting)
{
	struct cpu_list *list = setting_field(setting);

	*list = (struct cpu_list){.given = false};
	return finish(setting, unlimited(setting) ? NULL : parse_cpuset(setting->value, list));
}

int set_pids_limit(struct setting *setting)
{
	uint64_t *limit = setting_field(setting);
	const char *reason = NULL;

	*limit = 0;
	/* The kernel's PID_MAX_LIMIT. */
	if (!unlimited(setting))
		reason = parse_number(setting->value, 4194304, limit);
	if (!reason && !unlimited(setting) && *limit == 0)
		reason = "the number must be 1 or more";
	return finish(setting, reason);
}

/* number: is 0 a value? */
int set_span(struct setting *setting)
{
	uint64_t *span = setting_field(setting);
	const char *reason = NULL;

	*span = 0;
	if (!unlimited(setting) || setting->option->number)
		reason = parse_span(setting->value, span);
	if (!reason && *span == 0 && !unlimited(setting) && !setting->option->number)
		reason = "the span of time must be more than 0";
	return finish(setting, reason);
}

static const struct {
	enum option_id id;
	int64_t least, most;
} wholes[] = {{OPT_IO_WEIGHT, 1, 10000},
	      {OPT_NICE, 0, 19},
	      {OPT_OOM_SCORE_ADJ, -1000, 1000},
	      {OPT_JSON_STATUS_FD, 0, INT32_MAX},
	      {OPT_INFO_FD, 0, INT32_MAX}};

int set_whole(struct setting *setting)
{
	int *value = setting_field(setting);
	const char *reason = "it takes no number";

	for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++)
		if (wholes[i].id == option_id(setting->option))
			reason =
				parse_whole(setting->value, wholes[i].least, wholes[i].most, value);
	return finish(setting, reason);
}

int set_passed(struct setting *setting)
{
	struct config *config = setting->config;
	int fd;

	setting_note_origin(setting);
	if (!*setting->value) {
		config->passed_count = 0;
		return 0;
	}
	const char *reason = parse_whole(setting->value, 3, INT32_MAX, &fd);
	if (reason)
		return option_refuse(setting, reason);
	*ARENA_APPEND(&config->arena, config->passed, config->passed_count) = fd;
	return 0;
}
