/*
 * All or nothing: see layer.h. What a commit does to a lower directory is a list of renames between
 * it, the upper (or copies of it) and a "stage", a directory at the top of the lower one:
 *
 *   1. the note `staged`; stages are made, and filled with copies where the upper is on
 *      another file system. Killed here: the stages are removed, nothing has happened.
 *   2. the file `journal` appears, whole. From here on the commit will be finished by whoever
 *      comes next, or undone if a step fails and the file `undo` stands beside it.
 *   3. each step: what is replaced or deleted goes to the stage's trash, what is new to its place.
 *      A step that has been done does nothing when it is done again.
 *   4. stages, journal and note go.
 *
 * That holds for processes that are killed, and for a loss of power where the file system keeps
 * renames in their order (ext4, XFS, Btrfs do): what is in the stages and in the upper is on disk
 * before the journal is, the journal before the first step, and all steps before it goes. One
 * syncfs(2) each, since an fsync(2) for each of twenty thousand files would be the larger part of
 * a commit.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "files.h"
#include "layer.h"
#include "tree.h"

/* The descriptors of one part while its steps are done. */
struct site {
	const struct part *part;
	int stage, fresh, trash; /* -1: the stage is gone, or was never made */
};

/* The directory that was opened last: steps come sorted, and many share one. */
struct parent {
	int root, fd; /* root is whose descriptor it was opened below; -1: none */
	char path[PATH_MAX];
	bool entered; /* it is the working directory */
};

struct running {
	struct parent lower, upper;
	struct layer *layer;
	const struct journal *journal;
	struct site *sites; /* one for each part */
	struct error *err;
};

/* --- writing and reading --- */

static void add_stages(struct layer *layer, const struct journal *journal, struct record *record)
{
	for (size_t i = 0; i < layer->parts_count; i++)
		if (journal->stages[i])
			record_add(record, &layer->arena, "stage",
				   arena_printf(&layer->arena, "%s %s", layer->parts[i].name,
						journal->stages[i]));
}

static const char *op_text(struct layer *layer, const struct op *op)
{
	return arena_printf(&layer->arena, "%c %s %o %u %u %lld.%09ld %lld.%09ld %lld.%09ld %s",
			    op->kind, layer->parts[op->part].name, op->mode, op->uid, op->gid,
			    (long long)op->times[0].tv_sec, op->times[0].tv_nsec,
			    (long long)op->times[1].tv_sec, op->times[1].tv_nsec,
			    (long long)op->modified.tv_sec, op->modified.tv_nsec, op->path);
}

static int write_journal(struct layer *layer, const struct journal *journal, struct error *err)
{
	struct record record = {0};

	record_add(&record, &layer->arena, "copied", journal->copied ? "yes" : "no");
	record_add(&record, &layer->arena, "whole", journal->whole ? "yes" : "no");
	add_stages(layer, journal, &record);
	for (size_t i = 0; i < journal->ops_count; i++)
		record_add(&record, &layer->arena, "op", op_text(layer, &journal->ops[i]));
	return record_write(&record, layer->directory, "journal") < 0
		       ? fail(err, "write the journal of the commit")
		       : 0;
}

static bool find_part(const struct layer *layer, const char *name, size_t length, size_t *index)
{
	for (size_t i = 0; i < layer->parts_count; i++)
		if (strlen(layer->parts[i].name) == length &&
		    strncmp(layer->parts[i].name, name, length) == 0) {
			*index = i;
			return true;
		}
	return false;
}

static bool read_op(struct layer *layer, const char *text, struct op *op)
{
	char kind, name[64];
	long long seconds[3];
	int end = 0;

	if (sscanf(text, "%c %63s %o %u %u %lld.%ld %lld.%ld %lld.%ld %n", &kind, name, &op->mode,
		   &op->uid, &op->gid, &seconds[0], &op->times[0].tv_nsec, &seconds[1],
		   &op->times[1].tv_nsec, &seconds[2], &op->modified.tv_nsec, &end) != 11 ||
	    !end || !find_part(layer, name, strlen(name), &op->part))
		return false;
	op->kind = (enum op_kind)kind;
	op->times[0].tv_sec = seconds[0];
	op->times[1].tv_sec = seconds[1];
	op->modified.tv_sec = seconds[2];
	op->path = text + end;
	return true;
}

/* name: "journal", or "staged", which has the stages alone. 0 when there is none. */
static int read_journal(struct layer *layer, const char *name, struct journal *journal,
			struct error *err)
{
	struct record record = {0};
	size_t part;

