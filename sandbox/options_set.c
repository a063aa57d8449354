/*
 * The set functions of the option table: each turns one value into a field of the config and
 * notes its origin, or refuses it with a reason. They see one option at a time; what depends on
 * two is in config_check.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "lines.h"
#include "options_table.h"
#include "parse.h"

/* help, version and extends: who reads the arguments or the file acts on them. */
int set_nothing(struct setting *setting)
{
	(void)setting;
	return 0;
}

int set_flag(struct setting *setting)
{
	const char *reason = parse_bool(setting->value, setting_field(setting));

	if (reason)
		return option_refuse(setting, reason);
	setting_note_origin(setting);
	return 0;
}

/*
 * Two flags for one field. The later one wins over the earlier, except that config_check refuses
 * both on the command line: so the other's origin stays there, and goes otherwise.
 */
static void take_over(struct setting *setting, enum option_id other)
{
	const char **origin = &setting->config->origin[other];

	if (*origin && strcmp(*origin, setting->origin) != 0)
		*origin = NULL;
	setting_note_origin(setting);
}

int set_layer_mode(struct setting *setting)
{
	enum option_id id = option_id(setting->option);
	enum layer_mode *mode = setting_field(setting),
			mine = (enum layer_mode)setting->option->number;
	bool on;
	const char *reason = parse_bool(setting->value, &on);

	if (reason)
		return option_refuse(setting, reason);
	if (on) {
		*mode = mine;
		take_over(setting, id == OPT_RW ? OPT_READ_ONLY : OPT_RW);
		return 0;
	}
	if (*mode == mine)
		*mode = LAYER_THROW_AWAY;
	setting->config->origin[id] = NULL;
	return 0;
}

/* --init=false is --as-pid-1, and the other way round. */
int set_init(struct setting *setting)
{
	bool *as_pid_1 = setting_field(setting), on;
	const char *reason = parse_bool(setting->value, &on);

	if (reason)
		return option_refuse(setting, reason);
	*as_pid_1 = on == (setting->option->number != 0);
	if (!on)
		setting->config->origin[option_id(setting->option)] = NULL;
	setting->option = &option_table[*as_pid_1 ? OPT_AS_PID_1 : OPT_INIT];
	take_over(setting, *as_pid_1 ? OPT_INIT : OPT_AS_PID_1);
	return 0;
}

/* "choose none or host", with the nearest one in the remedy. */
static int refuse_choice(struct setting *setting, const char *word)
{
	const struct option *option = setting->option;
	const char *nearest = NULL;
	char known[256] = "";
	int least = -1;

	for (const struct choice *choice = option->choices; choice->name; choice++) {
		int edits = option_distance(word, strlen(word), choice->name);
		size_t used = strlen(known);

		if (choice->refused)
			continue;
		snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", choice->name);
		if (edits >= 0 && (least < 0 || edits < least)) {
			least = edits;
			nearest = choice->name;
		}
	}
	option_refuse(setting, "no such choice");
	if (nearest)
		return fail_remedy(setting->err, "did you mean %s? The choices are: %s", nearest,
				   known);
	return fail_remedy(setting->err, "the choices are: %s", known);
}

int setting_choose(struct setting *setting, const char *word)
{
	const struct choice *choice = setting->option->choices;
	int *value = setting_field(setting);

	while (choice->name && strcmp(choice->name, word) != 0)
		choice++;
	if (!choice->name)
		return refuse_choice(setting, word);
	if (choice->refused)
		return option_refuse(setting, choice->refused);
	*value = choice->value;
	setting_note_origin(setting);
	return 0;
}

int set_choice(struct setting *setting)
{
	return setting_choose(setting, setting->value);
}

/* A word, or a file: the path of one has a slash, or says what is in it. */
int set_seccomp(struct setting *setting)
{
	struct config *config = setting->config;
	const char *dot = strrchr(setting->value, '.');

	/* It is about a filter, and leaves that as it was chosen. */
	config->seccomp_log = strcmp(setting->value, "log") == 0;
	if (config->seccomp_log) {
		setting_note_origin(setting);
		return 0;
	}
	if (!strchr(setting->value, '/') && !(dot && strcmp(dot, ".json") == 0)) {
		if (set_choice(setting))
			return -1;
		config->seccomp_file = NULL;
		return 0;
	}
	if (set_file_path_in(setting, &config->seccomp_file))
		return -1;
	config->seccomp = SECCOMP_DEFAULT;
	return 0;
}

int set_text(struct setting *setting)
{
	const char **text = setting_field(setting);

	*text = setting_keep(setting, setting->value);
	setting_note_origin(setting);
	return 0;
}

