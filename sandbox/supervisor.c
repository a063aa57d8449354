/*
 * Theory of operation. There are four kinds of process:
 *
 * - the supervisor, the caller's child, in the caller's namespaces. It runs PREPARE, clones the
 *   child into a new user and pid namespace, runs ATTACH (newuidmap and newgidmap, side by side),
 *   and then sleeps in poll until a signal or a message comes.
 * - the child, pid 1 inside (child.c). ISOLATE goes on beside ATTACH; SETUP waits for MESSAGE_IDS,
 *   the one point at which the two meet. With a single id there is no such point.
 * - the payload, a child of pid 1 (init.c), or with --as-pid-1 that itself (exec.c): CONFINE and
 *   exec.
 * - the watcher, only where the death of pid 1 alone would not be enough: see watcher.c.
 *
 * Supervisor and pid 1 hold the two ends of one channel and nobody else does. Whoever dies first,
 * the other reads MESSAGE_GONE; the kernel sends pid 1 SIGKILL too when the supervisor dies, and
 * kills everything in the pid namespace when pid 1 dies. What failed in the child comes as
 * MESSAGE_ERROR and is printed out here, once. The payload's end comes as MESSAGE_EXITED when all
 * else inside is dead; what the kernel then still has to take down (mounts, the network namespace)
 * nobody waits for.
 *
 * Signals are blocked throughout and read from a descriptor (signals.c), so nothing here runs
 * asynchronously.
 */
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "announce.h"
#include "cgroup.h"
#include "channel.h"
#include "child.h"
#include "conclude.h"
#include "descent.h"
#include "join.h"
#include "plan.h"
#include "sandbox.h"
#include "signals.h"
#include "watcher.h"

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

/* fork(2), but into new user and pid namespaces and with a pidfd. clone and not
 * clone3: the latter is refused by many filters, ours among them. */
static int clone_child(struct sandbox *sandbox, int channel[2], struct error *err)
{
	int pidfd = -1;
	bool alone = sandbox->plan->config->confine_only;
	long pid = syscall(SYS_clone,
			   (alone ? 0 : CLONE_NEWUSER | CLONE_NEWPID) | CLONE_PIDFD | SIGCHLD, NULL,
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
		if (alone)
			return fail(err, "start the sandbox's first process");
		fail(err, "make a user namespace");
		return host_explain_userns(number, err);
	}
	sandbox->child = (pid_t)pid;
	sandbox->child_fd = pidfd;
	return 0;
}

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int wait_child(struct sandbox *sandbox)
{
	struct rusage used = {.ru_maxrss = 0};
	int status = 0;

	while (wait4(sandbox->child, &status, 0, &used) < 0 && errno == EINTR)
		;
	sandbox->child = 0;
	if (!sandbox->ended) /* else pid 1 has told, and of its children alone */
		sandbox->outcome.usage = usage_of(&used);
	return status;
}

/* Pid 1 is gone without a word of how the payload ended; or it cannot be heard, and clean_up() ends
 * it. */
static int child_gone(struct sandbox *sandbox, int unheard, struct error *err)
{
	bool started = sandbox->started;

	if (unheard) {
		errno = unheard;
		return fail(err, "hear the sandbox's first process");
	}
	int status = wait_child(sandbox);
	if (WIFSIGNALED(status))
		fail_because(err, "the sandbox's first process was killed by signal %d%s",
			     WTERMSIG(status),
			     WTERMSIG(status) == SIGKILL ? " (out of memory, or somebody's kill -9)"
							 : "");
	else if (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == EXIT_SANDBOX)
		fail_because(err, "the sandbox's first process ended without saying why");
	else
		fail_because(err, "the sandbox's first process could not speak with us: %s",
			     strerror(WEXITSTATUS(status)));
	if (started && (WIFSIGNALED(status)))
		err->status = exit_status(status);
	return -1;
}

enum {
	CHANNEL,
	SIGNALS,
	DEADLINE,
	CPU_TIME,
	CONTROL,
	OUTPUT,
	TERMINAL,
	POLLS = TERMINAL + TERMINAL_POLLS
};

/* The command has ended, as waitpid(2) has it. */
static int note_end(struct sandbox *sandbox, int wait_status)
{
	sandbox->outcome.ended = monotonic_now();
	sandbox->outcome.known = true;
	sandbox->outcome.wait_status = wait_status;
	return exit_status(wait_status);
}