	journal->stages =
		arena_alloc(&layer->arena, (layer->parts_count + 1) * sizeof *journal->stages);
	if (record_read(&record, &layer->arena, layer->directory, name) < 0)
		return errno == ENOENT ? 0 : fail(err, "read the %s of a commit", name);
	for (size_t i = 0; i < record.count; i++) {
		const char *key = record.lines[i].key, *value = record.lines[i].value;
		bool good = true;

		if (strcmp(key, "copied") == 0) {
			journal->copied = strcmp(value, "yes") == 0;
		} else if (strcmp(key, "whole") == 0) {
			journal->whole = strcmp(value, "yes") == 0;
		} else if (strcmp(key, "stage") == 0) {
			good = find_part(layer, value, strcspn(value, " "), &part);
			if (good)
				journal->stages[part] = value + strcspn(value, " ") + 1;
		} else if (strcmp(key, "op") == 0) {
			good = read_op(
				layer, value,
				ARENA_APPEND(&layer->arena, journal->ops, journal->ops_count));
		}
		if (!good)
			return fail_because(err, "the %s of an interrupted commit is damaged: %s",
					    name, value);
	}
	return 1;
}

/* --- the stages --- */

int journal_stage(struct layer *layer, const struct journal *journal, struct error *err)
{
	struct record record = {0};

	add_stages(layer, journal, &record);
	if (record_write(&record, layer->directory, "staged") < 0)
		return fail(err, "note where the commit is staged");
	for (size_t i = 0; i < layer->parts_count; i++) {
		const struct part *part = &layer->parts[i];

		if (!journal->stages[i])
			continue;
		if (mkdirat(part->target, journal->stages[i], 0700) < 0)
			return fail(err, "make a directory in %s", part->over);
		int cleanup_fd stage =
			layer_open_below(part->target, journal->stages[i], O_RDONLY | O_DIRECTORY);
		if (stage < 0 || mkdirat(stage, STAGE_NEW, 0700) < 0 ||
		    mkdirat(stage, STAGE_TRASH, 0700) < 0)
			return fail(err, "make a directory in %s/%s", part->over,
				    journal->stages[i]);
	}
	return 0;
}

static void remove_stages(struct layer *layer, const struct journal *journal)
{
	for (size_t i = 0; i < layer->parts_count; i++) {
		struct timespec times[2];
		struct stat st;

		if (!journal->stages[i] || fstat(layer->parts[i].target, &st) < 0)
			continue;
		tree_remove(layer->parts[i].target, journal->stages[i]);
		/* That a stage came and went does not show. */
		times[0] = st.st_atim;
		times[1] = st.st_mtim;
		(void)futimens(layer->parts[i].target, times);
	}
	(void)unlinkat(layer->directory, "staged", 0);
}

void journal_drop(struct layer *layer, const struct journal *journal)
{
	remove_stages(layer, journal);
}

static void open_sites(struct running *running)
{
	struct layer *layer = running->layer;

	running->sites =
		arena_alloc(&layer->arena, (layer->parts_count + 1) * sizeof *running->sites);
	for (size_t i = 0; i < layer->parts_count; i++) {
		struct site *site = &running->sites[i];
		const char *stage = running->journal->stages[i];

		*site = (struct site){&layer->parts[i], -1, -1, -1};
		if (!stage)
			continue;
		site->stage = layer_open_below(site->part->target, stage, O_RDONLY | O_DIRECTORY);
		if (site->stage < 0)
			continue;
		site->fresh = layer_open_below(site->stage, STAGE_NEW, O_RDONLY | O_DIRECTORY);
		site->trash = layer_open_below(site->stage, STAGE_TRASH, O_RDONLY | O_DIRECTORY);
	}
}

static void close_sites(struct running *running)
{
	close_cleanup(&running->lower.fd);
	close_cleanup(&running->upper.fd);
	running->lower.fd = running->upper.fd = -1;
	for (size_t i = 0; i < running->layer->parts_count; i++) {
		close_cleanup(&running->sites[i].stage);
		close_cleanup(&running->sites[i].fresh);
		close_cleanup(&running->sites[i].trash);
	}
}

/* All that has been done so far is on disk: of the file systems committed to, and of the layer's.
 */
static int settle(struct layer *layer, const struct journal *journal, struct error *err)
{
	for (size_t i = 0; i < layer->parts_count; i++)
		if (journal->stages[i] && syncfs(layer->parts[i].target) < 0)
			return fail(err, "bring %s to disk", layer->parts[i].over);
	return syncfs(layer->directory) < 0 ? fail(err, "bring the layer to disk") : 0;
}

/* --- the steps --- */

