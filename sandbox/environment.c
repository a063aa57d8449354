/* The payload's environment: see environment.h. */
#include "environment.h"

#include <string.h>

/* "NAME=value" has this name? */
static bool is_named(const char *entry, const char *name, size_t length)
{
	return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

static void unset(char **envp, size_t *count, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < *count;)
		if (is_named(envp[i], name, length))
			envp[i] = envp[--*count];
		else
			i++;
}

struct building {
	struct plan *plan;
	char **envp;
	size_t count;
};

static void set(struct building *env, const char *name, const char *value)
{
	unset(env->envp, &env->count, name);
	*ARENA_APPEND(&env->plan->arena, env->envp, env->count) =
		arena_printf(&env->plan->arena, "%s=%s", name, value);
}

static void pass(struct building *env, char *const caller[], const char *name)
{
	size_t length = strlen(name);

	for (; *caller; caller++)
		if (is_named(*caller, name, length))
			set(env, name, *caller + length + 1);
}

/* What says nothing about the caller but is needed for work: the rest is asked for by name. */
static void start_clean(struct building *env, char *const caller[])
{
	set(env, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	pass(env, caller, "TERM");
	pass(env, caller, "LANG");
}

int environment_plan(struct plan *plan, char *const caller[], struct error *err)
{
	const struct config *config = plan->config;
	struct building env = {.plan = plan};

	(void)err;
	if (config->keep_env)
		for (char *const *entry = caller; *entry; entry++)
			*ARENA_APPEND(&plan->arena, env.envp, env.count) =
				arena_strdup(&plan->arena, *entry);
	else
		start_clean(&env, caller);
	set(&env, "HOME", plan->identity.home);
	set(&env, "USER", plan->identity.name);
	set(&env, "LOGNAME", plan->identity.name);
	for (size_t i = 0; i < config->env_count; i++) {
		const struct env_op *op = &config->env[i];

		if (op->kind == ENV_SET)
			set(&env, op->name, op->value);
		else if (op->kind == ENV_PASS)
			pass(&env, caller, op->name);
		else
			unset(env.envp, &env.count, op->name);
	}
	*ARENA_APPEND(&plan->arena, env.envp, env.count) = NULL;
	plan->envp = env.envp;
	return 0;
}