/* --timeout, --cpu-time: the time is over, or the grace. */
static void enforce(const struct sandbox *sandbox, enum deadline_step step, int first)
{
	bool alone = sandbox->plan->config->as_pid_1;

	if (step == DEADLINE_NOT_YET)
		return;
	int number = step == DEADLINE_TERMINATE ? first : SIGKILL;
	if (alone || step == DEADLINE_DESTROY)
		syscall(SYS_pidfd_send_signal, sandbox->child_fd, number, NULL, 0);
	else
		channel_send(sandbox->channel, MESSAGE_EVERYONE, number, NULL);
}

/* The command runs: who asks for the sandbox can be told what it is, and join it. */
static int record_start(struct sandbox *sandbox, struct error *err)
{
	if (sandbox->state.lock >= 0 &&
	    (announce_write(sandbox, err) < 0 || join_listen(sandbox, err) < 0))
		return -1;
	if (sandbox->control >= 0)
		signals_hear_of_children(sandbox);
	if (sandbox->ready >= 0) {
		struct error name = {.number = 0};

		snprintf(name.text, sizeof name.text, "%s", sandbox->state.name);
		/* Ctrl-C before the name was told: nobody knows of it, and nobody wants it. */
		if (channel_send(sandbox->ready, MESSAGE_STARTED, 0, &name) < 0)
			return errno == EPIPE
				       ? fail_because(err, "whoever started the sandbox has gone")
				       : fail(err, "say that the sandbox has started");
		close(sandbox->ready);
		sandbox->ready = -1;
	}
	return 0;
}

/* A child that is gone will be heard of; one that is there all the same does not wait for more. */
static int tell(const struct sandbox *sandbox, enum message_kind kind, struct error *err)
{
	if (channel_send(sandbox->channel, kind, 0, NULL) == 0)
		return 0;
	if (errno != EPIPE)
		return fail(err, "tell the sandbox to go on");
	shutdown(sandbox->channel, SHUT_WR);
	return 0;
}

/* For helpers, while pid 1 can still be looked at: it hides before all of them have come. */
static int open_user_namespace(struct sandbox *sandbox, struct error *err)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/ns/user", sandbox->child);
	sandbox->user_namespace = open(path, O_RDONLY | O_CLOEXEC);
	return sandbox->user_namespace < 0 ? fail(err, "open %s", path) : 0;
}

/* What pid 1 says. 1: the command goes on; 0: it has ended, with *status; -1: err says why. */
static int hear(struct sandbox *sandbox, struct pollfd *channel, int *status, struct error *err)
{
	struct message message;

	/* A payload that is pid 1 has no channel: its exec closes it, and then its pidfd speaks. */
	if (channel->fd == sandbox->child_fd) {
		*status = note_end(sandbox, wait_child(sandbox));
		return 0;
	}
	switch (channel_receive(sandbox->channel, &message)) {
	case MESSAGE_PTY:
		terminal_attach(&sandbox->caller, message.fds[0]);
		return 1;
	case MESSAGE_NAMESPACES:
		memcpy(sandbox->namespaces, message.fds, sizeof sandbox->namespaces);
		return 1;
	case MESSAGE_USER_NAMESPACE:
		sandbox->payload_namespace = message.fds[0];
		return 1;
	case MESSAGE_ENFORCED:
		sandbox->enforced = message.fds[0];
		if (plan_run(sandbox->plan, PHASE_ATTEST, sandbox, err) < 0)
			return -1;
		close_cleanup(&sandbox->enforced);
		return tell(sandbox, MESSAGE_GO, err) < 0 ? -1 : 1;
	case MESSAGE_STARTED:
		sandbox->started = true;
		sandbox->outcome.started = monotonic_now();
		if (deadline_start(&sandbox->deadline, &sandbox->plan->config->limits, err) < 0 ||
		    cpu_watch_start(&sandbox->cpu_watch, &sandbox->plan->config->limits, err) < 0)
			return -1;
		signals_give_held(sandbox);
		return record_start(sandbox, err) < 0 ? -1 : 1;
	case MESSAGE_STOPPED:
		signals_command_stopped(sandbox, message.number);
		return 1;
	case MESSAGE_EXITED:
		sandbox->ended = true;
		sandbox->outcome.usage = message.usage;
		*status = note_end(sandbox, message.number);
		return 0;
	case MESSAGE_ERROR:
		*err = message.error;
		return -1;
	case MESSAGE_GONE:
		if (sandbox->attends)
			return fail_because(err, "the sandbox has ended");
		if (!sandbox->started || !sandbox->plan->config->as_pid_1)
			return child_gone(sandbox, message.number, err);
		channel->fd = sandbox->child_fd;
		return 1;
	default:
		return fail_because(err, "the sandbox's first process spoke out of turn");
	}
}

