/* The set functions of what a desktop application gets of the session and of the caller's files;
 * as options_set.c, whose head says what they are. */
#include <string.h>

#include "options_table.h"
#include "parse.h"
#include "parse_bus.h"

int set_bus_rule(struct setting *setting)
{
	struct config *config = setting->config;
	struct bus_rule op = {.grant = (enum bus_grant)setting->option->number,
			      .origin = setting->origin};
	size_t kept = 0;

	if (!*setting->value) {
		for (size_t i = 0; i < config->bus_rules_count; i++)
			if (config->bus_rules[i].grant != op.grant)
				config->bus_rules[kept++] = config->bus_rules[i];
		config->bus_rules_count = kept;
		config->origin[option_id(setting->option)] = NULL;
		return 0;
	}
	const char *reason = parse_bus_rule(setting_keep(setting, setting->value), &op);

	if (reason)
		return option_refuse(setting, reason);
	*ARENA_APPEND(&config->arena, config->bus_rules, config->bus_rules_count) = op;
	setting_note_origin(setting);
	return 0;
}

int set_auto_args(struct setting *setting)
{
	enum auto_args *mode = setting_field(setting);
	bool on = true;
	const char *reason = NULL;

	if (strcmp(setting->value, "rw") == 0)
		*mode = AUTO_ARGS_RW;
	else if (strcmp(setting->value, "ro") == 0)
		*mode = AUTO_ARGS_RO;
	else if (!(reason = parse_bool(setting->value, &on)))
		*mode = on ? AUTO_ARGS_RO : AUTO_ARGS_NO;
	if (reason)
		return option_refuse(setting, "ro, rw, or nothing for ro; false for none");
	setting_note_origin(setting);
	return 0;
}

/* Nothing, ro, rw, DIR, DIR:ro; false for none. */
int set_user_directory(struct setting *setting)
{
	struct user_directory *directory = setting_field(setting), now = {.wanted = true};
	char *text = setting_keep(setting, setting->value), *end = strrchr(text, ':');

	if (text[0] == '/' && end && strcmp(end, ":ro") == 0) {
		*end = '\0';
		now.read_only = true;
	}
	if (strcmp(text, "ro") == 0)
		now.read_only = true;
	else if (text[0] == '/')
		now.path = text;
	else if (strcmp(text, "rw") != 0 && parse_bool(text, &now.wanted))
		return option_refuse(setting, "an absolute path, perhaps with :ro; ro or rw for "
					      "the user's own; false for none");
	*directory = now;
	setting_note_origin(setting);
	return 0;
}
