/*
 * Pid 1: see init.h.
 *
 * The payload is started with CLONE_VM | CLONE_VFORK: no page table is copied, and by the time
 * clone returns it has either exec'ed or left the reason in our memory. With a user namespace of
 * its own we have to go on and write its maps: then two pipes see to it that only one of us runs at
 * a time, for we share errno too. Every signal is blocked and
 * read from a signalfd, so nothing runs here asynchronously.
 */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "descent.h"
#include "exec.h"
#include "metadata.h"
#include "nest.h"
#include "privileges.h"
#include "pty.h"

struct launch {
	struct sandbox *sandbox;
	struct error error;
	bool failed;
	int map[2];  /* with plan->nested: we write when its ids are mapped */
	int done[2]; /* and it closes when it has exec'ed or failed */
};

static int payload_main(void *argument)
{
	struct launch *launch = argument;

	if (launch->sandbox->plan->nested) {
		close(launch->map[1]);
		launch->sandbox->mapped = launch->map[0];
	}
	exec_payload(launch->sandbox, &launch->error);
	launch->failed = true;
	_exit(EXIT_SANDBOX);
}

/* Nobody who waits for what could not be said waits for ever: with us everything inside ends, and
 * the status has the errno. A supervisor that is gone needs no word. */
static void said(int result)
{
	if (result < 0)
		_exit(errno);
}

static _Noreturn void give_up(const struct sandbox *sandbox, const struct error *err)
{
	said(channel_send(sandbox->channel, MESSAGE_ERROR, 0, err));
	_exit(EXIT_SANDBOX);
}

/* The payload's stack until its exec: room for a few paths, an error, and the words of a shell
 * script. */
enum { PAYLOAD_STACK = 128 * 1024 };

static int open_pipes(struct launch *launch)
{
	if (!launch->sandbox->plan->nested)
		return 0;
	return pipe2(launch->map, O_CLOEXEC) < 0 || pipe2(launch->done, O_CLOEXEC) < 0 ? -1 : 0;
}

/* The payload waits for its ids: map them, let it go on, and wait until it has exec'ed. */
static void map_payload(struct launch *launch, pid_t pid)
{
	struct error err;
	char byte = 0;

	close(launch->map[0]);
	close(launch->done[1]);
	if (nest_map(launch->sandbox, pid, &err) < 0)
		give_up(launch->sandbox, &err);
	if (launch->sandbox->payload_namespace >= 0) {
		said(channel_send_with(launch->sandbox->channel, MESSAGE_USER_NAMESPACE,
				       launch->sandbox->payload_namespace));
		close(launch->sandbox->payload_namespace);
	}
	(void)!write(launch->map[1], &byte, 1);
	while (read(launch->done[0], &byte, 1) < 0 && errno == EINTR)
		;
	close(launch->map[1]);
	close(launch->done[0]);
}

