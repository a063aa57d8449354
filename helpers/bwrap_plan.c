/* The steps of a request, in the order in which they are run: see bwrap.h. */
#include <sched.h>
#include <string.h>

#include "bwrap.h"

unsigned long bwrap_namespaces(const struct bwrap_request *request)
{
	unsigned long flags = CLONE_NEWNS;

	flags |= request->unshare_user ? CLONE_NEWUSER : 0;
	/* Below a given one it is made later, by a process that is in that one. */
	flags |= request->unshare_pid && request->pidns < 0 ? CLONE_NEWPID : 0;
	flags |= request->unshare_net ? CLONE_NEWNET : 0;
	flags |= request->unshare_ipc ? CLONE_NEWIPC : 0;
	flags |= request->unshare_uts ? CLONE_NEWUTS : 0;
	flags |= request->unshare_cgroup ? CLONE_NEWCGROUP : 0;
	return flags;
}

void bwrap_plan(struct plan *plan, struct bwrap_request *request)
{
	bwrap_isolate_plan(plan, request);
	bwrap_mounts_plan(plan, request);
	bwrap_nest_plan(plan, request);
	bwrap_confine_plan(plan, request);
	plan->command = request->command;
}
