/* Binds, tmpfs, masks, links, directories and files from the command line or profile: see mounts.h.
 */
#include "mounts.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "layering.h"
#include "mounting.h"
#include "sandbox.h"

static int on_target(struct error *err, const char *what, const struct step *step)
{
	if (step->source)
		fail(err, "%s %s on %s", what, step->source, step->target);
	else
		fail(err, "%s %s", what, step->target);
	return fail_remedy(err, "%s", mount_hint(err->number));
}

/* On the host's "/" lie our private tmpfs and the new root, and so they do on a copy of it: from
 * there they go. */
static int uncover(struct sandbox *sandbox, int mount, const char *target)
{
	struct own_mounts copy = {NULL, 0};
	int result = own_mounts_add(&copy, mount);

	while (result == 0) {
		int cleanup_fd top = open_in(sandbox->root, target, O_PATH | O_DIRECTORY);

		if (top >= 0 && own_mounts_has(&copy, top))
			break;
		result = top < 0 || errno != EXDEV || fchdir(top) < 0 ? -1
								      : sys_umount(".", MNT_DETACH);
	}
	free(copy.ids);
	return result;
}

/* step->data is the mount_op; step->source has no link in it (host_sources.c), so one that is met
 * now has been put there since. */
static int run_bind(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct mount_op *op = step->data;
	struct stat st;
	int cleanup_fd source = open_in_no_links(sandbox->host_root, step->source, O_PATH);

	if (source < 0 || fstat(source, &st) < 0)
		return fail(err, "bind %s", step->source);
	int cleanup_fd mount = mount_clone(source, "", true);
	int cleanup_fd target =
		open_or_make_in(sandbox->root, step->target,
				S_ISDIR(st.st_mode) ? LEAF_DIRECTORY : LEAF_FILE, &sandbox->own);
	if (mount < 0 || target < 0 || mount_attach(mount, target) < 0)
		return on_target(err, "bind", step);
	/* The command's own home is for whatever is to be shown in it. */
	if (op->option == OPT_HOME && own_mounts_add(&sandbox->own, mount) < 0)
		return fail(err, "take note of %s", step->target);
	if (strcmp(step->source, "/") == 0 && uncover(sandbox, mount, step->target) < 0)
		return on_target(err, "uncover", step);
	return mount_change(mount, step->flags, true) < 0 ? on_target(err, "bind", step) : 0;
}

/* A bind whose source stays as it is: step->data is the layer's part. */
static int run_layer_bind(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int cleanup_fd source =
		open_in_no_links(sandbox->host_root, step->source, O_PATH | O_DIRECTORY);

	if (source < 0) {
		fail(err, "lay a layer over %s", step->source);
		return fail_remedy(err, "%s",
				   err->number == ENOTDIR ? "only a directory can have one"
							  : mount_hint(err->number));
	}
	int cleanup_fd target =
		open_or_make_in(sandbox->root, step->target, LEAF_DIRECTORY, &sandbox->own);
	if (target < 0)
		return on_target(err, "bind", step);
	int cleanup_fd mount = layering_mount(sandbox, step->data, &source, 1, err);
	if (mount < 0)
		return -1;
	if (mount_attach(mount, target) < 0 || mount_change(mount, step->flags, false) < 0)
		return on_target(err, "bind", step);
	return own_mounts_add(&sandbox->layered, mount) < 0
		       ? fail(err, "take note of %s", step->target)
		       : 0;
}

static int run_tmpfs(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct mount_op *op = step->data;
	char size[24], inodes[24], mode[16];
	const struct fs_option options[] = {
		{"size", size},
		{"nr_inodes", inodes},
		{"mode", mode},
		{NULL, NULL},
	};
	const char *failed;

	snprintf(size, sizeof size, "%llu", (unsigned long long)op->size);
	snprintf(inodes, sizeof inodes, "%llu", (unsigned long long)op->inodes);
	snprintf(mode, sizeof mode, "%o", op->mode == (mode_t)-1 ? 0755 : op->mode);
	if (!op->size)
		strcpy(size, "50%");
	if (!op->inodes)
		strcpy(inodes, "1m");
	int cleanup_fd target =
		open_or_make_in(sandbox->root, step->target, LEAF_DIRECTORY, &sandbox->own);
	int cleanup_fd mount =
		target < 0 ? -1 : mount_new("tmpfs", options, (unsigned)step->flags, &failed);
	if (mount < 0 || mount_attach(mount, target) < 0)
		return on_target(err, "mount a tmpfs on", step);
	return own_mounts_add(&sandbox->own, mount) < 0 ? fail(err, "take note of %s", step->target)
							: 0;
}

