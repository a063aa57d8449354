/*
 * planner: the plan for a command line on a machine that a text file makes up.
 *
 *   planner FILE...
 *
 * A line of a file is a key and its value; `#` begins a comment. What comes later wins, or adds to
 * a list; the value `none` empties it. The keys are those of the table below, and these two:
 *
 *   run WORD...   words of the command line, divided by blanks
 *   word TEXT     one more word, blanks and all
 *
 * Printed is what --dry-run would print there, or the error and `status N`. The kernel is not asked
 * for anything but these files, the profiles and the working directory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "host.h"
#include "options.h"
#include "plan.h"
#include "profile.h"

struct machine {
	struct arena arena;
	struct host host;
	char **words; /* of the command line */
	size_t words_count;
	char **env; /* the caller's environment */
	size_t env_count;
	const char *(*sources)[2]; /* path, what it really is; NULL: it is not there */
	size_t sources_count;
};

static _Noreturn void wrong(const char *what, const char *text)
{
	fprintf(stderr, "planner: %s: %s\n", what, text);
	exit(2);
}

static uint32_t number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || (*end && *end != ' '))
		wrong("not a number", text);
	return (uint32_t)value;
}

static bool yes(const char *text)
{
	if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
		wrong("neither yes nor no", text);
	return *text == 'y';
}

/* Cut text at its first blank; what follows, or NULL. */
static char *second(char *text)
{
	char *blank = strchr(text, ' ');

	if (blank)
		*blank++ = '\0';
	return blank;
}

static const char *or_none(const char *text)
{
	return strcmp(text, "none") == 0 ? NULL : text;
}

static void set_uid(struct machine *machine, char *value)
{
	machine->host.uid = number(value);
}

static void set_gid(struct machine *machine, char *value)
{
	machine->host.gid = number(value);
}

static void set_user(struct machine *machine, char *value)
{
	machine->host.user = or_none(value);
}

static void set_home(struct machine *machine, char *value)
{
	machine->host.home = or_none(value);
}

static void set_no_new_privs(struct machine *machine, char *value)
{
	machine->host.no_new_privs = yes(value);
}

/* START COUNT */
static void add_grant(struct machine *machine, char *value, struct id_grant **grants, size_t *count)
{
	char *size = second(value);

	if (!size) {
		*count = 0;
		return;
	}
	struct id_grant *grant = ARENA_APPEND(&machine->arena, *grants, *count);
	grant->start = number(value);
	grant->count = number(size);
}

static void add_subuid(struct machine *machine, char *value)
{
	add_grant(machine, value, &machine->host.subuids, &machine->host.subuids_count);
}

static void add_subgid(struct machine *machine, char *value)
{
	add_grant(machine, value, &machine->host.subgids, &machine->host.subgids_count);
}

static void set_newuidmap(struct machine *machine, char *value)
{
	machine->host.newuidmap = or_none(value);
}

static void set_newgidmap(struct machine *machine, char *value)
{
	machine->host.newgidmap = or_none(value);
}

static void set_xattrs(struct machine *machine, char *value)
{
	machine->host.tmpfs_user_xattrs = yes(value);
}

static const char *add_line(struct machine *machine, const char *text, const char *line)
{
	return or_none(line) ? arena_printf(&machine->arena, "%s%s\n", text ? text : "", line)
			     : NULL;
}

/* NAME:x:UID:GID:GECOS:HOME:SHELL, as in the file and all of it there */
static void add_passwd(struct machine *machine, char *value)
{
	struct host *host = &machine->host;
	char *rest = arena_strdup(&machine->arena, value);

	host->passwd_text = add_line(machine, host->passwd_text, value);
	if (!or_none(value)) {
		host->passwd_count = 0;
		return;
	}
	struct passwd_entry *entry =
		ARENA_APPEND(&machine->arena, host->passwd, host->passwd_count);
	entry->name = strsep(&rest, ":");
	strsep(&rest, ":");
	const char *uid = strsep(&rest, ":"), *gid = strsep(&rest, ":");
	strsep(&rest, ":");
	entry->home = strsep(&rest, ":");
	entry->shell = rest;
	if (!entry->shell)
		wrong("not a line of passwd", value);
	entry->uid = number(uid);
	entry->gid = number(gid);
}

static void add_group(struct machine *machine, char *value)
{
	machine->host.group_text = add_line(machine, machine->host.group_text, value);
}

static void set_missing(struct machine *machine, char *value)
{
	machine->host.missing = or_none(value);
}

/* PATH [WHAT IT POINTS TO] */
static void add_entry(struct machine *machine, char *value)
{
	struct host_entry *entry =
		ARENA_APPEND(&machine->arena, machine->host.entries, machine->host.entries_count);

	entry->link = second(value);
	entry->path = value;
}

static void add_secret(struct machine *machine, char *value)
{
	*ARENA_APPEND(&machine->arena, machine->host.secrets, machine->host.secrets_count) = value;
}

/* PATH [WHAT IT REALLY IS]: without the second it is not there. All others are what they are
 * called. */