/* As layer_open_parent, but the descriptor is kept, and is not for the caller to close. */
static int open_parent(struct parent *kept, int root, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;

	if (kept->fd < 0 || kept->root != root || strlen(kept->path) != length ||
	    memcmp(kept->path, path, length) != 0) {
		close_cleanup(&kept->fd);
		kept->fd = layer_open_parent(root, path, name);
		kept->entered = false;
		kept->root = root;
		memcpy(kept->path, path, length);
		kept->path[length] = '\0';
	}
	*name = slash ? slash + 1 : path;
	return kept->fd;
}

/* A step's source and target: directories (running's), and names in them. */
struct ends {
	int from, to;
	const char *from_name, *to_name;
	char number[24]; /* its name in the trash, and in the stage */
	struct stat source, target;
	bool has_source, has_target;
};

static int open_ends(struct running *running, size_t index, struct ends *ends)
{
	const struct op *op = &running->journal->ops[index];
	const struct site *site = &running->sites[op->part];

	*ends = (struct ends){.from = -1, .to = -1};
	snprintf(ends->number, sizeof ends->number, "%zu", index);
	ends->to = open_parent(&running->lower, site->part->target, op->path, &ends->to_name);
	if (ends->to < 0)
		return fail(running->err, "open what holds %s/%s", site->part->over, op->path);
	if (!running->journal->copied) {
		ends->from =
			open_parent(&running->upper, site->part->upper, op->path, &ends->from_name);
	} else {
		ends->from = site->fresh;
		ends->from_name = ends->number;
	}
	ends->has_source = ends->from >= 0 && fstatat(ends->from, ends->from_name, &ends->source,
						      AT_SYMLINK_NOFOLLOW) == 0;
	return 0;
}

/* Not asked for each of many files that are put: there a link tells. */
static void look_at_target(struct ends *ends)
{
	ends->has_target =
		fstatat(ends->to, ends->to_name, &ends->target, AT_SYMLINK_NOFOLLOW) == 0;
}

