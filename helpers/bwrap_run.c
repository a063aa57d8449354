/*
 * The processes. There are up to three, as callers know them:
 *
 * - the monitor, the caller's child, outside. It clones the child, tells of it, and waits. It
 *   passes no signal on, and its end alone ends nothing inside but with --die-with-parent.
 * - the child, in the new namespaces: ISOLATE, SETUP, CONFINE. Where there is something to hold or
 *   to reap (a pid namespace, --lock-file, --sync-fd) it stays as init: it tells the monitor how
 *   the command has ended, and goes on until nobody is left.
 * - the command, or the child itself where no init is needed, or with --as-pid-1.
 *
 * With --pidns one or two more fork in between, since a process enters a pid namespace only by
 * being born in it; the child then tells the monitor who it is, by SCM_CREDENTIALS.
 *
 * What goes wrong inside is printed there: all have the caller's standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "bwrap.h"

struct run {
	struct bwrap_sandbox bwrap;
	const struct plan *plan;
	struct bwrap_request *request;
	int go[2];       /* readable when the monitor is done with what comes first; or -1 */
	int ended[2];    /* the command's status, from init; or -1 */
	int finished[2]; /* one byte: exec is next; two: it has failed; or -1 */
	int pids[2];     /* with --pidns: the child's pid; or -1 */
	int monitor;     /* with --die-with-parent: the monitor's pidfd; or -1 */
	struct error err;
};

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static _Noreturn void give_up(const struct run *run)
{
	bwrap_print_error(run->request, &run->err);
	_exit(EXIT_BWRAP);
}

/* A parent that is gone by now will not be heard of. */
static int tie(const struct run *run, struct error *err)
{
	struct pollfd gone = {.fd = run->monitor, .events = POLLIN};

	if (!run->request->die_with_parent)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return bwrap_fail(err, "prctl");
	return poll(&gone, 1, 0) > 0 ? fail_because(err, "the parent process has ended") : 0;
}

/* --- the command --- */

/* As execvp(3) along the command's own PATH; a file that is no program is for the shell. */
static void exec_one(const char *path, char **argv, char **env)
{
	execve(path, argv, env);
	if (errno != ENOEXEC)
		return;
	size_t count = 0;
	while (argv[count])
		count++;
	char **words = calloc(count + 2, sizeof *words);
	if (words) {
		words[0] = "/bin/sh";
		words[1] = (char *)(uintptr_t)path;
		memcpy(words + 2, argv + 1, count * sizeof *words);
		execve("/bin/sh", words, env);
	}
	free(words);
	errno = ENOEXEC;
}

static void exec_command(const struct bwrap_request *request, const char *name, char **argv)
{
	const char *part = bwrap_env_get(request, "PATH");
	int number = ENOENT;
	char path[4096];

	if (strchr(name, '/')) {
		exec_one(name, argv, request->env);
		return;
	}
	for (part = part ? part : "/bin:/usr/bin"; *name; part++) {
		size_t length = strcspn(part, ":");

		if ((size_t)snprintf(path, sizeof path, "%.*s%s%s", (int)length, part,
				     length ? "/" : "", name) < sizeof path) {
			exec_one(path, argv, request->env);
			if (errno == EACCES)
				number = EACCES;
			else if (errno != ENOENT && errno != ENOTDIR && errno != ESTALE)
				return;
		}
		part += length;
		if (!*part)
			break;
	}
	errno = number;
}

/* Those that options named were for us; all else that the caller left open is for the command. */
static void close_used(const struct bwrap_request *request)
{
	const int used[] = {request->userns,       request->userns2,
			    request->pidns,        request->block,
			    request->userns_block, request->info,
			    request->json_status,  request->as_pid_1 ? -1 : request->sync};

	for (size_t i = 0; i < sizeof used / sizeof *used; i++)
		if (used[i] > 2)
			close(used[i]);
	for (size_t i = 0; i < request->ops_count; i++)
		if (request->ops[i].fd > 2)
			close(request->ops[i].fd);
}

