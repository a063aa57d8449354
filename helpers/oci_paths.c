/* maskedPaths and readonlyPaths: see oci_rooms.h. Container's process, SETUP, before the pivot. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "mounting.h"
#include "oci_rooms.h"

static bool is_absent(int number)
{
	return number == ENOENT || number == ENOTDIR;
}

/* An empty directory that nobody can fill. The first is where it is first needed, and the others
 * are clones of that: a mount that is attached to nothing cannot be cloned before Linux 6.15. */
static int new_cover(struct oci_running *running, struct error *err)
{
	const char *label = running->spec->mount_label;
	const struct fs_option empty[] = {{"size", "0"},
					  {"nr_inodes", "1"},
					  {"mode", "555"},
					  {label ? "context" : NULL, label},
					  {NULL, NULL}};
	unsigned flags = MOUNT_SAFE | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY;
	const char *failed;
	int mount;

	if (running->covers >= 0)
		mount = mount_clone(running->covers, "", false);
	else
		mount = mount_new("tmpfs", empty, flags, &failed);
	return mount < 0 ? fail(err, "make an empty directory to cover others") : mount;
}

static int run_mask(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct oci_running *running = oci_running_of(sandbox);
	struct stat st;
	int cleanup_fd place = open_in(sandbox->root, step->target, O_PATH);

	if (place < 0 && is_absent(errno))
		return 0;
	if (place < 0 || fstat(place, &st) < 0)
		return fail(err, "mask %s", step->target);
	bool directory = S_ISDIR(st.st_mode);
	int cleanup_fd cover =
		directory ? new_cover(running, err) : mount_clone(running->null, "", false);
	if (directory && cover < 0)
		return -1;
	if (cover < 0 || mount_attach(cover, place) < 0)
		return fail(err, "mask %s", step->target);
	if (directory && running->covers < 0)
		running->covers = steal_fd(&cover);
	return 0;
}

static int run_read_only(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int cleanup_fd place = open_in(sandbox->root, step->target, O_PATH);

	if (place < 0 && is_absent(errno))
		return 0;
	int cleanup_fd mount = place < 0 ? -1 : mount_clone(place, "", true);
	if (mount < 0 || mount_change(mount, MOUNT_ATTR_RDONLY, true) < 0 ||
	    mount_attach(mount, place) < 0)
		return fail(err, "make %s read-only", step->target);
	return 0;
}

static const struct step_kind mask = {"mask", run_mask};
static const struct step_kind read_only = {"read-only", run_read_only};

static void plan_each(struct plan *plan, const struct step_kind *kind, char **paths,
		      const char *because)
{
	for (; paths && *paths; paths++)
		plan_add(plan, PHASE_SETUP, kind, because)->target = *paths;
}

void oci_paths_plan(struct plan *plan, const struct oci_spec *spec)
{
	plan_each(plan, &read_only, spec->readonly, "linux.readonlyPaths");
	plan_each(plan, &mask, spec->masked, "linux.maskedPaths");
}
