/*
 * The scratch tmpfs and the layer over ROOTFS, thrown away or kept: see overlay.h.
 *
 * One tmpfs holds all that a sandbox writes and forgets: the layer's upper directory, /tmp, /run,
 * /dev and the generated files are directories of it, bound where they belong. That is one file
 * system to make and tear down, and one bound for all of it together.
 */
#include "overlay.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "files.h"
#include "fuse.h"
#include "layering.h"
#include "mounting.h"
#include "store.h"

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

static int open_lower(struct sandbox *sandbox, const struct mount_op *op, const char *path,
		      struct error *err)
{
	int fd = open_in_no_links(sandbox->host_root, path, O_PATH | O_DIRECTORY);

	return fd < 0 ? fail(err, "lay %s over the root (%s)", path, op->origin) : fd;
}

/* step->data is the layer's part. */
static int run_layer(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	const struct config *config = plan->config;
	int lowers[LAYERING_LOWERS];
	size_t count = 0;

	for (size_t i = config->mounts_count; i-- > 0;) {
		if (config->mounts[i].kind != MOUNT_LOWER)
			continue;
		lowers[count] =
			open_lower(sandbox, &config->mounts[i], plan->host->sources[i].real, err);
		if (lowers[count++] < 0)
			return -1; /* the child ends, and with it what it has open */
	}
	lowers[count++] = sandbox->rootfs;
	sandbox->root = layering_mount(sandbox, step->data, lowers, count, err);
	while (count-- > 1)
		close(lowers[count - 1]);
	if (sandbox->root < 0)
		return -1;
	return mount_attach(sandbox->root, sandbox->host_root) < 0
		       ? fail(err, "attach the layer over %s", step->source)
		       : 0;
}

static const struct step_kind layer = {"layer", run_layer};

/* Directories in here are removed: it must be ours alone, and not a link to something else that is
 * ours. */
