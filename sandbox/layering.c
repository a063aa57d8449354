/* Overlay mounts, for the root and for binds: see layering.h. */
#include "layering.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fuse.h"
#include "mounting.h"

/* FNV-1a: a name for the directory of a bind's part that follows from the bind. Two that met in it
 * would be told apart by the record. */
static uint64_t hash(uint64_t sum, const char *text)
{
	do {
		sum = (sum ^ (unsigned char)*text) * UINT64_C(1099511628211);
	} while (*text++);
	return sum;
}

struct layer_part *layering_add(struct plan *plan, const char *source, const char *target,
				bool kept)
{
	uint64_t sum = hash(hash(UINT64_C(14695981039346656037), source), target);
	struct layer_part *part = ARENA_APPEND(&plan->arena, plan->parts, plan->parts_count);

	part->name = strcmp(target, "/") == 0
			     ? LAYER_PART_ROOT
			     : arena_printf(&plan->arena, "bind-%016llx", (unsigned long long)sum);
	part->source = source;
	part->target = target;
	part->kept = kept;
	return part;
}

/* In memory a part is a directory of scratch, or a tmpfs of its own where its size is bounded. */
static int part_in_memory(struct sandbox *sandbox, const struct layer_part *part, struct error *err)
{
	char size[24], name[64];
	const struct fs_option options[] = {
		{"size", size}, {"nr_inodes", "1m"}, {"mode", "0755"}, {NULL, NULL}};
	const char *failed;

	snprintf(name, sizeof name, "layer-%s", part->name);
	if (mkdirat(sandbox->scratch, name, 0755) < 0)
		return fail(err, "make a directory for the layer over %s", part->source);
	int cleanup_fd there = openat(sandbox->scratch, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (there < 0 || !sandbox->plan->config->overlay_size)
		return there < 0 ? fail(err, "open the layer over %s", part->source)
				 : steal_fd(&there);
	snprintf(size, sizeof size, "%llu",
		 (unsigned long long)sandbox->plan->config->overlay_size);
	int cleanup_fd bounded = mount_new("tmpfs", options, MOUNT_SAFE, &failed);
	if (bounded < 0 || mount_attach(bounded, there) < 0)
		return fail(err, "mount a tmpfs of %s bytes for the layer over %s", size,
			    part->source);
	return steal_fd(&bounded);
}

/* On disk: in the layer's directory. The supervisor's descriptor of it belongs to its own mounts;
 * overlayfs wants ours. */
static int part_on_disk(struct sandbox *sandbox, const struct layer_part *part, struct error *err)
{
	int cleanup_fd layer =
		open_in_no_links(sandbox->host_root, sandbox->layer_path, O_RDONLY | O_DIRECTORY);
	if (layer < 0)
		return fail(err, "open the layer %s", sandbox->layer_path);
	if (mkdirat(layer, part->name, 0700) < 0 && errno != EEXIST)
		return fail(err, "make a directory in the layer %s", sandbox->layer_path);
	int fd = openat(layer, part->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? fail(err, "open %s in the layer %s", part->name, sandbox->layer_path) : fd;
}

/* A new upper directory shows the mode and owner of what it lies over. */
static int make_upper(int parent, int lower, const struct layer_part *part, struct error *err)
{
	struct stat st;

	if (mkdirat(parent, "work", 0755) < 0 && errno != EEXIST)
		return fail(err, "make the work directory of the layer over %s", part->source);
	if (mkdirat(parent, "upper", 0755) < 0)
		return errno == EEXIST ? 0 : fail(err, "make the layer over %s", part->source);
	if (fstat(lower, &st) < 0 || fchmodat(parent, "upper", st.st_mode & 07777, 0) < 0)
		return fail(err, "give the layer the mode of %s", part->source);
	/* Ids that are not mapped here cannot be given; then "/" belongs to the caller's. */
	(void)!fchownat(parent, "upper", st.st_uid, st.st_gid, 0);
	return 0;
}

/* Is it the kernel that does not want to (a policy, or a file system below that it cannot use), so
 * that fuse-overlayfs is worth a try? Not when that was to be chosen, and not when what the caller
 * has given us to read may have been read. */
static bool may_come_again(const struct config *config, int number)
{
	for (size_t i = 0; i < config->mounts_count; i++)
		if (config->mounts[i].kind == MOUNT_FILE)
			return false;
	return config->layer_place == LAYER_AUTO &&
	       (number == ENODEV || number == EPERM || number == EACCES || number == EINVAL ||
		number == EOPNOTSUPP || number == ENOSYS);
}

static int explain(const struct sandbox *sandbox, const struct layer_part *part, const char *failed,
		   struct error *err)
{
	fail(err, "mount a %slayer over %s%s%s",
	     sandbox->plan->config->overlay ? "" : "throw-away ", part->source,
	     failed ? ", option " : "", failed ? failed : "");
	err->again = may_come_again(sandbox->plan->config, err->number);
	/* It was to have a mount point, and nothing else. */
	const char *missing = sandbox->plan->host->missing;
	if (sandbox->plan->config->layer_mode == LAYER_READ_ONLY && missing &&
	    (err->number == ENODEV || err->number == EPERM))
		return fail_remedy(err,
				   "this kernel has no overlay file system for user namespaces "
				   "(Linux 5.11), and one was to add %s, which ROOTFS lacks:\n"
				   "make it there, and what else is missing, empty; or say "
				   "--layer=fuse, with fuse-overlayfs installed",
				   missing);
	if (err->number == ENODEV || err->number == EPERM)
		return fail_remedy(err, "this kernel has no overlay file system for user "
					"namespaces (Linux 5.11 and "
					"the module overlay):\nsay --layer=fuse, with "
					"fuse-overlayfs installed, or --rw to write into ROOTFS "
					"itself, or --read-only to "
					"write nowhere");
	if (err->number == EINVAL)
		return fail_remedy(err,
				   "the file system of %s may not do as a lower layer (another "
				   "overlay, "
				   "NFS):\nsay --layer=fuse, with fuse-overlayfs installed; for "
				   "ROOTFS --rw to write into it, or --read-only to "
				   "write nowhere",
				   part->source);
	if (err->number == ELOOP)
		return fail_remedy(err,
				   "the layer itself lies in that directory: lay it over less, "
				   "or set XDG_DATA_HOME to another place");
	return -1;
}

/* What overlayfs takes is paths: those of our descriptors have no character that it could misread.
 */
static void proc_path(char path[32], int fd)
{
	snprintf(path, 32, "/proc/self/fd/%d", fd);
}

static int take_note(struct sandbox *sandbox, const struct layer_part *part, int *mount,
		     struct error *err)
{
	if (own_mounts_add(&sandbox->own, *mount) < 0)
		return fail(err, "take note of the layer over %s", part->source);
	return steal_fd(mount);
}

int layering_mount(struct sandbox *sandbox, const struct layer_part *part, const int lowers[],
		   size_t count, struct error *err)
{
	char lower_paths[LAYERING_LOWERS * 33], upper_path[32], work_path[32];
	const char *failed;
	size_t used = 0;
	int cleanup_fd parent = part->kept && sandbox->layer >= 0
					? part_on_disk(sandbox, part, err)
					: part_in_memory(sandbox, part, err);

	if (parent < 0 || make_upper(parent, lowers[0], part, err) < 0)
		return -1;
	int cleanup_fd upper =
		openat(parent, "upper", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int cleanup_fd work = openat(parent, "work", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (upper < 0 || work < 0)
		return fail(err, "open the layer over %s", part->source);
	if (sandbox->plan->fuse) {
		int cleanup_fd other = fuse_mount(sandbox, part, parent, lowers, count, err);

		return other < 0 ? -1 : take_note(sandbox, part, &other, err);
	}
	for (size_t i = 0; i < count && i < LAYERING_LOWERS; i++) {
		lower_paths[used] = ':';
		used += i > 0;
		proc_path(lower_paths + used, lowers[i]);
		used += strlen(lower_paths + used);
	}
	proc_path(upper_path, upper);
	proc_path(work_path, work);
	const struct fs_option options[] = {
		{"lowerdir", lower_paths},
		{"upperdir", upper_path},
		{"workdir", work_path},
		/* In a user namespace overlayfs may only use attributes of the user class. */
		{"userxattr", NULL},
		{NULL, NULL},
	};
	int cleanup_fd mount = mount_new("overlay", options, MOUNT_SAFE, &failed);
	if (mount < 0)
		return explain(sandbox, part, failed, err);
	return take_note(sandbox, part, &mount, err);
}
