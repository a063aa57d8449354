/* procfs, /dev, message queues and overlays; child, SETUP. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "bwrap.h"
#include "mounting.h"

static const struct fs_option proc_options[] = {{"source", "proc"}, {NULL, NULL}};
static const struct fs_option mqueue_options[] = {{"source", "mqueue"}, {NULL, NULL}};

/*
 * What could steer the machine is made read-only where it can be written at all: by root without a
 * user namespace. below: /proc as it is inside, opened anew, so that mounts in it are seen.
 */
static int cover_proc(struct sandbox *sandbox, const struct bwrap_op *op, struct error *err)
{
	static const char *const covered[] = {"sys", "sysrq-trigger", "irq", "bus"};
	int cleanup_fd proc = open_in(sandbox->root, op->target, O_PATH | O_DIRECTORY);

	if (proc < 0)
		return bwrap_fail(err, "Can't open %s", op->target);
	for (size_t i = 0; i < sizeof covered / sizeof *covered; i++) {
		if (faccessat(proc, covered[i], W_OK, AT_EACCESS) < 0) {
			if (errno == EACCES || errno == ENOENT || errno == EROFS || errno == EPERM)
				continue;
			return bwrap_fail(err, "Can't access %s/%s", op->target, covered[i]);
		}
		int cleanup_fd place = openat(proc, covered[i], O_PATH | O_CLOEXEC | O_NOFOLLOW);
		int cleanup_fd mount = place < 0 ? -1 : mount_clone(place, "", true);
		if (mount < 0 || mount_change(mount, MOUNT_SAFE | MOUNT_ATTR_RDONLY, true) < 0 ||
		    mount_attach(mount, place) < 0)
			return bwrap_fail(err, "Can't cover %s/%s", op->target, covered[i]);
	}
	return 0;
}

int bwrap_run_proc(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct bwrap_op *op = step->data;
	const struct bwrap_request *request = bwrap_request_of(sandbox);
	bool fresh = request->unshare_pid || request->pidns >= 0;
	const char *failed;
	int cleanup_fd mount =
		fresh ? mount_new("proc", proc_options, MOUNT_SAFE | MOUNT_ATTR_NOEXEC, &failed)
		      : mount_clone(bwrap_of(sandbox)->proc, "", true);

	if (mount < 0 || (!fresh && mount_change(mount, MOUNT_SAFE, true) < 0)) {
		bwrap_fail(err, "Can't mount proc on %s", op->target);
		return err->number == EPERM
			       ? fail_remedy(err, "where parts of /proc are covered, as in "
						  "containers, the kernel allows no new one: bind "
						  "the one that is there")
			       : -1;
	}
	if (bwrap_attach(sandbox, op, mount, LEAF_DIRECTORY, err) < 0)
		return -1;
	return cover_proc(sandbox, op, err);
}

int bwrap_run_mqueue(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct bwrap_op *op = step->data;
	const char *failed;
	int cleanup_fd mount = mount_new("mqueue", mqueue_options, 0, &failed);

	if (mount < 0)
		return bwrap_fail(err, "Can't mount mqueue on %s", op->target);
	return bwrap_attach(sandbox, op, mount, LEAF_DIRECTORY, err);
}

/* --- /dev --- */

