/* The container's process, from clone to exec: see oci_create.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "oci_create.h"
#include "oci_hooks.h"
#include "oci_idmap.h"
#include "plan.h"
#include "spawn.h"

/* Ours, and what --preserve-fds names; nothing else of the caller's is for the container
 * (CVE-2024-21626). */
static int close_others(const struct oci_running *running)
{
	const struct oci_options *options = running->options;
	size_t count = 0, most = (size_t)options->preserve_fds + OCI_NAMESPACES + OCI_ANCESTORS +
				 running->bound_count + 8;
	int *fds = calloc(most, sizeof *fds);
	const int own[] = {running->sandbox.channel, running->sandbox.rootfs, running->console,
			   running->listener};

	if (!fds)
		return -1;
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		fds[count++] = own[i];
	for (int i = 0; i < OCI_NAMESPACES; i++)
		fds[count++] = running->joined[i];
	for (int i = 0; i < options->preserve_fds; i++)
		fds[count++] = 3 + i;
	for (size_t i = 0; i < running->ancestors_count; i++)
		fds[count++] = running->ancestors[i].process;
	for (size_t i = 0; i < running->bound_count; i++)
		fds[count++] = running->bound[i];
	int result = close_all_but((struct kept){fds, count}, (struct kept){NULL, 0});
	free(fds);
	return result;
}

static void take_signals(void)
{
	sigset_t set;

	spawn_default_signals();
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
}

/* From here on there may be others of the container's who see us: they must neither read our memory
 * nor reach our program through /proc (CVE-2016-9962, CVE-2019-5736). Before the fork into a pid
 * namespace that is there already, and after what is written to our /proc from outside. */
static int hide(struct error *err)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0
		       ? fail(err, "make the container's process not dumpable")
		       : 0;
}

/* The one that stays is a child of whoever made us, in the namespaces that we have entered. */
static void leave_to_child(struct oci_running *running, struct error *err)
{
	struct message message;
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, 0);

	if (pid == 0) {
		/* Nothing is to be heard of us before it is known who we are: it would be taken for
		 * a word of the other one's, and that one's end for ours. */
		if (channel_receive(running->sandbox.channel, &message) != MESSAGE_STARTED)
			_exit(EXIT_SANDBOX);
		return;
	}
	if (pid < 0) {
		fail(err, "start the container's process");
		channel_send(running->sandbox.channel, MESSAGE_ERROR, 0, err);
		_exit(EXIT_SANDBOX);
	}
	channel_send(running->sandbox.channel, MESSAGE_STARTED, (int)pid, NULL);
	_exit(0);
}

/* Hooks of the machine's want the namespaces, before there is a new root. */
static void wait_for_hooks(const struct oci_running *running)
{
	const struct oci_spec *spec = running->spec;
	struct message message;

	if (running->joins ||
	    !(spec->hooks[HOOK_PRESTART].count + spec->hooks[HOOK_CREATE_RUNTIME].count))
		return;
	channel_send(running->sandbox.channel, MESSAGE_NETWORK, 0, NULL);
	if (channel_receive(running->sandbox.channel, &message) != MESSAGE_NETWORK)
		_exit(EXIT_SANDBOX);
}

/* "created": after the specification's step 2, with the command not run. The pid is what it is in
 * the container. */
static int run_hooks(struct oci_running *running, enum oci_hook_kind kind, struct error *err)
{
	json_t *annotations = json_object_get(running->spec->json, "annotations");

	if (running->joins || !running->spec->hooks[kind].count)
		return 0;
	json_t *json = json_pack("{s:s, s:s, s:s, s:i, s:s}", "ociVersion", running->spec->version,
				 "id", running->id, "status", "created", "pid", (int)getpid(),
				 "bundle", running->bundle);
	if (json && annotations)
		json_object_set(json, "annotations", annotations);
	char *text = oci_json_text(json);
	int result = text ? oci_hooks_run(running->spec, kind, text, err)
			  : fail_because(err, "no memory for the state that hooks are told");
	json_decref(json);
	return result;
}

