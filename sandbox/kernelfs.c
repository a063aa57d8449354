/* /proc, /sys and /dev of the sandbox: see kernelfs.h. */
#include "kernelfs.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "files.h"
#include "mark.h"
#include "mountinfo.h"
#include "mounting.h"
#include "sandbox.h"

/* Attach a mount at a fixed place like /proc: a directory, no link, made where it is missing. */
static int attach_fixed(struct sandbox *sandbox, int mount, const char *target, struct error *err)
{
	int cleanup_fd place =
		open_or_make_no_links(sandbox->root, target, LEAF_DIRECTORY, &sandbox->own);

	if (place < 0 || mount_attach(mount, place) < 0) {
		fail(err, "mount on %s of the root file system", target);
		return fail_remedy(err, "%s", mount_hint(err->number));
	}
	return 0;
}

/* An empty directory and an empty file of our own to cover what is masked. */
static int cover(struct sandbox *sandbox, int place, struct error *err, const char *target)
{
	struct stat st;

	if (fstat(place, &st) < 0)
		return fail(err, "look at %s", target);
	const char *name = S_ISDIR(st.st_mode) ? "empty" : "empty-file";
	int cleanup_fd mount = mount_clone(sandbox->scratch, name, false);
	if (mount < 0 || mount_attach(mount, place) < 0 ||
	    mount_change(mount, MOUNT_ATTR_RDONLY | MOUNT_SAFE | MOUNT_ATTR_NOEXEC, false) < 0)
		return fail(err, "mask %s", target);
	return 0;
}

/* Mask what is there of names below the mount root; what this kernel does not have needs no mask.
 */
static int mask_all(struct sandbox *sandbox, int root, const char *const names[], const char *where,
		    struct error *err)
{
	for (; *names; names++) {
		int cleanup_fd place = open_in_no_links(root, *names, O_PATH);

		if (place < 0 && errno == ENOENT)
			continue;
		if (place < 0)
			return fail(err, "look at %s/%s", where, *names);
		if (cover(sandbox, place, err, *names) < 0)
			return -1;
	}
	return 0;
}

static int read_only_all(int root, const char *const names[], const char *where, struct error *err)
{
	for (; *names; names++) {
		int cleanup_fd place = open_in_no_links(root, *names, O_PATH);

		if (place < 0 && errno == ENOENT)
			continue;
		int cleanup_fd mount = place < 0 ? -1 : mount_clone(place, "", true);
		if (mount < 0 || mount_attach(mount, place) < 0 ||
		    mount_change(mount, MOUNT_ATTR_RDONLY, true) < 0)
			return fail(err, "make %s/%s read-only", where, *names);
	}
	return 0;
}

/* Is this a whole file system of that type, with nothing mounted in it? Else, what is. A read-only
 * one lets no other be had that is not; of sysfs ours is. */
static bool is_whole(const struct mountinfo *list, const struct mounted *one, const char *type,
		     const char **covered, size_t *count)
{
	if (strcmp(one->type, type) != 0 || strcmp(one->root, "/") != 0)
		return false;
	*count = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct mounted *on = &list->all[i];

		if (on->parent == one->id && on != one && (*count)++ == 0)
			*covered = on->path;
	}
	return *count == 0 && (!(one->flags & MS_RDONLY) || strcmp(type, "sysfs") == 0);
}

/* What the kernel looks at: any mount of that type here, with all of it to be seen. */
static void tell_hidden(const char *type, struct error *err)
{
	struct mountinfo list;
	const char *covered = NULL;
	size_t count = 0;
	bool whole = false;

	if (mountinfo_read(&list) < 0)
		return;
	for (size_t i = 0; i < list.count && !whole; i++)
		whole = is_whole(&list, &list.all[i], type, &covered, &count);
	if (!whole && covered)
		fail_because(err,
			     "cannot mount a fresh %s: parts of the one that is here are masked, "
			     "as in a container (%s%s), and the kernel then allows no other",
			     type, covered, count > 1 ? " and more" : "");
	else if (!whole)
		fail_because(err,
			     "cannot mount a fresh %s: there is none here to be seen whole, and "
			     "the kernel then allows no other",
			     type);
	mountinfo_free(&list);
}

