/*
 * `sandbox commit`: which changes are wanted, which are refused, and the steps that make them: see
 * layer.h. A directory that is new as a whole is one step.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "files.h"
#include "layer.h"

struct committing {
	struct layer *layer;
	const struct commit *commit;
	struct journal journal;
	struct error *err;
};

/* --- what is wanted --- */

static bool is_below(const char *path, const char *top)
{
	size_t length = strlen(top);

	while (length > 0 && top[length - 1] == '/')
		length--;
	return strncmp(path, top, length) == 0 && (!path[length] || path[length] == '/');
}

static void take_all(struct layer *layer)
{
	for (size_t i = 0; i < layer->changes_count; i++)
		layer->changes[i].taken = true;
}

static int take_paths(struct committing *committing)
{
	struct layer *layer = committing->layer;

	for (size_t i = 0; i < committing->commit->paths_count; i++) {
		const char *path = committing->commit->paths[i];
		bool any = false;

		/* "" is what all is below: a variable that is not set, sooner than a wish. */
		for (size_t j = 0; *path && j < layer->changes_count; j++)
			if (is_below(layer_seen(layer, &layer->changes[j]), path)) {
				layer->changes[j].taken = true;
				any |= !layer->changes[j].merged;
			}
		if (!any) {
			fail_because(committing->err, "nothing has changed at %s", path);
			return fail_remedy(committing->err,
					   "a PATH is as it is seen inside, and begins with /");
		}
	}
	return 0;
}

/* y: this one; n: not; a: this and all that follow; q: none, and no commit. */
static int ask(void)
{
	char line[64];

	fputs("commit this? [y,n,a,q] ", stdout);
	fflush(stdout);
	while (fgets(line, sizeof line, stdin)) {
		if (strchr("ynaq", line[0]) && line[0] && line[1] == '\n')
			return line[0];
		fputs("y: yes  n: no  a: this and all the rest  q: commit nothing ", stdout);
		fflush(stdout);
	}
	return 'q';
}

/* A directory goes with what is in it; one that is empty, or has other changes, is asked about. */
static int take_by_asking(struct committing *committing)
{
	struct layer *layer = committing->layer;
	bool all = false;

	for (size_t i = 0; i < layer->changes_count; i++) {
		struct change *change = &layer->changes[i];
		bool leads = change->kind != CHANGE_DELETED && S_ISDIR(change->now.st_mode) &&
			     change->end > i + 1 && !change->differs;

		if (!change->taken)
			continue;
		if (change->implied || leads || change->merged || all) {
			change->taken = all;
			continue;
		}
		layer_show_one(layer, &committing->commit->show, change);
		int answer = ask();
		if (answer == 'q')
			return fail_because(committing->err, "nothing has been committed");
		all = answer == 'a';
		change->taken = answer != 'n';
	}
	return 0;
}

/* What is implied follows; what leads to something wanted is wanted. */
static int settle(struct committing *committing)
{
	struct layer *layer = committing->layer;

	for (size_t i = 0; i < layer->changes_count; i++) {
		struct change *change = &layer->changes[i];
		size_t inside = 0, taken = 0;

		for (size_t j = i + 1; j < change->end; j++) {
			if (layer->changes[j].implied && change->taken)
				layer->changes[j].taken = true;
			inside++;
			taken += layer->changes[j].taken;
		}
		if (taken > 0 && !change->taken && change->kind != CHANGE_DELETED) {
			change->taken = true;
			/* Its own change is not what was asked for. */
			if (change->kind == CHANGE_MODIFIED && S_ISDIR(change->was.st_mode)) {
				change->differs = 0;
				change->merged = true;
			}
		}
		if (change->opaque && S_ISDIR(change->was.st_mode) &&
		    (change->taken || taken > 0) && taken < inside) {
			fail_because(committing->err, "%s was replaced as a whole",
				     layer_seen(layer, change));
			return fail_remedy(committing->err, "commit all of it, or nothing in it");
		}
		if (taken < inside)
			change->clean = false;
	}
	return 0;
}

static bool anything_taken(const struct layer *layer)
{
	for (size_t i = 0; i < layer->changes_count; i++)
		if (layer->changes[i].taken && !layer->changes[i].merged)
			return true;
	return false;
}

/* --- what is refused --- */

