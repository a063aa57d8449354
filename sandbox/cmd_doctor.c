/* `sandbox doctor`: libexec/sandbox/doctor looks, with this program's path and the words. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "cmd.h"
#include "error.h"
#include "installed.h"
#include "options.h"
#include "profile.h"

/* Would starting this leave a layer or a record behind? What cannot be read does not start. */
static bool leaves_something(int argc, char **argv)
{
	struct command_line line = {.profile = NULL};
	struct config config = {.profile = NULL};
	struct error ignored;
	bool leaves = false;

	if (options_scan(argc, argv, &line, &ignored) == 0 && line.rest_count > 0 &&
	    profile_apply(&config, line.profile ? line.profile : "default", &ignored) == 0 &&
	    options_apply(&config, argc, argv, &ignored) == 0)
		leaves = config.overlay || config.name || config.detach;
	config_free(&config);
	return leaves;
}

int cmd_doctor(int argc, char **argv, char **all)
{
	struct arena arena = {NULL};
	struct error err;
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
	const char *helper = installed_path(&arena, NULL, "libexec/sandbox/doctor");
	int json = argc > 0 && strcmp(argv[0], "--json") == 0;
	size_t count = 2;
	char **words = arena_alloc(&arena, ((size_t)argc + 4) * sizeof *words);

	self[length > 0 ? length : 0] = '\0';
	words[0] = (char *)"sandbox-doctor";
	words[1] = length > 0 ? self : all[0];
	if (leaves_something(argc - json, argv + json))
		words[count++] = (char *)"--planned";
	memcpy(words + count, argv, (size_t)argc * sizeof *words);
	words[count + (size_t)argc] = NULL;
	execv(helper, words);
	fail(&err, "start %s", helper);
	if (length < 0 && err.number == ENOENT) {
		fail_because(&err, "cannot look at this machine: there is no /proc here");
		fail_remedy(&err, "mount it, or run it where it is mounted");
	} else {
		fail_remedy(&err, "it is installed with the program (make install)");
	}
	arena_free(&arena);
	return cmd_report(&err);
}
