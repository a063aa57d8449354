/* The new root: see rootfs.h. */
#include "rootfs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "layering.h"
#include "mounting.h"
#include "overlay.h"
#include "sandbox.h"

/* Descriptors of the host's root and of ROOTFS, in our own copy of the mounts. */
static int run_open(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct host *host = sandbox->plan->host;
	struct stat st;

	/* No mount of the host's made from now on appears here, nor any of ours there. */
	if (sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE) < 0)
		return fail(err, "make the mounts private");
	sandbox->host_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	sandbox->rootfs = open(step->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (sandbox->host_root < 0 || sandbox->rootfs < 0 || fstat(sandbox->rootfs, &st) < 0)
		return fail(err, "open the root file system %s", step->source);
	if (st.st_dev != host->rootfs_dev || st.st_ino != host->rootfs_ino)
		return fail_because(
			err, "cannot use %s: it was replaced by something else while we looked",
			step->source);
	return 0;
}

static const struct step_kind open_roots = {"open", run_open};

static int run_tree(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	/* Recursive: mounts that came with the caller's namespace are locked together, and a copy
	 * without those below would be refused (mount_namespaces(7)). */
	sandbox->root = mount_clone(sandbox->rootfs, "", true);
	if (sandbox->root < 0)
		return fail(err, "clone the mount of %s", step->source);
	if (mount_attach(sandbox->root, sandbox->host_root) < 0)
		return fail(err, "attach %s as the new root", step->source);
	if (mount_change(sandbox->root, MOUNT_SAFE | step->flags, true) < 0) {
		fail(err, "set nosuid, nodev%s on %s", step->flags ? " and read-only" : "",
		     step->source);
		return fail_remedy(err, "%s", mount_hint(err->number));
	}
	/* With --read-only nothing can be made in it. */
	if (!step->flags && own_mounts_add(&sandbox->own, sandbox->root) < 0)
		return fail(err, "take note of the new root");
	return 0;
}

static const struct step_kind tree = {"root", run_tree};

static int run_empty(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	if (mkdirat(sandbox->scratch, "root", 0755) < 0)
		return fail(err, "make a root directory");
	sandbox->root = mount_clone(sandbox->scratch, "root", false);
	if (sandbox->root < 0 || mount_attach(sandbox->root, sandbox->host_root) < 0)
		return fail(err, "attach the new root");
	return own_mounts_add(&sandbox->own, sandbox->root) < 0
		       ? fail(err, "take note of the new root")
		       : 0;
}

static const struct step_kind empty = {"root", run_empty};

/* Something of the host's root, read-only. */
static int run_entry(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int cleanup_fd tree_fd = mount_clone(sandbox->host_root, step->source + 1, true);

	int cleanup_fd target =
		open_or_make_in(sandbox->root, step->target, LEAF_DIRECTORY, &sandbox->own);
	if (tree_fd < 0 || target < 0 || mount_attach(tree_fd, target) < 0)
		return fail(err, "attach the host's %s", step->source);
	if (mount_change(tree_fd, MOUNT_SAFE | MOUNT_ATTR_RDONLY, true) < 0) {
		fail(err, "show the host's %s read-only", step->source);
		return fail_remedy(err, "%s", mount_hint(err->number));
	}
	return 0;
}

static const struct step_kind entry = {"ro-bind", run_entry};

/* The host's /etc lacks a file that the sandbox has to have: a layer gets it, and is made read-only
 * when it is there (run_read_only_etc). */
static int run_entry_layer(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int cleanup_fd source =
		open_in_no_links(sandbox->host_root, step->source, O_PATH | O_DIRECTORY);
	int cleanup_fd target =
		open_or_make_in(sandbox->root, step->target, LEAF_DIRECTORY, &sandbox->own);

	if (source < 0 || target < 0)
		return fail(err, "lay a layer over the host's %s", step->source);
	int cleanup_fd mount = layering_mount(sandbox, step->data, &source, 1, err);
	if (mount < 0)
		return -1;
	return mount_attach(mount, target) < 0 ? fail(err, "attach the host's %s", step->source)
					       : 0;
}

static const struct step_kind entry_layer = {"layer", run_entry_layer};

static int run_read_only_etc(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int cleanup_fd etc = open_in_no_links(sandbox->root, step->target, O_PATH | O_DIRECTORY);

	if (etc < 0 || mount_change(etc, MOUNT_ATTR_RDONLY, false) < 0)
		return fail(err, "make %s read-only", step->target);
	return 0;
}

static const struct step_kind read_only_etc = {"remount", run_read_only_etc};

static bool etc_is_layered(const struct plan *plan)
{
	return plan->host->rootfs_is_host && plan->host->resolv_conf_missing;
}

static int run_entry_link(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	if (symlinkat(step->source, sandbox->root, step->target + 1) < 0)
		return fail(err, "make the link %s", step->target);
	return 0;
}

static const struct step_kind entry_link = {"symlink", run_entry_link};

