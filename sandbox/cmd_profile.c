/*
 * `sandbox profile`: list, show, check and trust are the profile room's; `show --resolved` is here,
 * since what a profile comes to on this machine is a plan.
 */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "host.h"
#include "json.h"
#include "plan.h"
#include "profile.h"
#include "profile_load.h"
#include "profile_settings.h"
#include "store.h"

extern char **environ;

static const char usage[] = "usage: sandbox profile show --resolved [--json] [NAME [ROOTFS]]\n";

/* All that there is to show, or why not. */
struct resolved {
	const char *name;
	struct config config;
	struct profile_settings settings;
	struct host host;
	struct plan plan;
};

static int resolve(struct resolved *resolved, const char *rootfs, struct error *err)
{
	struct config *config = &resolved->config;
	struct profile_loader loader = {.config = config,
					.err = err,
					.seen = profile_settings_take,
					.data = &resolved->settings};

	if (profile_load(&loader, resolved->name, false))
		return -1;
	config->profile = resolved->name;
	config->rootfs = rootfs;
	config->dry_run = true; /* nothing is kept */
	if (store_use(config, err) < 0 || config_check(config, err) ||
	    host_probe(&resolved->host, config, err) < 0)
		return -1;
	return plan_make(&resolved->plan, config, &resolved->host, environ, err);
}

/* "build.conf:7" of "profile build.conf:7". */
static const char *plain_origin(const char *origin)
{
	return strncmp(origin, "profile ", 8) == 0 ? origin + 8 : origin;
}

/* What is in force of a row that no line of the profile settled, or that others have a say in;
 * NULL: the value is not set. */
static const char *in_force(const struct config *config, const struct option *row)
{
	if (option_id(row) == OPT_SECCOMP && config->seccomp_file)
		return config->seccomp_file;
	if (row->choices) {
		const int *value = (const int *)((const char *)config + row->field);

		for (const struct choice *choice = row->choices; choice->name; choice++)
			if (choice->value == *value && !choice->refused)
				return choice->name;
	}
	if (option_id(row) == OPT_INIT)
		return config->as_pid_1 ? "false" : "true";
	return row->value ? NULL : "false";
}

/* Calls say() for each setting, in the order of the table. */
static void each_setting(const struct resolved *resolved,
			 void (*say)(const struct profile_setting *setting))
{
	const struct config *config = &resolved->config;

	for (const struct option *row = option_table; row < option_table + OPTION_COUNT; row++) {
		size_t found = 0;

		if (row->flags & (OPTION_NOT_IN_PROFILE | OPTION_ONLY_IN_PROFILE))
			continue;
		for (size_t i = 0; !row->choices && i < resolved->settings.count; i++)
			if (resolved->settings.list[i].option == row) {
				say(&resolved->settings.list[i]);
				found++;
			}
		if (found)
			continue;
		const struct profile_setting setting = {
			.option = row,
			.value = in_force(config, row),
			.origin = plain_origin(config_origin(config, option_id(row))),
		};
		say(&setting);
	}
}

/* What is so by default is a comment: as a setting it would stand against others. */
static void print_setting(const struct profile_setting *setting)
{
	const char *name = setting->option->name;

	if (!setting->value)
		printf("# %s: %s is not set\n", setting->origin, name);
	else if (strcmp(setting->origin, "default") == 0)
		printf("# default: %s = %s\n", name, setting->value);
	else
		profile_settings_print(setting, stdout);
}

static void print_steps(const struct plan *plan)
{
	for (enum phase phase = 0; phase < PHASE_COUNT; phase++)
		for (size_t i = 0; i < plan->steps_count; i++) {
			const struct step *step = &plan->steps[i];
			const char *const words[] = {step->source, step->target, step->options};

			if (step->phase != phase)
				continue;
			printf("#   %s: %s", plan_phase_name(phase), step->kind->name);
			for (int j = 0; j < 3; j++)
				if (words[j]) {
					putchar(' ');
					print_escaped(stdout, words[j]);
				}
			fputs("  # ", stdout);
			print_escaped(stdout, plain_origin(step->because));
			putchar('\n');
		}
}

static void print_text(const struct resolved *resolved)
{
	each_setting(resolved, print_setting);
	fputs("#\n# what is done for it, with ", stdout);
	print_escaped(stdout, resolved->host.rootfs);
	fputs(":\n", stdout);
	print_steps(&resolved->plan);
}

/* ---- JSON ---- */

static void json_member(const char *before, const char *name, const char *value)
{
	printf("%s\"%s\": ", before, name);
	if (value)
		json_quoted(stdout, value);
	else
		fputs("null", stdout);
}

static void json_setting(const struct profile_setting *setting)
{
	bool first = setting->option == option_table + OPT_RW;

	json_member(first ? "\n    {" : ",\n    {", "name", setting->option->name);
	json_member(", ", "value", setting->value);
	json_member(", ", "origin", setting->origin);
	putchar('}');
}

static void json_steps(const struct plan *plan)
{
	const char *between = "\n    {";

	for (enum phase phase = 0; phase < PHASE_COUNT; phase++)
		for (size_t i = 0; i < plan->steps_count; i++) {
			const struct step *step = &plan->steps[i];

			if (step->phase != phase)
				continue;
			json_member(between, "phase", plan_phase_name(phase));
			json_member(", ", "step", step->kind->name);
			json_member(", ", "source", step->source);
			json_member(", ", "target", step->target);
			json_member(", ", "options", step->options);
			json_member(", ", "origin", plain_origin(step->because));
			putchar('}');
			between = ",\n    {";
		}
}

static void print_json(const struct resolved *resolved)
{
	json_member("{\n  ", "profile", resolved->name);
	json_member(",\n  ", "rootfs", resolved->host.rootfs);
	fputs(",\n  \"options\": [", stdout);
	each_setting(resolved, json_setting);
	fputs("\n  ],\n  \"steps\": [", stdout);
	json_steps(&resolved->plan);
	fputs("\n  ]\n}\n", stdout);
}

static int show_resolved(int argc, char **argv)
{
	struct resolved resolved = {.name = "default"};
	const char *rootfs = "/";
	struct error err;
	bool json = false;
	int words = 0;

	resolved.plan.config = &resolved.config;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (strcmp(argv[i], "--resolved") == 0)
			continue;
		else if (argv[i][0] == '-' || words == 2)
			return cmd_usage(usage);
		else if (words++ == 0)
			resolved.name = argv[i];
		else
			rootfs = argv[i];
	}
	int result = resolve(&resolved, rootfs, &err);
	if (result == 0 && json)
		print_json(&resolved);
	else if (result == 0)
		print_text(&resolved);
	plan_free(&resolved.plan);
	host_free(&resolved.host);
	arena_free(&resolved.settings.arena);
	config_free(&resolved.config);
	return result < 0 ? cmd_report(&err) : 0;
}

int cmd_profile(int argc, char **argv, char **all)
{
	(void)all;
	for (int i = 1; i < argc && strcmp(argv[0], "show") == 0; i++)
		if (strcmp(argv[i], "--resolved") == 0)
			return show_resolved(argc - 1, argv + 1);
	return profile_command(argc, argv, stdout);
}
