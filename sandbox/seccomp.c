/*
 * Loads the filter, in the payload's process, as the last step of CONFINE: see seccomp.h.
 *
 * One call hands the kernel the constant array; nothing is computed here.
 */
#include "seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "filters.h"

/*
 * A filter that was loaded and refuses nothing would be the worst of failures, so one call proves
 * it. Without a filter setns(-1) answers EBADF, with any of ours EPERM; it changes nothing either
 * way, and the kernel cannot be built without it.
 */
static int check_refusal(struct error *err)
{
	if (syscall(SYS_setns, -1, 0) == -1 && errno == EPERM)
		return 0;
	return fail_because(err, "the system call filter was loaded but does not refuse setns");
}

int seccomp_install(enum seccomp_mode mode, struct error *err)
{
	if (mode == SECCOMP_UNCONFINED)
		return 0;

	struct sock_fprog program = {
		.len = filters[mode].length,
		.filter = (struct sock_filter *)filters[mode].instructions, /* only read */
	};
	/*
	 * No flags. TSYNC is for other threads, of which there are none. SPEC_ALLOW would switch
	 * off what kernels before 5.16 do against Spectre for a process with a filter (later ones
	 * do nothing): it makes programs faster there, but what runs here is exactly who should not
	 * train our predictors.
	 */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
		return fail(err, "load the system call filter");
	return check_refusal(err);
}

const char *seccomp_describe(enum seccomp_mode mode)
{
	return mode == SECCOMP_UNCONFINED ? "unconfined: every system call"
					  : filters[mode].description;
}

static int run_seccomp(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	return seccomp_install((enum seccomp_mode)step->flags, err);
}

static const struct step_kind seccomp = {"seccomp", run_seccomp};

int seccomp_plan(struct plan *plan, struct error *err)
{
	enum seccomp_mode mode = plan->config->seccomp;
	struct step *step =
		plan_add(plan, PHASE_CONFINE, &seccomp, config_origin(plan->config, OPT_SECCOMP));

	(void)err;
	step->flags = mode;
	step->target = seccomp_describe(mode);
	return 0;
}