static int check_refused(struct committing *committing)
{
	static const char *const reasons[REFUSE_KINDS] = {
		"may be run with the rights of its owner (setuid, setgid or capabilities)",
		"is no plain file",
		"is a link that leads out of the tree",
		"is what git runs or takes orders from",
		"has been changed below since the layer began",
	};
	struct layer *layer = committing->layer;
	unsigned refused = 0;
	int first = -1;
	size_t count = 0;

	for (size_t i = 0; i < layer->changes_count; i++) {
		const struct change *change = &layer->changes[i];
		unsigned bad = change->taken ? change->refused & ~committing->commit->allowed : 0;

		if (!bad)
			continue;
		if (count++ < 20) {
			fputs("sandbox: ", stderr);
			print_escaped(stderr, layer_seen(layer, change));
			fprintf(stderr, " %s\n", reasons[__builtin_ctz(bad)]);
		}
		first = first < 0 ? __builtin_ctz(bad) : first;
		refused |= bad;
	}
	if (!refused)
		return 0;
	fail_because(committing->err,
		     "%zu changes are not committed unless you say so, and so none is", count);
	char flags[256] = "";
	for (int i = 0; i < REFUSE_KINDS; i++)
		if (refused & (1u << i))
			snprintf(flags + strlen(flags), sizeof flags - strlen(flags), " --allow-%s",
				 refuse_names[i]);
	return fail_remedy(committing->err, "look at them, and say%s, or name the PATHs you want",
			   flags);
}

/* It would be committed to ROOTFS, and what lies over that would hide it. */
static int check_hidden(struct committing *committing)
{
	struct layer *layer = committing->layer;

	for (size_t i = 0; i < layer->changes_count; i++) {
		const struct change *change = &layer->changes[i];
		const char *by = change->taken && change->part->between_count
					 ? layer_hidden_by(layer, change)
					 : NULL;

		if (!by)
			continue;
		fail_because(committing->err,
			     "%s is what %s has there, which --lower had laid over %s: a commit to "
			     "the latter would not change it, and so none is made",
			     layer_seen(layer, change), by, change->part->over);
		return fail_remedy(committing->err,
				   "name the PATHs that are ROOTFS's own; the rest can be read "
				   "with sandbox diff --patch");
	}
	return 0;
}

/* --- steps --- */

static size_t part_index(const struct layer *layer, const struct change *change)
{
	return (size_t)(change->part - layer->parts);
}

static void add_op(struct committing *committing, enum op_kind kind, const struct change *change)
{
	struct op *op = ARENA_APPEND(&committing->layer->arena, committing->journal.ops,
				     committing->journal.ops_count);
	struct stat was = change->was;

	/* What was seen of a directory need not be what ROOTFS has. */
	if (change->part->between_count && S_ISDIR(was.st_mode)) {
		int cleanup_fd there =
			layer_open_below(change->part->target, change->path, O_PATH | O_NOFOLLOW);

		if (there >= 0)
			(void)fstat(there, &was);
	}

	op->kind = kind;
	op->part = part_index(committing->layer, change);
	op->path = change->path;
	op->bare = change->bare;
	op->copied = change->copied;
	op->modified = change->now.st_mtim;
	op->mode = was.st_mode & 07777;
	op->uid = was.st_uid;
	op->gid = was.st_gid;
	op->times[0] = was.st_atim;
	op->times[1] = was.st_mtim;
}

/* Returns the index of the next change to look at. */
static size_t plan_change(struct committing *committing, size_t index)
{
	const struct change *change = &committing->layer->changes[index];
	bool directory = change->kind != CHANGE_DELETED && S_ISDIR(change->now.st_mode);
	bool was_directory = change->kind == CHANGE_MODIFIED && S_ISDIR(change->was.st_mode);

	if (!change->taken)
		return index + 1;
	if (change->kind == CHANGE_DELETED) {
		add_op(committing, OP_DELETE, change);
		return change->end;
	}
	if (!directory || change->clean) {
		add_op(committing, OP_PUT, change);
		return change->end;
	}
	add_op(committing, !was_directory ? OP_MAKE : change->differs ? OP_SET : OP_TIMES, change);
	return index + 1;
}

static void plan(struct committing *committing)
{
	struct layer *layer = committing->layer;

	for (size_t i = 0; i < layer->changes_count;)
		i = plan_change(committing, i);
}

/* Does every name of an inode with several go together? Else it cannot be moved, and all is copied.
 */
struct links {
	dev_t device;
	ino_t inode;
	size_t names;
};

static int compare_links(const void *a, const void *b)
{
	const struct links *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

static bool links_stay_together(struct layer *layer)
{
	void *seen = NULL;
	bool together = true;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < layer->changes_count; i++) {
			const struct change *change = &layer->changes[i];

			if (!change->taken || change->kind == CHANGE_DELETED ||
			    S_ISDIR(change->now.st_mode) || change->now.st_nlink < 2)
				continue;
			struct links *one = arena_alloc(&layer->arena, sizeof *one);
			*one = (struct links){change->now.st_dev, change->now.st_ino, 0};
			struct links **there = tsearch(one, &seen, compare_links);
			if (!there)
				return false;
			if (pass == 0)
				(*there)->names++;
			else if ((*there)->names != change->now.st_nlink)
				together = false;
		}
	}
	while (seen)
		tdelete(*(struct links **)seen, &seen, compare_links);
	return together;
}