static int set_up(struct oci_running *running, struct error *err)
{
	struct sandbox *sandbox = &running->sandbox;

	running->stat = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	wait_for_hooks(running);
	umask(0022);
	if (run_hooks(running, HOOK_CREATE_CONTAINER, err) < 0 ||
	    oci_idmap_namespaces(running, err) < 0)
		return -1;
	return plan_run(sandbox->plan, PHASE_SETUP, sandbox, err);
}

/* What nobody has a record of, nobody could ever end. */
static void wait_for_record(int channel)
{
	struct message message;

	if (channel_send(channel, MESSAGE_GO, 0, NULL) < 0 ||
	    channel_receive(channel, &message) != MESSAGE_GO)
		_exit(EXIT_SANDBOX);
}

bool oci_stat_read(const struct oci_running *running, char *how, pid_t *parent)
{
	char text[512];
	ssize_t got = pread(running->stat, text, sizeof text - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	const char *name_end = strrchr(text, ')');
	return name_end && sscanf(name_end, ") %c %d", how, parent) == 2;
}

static pid_t parent_now(const struct oci_running *running)
{
	char how;
	pid_t parent;

	return oci_stat_read(running, &how, &parent) ? parent : 0;
}

/* Who made us has closed the channel, and ends within a moment. Who takes over is the nearest
 * subreaper above it: its pidfd. -1: it is nobody who could end before everything does. */
static int find_engine(const struct oci_running *running)
{
	pid_t parent = running->maker;

	for (int tries = 0; tries < 10000 && parent == running->maker; tries++) {
		parent = parent_now(running);
		if (parent == running->maker)
			nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
	}
	for (size_t i = 0; i < running->ancestors_count; i++)
		if (running->ancestors[i].pid == parent)
			return running->ancestors[i].process;
	return -1;
}

/* Wait for `start`; the connection. The engine may end before. */
static int wait_for_start(const struct oci_running *running, int channel)
{
	struct pollfd polls[] = {{.fd = running->listener, .events = POLLIN},
				 {.fd = channel, .events = POLLIN},
				 {.fd = -1, .events = POLLIN}};
	struct message message;

	for (;;) {
		if (poll(polls, 3, -1) < 0)
			continue;
		if (polls[2].revents)
			_exit(EXIT_SANDBOX);
		if (polls[1].revents) {
			polls[1].fd = -1;
			if (!running->tied)
				polls[2].fd = find_engine(running);
		}
		if (!polls[0].revents)
			continue;
		int conn = accept4(running->listener, NULL, NULL, SOCK_CLOEXEC);
		if (conn < 0)
			continue;
		if (channel_receive(conn, &message) == MESSAGE_GO)
			return conn;
		close(conn);
	}
}

static int become_command(struct oci_running *running, struct error *err)
{
	struct sandbox *sandbox = &running->sandbox;

	if (syscall(SYS_close_range, 3 + running->options->preserve_fds, ~0u, CLOSE_RANGE_CLOEXEC) <
	    0)
		return fail(err, "mark descriptors for closing");
	if (run_hooks(running, HOOK_START_CONTAINER, err) < 0)
		return -1;
	if (plan_run(sandbox->plan, PHASE_CONFINE, sandbox, err) < 0)
		return -1;
	/* Ids have changed, which clears it. */
	if (running->tied)
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	execve(running->command, running->process->args, running->envp);
	int number = errno;
	fail(err, "run %s", running->command);
	err->status = number == ENOENT || number == ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
	if (number == ENOEXEC)
		fail_remedy(err, "it is neither a program for this machine nor a script with #! in "
				 "its first line: Exec format error");
	return -1;
}

_Noreturn void oci_init_main(struct oci_running *running)
{
	struct sandbox *sandbox = &running->sandbox;
	struct error err = {.number = 0};
	int conn = sandbox->channel;

	take_signals();
	if (close_others(running) < 0)
		fail(&err, "close the caller's descriptors");
	else if (plan_run(sandbox->plan, PHASE_ISOLATE, sandbox, &err) == 0 && hide(&err) == 0) {
		if (running->chained)
			leave_to_child(running, &err);
		if (set_up(running, &err) == 0) {
			if (running->listener >= 0) {
				wait_for_record(conn);
				conn = wait_for_start(running, conn);
			}
			running->conn = conn;
			become_command(running, &err);
		}
	}
	channel_send(conn, MESSAGE_ERROR, 0, &err);
	_exit(error_status(&err));
}