static void add_source(struct machine *machine, char *value)
{
	const char *(*source)[2] =
		ARENA_APPEND(&machine->arena, machine->sources, machine->sources_count);

	(*source)[1] = second(value);
	(*source)[0] = value;
}

static void set_resolv_conf(struct machine *machine, char *value)
{
	machine->host.resolv_conf = or_none(value);
}

/* NAME=VALUE: for the environment's own room, and for what asks getenv */
static void add_env(struct machine *machine, char *value)
{
	*ARENA_APPEND(&machine->arena, machine->env, machine->env_count) = value;
	if (putenv(value))
		wrong("not a variable", value);
}

static void add_word(struct machine *machine, char *value)
{
	*ARENA_APPEND(&machine->arena, machine->words, machine->words_count) = value;
}

static void add_words(struct machine *machine, char *value)
{
	for (char *next; value; value = next) {
		next = second(value);
		add_word(machine, value);
	}
}

static const struct {
	const char *key;
	void (*set)(struct machine *machine, char *value);
} keys[] = {
	{"uid", set_uid},
	{"gid", set_gid},
	{"user", set_user},
	{"home", set_home},
	{"no-new-privs", set_no_new_privs},
	{"subuid", add_subuid},
	{"subgid", add_subgid},
	{"newuidmap", set_newuidmap},
	{"newgidmap", set_newgidmap},
	{"tmpfs-user-xattrs", set_xattrs},
	{"passwd", add_passwd},
	{"group", add_group},
	{"missing", set_missing},
	{"entry", add_entry},
	{"secret", add_secret},
	{"source", add_source},
	{"resolv-conf", set_resolv_conf},
	{"env", add_env},
	{"run", add_words},
	{"word", add_word},
};

static void read_line(struct machine *machine, char *line)
{
	char *value = second(line);

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (strcmp(line, keys[i].key) == 0 && value) {
			keys[i].set(machine, value);
			return;
		}
	}
	wrong("no such key, or no value", line);
}

static void read_machine(struct machine *machine, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		wrong(path, strerror(errno));
	while (getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (*line && *line != '#')
			read_line(machine, arena_strdup(&machine->arena, line));
	}
	free(line);
	fclose(file);
}

static int find_sources(struct machine *machine, const struct config *config, struct error *err)
{
	struct host *host = &machine->host;

	host->sources =
		arena_alloc(&machine->arena, (config->mounts_count + 1) * sizeof *host->sources);
	for (size_t i = 0; i < config->mounts_count; i++) {
		const struct mount_op *op = &config->mounts[i];

		if (op->kind != MOUNT_BIND && op->kind != MOUNT_RO_BIND &&
		    op->kind != MOUNT_DEV_BIND)
			continue;
		host->sources[i].real = op->source;
		for (size_t j = 0; j < machine->sources_count; j++)
			if (strcmp(machine->sources[j][0], op->source) == 0)
				host->sources[i].real = machine->sources[j][1];
		if (!host->sources[i].real && !op->optional)
			return fail_because(err, "cannot bind %s: it does not exist", op->source);
	}
	return 0;
}

/* As main.c does it. */
static int make_plan(struct machine *machine, struct config *config, struct plan *plan,
		     struct error *err)
{
	struct command_line line = {.profile = NULL};
	struct host *host = &machine->host;
	int argc = (int)machine->words_count;

	*ARENA_APPEND(&machine->arena, machine->words, machine->words_count) = NULL;
	*ARENA_APPEND(&machine->arena, machine->env, machine->env_count) = NULL;
	if (options_scan(argc, machine->words, &line, err) < 0)
		return -1;
	config->profile = line.profile ? line.profile : "default";
	if (profile_apply(config, config->profile, err) < 0 ||
	    options_apply(config, argc, machine->words, err) < 0)
		return -1;
	if (line.rest_count < 1)
		wrong("no root file system", "run");
	config->rootfs = line.rest[0];
	config->command = line.rest + 1;
	config->command_count = (size_t)line.rest_count - 1;
	if (config_check(config, err) < 0)
		return -1;
	host->rootfs = config->rootfs;
	host->rootfs_is_host = strcmp(config->rootfs, "/") == 0;
	host->machine = "x86_64";
	if (!host->rootfs_is_host)
		host->entries_count = host->secrets_count = 0;
	if (find_sources(machine, config, err) < 0)
		return -1;
	return plan_make(plan, config, host, machine->env, err);
}

int main(int argc, char **argv)
{
	struct machine machine = {.words = NULL};
	struct config config = {.profile = NULL};
	struct plan plan = {.config = NULL};
	struct error err = {.number = 0};

	for (int i = 1; i < argc; i++)
		read_machine(&machine, argv[i]);
	if (make_plan(&machine, &config, &plan, &err) == 0) {
		plan_print(&plan, stdout);
	} else {
		error_print(stdout, &err);
		printf("status %d\n", err.status ? err.status : EXIT_SANDBOX);
	}
	plan_free(&plan);
	config_free(&config);
	arena_free(&machine.arena);
	return 0;
}
