/* What the program itself says when it is started: see doctor.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor.h"
#include "files.h"
#include "spawn.h"

/* Nothing has this name; that it is looked for is the last thing of a launch. */
#define COMMAND "/nonexistent/sandbox-doctor"

enum { MAX_WORDS = 512, MAX_SAID = 8192 };

/* "sandbox: TEXT", notes before it left out, and the indented lines under it. */
static void take_apart(struct doctor *doctor, char *text, const char **said, const char **remedy)
{
	char *line = text, *next, *out;

	while (strncmp(line, "sandbox: note: ", 15) == 0 && (next = strstr(line, "\nsandbox: ")))
		line = next + 1;
	if (strncmp(line, "sandbox: ", 9) == 0)
		line += 9;
	next = strchr(line, '\n');
	if (next)
		*next++ = '\0';
	*said = arena_strdup(&doctor->arena, *line ? line : "it ended without a word");
	*remedy = NULL;
	if (!next || *next != ' ')
		return;
	out = arena_alloc(&doctor->arena, strlen(next) + 1);
	*remedy = out;
	for (bool start = true; *next; next++) {
		start = start && *next == ' ';
		if (!start)
			*out++ = *next;
		start = start || *next == '\n';
	}
	*out = '\0';
}

bool doctor_try(struct doctor *doctor, char *const words[], const char *rootfs, const char **said,
		const char **remedy)
{
	char *argv[MAX_WORDS + 8] = {(char *)doctor->program, "run"};
	size_t count = 2;
	struct spawned spawned;
	struct error err;
	char text[MAX_SAID];

	for (size_t i = 0; words[i] && count < MAX_WORDS; i++)
		argv[count++] = words[i];
	argv[count++] = "--";
	argv[count++] = (char *)rootfs;
	argv[count++] = COMMAND;
	if (spawn_start(&spawned, argv, &err) < 0) {
		*said = arena_strdup(&doctor->arena, err.text);
		*remedy = NULL;
		return false;
	}
	int status = spawn_finish(&spawned, text, sizeof text);
	bool planned = count > 4 && strcmp(argv[count - 4], "--dry-run") == 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == (planned ? 0 : EXIT_NOT_FOUND))
		return true;
	take_apart(doctor, text, said, remedy);
	return false;
}

static const struct {
	const char *name, *words[6];
	bool directory; /* over an empty directory, not over "/" */
	const char *yes, *affects, *without;
} tries[] = {
	{"run a command",
	 {NULL},
	 false,
	 "was tried: sandbox / COMMAND",
	 "everything but --confine-only",
	 "--confine-only, where that works: weaker, for ROOTFS / alone"},
	{"the same without namespaces",
	 {"--confine-only", NULL},
	 false,
	 "was tried: sandbox --confine-only / COMMAND; it is weaker than with them",
	 "--confine-only",
	 "namespaces, where they work"},
	{"a throw-away layer",
	 {NULL},
	 true,
	 "was tried: sandbox DIRECTORY COMMAND",
	 "any ROOTFS that is a directory, without --rw or --read-only; --bind S:D:O; --overlay",
	 "--rw writes to the directory itself, --read-only nowhere; ROOTFS /"},
	{"a network (slirp4netns)",
	 {"--network=slirp4netns", NULL},
	 false,
	 "was tried: --network=slirp4netns",
	 "--network=slirp4netns; profiles npm, pip, cargo, agent",
	 "--network=pasta, --network=none (the default), --network=host"},
	{"a network (pasta)",
	 {"--network=pasta", NULL},
	 false,
	 "was tried: --network=pasta",
	 "--network=pasta",
	 "--network=slirp4netns, --network=none (the default), --network=host"},
	{"rules for the network",
	 {"--allow-net=192.0.2.1:443", NULL},
	 false,
	 "was tried: --allow-net=192.0.2.1:443",
	 "--allow-net, --deny-net, --net-log; profiles npm, pip, cargo, agent",
	 "--network without rules, or none"},
	{"limits of all together",
	 {"--memory=256m", "--pids-limit=100", "--cpus=1", NULL},
	 false,
	 "was tried: --memory=256m --pids-limit=100 --cpus=1",
	 "--memory, --memory-swap, --cpus, --pids-limit, --io-weight; profile judge",
	 "--limits=best-effort; --timeout, --cpu-time, --ulimit, --cpuset, --nice"},
};

/* A root file system with a shell, as far as a launch looks; its path, or NULL. */
static const char *make_root(char path[])
{
	if (!mkdtemp(path))
		return NULL;
	int cleanup_fd root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(root, "bin", 0700) < 0)
		return NULL;
	int cleanup_fd shell =
		openat(root, "bin/sh", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	return shell < 0 ? NULL : path;
}

void doctor_tries(struct doctor *doctor)
{
	char path[] = "/tmp/sandbox-doctor.XXXXXX";
	const char *directory = make_root(path);

	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		const char *said = "cannot make a directory in /tmp to try it on", *remedy = NULL;
		bool works = false;

		if (!tries[i].directory || directory)
			works = doctor_try(doctor, (char *const *)tries[i].words,
					   tries[i].directory ? directory : "/", &said, &remedy);
		if (i == 0)
			doctor->can_run = works;
		doctor_add(doctor, (struct finding){
					   .group = "What was tried",
					   .name = tries[i].name,
					   .answer = works ? ANSWER_YES : ANSWER_NO,
					   .found = works ? tries[i].yes : said,
					   .affects = tries[i].affects,
					   .mend = works ? NULL : remedy,
					   .without = tries[i].without,
				   });
	}
	unlink(arena_printf(&doctor->arena, "%s/bin/sh", path));
	rmdir(arena_printf(&doctor->arena, "%s/bin", path));
	rmdir(path);
}
