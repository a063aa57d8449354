/* mounts of config.json: see oci_rooms.h. Container's process, SETUP. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "files.h"
#include "mounting.h"
#include "oci_idmap.h"

static int on_target(struct error *err, const char *what, const struct step *step)
{
	fail(err, "%s %s on %s", what, step->source ? step->source : "", step->target);
	return fail_remedy(err, "%s", mount_hint(err->number));
}

static int set_propagation(int mount, const struct oci_mount *op)
{
	struct mount_attr attr = {.propagation = op->propagation ? op->propagation : MS_PRIVATE};
	bool below = op->propagation_below || !op->propagation;

	return (int)syscall(SYS_mount_setattr, mount, "",
			    AT_EMPTY_PATH | (below ? AT_RECURSIVE : 0), &attr, sizeof attr);
}

/*
 * A mount that came with a user namespace above has flags that are locked: they can be added to and
 * not taken away. "rw" of an engine means "do not make it read-only", so what cannot be cleared
 * stays as it is, which is less than was asked for and never more.
 */
static int set_flags(int mount, uint64_t set, uint64_t clear, bool below)
{
	struct mount_attr attr = {.attr_set = set, .attr_clr = clear};

	if (!set && !clear)
		return 0;
	if (set & MOUNT_ATTR__ATIME)
		attr.attr_clr |= MOUNT_ATTR__ATIME;
	if (syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | (below ? AT_RECURSIVE : 0), &attr,
		    sizeof attr) == 0)
		return 0;
	if (errno != EPERM)
		return -1;
	set &= ~(uint64_t)MOUNT_ATTR__ATIME;
	return set ? mount_change(mount, set, below) : 0;
}

static int attach(struct sandbox *sandbox, const struct step *step, int mount, int target,
		  struct error *err)
{
	const struct oci_mount *op = step->data;

	if (mount_attach(mount, target) < 0)
		return on_target(err, "mount", step);
	if (set_propagation(mount, op) < 0)
		return on_target(err, "set the propagation of", step);
	/* Engines expect mount points below mounts to be made. */
	return own_mounts_add(&sandbox->own, mount) < 0 ? fail(err, "take note of %s", step->target)
							: 0;
}

static int run_bind(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct oci_mount *op = step->data;
	struct stat st;
	int cleanup_fd mount = op->idmap ? oci_idmap_take(oci_running_of(sandbox), op)
					 : (int)syscall(SYS_open_tree, AT_FDCWD, step->source,
							OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
								(op->recursive ? AT_RECURSIVE : 0));

	if (mount < 0 || fstat(mount, &st) < 0)
		return on_target(err, "bind", step);
	if (set_flags(mount, op->set, op->clear, false) < 0 ||
	    set_flags(mount, op->set_below, op->clear_below, true) < 0)
		return on_target(err, "set the flags of", step);
	int cleanup_fd target =
		open_or_make_in(sandbox->root, step->target,
				S_ISDIR(st.st_mode) ? LEAF_DIRECTORY : LEAF_FILE, &sandbox->own);
	if (target < 0)
		return on_target(err, "bind", step);
	return attach(sandbox, step, mount, target, err);
}

static const struct step_kind bind_kind = {"bind", run_bind};

/* What tells the kernel's own file systems from a directory of the rootfs must not be reached
 * through a link of the rootfs (CVE-2019-19921, CVE-2023-27561). */
static bool is_fixed(const char *type)
{
	return strcmp(type, "proc") == 0 || strcmp(type, "sysfs") == 0 ||
	       strcmp(type, "devpts") == 0 || strcmp(type, "mqueue") == 0;
}

static int open_target(struct sandbox *sandbox, const struct step *step, bool fixed)
{
	return fixed ? open_or_make_no_links(sandbox->root, step->target, LEAF_DIRECTORY,
					     &sandbox->own)
		     : open_or_make_in(sandbox->root, step->target, LEAF_DIRECTORY, &sandbox->own);
}

/* The words of a user namespace in which gid 5, tty, is nobody's: the terminal is then its owner's
 * alone, and mode 0620 would be somebody's group's. */
static void without_gid(const struct fs_option *from, struct fs_option *into)
{
	for (; from->key; from++)
		if (strcmp(from->key, "gid") != 0)
			*into++ = *from;
	*into = (struct fs_option){NULL, NULL};
}

static int mount_again(const struct step *step, const char **failed)
{
	const struct oci_mount *op = step->data;
	struct fs_option *options = calloc(op->data_count + 1, sizeof *options);

	if (!options)
		return -1;
	without_gid(op->data, options);
	int mount = mount_new(op->type, options, (unsigned)op->set, failed);
	free(options);
	return mount;
}

/* A fresh sysfs belongs to a network namespace; without one of its own the host's is what it would
 * see, read-only. */
static int host_sys(const struct sandbox *sandbox)
{
	int cleanup_fd mount = mount_clone(sandbox->host_root, "sys", true);

	if (mount < 0 ||
	    mount_change(mount, MOUNT_SAFE | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY, true) < 0)
		return -1;
	return steal_fd(&mount);
}

static int explain(const struct step *step, const char *failed, struct error *err)
{
	const struct oci_mount *op = step->data;
	int number = errno;

	if (failed)
		return fail(err, "mount a %s on %s with the option %s", op->type, step->target,
			    failed);
	fail(err, "mount a %s on %s", op->type, step->target);
	if (number == EPERM && is_fixed(op->type))
		fail_remedy(err,
			    "parts of this machine's own %s are masked, as in a container: the "
			    "kernel then allows no fresh one",
			    op->type);
	return -1;
}