/* A name of the store's kind (store.h), which is not for the table to know more of. */
int set_overlay(struct setting *setting)
{
	const char *text = setting->value;
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789._-");

	if (text[length] || length > 64 || text[0] == '.' || text[0] == '-')
		return option_refuse(setting, "a layer's name has at most 64 letters, digits, "
					      "'.', '_' and '-', the first no '.' or '-'");
	return set_text(setting);
}

int set_workdir(struct setting *setting)
{
	char *path = setting_keep(setting, setting->value);
	const char **workdir = setting_field(setting), *reason = parse_inside_path(path);

	if (reason)
		return option_refuse(setting, reason);
	*workdir = path;
	setting_note_origin(setting);
	return 0;
}

int set_user(struct setting *setting)
{
	const char *reason = parse_user(setting->value);

	return reason ? option_refuse(setting, reason) : set_text(setting);
}

int set_name(struct setting *setting)
{
	const char *reason = parse_sandbox_name(setting->value);

	return reason ? option_refuse(setting, reason) : set_text(setting);
}

int set_size(struct setting *setting)
{
	uint64_t *bytes = setting_field(setting);
	const char *reason = parse_size(setting->value, bytes);

	if (reason)
		return option_refuse(setting, reason);
	setting_note_origin(setting);
	return 0;
}

int set_hostname(struct setting *setting)
{
	const char *reason = parse_hostname(setting->value);

	return reason ? option_refuse(setting, reason) : set_text(setting);
}

int set_offset(struct setting *setting)
{
	/* The kernel's KTIME_SEC_MAX / 2: no clock may come beyond it, see time_namespaces(7). */
	const int64_t most = 4611686018;
	int64_t seconds, *offset = setting_field(setting);
	const char *reason = parse_duration(setting->value, &seconds);

	if (!reason && (seconds > most || seconds < -most))
		reason = "the duration is too long";
	if (reason)
		return option_refuse(setting, reason);
	*offset = seconds;
	setting->config->time_namespace = true;
	setting_note_origin(setting);
	return 0;
}

static int clear_mounts(struct setting *setting)
{
	struct config *config = setting->config;
	size_t kept = 0;

	for (size_t i = 0; i < config->mounts_count; i++)
		if (config->mounts[i].option != option_id(setting->option))
			config->mounts[kept++] = config->mounts[i];
	config->mounts_count = kept;
	setting_note_origin(setting);
	return 0;
}

/* Make the source of a bind absolute, and the target too where it is the same path. */
static const char *place_bind(struct setting *setting, struct mount_op *op)
{
	char cwd[PATH_MAX], source[PATH_MAX];

	if (op->source[0] == '/')
		cwd[0] = '\0';
	else if (!getcwd(cwd, sizeof cwd))
		return "the path is relative, and the working directory has no path";
	const char *reason = parse_host_path(cwd, op->source, source, sizeof source);

	if (reason)
		return reason;
	op->source = setting_keep(setting, source);
	if (op->target || op->kind == MOUNT_LOWER)
		return NULL;
	reason = parse_inside_path(source);
	if (reason)
		return "the path has '..' behind a name: give the path inside too, as S:D";
	if (strcmp(source, "/") == 0)
		return "nothing is mounted over the root inside: give / as ROOTFS, or a path "
		       "inside as S:D";
	op->target = setting_keep(setting, source);
	return NULL;
}

int set_mount(struct setting *setting)
{
	struct config *config = setting->config;
	enum option_id id = option_id(setting->option);

	if (!*setting->value)
		return clear_mounts(setting);
	struct mount_op op = {
		.kind = (enum mount_kind)setting->option->number,
		.option = id,
		.optional = id == OPT_BIND_TRY || id == OPT_RO_BIND_TRY || id == OPT_DEV_BIND_TRY,
		.origin = setting->origin,
	};
	const char *reason = parse_mount(setting_keep(setting, setting->value), &op);

	if (!reason && op.source && op.kind != MOUNT_SYMLINK)
		reason = place_bind(setting, &op);
	if (reason)
		return option_refuse(setting, reason);
	*ARENA_APPEND(&config->arena, config->mounts, config->mounts_count) = op;
	setting_note_origin(setting);
	return 0;
}

static int clear_env(struct setting *setting)
{
	struct config *config = setting->config;
	size_t kept = 0;

	for (size_t i = 0; i < config->env_count; i++)
		if (config->env[i].option != option_id(setting->option))
			config->env[kept++] = config->env[i];
	config->env_count = kept;
	setting_note_origin(setting);
	return 0;
}