/* What is not pid 1's to say, and nobody's signal. */
static void take_rest(struct sandbox *sandbox, const struct pollfd *polls)
{
	const struct limits *limits = &sandbox->plan->config->limits;

	terminal_carry(&sandbox->caller, polls + TERMINAL);
	if (polls[OUTPUT].revents)
		output_take(&sandbox->output);
	if (polls[CONTROL].revents)
		join_serve(sandbox);
	/* A command that has just ended has not timed out. */
	if (polls[CHANNEL].revents)
		return;
	if (polls[DEADLINE].revents)
		enforce(sandbox, deadline_over(&sandbox->deadline, limits), SIGTERM);
	if (polls[CPU_TIME].revents)
		enforce(sandbox, cpu_watch_look(&sandbox->cpu_watch, limits, sandbox->limits),
			SIGXCPU);
}

/* From the start of the payload to its end. */
static int follow(struct sandbox *sandbox, int signals, struct error *err)
{
	struct pollfd polls[POLLS] = {
		[CHANNEL] = {.fd = sandbox->channel, .events = POLLIN},
		[SIGNALS] = {.fd = signals, .events = POLLIN},
		[DEADLINE] = {.fd = sandbox->deadline.timer, .events = POLLIN},
		[CPU_TIME] = {.fd = sandbox->cpu_watch.timer, .events = POLLIN},
		[OUTPUT] = {.fd = sandbox->output.pipe, .events = POLLIN}};
	int status = -1;

	for (;;) {
		polls[CONTROL] = (struct pollfd){.fd = sandbox->control, .events = POLLIN};
		terminal_polls(&sandbox->caller, polls + TERMINAL);
		if (poll(polls, POLLS, -1) < 0 && errno != EINTR)
			return fail(err, "wait for the sandbox");
		/* The start is heard of before what came after it. */
		if (sandbox->started || !polls[CHANNEL].revents) {
			int stopped_by = signals_take(sandbox, signals, sandbox->started);

			if (stopped_by)
				return 128 + stopped_by;
			take_rest(sandbox, polls);
		}
		if (!polls[CHANNEL].revents)
			continue;
		int result = hear(sandbox, &polls[CHANNEL], &status, err);
		if (result <= 0)
			return result < 0 ? -1 : status;
	}
}

static int start(struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	pid_t parent = getppid();
	struct message isolated;
	int ends[2];

	/* Should our child be killed, what it had comes to us; not when somebody else's children
	 * are ours already (a shell that has exec'ed us), with orphans of their own. */
	sandbox->adopts = plan->config->confine_only && !descent_is_there();
	if (sandbox->adopts && descent_adopt() < 0)
		return fail(err, "be the one to whom orphans come");
	if (die_with_parent(plan, parent, err) < 0 ||
	    terminal_open(&sandbox->caller, plan, err) < 0 || watcher_start(sandbox, err) < 0 ||
	    plan_run(plan, PHASE_PREPARE, sandbox, err) < 0)
		return -1;
	if (channel_open(ends, err) < 0)
		return -1;
	if (clone_child(sandbox, ends, err) < 0 || watcher_tell(sandbox, err) < 0)
		return -1;
	if (plan_has(plan, PHASE_CONNECT) && open_user_namespace(sandbox, err) < 0)
		return -1;
	if (plan_run(plan, PHASE_ATTACH, sandbox, err) < 0)
		return -1;
	if (plan_waits(plan) && tell(sandbox, MESSAGE_IDS, err) < 0)
		return -1;
	if (!plan_has(plan, PHASE_CONNECT))
		return 0;
	/* Helpers go into namespaces that are there. */
	sandbox->interrupted = !channel_expect(sandbox->channel, MESSAGE_ISOLATED, &isolated);
	if (sandbox->interrupted && errno)
		return fail(err, "hear the sandbox's first process");
	if (!sandbox->interrupted) {
		sandbox->network_namespace = isolated.fds[0];
		sandbox->ipc_namespace = isolated.fds[1];
		if (plan_run(plan, PHASE_CONNECT, sandbox, err) < 0)
			return -1;
	}
	/* When somebody has spoken before the network was ready, follow() hears what it is; the
	 * payload stays where it is. */
	return sandbox->interrupted ? 0 : tell(sandbox, MESSAGE_NETWORK, err);
}

