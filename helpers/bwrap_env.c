/* The command's environment, as a list that options change in their order: see bwrap.h. */
#include <string.h>

#include "bwrap.h"

/* The place of NAME=..., or env_count. */
static size_t find(const struct bwrap_request *request, const char *name)
{
	size_t length = strlen(name), i = 0;

	while (i < request->env_count &&
	       (strncmp(request->env[i], name, length) != 0 || request->env[i][length] != '='))
		i++;
	return i;
}

void bwrap_env_set(struct bwrap_request *request, const char *name, const char *value)
{
	size_t i = find(request, name);
	char *entry = arena_printf(&request->arena, "%s=%s", name, value);

	if (i < request->env_count)
		request->env[i] = entry;
	else
		*ARENA_APPEND(&request->arena, request->env, request->env_count) = entry;
}

void bwrap_env_unset(struct bwrap_request *request, const char *name)
{
	for (size_t i; (i = find(request, name)) < request->env_count;)
		request->env[i] = request->env[--request->env_count];
}

const char *bwrap_env_get(const struct bwrap_request *request, const char *name)
{
	size_t i = find(request, name);

	return i < request->env_count ? request->env[i] + strlen(name) + 1 : NULL;
}

void bwrap_env_end(struct bwrap_request *request)
{
	*ARENA_APPEND(&request->arena, request->env, request->env_count) = NULL;
	request->env_count--;
}