/* A stage where a part has steps. */
static void name_stages(struct committing *committing)
{
	struct layer *layer = committing->layer;
	unsigned long long number = 0;

	(void)!getrandom(&number, sizeof number, 0);
	committing->journal.stages = arena_alloc(
		&layer->arena, (layer->parts_count + 1) * sizeof *committing->journal.stages);
	for (size_t i = 0; i < committing->journal.ops_count; i++)
		committing->journal.stages[committing->journal.ops[i].part] =
			arena_printf(&layer->arena, ".sandbox-commit-%016llx", number);
}

/* Can things be moved from the upper to the lower? Asked of the kernel: one file system is not
 * always one mount. */
static bool can_move(struct committing *committing)
{
	struct layer *layer = committing->layer;

	for (size_t i = 0; i < layer->parts_count; i++) {
		const struct part *part = &layer->parts[i];
		const char *stage = committing->journal.stages[i];

		if (!stage)
			continue;
		int cleanup_fd fresh = layer_open_below(
			part->target, arena_printf(&layer->arena, "%s/" STAGE_NEW, stage),
			O_RDONLY | O_DIRECTORY);
		(void)unlinkat(part->directory, "probe", 0);
		if (fresh < 0 || make_file_at(part->directory, "probe", 0600, "", 0) < 0)
			return false;
		if (renameat(part->directory, "probe", fresh, "probe") < 0) {
			(void)unlinkat(part->directory, "probe", 0);
			return false;
		}
		(void)unlinkat(fresh, "probe", 0);
	}
	return links_stay_together(layer);
}

static int copy_to_stages(struct committing *committing)
{
	struct layer *layer = committing->layer;
	void **links = arena_alloc(&layer->arena, layer->parts_count * sizeof *links);
	size_t staged = SIZE_MAX; /* whose stage is open */
	int cleanup_fd fresh = -1;
	int result = 0;

	for (size_t i = 0; result == 0 && i < committing->journal.ops_count; i++) {
		const struct op *op = &committing->journal.ops[i];
		const struct part *part = &layer->parts[op->part];
		char number[24];

		if (op->kind != OP_PUT)
			continue;
		if (staged != op->part) {
			close_cleanup(&fresh);
			fresh = layer_open_below(part->target,
						 arena_printf(&layer->arena, "%s/" STAGE_NEW,
							      committing->journal.stages[op->part]),
						 O_RDONLY | O_DIRECTORY);
			staged = op->part;
		}
		snprintf(number, sizeof number, "%zu", i);
		result = fresh < 0 ? fail(committing->err, "open the stage in %s", part->over)
				   : layer_copy(part->upper, op->path, fresh, number,
						&links[op->part], committing->err);
	}
	for (size_t i = 0; i < layer->parts_count; i++)
		layer_copy_end(&links[i]);
	return result;
}

static int choose(struct committing *committing)
{
	const struct commit *commit = committing->commit;

	if (!commit->paths_count)
		take_all(committing->layer);
	else if (take_paths(committing) < 0)
		return -1;
	if (commit->interactive && take_by_asking(committing) < 0)
		return -1;
	return settle(committing);
}

int layer_commit(struct layer *layer, const struct commit *commit, struct error *err)
{
	struct committing committing = {.layer = layer, .commit = commit, .err = err};
	struct journal *journal = &committing.journal;
	size_t taken = 0, all = 0;

	layer->brief = !commit->interactive;
	if (layer_walk(layer, err) < 0)
		return -1;
	for (size_t i = 0; i < layer->changes_count; i++)
		all += !layer->changes[i].merged;
	if (choose(&committing) < 0)
		return -1;
	for (size_t i = 0; i < layer->changes_count; i++)
		taken += layer->changes[i].taken && !layer->changes[i].merged;
	journal->whole = taken == all;
	if (check_refused(&committing) < 0 || check_hidden(&committing) < 0)
		return -1;
	if (anything_taken(layer))
		plan(&committing);
	name_stages(&committing);
	if (journal_stage(layer, journal, err) < 0) {
		journal_drop(layer, journal);
		return -1;
	}
	journal->copied = !can_move(&committing);
	if (journal->copied && copy_to_stages(&committing) < 0) {
		journal_drop(layer, journal);
		return -1;
	}
	if (journal_run(layer, journal, err) < 0)
		return -1;
	printf("%zu changes committed%s\n", taken,
	       journal->whole ? "" : ", the rest stays in the layer");
	return journal->whole ? 0 : layer_note_committed(layer, err);
}