/* The stack is mapped and given back, since pid 1 stays for as long as the sandbox does. */
static pid_t start_payload(struct sandbox *sandbox)
{
	struct launch launch = {.sandbox = sandbox};
	char *stack = mmap(NULL, PAYLOAD_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	bool nested = sandbox->plan->nested;
	int flags = CLONE_VM | (nested ? CLONE_NEWUSER : CLONE_VFORK) | SIGCHLD;
	pid_t pid = stack == MAP_FAILED || open_pipes(&launch) < 0
			    ? -1
			    : clone(payload_main, stack + PAYLOAD_STACK, flags, &launch);

	if (pid < 0) {
		fail(&launch.error, "start the command");
		give_up(sandbox, &launch.error);
	}
	if (nested)
		map_payload(&launch, pid);
	if (launch.failed)
		give_up(sandbox, &launch.error);
	give_back_stack(stack, PAYLOAD_STACK);
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

/* To all processes inside. With --confine-only there is no pid namespace, and -1 would be everybody
 * of the caller's. */
static void signal_all(const struct sandbox *sandbox, int number)
{
	if (sandbox->plan->config->confine_only)
		descent_signal(number);
	else
		kill(-1, number);
}

static void end_all(const struct sandbox *sandbox)
{
	if (sandbox->plan->config->confine_only) {
		descent_end(0);
		return;
	}
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

/* End all that the payload has left behind, and only then say how it ended: when the supervisor
 * hears it, nothing in here can write to a bound directory any more. */
static _Noreturn void finish(const struct sandbox *sandbox, int status)
{
	struct rusage used = {.ru_maxrss = 0};

	end_all(sandbox);
	getrusage(RUSAGE_CHILDREN, &used);
	struct usage usage = usage_of(&used);
	said(channel_send_exited(sandbox->channel, status, &usage));
	_exit(0);
}

static bool has_ended(pid_t payload)
{
	siginfo_t info = {.si_pid = 0};

	return waitid(P_PID, (id_t)payload, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == payload;
}

static void reap(const struct sandbox *sandbox, int signals, pid_t payload)
{
	struct signalfd_siginfo ignored;
	int status;
	pid_t pid;

	while (read(signals, &ignored, sizeof ignored) > 0)
		;
	/* As long as it is not reaped its group is nobody else's, and all of that ends at once. */
	if (sandbox->plan->config->confine_only && has_ended(payload))
		kill(-payload, SIGKILL);
	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0 || (pid < 0 && errno == EINTR))
		if (pid < 0)
			continue;
		else if (pid == payload && WIFSTOPPED(status))
			said(channel_send(sandbox->channel, MESSAGE_STOPPED, WSTOPSIG(status),
					  NULL));
		else if (pid == payload)
			finish(sandbox, status);
	/* The payload is there until we have heard of its end. */
	said(pid);
}

static void obey(const struct sandbox *sandbox, pid_t payload)
{
	struct message message;

	switch (channel_receive(sandbox->channel, &message)) {
	case MESSAGE_SIGNAL:
		kill(payload, message.number);
		break;
	case MESSAGE_TERMINAL: /* as the terminal would: the payload leads its group */
		/* While we are stopped nothing in here may read on what is typed at the caller's
		 * shell. */
		if (message.number == SIGSTOP || message.number == SIGCONT)
			signal_all(sandbox, message.number);
		else
			kill(-payload, message.number);
		break;
	case MESSAGE_EVERYONE:
		signal_all(sandbox, message.number);
		signal_all(sandbox, SIGCONT); /* what is stopped hears nothing else */
		break;
	case MESSAGE_CONTINUE:
		pty_continue(sandbox, payload, message.number);
		break;
	case MESSAGE_GONE: /* and the kernel kills the rest */
		if (sandbox->plan->config->confine_only)
			descent_end(0);
		_exit(message.number ? message.number : EXIT_SANDBOX);
	default:
		break;
	}
}

/* epoll and not poll, which asks for RLIMIT_NOFILE: the payload, when it has our uid, may set ours
 * to 0 (prlimit(2)). */
static int watch(int both, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(both, EPOLL_CTL_ADD, fd, &event);
}

static int watch_both(int signals, int channel)
{
	int both = epoll_create1(EPOLL_CLOEXEC);

	return both < 0 || watch(both, signals) < 0 || watch(both, channel) < 0 ? -1 : both;
}

/* The command runs: what it asks for is heard too. Returns the listener, or -1 without. */
static int listen_to_payload(struct sandbox *sandbox, int both)
{
	struct error err;

	if (!sandbox->plan->config->confine_only)
		return -1;
	int listener = metadata_take(sandbox);
	if (listener < 0 || watch(both, listener) < 0) {
		fail(&err, "take the listener of the filter");
		descent_end(0);
		give_up(sandbox, &err);
	}
	return listener;
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
	if (pty_lead_session(sandbox, &err) < 0)
		give_up(sandbox, &err);
	if (sandbox->plan->config->confine_only && metadata_prepare(sandbox) < 0) {
		fail(&err, "make the pair for the listener of the filter");
		give_up(sandbox, &err);
	}
	pid_t payload = start_payload(sandbox);
	int listener = listen_to_payload(sandbox, both);
	if (privileges_drop_for_init(sandbox->plan, &err) < 0)
		give_up(sandbox, &err);
	said(channel_send(sandbox->channel, MESSAGE_STARTED, 0, NULL));
	for (;;) {
		if (epoll_wait(both, &event, 1, -1) <= 0)
			continue;
		if (event.data.fd == signals)
			reap(sandbox, signals, payload);
		else if (event.data.fd == listener &&
			 (!(event.events & EPOLLIN) || !metadata_answer(sandbox, listener)))
			close(listener); /* nobody is left who could ask */
		else if (event.data.fd != listener)
			obey(sandbox, payload);
	}
}