int overlay_open_layers(const char *path)
{
	return open_own_directory(path);
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
		sandbox->layer_path = path = NULL;
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

/* The paths at which this run may make mount points: what is empty there is no change. */
static void add_targets(const struct plan *plan, struct record *record, struct arena *arena)
{
	static const char *const fixed[] = {
		"/proc",       "/sys",       "/dev",          "/tmp",
		"/run",        "/etc/hosts", "/etc/hostname", "/etc/resolv.conf",
		"/etc/passwd", "/etc/group"};
	const struct config *config = plan->config;
	const char *path = NULL;

	for (size_t i = 0; i <= sizeof fixed / sizeof *fixed + config->mounts_count; i++) {
		size_t own = i - sizeof fixed / sizeof *fixed - 1;
		bool known = false;

		path = i == 0                              ? plan->identity.home
		       : i <= sizeof fixed / sizeof *fixed ? fixed[i - 1]
							   : config->mounts[own].target;
		for (size_t j = 0; j < record->count && path; j++)
			known |= strcmp(record->lines[j].key, "target") == 0 &&
				 strcmp(record->lines[j].value, path) == 0;
		if (path && !known)
			record_add(record, arena, "target", path);
	}
}

static int other_lowers(const struct plan *plan, const char *had, struct error *err)
{
	fail_because(err,
		     "the layer %s lies over ROOTFS with %s between, and this run says otherwise",
		     plan->config->overlay, had ? had : "nothing");
	return fail_remedy(err, "give the same --lower as at first, in the same order, or choose "
				"another name for --overlay");
}

/* What --lower has laid between ROOTFS and the layer, the lowest first: what was changed over one
 * is not to be shown over another. new: the layer has not been over ROOTFS yet. */
static int add_lowers(const struct plan *plan, struct record *record, bool new, struct arena *arena,
		      struct error *err)
{
	const struct config *config = plan->config;
	const char *had = NULL;
	size_t known = 0;

	for (size_t i = 0; i < record->count && !new; i++)
		if (strcmp(record->lines[i].key, "lower") == 0)
			had = had ? arena_printf(arena, "%s, %s", had, record->lines[i].value)
				  : record->lines[i].value;
	for (size_t i = 0; i < config->mounts_count; i++) {
		const char *path = plan->host->sources[i].real;

		if (config->mounts[i].kind != MOUNT_LOWER)
			continue;
		if (new) {
			record_add(record, arena, "lower", path);
			continue;
		}
		while (known < record->count && strcmp(record->lines[known].key, "lower") != 0)
			known++;
		if (known == record->count || strcmp(record->lines[known++].value, path) != 0)
			return other_lowers(plan, had, err);
	}
	for (; known < record->count && !new; known++)
		if (strcmp(record->lines[known].key, "lower") == 0)
			return other_lowers(plan, had, err);
	return 0;
}

/* Part lines come in threes: its name, what it lies over, where it is seen. */
static int add_parts(const struct plan *plan, struct record *record, struct arena *arena,
		     struct error *err)
{
	for (size_t i = 0; i < plan->parts_count; i++) {
		const struct layer_part *part = &plan->parts[i];
		bool known = false;

		if (!part->kept)
			continue;
		for (size_t j = 0; j + 1 < record->count; j++) {
			if (strcmp(record->lines[j].key, "part") != 0 ||
			    strcmp(record->lines[j].value, part->name) != 0)
				continue;
			known = true;
			if (strcmp(record->lines[j + 1].value, part->source) == 0)
				continue;
			fail_because(err, "the layer %s lies over %s, not over %s",
				     plan->config->overlay, record->lines[j + 1].value,
				     part->source);
			return fail_remedy(err,
					   "choose another name for --overlay, or drop that "
					   "layer: sandbox discard %s",
					   plan->config->overlay);
		}
		if (strcmp(part->name, LAYER_PART_ROOT) == 0 &&
		    add_lowers(plan, record, !known, arena, err) < 0)
			return -1;
		if (known)
			continue;
		record_add(record, arena, "part", part->name);
		record_add(record, arena, "over", part->source);
		record_add(record, arena, "seen", part->target);
	}
	return 0;
}

/* How ids of the inside are to be shown by `sandbox diff`. */
static const char *ids_of(const struct plan *plan)
{
	if (plan->host->rootfs_subordinate)
		return "subordinate";
	return plan->config->userns == USERNS_KEEP_ID ? "keep" : "caller";
}

/* Is nothing in any part of the layer yet, as when it could not be mounted? */
static bool is_untouched(const struct record *record, int directory)
{
	char path[PATH_MAX];
	size_t count = 0;

	for (size_t i = 0; i < record->count; i++) {
		if (strcmp(record->lines[i].key, "part") != 0)
			continue;
		snprintf(path, sizeof path, "%s/upper", record->lines[i].value);
		DIR *stream =
			fdopendir(openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		if (!stream && errno != ENOENT)
			return false;
		for (struct dirent *entry; stream && (entry = readdir(stream));)
			count +=
				strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
		if (stream)
			closedir(stream);
	}
	return count == 0;
}

static int update_record(const struct plan *plan, int directory, struct error *err)
{
	struct arena arena = {NULL};
	struct record record = {0};
	struct timespec now;
	int result = 0;

	if (record_read(&record, &arena, directory, "record") < 0) {
		if (errno != ENOENT)
			result =
				fail(err, "read the record of the layer %s", plan->config->overlay);
		/* Files have the times of a coarser clock, or of this one (multigrain timestamps,
		 * Linux 6.13): neither is ahead of it. */
		clock_gettime(CLOCK_REALTIME, &now);
		record_add(&record, &arena, "began",
			   arena_printf(&arena, "%lld.%09ld", (long long)now.tv_sec, now.tv_nsec));
		record_add(&record, &arena, "ids", ids_of(plan));
		if (plan->fuse)
			record_add(&record, &arena, "by", "fuse-overlayfs");
		if (plan->config->rootfs_name)
			record_add(&record, &arena, "rootfs", plan->config->rootfs_name);
	}
	if (result == 0 && plan->fuse && !record_get(&record, "by") &&
	    is_untouched(&record, directory))
		record_add(&record, &arena, "by", "fuse-overlayfs");
	if (result == 0 && plan->fuse != (record_get(&record, "by") != NULL)) {
		fail_because(err, "the layer %s is %s's", plan->config->overlay,
			     plan->fuse ? "the kernel" : "fuse-overlayfs");
		result = fail_remedy(err, "%s, or commit or discard it first",
				     plan->fuse ? "leave out --layer=fuse" : "say --layer=fuse");
	}
	if (result == 0)
		result = add_parts(plan, &record, &arena, err);
	if (result == 0) {
		add_targets(plan, &record, &arena);
		if (record_write(&record, directory, "record") < 0)
			result = fail(err, "write the record of the layer %s",
				      plan->config->overlay);
	}
	arena_free(&arena);
	return result;
}

/* Has it a commit that did not come to its end? 1 or 0, or -1. */
static int has_commit(int dir)
{
	static const char *const signs[] = {"journal", "done"};

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		if (faccessat(dir, signs[i], F_OK, 0) == 0)
			return 1;
		if (errno != ENOENT)
			return -1;
	}
	return 0;
}

/* A layer that is kept: ours for as long as anything of this sandbox lives. */
static int run_kept_layer(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const char *name = step->source, *path;
	struct arena arena = {NULL};
	int cleanup_fd store = store_open(&arena, STORE_LAYERS, true, &path, err);
	char *joined = NULL;
	int result = -1;

	if (store >= 0 && asprintf(&joined, "%s/%s", path, name) < 0)
		joined = NULL;
	arena_free(&arena);
	if (store < 0 || !joined) {
		free(joined);
		return -1;
	}
	if (mkdirat(store, name, 0700) < 0 && errno != EEXIST)
		fail(err, "make the layer %s", joined);
	else if ((sandbox->layer = store_open_entry(store, STORE_LAYERS, name, err)) >= 0)
		result = store_lock(sandbox->layer, true, "use", STORE_LAYERS, name, err);
	int interrupted = result == 0 ? has_commit(sandbox->layer) : 0;
	if (interrupted < 0)
		result = fail(err, "see whether the layer %s is whole", name);
	if (interrupted > 0) {
		fail_because(err, "a commit of the layer %s was interrupted", name);
		result = fail_remedy(err, "finish it first: sandbox commit %s", name);
	}
	if (result == 0)
		result = update_record(sandbox->plan, sandbox->layer, err);
	/* The child opens it again with no link on the way. */
	sandbox->layer_path = result == 0 ? realpath(joined, NULL) : NULL;
	free(joined);
	return result == 0 && !sandbox->layer_path ? fail(err, "find the layer %s", name) : result;
}

static const struct step_kind kept_layer = {"kept-layer", run_kept_layer};

/* A root file system of the store is not to be removed or committed to while a sandbox is on it,
 * nor to be written to by one (--rw) while it is the base of others. */
static int run_hold(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct arena arena = {NULL};
	bool alone = sandbox->plan->config->layer_mode == LAYER_READ_WRITE;
	int cleanup_fd store = store_open(&arena, STORE_ROOTFS, false, NULL, err);

	arena_free(&arena);
	if (store < 0)
		return -1;
	sandbox->base = store_open_entry(store, STORE_ROOTFS, step->source, err);
	if (sandbox->base < 0)
		return -1;
	return store_lock(sandbox->base, alone, alone ? "write into" : "use", STORE_ROOTFS,
			  step->source, err);
}

static const struct step_kind hold = {"hold", run_hold};

/* All that gets a layer of its own. */
static void list_parts(struct plan *plan)
{
	const struct config *config = plan->config;

	if (plan->has_layer)
		layering_add(plan, plan->host->rootfs, "/", config->layer_mode == LAYER_THROW_AWAY);
	for (size_t i = 0; i < config->mounts_count; i++)
		if (config->mounts[i].layer && plan->host->sources[i].real)
			layering_add(plan, plan->host->sources[i].real, config->mounts[i].target,
				     true);
}

static int plan_kept(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	bool any = false;

	for (size_t i = 0; i < plan->parts_count; i++)
		any |= plan->parts[i].kept;
	if (!any) {
		fail_because(err, "--overlay %s: there is nothing for the layer to lie over",
			     config->overlay);
		return fail_remedy(err, "it lies over a ROOTFS that is a directory (without --rw "
					"and --read-only), and over binds with the option O:\n"
					"--bind .:/src:O");
	}
	struct step *step =
		plan_add(plan, PHASE_PREPARE, &kept_layer, config_origin(config, OPT_OVERLAY));
	step->source = config->overlay;
	return 0;
}

static int plan_place(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	bool by_choice = config->layer_place == LAYER_DISK, any = false;

	for (size_t i = 0; i < plan->parts_count; i++)
		any |= plan->parts[i].kept;
	if (!any ||
	    (!by_choice && (config->layer_place == LAYER_MEMORY || plan->host->tmpfs_user_xattrs)))
		return 0;
	plan->layer_parent = disk_parent(plan);
	if (!plan->layer_parent)
		return fail_because(err, "cannot keep the layer on disk: neither "
					 "XDG_CACHE_HOME nor HOME is set");
	struct step *step = plan_add(plan, PHASE_PREPARE, &layer_directory,
				     by_choice ? config_origin(config, OPT_LAYER)
					       : "tmpfs has no user attributes here");
	step->target = plan->layer_parent;
	return 0;
}

static size_t count_lowers(const struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->mounts_count; i++)
		count += config->mounts[i].kind == MOUNT_LOWER;
	return count;
}