/* Append V=VALUE, or V to be passed on or unset; returns a reason or NULL. */
static const char *add_env(struct setting *setting, enum env_kind kind, const char *text,
			   const char *origin)
{
	struct config *config = setting->config;
	size_t length = kind == ENV_UNSET ? strlen(text) : strcspn(text, "=");
	const char *reason = parse_env_name(text, length);

	if (reason)
		return reason;
	struct env_op *op = ARENA_APPEND(&config->arena, config->env, config->env_count);

	op->kind = kind != ENV_UNSET && !text[length] ? ENV_PASS : kind;
	op->option = option_id(setting->option);
	op->name = arena_strndup(&config->arena, text, length);
	op->value = op->kind == ENV_SET ? setting_keep(setting, text + length + 1) : NULL;
	op->origin = origin;
	setting_note_origin(setting);
	return NULL;
}

int set_env(struct setting *setting)
{
	if (!*setting->value)
		return clear_env(setting);
	const char *reason = add_env(setting, ENV_SET, setting->value, setting->origin);

	return reason ? option_refuse(setting, reason) : 0;
}

int set_unsetenv(struct setting *setting)
{
	if (!*setting->value)
		return clear_env(setting);
	const char *reason = add_env(setting, ENV_UNSET, setting->value, setting->origin);

	return reason ? option_refuse(setting, reason) : 0;
}

/* What went wrong in the file is in err: put the option before it, "--env-file: FILE:3: ...". */
static int refuse_file(struct setting *setting)
{
	struct error inner = *setting->err;

	fail_because(setting->err, "%s%s: %.900s", setting->dashes, setting->option->name,
		     inner.text);
	setting->err->number = inner.number;
	return -1;
}

int set_env_file(struct setting *setting)
{
	struct config *config = setting->config;
	struct lines lines;
	char *line;
	int more;

	if (!*setting->value)
		return clear_env(setting);
	const char *path = setting_keep(setting, setting->value);

	if (lines_open(&lines, &config->arena, AT_FDCWD, path, path, setting->err))
		return refuse_file(setting);
	while ((more = lines_next(&lines, &line, setting->err)) > 0) {
		const char *origin = arena_printf(&config->arena, "%s:%u", path, lines.number);
		const char *reason = "the line is not V=VALUE";

		if (strchr(line, '='))
			reason = add_env(setting, ENV_SET, line, origin);
		if (reason) {
			fail_because(setting->err, "%s:%u: %s", path, lines.number, reason);
			return refuse_file(setting);
		}
	}
	setting_note_origin(setting);
	return more ? refuse_file(setting) : 0;
}

int set_id_range(struct setting *setting)
{
	struct config *config = setting->config;
	bool users = option_id(setting->option) == OPT_UIDMAP;
	struct id_range **ranges = users ? &config->uidmap : &config->gidmap;
	size_t *count = users ? &config->uidmap_count : &config->gidmap_count;
	struct id_range range = {.origin = setting->origin};

	setting_note_origin(setting);
	if (!*setting->value) {
		*count = 0;
		return 0;
	}
	const char *reason = parse_id_range(setting->value, &range);

	if (reason)
		return option_refuse(setting, reason);
	*ARENA_APPEND(&config->arena, *ranges, *count) = range;
	return 0;
}

static int clear_capabilities(struct setting *setting)
{
	struct config *config = setting->config;
	size_t kept = 0;

	for (size_t i = 0; i < config->caps_count; i++)
		if (config->caps[i].add != (setting->option->number != 0))
			config->caps[kept++] = config->caps[i];
	config->caps_count = kept;
	setting_note_origin(setting);
	return 0;
}

int set_capability(struct setting *setting)
{
	struct config *config = setting->config;
	char name[PARSE_CAP_NAME_SIZE], *next = setting_keep(setting, setting->value);

	if (!*setting->value)
		return clear_capabilities(setting);
	for (char *word; (word = strsep(&next, ",")) != NULL;) {
		int capability;
		const char *reason = parse_capability(word, &capability, name);

		if (reason) {
			option_refuse(setting, reason);
			return fail_remedy(setting->err,
					   "the names are in capabilities(7), such as "
					   "NET_ADMIN; ALL is all of them");
		}
		struct cap_op *op = ARENA_APPEND(&config->arena, config->caps, config->caps_count);

		op->add = setting->option->number != 0;
		op->all = capability < 0;
		op->capability = capability;
		op->name = setting_keep(setting, name);
		op->origin = setting->origin;
	}
	setting_note_origin(setting);
	return 0;
}

int set_rlimit(struct setting *setting)
{
	struct config *config = setting->config;
	struct rlimit_op limit = {.origin = setting->origin};

	setting_note_origin(setting);
	if (!*setting->value) {
		config->rlimits_count = 0;
		return 0;
	}
	const char *reason = parse_rlimit(setting->value, &limit);

	if (reason)
		return option_refuse(setting, reason);
	*ARENA_APPEND(&config->arena, config->rlimits, config->rlimits_count) = limit;
	return 0;
}
