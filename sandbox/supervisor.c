/*
 * Theory of operation.
 *
 *   supervisor   the caller's child, in the caller's namespaces. Runs PREPARE, clones the child
 * into a new user and pid namespace, runs ATTACH (newuidmap and newgidmap, side by side), and then
 * sleeps in poll until a signal or a message comes. child        pid 1 inside (child.c). ISOLATE
 * goes on beside ATTACH; SETUP waits for MESSAGE_IDS, the one point at which the two meet. With a
 * single id there is no such point. payload      child of pid 1 (init.c), or pid 1 itself with
 * --as-pid-1 (exec.c): CONFINE, exec. watcher      only where the death of pid 1 alone would not be
 * enough: see watcher.c.
 *
 * Supervisor and pid 1 hold the two ends of one channel and nobody else does. Whoever dies first,
 * the other reads MESSAGE_GONE; the kernel sends pid 1 SIGKILL too when the supervisor dies, and
 * kills everything in the pid namespace when pid 1 dies. What failed in the child comes as
 * MESSAGE_ERROR and is printed out here, once. The payload's end comes as MESSAGE_EXITED when all
 * else inside is dead; what the kernel then still has to take down (mounts, the network namespace)
 * nobody waits for.
 *
 * Signals are blocked throughout and read from a descriptor, so nothing here runs asynchronously.
 */
#include "supervisor.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "child.h"
#include "plan.h"
#include "sandbox.h"
#include "watcher.h"

/* What is passed on. One that was ignored when we were started (nohup) stays ignored for all. */
static const int forwarded[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGUSR1,
				SIGUSR2, SIGTSTP, SIGCONT, SIGWINCH};

static int open_signals(struct sandbox *sandbox, struct error *err)
{
	struct sigaction action;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
		if (sigaction(forwarded[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&set, forwarded[i]);
	/* A caller that ignores SIGCHLD would have our children reaped before we hear of them. */
	signal(SIGCHLD, SIG_DFL);
	if (sigprocmask(SIG_BLOCK, &set, &sandbox->caller_mask) < 0)
		return fail(err, "block signals");
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? fail(err, "make a descriptor for signals") : fd;
}

static int die_with_parent(const struct plan *plan, pid_t parent, struct error *err)
{
	if (!plan->config->die_with_parent)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return fail(err, "tie the sandbox to its parent");
	if (getppid() != parent)
		return fail_because(
			err, "the parent process has ended, and --die-with-parent was given");
	return 0;
}

/* fork(2), but into new user and pid namespaces and with a pidfd. clone and not clone3: the latter
 * is refused by many filters, ours among them. */
static int clone_child(struct sandbox *sandbox, int channel[2], struct error *err)
{
	int pidfd = -1;
	long pid = syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | CLONE_PIDFD | SIGCHLD, NULL,
			   &pidfd, NULL, 0);

	if (pid == 0) {
		close(channel[0]);
		sandbox->channel = channel[1];
		child_main(sandbox);
	}
	int number = errno;
	close(channel[1]);
	sandbox->channel = channel[0];
	if (pid < 0) {
		errno = number;
		fail(err, "make a user namespace");
		return host_explain_userns(number, err);
	}
	sandbox->child = (pid_t)pid;
	sandbox->child_fd = pidfd;
	return 0;
}

/* Signals from the terminal (Ctrl-C) are for the whole foreground group, as they would be without
 * us; those that somebody sent with kill(1) are for the command. */
static void pass_on(const struct sandbox *sandbox, const struct signalfd_siginfo *info)
{
	int number = (int)info->ssi_signo;
	bool terminal = info->ssi_code == SI_KERNEL;

	if (number == SIGTSTP || number == SIGCONT) {
		/* The payload's group is an orphan in its session, where SIGTSTP has no effect. */
		channel_send(sandbox->channel, MESSAGE_TERMINAL,
			     number == SIGTSTP ? SIGSTOP : SIGCONT, NULL);
		if (number == SIGTSTP)
			kill(getpid(), SIGSTOP);
		return;
	}
	if (sandbox->plan->config->as_pid_1)
		syscall(SYS_pidfd_send_signal, sandbox->child_fd, number, NULL, 0);
	else
		channel_send(sandbox->channel, terminal ? MESSAGE_TERMINAL : MESSAGE_SIGNAL, number,
			     NULL);
}

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int wait_child(struct sandbox *sandbox)
{
	int status = 0;

	while (waitpid(sandbox->child, &status, 0) < 0 && errno == EINTR)
		;
	sandbox->child = 0;
	return status;
}

/* Pid 1 is gone without a word of how the payload ended. */
static int child_gone(struct sandbox *sandbox, bool started, struct error *err)
{
	int status = wait_child(sandbox);

	if (WIFSIGNALED(status))
		fail_because(err, "the sandbox's first process was killed by signal %d%s",
			     WTERMSIG(status),
			     WTERMSIG(status) == SIGKILL ? " (out of memory, or somebody's kill -9)"
							 : "");
	else
		fail_because(err, "the sandbox's first process ended without saying why");
	if (started)
		err->status = exit_status(status);
	return -1;
}

/* Whoever wants to stop us while the sandbox is still being made gets just that. */
static bool stops_the_start(int number)
{
	return number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT;
}

/* Read what signals there are; the number of the one that ends an unfinished start, or 0. */
static int take_signals(const struct sandbox *sandbox, int signals, bool started)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof info) == sizeof info) {
		if (started)
			pass_on(sandbox, &info);
		else if (stops_the_start((int)info.ssi_signo))
			return (int)info.ssi_signo;
	}
	return 0;
}

