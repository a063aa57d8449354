/* What the new root is made of, in the order of the command line; child, SETUP. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "bwrap.h"
#include "mounting.h"

/* --- sources: opened, and what is to be bound is cloned, while nothing of ours is mounted yet: a
 * copy of "/" would have it too --- */

/* --bind-fd's is of the caller's mounts, and only what is in our own can be bound: the same file,
 * by its name, or nothing. */
static int reopen(const struct bwrap_op *op, struct error *err)
{
	char link[32], path[4096];
	struct stat given, found;

	snprintf(link, sizeof link, "/proc/self/fd/%d", op->fd);
	ssize_t length = readlink(link, path, sizeof path - 1);
	if (length < 0 || fstat(op->fd, &given) < 0)
		return bwrap_fail(err, "Can't find source path %s", link);
	path[length] = '\0';
	int cleanup_fd fd = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return bwrap_fail(err, "Can't find source path %s", path);
	if (fstat(fd, &found) < 0 || found.st_dev != given.st_dev || found.st_ino != given.st_ino)
		return fail_because(err,
				    "Race condition binding dirfd: %s is no longer what "
				    "descriptor %d has open",
				    path, op->fd);
	return steal_fd(&fd);
}

static int open_source(const char *path, bool optional, int *opened, struct error *err)
{
	*opened = open(path, O_PATH | O_CLOEXEC);
	if (*opened < 0 && !(optional && errno == ENOENT))
		return bwrap_fail(err, "Can't find source path %s", path);
	return 0;
}

static int open_overlay(struct bwrap_request *request, struct bwrap_op *op, struct error *err)
{
	op->lowers_opened =
		arena_alloc(&request->arena, op->lowers_count * sizeof *op->lowers_opened);
	for (size_t i = 0; i < op->lowers_count; i++)
		if (open_source(op->lowers[i], false, &op->lowers_opened[i], err) < 0)
			return -1;
	if (op->upper && (open_source(op->upper, false, &op->upper_opened, err) < 0 ||
			  open_source(op->work, false, &op->work_opened, err) < 0))
		return -1;
	return 0;
}

/* Recursive: else what is covered on the host would be seen. */
static int clone_source(struct bwrap_op *op, struct error *err)
{
	int opened = -1;

	if (op->source && open_source(op->source, op->optional, &opened, err) < 0)
		return -1;
	int cleanup_fd source = op->source ? opened : reopen(op, err);
	if (source < 0)
		return op->source ? 0 : -1;
	op->opened = mount_clone(source, "", true);
	return op->opened < 0 ? bwrap_fail(err, "Can't bind mount %s",
					   op->source ? op->source : "a descriptor")
			      : 0;
}

static int open_one(struct bwrap_request *request, struct bwrap_op *op, struct error *err)
{
	switch (op->kind) {
	case BWRAP_BIND:
	case BWRAP_RO_BIND:
	case BWRAP_DEV_BIND:
		return clone_source(op, err);
	case BWRAP_OVERLAY:
	case BWRAP_TMP_OVERLAY:
	case BWRAP_RO_OVERLAY:
		return open_overlay(request, op, err);
	default:
		return 0;
	}
}

