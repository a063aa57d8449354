/*
 * From upper and lower directories to a list of changes: see layer.h. What overlayfs writes into an
 * upper directory: a deletion is a character device 0:0 (a "whiteout"), a directory that hides
 * the lower one has the attribute user.overlay.opaque=y (overlayfs.rst). What refers to something
 * else below (a redirect, a metacopy) is completed first: layer_resolve.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "files.h"
#include "layer.h"
#include "layer_git.h"

const char *const refuse_names[REFUSE_KINDS] = {"setuid", "special", "links", "hooks", "changed"};

int layer_open_below(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_XDEV,
	};

	return (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
}

int layer_open_parent(int root, const char *path, const char **name)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');

	*name = slash ? slash + 1 : path;
	snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - path) : 0, path);
	return layer_open_below(root, parent, O_RDONLY | O_DIRECTORY);
}

const char *layer_seen(struct layer *layer, const struct change *change)
{
	if (!*change->path)
		return *change->part->seen ? change->part->seen : "/";
	return arena_printf(&layer->arena, "%s/%s", change->part->seen, change->path);
}

/* --- the layer itself --- */

static int open_part(struct layer *layer, const struct record_line *line, struct error *err)
{
	struct part *part = ARENA_APPEND(&layer->arena, layer->parts, layer->parts_count);

	part->name = line[0].value;
	part->over = line[1].value;
	part->root = strcmp(line[2].value, "/") == 0;
	part->seen = part->root ? "" : line[2].value;
	int cleanup_fd top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	part->lower = open_in_no_links(top, part->over, O_RDONLY | O_DIRECTORY);
	if (part->lower < 0)
		return fail(err, "open %s, over which the layer lies", part->over);
	part->target = part->lower;
	part->directory = layer_open_below(layer->directory, part->name, O_RDONLY | O_DIRECTORY);
	part->upper = part->directory < 0
			      ? -1
			      : layer_open_below(part->directory, "upper", O_RDONLY | O_DIRECTORY);
	/* A run that failed early has made none. */
	if (part->upper < 0 && errno == ENOENT) {
		layer->parts_count--;
		return 0;
	}
	if (part->upper < 0)
		return fail(err, "open the part %s of the layer", part->name);
	return part->root && record_get(&layer->record, "lower") ? layer_stack(layer, part, err)
								 : 0;
}

int layer_open(struct layer *layer, struct error *err)
{
	long long seconds;
	long nanoseconds;

	if (record_read(&layer->record, &layer->arena, layer->directory, "record") < 0)
		return fail(err, "read the record of the layer");
	const char *began = record_get(&layer->record, "began");
	if (!began || sscanf(began, "%lld.%ld", &seconds, &nanoseconds) != 2)
		return fail_because(err, "the record of the layer does not say when it began");
	layer->began = (struct timespec){.tv_sec = seconds, .tv_nsec = nanoseconds};
	if (layer_read_known(layer, err) < 0)
		return -1;
	for (size_t i = 0; i < layer->record.count; i++) {
		const struct record_line *line = &layer->record.lines[i];

		if (strcmp(line->key, "target") == 0)
			(void)!tsearch(line->value, &layer->targets, layer_compare_text);
		if (strcmp(line->key, "part") != 0)
			continue;
		if (i + 2 >= layer->record.count)
			return fail_because(err, "the record of the layer is damaged");
		if (open_part(layer, line, err) < 0)
			return -1;
	}
	return 0;
}

static void forget(void *node)
{
	(void)node; /* in the arena */
}

void layer_close(struct layer *layer)
{
	for (size_t i = 0; i < layer->parts_count; i++) {
		close_cleanup(&layer->parts[i].directory);
		close_cleanup(&layer->parts[i].upper);
		close_cleanup(&layer->parts[i].lower);
		if (layer->parts[i].target != layer->parts[i].lower)
			close_cleanup(&layer->parts[i].target);
		for (size_t j = 0; j < layer->parts[i].between_count; j++)
			close_cleanup(&layer->parts[i].between[j]);
	}
	tdestroy(layer->targets, forget);
	tdestroy(layer->committed, forget);
	tdestroy(layer->reviewed, forget);
	arena_free(&layer->arena);
}

