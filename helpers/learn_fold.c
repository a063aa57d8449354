/*
 * From files to directories: see learn.h and docs/denials.md, "Files". Looks at the host for one
 * thing: whether a part of a path is a link or is gone, which no bind can name.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "denial_decode.h"
#include "learn.h"

enum { SIBLINGS = 8, SHOWN_MAX = 64 };

bool learn_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (length == 1)
		return true;
	return strncmp(path, directory, length) == 0 &&
	       (path[length] == '\0' || path[length] == '/');
}

/* The mount that a path lies in: the deepest, and of these the last. */
static const struct run_mount *mount_of(const struct run *run, const char *path)
{
	const struct run_mount *found = NULL;

	for (size_t i = 0; i < run->mounts_count; i++) {
		const struct run_mount *mount = &run->mounts[i];

		if (mount->target && learn_below(path, mount->target) &&
		    (!found || strlen(mount->target) >= strlen(found->target)))
			found = mount;
	}
	return found;
}

static char *parent_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? arena_strdup(arena, "/")
			     : arena_strndup(arena, path, (size_t)(slash - path));
}

struct folding {
	struct arena *arena;
	const struct run_mount *mount;
	struct shown *shown;
	size_t count;
};

static void add(struct folding *folding, char *path, enum shown_as as)
{
	if (!learn_below(path, folding->mount->target))
		path = arena_strdup(folding->arena, folding->mount->target);
	if (as == SHOWN_WRITE && strcmp(folding->mount->mode, "rw") != 0)
		as = SHOWN_READ;
	*ARENA_APPEND(folding->arena, folding->shown, folding->count) =
		(struct shown){path, as, false};
}

/* A file stands for its directory; one that was written may be replaced, so that is written too. */
static void add_file(struct folding *folding, const struct learnt_file *file)
{
	struct arena *arena = folding->arena;

	if (file->use & (USE_WRITE | USE_CHANGE))
		add(folding, parent_of(arena, file->path), SHOWN_WRITE);
	/* One that was looked for, and not there; it may have been made later. */
	if (file->use & USE_MISSING && !(file->use & (USE_READ | USE_EXECUTE)))
		return;
	if (file->use & (USE_READ | USE_EXECUTE))
		add(folding, file->use & USE_DIRECTORY ? file->path : parent_of(arena, file->path),
		    SHOWN_READ);
	else if (file->use & USE_SEE && !(file->use & (USE_WRITE | USE_CHANGE)))
		add(folding, file->use & USE_DIRECTORY ? file->path : parent_of(arena, file->path),
		    file->use & USE_DIRECTORY ? SHOWN_EMPTY : SHOWN_READ);
}

/* --- what can be bound ------------------------------------------------------------------------ */

/* Where on the host a path inside this mount is. */
static const char *source_of(const struct folding *folding, const char *path)
{
	const char *below = path + strlen(folding->mount->target);

	return arena_printf(folding->arena, "%s%s", folding->mount->source, below);
}

/*
 * A part of the path that is a link leads somewhere that is noted by its own name: here only the
 * directory that has the link counts. One that is gone was made by the run, in a directory that it
 * wrote to.
 */
static void mend(const struct folding *folding, struct shown *shown)
{
	size_t top = strlen(folding->mount->target);
	struct stat st;

	for (size_t i = top + 1; i <= strlen(shown->path); i++) {
		if (shown->path[i] != '/' && shown->path[i] != '\0')
			continue;
		char *part = arena_strndup(folding->arena, shown->path, i);
		bool there = lstat(source_of(folding, part), &st) == 0;

		if (there && S_ISDIR(st.st_mode))
			continue;
		shown->path = parent_of(folding->arena, part);
		if (there && shown->as == SHOWN_WRITE)
			shown->as = SHOWN_READ;
		return;
	}
}

/* --- putting together ------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const struct shown *left = a, *right = b;
	int order = strcmp(left->path, right->path);

	/* What gives more comes first of those with one path. */
	return order ? order : left->as == right->as ? 0 : left->as == SHOWN_WRITE ? -1 : 1;
}

/* Does what one entry shows make the other needless? */
static bool covers(const struct shown *wide, const struct shown *narrow)
{
	if (narrow->as == SHOWN_EMPTY) /* there as a mount point, or as a part of it */
		return learn_below(narrow->path, wide->path) ||
		       (wide->as != SHOWN_EMPTY && learn_below(wide->path, narrow->path));
	return learn_below(narrow->path, wide->path) &&
	       (wide->as == SHOWN_WRITE || wide->as == narrow->as);
}

static void reduce(struct folding *folding)
{
	struct shown *shown = folding->shown;
	size_t kept = 0;

	if (folding->count)
		qsort(shown, folding->count, sizeof *shown, compare);
	for (size_t i = 0; i < folding->count; i++)
		for (size_t j = 0; j < folding->count && !shown[i].needless; j++)
			shown[i].needless = j != i && !shown[j].needless &&
					    covers(&shown[j], &shown[i]) &&
					    !(j > i && compare(&shown[i], &shown[j]) == 0);
	for (size_t i = 0; i < folding->count; i++)
		if (!shown[i].needless)
			shown[kept++] = shown[i];
	folding->count = kept;
}