/* A directory is covered by an empty one, all else by an empty file; links are followed inside. */
static int run_mask(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct stat st;
	int cleanup_fd target = open_in(sandbox->root, step->target, O_PATH);

	/* What is not there yet can be hidden where it costs the host nothing: in a layer. */
	if (target < 0 && errno == ENOENT && sandbox->layered.count)
		target = open_or_make_in(sandbox->root, step->target, LEAF_FILE, &sandbox->layered);
	if (target < 0 || fstat(target, &st) < 0)
		return on_target(err, "mask", step);
	int cleanup_fd mount =
		mount_clone(sandbox->scratch, S_ISDIR(st.st_mode) ? "empty" : "empty-file", false);
	if (mount < 0 || mount_attach(mount, target) < 0 ||
	    mount_change(mount, step->flags, false) < 0)
		return on_target(err, "mask", step);
	return 0;
}

/* The directory that target is to be made in, as a descriptor, and the last part of its name. */
static int open_parent(const struct step *step, struct sandbox *sandbox, const char **name)
{
	char parent[4096];
	size_t length = (size_t)(strrchr(step->target, '/') - step->target);

	*name = step->target + length + 1;
	if (length >= sizeof parent) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(parent, step->target, length);
	parent[length] = '\0';
	int fd = open_or_make_in(sandbox->root, parent, LEAF_DIRECTORY, &sandbox->own);
	if (fd >= 0 && !own_mounts_has(&sandbox->own, fd)) {
		int number = errno;

		close(fd);
		errno = number;
		return -1;
	}
	return fd;
}

static int run_symlink(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const char *name;
	char there[4096];
	int cleanup_fd parent = open_parent(step, sandbox, &name);

	if (parent >= 0 && symlinkat(step->source, parent, name) == 0)
		return 0;
	if (parent >= 0 && errno == EEXIST) {
		ssize_t length = readlinkat(parent, name, there, sizeof there - 1);

		if (length >= 0) {
			there[length] = '\0';
			if (strcmp(there, step->source) == 0)
				return 0;
		}
		errno = EEXIST;
	}
	return on_target(err, "make a link to", step);
}

static int run_mkdir(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct mount_op *op = step->data;
	const struct plan *plan = sandbox->plan;
	const char *name;
	int cleanup_fd there = open_in(sandbox->root, step->target, O_PATH | O_DIRECTORY);

	if (there >= 0)
		return 0;
	int cleanup_fd parent = open_parent(step, sandbox, &name);
	mode_t mode = op->mode == (mode_t)-1 ? 0755 : op->mode;
	if (parent < 0 || mkdirat(parent, name, 0700) < 0)
		return on_target(err, "make the directory", step);
	/* By descriptor: with --rw somebody may be exchanging names in ROOTFS meanwhile. */
	int cleanup_fd made = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (made < 0 || fchmod(made, mode) < 0 ||
	    fchown(made, plan->owner_uid, plan->owner_gid) < 0)
		return on_target(err, "make the directory", step);
	return 0;
}

enum { MAX_FILE = 1 << 28 };

/* Copy what the caller's descriptor gives into a file of the scratch tmpfs. */
static int copy_to_scratch(const struct mount_op *op, int file)
{
	char block[65536];
	size_t total = 0;

	for (;;) {
		ssize_t got = read(op->fd, block, sizeof block);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		total += (size_t)got;
		if (total > MAX_FILE) {
			errno = EFBIG;
			return -1;
		}
		if (write_all(file, block, (size_t)got) < 0)
			return -1;
	}
}