/* A fresh file system that the kernel lets a user namespace mount only when nothing of the caller's
 * own instance is hidden from the caller ("too revealing"): inside a container it often is. */
static int mount_visible(const char *type, const struct fs_option options[], unsigned flags,
			 struct error *err)
{
	const char *failed;
	int mount = mount_new(type, options, flags, &failed);

	if (mount >= 0)
		return mount;
	fail(err, "mount a fresh %s", type);
	if (err->number != EPERM)
		return -1;
	tell_hidden(type, err);
	return fail_remedy(err, "say --proc=bind, which is weaker: the /proc and /sys of this "
				"place, read-only, with its processes;\nor let the outer one mask "
				"nothing (sandbox: --profile sandboxes; podman: --security-opt "
				"unmask=ALL; docker: --security-opt systempaths=unconfined)");
}

/* As OCI runtimes mask them: what tells about, or steers, the machine and not this sandbox. */
static const char *const proc_masked[] = {
	"acpi",          "asound",     "kcore",       "keys",        "key-users",
	"latency_stats", "timer_list", "timer_stats", "sched_debug", "scsi",
	"interrupts",    "config.gz",  NULL};
static const char *const proc_read_only[] = {"bus", "fs", "irq", "sys", "sysrq-trigger", NULL};
static const char *const sys_masked[] = {"firmware", "devices/virtual/powercap", NULL};

/* That of the place where we are, which lies on the host's root in our copy of the mounts. */
static int take_outer_proc(struct sandbox *sandbox, const char *target, struct error *err)
{
	int cleanup_fd proc = mount_clone(sandbox->host_root, "proc", true);

	if (proc < 0)
		return fail(err, "take the /proc of this place");
	if (attach_fixed(sandbox, proc, target, err) < 0)
		return -1;
	/* Who has the same id outside could be written to: their oom_score_adj and more. */
	if (mount_change(proc, MOUNT_SAFE | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY, true) < 0)
		return fail(err, "show the /proc of this place read-only");
	return steal_fd(&proc);
}

static int take_fresh_proc(struct sandbox *sandbox, const char *target, struct error *err)
{
	static const struct fs_option none[] = {{NULL, NULL}};
	int cleanup_fd proc = mount_visible("proc", none, MOUNT_SAFE | MOUNT_ATTR_NOEXEC, err);

	if (proc < 0 || attach_fixed(sandbox, proc, target, err) < 0)
		return -1;
	return steal_fd(&proc);
}

static int run_proc(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	enum proc_mode mode = sandbox->plan->config->proc;
	struct statfs fs;
	int cleanup_fd proc = mode == PROC_BIND ? take_outer_proc(sandbox, step->target, err)
						: take_fresh_proc(sandbox, step->target, err);

	if (proc < 0)
		return -1;
	/* All below goes through this descriptor, and it is the kernel's procfs and nothing else.
	 */
	if (fstatfs(proc, &fs) < 0)
		return fail(err, "see that /proc is the kernel's");
	if (fs.f_type != PROC_SUPER_MAGIC)
		return fail_because(err, "what was mounted on /proc is not the kernel's procfs");
	if (mkdirat(sandbox->scratch, "empty", 0555) < 0 ||
	    make_file_at(sandbox->scratch, "empty-file", 0444, "", 0) < 0)
		return fail(err, "make the empty file that masks others");
	if (mode != PROC_UNMASKED && mask_all(sandbox, proc, proc_masked, "/proc", err) < 0)
		return -1;
	if (mode == PROC_FRESH && read_only_all(proc, proc_read_only, "/proc", err) < 0)
		return -1;
	/* For pid 1, which has to find the payload's files in it whatever is mounted on /proc
	 * since. */
	if (sandbox->plan->nested || sandbox->plan->config->origin[OPT_PRINT_ENFORCED])
		sandbox->proc = steal_fd(&proc);
	return 0;
}