/* --- comparing --- */

/* One directory of the upper, with the lower one of the same name, or -1. */
struct place {
	struct layer *layer;
	const struct part *part;
	const char *path;
	int upper, lower;
	bool opaque;
	/* Of a bound directory: it is in what git takes for a repository, whose path with a slash
	 * behind it is so long. */
	bool repository;
	size_t repository_length;
	struct error *err;
};

static const char *join(struct layer *layer, const char *path, const char *name)
{
	return *path ? arena_printf(&layer->arena, "%s/%s", path, name)
		     : arena_strdup(&layer->arena, name);
}

bool layer_is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

/* The names of something's extended attributes, one behind the other. The calls know no directory
 * to start from, so we go there: cheaper by far than a path through /proc. */
struct attributes {
	char names[4096];
	ssize_t size;
};

static int go(struct layer *layer, int directory)
{
	if (layer->working == directory)
		return 0;
	layer->working = fchdir(directory) < 0 ? -1 : directory;
	return layer->working < 0 ? -1 : 0;
}

static void list_attributes(struct layer *layer, struct attributes *list, int directory,
			    const char *name)
{
	list->size =
		go(layer, directory) < 0 ? -1 : llistxattr(name, list->names, sizeof list->names);
}

static bool has_attribute(const struct attributes *list, const char *attribute)
{
	if (!list)
		return false;
	for (const char *p = list->names; list->size > 0 && p < list->names + list->size;
	     p += strlen(p) + 1)
		if (strcmp(p, attribute) == 0)
			return true;
	/* A list that is too long to be read may hold anything. */
	return list->size < 0 && errno == ERANGE;
}

static bool is_opaque(struct layer *layer, const struct attributes *list, int directory,
		      const char *name)
{
	char value[2];

	return has_attribute(list, "user.overlay.opaque") && go(layer, directory) == 0 &&
	       lgetxattr(name, "user.overlay.opaque", value, sizeof value) == 1 && value[0] == 'y';
}

/* Has it any that commit takes away, but the mark of a copy? */
static bool has_overlays(const struct attributes *list)
{
	for (const char *p = list->names; list->size > 0 && p < list->names + list->size;
	     p += strlen(p) + 1)
		if (!layer_keeps(p) && strcmp(p, "user.overlay.origin") != 0)
			return true;
	return false;
}

static size_t count_own(const struct attributes *list)
{
	size_t count = 0;

	for (const char *p = list->names; list->size > 0 && p < list->names + list->size;
	     p += strlen(p) + 1)
		count += layer_keeps(p);
	return count;
}

/* Are the attributes of the user's own the same, overlayfs's left out? */
static bool same_attributes(const struct place *place, const char *name,
			    const struct attributes *upper)
{
	struct attributes lower;
	char values[2][4096];

	list_attributes(place->layer, &lower, place->lower, name);
	if (upper->size < 0 || lower.size < 0)
		return upper->size < 0 && lower.size < 0;
	if (count_own(upper) != count_own(&lower))
		return false;
	for (const char *p = upper->names; p < upper->names + upper->size; p += strlen(p) + 1) {
		if (!layer_keeps(p))
			continue;
		ssize_t first = go(place->layer, place->upper) < 0
					? -1
					: lgetxattr(name, p, values[0], sizeof values[0]);
		ssize_t second = go(place->layer, place->lower) < 0
					 ? -1
					 : lgetxattr(name, p, values[1], sizeof values[1]);

		if (first < 0 || first != second ||
		    memcmp(values[0], values[1], (size_t)first) != 0)
			return false;
	}
	return true;
}

static bool same_content(int a, int b, const char *name)
{
	static const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int cleanup_fd first = openat(a, name, flags), second = -1;
	char *blocks = malloc(2 << 17);
	bool same = first >= 0 && blocks != NULL;

	second = openat(b, name, flags);
	same &= second >= 0;
	while (same) {
		ssize_t got = read(first, blocks, 1 << 17);
		ssize_t other = 0;

		while (got > 0 && other < got) {
			ssize_t more =
				read(second, blocks + (1 << 17) + other, (size_t)(got - other));

			if (more <= 0)
				break;
			other += more;
		}
		same = got >= 0 && got == other &&
		       (got == 0 || memcmp(blocks, blocks + (1 << 17), (size_t)got) == 0);
		if (got == 0)
			break;
	}
	if (second >= 0)
		close(second);
	free(blocks);
	return same;
}