static int run_file(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct mount_op *op = step->data;
	const struct plan *plan = sandbox->plan;
	char name[16];

	snprintf(name, sizeof name, "file-%d", op->fd);
	int cleanup_fd file =
		openat(sandbox->scratch, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0 || copy_to_scratch(op, file) < 0 ||
	    fchmod(file, op->mode == (mode_t)-1 ? 0644 : op->mode) < 0 ||
	    fchown(file, plan->owner_uid, plan->owner_gid) < 0)
		return fail(err, "copy descriptor %d for %s", op->fd, step->target);
	int cleanup_fd mount = mount_clone(sandbox->scratch, name, false);
	int cleanup_fd target =
		open_or_make_in(sandbox->root, step->target, LEAF_FILE, &sandbox->own);
	if (mount < 0 || target < 0 || mount_attach(mount, target) < 0)
		return on_target(err, "put a file on", step);
	return 0;
}

static const struct step_kind layer_bind = {"layer-bind", run_layer_bind};

/* In the order of enum mount_kind. */
static const struct step_kind kinds[] = {
	[MOUNT_BIND] = {"bind", run_bind},         [MOUNT_RO_BIND] = {"ro-bind", run_bind},
	[MOUNT_DEV_BIND] = {"dev-bind", run_bind}, [MOUNT_TMPFS] = {"tmpfs", run_tmpfs},
	[MOUNT_MASK] = {"mask", run_mask},         [MOUNT_SYMLINK] = {"symlink", run_symlink},
	[MOUNT_MKDIR] = {"mkdir", run_mkdir},      [MOUNT_FILE] = {"file", run_file},
};

static uint64_t flags_of(const struct mount_op *op)
{
	uint64_t flags = MOUNT_SAFE | (op->noexec ? MOUNT_ATTR_NOEXEC : 0);

	if (op->kind == MOUNT_DEV_BIND)
		flags &= ~(uint64_t)MOUNT_ATTR_NODEV;
	if (op->kind == MOUNT_RO_BIND || op->kind == MOUNT_MASK)
		flags |= MOUNT_ATTR_RDONLY;
	return flags;
}

static enum step_writes writes_of(const struct mount_op *op)
{
	return op->kind == MOUNT_DEV_BIND ? WRITES_DEVICES
	       : op->kind == MOUNT_BIND || op->kind == MOUNT_TMPFS || op->kind == MOUNT_FILE
		       ? WRITES_FILES
		       : WRITES_NOTHING;
}

/* What was said of it, as it was said: "size=1048576,mode=0700,noexec". */
static const char *describe(struct plan *plan, const struct mount_op *op)
{
	struct arena *arena = &plan->arena;
	const char *text =
		op->kind == MOUNT_FILE ? arena_printf(arena, ",from descriptor %d", op->fd) : "";

	if (op->size)
		text = arena_printf(arena, "%s,size=%llu", text, (unsigned long long)op->size);
	if (op->inodes)
		text = arena_printf(arena, "%s,inodes=%llu", text, (unsigned long long)op->inodes);
	if (op->mode != (mode_t)-1)
		text = arena_printf(arena, "%s,mode=%04o", text, op->mode);
	if (op->noexec)
		text = arena_printf(arena, "%s,noexec", text);
	if (op->layer)
		text = arena_printf(arena, "%s,written to a layer", text);
	return *text ? text + 1 : NULL;
}

/* The caller's, made before there is a sandbox. */
static int run_make(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	return make_directories(step->target) < 0 ? fail(err, "make the directory %s", step->target)
						  : 0;
}

static const struct step_kind make_kind = {"make-directory", run_make};

static void plan_op(struct plan *plan, const struct mount_op *op, const struct source *source)
{
	bool bind =
		op->kind == MOUNT_BIND || op->kind == MOUNT_RO_BIND || op->kind == MOUNT_DEV_BIND;

	if (op->kind == MOUNT_LOWER)
		return; /* the root's: overlay.c */
	if (bind && !source->real)
		return; /* optional, and not there */
	if (bind && source->missing)
		plan_add(plan, PHASE_PREPARE, &make_kind, op->origin)->target = source->real;
	struct step *step = plan_add(plan, PHASE_SETUP, &kinds[op->kind], op->origin);
	step->source = bind ? source->real : op->source;
	step->target = op->target;
	step->options = describe(plan, op);
	step->flags = flags_of(op);
	step->writes = writes_of(op);
	step->data = op;
	for (size_t i = 0; op->layer && i < plan->parts_count; i++) {
		const struct layer_part *part = &plan->parts[i];

		if (part->source == source->real && part->target == op->target) {
			step->kind = &layer_bind;
			step->data = part;
		}
	}
}