/* From the start of the payload to its end. */
static int follow(struct sandbox *sandbox, int signals, struct error *err)
{
	struct message message;
	bool started = false, as_pid_1 = sandbox->plan->config->as_pid_1;
	/* A payload that is pid 1 has no channel: its exec closes it, and then its pidfd speaks. */
	struct pollfd both[] = {{.fd = sandbox->channel, .events = POLLIN},
				{.fd = signals, .events = POLLIN}};

	for (;;) {
		if (poll(both, 2, -1) < 0 && errno != EINTR)
			return fail(err, "wait for the sandbox");
		int stopped_by = take_signals(sandbox, signals, started);
		if (stopped_by)
			return 128 + stopped_by;
		if (!both[0].revents)
			continue;
		if (both[0].fd == sandbox->child_fd)
			return exit_status(wait_child(sandbox));
		switch (channel_receive(sandbox->channel, &message)) {
		case MESSAGE_STARTED:
			started = true;
			break;
		case MESSAGE_EXITED:
			sandbox->ended = true;
			return exit_status(message.number);
		case MESSAGE_ERROR:
			*err = message.error;
			return -1;
		default:
			if (!started || !as_pid_1)
				return child_gone(sandbox, started, err);
			both[0].fd = sandbox->child_fd;
		}
	}
}

static int start(struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	pid_t parent = getppid();
	int ends[2];

	if (die_with_parent(plan, parent, err) < 0 || watcher_start(sandbox, err) < 0 ||
	    plan_run(plan, PHASE_PREPARE, sandbox, err) < 0)
		return -1;
	if (channel_open(ends, err) < 0)
		return -1;
	if (clone_child(sandbox, ends, err) < 0 || watcher_tell(sandbox, err) < 0)
		return -1;
	if (plan_run(plan, PHASE_ATTACH, sandbox, err) < 0)
		return -1;
	if (plan_waits(plan) && channel_send(sandbox->channel, MESSAGE_IDS, 0, NULL) < 0 &&
	    errno != EPIPE)
		return fail(err, "tell the sandbox to go on");
	return 0;
}

/* Nothing is left behind: on an early way out pid 1 is killed and waited for; on the ordinary one
 * it is dead but for its last instructions. */
static void clean_up(struct sandbox *sandbox, bool ended)
{
	/* A layer on disk can only be removed when nothing has it mounted. */
	if (sandbox->child > 0 && (!ended || sandbox->layer_path)) {
		kill(sandbox->child, SIGKILL); /* unreaped and ours: the pid is nobody else's */
		wait_child(sandbox);
	}
	watcher_finish(sandbox);
	free(sandbox->layer_path);
	close_cleanup(&sandbox->channel);
	close_cleanup(&sandbox->child_fd);
	close_cleanup(&sandbox->layer);
}

int supervisor_run(const struct plan *plan, char *arguments, size_t size, struct error *err)
{
	struct sandbox sandbox = {.plan = plan,
				  .channel = -1,
				  .child_fd = -1,
				  .host_root = -1,
				  .rootfs = -1,
				  .root = -1,
				  .scratch = -1,
				  .layer = -1,
				  .watcher = -1,
				  .arguments = arguments,
				  .arguments_size = size};
	int cleanup_fd signals = open_signals(&sandbox, err);
	int status = -1;

	if (signals < 0)
		return -1;
	if (start(&sandbox, err) == 0)
		status = follow(&sandbox, signals, err);
	clean_up(&sandbox, status >= 0 && sandbox.ended);
	return status;
}