static unsigned differences(const struct place *place, const char *name,
			    const struct attributes *attributes, const struct change *change)
{
	const struct stat *now = &change->now, *was = &change->was;
	unsigned differs = 0;
	char link[PATH_MAX];

	if ((now->st_mode ^ was->st_mode) & S_IFMT)
		return DIFFERS_TYPE;
	if ((now->st_mode ^ was->st_mode) & 07777 && !S_ISLNK(now->st_mode))
		differs |= DIFFERS_MODE;
	if (now->st_uid != was->st_uid || now->st_gid != was->st_gid)
		differs |= DIFFERS_OWNER;
	if (S_ISREG(now->st_mode) && now->st_size != was->st_size)
		differs |= DIFFERS_CONTENT;
	/* That it is a change is all that commit wants to know. */
	if (place->layer->brief && differs)
		return differs;
	if (!same_attributes(place, name, attributes))
		differs |= DIFFERS_ATTRIBUTES;
	if (S_ISDIR(now->st_mode))
		return differs;
	if (layer_later(&now->st_mtim, &was->st_mtim) || layer_later(&was->st_mtim, &now->st_mtim))
		differs |= DIFFERS_TIMES;
	/* Times and sizes can be made to agree: only the content itself says. */
	if (S_ISREG(now->st_mode) && !(differs & DIFFERS_CONTENT) &&
	    !same_content(place->upper, place->lower, name))
		differs |= DIFFERS_CONTENT;
	if (S_ISLNK(now->st_mode)) {
		ssize_t length = readlinkat(place->lower, name, link, sizeof link - 1);

		link[length > 0 ? length : 0] = '\0';
		if (!change->link || strcmp(link, change->link) != 0)
			differs |= DIFFERS_CONTENT;
	}
	return differs;
}

/* --- what commit refuses --- */

/* Of a root an absolute name is inside; of the user's directory it is anywhere. Behind a name ".."
 * may lead through another link: only at the beginning is it known how far up it goes. */
static bool leads_out(const struct change *change)
{
	const char *link = change->link;
	int depth = 0;

	for (const char *p = change->path; (p = strchr(p, '/')); p++)
		depth++;
	if (*link == '/')
		return !change->part->root || strstr(link, "/..") != NULL;
	while (strncmp(link, "..", 2) == 0 && (link[2] == '/' || !link[2])) {
		if (--depth < 0)
			return true;
		link += 2;
		link += strspn(link, "/");
	}
	return strstr(link, "/../") != NULL ||
	       (strlen(link) >= 3 && strcmp(link + strlen(link) - 3, "/..") == 0);
}

/* What git runs or takes orders from. A directory by itself gives none, but may make another a
 * repository. */
static bool is_hook(const struct place *place, const struct change *change)
{
	bool file = change->kind == CHANGE_DELETED || !S_ISDIR(change->now.st_mode);
	bool added = change->kind == CHANGE_ADDED;

	if (file && layer_git_is_order(change->path))
		return true;
	if (!place->repository)
		return false;
	return (file || added) &&
	       layer_git_is_order_in(change->path + place->repository_length, added);
}

static unsigned refusals(const struct place *place, const struct attributes *attributes,
			 const struct change *change)
{
	mode_t mode = change->now.st_mode;
	unsigned refused = 0;

	if (change->kind != CHANGE_ADDED && layer_changed_below(place->layer, change))
		refused |= REFUSE_CHANGED;
	if (!place->part->root && is_hook(place, change))
		refused |= REFUSE_HOOKS;
	if (change->kind == CHANGE_DELETED)
		return refused;
	if (S_ISREG(mode) &&
	    (mode & (S_ISUID | S_ISGID) || has_attribute(attributes, "security.capability")))
		refused |= REFUSE_SETUID;
	if (S_ISCHR(mode) || S_ISBLK(mode) || S_ISFIFO(mode) || S_ISSOCK(mode))
		refused |= REFUSE_SPECIAL;
	if (S_ISLNK(mode) && leads_out(change))
		refused |= REFUSE_LINKS;
	return refused;
}

