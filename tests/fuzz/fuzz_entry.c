/*
 * Any text as a desktop entry: in what is accepted and written every command line that a menu can
 * find, however much more than the specification that menu reads, starts the sandbox, with the
 * words that were meant. Run by `make fuzz`.
 */
#include "entry.h"
#include "fuzz.h"

#include <ctype.h>

enum { WORDS = 8, LINE = 8192 };

/* GLib, KConfig and Qt, whoever reads the most: blanks, controls and what is no ASCII around a key
 * are not part of it, [de] and [$e] are behind it, \x45 is E. In a group's name are blanks. */
static void key_of(const char *line, const char *equal, char *key, char least)
{
	size_t length = 0;

	for (; line < equal && *line != '['; line++) {
		unsigned byte = (unsigned char)*line;

		if (*line == '\\' && line + 3 < equal && line[1] == 'x' &&
		    sscanf(line + 2, "%2x", &byte) == 1)
			line += 3;
		if (byte >= (unsigned char)least && byte < 127)
			key[length++] = (char)byte;
	}
	key[length] = '\0';
}

/* A string of a desktop entry: \s \n \t \r \\ are one character. */
static void unescape(const char *value, const char *end, char *out)
{
	for (; value < end; value++) {
		if (*value == '\\' && value + 1 < end) {
			value++;
			*out++ = *value == 's'   ? ' '
				 : *value == 'n' ? '\n'
				 : *value == 't' ? '\t'
				 : *value == 'r' ? '\r'
						 : *value;
		} else {
			*out++ = *value;
		}
	}
	*out = '\0';
}

/* The next word of a command line: quoted or not, %% one %. */
static const char *next_word(const char *line, char *word)
{
	bool quoted = false;

	while (*line == ' ')
		line++;
	for (; *line && (quoted || *line != ' '); line++) {
		if (*line == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && *line == '\\') {
			line++;
			require(*line && strchr("\"`$\\", *line));
		} else {
			require(!*line || !strchr("`$\\", *line) || !quoted);
		}
		if (*line == '%') {
			line++;
			require(*line == '%');
		}
		*word++ = *line;
	}
	require(!quoted);
	*word = '\0';
	return line;
}

static void check_exec(const char *value, const char *end, const struct entry_words *words)
{
	static char line[LINE * 4], word[LINE * 4];
	const char *const meant[WORDS] = {
		words->program,     "run", "--profile", words->profile, "--application",
		words->application, "--",  "/"};
	const char *at = line;

	require(end - value < (ptrdiff_t)sizeof line);
	unescape(value, end, line);
	for (size_t i = 0; i < WORDS; i++) {
		at = next_word(at, word);
		require(strcmp(word, meant[i]) == 0);
	}
}

static void check_written(const char *text, const struct entry_words *words)
{
	static char key[LINE * 4];
	bool ours = false;
	size_t execs = 0, entries = 0;

	while (*text) {
		const char *end = text + strcspn(text, "\n");
		const char *start = text;

		while (start < end && !isgraph((unsigned char)*start))
			start++;
		const char *equal = memchr(start, '=', (size_t)(end - start));

		if (start < end && *start == '[') {
			key_of(start + 1, memchr(start, ']', (size_t)(end - start)), key, ' ');
			ours = strcmp(key, "Desktop Entry") == 0 ||
			       strncmp(key, "Desktop Action ", 15) == 0;
			entries += strcmp(key, "Desktop Entry") == 0;
		} else if (ours && equal && *start != '#') {
			key_of(start, equal, key, '!');
			if (strcmp(key, "Exec") == 0) {
				execs++;
				check_exec(equal + 1, end, words);
			}
			require(strcmp(key, "DBusActivatable") != 0 ||
				strncmp(equal, "=false\n", 7) == 0);
			require(strcmp(key, "TerminalOptions") != 0);
		}
		text = *end ? end + 1 : end;
	}
	require(entries == 1 && execs > 0);
}

static const char *rewritten(const char *text, const struct entry_words *words, char **out)
{
	size_t size = 0;
	FILE *file = open_memstream(out, &size);

	require(file != NULL);
	const char *reason = entry_rewrite(text, words, file);
	fclose(file);
	return reason;
}

/* The entry, and behind a line "--" a profile's path, which is asked for too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size), *out = NULL, *again = NULL;
	struct entry_words words = {.program = "/opt/a \"b\" $c `d` \\e %f/sandbox",
				    .profile = next_part(text),
				    .application = "edit",
				    .source = "/usr/share/applications/edit.desktop"};
	struct arena arena = {NULL};

	if (!*words.profile)
		words.profile = "desktop";
	if (size < LINE && !rewritten(text, &words, &out)) {
		check_written(out, &words);
		/* Ours are known again, and not rewritten twice. */
		require(entry_value(&arena, out, ENTRY_PROFILE) != NULL);
		require(strcmp(entry_value(&arena, out, ENTRY_SOURCE), words.source) == 0);
		require(rewritten(out, &words, &again) != NULL);
	}
	arena_free(&arena);
	free(again);
	free(out);
	free(text);
	return 0;
}
