/* User namespaces, their maps, and the network's loopback; child, ISOLATE and the end of SETUP. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "bwrap.h"
#include "mounting.h"

/* One id of each kind. proc: the host's /proc. */
static int write_maps(int proc, const uint32_t inside[2], const uint32_t outside[2], bool deny,
		      struct error *err)
{
	char text[40];

	snprintf(text, sizeof text, "%u %u 1\n", inside[0], outside[0]);
	if (write_file_at(proc, "self/uid_map", text) < 0)
		return bwrap_fail(err, "setting up uid map");
	if (deny && write_file_at(proc, "self/setgroups", "deny\n") < 0 && errno != ENOENT)
		return bwrap_fail(err, "error writing to setgroups");
	snprintf(text, sizeof text, "%u %u 1\n", inside[1], outside[1]);
	if (write_file_at(proc, "self/gid_map", text) < 0)
		return bwrap_fail(err, "setting up gid map");
	return 0;
}

/* A devpts can be mounted only where uid 0 is mapped: the command then gets its own id back in a
 * user namespace below (run_nest). */
static void first_ids(const struct bwrap_request *request, uint32_t ids[2])
{
	ids[0] = request->needs_devpts ? 0 : (uint32_t)request->uid;
	ids[1] = request->needs_devpts ? 0 : (uint32_t)request->gid;
}

static int run_map(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct bwrap_request *request = bwrap_request_of(sandbox);
	const uint32_t outside[2] = {request->caller_uid, request->caller_gid};
	uint32_t inside[2];
	int cleanup_fd proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)step;
	if (proc < 0)
		return bwrap_fail(err, "Can't open /proc");
	first_ids(request, inside);
	return write_maps(proc, inside, outside, true, err);
}

/* In a user namespace that somebody else has made there may be other ids. */
static int run_become(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct bwrap_request *request = bwrap_request_of(sandbox);
	uint32_t uid = (uint32_t)request->uid, gid = (uint32_t)request->gid;

	(void)step;
	if (gid != request->caller_gid && syscall(SYS_setgid, gid) < 0)
		return bwrap_fail(err, "unable to switch to gid %u", gid);
	if (uid != request->caller_uid && syscall(SYS_setuid, uid) < 0)
		return bwrap_fail(err, "unable to switch to uid %u", uid);
	return 0;
}

static int run_loopback(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct ifreq request = {.ifr_name = "lo"};
	int cleanup_fd fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)step;
	(void)sandbox;
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return bwrap_fail(err, "loopback: Failed to look up lo");
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return bwrap_fail(err, "loopback: Failed to bring up lo");
	return 0;
}

static const struct step_kind map_kind = {"map", run_map};
static const struct step_kind become_kind = {"identity", run_become};
static const struct step_kind loopback_kind = {"loopback", run_loopback};

void bwrap_isolate_plan(struct plan *plan, struct bwrap_request *request)
{
	if (request->userns >= 0)
		plan_add(plan, PHASE_ISOLATE, &become_kind, "--userns");
	if (request->unshare_user && request->userns_block < 0)
		plan_add(plan, PHASE_ISOLATE, &map_kind, NULL);
	if (request->unshare_net)
		plan_add(plan, PHASE_ISOLATE, &loopback_kind, "--unshare-net");
}

static int run_userns2(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	if (setns(bwrap_request_of(sandbox)->userns2, CLONE_NEWUSER) < 0)
		return bwrap_fail(err, "Setting userns2 failed");
	return 0;
}

static int run_nest(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct bwrap_request *request = bwrap_request_of(sandbox);
	const uint32_t inside[2] = {(uint32_t)request->uid, (uint32_t)request->gid};
	int proc = bwrap_of(sandbox)->proc;
	uint32_t outside[2];

	(void)step;
	/* Of the namespace that we are about to leave: from the one below it cannot be undone. */
	if (request->disable_userns && write_file_at(proc, "sys/user/max_user_namespaces", "1") < 0)
		return bwrap_fail(err, "cannot set /proc/sys/user/max_user_namespaces");
	if (unshare(CLONE_NEWUSER) < 0)
		return bwrap_fail(err, "unshare user ns");
	first_ids(request, outside);
	return write_maps(proc, inside, outside, false, err);
}

static int run_check_disabled(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	(void)sandbox;
	if (unshare(CLONE_NEWUSER) == 0)
		return fail_because(
			err, "creation of new user namespaces was not disabled as requested");
	return 0;
}

static const struct step_kind userns2_kind = {"enter", run_userns2};
static const struct step_kind nest_kind = {"nest", run_nest};
static const struct step_kind check_kind = {"check-userns", run_check_disabled};

void bwrap_nest_plan(struct plan *plan, struct bwrap_request *request)
{
	uint32_t first[2];

	first_ids(request, first);
	if (request->userns2 >= 0)
		plan_add(plan, PHASE_SETUP, &userns2_kind, "--userns2");
	if (request->unshare_user && request->userns_block < 0 &&
	    (request->disable_userns || first[0] != (uint32_t)request->uid ||
	     first[1] != (uint32_t)request->gid))
		plan_add(plan, PHASE_SETUP, &nest_kind,
			 request->disable_userns ? "--disable-userns" : "--dev");
	if (request->disable_userns || request->assert_userns_disabled)
		plan_add(plan, PHASE_SETUP, &check_kind, "command line");
}