static void restore_nofile(const struct bwrap_sandbox *bwrap)
{
	struct rlimit limit;

	if (!bwrap->nofile || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = bwrap->nofile;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void note_exec(const struct run *run)
{
	if (run->finished[1] >= 0)
		(void)!write(run->finished[1], "", 1);
}

static int command_main(void *argument)
{
	struct run *run = argument;
	struct bwrap_request *request = run->request;
	char **argv = run->plan->command;
	const char *name = argv[0];
	sigset_t children;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_UNBLOCK, &children, NULL);
	close_used(request);
	restore_nofile(&run->bwrap);
	if (tie(run, &run->err) < 0 || bwrap_confine_last(request, &run->err) < 0)
		give_up(run);
	note_exec(run);
	if (request->argv0)
		argv[0] = (char *)(uintptr_t)request->argv0;
	exec_command(request, name, argv);
	bwrap_fail(&run->err, "execvp %s", name);
	note_exec(run);
	give_up(run);
}

/* --- init --- */

static int take_locks(struct run *run, int *fds)
{
	struct bwrap_request *request = run->request;

	for (size_t i = 0; i < request->locks_count; i++) {
		struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

		fds[i] = open(request->locks[i], O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0)
			return bwrap_fail(&run->err, "Unable to open lock file %s",
					  request->locks[i]);
		if (fcntl(fds[i], F_SETLK, &lock) < 0)
			return bwrap_fail(&run->err, "Unable to lock file %s", request->locks[i]);
	}
	return 0;
}

/* Our first stack has the caller's variables, which everybody inside may read in /proc/1/environ,
 * whatever --unsetenv has said of the command's own: before there is a command, which gets copies.
 */
static void wipe_environment(struct bwrap_request *request)
{
	extern char **environ;

	for (size_t i = 0; i < request->env_count; i++)
		request->env[i] = arena_strdup(&request->arena, request->env[i]);
	for (char **entry = environ; *entry; entry++)
		memset(*entry, 0, strlen(*entry));
}

enum { COMMAND_STACK = 256 * 1024 };

static pid_t start_command(struct run *run)
{
	char *stack = mmap(NULL, COMMAND_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	if (stack == MAP_FAILED)
		return -1;
	pid_t pid =
		clone(command_main, stack + COMMAND_STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, run);
	int number = errno;
	give_back_stack(stack, COMMAND_STACK);
	errno = number;
	return pid;
}

/* Until nobody is left: what the command leaves behind in the background goes on. */
static int reap(const struct run *run, pid_t command)
{
	int status, result = EXIT_BWRAP;

	for (;;) {
		pid_t pid = wait(&status);

		if (pid < 0 && errno == ECHILD)
			return result;
		if (pid != command)
			continue;
		result = exit_status(status);
		if (run->ended[1] >= 0)
			(void)!write(run->ended[1], &result, sizeof result);
	}
}

static _Noreturn void init_main(struct run *run)
{
	struct bwrap_request *request = run->request;
	const int kept[] = {run->ended[1], request->sync, run->monitor};
	int *locks = arena_alloc(&request->arena, (request->locks_count + 1) * sizeof *locks);

	wipe_environment(request);
	pid_t command = start_command(run);
	if (command < 0) {
		bwrap_fail(&run->err, "Can't fork for pid 1");
		give_up(run);
	}
	if (bwrap_drop_capabilities(&run->err) < 0 ||
	    close_all_but((struct kept){kept, sizeof kept / sizeof *kept}, (struct kept){NULL, 0}) <
		    0 ||
	    take_locks(run, locks) < 0 || tie(run, &run->err) < 0 ||
	    bwrap_load_programs(request, &run->err) < 0)
		give_up(run);
	_exit(reap(run, command));
}

/* --- the child --- */

static int fork_between(struct run *run)
{
	pid_t pid = fork();

	if (pid > 0)
		_exit(0);
	return pid < 0 ? bwrap_fail(&run->err, "Can't fork for --pidns") : 0;
}

/* The kernel writes our pid as the monitor knows it. */
static int send_pid(struct run *run)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control = {.bytes = {0}};
	char byte = 0;
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control};
	struct ucred us = {getpid(), geteuid(), getegid()};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_CREDENTIALS;
	control.header.cmsg_len = CMSG_LEN(sizeof us);
	memcpy(CMSG_DATA(&control.header), &us, sizeof us);
	if (sendmsg(run->pids[1], &message, 0) < 0)
		return bwrap_fail(&run->err, "Can't send pid");
	close(run->pids[1]);
	return 0;
}

