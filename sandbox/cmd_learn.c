/* Learning a profile: see cmd_learn.h. */
#include "cmd_learn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "files.h"
#include "installed.h"
#include "options_table.h"
#include "profile_trust.h"
#include "spawn.h"

static int usage(struct error *err)
{
	fail_because(err, "learn needs to be told what to write");
	return fail_remedy(err,
			   "write it as: sandbox learn --output FILE [--merge] [OPTIONS] ROOTFS "
			   "[COMMAND [ARG...]]\n"
			   "or, to try a profile: sandbox learn --check FILE [OPTIONS] ROOTFS "
			   "[COMMAND [ARG...]]");
}

/* A file is named with a slash, or it would be a name to search for. */
static const char *with_slash(struct arena *arena, const char *path)
{
	return strchr(path, '/') ? path : arena_printf(arena, "./%s", path);
}

static int take_words(struct learning *learning, int *argc, char ***argv)
{
	char **end = *argv + *argc, **at = *argv;

	for (; at < end; at++) {
		const char *value;

		if (cmd_is(*at, 0, "merge"))
			learning->merge = true;
		else if ((value = cmd_value(&at, 'o', "output")) != NULL)
			learning->output = value;
		else if ((value = cmd_value(&at, 0, "check")) != NULL)
			learning->check = with_slash(&learning->arena, value);
		else
			break;
	}
	*argc -= (int)(at - *argv);
	*argv = at;
	return (!learning->output) != (!learning->check) && !(learning->check && learning->merge)
		       ? 0
		       : -1;
}

static int find_output(struct learning *learning, struct error *err)
{
	char *cwd = *learning->output == '/' ? NULL : getcwd(NULL, 0);
	struct stat st;

	if (*learning->output != '/') {
		if (!cwd)
			return fail(err, "find the working directory");
		learning->output = arena_printf(&learning->arena, "%s/%s", cwd, learning->output);
		free(cwd);
	}
	if (learning->merge || lstat(learning->output, &st) < 0)
		return 0;
	fail_because(err, "%s is there already", learning->output);
	return fail_remedy(err, "give --merge to add what this run uses, or remove it");
}

int learn_take(struct learning *learning, int *argc, char ***argv, struct error *err)
{
	*learning = (struct learning){.record = -1};
	if (take_words(learning, argc, argv) < 0)
		return usage(err);
	if (learning->check)
		return 0;
	if (find_output(learning, err) < 0)
		return -1;
	learning->record = memfd_create("record", MFD_CLOEXEC);
	return learning->record < 0 ? fail(err, "make room for what the run will use") : 0;
}

void learn_begin(const struct learning *learning, struct config *config)
{
	if (learning->record >= 0)
		config->learn_fd = learning->record;
	else
		config->explain = true;
}

int learn_check(const struct learning *learning, const struct config *config, struct error *err)
{
	if (config->detach) {
		fail_because(err, "what a sandbox in the background uses cannot be learnt");
		return fail_remedy(err, "leave --detach out");
	}
	if (learning->check || !config->seccomp_file)
		return 0;
	fail_because(err,
		     "cannot learn under the filter of a file, %s: its conditions for arguments "
		     "might be lost",
		     config->seccomp_file);
	return fail_remedy(err, "learn under one of the program's own filters: --seccomp=default, "
				"build or strict");
}

/* --- what the run was, for the helper: NUL-terminated fields ---------------------------------- */

static void put(FILE *out, const char *text)
{
	fputs(text, out);
	fputc('\0', out);
}

static void put_pair(FILE *out, const char *key, const char *value)
{
	put(out, key);
	put(out, value);
}

/* What is said in another way, or means nothing in the next run. */
static bool is_left_out(const struct option *option)
{
	static const enum option_id ids[] = {
		OPT_RW,        OPT_READ_ONLY, OPT_ENV,     OPT_UNSETENV, OPT_ENV_FILE, OPT_NETWORK,
		OPT_ALLOW_NET, OPT_DENY_NET,  OPT_SECCOMP, OPT_EXPLAIN,  OPT_NAME,     OPT_NET_LOG,
		OPT_DETACH,    OPT_VERBOSE,   OPT_OVERLAY, OPT_LOG_SIZE};

	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		if (option_id(option) == ids[i])
			return true;
	return option->flags & OPTION_NOT_IN_PROFILE || option->set == set_mount ||
	       option->set == set_nothing;
}

