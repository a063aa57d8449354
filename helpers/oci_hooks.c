/* Hooks: see oci_hooks.h. */
#include "oci_hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "spawn.h"

static const char *const words[] = {"prestart",       "createRuntime", "createContainer",
				    "startContainer", "poststart",     "poststop"};

int oci_hooks_check(const struct oci_spec *spec, bool allowed, struct error *err)
{
	for (int kind = 0; kind < HOOK_KINDS && !allowed; kind++) {
		if (!spec->hooks[kind].count)
			continue;
		fail_because(err,
			     "config.json: hooks.%s would run %.200s: hooks are not run unless "
			     "--allow-hooks says so",
			     words[kind], spec->hooks[kind].list[0].path);
		return fail_remedy(err,
				   "give the runtime --allow-hooks if the bundle is yours "
				   "(podman: --runtime-flag allow-hooks; docker: runtimeArgs)");
	}
	return 0;
}

static _Noreturn void become(const struct oci_hook *hook, int input)
{
	static char *none[] = {NULL};
	char *alone[] = {(char *)hook->path, NULL};
	sigset_t set;

	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	spawn_default_signals();
	dup2(input, 0);
	syscall(SYS_close_range, 3, ~0u, 0);
	execve(hook->path, hook->args && *hook->args ? hook->args : alone,
	       hook->env ? hook->env : none);
	_exit(127);
}

static int run_one(const struct oci_hook *hook, const char *word, int input, struct error *err)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		become(hook, input);
	int cleanup_fd process = pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
	if (process < 0)
		return fail(err, "start the %s hook %s", word, hook->path);
	struct pollfd end = {.fd = process, .events = POLLIN};
	bool late = poll(&end, 1, hook->timeout ? hook->timeout * 1000 : -1) == 0;
	if (late)
		kill(pid, SIGKILL); /* unreaped and ours */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (late)
		return fail_because(err, "the %s hook %s did not end in %d seconds", word,
				    hook->path, hook->timeout);
	if (status != 0)
		return fail_because(err, "the %s hook %s %s %d", word, hook->path,
				    WIFSIGNALED(status) ? "was ended by signal"
							: "left with status",
				    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return 0;
}

int oci_hooks_run(const struct oci_spec *spec, enum oci_hook_kind kind, const char *state,
		  struct error *err)
{
	for (size_t i = 0; i < spec->hooks[kind].count; i++) {
		int cleanup_fd input = memfd_create("state", MFD_CLOEXEC);

		if (input < 0 || write_all(input, state, strlen(state)) < 0 ||
		    lseek(input, 0, SEEK_SET) < 0)
			return fail(err, "hand the state to the %s hook", words[kind]);
		if (run_one(&spec->hooks[kind].list[i], words[kind], input, err) < 0)
			return -1;
	}
	return 0;
}