static int enter_pidns(struct run *run)
{
	struct bwrap_request *request = run->request;

	if (request->pidns < 0)
		return 0;
	if (setns(request->pidns, CLONE_NEWPID) < 0)
		return bwrap_fail(&run->err, "Setting pidns failed");
	if (fork_between(run) < 0)
		return -1;
	if (request->unshare_pid &&
	    (unshare(CLONE_NEWPID) < 0 ? bwrap_fail(&run->err, "unshare pid ns")
				       : fork_between(run)) < 0)
		return -1;
	return send_pid(run);
}

static int wait_for_monitor(struct run *run)
{
	char byte;

	if (run->go[0] < 0)
		return 0;
	close(run->go[1]);
	while (read(run->go[0], &byte, 1) < 0 && errno == EINTR)
		;
	close(run->go[0]);
	return 0;
}

static int set_up(struct run *run)
{
	struct sandbox *sandbox = &run->bwrap.sandbox;
	const struct bwrap_request *request = run->request;

	if (enter_pidns(run) < 0)
		return -1;
	if (request->info > 2)
		close(request->info);
	if (request->json_status > 2)
		close(request->json_status);
	if (wait_for_monitor(run) < 0 || plan_run(run->plan, PHASE_ISOLATE, sandbox, &run->err) < 0)
		return -1;
	/* Modes are those that were asked for; the umask is the command's. */
	mode_t mask = umask(0);
	if (plan_run(run->plan, PHASE_SETUP, sandbox, &run->err) < 0)
		return -1;
	if (plan_run(run->plan, PHASE_CONFINE, sandbox, &run->err) < 0)
		return -1;
	umask(mask);
	return 0;
}

static _Noreturn void child_main(struct run *run)
{
	const struct bwrap_request *request = run->request;

	if (set_up(run) < 0)
		give_up(run);
	bwrap_env_end(run->request);
	if (!request->as_pid_1 &&
	    (request->unshare_pid || request->locks_count || request->sync >= 0))
		init_main(run);
	command_main(run);
	_exit(EXIT_BWRAP);
}

/* --- the monitor --- */

static int explain_clone(const struct bwrap_request *request, int number, struct error *err)
{
	errno = number;
	if (request->unshare_user && number == EPERM)
		fail_because(err, "No permissions to create a new namespace: not allowed");
	else
		bwrap_fail(err, "Creating new namespace failed");
	return request->unshare_user ? host_explain_userns(number, err) : -1;
}

/* fork(2) into new namespaces; clone3 is refused by many filters. */
static pid_t clone_child(struct run *run, struct error *err)
{
	long pid =
		syscall(SYS_clone, bwrap_namespaces(run->request) | SIGCHLD, NULL, NULL, NULL, 0);

	if (pid == 0)
		child_main(run);
	if (pid < 0)
		explain_clone(run->request, errno, err);
	return (pid_t)pid;
}