enum { END_SECONDS = 30 }; /* for who is waiting for a file system, say */

/* --confine-only: the first process ends the others before itself, so it is asked to, by the end of
 * our channel; it is killed when that takes too long. What it has left then is ours to end. */
static void end_alone(struct sandbox *sandbox)
{
	struct pollfd gone = {.fd = sandbox->child_fd, .events = POLLIN};

	shutdown(sandbox->channel, SHUT_RDWR);
	if (sandbox->child > 0) {
		if (poll(&gone, 1, END_SECONDS * 1000) == 0)
			kill(sandbox->child, SIGKILL);
		wait_child(sandbox);
	}
	if (sandbox->adopts)
		descent_end(sandbox->watcher_pid > 0 ? sandbox->watcher_pid : 0);
}

/* Nothing is left behind: on an early way out pid 1 is killed and waited for; on the ordinary one
 * it is dead but for its last instructions. */
static void clean_up(struct sandbox *sandbox, bool ended)
{
	/* A layer on disk can only be removed when nothing has it mounted. */
	if (sandbox->plan->config->confine_only)
		end_alone(sandbox);
	if (sandbox->child > 0 && (!ended || sandbox->layer_path || sandbox->plan->own_cgroup)) {
		/* Unreaped and ours: the pid is nobody else's. */
		if (kill(sandbox->child, SIGKILL) == 0)
			wait_child(sandbox);
	}
	/* All but pasta end by themselves when their end of a pipe closes. */
	for (int role = 0; role < HELPER_COUNT; role++)
		helper_end(&sandbox->helpers[role], !ended);
	for (size_t i = 0; i < sandbox->published_count; i++)
		close(sandbox->published[i]);
	free(sandbox->published);
	watcher_finish(sandbox);
	cgroup_remove(sandbox->plan, getpid());
	close_cleanup(&sandbox->cgroup);
	close_cleanup(&sandbox->limits);
	free(sandbox->cgroup_path);
	free(sandbox->layer_path);
	deadline_close(&sandbox->deadline);
	cpu_watch_close(&sandbox->cpu_watch);
	close_cleanup(&sandbox->channel);
	close_cleanup(&sandbox->child_fd);
	close_cleanup(&sandbox->user_namespace);
	close_cleanup(&sandbox->network_namespace);
	close_cleanup(&sandbox->ipc_namespace);
	close_cleanup(&sandbox->layer);
	close_cleanup(&sandbox->base);
	const int session[] = {sandbox->wayland.listener,
			       sandbox->wayland.bound,
			       sandbox->wayland.heard,
			       sandbox->audio.listener,
			       sandbox->audio.bound,
			       sandbox->audio.heard,
			       sandbox->x11};
	for (size_t i = 0; i < sizeof session / sizeof *session; i++)
		close_cleanup(&session[i]);
}

/* What there is to say of the run. Returns the status to end with. */
static int finish(struct sandbox *sandbox, int status, const struct error *err)
{
	struct error ignored;
	char *rest, *line;

	plan_run(sandbox->plan, PHASE_FINISH, sandbox, &ignored);
	status = conclude(sandbox, status, err);
	rest = sandbox->report;
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (!*line)
			continue;
		fputs("sandbox: ", stderr);
		print_escaped(stderr, line);
		fputc('\n', stderr);
	}
	free(sandbox->report);
	sandbox->report = NULL;
	return status;
}

/* Tell who else wants to know. That they could not be told is the error, unless there is one. */
static int report(struct sandbox *sandbox, int status, struct error *err)
{
	struct error untold;

	if (plan_run(sandbox->plan, PHASE_REPORT, sandbox, &untold) < 0 && status >= 0) {
		*err = untold;
		status = -1;
	}
	close_cleanup(&sandbox->meta);
	close_cleanup(&sandbox->meta_directory);
	return status;
}

