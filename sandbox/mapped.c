/* Work on files of subordinate ids: see mapped.h. */
#include "mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "endings.h"
#include "files.h"
#include "host.h"
#include "idmap.h"
#include "installed.h"
#include "plan.h"
#include "sandbox.h"

const char *mapped_helper(struct arena *arena, const char *name)
{
	return installed_path(arena, NULL, arena_printf(arena, "libexec/sandbox/%s", name));
}

int mapped_pass(int fd, int number)
{
	/* dup2 of a descriptor on itself leaves close-on-exec set. */
	return fd == number ? fcntl(fd, F_SETFD, 0) : dup2(fd, number);
}

/* Just the maps: the room of ids, and no other. */
struct ids {
	struct config config;
	struct host host;
	struct plan plan;
};

static int plan_ids(struct ids *ids, bool subordinate, struct error *err)
{
	ids->plan.config = &ids->config;
	ids->plan.host = &ids->host;
	if (host_probe_ids(&ids->host, &ids->config, err) < 0)
		return -1;
	ids->host.rootfs_subordinate = subordinate;
	return idmap_plan(&ids->plan, err);
}

static void free_ids(struct ids *ids)
{
	plan_free(&ids->plan);
	host_free(&ids->host);
	config_free(&ids->config);
}

int64_t mapped_ids(struct error *err)
{
	struct ids ids = {.config = {.userns = USERNS_AUTO}};
	int64_t sum = -1;

	if (plan_ids(&ids, false, err) == 0) {
		sum = 0;
		for (size_t i = 0; i < ids.plan.uids_count; i++)
			sum += ids.plan.uids[i].count;
	}
	free_ids(&ids);
	return sum;
}

static void block(sigset_t *wanted, sigset_t *before)
{
	sigemptyset(wanted);
	sigaddset(wanted, SIGCHLD);
	endings_add(wanted);
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_BLOCK, wanted, before);
}

static _Noreturn void child(const struct mapped *mapped, struct ids *ids, int go,
			    const sigset_t *mask)
{
	struct sandbox sandbox = {.plan = &ids->plan};
	struct error err = {0};
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (plan_run(&ids->plan, PHASE_ISOLATE, &sandbox, &err) < 0) {
		error_print(stderr, &err);
		_exit(EXIT_SANDBOX);
	}
	/* End of file: whoever was to map the ids has failed, and says so. */
	if (read(go, &byte, 1) != 1)
		_exit(EXIT_SANDBOX);
	if (mapped->subordinate &&
	    (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0))
		_exit(EXIT_SANDBOX);
	/* Becoming another id clears the tie. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	close(go);
	sigprocmask(SIG_SETMASK, mask, NULL);
	_exit(mapped->function(mapped->data));
}

/* Until the child has ended. */
static int wait_for(const struct mapped *mapped, pid_t pid, const sigset_t *wanted)
{
	int status = 0, ended_by = 0;

	for (;;) {
		int number = sigwaitinfo(wanted, NULL);

		if (number > 0 && number != SIGCHLD) {
			ended_by = number;
			kill(pid, SIGTERM);
			if (mapped->group)
				kill(-mapped->group, SIGTERM);
		}
		if (waitpid(pid, &status, WNOHANG) == pid)
			break;
	}
	if (ended_by)
		return 128 + ended_by;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int mapped_run(const struct mapped *mapped, struct error *err)
{
	struct ids ids = {.config = {.userns = USERNS_AUTO}};
	struct sandbox sandbox = {.plan = &ids.plan};
	sigset_t wanted, before;
	int go[2], status = -1;

	if (plan_ids(&ids, mapped->subordinate, err) < 0) {
		free_ids(&ids);
		return -1;
	}
	if (pipe2(go, O_CLOEXEC) < 0) {
		free_ids(&ids);
		return fail(err, "make a pipe");
	}
	block(&wanted, &before);
	sandbox.child = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0);
	if (sandbox.child == 0) {
		close(go[1]);
		child(mapped, &ids, go[0], &before);
	}
	int number = errno;
	close(go[0]);
	if (sandbox.child < 0) {
		errno = number;
		fail(err, "make a user namespace");
		host_explain_userns(number, err);
		close(go[1]);
	} else {
		char byte = 0;
		bool ready = plan_run(&ids.plan, PHASE_ATTACH, &sandbox, err) == 0;

		if (ready)
			(void)!write(go[1], &byte, 1);
		close(go[1]);
		status = wait_for(mapped, sandbox.child, &wanted);
		status = ready ? status : -1;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	free_ids(&ids);
	return status;
}