/* --- the walk --- */

struct names {
	const char **list;
	size_t count;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All names of an open directory, sorted. */
static int read_names(struct place *place, int directory, struct names *names)
{
	int cleanup_fd copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);

	if (!stream)
		return fail(place->err, "read the directory %s/%s", place->part->seen, place->path);
	(void)steal_fd(&copy);
	for (struct dirent *entry; (entry = readdir(stream));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			*ARENA_APPEND(&place->layer->arena, names->list, names->count) =
				arena_strdup(&place->layer->arena, entry->d_name);
	closedir(stream);
	if (names->count)
		qsort(names->list, names->count, sizeof *names->list, by_name);
	return 0;
}

static struct change *add(struct place *place, enum change_kind kind, const char *path)
{
	struct layer *layer = place->layer;
	struct change *change = ARENA_APPEND(&layer->arena, layer->changes, layer->changes_count);

	change->kind = kind;
	change->part = place->part;
	change->path = path;
	change->end = layer->changes_count;
	return change;
}

/* name of the lower directory is gone, and all that is in it. */
static int deleted(struct place *place, int lower, const char *path, const char *name, bool implied)
{
	const char *whole = join(place->layer, path, name);
	size_t index = place->layer->changes_count;
	struct change *change = add(place, CHANGE_DELETED, whole);
	struct names names = {0};
	int result = 0;

	change->implied = implied;
	if (fstatat(lower, name, &change->was, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(place->err, "look at %s/%s below", place->part->seen, whole);
	change->refused = refusals(place, NULL, change);
	if (!S_ISDIR(change->was.st_mode))
		return 0;
	if (strlen(whole) > PATH_MAX - 512)
		return fail_because(place->err, "the layer has a tree that is too deep: %s/%s",
				    place->part->seen, whole);
	int cleanup_fd below = openat(lower, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (below < 0)
		return fail(place->err, "read the directory %s/%s", place->part->seen, whole);
	result = read_names(place, below, &names);
	for (size_t i = 0; result == 0 && i < names.count; i++)
		result = deleted(place, below, whole, names.list[i], true);
	place->layer->changes[index].end = place->layer->changes_count;
	return result;
}

/* A mount point that a sandbox has made: an empty file, or a directory with such things alone. */
static __attribute__((noinline)) bool is_made_by_us(struct place *place, const char *path,
						    const struct stat *st)
{
	char seen[PATH_MAX];

	snprintf(seen, sizeof seen, "%s/%s", place->part->seen, path);
	return S_ISREG(st->st_mode) && st->st_size == 0 &&
	       tfind(seen, &place->layer->targets, layer_compare_text);
}

/* Does a directory that has been made lead to a mount point, or is it one? */
static __attribute__((noinline)) bool leads_to_target(struct place *place, const char *path)
{
	char seen[PATH_MAX];
	size_t length = (size_t)snprintf(seen, sizeof seen, "%s/%s", place->part->seen, path);

	for (size_t i = 0; i < place->layer->record.count; i++) {
		const struct record_line *line = &place->layer->record.lines[i];

		if (strcmp(line->key, "target") == 0 && strncmp(line->value, seen, length) == 0 &&
		    (!line->value[length] || line->value[length] == '/'))
			return true;
	}
	return false;
}

static int walk(struct place *place, bool *clean);

/* Is the place a repository itself, or in the one that above is in? above: NULL for none. */
static void look_for_repository(struct place *place, const struct place *above)
{
	if (place->part->root)
		return;
	place->repository =
		layer_git_is_repository(place->upper, place->opaque ? -1 : place->lower);
	place->repository_length = place->repository && *place->path ? strlen(place->path) + 1 : 0;
	if (place->repository || !above)
		return;
	place->repository = above->repository;
	place->repository_length = above->repository_length;
}

/* A directory of the upper: index is its change. */
static int walk_directory(struct place *place, const char *name, size_t index)
{
	struct layer *layer = place->layer;
	struct change *change = &layer->changes[index];
	bool lower_has = place->lower >= 0 && change->kind == CHANGE_MODIFIED &&
			 S_ISDIR(change->was.st_mode);
	struct place below = {.layer = layer,
			      .part = place->part,
			      .path = change->path,
			      .lower = -1,
			      .opaque = lower_has && change->opaque,
			      .err = place->err};
	bool clean = true;
	int result;

	if (strlen(change->path) > PATH_MAX - 512)
		return fail_because(place->err, "the layer has a tree that is too deep: %s/%s",
				    place->part->seen, change->path);
	int cleanup_fd upper =
		openat(place->upper, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int cleanup_fd lower = lower_has ? openat(place->lower, name,
						  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
					 : -1;
	if (upper < 0 || (lower_has && lower < 0))
		return fail(place->err, "open the directory %s/%s", place->part->seen,
			    change->path);
	below.upper = upper;
	below.lower = lower;
	look_for_repository(&below, place);
	result = walk(&below, &clean);
	layer->working = -1;             /* it is about to be closed */
	change = &layer->changes[index]; /* may have moved */
	change->end = layer->changes_count;
	change->clean = clean && (!lower_has || change->opaque);
	return result;
}

/* Below a file or link that stands where the lower has a directory, all of that is gone. */
static int replaced(struct place *place, const char *name, const char *path)
{
	struct names names = {0};
	int result;
	int cleanup_fd lower =
		openat(place->lower, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (lower < 0)
		return fail(place->err, "read the directory %s/%s", place->part->seen, path);
	result = read_names(place, lower, &names);
	for (size_t i = 0; result == 0 && i < names.count; i++)
		result = deleted(place, lower, path, names.list[i], true);
	return result;
}

static int read_link(struct place *place, const char *name, struct change *change)
{
	char link[PATH_MAX];
	ssize_t length = readlinkat(place->upper, name, link, sizeof link - 1);

	if (length < 0)
		return fail(place->err, "read the link %s/%s", place->part->seen, change->path);
	change->link = arena_strndup(&place->layer->arena, link, (size_t)length);
	return 0;
}

/* What the change is. Not part of the recursion: its lists would fill the stack in a deep tree. */
static __attribute__((noinline)) int look(struct place *place, const char *name,
					  struct change *change)
{
	struct attributes attributes;
	bool directory = S_ISDIR(change->now.st_mode);

	list_attributes(place->layer, &attributes, place->upper, name);
	if (S_ISLNK(change->now.st_mode) && read_link(place, name, change) < 0)
		return -1;
	if (place->lower >= 0 &&
	    fstatat(place->lower, name, &change->was, AT_SYMLINK_NOFOLLOW) == 0) {
		change->kind = CHANGE_MODIFIED;
		change->differs = differences(place, name, &attributes, change);
	} else if (place->lower >= 0 && errno != ENOENT) {
		return fail(place->err, "look at %s/%s below", place->part->seen, change->path);
	}
	/* With userxattr the kernel makes neither; whoever has the layer may have
	 * (layer_resolve.c). */
	place->layer->refers |= has_attribute(&attributes, "user.overlay.redirect") ||
				has_attribute(&attributes, "user.overlay.metacopy");
	change->copied = has_attribute(&attributes, "user.overlay.origin");
	change->bare = attributes.size >= 0 && !has_overlays(&attributes);
	change->opaque = directory && (place->opaque ||
				       is_opaque(place->layer, &attributes, place->upper, name));
	change->merged = directory && change->kind == CHANGE_MODIFIED && !change->differs;
	change->refused = refusals(place, &attributes, change);
	return 0;
}

/* Something of the upper that is no whiteout. */
static int walk_entry(struct place *place, const char *name, const struct stat *now, bool *clean)
{
	struct layer *layer = place->layer;
	size_t index = layer->changes_count;
	struct change *change = add(place, CHANGE_ADDED, join(layer, place->path, name));
	bool directory = S_ISDIR(now->st_mode);

	change->now = *now;
	if (look(place, name, change) < 0)
		return -1;
	if (!directory && change->kind == CHANGE_MODIFIED && S_ISDIR(change->was.st_mode))
		if (replaced(place, name, change->path) < 0)
			return -1;
	layer->changes[index].end = layer->changes_count;
	if (directory && walk_directory(place, name, index) < 0)
		return -1;
	change = &layer->changes[index];
	/* What is no change after all: copied up and left as it was, or made by ourselves. */
	bool nothing = change->end == index + 1 &&
		       ((change->kind == CHANGE_MODIFIED && !change->differs) ||
			(change->kind == CHANGE_ADDED &&
			 (directory ? leads_to_target(place, change->path)
				    : is_made_by_us(place, change->path, now))));
	if (directory && !change->clean)
		*clean = false;
	if (nothing) {
		*clean = false;
		layer->changes_count = index;
	}
	return 0;
}

/* clean becomes false when not everything here is a change that can be moved. */
static int walk(struct place *place, bool *clean)
{
	struct names upper = {0}, lower = {0};
	struct stat now, was;
	int result = read_names(place, place->upper, &upper);

	for (size_t i = 0; result == 0 && i < upper.count; i++) {
		const char *name = upper.list[i];

		if (fstatat(place->upper, name, &now, AT_SYMLINK_NOFOLLOW) < 0)
			return fail(place->err, "look at %s/%s/%s", place->part->seen, place->path,
				    name);
		if (!layer_is_whiteout(&now)) {
			result = walk_entry(place, name, &now, clean);
			continue;
		}
		*clean = false;
		if (place->lower >= 0 &&
		    fstatat(place->lower, name, &was, AT_SYMLINK_NOFOLLOW) == 0)
			result = deleted(place, place->lower, place->path, name, false);
	}
	if (result < 0 || !place->opaque || place->lower < 0)
		return result;
	/* Nothing of the lower shows through: what has no name here is gone. */
	result = read_names(place, place->lower, &lower);
	for (size_t i = 0; result == 0 && i < lower.count; i++)
		if (!upper.count ||
		    !bsearch(&lower.list[i], upper.list, upper.count, sizeof *upper.list, by_name))
			result = deleted(place, place->lower, place->path, lower.list[i], false);
	return result;
}

/*
 * What was copied up and is not below any more has been deleted there meanwhile, by somebody else.
 * overlayfs marks copies (user.overlay.origin), and in a user namespace does not say of what: a
 * file may also have been moved here from another name, which is then deleted or replaced in the
 * layer, or has another name still. Directories are not moved (overlayfs.rst, redirect_dir).
 */
static void find_gone(struct layer *layer)
{
	bool may_be_moved = layer->committed != NULL;

	for (size_t i = 0; i < layer->changes_count; i++) {
		const struct change *change = &layer->changes[i];

		may_be_moved |= change->kind == CHANGE_DELETED ||
				(change->kind == CHANGE_MODIFIED && !change->copied);
	}
	for (size_t i = 0; i < layer->changes_count; i++) {
		struct change *change = &layer->changes[i];
		bool directory = S_ISDIR(change->now.st_mode);

		if (change->kind == CHANGE_ADDED && change->copied &&
		    (directory || (!may_be_moved && change->now.st_nlink == 1)))
			change->refused |= REFUSE_CHANGED;
	}
}

static int walk_all(struct layer *layer, struct error *err)
{
	layer->changes_count = 0;
	layer->refers = false;
	layer->working = -1;
	for (size_t i = 0; i < layer->parts_count; i++) {
		const struct part *part = &layer->parts[i];
		struct place place = {.layer = layer,
				      .part = part,
				      .path = "",
				      .upper = part->upper,
				      .lower = part->lower,
				      .err = err};
		bool clean = true;

		look_for_repository(&place, NULL);
		if (walk(&place, &clean) < 0)
			return -1;
	}
	return 0;
}

int layer_walk(struct layer *layer, struct error *err)
{
	if (walk_all(layer, err) < 0)
		return -1;
	if (layer->refers && (layer_resolve(layer, err) < 0 || walk_all(layer, err) < 0))
		return -1;
	if (layer->refers)
		return fail_because(err, "the layer refers to something that is not in it");
	find_gone(layer);
	return 0;
}
