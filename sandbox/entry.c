/* Desktop entries rewritten: see entry.h. */
#include "entry.h"

#include <stdbool.h>
#include <string.h>

enum group { GROUP_NONE, GROUP_ENTRY, GROUP_ACTION, GROUP_OTHER };

static enum group group_of(const char *line, size_t length)
{
	static const char entry[] = "[Desktop Entry]", action[] = "[Desktop Action ";

	while (length > 0 && strchr(" \t\r", line[length - 1]))
		length--;
	if (length == sizeof entry - 1 && strncmp(line, entry, length) == 0)
		return GROUP_ENTRY;
	return length > sizeof action - 1 && strncmp(line, action, sizeof action - 1) == 0
		       ? GROUP_ACTION
		       : GROUP_OTHER;
}

/* The value of the line KEY=VALUE, in line; NULL for another. No [LOCALE] is the key alone. */
static const char *value_of(const char *line, size_t length, const char *key, size_t *size)
{
	size_t at = strlen(key);

	if (length <= at || strncmp(line, key, at) != 0)
		return NULL;
	while (at < length && strchr(" \t", line[at]))
		at++;
	if (at == length || line[at] != '=')
		return NULL;
	at++;
	while (at < length && strchr(" \t", line[at]))
		at++;
	*size = length - at;
	while (*size > 0 && strchr(" \t\r", line[at + *size - 1]))
		--*size;
	return line + at;
}

/* A word of Exec: quoted where it has to be, `%` doubled; and a backslash once more, for a value is
 * a string in which it escapes. */
static void put_word(const char *word, FILE *out)
{
	bool plain = word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789_-+=:,./@")] == '\0';

	if (!plain)
		putc('"', out);
	for (; *word; word++) {
		if (strchr("\"`$", *word))
			fputs("\\\\", out);
		else if (*word == '\\')
			fputs("\\\\\\", out);
		else if (*word == '%')
			putc('%', out);
		putc(*word, out);
	}
	if (!plain)
		putc('"', out);
}

static void put_exec(const struct entry_words *words, const char *value, size_t size, FILE *out)
{
	const char *const ours[] = {
		words->program,     "run", "--profile", words->profile, "--application",
		words->application, "--",  "/"};

	fputs("Exec=", out);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
		put_word(ours[i], out);
		putc(' ', out);
	}
	fprintf(out, "%.*s\n", (int)size, value);
}

static void put_string(const char *key, const char *value, FILE *out)
{
	fprintf(out, "%s=", key);
	for (; *value; value++) {
		if (*value == '\\')
			putc('\\', out);
		putc(*value, out);
	}
	putc('\n', out);
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			return true;
	return false;
}

static bool is(const char *value, size_t size, const char *text)
{
	return value && size == strlen(text) && strncmp(value, text, size) == 0;
}

/* The first line of Exec, which is what starts the application itself, has been seen. */
struct seen {
	bool type, exec, hidden, ours;
};

static void put_line(const char *line, size_t length, enum group group,
		     const struct entry_words *words, struct seen *seen, FILE *out)
{
	size_t size = 0;
	const char *value;

	if (group == GROUP_ENTRY || group == GROUP_ACTION) {
		value = value_of(line, length, "Exec", &size);
		if (value) {
			seen->exec |= group == GROUP_ENTRY && size > 0;
			put_exec(words, value, size, out);
			return;
		}
	}
	if (group == GROUP_ENTRY) {
		if (value_of(line, length, "DBusActivatable", &size))
			return;
		if ((value = value_of(line, length, "Type", &size)))
			seen->type = is(value, size, "Application");
		if ((value = value_of(line, length, "Hidden", &size)))
			seen->hidden = is(value, size, "true");
		seen->ours |= value_of(line, length, ENTRY_PROFILE, &size) != NULL;
	}
	fprintf(out, "%.*s\n", (int)length, line);
	if (group_of(line, length) == GROUP_ENTRY) {
		/* Not over D-Bus, where somebody else starts it. */
		fputs("DBusActivatable=false\n", out);
		put_string(ENTRY_PROFILE, words->profile, out);
		put_string(ENTRY_SOURCE, words->source, out);
	}
}

const char *entry_rewrite(const char *text, const struct entry_words *words, FILE *out)
{
	enum group group = GROUP_NONE;
	struct seen seen = {.type = false};
	bool entry = false;

	/* A newline would begin another key. */
	if (has_control(words->program) || has_control(words->profile) ||
	    has_control(words->source))
		return "a path has a control character in it";
	while (*text) {
		size_t length = strcspn(text, "\n");

		if (*text == '[') {
			group = group_of(text, length);
			if (group == GROUP_ENTRY && entry)
				return "it has two groups [Desktop Entry]";
			entry |= group == GROUP_ENTRY;
		} else if (group == GROUP_NONE && *text != '#' && length > 0 && *text != '\r') {
			return "it does not begin with a group";
		}
		put_line(text, length, group, words, &seen, out);
		text += length + (text[length] == '\n');
	}
	if (!entry)
		return "it has no group [Desktop Entry]";
	if (!seen.type)
		return "it is no application (Type=Application)";
	if (seen.hidden)
		return "it is marked as removed (Hidden=true)";
	if (seen.ours)
		return "it starts a sandbox already";
	return seen.exec ? NULL : "it has no command line (Exec), so there is nothing to sandbox";
}

const char *entry_value(struct arena *arena, const char *text, const char *key)
{
	enum group group = GROUP_NONE;

	while (*text) {
		size_t length = strcspn(text, "\n"), size;
		const char *value = NULL;

		if (*text == '[')
			group = group_of(text, length);
		else if (group == GROUP_ENTRY)
			value = value_of(text, length, key, &size);
		if (value)
			return arena_strndup(arena, value, size);
		text += length + (text[length] == '\n');
	}
	return NULL;
}