/* Has something that stands later in the list the last word? */
static bool is_overruled(const struct config *config, size_t index)
{
	const struct option *option = &option_table[config->given[index].option];

	for (size_t i = index + 1; i < config->given_count; i++) {
		const struct option *later = &option_table[config->given[i].option];

		if (option->flags & OPTION_LIST) {
			if (later == option && !*config->given[i].value)
				return true;
		} else if (!(later->flags & OPTION_LIST) && later->field == option->field) {
			return true;
		}
	}
	return false;
}

static void put_settings(FILE *out, const struct config *config)
{
	for (size_t i = 0; i < config->given_count; i++) {
		const struct given *given = &config->given[i];
		const struct option *option = &option_table[given->option];
		bool flag = !option->value && strcmp(given->value, "true") == 0;

		if (is_left_out(option) || is_overruled(config, i) ||
		    (option->flags & OPTION_LIST && !*given->value))
			continue;
		put(out, "setting");
		put_pair(out, option->name, flag ? "" : given->value);
	}
}

/* As they have become: files are read, and what was taken back is gone. */
static void put_environment(FILE *out, const struct config *config, struct arena *arena)
{
	for (size_t i = 0; i < config->env_count; i++) {
		const struct env_op *op = &config->env[i];

		put(out, "setting");
		if (op->kind == ENV_UNSET)
			put_pair(out, "unsetenv", op->name);
		else if (op->kind == ENV_PASS)
			put_pair(out, "env", op->name);
		else
			put_pair(out, "env", arena_printf(arena, "%s=%s", op->name, op->value));
	}
}

static const char *field(struct arena *arena, const char *path)
{
	char *text = arena_alloc(arena, 2 * strlen(path) + 1), *to = text;

	for (; *path; path++) {
		if (strchr(":,\\", *path))
			*to++ = '\\';
		*to++ = *path;
	}
	return text;
}

static const char *add_flag(struct arena *arena, const char *flags, const char *flag)
{
	return *flags ? arena_printf(arena, "%s,%s", flags, flag) : flag;
}

static const char *flags_of(struct arena *arena, const struct mount_op *op)
{
	const char *flags = op->noexec ? "noexec" : "";

	if (op->kind == MOUNT_TMPFS && op->size)
		flags = add_flag(arena, flags,
				 arena_printf(arena, "size=%llu", (unsigned long long)op->size));
	if (op->kind == MOUNT_TMPFS && op->inodes)
		flags = add_flag(
			arena, flags,
			arena_printf(arena, "inodes=%llu", (unsigned long long)op->inodes));
	if ((op->kind == MOUNT_TMPFS || op->kind == MOUNT_MKDIR) && op->mode != (mode_t)-1)
		flags = add_flag(arena, flags, arena_printf(arena, "mode=%o", op->mode));
	return flags;
}

static void put_mount(FILE *out, struct arena *arena, const struct mount_op *op)
{
	bool bind = op->kind <= MOUNT_DEV_BIND;
	const char *name = option_table[op->option].name, *flags = flags_of(arena, op);
	const char *whole = flags;

	if (op->create)
		whole = add_flag(arena, whole, "create");
	if (op->layer)
		whole = add_flag(arena, whole, "O");
	if (op->kind == MOUNT_RO_BIND && strncmp(name, "bind", 4) == 0)
		whole = add_flag(arena, whole, "ro");
	const char *value = field(arena, op->target ? op->target : "");
	if (op->kind == MOUNT_LOWER)
		value = field(arena, op->source);
	else if (op->source)
		value = arena_printf(arena, "%s:%s", field(arena, op->source), value);
	if (*whole)
		value = arena_printf(arena, "%s:%s", value, whole);
	bool narrow =
		bind && !op->layer && op->kind != MOUNT_DEV_BIND && strcmp(op->target, "/") != 0;
	put(out, "mount");
	put_pair(out, name, !narrow ? "keep" : op->kind == MOUNT_BIND ? "rw" : "ro");
	put_pair(out, bind && op->source ? op->source : "", bind ? op->target : "");
	put_pair(out, flags, value);
}

static void put_mounts(FILE *out, const struct config *config, struct arena *arena)
{
	struct stat st;

	for (size_t i = 0; i < config->mounts_count; i++) {
		const struct mount_op *op = &config->mounts[i];

		/* A descriptor is the caller's, and was this run's; what was not there was not
		 * used. */
		if (op->kind == MOUNT_FILE ||
		    (op->optional && op->source && stat(op->source, &st) < 0))
			continue;
		put_mount(out, arena, op);
	}
}

