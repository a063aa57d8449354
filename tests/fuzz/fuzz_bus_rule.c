/*
 * Any text as a rule of --dbus-talk and the others: what is accepted is one word of
 * xdg-dbus-proxy's command line that means what was written: a name of D-Bus, and a method and a
 * path of an object. Run by `make fuzz`.
 */
#include "fuzz.h"
#include "parse_bus.h"

static bool is_letter(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Parts, divided by dots: how many. None is empty or begins with a digit; the last may be "*". */
static unsigned parts_of(const char *text, const char *end, bool dash)
{
	unsigned parts = 0;
	bool fresh = true;

	for (; text < end; text++) {
		if (fresh) {
			parts++;
			if (*text == '*') {
				require(text + 1 == end && parts > 1);
				return parts;
			}
			require(is_letter(*text) || (dash && *text == '-'));
			fresh = false;
		} else if (*text == '.') {
			fresh = true;
		} else {
			require(is_letter(*text) || is_digit(*text) || (dash && *text == '-'));
		}
	}
	require(!fresh);
	return parts;
}

static void check_name(const char *name)
{
	static const char *const dangerous[] = {
		"org.freedesktop.systemd1", "org.freedesktop.secrets", "org.freedesktop.Flatpak"};
	size_t length = strlen(name);

	require(length > 0 && length <= 255 && parts_of(name, name + length, true) >= 2);
	require(strcmp(name, "org.freedesktop.DBus") != 0);
	if (name[length - 1] != '*')
		return;
	/* "org.*" would be these too: each is given by its own name. */
	for (size_t i = 0; i < sizeof dangerous / sizeof *dangerous; i++)
		require(strncmp(dangerous[i], name, length - 1) != 0);
}

static void check_path(const char *path)
{
	require(*path == '/');
	if (!path[1])
		return;
	for (; *path; path++) {
		if (*path == '/')
			require(path[1] && path[1] != '/');
		else if (*path == '*')
			require(path[-1] == '/' && !path[1]);
		else
			require(is_letter(*path) || is_digit(*path));
	}
}

static void check_rule(const char *rule)
{
	const char *at = strchr(rule, '@'), *end = at ? at : rule + strlen(rule);

	require(*rule && !strchr(rule, '='));
	if (end != rule && !(end == rule + 1 && *rule == '*'))
		require(parts_of(rule, end, false) >= 2);
	if (at)
		check_path(at + 1);
}

/* The first byte says which option it is of. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct bus_rule op = {.grant = (enum bus_grant)(data[0] % (BUS_CALL + 1))};
	char *text = text_of(data + 1, size - 1);
	char *before = text_of(data + 1, size - 1);

	if (!parse_bus_rule(text, &op)) {
		const char *bare = before;

		require(op.system == (strncmp(before, "system:", 7) == 0));
		if (op.system || strncmp(before, "session:", 8) == 0)
			bare = strchr(before, ':') + 1;
		require(!op.rule == (op.grant != BUS_CALL));
		check_name(op.name);
		if (op.rule)
			check_rule(op.rule);
		/* Nothing of it is lost. */
		require(strncmp(bare, op.name, strlen(op.name)) == 0);
		bare += strlen(op.name);
		require(op.rule ? *bare == '=' && strcmp(bare + 1, op.rule) == 0 : !*bare);
	}
	free(before);
	free(text);
	return 0;
}
