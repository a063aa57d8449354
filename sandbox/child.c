/*
 * The child: pid 1 of the new pid namespace, in the new user namespace, with every capability over
 * both. It runs ISOLATE while the supervisor has the ids mapped, waits for them, runs SETUP, and
 * then becomes init, or with --as-pid-1 the payload.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "channel.h"
#include "descent.h"
#include "exec.h"
#include "init.h"
#include "join.h"
#include "plan.h"
#include "pty.h"

/* Nothing that the caller had open is for us, but for the channel and what --file names. */
static int close_others(const struct sandbox *sandbox)
{
	const int own[] = {sandbox->channel,
			   sandbox->layer,
			   sandbox->base,
			   sandbox->cgroup,
			   sandbox->fuse,
			   sandbox->bus,
			   sandbox->helpers[HELPER_DENIALS].ready,
			   sandbox->wayland.listener,
			   sandbox->wayland.bound,
			   sandbox->audio.listener,
			   sandbox->audio.bound,
			   sandbox->x11};

	return close_all_but((struct kept){own, sizeof own / sizeof *own}, sandbox->plan->files);
}

static int wait_for_ids(struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	struct message message;

	if (!plan_waits(plan))
		return 0;
	if (channel_receive(sandbox->channel, &message) != MESSAGE_IDS) {
		errno = message.number;
		if (errno)
			return fail(err, "hear that the ids are mapped");
		_exit(EXIT_SANDBOX); /* the supervisor is gone, or knows what is wrong */
	}
	/* The caller's own id is not always among those mapped by hand; what cannot be named here
	 * can make no files here. */
	uint32_t uid = plan->owner_uid, gid = plan->owner_gid;
	/* Whoever owns the files of ROOTFS makes those that are added. */
	bool become = plan->host->rootfs_subordinate && plan->config->userns == USERNS_AUTO;
	bool own_uid = false, own_gid = false;
	for (size_t i = 0; i < plan->uids_count; i++)
		own_uid |= plan->host->uid - plan->uids[i].outside < plan->uids[i].count;
	for (size_t i = 0; i < plan->gids_count; i++)
		own_gid |= plan->host->gid - plan->gids[i].outside < plan->gids[i].count;
	if ((!own_gid || become) && syscall(SYS_setresgid, gid, gid, gid) < 0)
		return fail(err, "become gid %u", gid);
	if ((!own_uid || become) && syscall(SYS_setresuid, uid, uid, uid) < 0)
		return fail(err, "become uid %u", uid);
	/* Helpers that are on their way find our namespaces in /proc only as long as we may be
	 * dumped, which ends when ids change (prctl(2)). Nobody is inside yet. */
	if (plan_has(plan, PHASE_CONNECT) && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return fail(err, "let helpers find the sandbox");
	return 0;
}

/* To the supervisor, for the helpers that go into our namespaces. */
static int say_isolated(const struct sandbox *sandbox, struct error *err)
{
	int cleanup_fd network = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	bool shares = sandbox->plan->x11_shares;
	int cleanup_fd ipc = shares ? open("/proc/self/ns/ipc", O_RDONLY | O_CLOEXEC) : -1;
	const int fds[] = {network, ipc};

	if (network < 0 || (shares && ipc < 0))
		return fail(err, "open the sandbox's namespaces");
	if (channel_send_fds(sandbox->channel, MESSAGE_ISOLATED, fds, shares ? 2 : 1) < 0)
		return fail(err, "tell of the sandbox's namespaces");
	return 0;
}

/* Nobody inside may trace us, read our memory or reopen our binary (CVE-2016-8659, CVE-2019-5736);
 * and our command line and environment, the caller's, are not for the payload's eyes. */
static int hide(const struct sandbox *sandbox, struct error *err)
{
	/* Who is still to find us in /proc has come when the payload may run: network.c, run_await.
	 */
	if (!sandbox->plan->network_late && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail(err, "make pid 1 not dumpable");
	memset(sandbox->arguments, 0, sandbox->arguments_size);
	return 0;
}

/*
 * Without a pid namespace nothing would end the others when we die with the supervisor. So we do
 * not, but read of it at the channel and end them first; away from what is sent to the caller's
 * process group, and by a name of our own, for whoever kills by name.
 */
static int stand_alone(struct error *err)
{
	prctl(PR_SET_NAME, "sandbox-init", 0, 0, 0);
	if (setsid() < 0 || descent_adopt() < 0)
		return fail(err, "be the one to whom orphans come");
	return 0;
}

static int tie(const struct plan *plan, struct error *err)
{
	if (plan->config->confine_only)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return fail(err, "tie the sandbox to its supervisor");
	return 0;
}

static int prepare(struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;

	/* If the supervisor dies, so do we, and with us everything in the pid namespace. The
	 * channel tells it too: a supervisor that was dead before this call reads as end of file.
	 */
	if ((plan->config->confine_only ? stand_alone(err) : tie(plan, err)) < 0)
		return -1;
	/* Before anything of ROOTFS is opened, let alone run. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(err, "set no_new_privs");
	if (close_others(sandbox) < 0)
		return fail(err, "close the caller's descriptors");
	if (plan_run(plan, PHASE_ISOLATE, sandbox, err) < 0)
		return -1;
	if (plan_has(plan, PHASE_CONNECT) && say_isolated(sandbox, err) < 0)
		return -1;
	if (wait_for_ids(sandbox, err) < 0)
		return -1;
	/* Becoming another id clears the tie. */
	if (tie(plan, err) < 0)
		return -1;
	/* The umask is the payload's; what SETUP makes has the modes it says. */
	mode_t mask = umask(0022);
	if (plan_run(plan, PHASE_SETUP, sandbox, err) < 0)
		return -1;
	umask(mask);
	close_cleanup(&sandbox->fuse); /* no more layers */
	sandbox->fuse = -1;
	/* Before hiding: slirp4netns finds our network in /proc. */
	if (plan_run(plan, PHASE_GUARD, sandbox, err) < 0)
		return -1;
	if (sandbox->state.lock >= 0 && join_send_namespaces(sandbox, err) < 0)
		return -1;
	return pty_hand_over(sandbox, err) < 0 ? -1 : hide(sandbox, err);
}

_Noreturn void child_main(struct sandbox *sandbox)
{
	struct error err = {.number = 0};

	if (prepare(sandbox, &err) == 0) {
		if (!sandbox->plan->config->as_pid_1)
			init_main(sandbox);
		if (pty_lead_session(sandbox, &err) == 0) {
			if (channel_send(sandbox->channel, MESSAGE_STARTED, 0, NULL) == 0)
				exec_payload(sandbox, &err);
			else
				fail(&err, "say that the command starts");
		}
	}
	if (channel_send(sandbox->channel, MESSAGE_ERROR, 0, &err) < 0)
		_exit(errno); /* as init.c: said */
	_exit(EXIT_SANDBOX);
}
