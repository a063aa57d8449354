/* Desktop entries rewritten: see entry.h. */
#include "entry.h"

#include <stdbool.h>
#include <string.h>

enum group { GROUP_NONE, GROUP_ENTRY, GROUP_ACTION, GROUP_OTHER };

/* Menus read more than the specification has, and not the same: blanks in front, blanks of Unicode
 * around a key, \x45 for E, words behind a group. What one of them could take for another line than
 * we do is LINE_WRONG. */
enum line_kind { LINE_EMPTY, LINE_GROUP, LINE_KEY, LINE_WRONG };

struct line {
	enum line_kind kind;
	const char *text; /* without the blanks in front */
	size_t length;
	enum group group;
	size_t key_length;
	bool suffix; /* Name[de]=, Exec[$e]= */
	const char *value;
	size_t size;
};

static bool begins(const char *text, size_t length, const char *with)
{
	return length >= strlen(with) && strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, size_t length, const char *with)
{
	return length >= strlen(with) &&
	       strncmp(text + length - strlen(with), with, strlen(with)) == 0;
}

static size_t without_blanks(const char *text, size_t length)
{
	while (length > 0 && strchr(" \t\r", text[length - 1]))
		length--;
	return length;
}

/* Printable characters of ASCII, and none of those that are left out. */
static bool is_plain(const char *text, size_t length, const char *but)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~' || strchr(but, text[i]))
			return false;
	return true;
}

static enum group group_of(const char *text, size_t length)
{
	static const char entry[] = "[Desktop Entry]";

	if (length == sizeof entry - 1 && begins(text, length, entry))
		return GROUP_ENTRY;
	/* The second is what actions were in Unity. */
	return begins(text, length, "[Desktop Action ") || ends(text, length, " Shortcut Group]")
		       ? GROUP_ACTION
		       : GROUP_OTHER;
}

static void read_group(struct line *line)
{
	size_t length = without_blanks(line->text, line->length);

	if (length < 2 || line->text[length - 1] != ']' ||
	    !is_plain(line->text + 1, length - 2, "[]\\"))
		return;
	line->kind = LINE_GROUP;
	line->group = group_of(line->text, length);
}

static void read_key(struct line *line)
{
	const char *equal = memchr(line->text, '=', line->length);

	if (!equal)
		return;
	size_t length = without_blanks(line->text, (size_t)(equal - line->text));
	const char *suffix = memchr(line->text, '[', length);

	if (suffix && line->text[length - 1] != ']')
		return;
	line->suffix = suffix != NULL;
	line->key_length =
		suffix ? without_blanks(line->text, (size_t)(suffix - line->text)) : length;
	if (!line->key_length || !is_plain(line->text, line->key_length, " []\\"))
		return;
	line->kind = LINE_KEY;
	line->value = equal + 1;
	line->size = line->length - (size_t)(line->value - line->text);
	while (line->size > 0 && strchr(" \t", *line->value)) {
		line->value++;
		line->size--;
	}
	line->size = without_blanks(line->value, line->size);
}

static struct line read_line(const char *text)
{
	size_t front = strspn(text, " \t\r\v\f");
	struct line line = {.kind = LINE_WRONG, .text = text + front};

	line.length = strcspn(line.text, "\n");
	if (line.length == 0 || *line.text == '#')
		line.kind = LINE_EMPTY;
	else if (*line.text == '[')
		read_group(&line);
	else
		read_key(&line);
	return line;
}

static bool is_key(const struct line *line, const char *key)
{
	return line->kind == LINE_KEY && line->key_length == strlen(key) &&
	       strncmp(line->text, key, line->key_length) == 0;
}

/* A word of Exec: quoted where it has to be, `%` doubled; and a backslash once more, for a value is
 * a string in which it escapes. */
static void put_word(const char *word, FILE *out)
{
	bool plain =
		*word && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
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

/* What was there in [Desktop Entry]. */
struct seen {
	bool type, exec, hidden, ours;
};

/* What starts the application in another way than Exec does, or what else than the application:
 * over D-Bus; a terminal's command; and what a menu takes for one of the first three (Exec[$e]). */
static bool is_left_out(const struct line *line)
{
	static const char *const keys[] = {"DBusActivatable", "TerminalOptions", "SwallowExec"};
	static const char *const read[] = {"Exec", "Type", "Hidden"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (is_key(line, keys[i]))
			return true;
	for (size_t i = 0; i < sizeof read / sizeof *read; i++)
		if (line->suffix && is_key(line, read[i]))
			return true;
	return false;
}

static void look(const struct line *line, struct seen *seen)
{
	if (is_key(line, "Exec"))
		seen->exec |= line->size > 0;
	else if (is_key(line, "Type"))
		seen->type = is(line->value, line->size, "Application");
	else if (is_key(line, "Hidden"))
		seen->hidden = is(line->value, line->size, "true");
	seen->ours |= is_key(line, ENTRY_PROFILE);
}

static void put_line(const struct line *line, enum group group, const struct entry_words *words,
		     FILE *out)
{
	if ((group == GROUP_ENTRY || group == GROUP_ACTION) && is_left_out(line))
		return;
	if ((group == GROUP_ENTRY || group == GROUP_ACTION) && is_key(line, "Exec")) {
		put_exec(words, line->value, line->size, out);
		return;
	}
	fprintf(out, "%.*s\n", (int)line->length, line->text);
	if (line->kind == LINE_GROUP && group == GROUP_ENTRY) {
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
		struct line line = read_line(text);

		if (line.kind == LINE_GROUP) {
			group = line.group;
			if (group == GROUP_ENTRY && entry)
				return "it has two groups [Desktop Entry]";
			entry |= group == GROUP_ENTRY;
		} else if (group == GROUP_NONE && line.kind != LINE_EMPTY) {
			return "it does not begin with a group";
		} else if (line.kind == LINE_WRONG) {
			return "it has a line that is no [GROUP], KEY=VALUE or comment, which "
			       "menus read in different ways";
		}
		put_line(&line, group, words, out);
		if (group == GROUP_ENTRY && !line.suffix)
			look(&line, &seen);
		text = line.text + line.length;
		text += *text == '\n';
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
		struct line line = read_line(text);

		if (line.kind == LINE_GROUP)
			group = line.group;
		else if (group == GROUP_ENTRY && !line.suffix && is_key(&line, key))
			return arena_strndup(arena, line.value, line.size);
		text = line.text + line.length;
		text += *text == '\n';
	}
	return NULL;
}
