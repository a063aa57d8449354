/* Names and rules of D-Bus: see parse_bus.h. */
#include "parse_bus.h"

#include <string.h>

enum { NAME_MAX_LENGTH = 255 };

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS  "0123456789"

/* Parts divided by dots, each of these characters and not beginning with a digit. The number of
 * parts; 0: it is none. A last part "*" counts when star is set. */
static unsigned count_parts(const char *text, size_t length, const char *characters, bool star)
{
	unsigned parts = 0;

	for (size_t at = 0;; at++) {
		size_t part = strspn(text + at, characters);

		if (part > length - at)
			part = length - at;
		if (star && parts && at + 1 == length && text[at] == '*')
			return parts + 1;
		if (!part || strchr(DIGITS, text[at]))
			return 0;
		parts++;
		at += part;
		if (at == length)
			return parts;
		if (text[at] != '.')
			return 0;
	}
}

/* Names whose owner starts programs outside for whoever asks, or hands out what belongs to all. */
static const char *const too_much[] = {"org.freedesktop.systemd1", "org.freedesktop.secrets",
				       "org.freedesktop.Flatpak"};

static bool covers(const char *pattern, size_t length, const char *name)
{
	return pattern[length - 1] == '*' && strncmp(pattern, name, length - 1) == 0;
}

bool bus_rule_covers(const struct bus_rule *rule, const char *name)
{
	return strcmp(rule->name, name) == 0 || covers(rule->name, strlen(rule->name), name);
}

const char *bus_application(struct arena *arena, const char *name)
{
	static const char prefix[] = "local.sandbox.";
	char *id = arena_printf(arena, "%s%s%s", prefix, *name && strchr(DIGITS, *name) ? "_" : "",
				name);

	id[strnlen(id, 200)] = '\0';
	for (char *c = id + strlen(prefix); *c; c++)
		if (!strchr(LETTERS DIGITS, *c))
			*c = '_';
	return id;
}

static const char *check_name(const char *name)
{
	size_t length = strlen(name);

	if (!length)
		return "the name is missing";
	if (name[0] == ':')
		return "a unique name (:N) is another one with each connection: give a well-known "
		       "name";
	if (length > NAME_MAX_LENGTH)
		return "a name of D-Bus has at most 255 characters";
	if (count_parts(name, length, LETTERS DIGITS "-", true) < 2)
		return "not a name of D-Bus: at least two parts of letters, digits, '_' and '-', "
		       "divided by dots, the last of which may be '*'";
	if (strcmp(name, "org.freedesktop.DBus") == 0)
		return "the bus itself can be spoken to as it is";
	for (size_t i = 0; i < sizeof too_much / sizeof *too_much; i++)
		if (covers(name, length, too_much[i]))
			return "too wide: names are below it whose owners start programs outside, "
			       "or give out "
			       "secrets; name the one you mean";
	return NULL;
}

/* [METHOD][@PATH], METHOD being '*', INTERFACE.* or INTERFACE.MEMBER. */
static const char *check_rule(const char *rule)
{
	const char *path = strchr(rule, '@');
	size_t method = path ? (size_t)(path - rule) : strlen(rule);

	if (!*rule)
		return "the rule is missing: NAME=INTERFACE.METHOD@/PATH, or parts of it";
	if (method && !(method == 1 && *rule == '*') &&
	    count_parts(rule, method, LETTERS DIGITS, true) < 2)
		return "not a method: '*', INTERFACE.* or INTERFACE.METHOD";
	if (!path)
		return NULL;
	if (path[1] != '/' || strspn(path + 1, LETTERS DIGITS "/*") != strlen(path + 1) ||
	    strstr(path, "//"))
		return "not an object's path: /PART/PART, or /PART/* for all below";
	if (path[2] && path[strlen(path) - 1] == '/')
		return "not an object's path: no '/' stands behind the last part";
	const char *star = strchr(path, '*');

	return star && (star[1] || star[-1] != '/') ? "a '*' stands for a last part only" : NULL;
}

const char *parse_bus_rule(char *text, struct bus_rule *op)
{
	static const char system[] = "system:", session[] = "session:";

	op->system = strncmp(text, system, sizeof system - 1) == 0;
	if (op->system)
		text += sizeof system - 1;
	else if (strncmp(text, session, sizeof session - 1) == 0)
		text += sizeof session - 1;
	char *rule = strchr(text, '=');

	if (rule && op->grant != BUS_CALL)
		return "only --dbus-call takes a rule behind the name";
	if (!rule && op->grant == BUS_CALL)
		return "the rule is missing: NAME=INTERFACE.METHOD@/PATH, or parts of it";
	if (rule)
		*rule++ = '\0';
	op->name = text;
	op->rule = rule;
	const char *reason = check_name(text);

	return !reason && rule ? check_rule(rule) : reason;
}
