/*
 * The hosts that a package manager is set to, for profiles: ${NPM_REGISTRY} and the like. They are
 * asked of the package manager's own settings of the caller's, never of the project's: the
 * environment, then its files. No name stands here: a mirror is as common as the public server.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "profile_load.h"

enum { MAX_SETTINGS = 1 << 20, NAMES = 3 };

static const struct registry {
	const char *variable;
	const char *environment[NAMES]; /* the first that is set counts */
	const char *files[NAMES];       /* below HOME, or absolute */
	const char *key;
	const char *remedy;
} registries[] = {
	{"NPM_REGISTRY",
	 {"NPM_CONFIG_REGISTRY", NULL, NULL},
	 {".npmrc", "/etc/npmrc", "/usr/etc/npmrc"},
	 "registry",
	 "have npm write down the one it uses: npm config set registry=$(npm config get "
	 "registry)\nor set NPM_CONFIG_REGISTRY"},
	{"PIP_INDEX",
	 {"PIP_INDEX_URL", NULL, NULL},
	 {".config/pip/pip.conf", ".pip/pip.conf", "/etc/pip.conf"},
	 "index-url",
	 "write it down with: pip config set global.index-url URL\nor set PIP_INDEX_URL"},
	{"CARGO_REGISTRY",
	 {"SANDBOX_CARGO_REGISTRY", NULL, NULL},
	 {".cargo/config.toml", ".cargo/config", NULL},
	 "registry",
	 "write it into ~/.cargo/config.toml: registry = \"URL\" of a [source]\nor set "
	 "SANDBOX_CARGO_REGISTRY to the hosts, divided by commas"},
};

/* "key = value", with quotes or without; NULL when the line is another. */
static const char *setting(struct arena *arena, const char *line, size_t length, const char *key)
{
	size_t name = strlen(key);

	while (length > 0 && isspace((unsigned char)*line))
		line++, length--;
	if (length <= name || memcmp(line, key, name) != 0)
		return NULL;
	line += name, length -= name;
	while (length > 0 && (*line == ' ' || *line == '\t'))
		line++, length--;
	if (length == 0 || *line != '=')
		return NULL;
	line++, length--;
	while (length > 0 && strchr(" \t\"'", *line))
		line++, length--;
	while (length > 0 && strchr(" \t\r\"'", line[length - 1]))
		length--;
	return length > 0 && !memchr(line, '$', length) ? arena_strndup(arena, line, length) : NULL;
}

static const char *from_file(struct arena *arena, const char *name, const char *key)
{
	const char *home = getenv("HOME");

	if (!name || (*name != '/' && (!home || *home != '/')))
		return NULL;
	const char *path = *name == '/' ? name : arena_printf(arena, "%s/%s", home, name);
	const char *line = read_file(arena, path, MAX_SETTINGS, NULL);
	for (; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *value = setting(arena, line, strcspn(line, "\n"), key);

		if (value)
			return value;
	}
	return NULL;
}

const char *profile_registry(struct arena *arena, const char *name, struct error *err)
{
	const struct registry *registry = registries;
	const struct registry *end = registry + sizeof registries / sizeof *registries;

	while (registry < end && strcmp(registry->variable, name) != 0)
		registry++;
	if (registry == end) {
		fail_because(err, "no variable ${%.64s} in profiles", name);
		fail_remedy(err, "there are ${HOME}, ${PWD}, ${UID}, ${XDG_...}, ${NPM_REGISTRY}, "
				 "${PIP_INDEX} and ${CARGO_REGISTRY}");
		return NULL;
	}
	for (int i = 0; i < NAMES && registry->environment[i]; i++) {
		const char *value = getenv(registry->environment[i]);

		if (value && *value)
			return arena_strdup(arena, value);
	}
	for (int i = 0; i < NAMES; i++) {
		const char *value = from_file(arena, registry->files[i], registry->key);

		if (value)
			return value;
	}
	fail_because(err, "${%s}: your settings do not say which server is used", name);
	fail_remedy(err, "%s", registry->remedy);
	return NULL;
}
