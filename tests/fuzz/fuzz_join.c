/*
 * Any request to a sandbox's control socket: what a joiner takes out of it is whole. Run by `make
 * fuzz`.
 */
#include "fuzz.h"
#include "join.c" // NOLINT(bugprone-suspicious-include): what reads it is the file's own

static bool is_within(const char *text, const char *bytes, size_t size)
{
	return text >= bytes && text < bytes + size &&
	       memchr(text, '\0', size - (size_t)(text - bytes)) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct joining *joining = calloc(1, sizeof *joining);
	char *bytes = malloc(size ? size : 1);

	require(joining && bytes);
	memcpy(bytes, data, size);
	if (take_apart(joining, bytes, size) == 0) {
		const struct config *config = &joining->config;

		require(joining->request.version == JOIN_VERSION);
		require(config->command_count > 0 && config->command_count <= JOIN_WORDS_MAX);
		for (size_t i = 0; i < config->command_count; i++)
			require(is_within(config->command[i], bytes, size));
		require(config->command[config->command_count] == NULL);
		require(is_within(joining->workdir, bytes, size));
		require(!config->user || is_within(config->user, bytes, size));
		require(config->env_count == joining->request.variables);
		for (size_t i = 0; i < config->env_count; i++)
			require(*config->env[i].name && !strchr(config->env[i].name, '=') &&
				is_within(config->env[i].value, bytes, size));
	}
	arena_free(&joining->plan.arena);
	free(joining);
	free(bytes);
	return 0;
}
