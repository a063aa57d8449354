/*
 * The scratch tmpfs and the throw-away layer: see overlay.h.
 *
 * One tmpfs holds all that a sandbox writes and forgets: the layer's upper directory, /tmp, /run,
 * /dev and the generated files are directories of it, bound where they belong. That is one file
 * system to make and tear down, and one bound for all of it together.
 */
#include "overlay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "files.h"
#include "mounting.h"
#include "sandbox.h"

/* Half of the memory is tmpfs's own default; inodes are bounded too, for each costs a kilobyte. */
#define SCRATCH_SIZE   "50%"
#define SCRATCH_INODES "1m"

static int run_scratch(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	static const struct fs_option options[] = {
		{"size", SCRATCH_SIZE},
		{"nr_inodes", SCRATCH_INODES},
		{"mode", "0755"},
		{NULL, NULL},
	};
	const char *failed;

	(void)step;
	sandbox->scratch = mount_new("tmpfs", options, MOUNT_SAFE, &failed);
	if (sandbox->scratch < 0)
		return fail(err, "mount the sandbox's private tmpfs%s%s", failed ? ", option " : "",
			    failed ? failed : "");
	/* Below the host's root in our copy of the mounts: out of the way of every path that is
	 * still to be resolved there, and gone with it at the end. */
	if (mount_attach(sandbox->scratch, sandbox->host_root) < 0)
		return fail(err, "attach the sandbox's private tmpfs");
	return 0;
}

static const struct step_kind scratch = {"scratch", run_scratch};

/* The layer shows ROOTFS's own mode and owner on "/". */
static int make_upper(int parent, int rootfs, struct error *err)
{
	struct stat st;

	if (mkdirat(parent, "upper", 0755) < 0 || mkdirat(parent, "work", 0755) < 0)
		return fail(err, "make the directories of the throw-away layer");
	if (fstat(rootfs, &st) < 0 || fchmodat(parent, "upper", st.st_mode & 07777, 0) < 0)
		return fail(err, "give the throw-away layer the mode of the root file system");
	/* Ids that are not mapped here cannot be given; then "/" belongs to the caller's. */
	(void)!fchownat(parent, "upper", st.st_uid, st.st_gid, 0);
	return 0;
}

/* What overlayfs takes is paths: those of our descriptors have no character that it could misread.
 */
static void proc_path(char path[32], int fd)
{
	snprintf(path, 32, "/proc/self/fd/%d", fd);
}

static int explain_overlay(const struct step *step, const char *failed, struct error *err)
{
	fail(err, "mount a throw-away layer over %s%s%s", step->source, failed ? ", option " : "",
	     failed ? failed : "");
	if (err->number == ENODEV || err->number == EPERM)
		return fail_remedy(err, "this kernel has no overlay file system for user "
					"namespaces (Linux 5.11 and "
					"the module overlay):\nsay --rw to write into ROOTFS "
					"itself, or --read-only to "
					"write nowhere");
	if (err->number == EINVAL)
		return fail_remedy(
			err,
			"the file system of ROOTFS may not do as a lower layer (another overlay, "
			"NFS):\nsay --rw to write into ROOTFS itself, or --read-only to write "
			"nowhere");
	return -1;
}

static int run_layer(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	char lower_path[32], upper_path[32], work_path[32];
	/* The supervisor's descriptor of the directory belongs to its own mounts; overlayfs wants
	 * ours. */
	int cleanup_fd disk = sandbox->layer < 0
				      ? -1
				      : open_in_no_links(sandbox->host_root, sandbox->layer_path,
							 O_RDONLY | O_DIRECTORY);
	int parent = sandbox->layer >= 0 ? disk : sandbox->scratch;
	const char *failed;

	if (parent < 0)
		return fail(err, "open the throw-away layer %s", sandbox->layer_path);
	if (make_upper(parent, sandbox->rootfs, err) < 0)
		return -1;
	int cleanup_fd upper = openat(parent, "upper", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int cleanup_fd work = openat(parent, "work", O_PATH | O_DIRECTORY | O_CLOEXEC);
	proc_path(lower_path, sandbox->rootfs);
	proc_path(upper_path, upper);
	proc_path(work_path, work);
	const struct fs_option options[] = {
		{"lowerdir", lower_path},
		{"upperdir", upper_path},
		{"workdir", work_path},
		/* In a user namespace overlayfs may only use attributes of the user class. */
		{"userxattr", NULL},
		{NULL, NULL},
	};
	sandbox->root = mount_new("overlay", options, MOUNT_SAFE, &failed);
	if (sandbox->root < 0)
		return explain_overlay(step, failed, err);
	if (mount_attach(sandbox->root, sandbox->host_root) < 0)
		return fail(err, "attach the throw-away layer");
	return own_mounts_add(&sandbox->own, sandbox->root) < 0
		       ? fail(err, "take note of the throw-away layer")
		       : 0;
}

static const struct step_kind layer = {"layer", run_layer};

/* As mkdir -p. A file system may say EROFS or EACCES of a directory that is there. */
static int make_directories(const char *path)
{
	for (const char *p = path; p;) {
		p = strchr(p + 1, '/');
		char *part = strndup(path, p ? (size_t)(p - path) : strlen(path));
		int number = part && mkdir(part, 0700) < 0 ? errno : 0;
		bool there = part && (number == 0 || access(part, F_OK) == 0);

		free(part);
		if (!there) {
			errno = number ? number : ENOMEM;
			return -1;
		}
	}
	return 0;
}

/* Directories in here are removed: it must be ours alone, and not a link to something else that is
 * ours. */
int overlay_open_layers(const char *path)
{
	struct stat st;
	int cleanup_fd fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH)) {
		errno = EPERM;
		return -1;
	}
	return steal_fd(&fd);
}