static bool same_parent(const char *a, const char *b)
{
	size_t length = (size_t)(strrchr(a, '/') - a);

	return (size_t)(strrchr(b, '/') - b) == length && strncmp(a, b, length) == 0;
}

/* More than SIBLINGS in one directory, used alike: the directory. True when there were such. */
static bool fold_once(struct folding *folding)
{
	for (size_t i = 0; i < folding->count; i++) {
		const struct shown *first = &folding->shown[i];
		size_t alike = 0;

		if (strcmp(first->path, folding->mount->target) == 0)
			continue;
		for (size_t j = 0; j < folding->count; j++)
			alike += folding->shown[j].as == first->as &&
				 strcmp(folding->shown[j].path, folding->mount->target) != 0 &&
				 same_parent(first->path, folding->shown[j].path);
		if (alike <= SIBLINGS || first->as == SHOWN_EMPTY)
			continue;
		add(folding, parent_of(folding->arena, first->path), first->as);
		reduce(folding);
		return true;
	}
	return false;
}

static void fold_all(struct folding *folding)
{
	enum shown_as as = SHOWN_READ;

	for (size_t i = 0; i < folding->count; i++)
		if (folding->shown[i].as == SHOWN_WRITE)
			as = SHOWN_WRITE;
	folding->count = 0;
	add(folding, arena_strdup(folding->arena, folding->mount->target), as);
}

struct shown *fold_mount(const struct learnt *learnt, const struct run *run,
			 const struct run_mount *mount, size_t *count)
{
	struct folding folding = {.arena = learnt->arena, .mount = mount};

	*count = 0;
	if (!mount->source || !mount->target)
		return NULL; /* a tmpfs and its like: nothing of the host's */
	for (size_t i = 0; i < learnt->files_count; i++)
		if (mount_of(run, learnt->files[i].path) == mount)
			add_file(&folding, &learnt->files[i]);
	reduce(&folding); /* first: there are far fewer directories than files */
	for (size_t i = 0; i < folding.count; i++)
		mend(&folding, &folding.shown[i]);
	reduce(&folding);
	while (fold_once(&folding))
		;
	if (folding.count > SHOWN_MAX || learnt->lost)
		fold_all(&folding);
	*count = folding.count;
	return folding.shown;
}

/* --- the root --------------------------------------------------------------------------------- */

static bool is_own(const char *path)
{
	static const char *const own[] = {"/tmp", "/run", "/dev", "/proc", "/sys"};

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (learn_below(path, own[i]))
			return true;
	return false;
}

bool fold_root_written(const struct learnt *learnt, const struct run *run)
{
	for (size_t i = 0; i < learnt->files_count; i++) {
		const struct learnt_file *file = &learnt->files[i];

		if (file->use & (USE_WRITE | USE_CHANGE) && !mount_of(run, file->path) &&
		    !is_own(file->path))
			return true;
	}
	return learnt->lost != 0;
}

bool fold_touched(const struct learnt *learnt, const char *path)
{
	for (size_t i = 0; i < learnt->files_count; i++)
		if (learn_below(learnt->files[i].path, path))
			return true;
	return learnt->lost != 0;
}

/* --- what is kept ----------------------------------------------------------------------------- */

/* Of what lies in no mount, the first two parts of the path say enough. */
static struct learnt_file outside(struct arena *arena, const struct learnt_file *file)
{
	size_t length = 1 + strcspn(file->path + 1, "/");

	if (file->path[length])
		length += 1 + strcspn(file->path + length + 1, "/");
	return (struct learnt_file){arena_strndup(arena, file->path, length),
				    (file->use & ~(unsigned)(USE_MISSING | USE_DIRECTORY))};
}

void fold_files(struct learnt *learnt, const struct run *run)
{
	struct learnt_file *files = NULL;
	size_t count = 0;

	for (size_t i = 0; i < learnt->files_count; i++)
		if (!mount_of(run, learnt->files[i].path))
			*ARENA_APPEND(learnt->arena, files, count) =
				outside(learnt->arena, &learnt->files[i]);
	for (size_t i = 0; i < run->mounts_count; i++) {
		size_t shown_count;
		struct shown *shown = fold_mount(learnt, run, &run->mounts[i], &shown_count);

		/* A written directory is one in which something was made. */
		for (size_t j = 0; j < shown_count; j++) {
			bool write = shown[j].as == SHOWN_WRITE;

			*ARENA_APPEND(learnt->arena, files, count) = (struct learnt_file){
				write ? arena_printf(learnt->arena, "%s/*", shown[j].path)
				      : shown[j].path,
				write ? USE_CHANGE
				      : USE_DIRECTORY |
						(shown[j].as == SHOWN_READ ? USE_READ : USE_SEE)};
		}
	}
	learnt->files = files;
	learnt->files_count = count;
	learnt_sort(learnt);
}