static int to_trash(struct running *running, const struct op *op, const struct ends *ends)
{
	const struct site *site = &running->sites[op->part];

	/* Never onto what is there already: it would be lost. */
	if (faccessat(site->trash, ends->number, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return fail_because(running->err,
				    "%s/%s has come back while the commit was under way",
				    site->part->over, op->path);
	return renameat(ends->to, ends->to_name, site->trash, ends->number) < 0
		       ? fail(running->err, "put %s/%s aside", site->part->over, op->path)
		       : 0;
}

/* overlayfs's attributes are not for the lower. */
static void strip_tree(int directory, const char *name, const struct stat *st)
{
	layer_strip(directory, name);
	if (!S_ISDIR(st->st_mode))
		return;
	int cleanup_fd below =
		openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *stream = below < 0 ? NULL : fdopendir(dup(below));
	for (struct dirent *entry; stream && (entry = readdir(stream));) {
		struct stat inner;

		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    fstatat(below, entry->d_name, &inner, AT_SYMLINK_NOFOLLOW) == 0)
			strip_tree(below, entry->d_name, &inner);
	}
	if (stream)
		closedir(stream);
}

/* The directory of many files is entered once. */
static void strip(struct running *running, const struct op *op, const struct ends *ends)
{
	struct parent *parent = &running->upper;

	if (S_ISDIR(ends->source.st_mode)) {
		parent->entered = false;
		strip_tree(ends->from, ends->from_name, &ends->source);
		return;
	}
	if (op->bare && !op->copied)
		return;
	if (!parent->entered && fchdir(ends->from) < 0)
		return;
	parent->entered = true;
	if (op->bare)
		(void)lremovexattr(ends->from_name, "user.overlay.origin");
	else
		layer_strip_here(ends->from_name);
}

/* What is at the place of a file goes to the trash, by a second name, so that there is no moment
 * without a file of that name; a directory, or what cannot have one, is moved there. */
static int make_room(struct running *running, const struct op *op, struct ends *ends)
{
	const struct site *site = &running->sites[op->part];

	if (!S_ISDIR(ends->source.st_mode)) {
		if (linkat(ends->to, ends->to_name, site->trash, ends->number, 0) == 0 ||
		    errno == EEXIST || errno == ENOENT)
			return 0;
	}
	look_at_target(ends);
	return ends->has_target ? to_trash(running, op, ends) : 0;
}

static int put(struct running *running, const struct op *op, struct ends *ends)
{
	const struct site *site = &running->sites[op->part];

	if (!ends->has_source)
		return 0; /* done before */
	if (make_room(running, op, ends) < 0)
		return -1;
	if (!running->journal->copied)
		strip(running, op, ends);
	return renameat(ends->from, ends->from_name, ends->to, ends->to_name) < 0
		       ? fail(running->err, "put %s/%s in its place", site->part->over, op->path)
		       : 0;
}

static int make(struct running *running, const struct op *op, struct ends *ends)
{
	look_at_target(ends);
	if (ends->has_target && S_ISDIR(ends->target.st_mode))
		return 0;
	if (ends->has_target && to_trash(running, op, ends) < 0)
		return -1;
	return mkdirat(ends->to, ends->to_name, 0700) < 0
		       ? fail(running->err, "make the directory %s/%s",
			      running->sites[op->part].part->over, op->path)
		       : 0;
}

static int apply_one(struct running *running, size_t index)
{
	const struct op *op = &running->journal->ops[index];
	struct ends ends;
	int result = 0;

	if (op->kind == OP_SET || op->kind == OP_TIMES)
		return 0;
	if (open_ends(running, index, &ends) < 0)
		return -1;
	if (op->kind == OP_PUT)
		return put(running, op, &ends);
	if (op->kind == OP_MAKE)
		return make(running, op, &ends);
	look_at_target(&ends);
	if (ends.has_target &&
	    faccessat(running->sites[op->part].trash, ends.number, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		result = to_trash(running, op, &ends);
	return result;
}

static int copy_user_attributes(int from, int to)
{
	char names[4096], value[65536];
	ssize_t size = flistxattr(from, names, sizeof names);

	for (const char *p = names; size > 0 && p < names + size; p += strlen(p) + 1) {
		ssize_t length = !layer_keeps(p) ? -1 : fgetxattr(from, p, value, sizeof value);

		if (length >= 0 && fsetxattr(to, p, value, (size_t)length, 0) < 0 &&
		    errno != ENOTSUP)
			return -1;
	}
	return 0;
}

/* Directories get their attributes when all is in them, the deepest first. */
static int attributes(struct running *running, const struct op *op)
{
	const struct part *part = running->sites[op->part].part;
	struct stat st;
	int result = 0;

	if (op->kind == OP_PUT || op->kind == OP_DELETE)
		return 0;
	int cleanup_fd upper = layer_open_below(part->upper, op->path, O_RDONLY | O_DIRECTORY);
	int cleanup_fd lower = layer_open_below(part->target, op->path, O_RDONLY | O_DIRECTORY);
	if (upper < 0 || lower < 0 || fstat(upper, &st) < 0)
		return fail(running->err, "open the directory %s/%s", part->over, op->path);
	struct timespec times[2] = {st.st_atim, op->modified};
	if (op->kind != OP_TIMES)
		result = fchown(lower, st.st_uid, st.st_gid) < 0 ||
					 fchmod(lower, st.st_mode & 07777) < 0 ||
					 copy_user_attributes(upper, lower) < 0
				 ? -1
				 : 0;
	return result < 0 || futimens(lower, times) < 0
		       ? fail(running->err, "give %s/%s its attributes", part->over, op->path)
		       : 0;
}

static int apply(struct running *running)
{
	for (size_t i = 0; i < running->journal->ops_count; i++)
		if (apply_one(running, i) < 0)
			return -1;
	for (size_t i = running->journal->ops_count; i-- > 0;)
		if (attributes(running, &running->journal->ops[i]) < 0)
			return -1;
	return 0;
}

/* --- undoing --- */

static void undo_one(struct running *running, size_t index)
{
	const struct op *op = &running->journal->ops[index];
	const struct site *site = &running->sites[op->part];
	struct ends ends;
	struct error ignored;
	struct error *err = running->err;
	struct stat trashed;

	running->err = &ignored;
	if (open_ends(running, index, &ends) == 0) {
		look_at_target(&ends);
		bool aside = fstatat(site->trash, ends.number, &trashed, AT_SYMLINK_NOFOLLOW) == 0;

		if (op->kind == OP_PUT && !ends.has_source && ends.has_target &&
		    renameat(ends.to, ends.to_name, ends.from, ends.from_name) == 0 && aside &&
		    S_ISDIR(trashed.st_mode) && S_ISDIR(ends.target.st_mode)) {
			char path[PATH_MAX];

			/* It hid the directory that comes back now. */
			snprintf(path, sizeof path, "/proc/self/fd/%d/%s", ends.from,
				 ends.from_name);
			(void)lsetxattr(path, "user.overlay.opaque", "y", 1, 0);
		}
		if (op->kind == OP_MAKE)
			(void)unlinkat(ends.to, ends.to_name, AT_REMOVEDIR);
		if (aside)
			(void)renameat(site->trash, ends.number, ends.to, ends.to_name);
	}
	running->err = err;
}

static void undo_attributes(struct running *running, const struct op *op)
{
	const struct part *part = running->sites[op->part].part;

	if (op->kind != OP_SET && op->kind != OP_TIMES)
		return;
	int cleanup_fd lower = layer_open_below(part->target, op->path, O_RDONLY | O_DIRECTORY);
	if (lower < 0)
		return;
	if (op->kind == OP_SET) {
		(void)!fchown(lower, op->uid, op->gid);
		(void)fchmod(lower, op->mode);
	}
	(void)futimens(lower, op->times);
}

static void undo(struct running *running)
{
	for (size_t i = running->journal->ops_count; i-- > 0;)
		undo_one(running, i);
	for (size_t i = running->journal->ops_count; i-- > 0;)
		undo_attributes(running, &running->journal->ops[i]);
}

/* --- afterwards --- */

/* What has been committed is no change any more. */
static void clean_upper(struct running *running)
{
	for (size_t i = 0; i < running->journal->ops_count; i++) {
		const struct op *op = &running->journal->ops[i];
		const char *name;
		struct stat st;
		int cleanup_fd parent =
			layer_open_parent(running->sites[op->part].part->upper, op->path, &name);

		if (parent < 0 || fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (op->kind == OP_DELETE && layer_is_whiteout(&st))
			(void)unlinkat(parent, name, 0);
		else if (op->kind == OP_PUT && running->journal->copied &&
			 unlinkat(parent, name, 0) < 0)
			tree_remove(parent, name);
		else if (op->kind == OP_SET || op->kind == OP_TIMES || op->kind == OP_MAKE)
			layer_strip(parent, name);
	}
}

static int mark(struct layer *layer, const char *name)
{
	return make_file_at(layer->directory, name, 0600, "", 0) < 0 && errno != EEXIST ? -1 : 0;
}

static int finish(struct running *running)
{
	struct layer *layer = running->layer;

	if (!running->journal->whole)
		clean_upper(running);
	else if (mark(layer, "done") < 0)
		return fail(running->err, "note that the commit is done");
	close_sites(running);
	remove_stages(layer, running->journal);
	(void)unlinkat(layer->directory, "journal", 0);
	return 0;
}

static int give_up(struct running *running)
{
	struct layer *layer = running->layer;
	struct error ignored;

	if (mark(layer, "undo") < 0)
		return fail(&ignored, "note that the commit is undone");
	undo(running);
	(void)settle(layer, running->journal, &ignored);
	close_sites(running);
	remove_stages(layer, running->journal);
	(void)unlinkat(layer->directory, "journal", 0);
	(void)unlinkat(layer->directory, "undo", 0);
	return 0;
}

int journal_run(struct layer *layer, struct journal *journal, struct error *err)
{
	struct running running = {.lower = {.fd = -1},
				  .upper = {.fd = -1},
				  .layer = layer,
				  .journal = journal,
				  .err = err};

	if (settle(layer, journal, err) < 0 || write_journal(layer, journal, err) < 0) {
		remove_stages(layer, journal);
		return -1;
	}
	open_sites(&running);
	if (syncfs(layer->directory) < 0)
		fail(err, "bring the journal of the commit to disk");
	else if (apply(&running) == 0 && settle(layer, journal, err) == 0)
		return finish(&running);
	if (!err->remedy[0])
		fail_remedy(err, "nothing of it has been committed");
	give_up(&running);
	return -1;
}

int journal_recover(struct layer *layer, struct error *err)
{
	struct journal journal = {0};
	struct running running = {.lower = {.fd = -1},
				  .upper = {.fd = -1},
				  .layer = layer,
				  .journal = &journal,
				  .err = err};
	int there = read_journal(layer, "journal", &journal, err);

	if (there == 0) {
		there = read_journal(layer, "staged", &journal, err);
		if (there == 1)
			journal_drop(layer, &journal);
		return there < 0 ? -1 : 0;
	}
	if (there < 0)
		return -1;
	open_sites(&running);
	if (faccessat(layer->directory, "undo", F_OK, 0) == 0) {
		give_up(&running);
		fputs("sandbox: note: a commit that had failed has been undone\n", stderr);
		return 0;
	}
	if (apply(&running) < 0 || settle(layer, &journal, err) < 0) {
		give_up(&running);
		return -1;
	}
	fputs("sandbox: note: an interrupted commit has been finished\n", stderr);
	return finish(&running);
}
