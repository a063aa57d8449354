/* Layers by fuse-overlayfs: see fuse.h. */
#include "fuse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"
#include "files.h"
#include "mounting.h"

enum { READY_SECONDS = 20, FIXED_FDS = 2 /* the file system's and the part's */ };

/* The child tells the helper of a layer by its end. */
static int run_socket(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int ends[2];

	(void)step;
	if (channel_open(ends, err) < 0)
		return -1;
	sandbox->fuse = ends[0];
	sandbox->fuse_helper = ends[1];
	return 0;
}

static const struct step_kind socket_kind = {"fuse-socket", run_socket};

static int run_helper(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	struct helper *helper = &sandbox->helpers[HELPER_FUSE];
	int ready[2] = {-1, -1};

	if (pipe2(ready, O_CLOEXEC) < 0)
		return fail(err, "make a pipe for fuse-overlayfs");
	int passed[] = {ready[1], sandbox->child_fd, sandbox->fuse_helper};
	char words[5][16];
	snprintf(words[0], sizeof words[0], "%d", passed[0]);
	snprintf(words[1], sizeof words[1], "%d", passed[1]);
	snprintf(words[2], sizeof words[2], "%d", passed[2]);
	snprintf(words[3], sizeof words[3], "%u", plan->owner_uid);
	snprintf(words[4], sizeof words[4], "%u", plan->owner_gid);
	char *argv[] = {(char *)plan->host->fuse_helper,
			words[0],
			words[1],
			words[2],
			words[3],
			words[4],
			(char *)step->source,
			NULL};
	helper->ready = ready[0];
	/* It ends when its mounts are gone; should it not, it is not waited for in vain. */
	helper->deaf = true;
	int result = helper_start(helper, "fuse-overlayfs", argv, passed, 3, err);
	close(ready[1]);
	close(sandbox->fuse_helper);
	close(sandbox->fuse);
	sandbox->fuse_helper = sandbox->fuse = -1;
	return result < 0 ? -1 : helper_wait(sandbox, HELPER_FUSE, READY_SECONDS, err);
}

static const struct step_kind helper_kind = {"fuse-overlayfs", run_helper};

/* What the layer lies over, as mounts of nobody's: the helper puts them where it likes. */
static int hand_over(struct sandbox *sandbox, int fs, int part, const int lowers[], size_t count)
{
	int fds[MESSAGE_FDS], used = 0, result = -1;

	fds[used++] = fs;
	fds[used++] = mount_clone(part, "", true);
	for (size_t i = 0; i < count && used < MESSAGE_FDS; i++)
		fds[used++] = mount_clone(lowers[i], "", true);
	bool whole = true;
	for (int i = 0; i < used; i++)
		whole &= fds[i] >= 0;
	if (whole)
		result = channel_pass(sandbox->fuse, fds, used);
	int number = errno;
	for (int i = 1; i < used; i++)
		close_cleanup(&fds[i]);
	errno = number;
	return result;
}

int fuse_mount(struct sandbox *sandbox, const struct layer_part *what, int part, const int lowers[],
	       size_t count, struct error *err)
{
	char descriptor[16], uid[16], gid[16];
	const struct fs_option options[] = {
		{"source", "fuse-overlayfs"},
		{"fd", descriptor},
		{"rootmode", "40000"},
		{"user_id", uid},
		{"group_id", gid},
		/* Who may what is for the kernel to say, by modes and owners, for all inside. */
		{"default_permissions", NULL},
		{"allow_other", NULL},
		{NULL, NULL},
	};
	const char *failed;
	struct stat st;
	/* By us: the file system belongs to the user namespace of whoever opened it. */
	int cleanup_fd fs = open_in(sandbox->host_root, "dev/fuse", O_RDWR);

	if (fs < 0)
		return fail(err, "open /dev/fuse for the layer over %s", what->source);
	if (count > MESSAGE_FDS - FIXED_FDS)
		return fail_because(err,
				    "fuse-overlayfs lays a layer over at most %d directories here",
				    MESSAGE_FDS - FIXED_FDS);
	snprintf(descriptor, sizeof descriptor, "%d", fs);
	snprintf(uid, sizeof uid, "%u", sandbox->plan->owner_uid);
	snprintf(gid, sizeof gid, "%u", sandbox->plan->owner_gid);
	int cleanup_fd mount = mount_new("fuse", options, MOUNT_SAFE, &failed);
	if (mount < 0)
		return fail(err, "mount a layer of fuse-overlayfs over %s%s%s", what->source,
			    failed ? ", option " : "", failed ? failed : "");
	if (hand_over(sandbox, fs, part, lowers, count) < 0)
		return fail(err, "hand %s to fuse-overlayfs", what->source);
	close(steal_fd(&fs)); /* with the last one, fuse-overlayfs's, the file system ends */
	if (fstat(mount, &st) < 0) {
		fail(err, "use the layer of fuse-overlayfs over %s", what->source);
		return fail_remedy(err, "it did not start, or could not read what it lies over");
	}
	return steal_fd(&mount);
}

static int missing(const struct plan *plan, struct error *err)
{
	const struct host *host = plan->host;
	const char *why = host->overlay_refusal ? host->overlay_refusal
			  : host->no_overlay    ? "this kernel has no overlay file system for user "
						  "namespaces"
						: config_origin(plan->config, OPT_LAYER);

	if (!host->fuse_overlayfs) {
		fail_because(err, "cannot make a layer: %s, and fuse-overlayfs is not installed",
			     why);
		return fail_remedy(err, "run: sudo apt-get install fuse-overlayfs\nor say --rw to "
					"write into ROOTFS itself, or --read-only to write "
					"nowhere");
	}
	if (access(host->fuse_helper, X_OK) < 0) {
		fail(err, "use %s, which runs fuse-overlayfs", host->fuse_helper);
		return fail_remedy(err, "it is installed with the program (make install)");
	}
	if (!host->fuse_device) {
		fail_because(err, "cannot make a layer: %s, and /dev/fuse cannot be opened", why);
		return fail_remedy(err, "let root run: modprobe fuse; chmod 0666 /dev/fuse\n"
					"or say --rw to write into ROOTFS itself, or --read-only "
					"to write nowhere");
	}
	return 0;
}

int fuse_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	bool chosen = config->layer_place == LAYER_FUSE;

	if (!plan->parts_count || (!chosen && !plan->host->no_overlay))
		return 0;
	if (missing(plan, err) < 0)
		return -1;
	plan->fuse = true;
	const char *because = chosen ? config_origin(config, OPT_LAYER)
			      : plan->host->overlay_refusal
				      ? "the kernel's overlay was tried"
				      : "this kernel has no overlay for user namespaces";
	plan_add(plan, PHASE_PREPARE, &socket_kind, because);
	struct step *step = plan_add(plan, PHASE_CONNECT, &helper_kind, because);
	step->source = plan->host->fuse_overlayfs;
	/* Where it was tried, main.c says so. */
	if (!chosen && !plan->host->overlay_refusal)
		plan_say(plan, "this kernel has no overlay file system for user namespaces: "
			       "fuse-overlayfs makes the layer, and files are slower");
	return 0;
}
