/*
 * `sandbox diff|commit|discard NAME`. What a kept layer holds is read and applied by the helper
 * `layer`, in a user namespace of its own (mapped.h), since the files have subordinate ids; here
 * the layer and what it lies over are found and held by their locks.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "files.h"
#include "mapped.h"
#include "store.h"
#include "store_remove.h"

extern char **environ;

static const char usage_text[] =
	"usage: sandbox diff NAME [--json] [--patch] [PATH...]\n"
	"       sandbox commit NAME [--interactive] [--allow-...] [PATH...]\n"
	"       sandbox discard NAME...\n"
	"\n"
	"PATH is as it is seen inside, and stands for all below it. What commit refuses by "
	"itself:\n"
	"  --allow-setuid    setuid and setgid programs, and those with capabilities\n"
	"  --allow-special   devices, pipes and sockets\n"
	"  --allow-links     symbolic links that lead out of the tree\n"
	"  --allow-hooks     .git/hooks, .git/config: what git runs, later and outside\n"
	"  --allow-changed   files that have been changed below since the layer began\n";

struct call {
	struct arena arena;
	char **argv;
	size_t argc;
	int layer;
};

enum { LAYER_FD = 3 };

static int exec_helper(void *data)
{
	const struct call *call = data;
	struct error err;

	if (mapped_pass(call->layer, LAYER_FD) < 0)
		return EXIT_SANDBOX;
	execve(call->argv[0], call->argv, environ);
	fail(&err, "run %s", call->argv[0]);
	fail_remedy(&err, "install the whole program: make install");
	error_print(stderr, &err);
	return EXIT_SANDBOX;
}

/* What lies below is not to change under a running sandbox. */
static int hold_base(struct call *call, const struct record *record, int *base, struct error *err)
{
	const char *name = record_get(record, "rootfs");
	bool root = false;

	for (size_t i = 0; i < record->count; i++)
		root |= strcmp(record->lines[i].key, "part") == 0 &&
			strcmp(record->lines[i].value, "root") == 0;
	if (!name || !root)
		return 0;
	int cleanup_fd store = store_open(&call->arena, STORE_ROOTFS, false, NULL, err);
	*base = store < 0 ? -1 : store_open_entry(store, STORE_ROOTFS, name, err);
	return *base < 0 ? -1 : store_lock(*base, true, "commit to", STORE_ROOTFS, name, err);
}

static int run_helper(struct call *call, const struct record *record, struct error *err)
{
	const char *ids = record_get(record, "ids");
	struct mapped mapped = {.function = exec_helper,
				.data = call,
				.subordinate = ids && strcmp(ids, "subordinate") == 0};

	if (ids && strcmp(ids, "keep") == 0)
		*ARENA_APPEND(&call->arena, call->argv, call->argc) =
			arena_printf(&call->arena, "--keep=%u:%u", geteuid(), getegid());
	*ARENA_APPEND(&call->arena, call->argv, call->argc) = NULL;
	return mapped_run(&mapped, err);
}

static int look_or_commit(struct call *call, const char *verb, const char *name, struct error *err)
{
	struct record record = {0};
	bool commit = strcmp(verb, "commit") == 0;
	int cleanup_fd base = -1;
	int cleanup_fd store = store_open(&call->arena, STORE_LAYERS, false, NULL, err);

	if (store < 0)
		return err->number == ENOENT
			       ? fail_because(err, "there is no layer called %s", name)
			       : -1;
	store_sweep(store);
	call->layer = store_open_entry(store, STORE_LAYERS, name, err);
	if (call->layer < 0)
		return -1;
	bool alone = store_lock(call->layer, true, verb, STORE_LAYERS, name, err) == 0;
	if (!alone) {
		if (commit || err->number != EWOULDBLOCK)
			return -1;
		fprintf(stderr,
			"sandbox: note: a sandbox is running on %s, which may change while "
			"it is read\n",
			name);
	}
	if (record_read(&record, &call->arena, call->layer, "record") < 0) {
		fail(err, "read the record of the layer %s", name);
		return fail_remedy(err, "run: sandbox discard %s", name);
	}
	/* Reading it means to translate it first: helpers/layer_fuse.c. */
	if (!alone && record_get(&record, "by"))
		return fail_because(err,
				    "cannot read the layer %s: it is fuse-overlayfs's, and a "
				    "sandbox is running on it",
				    name);
	if (alone)
		*ARENA_APPEND(&call->arena, call->argv, call->argc) = (char *)"--alone";
	if (commit && hold_base(call, &record, &base, err) < 0)
		return -1;
	int status = run_helper(call, &record, err);
	/* The helper says so when nothing is left in it. */
	if (status == 0 && faccessat(call->layer, "done", F_OK, 0) == 0)
		status = store_remove(store, name, err);
	return status;
}

static int command_helper(const char *verb, int argc, char **argv)
{
	struct call call = {.layer = -1};
	struct error err = {0};
	const char *name = NULL;

	*ARENA_APPEND(&call.arena, call.argv, call.argc) =
		(char *)mapped_helper(&call.arena, "layer");
	*ARENA_APPEND(&call.arena, call.argv, call.argc) = (char *)verb;
	for (int i = 0; i < argc; i++) {
		if (!name && argv[i][0] != '-')
			name = argv[i];
		else
			*ARENA_APPEND(&call.arena, call.argv, call.argc) = argv[i];
	}
	if (!name) {
		fputs(usage_text, stderr);
		arena_free(&call.arena);
		return EXIT_SANDBOX;
	}
	int status = look_or_commit(&call, verb, name, &err);
	close_cleanup(&call.layer);
	arena_free(&call.arena);
	return status < 0 ? cmd_report(&err) : status;
}

static int discard_one(struct arena *arena, int store, const char *name, struct error *err)
{
	int cleanup_fd layer = store_open_entry(store, STORE_LAYERS, name, err);

	(void)arena;
	if (layer < 0 || store_lock(layer, true, "discard", STORE_LAYERS, name, err) < 0)
		return -1;
	if (faccessat(layer, "journal", F_OK, 0) == 0) {
		fail_because(err, "a commit of the layer %s was interrupted", name);
		return fail_remedy(err, "finish it first: sandbox commit %s", name);
	}
	return store_remove(store, name, err);
}

int layer_command(const char *verb, int argc, char **argv)
{
	if (argc == 1 && strcmp(argv[0], "--help") == 0) {
		fputs(usage_text, stdout);
		return 0;
	}
	if (argc < 1) {
		fputs(usage_text, stderr);
		return EXIT_SANDBOX;
	}
	return strcmp(verb, "discard") == 0
		       ? store_each(STORE_LAYERS, "layer", argc, argv, discard_one)
		       : command_helper(verb, argc, argv);
}