int overlay_plan_private(struct plan *plan, struct error *err)
{
	plan->layer_parent = disk_parent(plan);
	if (!plan->layer_parent)
		return fail_because(err, "cannot make a private directory for the command: neither "
					 "XDG_CACHE_HOME nor HOME is set");
	plan->private_directory =
		arena_printf(&plan->arena, "%s/" LAYER_PREFIX "XXXXXX", plan->layer_parent);
	plan_add(plan, PHASE_PREPARE, &layer_directory,
		 config_origin(plan->config, OPT_CONFINE_ONLY))
		->target = plan->layer_parent;
	return 0;
}

int overlay_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	const struct host *host = plan->host;
	struct step *step;

	size_t lowers = count_lowers(config);
	plan->has_layer = !host->rootfs_is_host &&
			  (config->layer_mode == LAYER_THROW_AWAY ||
			   (config->layer_mode == LAYER_READ_ONLY && (host->missing || lowers)));
	if (lowers && !plan->has_layer)
		return fail_because(err, "--lower needs a ROOTFS that is a directory, and no --rw");
	if (lowers >= LAYERING_LOWERS)
		return fail_because(err, "--lower was given %zu times, and can be %d times", lowers,
				    LAYERING_LOWERS - 1);
	list_parts(plan);
	if (fuse_plan(plan, err) < 0)
		return -1;
	if (plan->fuse && lowers && config->overlay && plan->parts[0].kept) {
		fail_because(err, "a kept layer over several directories (--lower) takes the "
				  "kernel's overlay, and this one would be fuse-overlayfs's");
		return fail_remedy(err, "leave out --overlay or --lower");
	}
	if (config->rootfs_name) {
		step = plan_add(plan, PHASE_PREPARE, &hold, "ROOTFS is in the store");
		step->source = config->rootfs_name;
	}
	if ((config->overlay ? plan_kept(plan, err) : plan_place(plan, err)) < 0)
		return -1;
	if (config->overlay_size && (config->overlay || plan->layer_parent)) {
		fail_because(err, "--overlay-size (%s) cannot be enforced: the layer is on disk",
			     config_origin(config, OPT_OVERLAY_SIZE));
		return fail_remedy(err, "a layer in memory can be limited: leave out --overlay and "
					"--layer=disk (and Linux 6.6 is needed)");
	}
	step = plan_add(plan, PHASE_SETUP, &scratch, NULL);
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
	const char *text = plan->layer_parent              ? "upper on disk"
			   : config->overlay && !read_only ? "upper kept"
							   : "upper in memory";
	for (size_t i = 0; i < config->mounts_count; i++)
		if (config->mounts[i].kind == MOUNT_LOWER)
			text = arena_printf(&plan->arena, "%s, over %s", text,
					    plan->host->sources[i].real);
	if (plan->fuse)
		text = arena_printf(&plan->arena, "%s, by fuse-overlayfs", text);
	if (config->overlay_size)
		text = arena_printf(&plan->arena, "%s, size=%llu", text,
				    (unsigned long long)config->overlay_size);
	step->options = text;
	step->writes = read_only ? WRITES_NOTHING : WRITES_FILES;
	step->data = &plan->parts[0];
}
