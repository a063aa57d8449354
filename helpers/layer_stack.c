/*
 * A layer over several directories: see layer.h. What was written was written over the sight of all
 * of them together, so that is what it is compared with: a read-only overlay of them, in a mount
 * namespace of our own, which is attached nowhere and goes with us. A commit goes to ROOTFS, the
 * lowest, and is refused where one above has a say.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "layer.h"
#include "mounting.h"

enum { LOWERS = 14 /* as layering.h has it */ };

static int open_between(struct layer *layer, struct part *part, struct error *err)
{
	int cleanup_fd top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < layer->record.count; i++) {
		const struct record_line *line = &layer->record.lines[i];

		if (strcmp(line->key, "lower") != 0)
			continue;
		int fd = open_in_no_links(top, line->value, O_RDONLY | O_DIRECTORY);
		if (fd < 0)
			return fail(err, "open %s, over which the layer lies (--lower)",
				    line->value);
		*ARENA_APPEND(&layer->arena, part->between, part->between_count) = fd;
	}
	return part->between_count < LOWERS
		       ? 0
		       : fail_because(err, "the record of the layer is damaged");
}

static int mount_all(const struct part *part)
{
	char list[LOWERS * 33];
	size_t used = 0;
	const char *failed;

	for (size_t i = part->between_count; i-- > 0;)
		used += (size_t)snprintf(list + used, sizeof list - used,
					 "/proc/self/fd/%d:", part->between[i]);
	snprintf(list + used, sizeof list - used, "/proc/self/fd/%d", part->target);
	const struct fs_option options[] = {{"lowerdir", list}, {"userxattr", NULL}, {NULL, NULL}};
	int cleanup_fd mount = mount_new("overlay", options, MOUNT_SAFE, &failed);

	return mount < 0 ? -1 : openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int layer_stack(struct layer *layer, struct part *part, struct error *err)
{
	/* overlayfs takes what is mounted in our own namespace alone: all is opened once more. */
	if (unshare(CLONE_NEWNS) < 0)
		return fail(err, "make a mount namespace");
	int cleanup_fd top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	close_cleanup(&part->target);
	part->target = part->lower = open_in_no_links(top, part->over, O_RDONLY | O_DIRECTORY);
	if (part->target < 0)
		return fail(err, "open %s, over which the layer lies", part->over);
	if (open_between(layer, part, err) < 0)
		return -1;
	int all = mount_all(part);
	if (all < 0)
		return fail(err, "lay the directories of --lower over %s, to read the layer",
			    part->over);
	part->lower = all;
	return 0;
}

static bool is_directory(int root, const char *path)
{
	struct stat st;
	int cleanup_fd there = layer_open_below(root, path, O_PATH | O_NOFOLLOW);

	return there >= 0 && fstat(there, &st) == 0 && S_ISDIR(st.st_mode);
}

const char *layer_hidden_by(struct layer *layer, const struct change *change)
{
	const struct part *part = change->part;
	/* A directory that both have stays what it is, and shows what either has in it. */
	bool leads = change->kind == CHANGE_MODIFIED && change->merged && !change->opaque &&
		     is_directory(part->target, change->path);
	size_t line = 0;

	for (size_t i = 0; i < part->between_count; i++, line++) {
		while (strcmp(layer->record.lines[line].key, "lower") != 0)
			line++;
		int cleanup_fd there =
			layer_open_below(part->between[i], change->path, O_PATH | O_NOFOLLOW);

		/* What leads there may be a file or a link: that has a say as well. */
		if (there < 0 && errno == ENOENT)
			continue;
		if (!leads || !is_directory(part->between[i], change->path))
			return layer->record.lines[line].value;
	}
	return NULL;
}