static pid_t receive_pid(const struct run *run, struct error *err)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	char byte;
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control};
	ssize_t got;
	struct ucred child;

	close(run->pids[1]);
	while ((got = recvmsg(run->pids[0], &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	const struct cmsghdr *first = CMSG_FIRSTHDR(&message);
	if (got <= 0 || !first || first->cmsg_type != SCM_CREDENTIALS)
		return fail_because(err, "the sandbox ended before it was set up");
	memcpy(&child, CMSG_DATA(first), sizeof child);
	return child.pid;
}

/* What has to be done, or known to others, before the child may go on. */
static int introduce(const struct run *run, pid_t pid, struct error *err)
{
	struct bwrap_request *request = run->request;
	char byte;

	if (bwrap_tell_start(request, pid, err) < 0)
		return -1;
	if (request->userns_block >= 0)
		while (read(request->userns_block, &byte, 1) < 0 && errno == EINTR)
			;
	if (run->go[1] < 0)
		return 0;
	close(run->go[0]);
	(void)!write(run->go[1], "", 1);
	return 0;
}

/* The command's status, from init, which may go on; or else how the child itself has ended. */
static int wait_for_end(const struct run *run, pid_t pid)
{
	int status = 0, result;

	if (run->ended[0] >= 0) {
		ssize_t got;

		while ((got = read(run->ended[0], &result, sizeof result)) < 0 && errno == EINTR)
			;
		if (got == sizeof result)
			return result;
	}
	/* With --pidns it is ours when those between have ended, which come by here too. */
	while ((result = wait(&status)) != pid)
		if (result < 0 && errno != EINTR)
			return EXIT_BWRAP;
	return exit_status(status);
}

/* Only what was executed has an exit code to tell of. */
static void tell_exit(const struct run *run, int status)
{
	char bytes[2];

	if (run->finished[0] >= 0 && read(run->finished[0], bytes, sizeof bytes) == 1)
		bwrap_tell_exit(run->request, status);
}

static int monitor(const struct run *run, pid_t pid, struct error *err)
{
	const int kept[] = {run->ended[0], run->finished[0], run->request->json_status};

	/* What the caller left open for the command is not held open by us. */
	for (int i = 0; i < 2; i++)
		close_cleanup(i ? &run->ended[1] : &run->finished[1]);
	if (close_all_but((struct kept){kept, sizeof kept / sizeof *kept}, (struct kept){NULL, 0}) <
	    0)
		return bwrap_fail(err, "Can't close descriptors");
	int status = wait_for_end(run, pid);
	tell_exit(run, status);
	return status;
}

static int open_pipes(struct run *run, struct error *err)
{
	const struct bwrap_request *request = run->request;
	bool waits = request->info >= 0 || request->json_status >= 0 || request->userns_block >= 0;
	int yes = 1;

	if ((waits && pipe2(run->go, O_CLOEXEC) < 0) ||
	    (request->unshare_pid && !request->as_pid_1 && pipe2(run->ended, O_CLOEXEC) < 0) ||
	    (request->json_status >= 0 && pipe2(run->finished, O_CLOEXEC) < 0))
		return bwrap_fail(err, "pipe2()");
	if (request->pidns >= 0 &&
	    (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, run->pids) < 0 ||
	     setsockopt(run->pids[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) < 0))
		return bwrap_fail(err, "Can't create intermediate pids socket");
	/* musl has no name for the call. */
	run->monitor = request->die_with_parent ? (int)syscall(SYS_pidfd_open, getpid(), 0) : -1;
	if (run->monitor >= 0)
		fcntl(run->monitor, F_SETFD, FD_CLOEXEC);
	return 0;
}

static int tie_monitor(const struct run *run, pid_t parent, struct error *err)
{
	if (!run->request->die_with_parent)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return bwrap_fail(err, "prctl");
	return getppid() == parent ? 0 : fail_because(err, "the parent process has ended");
}

int bwrap_run(struct plan *plan, struct bwrap_request *request, struct error *err)
{
	struct run run = {.plan = plan,
			  .request = request,
			  .bwrap = {.request = request, .proc = -1, .sandbox = {.plan = plan}},
			  .go = {-1, -1},
			  .ended = {-1, -1},
			  .finished = {-1, -1},
			  .pids = {-1, -1},
			  .monitor = -1};
	pid_t parent = getppid();

	if (open_pipes(&run, err) < 0)
		return -1;
	if (request->userns >= 0 && setns(request->userns, CLONE_NEWUSER) < 0) {
		bwrap_fail(err, "Joining specified user namespace failed");
		return err->number == EINVAL
			       ? fail_remedy(err, "it may be no descendant of the one that the "
						  "caller is in")
			       : -1;
	}
	/* So that the one behind the forks in between is ours to wait for. */
	if (request->pidns >= 0 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return bwrap_fail(err, "prctl");
	pid_t pid = clone_child(&run, err);
	if (pid > 0 && request->pidns >= 0)
		pid = receive_pid(&run, err);
	if (pid < 0 || bwrap_drop_capabilities(err) < 0 || tie_monitor(&run, parent, err) < 0 ||
	    introduce(&run, pid, err) < 0)
		return -1;
	return monitor(&run, pid, err);
}
