/*
 * What fuse-overlayfs has written into an upper directory becomes what the kernel's overlayfs would
 * have: see layer.h. Deletions are the same, a character device 0:0. A directory that hides the
 * lower one has the attribute user.fuseoverlayfs.opaque=y and two marks in it, and what was copied
 * up says where from in an attribute. fuse-overlayfs reads the kernel's form as well, so the layer
 * can be gone on with.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "files.h"
#include "layer.h"

enum { DEPTH = 1024 };

#define OWN "user.fuseoverlayfs."

static bool is_mark(const char *name)
{
	return strcmp(name, ".wh..opq") == 0 || strcmp(name, ".wh..wh..opq") == 0;
}

/* The kernel's mark is there before theirs goes: whoever is killed in between has lost nothing.
 * Links and whiteouts cannot have such attributes. The calls know no directory to start from. */
static int translate(int directory, const char *name)
{
	char names[4096], value[2];
	ssize_t size = fchdir(directory) < 0 ? -1 : llistxattr(name, names, sizeof names);

	if (size < 0)
		return -1;
	if (lgetxattr(name, OWN "opaque", value, sizeof value) == 1 && value[0] == 'y' &&
	    lsetxattr(name, "user.overlay.opaque", "y", 1, 0) < 0)
		return -1;
	for (const char *p = names; p < names + size; p += strlen(p) + 1)
		if (strncmp(p, OWN, sizeof OWN - 1) == 0 && lremovexattr(name, p) < 0)
			return -1;
	return 0;
}

static int normalise(int directory, int depth, struct error *err);

/* One name of directory, which is about to have *marks less. */
static int normalise_one(int directory, const char *name, int depth, bool *marks, struct error *err)
{
	struct stat st;

	if (is_mark(name)) {
		*marks = true;
		return 0;
	}
	if (strncmp(name, ".wh.", 4) == 0)
		return fail_because(err, "the layer has a name that fuse-overlayfs takes for a "
					 "deletion (.wh.)");
	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(err, "look at what fuse-overlayfs has written");
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return 0;
	if (S_ISDIR(st.st_mode)) {
		int cleanup_fd below =
			openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (below < 0)
			return fail(err, "open a directory that fuse-overlayfs has written");
		if (normalise(below, depth + 1, err) < 0)
			return -1;
	}
	return translate(directory, name) < 0
		       ? fail(err, "read the attributes that fuse-overlayfs has written")
		       : 0;
}

/* Its time is the payload's, and stays. */
static int remove_marks(int directory)
{
	struct stat st;

	if (fstat(directory, &st) < 0)
		return -1;
	const struct timespec times[2] = {st.st_atim, st.st_mtim};
	const char *const marks[] = {".wh..opq", ".wh..wh..opq"};
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (unlinkat(directory, marks[i], 0) < 0 && errno != ENOENT)
			return -1;
	return futimens(directory, times);
}

/* fuse-overlayfs takes the marks alone for it as well. */
static int set_opaque(int directory)
{
	return fsetxattr(directory, "user.overlay.opaque", "y", 1, 0);
}

static int normalise(int directory, int depth, struct error *err)
{
	int cleanup_fd copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 || depth > DEPTH ? NULL : fdopendir(copy);
	bool marks = false;
	int result = 0;

	if (!stream)
		return depth > DEPTH ? fail_because(err, "the layer has a tree that is too deep")
				     : fail(err, "read what fuse-overlayfs has written");
	(void)steal_fd(&copy);
	for (struct dirent *entry; result == 0 && (entry = readdir(stream));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			result = normalise_one(directory, entry->d_name, depth, &marks, err);
	closedir(stream);
	if (result == 0 && marks && (set_opaque(directory) < 0 || remove_marks(directory) < 0))
		result = fail(err, "translate what fuse-overlayfs has written");
	return result;
}

int layer_normalise(struct layer *layer, struct error *err)
{
	if (!record_get(&layer->record, "by"))
		return 0;
	for (size_t i = 0; i < layer->parts_count; i++) {
		/* The top has no name to be reached by, but one. */
		if (normalise(layer->parts[i].upper, 0, err) < 0)
			return -1;
		if (translate(layer->parts[i].upper, ".") < 0)
			return fail(err, "read the attributes that fuse-overlayfs has written");
	}
	return 0;
}
