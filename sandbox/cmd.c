/* What the verbs have in common: see cmd.h. */
#include "cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "unrecorded.h"

int cmd_report(const struct error *err)
{
	error_print(stderr, err);
	return error_status(err);
}

int cmd_is(const char *word, char letter, const char *name)
{
	if (strncmp(word, "--", 2) == 0)
		return strcmp(word + 2, name) == 0;
	return letter && word[0] == '-' && word[1] == letter && word[2] == '\0';
}

const char *cmd_value(char ***argv, char letter, const char *name)
{
	const char *word = **argv;
	size_t length = strlen(name);

	if (strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, length) == 0 &&
	    word[2 + length] == '=')
		return word + 3 + length;
	if (letter && word[0] == '-' && word[1] == letter && word[2])
		return word + 2;
	if (!cmd_is(word, letter, name) || !(*argv)[1])
		return NULL;
	return *++*argv;
}

int cmd_usage(const char *text)
{
	fputs(text, stderr);
	return EXIT_SANDBOX;
}

int cmd_find(struct sandbox_record *record, struct arena *arena, const char *name,
	     struct error *err)
{
	if (state_find(record, arena, name, err) == 0)
		return 0;
	return err->number == ENOENT ? unrecorded_find(record, arena, name) : -1;
}

int cmd_unrecorded(const struct sandbox_record *record, const char *what, struct error *err)
{
	fail_because(
		err,
		"cannot %s %s: there is no record of it, since it is in the foreground and was "
		"given no --name, or since that was removed",
		what, record->name);
	return fail_remedy(
		err, "sandbox kill and sandbox rm -f end it; start it with --name to %s it", what);
}