static int new_mount(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct oci_mount *op = step->data;
	const char *failed;
	/* Read-only is the mount's, and not before what it is to hold is in it. */
	unsigned flags = (unsigned)(op->set & ~(op->copy_up ? MOUNT_ATTR_RDONLY : 0));
	int mount = mount_new(op->type, op->data, flags, &failed);

	if (mount < 0 && errno == EINVAL && op->gid_option && strcmp(op->type, "devpts") == 0)
		mount = mount_again(step, &failed);
	if (mount < 0 && errno == EPERM && strcmp(op->type, "sysfs") == 0)
		mount = host_sys(sandbox);
	return mount < 0 ? explain(step, failed, err) : mount;
}

static int run_mount(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct oci_mount *op = step->data;
	int cleanup_fd target = open_target(sandbox, step, is_fixed(op->type));

	if (target < 0)
		return on_target(err, "mount", step);
	int cleanup_fd mount = new_mount(step, sandbox, err);
	if (mount < 0)
		return -1;
	if (op->copy_up) {
		int cleanup_fd from = open_in(sandbox->root, step->target, O_RDONLY | O_DIRECTORY);

		if (from < 0 || oci_copy_up(from, mount) < 0)
			return fail(err, "copy what lies in %s to a tmpfs", step->target);
		if (op->set & MOUNT_ATTR_RDONLY &&
		    mount_change(mount, MOUNT_ATTR_RDONLY, false) < 0)
			return fail(err, "make %s read-only", step->target);
	}
	if (op->idmap && oci_idmap_new(oci_running_of(sandbox), op, mount, err) < 0)
		return -1;
	if (attach(sandbox, step, mount, target, err) < 0)
		return -1;
	/* For the terminal: no name of the rootfs leads to it. */
	if (strcmp(op->type, "devpts") == 0 && sandbox->pts < 0 &&
	    strcmp(step->target, "/dev/pts") == 0)
		sandbox->pts = steal_fd(&mount);
	return 0;
}

static const struct step_kind mount_kind = {"mount", run_mount};

/* Of version 2, the container's own part of the tree; where this machine has none, nothing: an
 * empty directory, so that the host's does not show through a bound /sys. */
static int run_cgroup(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	static const struct fs_option none[] = {{NULL, NULL}}, empty[] = {{"size", "0"},
									  {"nr_inodes", "1"},
									  {"mode", "555"},
									  {NULL, NULL}};
	const struct oci_mount *op = step->data;
	struct statfs fs;
	const char *failed;
	bool unified = statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
	unsigned flags = (unsigned)op->set | MOUNT_SAFE | MOUNT_ATTR_NOEXEC;
	int cleanup_fd target =
		open_or_make_in(sandbox->root, step->target, LEAF_DIRECTORY, &sandbox->own);

	if (target < 0)
		return on_target(err, "mount", step);
	int cleanup_fd mount = unified ? mount_new("cgroup2", none, flags, &failed) : -1;
	if (mount < 0)
		mount = mount_new("tmpfs", empty, flags | MOUNT_ATTR_RDONLY, &failed);
	if (mount < 0)
		return on_target(err, "mount a cgroup", step);
	return attach(sandbox, step, mount, target, err);
}

static const struct step_kind cgroup_kind = {"cgroup", run_cgroup};

static const char *describe(struct plan *plan, const struct oci_mount *op)
{
	static const struct {
		uint64_t flag;
		const char *word;
	} words[] = {{MOUNT_ATTR_RDONLY, "ro"},
		     {MOUNT_ATTR_NOSUID, "nosuid"},
		     {MOUNT_ATTR_NODEV, "nodev"},
		     {MOUNT_ATTR_NOEXEC, "noexec"}};
	const char *text = op->type ? op->type : "bind";

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (op->set & words[i].flag)
			text = arena_printf(&plan->arena, "%s,%s", text, words[i].word);
	if (op->idmap)
		text = arena_printf(&plan->arena, "%s,%sidmap", text, op->idmap_below ? "r" : "");
	for (size_t i = 0; i < op->data_count; i++)
		if (strcmp(op->data[i].key, "source") != 0)
			text = arena_printf(&plan->arena, "%s,%s%s%s", text, op->data[i].key,
					    op->data[i].value ? "=" : "",
					    op->data[i].value ? op->data[i].value : "");
	return text;
}

void oci_mounts_plan(struct plan *plan, const struct oci_spec *spec)
{
	for (size_t i = 0; i < spec->mounts_count; i++) {
		const struct oci_mount *op = &spec->mounts[i];
		bool cgroup = !op->bind &&
			      (strcmp(op->type, "cgroup") == 0 || strcmp(op->type, "cgroup2") == 0);
		struct step *step = plan_add(plan, PHASE_SETUP,
					     op->bind ? &bind_kind
					     : cgroup ? &cgroup_kind
						      : &mount_kind,
					     op->because);

		step->source = op->bind ? op->source : NULL;
		step->target = *op->destination == '/'
				       ? op->destination
				       : arena_printf(&plan->arena, "/%s", op->destination);
		step->options = describe(plan, op);
		step->data = op;
	}
}
