/*
 * layer: what a kept layer holds, for `sandbox diff` and `sandbox commit`.
 *
 *   layer diff [--alone] [--json] [--patch] [--keep=UID:GID] [PATH...]
 *   layer commit [--alone] [--interactive] [--allow-...] [--keep=UID:GID] [PATH...]
 *
 * Runs inside a user namespace with the caller's ids (sandbox/mapped.h), where it is root, since
 * the files belong to subordinate ids. Descriptor 3 is the layer's directory, held by a lock of the
 * caller's, which nobody else has with
 * --alone. After a commit that leaves nothing the file `done` is in it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "files.h"
#include "layer.h"

enum { LAYER_FD = 3 };

static int read_flag(const char *word, struct layer *layer, struct commit *commit,
		     struct error *err)
{
	if (strncmp(word, "--allow-", 8) == 0)
		for (int i = 0; i < REFUSE_KINDS; i++)
			if (strcmp(word + 8, refuse_names[i]) == 0) {
				commit->allowed |= 1u << i;
				return 0;
			}
	if (strcmp(word, "--json") == 0)
		commit->show.json = true;
	else if (strcmp(word, "--patch") == 0)
		commit->show.patch = true;
	else if (strcmp(word, "--alone") == 0)
		layer->alone = true;
	else if (strcmp(word, "--interactive") == 0)
		commit->interactive = true;
	else if (sscanf(word, "--keep=%u:%u", &commit->show.ids.uid, &commit->show.ids.gid) == 2)
		commit->show.ids.keep = true;
	else
		return fail_because(err, "unknown option %s", word);
	return 0;
}

/* Only what is asked for is shown. */
static void choose(struct layer *layer, const struct commit *commit)
{
	size_t kept = 0;

	for (size_t i = 0; commit->paths_count && i < layer->changes_count; i++) {
		const char *seen = layer_seen(layer, &layer->changes[i]);
		bool wanted = false;

		for (size_t j = 0; j < commit->paths_count; j++) {
			size_t length = strlen(commit->paths[j]);

			while (length > 0 && commit->paths[j][length - 1] == '/')
				length--;
			wanted |= strncmp(seen, commit->paths[j], length) == 0 &&
				  (!seen[length] || seen[length] == '/');
		}
		if (wanted)
			layer->changes[kept++] = layer->changes[i];
	}
	if (commit->paths_count)
		layer->changes_count = kept;
}

static int run(struct layer *layer, const char *verb, const struct commit *commit,
	       struct error *err)
{
	if (layer_open(layer, err) < 0 || journal_recover(layer, err) < 0)
		return -1;
	/* Recovered, and nothing is left. */
	if (faccessat(layer->directory, "done", F_OK, 0) == 0)
		return 0;
	if (layer_normalise(layer, err) < 0)
		return -1;
	if (strcmp(verb, "commit") == 0)
		return layer_commit(layer, commit, err);
	if (layer_walk(layer, err) < 0 || layer_note_reviewed(layer, err) < 0)
		return -1;
	choose(layer, commit);
	return layer_show(layer, &commit->show, err);
}

int main(int argc, char **argv)
{
	struct layer layer = {.directory = LAYER_FD};
	struct commit commit = {0};
	struct error err = {0};
	struct rlimit files;
	int result = argc < 2 ? fail_because(&err, "layer: diff or commit?") : 0;

	/* A descriptor or two for each level of a deep tree. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	for (int i = 2; i < argc && result == 0; i++) {
		if (argv[i][0] == '-')
			result = read_flag(argv[i], &layer, &commit, &err);
		else
			*ARENA_APPEND(&layer.arena, commit.paths, commit.paths_count) = argv[i];
	}
	if (result == 0)
		result = run(&layer, argv[1], &commit, &err);
	fflush(stdout);
	if (result == 0 && ferror(stdout))
		result = fail_because(&err, "cannot write the output");
	if (result < 0)
		error_print(stderr, &err);
	layer_close(&layer);
	return result < 0 ? EXIT_SANDBOX : 0;
}
