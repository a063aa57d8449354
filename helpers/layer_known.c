/*
 * What has been changed below since the layer began, by somebody else: see layer.h. The time of
 * change (ctime) cannot be set, so what has an older one is as it was. A later one is a hint: it
 * comes with another link to the file, too. Then it counts as changed unless
 *
 *   - a commit of this very layer did it (the file `committed`),
 *   - `sandbox diff` has seen it before, and it is the same inode with the same size, time of
 *     content, mode and owner as then (the file `reviewed`),
 *   - or what is in the layer has the same content, so that nothing is lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "layer.h"

int layer_compare_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

bool layer_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec > b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}

static int read_lines(struct layer *layer, const char *name, void **tree)
{
	struct record record = {0};

	if (record_read(&record, &layer->arena, layer->directory, name) < 0)
		return errno == ENOENT ? 0 : -1;
	for (size_t i = 0; i < record.count; i++)
		if (!tsearch(record.lines[i].value, tree, layer_compare_text))
			return -1;
	return 0;
}

int layer_read_known(struct layer *layer, struct error *err)
{
	if (read_lines(layer, "committed", &layer->committed) < 0)
		return fail(err, "read what has been committed of the layer");
	if (read_lines(layer, "reviewed", &layer->reviewed) < 0)
		return fail(err, "read what has been looked at of the layer");
	return 0;
}

/* "SECONDS.NANOSECONDS PART/PATH" */
static const char *committed_line(char line[PATH_MAX + 128], const struct change *change,
				  const struct stat *st)
{
	snprintf(line, PATH_MAX + 128, "%lld.%09ld %s/%s", (long long)st->st_ctim.tv_sec,
		 st->st_ctim.tv_nsec, change->part->name, change->path);
	return line;
}

/* "INODE SIZE SECONDS.NANOSECONDS MODE UID GID PART/PATH" */
static const char *reviewed_line(char line[PATH_MAX + 128], const struct change *change)
{
	const struct stat *st = &change->was;

	snprintf(line, PATH_MAX + 128, "%llu %lld %lld.%09ld %o %u %u %s/%s",
		 (unsigned long long)st->st_ino, (long long)st->st_size,
		 (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, st->st_mode, st->st_uid,
		 st->st_gid, change->part->name, change->path);
	return line;
}

bool layer_changed_below(struct layer *layer, const struct change *change)
{
	char line[PATH_MAX + 128];

	if (S_ISDIR(change->was.st_mode) || !layer_later(&change->was.st_ctim, &layer->began))
		return false;
	if (tfind(committed_line(line, change, &change->was), &layer->committed,
		  layer_compare_text) ||
	    tfind(reviewed_line(line, change), &layer->reviewed, layer_compare_text))
		return false;
	return change->kind != CHANGE_MODIFIED || (change->differs & ~(unsigned)DIFFERS_TIMES);
}

int layer_note_committed(struct layer *layer, struct error *err)
{
	char line[PATH_MAX + 128];
	struct record record = {0};

	if (record_read(&record, &layer->arena, layer->directory, "committed") < 0 &&
	    errno != ENOENT)
		return fail(err, "read what has been committed");
	for (size_t i = 0; i < layer->changes_count; i++) {
		const struct change *change = &layer->changes[i];
		const char *name;
		struct stat st;

		if (!change->taken || change->kind == CHANGE_DELETED ||
		    S_ISDIR(change->now.st_mode))
			continue;
		int cleanup_fd parent =
			layer_open_parent(change->part->target, change->path, &name);
		if (parent < 0 || fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		record_add(&record, &layer->arena, "changed",
			   arena_strdup(&layer->arena, committed_line(line, change, &st)));
	}
	return record_write(&record, layer->directory, "committed") < 0
		       ? fail(err, "note what has been committed")
		       : 0;
}

int layer_note_reviewed(struct layer *layer, struct error *err)
{
	char line[PATH_MAX + 128];
	struct record record = {0};

	if (!layer->alone)
		return 0;
	for (size_t i = 0; i < layer->changes_count; i++) {
		const struct change *change = &layer->changes[i];

		if (change->kind != CHANGE_ADDED && !S_ISDIR(change->was.st_mode) &&
		    !(change->refused & REFUSE_CHANGED))
			record_add(&record, &layer->arena, "seen",
				   arena_strdup(&layer->arena, reviewed_line(line, change)));
	}
	return record_write(&record, layer->directory, "reviewed") < 0
		       ? fail(err, "note what has been looked at")
		       : 0;
}