/*
 * Over the records of this user's sandboxes, where they are shown: who can speak to their control
 * sockets can start commands in them. The directory is made where there is none yet, so that the
 * name is taken: by a mount point, which nobody inside can exchange for a directory of their own.
 * Where the caller may not make one, nobody inside may either; when it fails for another reason,
 * somebody may a moment later.
 */
static int run_take(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	if (make_directories(step->target) == 0)
		return 0;
	switch (errno) {
	case EACCES:
	case EPERM:
	case EROFS:
	case ENOTDIR:
	case ELOOP:
	case ENAMETOOLONG:
		return 0;
	default:
		return fail(err, "make the directory %s, to hide it", step->target);
	}
}

static int run_hide(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int cleanup_fd there = open_in(sandbox->root, step->target, O_PATH | O_DIRECTORY);

	return there < 0 && errno == ENOENT ? 0 : run_mask(step, sandbox, err);
}

/*
 * The directories on the way to one that is hidden become mount points too, of themselves: else one
 * of them could be renamed from inside, with the mount in it, and another put in its place.
 */
static int run_pin(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int cleanup_fd target = open_in(sandbox->root, step->target, O_PATH | O_DIRECTORY);

	if (target < 0 && errno == ENOENT)
		return 0;
	int cleanup_fd mount = target < 0 ? -1 : mount_clone(target, "", true);
	if (mount < 0 || mount_attach(mount, target) < 0)
		return on_target(err, "keep in its place", step);
	return 0;
}

static const struct step_kind take_kind = {"make-directory", run_take};
static const struct step_kind hide_kind = {"mask", run_hide};
static const struct step_kind pin_kind = {"pin", run_pin};

static void hide_one(struct plan *plan, const struct shown_records *one, const char *target)
{
	const char *slash = one->below;

	if (strcmp(target, "/") == 0)
		target = "";
	while ((slash = strchr(slash + 1, '/')) != NULL)
		plan_add(plan, PHASE_SETUP, &pin_kind, one->what)->target = arena_printf(
			&plan->arena, "%s%.*s", target, (int)(slash - one->below), one->below);
	struct step *step = plan_add(plan, PHASE_SETUP, &hide_kind, one->what);
	step->target = arena_printf(&plan->arena, "%s%s", target, one->below);
	step->flags = MOUNT_SAFE | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC;
}

static void hide_records(struct plan *plan, const struct shown *shown, const char *target)
{
	for (size_t i = 0; i < shown->count; i++) {
		plan_add(plan, PHASE_PREPARE, &take_kind, shown->list[i].what)->target =
			shown->list[i].path;
		hide_one(plan, &shown->list[i], target);
	}
}

int mounts_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	int *files = NULL;

	(void)err;
	for (size_t i = 0; i < plan->host->secrets_count; i++) {
		struct step *step =
			plan_add(plan, PHASE_SETUP, &kinds[MOUNT_MASK], "a secret in /etc");

		step->target = plan->host->secrets[i];
		step->flags = MOUNT_SAFE | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC;
	}
	for (size_t i = 0; i < config->mounts_count; i++) {
		plan_op(plan, &config->mounts[i], &plan->host->sources[i]);
		if (config->mounts[i].kind == MOUNT_FILE)
			*ARENA_APPEND(&plan->arena, files, plan->files.count) =
				config->mounts[i].fd;
	}
	plan->files.fds = files;
	if (config->note)
		plan_say(plan, config->note);
	hide_records(plan, &plan->host->rootfs_records, "/");
	for (size_t i = 0; i < config->mounts_count; i++) {
		const char *target = config->mounts[i].target;

		/* One without a target, --lower, is below the root directory. */
		hide_records(plan, &plan->host->sources[i].records, target ? target : "/");
	}
	return 0;
}