static void initialize(struct sandbox *sandbox, const struct plan *plan)
{
	*sandbox = (struct sandbox){.plan = plan,
				    .channel = -1,
				    .child_fd = -1,
				    .host_root = -1,
				    .rootfs = -1,
				    .root = -1,
				    .scratch = -1,
				    .layer = -1,
				    .base = -1,
				    .watcher = -1,
				    .signals = -1,
				    .pts = -1,
				    .master = -1,
				    .terminal = -1,
				    .proc = -1,
				    .mapped = -1,
				    .control = -1,
				    .payload_namespace = -1,
				    .user_namespace = -1,
				    .network_namespace = -1,
				    .ipc_namespace = -1,
				    .ready = -1,
				    .deadline = {.timer = -1},
				    .cpu_watch = {.timer = -1},
				    .cgroup = -1,
				    .witness = -1,
				    .enforced = -1,
				    .limits = -1,
				    .meta = -1,
				    .meta_directory = -1,
				    .outcome = {.counters = {-1, -1, -1, -1, -1, -1, -1, -1}},
				    .wayland = {-1, -1, -1},
				    .audio = {-1, -1, -1},
				    .x11 = -1,
				    .fuse = -1,
				    .fuse_helper = -1,
				    .bus = -1,
				    .state = {.parent = -1, .dir = -1, .lock = -1},
				    .output = {.pipe = -1, .log = -1},
				    .caller = {.tty = -1, .master = -1}};
	for (int i = 0; i < SANDBOX_NAMESPACES; i++)
		sandbox->namespaces[i] = -1;
	for (int role = 0; role < HELPER_COUNT; role++)
		helper_none(&sandbox->helpers[role]);
}

int supervisor_run(const struct plan *plan, const struct launch_place *place, struct error *err)
{
	struct sandbox sandbox;
	int status = -1;

	initialize(&sandbox, plan);
	sandbox.arguments = place->arguments;
	sandbox.arguments_size = place->size;
	sandbox.ready = place->ready;
	sandbox.output.pipe = place->output;
	/* First the signals: from here on nobody's Ctrl-C leaves a record behind. */
	int cleanup_fd signals = signals_open(&sandbox, err);
	if (signals < 0 || announce_take(&sandbox, err) < 0) {
		arena_free(&sandbox.arena);
		return -1;
	}
	sandbox.signals = signals;
	if (start(&sandbox, err) == 0)
		status = follow(&sandbox, signals, err);
	terminal_close(&sandbox.caller);
	output_drain(&sandbox.output); /* what is said of the end goes through the same pipe */
	status = finish(&sandbox, status, err);
	clean_up(&sandbox, status >= 0 && sandbox.ended);
	if (status < 0 && err->again)
		err->again = !sandbox.started && host_has_fuse();
	/* Whoever comes again reports. */
	if (status >= 0 || !err->again)
		status = report(&sandbox, status, err);
	output_drain(&sandbox.output);
	if (status < 0 && sandbox.started && sandbox.output.pipe >= 0)
		error_print(stderr, err); /* nobody else hears it */
	output_finish(&sandbox.output);
	if (sandbox.started)
		state_end(&sandbox.state, sandbox.outcome.status,
			  outcome_word(sandbox.outcome.reason));
	else
		state_drop(&sandbox.state);
	arena_free(&sandbox.arena);
	return status;
}

int supervisor_attend(int channel, unsigned terminals, bool terminal_lazy, struct error *err)
{
	static const struct config none;
	struct sandbox sandbox;
	struct plan looks = {.config = &none,
			     .terminals = terminals,
			     .terminal_lazy = terminal_lazy,
			     .watched = terminals != 0}; /* it puts the terminal back */
	int status = -1;

	initialize(&sandbox, &looks);
	sandbox.attends = true;
	sandbox.channel = channel;
	int cleanup_fd signals = signals_open(&sandbox, err);
	sandbox.signals = signals;
	if (signals >= 0 && terminal_open(&sandbox.caller, &looks, err) == 0 &&
	    watcher_start(&sandbox, err) == 0)
		status = follow(&sandbox, signals, err);
	terminal_close(&sandbox.caller);
	watcher_finish(&sandbox);
	return status;
}