/* A descriptor for each source: more than the soft limit may allow. The command gets that back. */
static void raise_nofile(struct bwrap_sandbox *bwrap)
{
	struct rlimit limit;

	if (bwrap->request->ops_count < 200 || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	bwrap->nofile = limit.rlim_cur;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int run_open(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct bwrap_sandbox *bwrap = bwrap_of(sandbox);
	struct bwrap_request *request = bwrap->request;

	(void)step;
	raise_nofile(bwrap);
	/* What the host mounts later is seen in what was bound, as callers expect; not the other
	 * way round. */
	if (sys_mount(NULL, "/", NULL, MS_REC | MS_SLAVE) < 0)
		return bwrap_fail(err, "Failed to make / slave");
	sandbox->host_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bwrap->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (sandbox->host_root < 0 || bwrap->proc < 0)
		return bwrap_fail(err, "Can't open / and /proc");
	char cwd[4096];
	if (getcwd(cwd, sizeof cwd) && cwd[0] == '/')
		bwrap->cwd = arena_strdup(&request->arena, cwd);
	for (size_t i = 0; i < request->ops_count; i++)
		if (open_one(request, &request->ops[i], err) < 0)
			return -1;
	return 0;
}

static const struct step_kind open_kind = {"open", run_open};

/* --- the root --- */

static int run_root(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	static const struct fs_option options[] = {{"source", "tmpfs"}, {NULL, NULL}};
	const char *failed;

	(void)step;
	sandbox->scratch = mount_new("tmpfs", options, MOUNT_SAFE, &failed);
	if (sandbox->scratch < 0 || mount_attach(sandbox->scratch, sandbox->host_root) < 0)
		return bwrap_fail(err, "Failed to mount tmpfs");
	if (mkdirat(sandbox->scratch, "newroot", 0755) < 0)
		return bwrap_fail(err, "Creating newroot failed");
	sandbox->root = mount_clone(sandbox->scratch, "newroot", false);
	if (sandbox->root < 0 || mount_attach(sandbox->root, sandbox->host_root) < 0)
		return bwrap_fail(err, "Can't attach the new root");
	return 0;
}

static const struct step_kind root_kind = {"root", run_root};

/* --- binds --- */

/*
 * Something is about to be mounted on target: is that the new root itself, which is then another
 * one?
 */
static bool is_root(const struct sandbox *sandbox, int target)
{
	struct own_mounts root = {NULL, 0};
	struct stat ours, there;

	if (fstat(sandbox->root, &ours) < 0 || fstat(target, &there) < 0 ||
	    ours.st_dev != there.st_dev || ours.st_ino != there.st_ino)
		return false;
	bool same = own_mounts_add(&root, sandbox->root) == 0 && own_mounts_has(&root, target);
	free(root.ids);
	return same;
}

/* ".." crosses to what lies on top of the host's root, where "/" does not. */
static int find_root(struct sandbox *sandbox, struct error *err)
{
	int fd = open("/proc/..", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return bwrap_fail(err, "Can't open the new root");
	close(sandbox->root);
	sandbox->root = fd;
	return 0;
}

int bwrap_attached(struct sandbox *sandbox, int target, struct error *err)
{
	return is_root(sandbox, target) ? find_root(sandbox, err) : 0;
}

int bwrap_attach(struct sandbox *sandbox, const struct bwrap_op *op, int mount, enum leaf leaf,
		 struct error *err)
{
	int cleanup_fd target = bwrap_place(sandbox->root, op->target, leaf, bwrap_parents(op));

	if (target < 0)
		return bwrap_fail(
			err, leaf == LEAF_DIRECTORY ? "Can't mkdir %s" : "Can't create file at %s",
			op->target);
	if (mount_attach(mount, target) < 0)
		return bwrap_fail(err, "Can't mount on %s", op->target);
	return bwrap_attached(sandbox, target, err);
}

static int run_bind(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct bwrap_op *op = step->data;
	struct stat st;

	if (op->opened < 0)
		return 0; /* --bind-try, and it is not there */
	if (fstat(op->opened, &st) < 0)
		return bwrap_fail(err, "Can't get type of source %s", step->source);
	if (mount_change(op->opened, step->flags, true) < 0)
		return bwrap_fail(err, "Can't bind mount %s on %s", step->source, op->target);
	return bwrap_attach(sandbox, op, op->opened,
			    S_ISDIR(st.st_mode) ? LEAF_DIRECTORY : LEAF_FILE, err);
}

static int run_remount_ro(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int cleanup_fd target = open_in(sandbox->root, step->target, O_PATH);

	if (target < 0 || mount_change(target, MOUNT_ATTR_RDONLY, false) < 0) {
		bwrap_fail(err, "Can't remount readonly on %s", step->target);
		return err->number == EINVAL ? fail_remedy(err, "nothing is mounted there") : -1;
	}
	return 0;
}

/* --- file systems and what is in them --- */

static int run_tmpfs(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct bwrap_op *op = step->data;
	char mode[16], size[24];
	const struct fs_option options[] = {{"source", "tmpfs"},
					    {"mode", mode},
					    {op->size ? "size" : NULL, size},
					    {NULL, NULL}};
	const char *failed;

	snprintf(mode, sizeof mode, "%#o", (unsigned)op->perms);
	snprintf(size, sizeof size, "%llu", (unsigned long long)op->size);
	int cleanup_fd mount = mount_new("tmpfs", options, MOUNT_SAFE, &failed);
	if (mount < 0)
		return bwrap_fail(err, "Can't mount tmpfs on %s", op->target);
	return bwrap_attach(sandbox, op, mount, LEAF_DIRECTORY, err);
}

static int run_dir(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct bwrap_op *op = step->data;
	struct stat st;
	int there = open_in(sandbox->root, op->target, O_PATH);

	if (there < 0 && errno == ENOENT) {
		char *name;
		int cleanup_fd parent =
			bwrap_place_parent(sandbox->root, op->target, bwrap_parents(op), &name);
		int made = parent < 0 ? -1 : mkdirat(parent, name, (mode_t)op->perms);

		free(name);
		return made < 0 ? bwrap_fail(err, "Can't mkdir %s", op->target) : 0;
	}
	int cleanup_fd fd = there;
	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return bwrap_fail(err, "Can't mkdir %s", op->target);
	}
	return fd < 0 ? bwrap_fail(err, "Can't mkdir %s", op->target) : 0;
}

static int copy(int from, int to)
{
	char block[65536];

	for (;;) {
		ssize_t got = read(from, block, sizeof block);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		if (write_all(to, block, (size_t)got) < 0)
			return -1;
	}
}

/* As creat(2), with links followed inside only. */
static int create(struct sandbox *sandbox, const struct bwrap_op *op)
{
	int fd = open_in(sandbox->root, op->target, O_WRONLY | O_TRUNC | O_NOCTTY | O_NONBLOCK);
	char *name;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	int cleanup_fd parent =
		bwrap_place_parent(sandbox->root, op->target, bwrap_parents(op), &name);
	fd = parent < 0 ? -1
			: openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
				 (mode_t)op->perms);
	free(name);
	return fd;
}

static int run_file(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct bwrap_op *op = step->data;
	int cleanup_fd file = create(sandbox, op);

	if (file < 0)
		return bwrap_fail(err, "Can't create file %s", op->target);
	if (copy(op->fd, file) < 0)
		return bwrap_fail(err, "Can't write data to file %s", op->target);
	return 0;
}

static int run_bind_data(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct bwrap_op *op = step->data;
	static const char name[] = "data"; /* gone again when it is cloned */
	int cleanup_fd file =
		openat(sandbox->scratch, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (file < 0 || fchmod(file, (mode_t)op->perms) < 0)
		return bwrap_fail(err, "Can't create tmpfile for %s", op->target);
	if (copy(op->fd, file) < 0)
		return bwrap_fail(err, "Can't write data to file %s", op->target);
	int cleanup_fd mount = mount_clone(sandbox->scratch, name, false);
	if (mount < 0 || mount_change(mount, step->flags, false) < 0)
		return bwrap_fail(err, "Can't bind mount data on %s", op->target);
	if (bwrap_attach(sandbox, op, mount, LEAF_FILE, err) < 0)
		return -1;
	return unlinkat(sandbox->scratch, name, 0) < 0
		       ? bwrap_fail(err, "Can't remove tmpfile for %s", op->target)
		       : 0;
}

static int link_is_there(const struct bwrap_op *op, int parent, const char *name, struct error *err)
{
	char there[4096];
	ssize_t length = readlinkat(parent, name, there, sizeof there - 1);

	if (length < 0 && errno == EINVAL)
		return fail_because(err,
				    "Can't make symlink at %s: destination exists and is not a "
				    "symlink",
				    op->target);
	if (length < 0)
		return bwrap_fail(err, "Can't make symlink at %s", op->target);
	there[length] = '\0';
	return strcmp(there, op->source) == 0
		       ? 0
		       : fail_because(err, "Can't make symlink at %s: existing destination is %s",
				      op->target, there);
}

static int run_symlink(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct bwrap_op *op = step->data;
	char *name;
	int cleanup_fd parent = bwrap_place_parent(sandbox->root, op->target, 0755, &name);
	int result = 0;

	if (parent < 0)
		result = bwrap_fail(err, "Can't mkdir parents for %s", op->target);
	else if (symlinkat(op->source, parent, name) < 0)
		result = errno == EEXIST ? link_is_there(op, parent, name, err)
					 : bwrap_fail(err, "Can't make symlink at %s", op->target);
	free(name);
	return result;
}

static int run_chmod(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct bwrap_op *op = step->data;
	char path[32];
	int cleanup_fd target = open_in(sandbox->root, op->target, O_PATH);

	/* fchmodat2(2) is of Linux 6.6. The host's /proc is still there. */
	snprintf(path, sizeof path, "self/fd/%d", target);
	if (target < 0 || fchmodat(bwrap_of(sandbox)->proc, path, (mode_t)op->perms, 0) < 0)
		return bwrap_fail(err, "Can't chmod %#o %s", (unsigned)op->perms, op->target);
	return 0;
}

static int run_hostname(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	if (sethostname(step->target, strlen(step->target)) < 0)
		return bwrap_fail(err, "Can't set hostname to %s", step->target);
	return 0;
}

/* --- the end of it --- */

/* See rootfs.c: the scratch mount goes below the host's root first, so that one detach takes both.
 */
static int run_pivot(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int cleanup_fd aside = open_in(sandbox->host_root, "proc", O_PATH | O_DIRECTORY);

	(void)step;
	if (fchdir(sandbox->root) < 0 || sys_pivot_root(".", ".") < 0)
		return bwrap_fail(err, "pivot_root");
	if (aside < 0 || mount_attach(sandbox->scratch, aside) < 0)
		return bwrap_fail(err, "Can't move the private tmpfs out of the way");
	/* They are slaves of the host's mounts: what goes away here does not go away there. */
	if (fchdir(sandbox->host_root) < 0 || sys_umount(".", MNT_DETACH) < 0 ||
	    fchdir(sandbox->root) < 0)
		return bwrap_fail(err, "unmount old root");
	return 0;
}

static const struct step_kind pivot_kind = {"pivot-root", run_pivot};

/* --- the plan --- */

static const struct {
	struct step_kind kind;
	uint64_t flags;
} kinds[BWRAP_KINDS] = {
	[BWRAP_BIND] = {{"bind", run_bind}, MOUNT_SAFE},
	[BWRAP_RO_BIND] = {{"ro-bind", run_bind}, MOUNT_SAFE | MOUNT_ATTR_RDONLY},
	[BWRAP_DEV_BIND] = {{"dev-bind", run_bind}, MOUNT_ATTR_NOSUID},
	[BWRAP_OVERLAY] = {{"overlay", bwrap_run_overlay}, 0},
	[BWRAP_TMP_OVERLAY] = {{"tmp-overlay", bwrap_run_overlay}, 0},
	[BWRAP_RO_OVERLAY] = {{"ro-overlay", bwrap_run_overlay}, 0},
	[BWRAP_PROC] = {{"proc", bwrap_run_proc}, 0},
	[BWRAP_DEV] = {{"dev", bwrap_run_dev}, 0},
	[BWRAP_TMPFS] = {{"tmpfs", run_tmpfs}, 0},
	[BWRAP_MQUEUE] = {{"mqueue", bwrap_run_mqueue}, 0},
	[BWRAP_DIR] = {{"mkdir", run_dir}, 0},
	[BWRAP_FILE] = {{"file", run_file}, 0},
	[BWRAP_BIND_DATA] = {{"bind-data", run_bind_data}, MOUNT_SAFE},
	[BWRAP_RO_BIND_DATA] = {{"ro-bind-data", run_bind_data}, MOUNT_SAFE | MOUNT_ATTR_RDONLY},
	[BWRAP_SYMLINK] = {{"symlink", run_symlink}, 0},
	[BWRAP_REMOUNT_RO] = {{"remount", run_remount_ro}, 0},
	[BWRAP_CHMOD] = {{"chmod", run_chmod}, 0},
	[BWRAP_HOSTNAME] = {{"hostname", run_hostname}, 0},
};

static const char because[] = "command line";

void bwrap_mounts_plan(struct plan *plan, struct bwrap_request *request)
{
	plan_add(plan, PHASE_SETUP, &open_kind, NULL);
	plan_add(plan, PHASE_SETUP, &root_kind, NULL)->target = "/";
	for (size_t i = 0; i < request->ops_count; i++) {
		const struct bwrap_op *op = &request->ops[i];
		struct step *step = plan_add(plan, PHASE_SETUP, &kinds[op->kind].kind, because);

		step->flags = kinds[op->kind].flags;
		step->source = op->source    ? op->source
			       : op->fd >= 0 ? arena_printf(&plan->arena, "descriptor %d", op->fd)
					     : NULL;
		step->target = op->target;
		step->data = op;
	}
	plan_add(plan, PHASE_SETUP, &pivot_kind, NULL);
}
