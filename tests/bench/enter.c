/*
 * enter: what the kernel asks for a command that joins a sandbox, and nothing else: nsenter(1), the
 * filter, and no library.
 *
 *     enter PID COMMAND [ARG...]
 *     enter - COMMAND [ARG...]      the filter alone, for whom nsenter(1) runs
 *
 * The user, mount, uts, ipc, net, cgroup and pid namespaces of PID; no_new_privs, the default
 * filter; a child, which is waited for. It checks nothing, drops no capability, and makes no
 * promise.
 */
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filters.h"

enum { NAMESPACES = 7 };

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void enter(const char *pid)
{
	static const char *const names[NAMESPACES] = {"user", "mnt",    "uts", "ipc",
						      "net",  "cgroup", "pid"};
	int fds[NAMESPACES];
	char path[64];

	for (int i = 0; i < NAMESPACES; i++) {
		snprintf(path, sizeof path, "/proc/%s/ns/%s", pid, names[i]);
		fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0)
			die(path);
	}
	for (int i = 0; i < NAMESPACES; i++)
		if (setns(fds[i], 0) < 0)
			die("setns");
}

int main(int argc, char **argv)
{
	const struct filter *filter = &filters[SECCOMP_DEFAULT];
	struct sock_fprog program = {filter->length, (struct sock_filter *)filter->instructions};
	int status;

	if (argc < 3)
		return 2;
	bool alone = strcmp(argv[1], "-") == 0;
	if (!alone)
		enter(argv[1]);
	pid_t pid = alone ? 0 : fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
			die("filter");
		execv(argv[2], argv + 2);
		die(argv[2]);
	}
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
