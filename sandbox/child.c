/*
 * The child: pid 1 of the new pid namespace, in the new user namespace, with every capability over
 * both. It runs ISOLATE while the supervisor has the ids mapped, waits for them, runs SETUP, and
 * then becomes init, or with --as-pid-1 the payload.
 */
#include "child.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "channel.h"
#include "exec.h"
#include "init.h"
#include "plan.h"

/* Nothing that the caller had open is for us, but for the channel and what --file names. */
static int close_others(const struct sandbox *sandbox)
{
	const struct config *config = sandbox->plan->config;
	int from = 3;

	for (;;) {
		int next = sandbox->channel >= from ? sandbox->channel : -1;

		if (sandbox->layer >= from && (next < 0 || sandbox->layer < next))
			next = sandbox->layer;
		for (size_t i = 0; i < config->mounts_count; i++) {
			int fd = config->mounts[i].kind == MOUNT_FILE ? config->mounts[i].fd : -1;

			if (fd >= from && (next < 0 || fd < next))
				next = fd;
		}
		unsigned last = next < 0 ? ~0u : (unsigned)next - 1;
		if (last >= (unsigned)from && syscall(SYS_close_range, from, last, 0) < 0)
			return -1;
		if (next < 0)
			return 0;
		from = next + 1;
	}
}

static int wait_for_ids(struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	struct message message;

	if (!plan_waits(plan))
		return 0;
	if (channel_receive(sandbox->channel, &message) != MESSAGE_IDS)
		_exit(EXIT_SANDBOX); /* the supervisor is gone, or knows what is wrong */
	/* The caller's own id is not always among those mapped by hand; what cannot be named here
	 * can make no files here. */
	uint32_t uid = plan->identity.uid, gid = plan->identity.gid;
	bool own_uid = false, own_gid = false;
	for (size_t i = 0; i < plan->uids_count; i++)
		own_uid |= plan->host->uid - plan->uids[i].outside < plan->uids[i].count;
	for (size_t i = 0; i < plan->gids_count; i++)
		own_gid |= plan->host->gid - plan->gids[i].outside < plan->gids[i].count;
	if (!own_gid && syscall(SYS_setresgid, gid, gid, gid) < 0)
		return fail(err, "become gid %u", gid);
	if (!own_uid && syscall(SYS_setresuid, uid, uid, uid) < 0)
		return fail(err, "become uid %u", uid);
	return 0;
}

/* Nobody inside may trace us, read our memory or reopen our binary (CVE-2016-8659, CVE-2019-5736);
 * and our command line and environment, the caller's, are not for the payload's eyes. */
static int hide(const struct sandbox *sandbox, struct error *err)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail(err, "make pid 1 not dumpable");
	memset(sandbox->arguments, 0, sandbox->arguments_size);
	return 0;
}

static int prepare(struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;

	/* If the supervisor dies, so do we, and with us everything in the pid namespace. The
	 * channel tells it too: a supervisor that was dead before this call reads as end of file.
	 */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return fail(err, "tie the sandbox to its supervisor");
	/* Before anything of ROOTFS is opened, let alone run. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(err, "set no_new_privs");
	if (close_others(sandbox) < 0)
		return fail(err, "close the caller's descriptors");
	if (plan_run(plan, PHASE_ISOLATE, sandbox, err) < 0 || wait_for_ids(sandbox, err) < 0)
		return -1;
	/* Becoming another id clears the tie. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return fail(err, "tie the sandbox to its supervisor");
	/* The umask is the payload's; what SETUP makes has the modes it says. */
	mode_t mask = umask(0022);
	if (plan_run(plan, PHASE_SETUP, sandbox, err) < 0)
		return -1;
	umask(mask);
	return hide(sandbox, err);
}

_Noreturn void child_main(struct sandbox *sandbox)
{
	struct error err = {.number = 0};

	if (prepare(sandbox, &err) == 0) {
		if (!sandbox->plan->config->as_pid_1)
			init_main(sandbox);
		channel_send(sandbox->channel, MESSAGE_STARTED, 0, NULL);
		exec_payload(sandbox, &err);
	}
	channel_send(sandbox->channel, MESSAGE_ERROR, 0, &err);
	_exit(EXIT_SANDBOX);
}
