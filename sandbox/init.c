/*
 * Pid 1: see init.h.
 *
 * The payload is started with CLONE_VM | CLONE_VFORK: no page table is copied, and by the time
 * clone returns it has either exec'ed or left the reason in our memory. Every signal is blocked and
 * read from a signalfd, so nothing runs here asynchronously.
 */
#include "init.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "exec.h"
#include "privileges.h"

struct launch {
	struct sandbox *sandbox;
	struct error error;
	bool failed;
};

static int payload_main(void *argument)
{
	struct launch *launch = argument;

	exec_payload(launch->sandbox, &launch->error);
	launch->failed = true;
	_exit(EXIT_SANDBOX);
}

static _Noreturn void give_up(const struct sandbox *sandbox, const struct error *err)
{
	channel_send(sandbox->channel, MESSAGE_ERROR, 0, err);
	_exit(EXIT_SANDBOX);
}

/* The payload's stack until its exec: room for a few paths, an error, and the words of a shell
 * script. */
enum { PAYLOAD_STACK = 128 * 1024 };

/* The stack is mapped and given back, since pid 1 stays for as long as the sandbox does. */
static pid_t start_payload(struct sandbox *sandbox)
{
	struct launch launch = {.sandbox = sandbox};
	char *stack = mmap(NULL, PAYLOAD_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	pid_t pid = stack == MAP_FAILED ? -1
					: clone(payload_main, stack + PAYLOAD_STACK,
						CLONE_VM | CLONE_VFORK | SIGCHLD, &launch);

	if (pid < 0) {
		fail(&launch.error, "start the command");
		give_up(sandbox, &launch.error);
	}
	if (launch.failed)
		give_up(sandbox, &launch.error);
	munmap(stack, PAYLOAD_STACK);
	return pid;
}

static int block_signals(void)
{
	sigset_t all, child;

	sigfillset(&all);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &all, NULL) < 0)
		return -1;
	return signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* End all that the payload has left behind, and only then say how it ended: when the supervisor
 * hears it, nothing in here can write to a bound directory any more. */
static _Noreturn void finish(const struct sandbox *sandbox, int status)
{
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	channel_send(sandbox->channel, MESSAGE_EXITED, status, NULL);
	_exit(0);
}

static void reap(const struct sandbox *sandbox, int signals, pid_t payload)
{
	struct signalfd_siginfo ignored;
	int status;
	pid_t pid;

	while (read(signals, &ignored, sizeof ignored) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == payload)
			finish(sandbox, status);
}

static void obey(const struct sandbox *sandbox, pid_t payload)
{
	struct message message;

	switch (channel_receive(sandbox->channel, &message)) {
	case MESSAGE_SIGNAL:
		kill(payload, message.number);
		break;
	case MESSAGE_TERMINAL: /* as the terminal would: its session's leader and group is the
				  payload */
		/* While we are stopped nothing in here may read on what is typed at the caller's
		 * shell. */
		kill(message.number == SIGSTOP || message.number == SIGCONT ? -1 : -payload,
		     message.number);
		break;
	case MESSAGE_GONE:
		_exit(EXIT_SANDBOX); /* and the kernel kills the rest */
	default:
		break;
	}
}

/* epoll and not poll, which asks for RLIMIT_NOFILE: the payload, when it has our uid, may set ours
 * to 0 (prlimit(2)). */
static int watch_both(int signals, int channel)
{
	struct epoll_event first = {.events = EPOLLIN, .data.fd = signals};
	struct epoll_event second = {.events = EPOLLIN, .data.fd = channel};
	int both = epoll_create1(EPOLL_CLOEXEC);

	if (both < 0 || epoll_ctl(both, EPOLL_CTL_ADD, signals, &first) < 0 ||
	    epoll_ctl(both, EPOLL_CTL_ADD, channel, &second) < 0)
		return -1;
	return both;
}

_Noreturn void init_main(struct sandbox *sandbox)
{
	struct error err;
	struct epoll_event event;
	int signals = block_signals();
	int both = signals < 0 ? -1 : watch_both(signals, sandbox->channel);

	if (both < 0) {
		fail(&err, "make the descriptors that pid 1 waits on");
		give_up(sandbox, &err);
	}
	pid_t payload = start_payload(sandbox);
	if (privileges_drop_for_init(&err) < 0)
		give_up(sandbox, &err);
	channel_send(sandbox->channel, MESSAGE_STARTED, 0, NULL);
	for (;;) {
		if (epoll_wait(both, &event, 1, -1) <= 0)
			continue;
		if (event.data.fd == signals)
			reap(sandbox, signals, payload);
		else
			obey(sandbox, payload);
	}
}