/* A device of the host's, at name in dev. */
static int bind_device(int host_root, const char *source, int dev, const char *name,
		       struct error *err)
{
	int cleanup_fd made = openat(dev, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444);
	int cleanup_fd place = openat(dev, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int cleanup_fd mount = mount_clone(host_root, source + 1, false);

	if (made < 0 || place < 0 || mount < 0 ||
	    mount_change(mount, MOUNT_ATTR_NOSUID, false) < 0 || mount_attach(mount, place) < 0)
		return bwrap_fail(err, "Can't bind mount %s on %s in the new /dev", source, name);
	return 0;
}

static int fill_dev(struct sandbox *sandbox, int dev, struct error *err)
{
	static const char *const nodes[] = {"/dev/null",   "/dev/zero",    "/dev/full",
					    "/dev/random", "/dev/urandom", "/dev/tty"};
	static const struct {
		const char *to, *name;
	} links[] = {{"/proc/self/fd/0", "stdin"},  {"/proc/self/fd/1", "stdout"},
		     {"/proc/self/fd/2", "stderr"}, {"/proc/self/fd", "fd"},
		     {"/proc/kcore", "core"},       {"pts/ptmx", "ptmx"}};
	const char *tty = bwrap_request_of(sandbox)->tty;

	for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
		if (bind_device(sandbox->host_root, nodes[i], dev, nodes[i] + 5, err) < 0)
			return -1;
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		if (symlinkat(links[i].to, dev, links[i].name) < 0)
			return bwrap_fail(err, "Can't create symlink %s in the new /dev",
					  links[i].name);
	if (mkdirat(dev, "shm", 0755) < 0 || mkdirat(dev, "pts", 0755) < 0)
		return bwrap_fail(err, "Can't create shm and pts in the new /dev");
	/* So that ttyname(3) finds the terminal that the command writes to anyway. */
	return tty ? bind_device(sandbox->host_root, tty, dev, "console", err) : 0;
}

int bwrap_run_dev(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	static const struct fs_option mode[] = {
		{"source", "tmpfs"}, {"mode", "0755"}, {NULL, NULL}};
	static const struct fs_option pts_options[] = {
		{"source", "devpts"}, {"ptmxmode", "0666"}, {"mode", "620"}, {NULL, NULL}};
	const struct bwrap_op *op = step->data;
	const char *failed;
	int cleanup_fd mount = mount_new("tmpfs", mode, MOUNT_SAFE, &failed);

	if (mount < 0)
		return bwrap_fail(err, "Can't mount tmpfs on %s", op->target);
	if (bwrap_attach(sandbox, op, mount, LEAF_DIRECTORY, err) < 0 ||
	    fill_dev(sandbox, mount, err) < 0)
		return -1;
	int cleanup_fd place = openat(mount, "pts", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int cleanup_fd pts =
		mount_new("devpts", pts_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, &failed);
	if (place < 0 || pts < 0 || mount_attach(pts, place) < 0)
		return bwrap_fail(err, "Can't mount devpts on %s/pts", op->target);
	return 0;
}

/* --- overlays --- */

/* Where writes go that nobody keeps: beside the new root, which nobody inside sees. */
static int make_upper(struct sandbox *sandbox, const struct bwrap_op *op, int *upper, int *work,
		      struct error *err)
{
	char name[32];

	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof name, "%s-%p", i ? "work" : "upper", (const void *)op);
		if (mkdirat(sandbox->scratch, name, 0755) < 0)
			return bwrap_fail(err, "Creating the directories of --tmp-overlay failed");
		*(i ? work : upper) =
			openat(sandbox->scratch, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	return *upper < 0 || *work < 0 ? bwrap_fail(err, "Can't open what --tmp-overlay writes to")
				       : 0;
}

/* Directories are named by our descriptors: no character of theirs can be misread. */
static int write_options(char *options, size_t size, const struct bwrap_op *op, int upper, int work)
{
	size_t used = 0;

	if (upper >= 0)
		used = (size_t)snprintf(options, size,
					"upperdir=/proc/self/fd/%d,workdir=/proc/self/fd/%d,",
					upper, work);
	for (size_t i = 0; i < op->lowers_count && used < size; i++)
		used += (size_t)snprintf(options + used, size - used, "%s/proc/self/fd/%d",
					 i ? ":" : "lowerdir=", op->lowers_opened[i]);
	if (used < size)
		used += (size_t)snprintf(options + used, size - used, ",userxattr");
	if (used < size)
		return 0;
	errno = E2BIG;
	return -1;
}

int bwrap_run_overlay(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct bwrap_op *op = step->data;
	int upper = op->upper_opened, work = op->work_opened; /* closed at exec */
	char options[4096], path[32];                         /* a page is what mount(2) takes */
	int cleanup_fd target =
		bwrap_place(sandbox->root, op->target, LEAF_DIRECTORY, bwrap_parents(op));

	if (target < 0)
		return bwrap_fail(err, "Can't mkdir %s", op->target);
	if (op->kind == BWRAP_TMP_OVERLAY && make_upper(sandbox, op, &upper, &work, err) < 0)
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", target);
	if (write_options(options, sizeof options, op, upper, work) == 0 &&
	    syscall(SYS_mount, "overlay", path, "overlay", 0, options) == 0)
		return bwrap_attached(sandbox, target, err);
	if (errno == ELOOP)
		return fail_because(err,
				    "Can't make overlay mount on %s: "
				    "Overlay directories may not overlap",
				    op->target);
	return bwrap_fail(err, "Can't make overlay mount on %s", op->target);
}
