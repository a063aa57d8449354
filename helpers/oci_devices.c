/*
 * What is in a container's /dev: the devices that the specification wants in every one, those of
 * linux.devices, and the usual links. Who has CAP_MKNOD on the machine makes nodes; anybody else,
 * above all a user namespace, gets the host's own, bound, after they have shown to be the devices
 * that they are called. See oci_rooms.h. Container's process, SETUP.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "files.h"
#include "mounting.h"
#include "oci_rooms.h"

static const struct oci_device usual[] = {
	{"/dev/null", false, false, 1, 3, 0666, 0, 0, "the specification"},
	{"/dev/zero", false, false, 1, 5, 0666, 0, 0, "the specification"},
	{"/dev/full", false, false, 1, 7, 0666, 0, 0, "the specification"},
	{"/dev/random", false, false, 1, 8, 0666, 0, 0, "the specification"},
	{"/dev/urandom", false, false, 1, 9, 0666, 0, 0, "the specification"},
	{"/dev/tty", false, false, 5, 0, 0666, 0, 0, "the specification"},
};

static bool is_it(const struct stat *st, const struct oci_device *device)
{
	if (device->fifo)
		return S_ISFIFO(st->st_mode);
	return (st->st_mode & S_IFMT) == (device->block ? S_IFBLK : S_IFCHR) &&
	       st->st_rdev == makedev(device->major, device->minor);
}

/* The directory that a device is to lie in, and its name there. */
static int open_parent(struct sandbox *sandbox, const char *path, const char **name)
{
	char parent[PATH_MAX];

	*name = strrchr(path, '/') + 1;
	if (!**name || (size_t)snprintf(parent, sizeof parent, "%.*s", (int)(*name - path), path) >=
			       sizeof parent) {
		errno = EINVAL;
		return -1;
	}
	return open_or_make_no_links(sandbox->root, parent, LEAF_DIRECTORY, &sandbox->own);
}

static int make_node(int parent, const char *name, const struct oci_device *device)
{
	mode_t type = device->fifo ? S_IFIFO : device->block ? S_IFBLK : S_IFCHR;

	if (mknodat(parent, name, type | 0600,
		    device->fifo ? 0 : makedev(device->major, device->minor)) < 0)
		return -1;
	int cleanup_fd made = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (made < 0 ||
	    fchownat(made, "", device->uid, device->gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	/* O_PATH descriptors have no fchmod; the directory is ours, and nobody else is here yet. */
	return fchmodat(parent, name, device->mode, 0);
}

static int bind_node(int parent, const char *name, const struct oci_device *device,
		     struct error *err)
{
	struct stat st;
	int cleanup_fd mount = mount_clone(AT_FDCWD, device->path, false);

	if (mount < 0 || fstat(mount, &st) < 0) {
		fail(err, "take the host's %s", device->path);
		return fail_remedy(err, "without CAP_MKNOD on the machine a device is the host's, "
					"of the same path");
	}
	if (!is_it(&st, device))
		return fail_because(err, "cannot use the host's %s: it is not the device %u:%u",
				    device->path, device->major, device->minor);
	int made = openat(parent, name, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0644);
	close_cleanup(&made);
	int cleanup_fd place = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (place < 0 || fstat(place, &st) < 0 || S_ISLNK(st.st_mode) ||
	    mount_change(mount, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, false) < 0 ||
	    mount_attach(mount, place) < 0)
		return fail(err, "bind the host's %s", device->path);
	return 0;
}

static int run_device(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct oci_device *device = step->data;
	const char *name;
	struct stat st;
	int cleanup_fd parent = open_parent(sandbox, device->path, &name);

	if (parent < 0) {
		fail(err, "make the device %s", device->path);
		return fail_remedy(err, "%s", mount_hint(err->number));
	}
	/* A rootfs's own node has no effect (nodev); one that a mount has brought is meant. */
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_it(&st, device)) {
		struct stat in;

		if (fstat(sandbox->root, &in) == 0 && in.st_dev != st.st_dev)
			return 0;
	}
	if (make_node(parent, name, device) == 0)
		return 0;
	if (errno != EPERM && errno != EEXIST)
		return fail(err, "make the device %s", device->path);
	return bind_node(parent, name, device, err);
}

static const struct step_kind device_kind = {"device", run_device};

static const struct {
	const char *name, *to;
} links[] = {{"fd", "/proc/self/fd"},
	     {"stdin", "/proc/self/fd/0"},
	     {"stdout", "/proc/self/fd/1"},
	     {"stderr", "/proc/self/fd/2"},
	     {"ptmx", "pts/ptmx"}};

static int run_links(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int cleanup_fd dev =
		open_or_make_no_links(sandbox->root, "/dev", LEAF_DIRECTORY, &sandbox->own);

	(void)step;
	if (dev < 0)
		return fail(err, "open /dev of the root file system");
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		if (symlinkat(links[i].to, dev, links[i].name) < 0 && errno != EEXIST)
			return fail(err, "make the link /dev/%s", links[i].name);
	return 0;
}

static const struct step_kind links_kind = {"links", run_links};

static void plan_device(struct plan *plan, const struct oci_device *device)
{
	struct step *step = plan_add(plan, PHASE_SETUP, &device_kind, device->because);

	step->target = device->path;
	step->data = device;
}

static bool is_listed(const struct oci_spec *spec, const char *path)
{
	for (size_t i = 0; i < spec->devices_count; i++)
		if (strcmp(spec->devices[i].path, path) == 0)
			return true;
	return false;
}

/* Where /dev is a bind mount it is somebody's, and complete. */
static bool is_somebodys(const struct oci_spec *spec)
{
	bool bound = false;

	for (size_t i = 0; i < spec->mounts_count; i++)
		if (strcmp(spec->mounts[i].destination, "/dev") == 0 ||
		    strcmp(spec->mounts[i].destination, "/dev/") == 0)
			bound = spec->mounts[i].bind;
	return bound;
}

void oci_devices_plan(struct plan *plan, const struct oci_spec *spec)
{
	if (is_somebodys(spec))
		return;
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (!is_listed(spec, usual[i].path))
			plan_device(plan, &usual[i]);
	for (size_t i = 0; i < spec->devices_count; i++)
		plan_device(plan, &spec->devices[i]);
	plan_add(plan, PHASE_SETUP, &links_kind, "the specification")->target =
		"/dev: fd stdin stdout stderr ptmx";
}