static void plan_host_entries(struct plan *plan)
{
	for (size_t i = 0; i < plan->host->entries_count; i++) {
		const struct host_entry *shown = &plan->host->entries[i];
		bool layered =
			etc_is_layered(plan) && !shown->link && strcmp(shown->path, "/etc") == 0;
		struct step *step =
			plan_add(plan, PHASE_SETUP,
				 layered       ? &entry_layer
				 : shown->link ? &entry_link
					       : &entry,
				 layered ? "/etc/resolv.conf is missing" : "allow-list of /");

		if (layered)
			step->data = layering_add(plan, shown->path, shown->path, false);
		step->source = shown->link ? shown->link : shown->path;
		step->target = shown->path;
	}
}

int rootfs_plan(struct plan *plan, struct error *err)
{
	const struct host *host = plan->host;
	const struct config *config = plan->config;
	struct step *step = plan_add(plan, PHASE_SETUP, &open_roots, "command line");

	step->source = host->rootfs;
	if (overlay_plan(plan, err) < 0)
		return -1;
	if (host->rootfs_is_host) {
		step = plan_add(plan, PHASE_SETUP, &empty, "ROOTFS is /");
		step->target = "/";
		step->options = "empty";
		step->writes =
			config->layer_mode == LAYER_READ_ONLY ? WRITES_NOTHING : WRITES_FILES;
	} else if (plan->has_layer) {
		overlay_plan_root(plan);
	} else {
		bool read_only = config->layer_mode == LAYER_READ_ONLY;

		step = plan_add(plan, PHASE_SETUP, &tree,
				config_origin(config, read_only ? OPT_READ_ONLY : OPT_RW));
		step->source = host->rootfs;
		step->target = "/";
		step->options = read_only ? "ro" : "rw";
		step->flags = read_only ? MOUNT_ATTR_RDONLY : 0;
		step->writes = read_only ? WRITES_NOTHING : WRITES_FILES;
	}
	plan_host_entries(plan);
	return 0;
}

static int run_read_only(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	if (mount_change(sandbox->root, MOUNT_ATTR_RDONLY, false) < 0)
		return fail(err, "make the root read-only");
	return 0;
}

static const struct step_kind read_only_root = {"remount", run_read_only};

/* Not before the last path is resolved. From here on the old root lies on the new one
 * (pivot_root(2), NOTES on
 * "."), and a ".." at the top of ROOTFS would lead into it, RESOLVE_IN_ROOT or not; so far the new
 * root is what lies on top. */
static int run_pivot(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	if (fchdir(sandbox->root) < 0 || sys_pivot_root(".", ".") < 0)
		return fail(err, "pivot_root into the new root");
	return 0;
}

static const struct step_kind pivot = {"pivot-root", run_pivot};

/* Let go of the host: its mounts, our descriptors on them, our working directory there. */
static int run_detach(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	/* The scratch mount lies on top of the host's root, where "." would find it instead; below,
	 * on the host's /proc, it goes along. One detach and not two: each waits for the whole
	 * machine (RCU). */
	int cleanup_fd aside = open_in(sandbox->host_root, "proc", O_PATH | O_DIRECTORY);

	(void)step;
	if (aside < 0 || mount_attach(sandbox->scratch, aside) < 0)
		return fail(err, "move the private tmpfs out of the way");
	if (fchdir(sandbox->host_root) < 0 || sys_umount(".", MNT_DETACH) < 0)
		return fail(err, "detach the host's root");
	if (fchdir(sandbox->root) < 0)
		return fail(err, "enter the new root");
	int *mine[] = {&sandbox->host_root, &sandbox->rootfs, &sandbox->scratch, &sandbox->layer};
	for (size_t i = 0; i < sizeof mine / sizeof *mine; i++) {
		close_cleanup(mine[i]);
		*mine[i] = -1;
	}
	return 0;
}

static const struct step_kind detach = {"detach", run_detach};

static int run_workdir(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int cleanup_fd dir = open_in(sandbox->root, step->target, O_PATH | O_DIRECTORY);

	if (dir < 0 || fchdir(dir) < 0) {
		fail(err, "enter the working directory %s inside", step->target);
		return fail_remedy(err,
				   "--workdir has to be there in the sandbox: bind it, or make it "
				   "with --mkdir %s",
				   step->target);
	}
	return 0;
}

static const struct step_kind workdir = {"workdir", run_workdir};

int rootfs_plan_finish(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	struct step *step;

	(void)err;
	if (config->layer_mode == LAYER_READ_ONLY &&
	    (plan->has_layer || plan->host->rootfs_is_host)) {
		step = plan_add(plan, PHASE_SETUP, &read_only_root,
				config_origin(config, OPT_READ_ONLY));
		step->target = "/";
		step->options = "ro";
	}
	if (etc_is_layered(plan)) {
		step = plan_add(plan, PHASE_SETUP, &read_only_etc, "allow-list of /");
		step->target = "/etc";
		step->options = "ro";
	}
	plan_add(plan, PHASE_SETUP, &pivot, NULL);
	step = plan_add(plan, PHASE_SETUP, &detach, NULL);
	step->source = "the host's root";
	step = plan_add(plan, PHASE_SETUP, &workdir, config_origin(config, OPT_WORKDIR));
	step->target = config->workdir ? config->workdir : "/";
	return 0;
}