static int run_sys(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	static const struct fs_option none[] = {{NULL, NULL}};
	unsigned flags = MOUNT_SAFE | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY;
	int cleanup_fd sys = -1;

	if (step->source) {
		sys = mount_clone(sandbox->host_root, "sys", true);
		if (sys < 0 && errno == ENOENT && sandbox->plan->config->proc == PROC_BIND)
			return 0; /* not every place has one */
		if (sys < 0)
			return fail(err, "take the host's /sys");
	} else {
		sys = mount_visible("sysfs", none, flags, err);
	}
	if (sys < 0 || attach_fixed(sandbox, sys, step->target, err) < 0)
		return -1;
	if (step->source && mount_change(sys, flags, true) < 0)
		return fail(err, "show the host's /sys read-only");
	if (sandbox->plan->config->proc == PROC_UNMASKED)
		return 0;
	return mask_all(sandbox, sys, sys_masked, "/sys", err);
}

static const struct {
	const char *name;
	unsigned major, minor;
} nodes[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
	     {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

static const struct {
	const char *name, *to;
} links[] = {{"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"},
	     {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"},
	     {"ptmx", "pts/ptmx"},          {MARK_NAME, MARK_TEXT}};

/* mknod(2) is not for user namespaces: the host's node is bound, after it has shown to be the
 * device that its name says (CVE-2025-31133: a runtime that took what lay there). */
static int bind_node(struct sandbox *sandbox, int dev, size_t i, struct error *err)
{
	char source[32];
	struct stat st;

	snprintf(source, sizeof source, "dev/%s", nodes[i].name);
	int cleanup_fd mount = mount_clone(sandbox->host_root, source, false);
	if (mount < 0 || fstat(mount, &st) < 0)
		return fail(err, "take the host's /%s", source);
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(nodes[i].major, nodes[i].minor))
		return fail_because(
			err, "cannot use the host's /%s: it is not the character device %u:%u",
			source, nodes[i].major, nodes[i].minor);
	int cleanup_fd place = openat(dev, nodes[i].name,
				      O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (place < 0 || mount_attach(mount, place) < 0 ||
	    mount_change(mount, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, false) < 0)
		return fail(err, "bind the host's /%s", source);
	return 0;
}

/* Make a directory of the scratch tmpfs and attach it at target with these flags. */
static int attach_scratch(struct sandbox *sandbox, const char *name, const char *target,
			  mode_t mode, unsigned flags, struct error *err)
{
	if (mkdirat(sandbox->scratch, name, 0755) < 0 ||
	    fchmodat(sandbox->scratch, name, mode, 0) < 0)
		return fail(err, "make a directory for %s", target);
	int cleanup_fd mount = mount_clone(sandbox->scratch, name, false);
	if (mount < 0)
		return fail(err, "clone the private tmpfs for %s", target);
	if (attach_fixed(sandbox, mount, target, err) < 0)
		return -1;
	if (mount_change(mount, flags, false) < 0)
		return fail(err, "set the flags of %s", target);
	if (own_mounts_add(&sandbox->own, mount) < 0)
		return fail(err, "take note of %s", target);
	return 0;
}

/* The mount, still open, is stored where keep is not NULL. */
static int mount_in_dev(int dev, const char *type, const struct fs_option options[],
			const char *name, int *keep, struct error *err)
{
	const char *failed;

	if (mkdirat(dev, name, 0755) < 0)
		return fail(err, "make /dev/%s", name);
	int cleanup_fd place = openat(dev, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int cleanup_fd mount =
		mount_new(type, options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, &failed);
	if (place < 0 || mount < 0 || mount_attach(mount, place) < 0)
		return fail(err, "mount %s on /dev/%s", type, name);
	if (keep)
		*keep = steal_fd(&mount);
	return 0;
}

static int run_dev(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	/* mode and gid as grantpt(3) wants them: group tty, 5 wherever Linux is, when it is mapped.
	 */
	const struct fs_option pts[] = {{"ptmxmode", "0666"},
					{"mode", step->flags ? "0620" : "0600"},
					{step->flags ? "gid" : NULL, "5"},
					{NULL, NULL}};
	static const struct fs_option none[] = {{NULL, NULL}};

	if (attach_scratch(sandbox, "dev", step->target, 0755,
			   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err) < 0)
		return -1;
	int cleanup_fd dev = openat(sandbox->scratch, "dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* What is mounted on must lie in the mount that is attached, not in the scratch one. */
	int cleanup_fd shown = open_in_no_links(sandbox->root, step->target, O_PATH | O_DIRECTORY);
	if (dev < 0 || shown < 0)
		return fail(err, "open /dev");
	for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
		if (bind_node(sandbox, shown, i, err) < 0)
			return -1;
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		if (symlinkat(links[i].to, dev, links[i].name) < 0)
			return fail(err, "make the link /dev/%s", links[i].name);
	int *keep = sandbox->plan->terminals ? &sandbox->pts : NULL;
	if (mount_in_dev(shown, "devpts", pts, "pts", keep, err) < 0)
		return -1;
	/* A mqueue belongs to an IPC namespace: only of one of our own is it ours to mount. */
	if (sandbox->plan->config->ipc == IPC_OWN &&
	    mount_in_dev(shown, "mqueue", none, "mqueue", NULL, err) < 0)
		return -1;
	/* A directory of the same tmpfs: shm_open(3) asks for no more. */
	if (mkdirat(dev, "shm", 0755) < 0 || fchmodat(dev, "shm", 01777, 0) < 0)
		return fail(err, "make /dev/shm");
	return 0;
}

/* /tmp and /run: directories of the scratch tmpfs. */
static int run_tmp(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	return attach_scratch(sandbox, step->target + 1, step->target, (mode_t)step->flags,
			      MOUNT_SAFE, err);
}

static const struct step_kind proc = {"proc", run_proc};
static const struct step_kind sys = {"sysfs", run_sys};
static const struct step_kind dev = {"dev", run_dev};
static const struct step_kind tmp = {"tmpfs", run_tmp};

int kernelfs_plan(struct plan *plan, struct error *err)
{
	static const char *const shown[] = {[PROC_FRESH] = "fresh, masked as OCI runtimes do",
					    [PROC_UNMASKED] = "fresh, nothing masked",
					    [PROC_BIND] = "of this place, ro, masked"};
	enum proc_mode mode = plan->config->proc;
	const char *because = mode == PROC_FRESH ? NULL : config_origin(plan->config, OPT_PROC);

	if (mode == PROC_BIND && plan->nested)
		return fail_because(err,
				    "--proc=bind (%s) cannot be had where the command has a user "
				    "namespace of its own, beside a network",
				    because);
	struct step *step = plan_add(plan, PHASE_SETUP, &proc, because);
	step->target = "/proc";
	step->options = shown[mode];
	step->writes = mode == PROC_BIND ? WRITES_NOTHING : WRITES_FILES;
	step = plan_add(plan, PHASE_SETUP, &sys, because);
	step->target = "/sys";
	step->options = mode == PROC_UNMASKED ? "fresh, ro, nothing masked" : "fresh, ro";
	if (mode == PROC_BIND) {
		step->source = "/sys";
		step->options = "ro";
	} else if (plan->config->network == NETWORK_HOST) {
		/* A fresh sysfs belongs to a network namespace, and this one is not ours. */
		step->source = "/sys";
		step->options = "ro";
		step->because = config_origin(plan->config, OPT_NETWORK);
	}
	step = plan_add(plan, PHASE_SETUP, &dev, NULL);
	step->target = "/dev";
	step->options = plan->config->ipc == IPC_OWN
				? "null zero full random urandom tty, ptmx, pts, shm, mqueue"
				: "null zero full random urandom tty, ptmx, pts, shm";
	step->flags = id_is_mapped(plan->gids, plan->gids_count, 5);
	step->writes = WRITES_DEVICES;
	step = plan_add(plan, PHASE_SETUP, &tmp, NULL);
	step->target = "/tmp";
	step->flags = 01777;
	step->options = "mode=1777";
	step->writes = WRITES_FILES;
	step = plan_add(plan, PHASE_SETUP, &tmp, NULL);
	step->target = "/run";
	step->flags = 0755;
	step->options = "mode=0755";
	step->writes = WRITES_FILES;
	return 0;
}
