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

/* How the host's programs look and speak, where the payload's are to. */
static void pass_look(struct building *env, char *const caller[])
{
	static const char *const names[] = {"LANGUAGE",
					    "TZ",
					    "LC_ALL",
					    "LC_CTYPE",
					    "LC_NUMERIC",
					    "LC_TIME",
					    "LC_COLLATE",
					    "LC_MONETARY",
					    "LC_MESSAGES",
					    "LC_PAPER",
					    "LC_NAME",
					    "LC_ADDRESS",
					    "LC_TELEPHONE",
					    "LC_MEASUREMENT",
					    "LC_IDENTIFICATION",
					    "XCURSOR_THEME",
					    "XCURSOR_SIZE",
					    "GTK_THEME"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		pass(env, caller, names[i]);
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
	/* OpenSSL's own places differ by distribution, and node brings its own list. */
	if (plan->ca_bundle) {
		set(&env, "SSL_CERT_FILE", plan->ca_bundle);
		set(&env, "NODE_EXTRA_CA_CERTS", plan->ca_bundle);
	}
	if (plan->apt_config)
		set(&env, "APT_CONFIG", plan->apt_config);
	if (plan->session_bus)
		set(&env, "DBUS_SESSION_BUS_ADDRESS", plan->session_bus);
	if (plan->system_bus)
		set(&env, "DBUS_SYSTEM_BUS_ADDRESS", plan->system_bus);
	for (size_t i = 0; i < plan->variables_count; i++)
		set(&env, plan->variables[i].name, plan->variables[i].value);
	if (config->desktop.host_look)
		pass_look(&env, caller);
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

int environment_plan_join(struct plan *plan, const struct plan *of, struct error *err)
{
	const struct config *config = plan->config;
	struct building env = {.plan = plan};

	(void)err;
	for (char *const *entry = of->envp; *entry; entry++)
		*ARENA_APPEND(&plan->arena, env.envp, env.count) = *entry;
	if (plan->identity.uid != of->identity.uid) {
		set(&env, "HOME", plan->identity.home);
		set(&env, "USER", plan->identity.name);
		set(&env, "LOGNAME", plan->identity.name);
	}
	for (size_t i = of->config->env_count; i < config->env_count; i++)
		set(&env, config->env[i].name, config->env[i].value);
	*ARENA_APPEND(&plan->arena, env.envp, env.count) = NULL;
	plan->envp = env.envp;
	return 0;
}