static void put_rules(FILE *out, const struct config *config, struct arena *arena)
{
	static const char *const protocols[] = {
		[PROTOCOL_ANY] = "", [PROTOCOL_TCP] = "/tcp", [PROTOCOL_UDP] = "/udp"};

	for (size_t i = 0; i < config->egress_count; i++) {
		const struct egress_op *op = &config->egress[i];
		const char *ports = "";
		bool six = op->kind == EGRESS_ADDRESS && strchr(op->what, ':');

		if (op->from)
			ports = op->from == op->to
					? arena_printf(arena, ":%u", op->from)
					: arena_printf(arena, ":%u-%u", op->from, op->to);
		put_pair(out, op->deny ? "deny-net" : "allow-net",
			 arena_printf(arena, "%s%s%s%s%s%s", op->kind == EGRESS_BELOW ? "*." : "",
				      six && op->from ? "[" : "", op->what,
				      six && op->from ? "]" : "", ports, protocols[op->protocol]));
	}
}

static const char *command_of(struct arena *arena, const struct config *config)
{
	const char *text = config->rootfs;

	for (size_t i = 0; i < config->command_count && strlen(text) < 400; i++)
		text = arena_printf(arena, "%s %s", text, config->command[i]);
	return text;
}

static int write_run(const struct config *config, struct arena *arena, int status,
		     struct error *err)
{
	static const char *const filters[] = {
		[SECCOMP_DEFAULT] = "default",     [SECCOMP_BUILD] = "build",
		[SECCOMP_STRICT] = "strict",       [SECCOMP_NESTED] = "nested",
		[SECCOMP_SANDBOXES] = "sandboxes", [SECCOMP_UNCONFINED] = "unconfined"};
	int cleanup_fd fd = memfd_create("run", MFD_CLOEXEC);
	int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	FILE *out = copy < 0 ? NULL : fdopen(copy, "w");

	if (!out)
		return fail(err, "make room for what the run was");
	put_settings(out, config);
	put_environment(out, config, arena);
	put_mounts(out, config, arena);
	put_rules(out, config, arena);
	put_pair(out, "network", config_network_word(config));
	put_pair(out, "layer", config_layer_word(config));
	put_pair(out, "root", config->rootfs);
	put_pair(out, "filter", config->seccomp_log ? "log" : filters[config->seccomp]);
	put_pair(out, "command", command_of(arena, config));
	put_pair(out, "status", arena_printf(arena, "%d", status));
	if (fclose(out) != 0)
		return fail(err, "note what the run was");
	return steal_fd(&fd);
}

int learn_end(struct learning *learning, const struct config *config, int status, struct error *err)
{
	struct arena *arena = &learning->arena;
	const char *helper = installed_path(arena, NULL, "libexec/sandbox/learn");
	char words[2][16], said[1500];
	struct spawned spawned;
	struct stat st;

	if (learning->check || config->dry_run)
		return 0;
	if (fstat(learning->record, &st) < 0 || st.st_size == 0)
		return fail_because(err, "nothing was noted of the run, so %s is not written",
				    learning->output);
	int cleanup_fd run = write_run(config, arena, status, err);
	if (run < 0)
		return -1;
	snprintf(words[0], sizeof words[0], "%d", learning->record);
	snprintf(words[1], sizeof words[1], "%d", run);
	char *argv[] = {(char *)helper,
			"--record-fd",
			words[0],
			"--run-fd",
			words[1],
			"--output",
			(char *)learning->output,
			learning->merge ? "--merge" : NULL,
			NULL};
	if (fcntl(learning->record, F_SETFD, 0) < 0 || fcntl(run, F_SETFD, 0) < 0)
		return fail(err, "hand over what the run has used");
	if (spawn_start(&spawned, argv, err) < 0)
		return -1;
	int ended = spawn_finish(&spawned, said, sizeof said);
	/* Who has had it written means to use it, be it in a project (profile_trust.h). */
	if (WIFEXITED(ended) && WEXITSTATUS(ended) == 0)
		return profile_trust_add(learning->output, err);
	char *remedy = strchr(said, '\n');
	if (remedy)
		*remedy++ = '\0';
	fail_because(err, "%s", *said ? said : "the helper that writes profiles has failed");
	return remedy ? fail_remedy(err, "%s", remedy) : -1;
}

void learn_close(struct learning *learning)
{
	close_cleanup(&learning->record);
	learning->record = -1;
	arena_free(&learning->arena);
}
