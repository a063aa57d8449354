/*
 * What refers to something below becomes whole: see layer.h. A directory of the upper may say that
 * it was moved (user.overlay.redirect: a name beside it, or a path from the top), a file that only
 * its attributes are in the upper (user.overlay.metacopy) and its content is below, there or where
 * a redirect says (overlayfs.rst). With userxattr the kernel neither makes nor follows them, and
 * nothing inside a sandbox can write such an attribute; but a layer may have been brought here from
 * elsewhere. What is missing in the upper is copied into it, which is what it would have been
 * without them: a moved directory is then one that hides what is below. Killed in between, it goes
 * on.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "files.h"
#include "layer.h"
#include "tree.h"

#define REDIRECT "user.overlay.redirect"
#define METACOPY "user.overlay.metacopy"
#define OPAQUE   "user.overlay.opaque"
/* Where copies are made, in the part, before they get their names. */
#define ASIDE "resolving"

struct resolving {
	struct layer *layer;
	const struct part *part;
	struct error *err;
};

/* A directory of the upper, and where below it has its like; NULL: nowhere. */
struct spot {
	int upper;
	const char *lower;
	bool whole; /* it is moved, or in one that is: all that is below is to be in it */
	int depth;
};

static bool has(int directory, const char *name, const char *attribute)
{
	return fchdir(directory) == 0 && lgetxattr(name, attribute, NULL, 0) >= 0;
}

/* Where name of the upper has its like below. */
static const char *find_lower(struct resolving *resolving, const struct spot *spot,
			      const char *name)
{
	char value[PATH_MAX];
	struct arena *arena = &resolving->layer->arena;
	ssize_t length =
		fchdir(spot->upper) < 0 ? -1 : lgetxattr(name, REDIRECT, value, sizeof value - 1);

	if (length > 0) {
		value[length] = '\0';
		if (*value == '/')
			return arena_strdup(arena, value + strspn(value, "/"));
		name = arena_strdup(arena, value);
	}
	if (!spot->lower)
		return NULL;
	return *spot->lower ? arena_printf(arena, "%s/%s", spot->lower, name)
			    : arena_strdup(arena, name);
}

static int complete_file(struct resolving *resolving, const struct spot *spot, const char *name,
			 const char *lower, const struct stat *now)
{
	const struct timespec times[2] = {now->st_atim, now->st_mtim};
	struct stat st;
	int cleanup_fd from =
		lower ? layer_open_below(resolving->part->lower, lower, O_RDONLY | O_NONBLOCK) : -1;

	if (from < 0 || fstat(from, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size != now->st_size)
		return fail_because(resolving->err,
				    "the layer has a file (%s) whose content is not below any more",
				    name);
	int cleanup_fd to =
		openat(spot->upper, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (to < 0 || layer_copy_data(from, to, st.st_size) < 0 || futimens(to, times) < 0 ||
	    fremovexattr(to, METACOPY) < 0 || (fremovexattr(to, REDIRECT) < 0 && errno != ENODATA))
		return fail(resolving->err, "complete the file %s of the layer", name);
	return 0;
}

/* All names of the lower directory that the upper one lacks. */
static int fill(struct resolving *resolving, const struct spot *spot)
{
	const struct part *part = resolving->part;
	int cleanup_fd lower = layer_open_below(part->lower, spot->lower, O_RDONLY | O_DIRECTORY);
	DIR *stream = lower < 0 ? NULL : fdopendir(dup(lower));
	void *links = NULL;
	int result = 0;

	if (!stream)
		return fail(resolving->err, "read %s/%s, which the layer refers to", part->over,
			    spot->lower);
	for (struct dirent *entry; result == 0 && (entry = readdir(stream));) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		    faccessat(spot->upper, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		result = layer_copy(lower, name, part->directory, ASIDE, &links, resolving->err);
		layer_copy_end(&links);
		if (result == 0 && renameat(part->directory, ASIDE, spot->upper, name) < 0)
			result = fail(resolving->err, "complete a directory of the layer");
	}
	closedir(stream);
	return result;
}

static int resolve(struct resolving *resolving, const struct spot *spot);

static int resolve_directory(struct resolving *resolving, const struct spot *spot, const char *name,
			     const char *lower)
{
	bool moved = has(spot->upper, name, REDIRECT);
	struct stat st;
	int cleanup_fd upper =
		openat(spot->upper, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (upper < 0 || fstat(upper, &st) < 0)
		return fail(resolving->err, "open a directory of the layer");
	const struct timespec times[2] = {st.st_atim, st.st_mtim};
	struct spot below = {.upper = upper, .lower = lower, .depth = spot->depth + 1};
	/* One that hides what is below it has nothing there, nor has one without its like. */
	int cleanup_fd like =
		!lower || has(spot->upper, name, OPAQUE)
			? -1
			: layer_open_below(resolving->part->lower, lower, O_PATH | O_DIRECTORY);
	if (like < 0)
		below.lower = NULL;
	if (moved && like < 0)
		return fail_because(resolving->err,
				    "the layer has a directory (%s) that was moved from what is "
				    "not below any more",
				    name);
	below.whole = below.lower && (spot->whole || moved);
	if (resolve(resolving, &below) < 0 || (below.whole && fill(resolving, &below) < 0))
		return -1;
	if (below.whole && futimens(upper, times) < 0)
		return fail(resolving->err, "give a directory of the layer its times");
	if (!moved)
		return 0;
	return fsetxattr(upper, OPAQUE, "y", 1, 0) < 0 || fremovexattr(upper, REDIRECT) < 0
		       ? fail(resolving->err, "complete the directory %s of the layer", name)
		       : 0;
}

static int resolve_one(struct resolving *resolving, const struct spot *spot, const char *name)
{
	struct stat st;

	if (fstatat(spot->upper, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(resolving->err, "look at what is in the layer");
	if (!S_ISDIR(st.st_mode) && (!S_ISREG(st.st_mode) || !has(spot->upper, name, METACOPY)))
		return 0;
	const char *lower = find_lower(resolving, spot, name);
	return S_ISDIR(st.st_mode) ? resolve_directory(resolving, spot, name, lower)
				   : complete_file(resolving, spot, name, lower, &st);
}

static int resolve(struct resolving *resolving, const struct spot *spot)
{
	enum { DEPTH = 1024 };
	int cleanup_fd copy = openat(spot->upper, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 || spot->depth > DEPTH ? NULL : fdopendir(copy);
	int result = 0;

	if (!stream)
		return fail(resolving->err, "read a directory of the layer");
	(void)steal_fd(&copy);
	for (struct dirent *entry; result == 0 && (entry = readdir(stream));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			result = resolve_one(resolving, spot, entry->d_name);
	closedir(stream);
	return result;
}

int layer_resolve(struct layer *layer, struct error *err)
{
	if (!layer->alone || record_get(&layer->record, "by")) {
		fail_because(err, "the layer refers to something that is not in it, and %s",
			     layer->alone ? "fuse-overlayfs makes no such references"
					  : "a sandbox is running on it");
		return -1;
	}
	for (size_t i = 0; i < layer->parts_count; i++) {
		const struct part *part = &layer->parts[i];
		struct resolving resolving = {layer, part, err};
		struct spot top = {.upper = part->upper, .lower = ""};

		if (unlinkat(part->directory, ASIDE, 0) < 0 && errno != ENOENT)
			tree_remove(part->directory, ASIDE);
		if (resolve(&resolving, &top) < 0)
			return -1;
	}
	return 0;
}
