/* What the command may do and where it starts; child, CONFINE, and its own process. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "bwrap.h"
#include "capability_sets.h"
#include "filter_load.h"

/* --- capabilities --- */

int bwrap_drop_capabilities(struct error *err)
{
	return capability_sets_set(0, 0, 0) < 0 ? bwrap_fail(err, "capset failed") : 0;
}

static int run_capabilities(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct bwrap_request *request = bwrap_request_of(sandbox);
	int left;

	(void)step;
	/* A new user namespace has brought all of them back. */
	if ((request->unshare_user || request->userns >= 0) &&
	    capability_sets_drop_bounding(request->caps, &left) < 0)
		return bwrap_fail(err, "Dropping capability %d from bounds", left);
	/* Root that was asked for nothing keeps what it has. */
	if ((request->caps_given || request->caller_uid != 0) &&
	    capability_sets_set(request->caps, request->caps, request->caps) < 0)
		return bwrap_fail(err, "capset failed");
	/* So that its own files in /proc are its own. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return bwrap_fail(err, "can't set dumpable");
	return 0;
}

/* --- filters --- */

int bwrap_read_program(struct bwrap_request *request, int fd, struct error *err)
{
	const size_t room = BPF_MAXINSNS * sizeof(struct sock_filter) + 1;
	char *code = arena_alloc(&request->arena, room);
	size_t used = 0;
	ssize_t got = 0;

	while (used < room &&
	       ((got = read(fd, code + used, room - used)) > 0 || (got < 0 && errno == EINTR)))
		used += got > 0 ? (size_t)got : 0;
	if (got < 0)
		return bwrap_fail(err, "Can't read seccomp data");
	close(fd);
	if (used % sizeof(struct sock_filter))
		return fail_because(err, "Invalid seccomp data, must be multiple of 8");
	if (used == room)
		return fail_because(err, "Invalid seccomp data, more than %d instructions",
				    BPF_MAXINSNS);
	struct bwrap_program *program =
		ARENA_APPEND(&request->arena, request->programs, request->programs_count);
	program->code = (struct sock_filter *)(void *)code;
	program->length = (unsigned short)(used / sizeof(struct sock_filter));
	return 0;
}

int bwrap_load_programs(const struct bwrap_request *request, struct error *err)
{
	/* First: what callers bring may refuse to have any more loaded. */
	if (request->harden && seccomp_install(&filters[SECCOMP_DEFAULT], err) < 0)
		return -1;
	for (size_t i = 0; i < request->programs_count; i++) {
		const struct sock_fprog program = {request->programs[i].length,
						   request->programs[i].code};

		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
			return bwrap_fail(err, "prctl(PR_SET_SECCOMP)");
	}
	return 0;
}

static int run_seccomp(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct bwrap_request *request = bwrap_request_of(sandbox);

	(void)step;
	return bwrap_read_program(request, request->seccomp, err);
}

/* --- where it starts --- */

static int run_block(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int fd = bwrap_request_of(sandbox)->block;
	char byte;

	(void)step;
	(void)err;
	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		;
	return 0;
}

/* Through a descriptor that the caller had open on a directory of the host's, as in
 * /proc/self/fd/N, one could start outside (CVE-2024-21626 of runc). */
static int check_inside(const char *path, struct error *err)
{
	char cwd[4096];

	if (syscall(SYS_getcwd, cwd, sizeof cwd) > 0 && cwd[0] == '/')
		return 0;
	return fail_because(err, "Can't chdir to %s: it lies outside of the sandbox", path);
}

static int run_chdir(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct bwrap_request *request = bwrap_request_of(sandbox);
	const char *home = bwrap_env_get(request, "HOME"), *cwd = bwrap_of(sandbox)->cwd;
	const char *found = "/";

	if (step->target) {
		if (chdir(step->target) < 0)
			return bwrap_fail(err, "Can't chdir to %s", step->target);
		found = step->target;
	} else if (cwd && chdir(cwd) == 0) {
		found = cwd;
	} else if (home && chdir(home) == 0) {
		found = home;
	}
	if (check_inside(found, err) < 0)
		return -1;
	bwrap_env_set(request, "PWD", found);
	return 0;
}

static int run_session(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	(void)sandbox;
	return setsid() < 0 ? bwrap_fail(err, "setsid") : 0;
}

static const struct step_kind capabilities = {"capabilities", run_capabilities};
static const struct step_kind block = {"block", run_block};
static const struct step_kind seccomp = {"seccomp", run_seccomp};
static const struct step_kind workdir = {"workdir", run_chdir};
static const struct step_kind session = {"session", run_session};

void bwrap_confine_plan(struct plan *plan, struct bwrap_request *request)
{
	plan_add(plan, PHASE_CONFINE, &capabilities, NULL);
	if (request->block >= 0)
		plan_add(plan, PHASE_CONFINE, &block, "--block-fd");
	if (request->seccomp >= 0)
		plan_add(plan, PHASE_CONFINE, &seccomp, "--seccomp");
	plan_add(plan, PHASE_CONFINE, &workdir, NULL)->target = request->chdir;
	if (request->new_session)
		plan_add(plan, PHASE_CONFINE, &session, "--new-session");
}

int bwrap_confine_last(struct bwrap_request *request, struct error *err)
{
	for (int cap = 0; cap < 64; cap++)
		if (request->caps >> cap & 1 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0 && errno != EINVAL &&
		    errno != EPERM)
			return bwrap_fail(err, "Adding ambient capability %d", cap);
	return bwrap_load_programs(request, err);
}
