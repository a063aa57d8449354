/*
 * learn: writes a profile from what runs have used (`sandbox learn`): docs/denials.md.
 *
 *     learn --record-fd N --run-fd N --output PATH [--merge]
 *
 * record-fd holds what one run has used (denial_record.h), run-fd what the run was: NUL-terminated
 * fields, a key and what belongs to it (run_read). PATH is absolute. With --merge what PATH was
 * made of counts too; it has to have been made with the same options. What it says goes to standard
 * error.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "denial_decode.h"
#include "files.h"
#include "learn.h"

enum { RECORD_MAX = 64 << 20, RUN_MAX = 1 << 20 };

struct fields {
	const char *at, *end;
	uint64_t hash;
};

static const char *next(struct fields *fields)
{
	const char *field = fields->at;
	const char *zero =
		field < fields->end ? memchr(field, '\0', (size_t)(fields->end - field)) : NULL;

	if (zero)
		fields->at = zero + 1;
	return zero ? field : NULL;
}

/* FNV-1a: two runs with other options are not to be put together by mistake; nothing trusts it. */
static void mix(struct fields *fields, const char *from)
{
	for (; from < fields->at; from++)
		fields->hash = (fields->hash ^ (unsigned char)*from) * 0x100000001b3;
}

static const char *null_if_empty(const char *text)
{
	return text && *text ? text : NULL;
}

static bool read_key(struct run *run, struct arena *arena, struct fields *fields, const char *key)
{
	const char *value = next(fields);

	if (!value)
		return false;
	if (strcmp(key, "setting") == 0) {
		*ARENA_APPEND(arena, run->settings, run->settings_count) =
			(struct run_setting){value, next(fields)};
		return run->settings[run->settings_count - 1].value != NULL;
	}
	if (strcmp(key, "mount") == 0) {
		struct run_mount *mount = ARENA_APPEND(arena, run->mounts, run->mounts_count);

		mount->option = value;
		mount->mode = next(fields);
		mount->source = null_if_empty(next(fields));
		mount->target = null_if_empty(next(fields));
		mount->flags = next(fields);
		mount->value = next(fields);
		return mount->value != NULL;
	}
	if (strcmp(key, "allow-net") == 0 || strcmp(key, "deny-net") == 0)
		*ARENA_APPEND(arena, run->rules, run->rules_count) =
			(struct run_rule){*key == 'd', value};
	else if (strcmp(key, "network") == 0)
		run->network = value;
	else if (strcmp(key, "layer") == 0)
		run->layer = value;
	else if (strcmp(key, "root") == 0)
		run->root = value;
	else if (strcmp(key, "filter") != 0)
		return false;
	return true;
}

int run_read(struct run *run, struct arena *arena, const char *text, size_t size, struct error *err)
{
	struct fields fields = {text, text + size, 0xcbf29ce484222325};
	const char *key;

	*run = (struct run){
		.network = "none", .layer = "", .root = "/", .command = "", .status = "?"};
	while ((key = next(&fields)) != NULL) {
		if (strcmp(key, "command") == 0) {
			run->command = next(&fields);
		} else if (strcmp(key, "status") == 0) {
			run->status = next(&fields);
		} else {
			if (!read_key(run, arena, &fields, key))
				return fail_because(err, "what the run was cannot be understood");
			mix(&fields, key);
		}
	}
	run->made_with = fields.hash;
	if (fields.at != fields.end || !run->command || !run->status)
		return fail_because(err, "what the run was cannot be understood");
	return 0;
}

struct asked {
	int record, run;
	const char *output;
	bool merge;
};

static int read_arguments(struct asked *asked, int argc, char **argv, struct error *err)
{
	*asked = (struct asked){.record = -1, .run = -1, .output = ""};
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--merge") == 0)
			asked->merge = true;
		else if (i + 1 < argc && strcmp(argv[i], "--record-fd") == 0)
			asked->record = atoi(argv[++i]);
		else if (i + 1 < argc && strcmp(argv[i], "--run-fd") == 0)
			asked->run = atoi(argv[++i]);
		else if (i + 1 < argc && strcmp(argv[i], "--output") == 0)
			asked->output = argv[++i];
		else
			return fail_because(err, "unknown option %s", argv[i]);
	}
	if (asked->record >= 0 && asked->run >= 0 && *asked->output == '/')
		return 0;
	return fail_because(err, "usage: learn --record-fd N --run-fd N --output PATH [--merge]");
}

/* The command begins there, whether it looks at it or not. */
static void add_workdir(struct learnt *learnt, const struct run *run)
{
	for (size_t i = 0; i < run->settings_count; i++)
		if (strcmp(run->settings[i].name, "workdir") == 0)
			*ARENA_APPEND(learnt->arena, learnt->files, learnt->files_count) =
				(struct learnt_file){(char *)run->settings[i].value,
						     USE_SEE | USE_DIRECTORY};
}

static int learn(const struct asked *asked, struct arena *arena, struct error *err)
{
	struct learnt learnt = {.arena = arena, .runs = 1};
	struct run run;
	uint64_t made_with = 0;
	size_t size;
	struct stat st;

	if (lseek(asked->record, 0, SEEK_SET) < 0 || lseek(asked->run, 0, SEEK_SET) < 0)
		return fail(err, "read what the run has used");
	const char *record = read_fd(arena, asked->record, RECORD_MAX, NULL);
	const char *text = read_fd(arena, asked->run, RUN_MAX, &size);
	if (!record || !text)
		return fail(err, "read what the run has used");
	if (learnt_read(&learnt, record, err) < 0 || run_read(&run, arena, text, size, err) < 0)
		return -1;
	/* The first run with --merge has nothing to add to. */
	if (asked->merge && stat(asked->output, &st) == 0) {
		if (learnt_read_profile(&learnt, asked->output, &made_with, err) < 0)
			return -1;
		if (made_with != run.made_with) {
			fail_because(err, "%s was learnt from a run with other options",
				     asked->output);
			return fail_remedy(err,
					   "give the options that it was made with, or another "
					   "name with --output");
		}
	}
	add_workdir(&learnt, &run);
	learnt_sort(&learnt);
	return write_profile(asked->output, &learnt, &run, err);
}

int main(int argc, char **argv)
{
	struct arena arena = {NULL};
	struct asked asked;
	struct error err;

	if (read_arguments(&asked, argc, argv, &err) < 0 || learn(&asked, &arena, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		if (*err.remedy)
			fprintf(stderr, "%s\n", err.remedy);
		return 1;
	}
	return 0;
}
