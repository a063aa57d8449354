/*
 * Variables in profiles: a fixed few, each with one meaning, and no shell. PWD is asked of the
 * kernel, since the variable of that name may be stale or made up.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profile_load.h"

/* Where the base directory specification puts what is not set. */
static const char *const xdg_defaults[][2] = {
	{"XDG_CONFIG_HOME", ".config"},
	{"XDG_DATA_HOME", ".local/share"},
	{"XDG_STATE_HOME", ".local/state"},
	{"XDG_CACHE_HOME", ".cache"},
};

static const char *not_set(const char *name, struct error *err)
{
	fail_because(err, "${%s} is not set, or is no absolute path", name);
	fail_remedy(err, "set it in the environment, or write the path itself");
	return NULL;
}

static const char *home(struct error *err)
{
	const char *value = getenv("HOME");

	return value && value[0] == '/' ? value : not_set("HOME", err);
}

static const char *xdg(struct arena *arena, const char *name, struct error *err)
{
	const char *value = getenv(name);

	/* A directory that is not absolute is to be ignored, says the specification. */
	if (value && *value && (value[0] == '/' || !strstr(name, "_HOME")))
		return value;
	for (size_t i = 0; i < sizeof xdg_defaults / sizeof *xdg_defaults; i++) {
		if (strcmp(xdg_defaults[i][0], name) == 0) {
			const char *base = home(err);

			return base ? arena_printf(arena, "%s/%s", base, xdg_defaults[i][1]) : NULL;
		}
	}
	return not_set(name, err);
}

static const char *variable(struct arena *arena, const char *name, struct error *err)
{
	char cwd[PATH_MAX];

	if (strcmp(name, "HOME") == 0)
		return home(err);
	if (strcmp(name, "UID") == 0)
		return arena_printf(arena, "%u", getuid());
	if (strncmp(name, "XDG_", 4) == 0)
		return xdg(arena, name, err);
	if (strcmp(name, "PWD") != 0)
		return profile_registry(arena, name, err);
	if (getcwd(cwd, sizeof cwd))
		return arena_strdup(arena, cwd);
	fail(err, "fill in ${PWD}: the working directory has no path");
	return NULL;
}

/* Text that grows at its end. */
struct growing {
	struct arena *arena;
	char *text;
	size_t used, size;
};

static void add(struct growing *to, char c)
{
	if (to->used == to->size) {
		size_t size = to->size ? to->size * 2 : 256;
		char *larger = arena_alloc(to->arena, size);

		if (to->used)
			memcpy(larger, to->text, to->used);
		to->text = larger;
		to->size = size;
	}
	to->text[to->used++] = c;
}

static void add_text(struct growing *to, const char *text, bool escape)
{
	for (; *text; text++) {
		if (escape && strchr(":,\\", *text))
			add(to, '\\');
		add(to, *text);
	}
}

/* What stands behind a '$': returns what follows it, or NULL and err. */
static const char *reference(struct growing *to, const char *text, bool escape, struct error *err)
{
	size_t length = text[0] == '{' ? strcspn(text, "}") : 0;

	if (text[0] == '$') {
		add(to, '$');
		return text + 1;
	}
	if (length == 0 || !text[length]) {
		fail_because(err, length ? "'${' without '}'" : "a '$' alone");
		fail_remedy(err, "write ${NAME} for a variable and $$ for a dollar");
		return NULL;
	}
	const char *value =
		variable(to->arena, arena_strndup(to->arena, text + 1, length - 1), err);

	if (!value)
		return NULL;
	add_text(to, value, escape);
	return text + length + 1;
}

const char *profile_expand(struct arena *arena, const char *value, bool escape, struct error *err)
{
	struct growing to = {.arena = arena};

	if (!strchr(value, '$'))
		return value;
	while (*value) {
		if (*value != '$') {
			add(&to, *value++);
			continue;
		}
		value = reference(&to, value + 1, escape, err);
		if (!value)
			return NULL;
	}
	add(&to, '\0');
	return to.text;
}