/* A layer on disk: a directory of our own, held by a lock so that one which is left behind (power
 * loss) is known as stale by whoever comes next. */
static int run_layer_directory(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	char *path = NULL;

	if (make_directories(step->target) < 0)
		return fail(err, "make the directory %s for the throw-away layer", step->target);
	int cleanup_fd parent = overlay_open_layers(step->target);
	if (parent < 0) {
		fail(err, "use the directory %s for the throw-away layer", step->target);
		return fail_remedy(err, "it has to be a directory of yours, no link, that nobody "
					"else can write to");
	}
	/* Somebody's watcher may take ours for a stale one in the moment before it is locked. */
	for (int i = 0; i < 16 && sandbox->layer < 0; i++) {
		free(sandbox->layer_path);
		sandbox->layer_path = NULL;
		if (asprintf(&path, "%s/" LAYER_PREFIX "XXXXXX", step->target) < 0 ||
		    !mkdtemp(path)) {
			free(path);
			return fail(err, "make a directory for the throw-away layer in %s",
				    step->target);
		}
		sandbox->layer_path = path;
		sandbox->layer = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (sandbox->layer >= 0 && flock(sandbox->layer, LOCK_EX | LOCK_NB) < 0)
			close_cleanup(&sandbox->layer), sandbox->layer = -1;
	}
	return sandbox->layer < 0 ? fail(err, "lock the throw-away layer %s", path) : 0;
}

static const struct step_kind layer_directory = {"layer-directory", run_layer_directory};

/* On disk, below the user's cache: the directory may become as large as what is written. */
static const char *disk_parent(struct plan *plan)
{
	const char *cache = getenv("XDG_CACHE_HOME");

	if (cache && *cache == '/')
		return arena_printf(&plan->arena, "%s/sandbox/layers", cache);
	if (plan->host->home)
		return arena_printf(&plan->arena, "%s/.cache/sandbox/layers", plan->host->home);
	return NULL;
}

int overlay_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	const struct host *host = plan->host;

	plan->has_layer =
		!host->rootfs_is_host && (config->layer_mode == LAYER_THROW_AWAY ||
					  (config->layer_mode == LAYER_READ_ONLY && host->missing));
	if (plan->has_layer && config->layer_mode == LAYER_THROW_AWAY &&
	    (config->layer_place == LAYER_DISK ||
	     (config->layer_place == LAYER_AUTO && !host->tmpfs_user_xattrs))) {
		plan->layer_parent = disk_parent(plan);
		if (!plan->layer_parent)
			return fail_because(err, "cannot keep the layer on disk: neither "
						 "XDG_CACHE_HOME nor HOME is set");
		struct step *step = plan_add(plan, PHASE_PREPARE, &layer_directory,
					     config->layer_place == LAYER_DISK
						     ? config_origin(config, OPT_LAYER)
						     : "tmpfs has no user attributes here");
		step->target = plan->layer_parent;
	}
	struct step *step = plan_add(plan, PHASE_SETUP, &scratch, NULL);
	step->options = "tmpfs size=" SCRATCH_SIZE " nr_inodes=" SCRATCH_INODES;
	return 0;
}

void overlay_plan_root(struct plan *plan)
{
	const struct config *config = plan->config;
	bool read_only = config->layer_mode == LAYER_READ_ONLY;
	struct step *step = plan_add(plan, PHASE_SETUP, &layer,
				     read_only ? "a mount point is missing in ROOTFS" : NULL);

	step->source = plan->host->rootfs;
	step->target = "/";
	step->options = plan->layer_parent ? "upper on disk" : "upper in memory";
}
