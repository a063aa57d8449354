/* The container's root, and the way into it: see oci_rooms.h. Container's process, SETUP. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "files.h"
#include "mounting.h"
#include "oci_rooms.h"

int oci_set_propagation(const char *path, uint64_t flags)
{
	return sys_mount(NULL, path, NULL, (unsigned long)flags);
}

/* The host's, for masks: what lies in a rootfs under that name is nobody's null (CVE-2025-31133).
 */
static int open_null(struct oci_running *running, struct error *err)
{
	struct stat st;

	running->null = open("/dev/null", O_PATH | O_CLOEXEC | O_NOFOLLOW);
	if (running->null < 0 || fstat(running->null, &st) < 0)
		return fail(err, "open /dev/null");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return fail_because(err, "cannot use /dev/null: it is not the device 1:3");
	return 0;
}

static int run_open(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct oci_running *running = oci_running_of(sandbox);
	struct stat st, seen;

	/* What is mounted on the host later may come in, as a bind asks for it (rslave); nothing
	 * of ours goes out, but where rootfsPropagation says so. */
	if (oci_set_propagation("/", step->flags) < 0)
		return fail(err, "set the propagation of mounts");
	/* pivot_root(2): the mount that the new root lies on is not a shared one. */
	if (step->flags & MS_SHARED && oci_set_propagation("/", MS_PRIVATE) < 0)
		return fail(err, "make the mount of / private");
	sandbox->host_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int cleanup_fd rootfs = open(step->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (sandbox->host_root < 0 || rootfs < 0 || fstat(rootfs, &st) < 0 ||
	    fstat(sandbox->rootfs, &seen) < 0)
		return fail(err, "open the root file system %s", step->source);
	if (st.st_dev != seen.st_dev || st.st_ino != seen.st_ino)
		return fail_because(
			err, "cannot use %s: it was replaced by something else while we looked",
			step->source);
	close(sandbox->rootfs);
	sandbox->rootfs = steal_fd(&rootfs);
	return open_null(running, err);
}

static const struct step_kind open_kind = {"open", run_open};

static int run_root(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	sandbox->root = mount_clone(sandbox->rootfs, "", true);
	if (sandbox->root < 0)
		return fail(err, "clone the mount of %s", step->source);
	struct mount_attr private = {.propagation = MS_PRIVATE};
	if (syscall(SYS_mount_setattr, sandbox->root, "", AT_EMPTY_PATH | AT_RECURSIVE, &private,
		    sizeof private) < 0)
		return fail(err, "make the mounts of %s private", step->source);
	/* Devices are those of the configuration: see oci_devices.c. */
	if (step->flags && mount_change(sandbox->root, step->flags, true) < 0)
		return fail(err, "set nodev on %s", step->source);
	if (mount_attach(sandbox->root, sandbox->host_root) < 0)
		return fail(err, "attach %s as the new root", step->source);
	return own_mounts_add(&sandbox->own, sandbox->root) < 0
		       ? fail(err, "take note of the new root")
		       : 0;
}

static const struct step_kind root_kind = {"root", run_root};

void oci_root_plan(struct plan *plan, const struct oci_spec *spec, const char *rootfs)
{
	bool shared = spec->propagation & MS_SHARED;
	struct step *step = plan_add(plan, PHASE_SETUP, &open_kind, "root.path");

	step->source = rootfs;
	step->flags = (shared ? MS_SHARED : MS_SLAVE) | MS_REC;
	step = plan_add(plan, PHASE_SETUP, &root_kind, "root.path");
	step->source = rootfs;
	step->target = "/";
	step->flags = spec->all_devices ? 0 : MOUNT_ATTR_NODEV;
	step->options = spec->all_devices ? NULL : "nodev";
}

static int run_read_only(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	return mount_change(sandbox->root, MOUNT_ATTR_RDONLY, false) < 0
		       ? fail(err, "make the root read-only")
		       : 0;
}

static const struct step_kind read_only = {"remount", run_read_only};

/* As in sandbox/rootfs.c: the old root comes to lie on the new one, and is detached there. */
static int run_pivot(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	if (fchdir(sandbox->root) < 0 || sys_pivot_root(".", ".") < 0)
		return fail(err, "pivot_root into the new root");
	if (fchdir(sandbox->host_root) < 0 || oci_set_propagation(".", MS_SLAVE | MS_REC) < 0 ||
	    sys_umount(".", MNT_DETACH) < 0)
		return fail(err, "detach the host's root");
	if (fchdir(sandbox->root) < 0)
		return fail(err, "enter the new root");
	int *mine[] = {&sandbox->host_root, &sandbox->rootfs, &oci_running_of(sandbox)->null,
		       &oci_running_of(sandbox)->covers};
	for (size_t i = 0; i < sizeof mine / sizeof *mine; i++) {
		close_cleanup(mine[i]);
		*mine[i] = -1;
	}
	return 0;
}

static const struct step_kind pivot = {"pivot-root", run_pivot};

static int run_propagation(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	return oci_set_propagation("/", step->flags) < 0
		       ? fail(err, "set the propagation of the root's mounts")
		       : 0;
}

static const struct step_kind propagation = {"propagation", run_propagation};

void oci_root_plan_finish(struct plan *plan, const struct oci_spec *spec)
{
	if (spec->rootfs_readonly) {
		struct step *step = plan_add(plan, PHASE_SETUP, &read_only, "root.readonly");

		step->target = "/";
		step->options = "ro";
	}
	plan_add(plan, PHASE_SETUP, &pivot, NULL);
	if (spec->propagation)
		plan_add(plan, PHASE_SETUP, &propagation, "linux.rootfsPropagation")->flags =
			spec->propagation;
}
