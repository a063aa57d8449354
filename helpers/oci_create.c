/* Making a container, from outside: see oci_create.h. */
#include "oci_create.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "files.h"
#include "oci_attach.h"
#include "oci_cgroup.h"
#include "oci_hooks.h"
#include "oci_idmap.h"
#include "oci_listener.h"
#include "plan.h"

int oci_bundle_read(struct oci_spec *spec, const struct oci_options *options, char **bundle,
		    struct error *err)
{
	const char *path = options->bundle ? options->bundle : ".";

	*bundle = realpath(path, NULL);
	if (!*bundle || chdir(*bundle) < 0)
		return fail(err, "enter the bundle %s", path);
	json_t *json = oci_json_read("config.json", "config.json", err);
	if (!json)
		return -1;
	if (oci_spec_read(spec, json, "config.json", err) < 0)
		return -1;
	return oci_hooks_check(spec, options->allow_hooks, err);
}

void oci_running_init(struct oci_running *running, const struct plan *plan,
		      const struct oci_spec *spec, const struct oci_process *process,
		      const struct oci_options *options)
{
	memset(running, 0, sizeof *running);
	running->sandbox = (struct sandbox){.plan = plan,
					    .channel = -1,
					    .host_root = -1,
					    .rootfs = -1,
					    .root = -1,
					    .pts = -1,
					    .master = -1,
					    .terminal = -1};
	running->spec = spec;
	running->process = process;
	running->options = options;
	running->console = running->listener = running->stat = -1;
	running->null = running->covers = -1;
	for (int i = 0; i < OCI_NAMESPACES; i++)
		running->joined[i] = -1;
}

int oci_console_connect(const char *path, struct error *err)
{
	if (!path) {
		fail_because(err, "process.terminal asks for a terminal, and there is no "
				  "--console-socket to send it to");
		return fail_remedy(err, "`run` without --detach carries one itself, from a "
					"terminal");
	}
	int fd = oci_connect(path, 0);
	return fd < 0 ? fail(err, "connect to the console socket %s", path) : fd;
}

int oci_pid_file_write(const char *path, pid_t pid, struct error *err)
{
	char unfinished[PATH_MAX], number[16];

	if (!path)
		return 0;
	snprintf(number, sizeof number, "%d", pid);
	if ((size_t)snprintf(unfinished, sizeof unfinished, "%s.%d", path, (int)getpid()) >=
	    sizeof unfinished)
		return fail_because(err, "the path of the pid file is too long");
	if (make_file_at(AT_FDCWD, unfinished, 0644, number, strlen(number)) < 0 ||
	    rename(unfinished, path) < 0) {
		fail(err, "write the pid file %s", path);
		unlink(unfinished);
		return -1;
	}
	return 0;
}

/* The working directory is not the record's: bind(2) takes a short name only by descriptor. */
static int listen_for_start(const struct oci_container *container, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int cleanup_fd fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	oci_container_socket(container, address.sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
	    listen(fd, 1) < 0)
		return fail(err, "make the socket that the container waits at");
	return steal_fd(&fd);
}

static int open_namespaces(struct oci_running *running, struct error *err)
{
	for (int kind = 0; kind < OCI_NAMESPACES; kind++) {
		const char *path = running->spec->namespaces[kind].path;

		if (!path)
			continue;
		running->joined[kind] = open(path, O_RDONLY | O_CLOEXEC);
		if (running->joined[kind] < 0)
			return fail(err, "open the %s namespace %s", oci_namespace_kinds[kind].word,
				    path);
		int type =
			(int)syscall(SYS_ioctl, running->joined[kind], 0xb703 /* NS_GET_NSTYPE */);
		if (type != (int)oci_namespace_kinds[kind].flag)
			return fail_because(err, "%s is no %s namespace", path,
					    oci_namespace_kinds[kind].word);
	}
	return 0;
}

int oci_clone(struct oci_running *running, uint64_t flags, struct oci_made *made, struct error *err)
{
	int channel[2], pidfd = -1;

	if (channel_open(channel, err) < 0)
		return -1;
	long pid = syscall(SYS_clone, (unsigned long)flags | CLONE_PIDFD | SIGCHLD, NULL, &pidfd,
			   NULL, 0);
	if (pid == 0) {
		close(channel[0]);
		running->sandbox.channel = channel[1];
		oci_init_main(running);
	}
	int number = errno;
	close(channel[1]);
	if (pid < 0) {
		close(channel[0]);
		errno = number;
		fail(err, "make the container's process");
		return flags & CLONE_NEWUSER ? host_explain_userns(number, err) : -1;
	}
	made->pid = (pid_t)pid;
	made->process = pidfd;
	made->channel = channel[0];
	return 0;
}

void oci_made_kill(struct oci_made *made)
{
	if (made->process >= 0) {
		syscall(SYS_pidfd_send_signal, made->process, SIGKILL, NULL, 0);
		waitpid(made->pid, NULL, 0);
	}
	close_cleanup(&made->process);
	close_cleanup(&made->channel);
	made->process = made->channel = -1;
}

/* The process between has made the container's, our child too, and ends. */
static int take_over(struct oci_made *made, pid_t pid, struct error *err)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	waitpid(made->pid, NULL, 0);
	close(made->process);
	made->process = fd;
	made->pid = pid;
	return fd < 0 ? fail(err, "follow the container's process") : 0;
}

struct creating {
	struct oci_running *running;
	struct oci_container *container;
	struct oci_made *made;
};

static int run_machine_hooks(const struct creating *creating, struct error *err)
{
	const struct oci_spec *spec = creating->running->spec;
	struct oci_container *container = creating->container;

	container->pid = creating->made->pid;
	container->process = creating->made->process;
	json_t *state = oci_container_state(container, OCI_CREATED);
	container->process = -1;
	char *text = oci_json_text(state);
	int result = text ? 0 : fail_because(err, "no memory for the state that hooks are told");
	if (result == 0)
		result = oci_hooks_run(spec, HOOK_PRESTART, text, err);
	if (result == 0)
		result = oci_hooks_run(spec, HOOK_CREATE_RUNTIME, text, err);
	json_decref(state);
	return result;
}

static int ask_for_cgroup(const struct creating *creating, struct error *err)
{
	struct oci_container *container = creating->container;
	const struct oci_running *running = creating->running;

	return container->cgroup
		       ? 0
		       : oci_cgroup_ask(&container->arena, running->spec, running->options,
					running->id, creating->made->pid, &container->cgroup,
					&container->unit, err);
}

/* Until it waits for its start. */
static int follow(const struct creating *creating, struct error *err)
{
	struct oci_running *running = creating->running;
	struct oci_made *made = creating->made;
	struct message message;

	for (;;) {
		switch (channel_receive(made->channel, &message)) {
		case MESSAGE_ISOLATED:
			if (ask_for_cgroup(creating, err) < 0 ||
			    oci_attach(running, made->pid, creating->container->cgroup,
				       creating->container->unit, err) < 0)
				return -1;
			channel_send(made->channel, MESSAGE_IDS, 0, NULL);
			break;
		case MESSAGE_STARTED:
			if (take_over(made, message.number, err) < 0)
				return -1;
			channel_send(made->channel, MESSAGE_STARTED, 0, NULL);
			break;
		case MESSAGE_NETWORK:
			if (run_machine_hooks(creating, err) < 0)
				return -1;
			channel_send(made->channel, MESSAGE_NETWORK, 0, NULL);
			break;
		case MESSAGE_GO:
			return 0;
		case MESSAGE_ERROR:
			*err = message.error;
			return -1;
		default:
			return fail_because(err, "the container's process ended before it was "
						 "ready");
		}
	}
}

static const char *now(struct arena *arena)
{
	struct timespec time;
	struct tm parts;
	char text[40];

	clock_gettime(CLOCK_REALTIME, &time);
	gmtime_r(&time.tv_sec, &parts);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
	return arena_printf(arena, "%s.%09ldZ", text, time.tv_nsec);
}

static int make_process(const struct creating *creating, struct error *err)
{
	struct oci_running *running = creating->running;
	const struct oci_spec *spec = running->spec;
	uint64_t flags = 0;

	running->chained = oci_is_chained(spec);
	if (open_namespaces(running, err) < 0)
		return -1;
	running->sandbox.rootfs =
		open(creating->container->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (running->sandbox.rootfs < 0)
		return fail(err, "open the root file system %s", creating->container->rootfs);
	if (running->process->terminal) {
		running->console =
			running->options->console >= 0
				? dup(running->options->console)
				: oci_console_connect(running->options->console_socket, err);
		if (running->console < 0)
			return -1;
	}
	if (oci_idmap_binds(running, err) < 0)
		return -1;
	running->listener = listen_for_start(creating->container, err);
	if (running->listener < 0)
		return -1;
	if (!running->tied)
		oci_ancestors_open(running);
	if (!running->chained)
		flags = running->sandbox.plan->namespaces & (CLONE_NEWUSER | CLONE_NEWPID);
	return oci_clone(running, flags, creating->made, err);
}

static void close_running(struct oci_running *running)
{
	int *fds[] = {&running->sandbox.rootfs, &running->console, &running->listener};

	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		close_cleanup(fds[i]);
	for (int i = 0; i < OCI_NAMESPACES; i++)
		close_cleanup(&running->joined[i]);
	for (size_t i = 0; i < running->ancestors_count; i++)
		close_cleanup(&running->ancestors[i].process);
	oci_idmap_close(running);
	arena_free(&running->sandbox.arena);
}

static int write_record(const struct creating *creating, struct error *err)
{
	struct oci_container *container = creating->container;

	container->pid = creating->made->pid;
	container->started = oci_process_started(container->pid);
	if (!container->started)
		return fail_because(err, "the container's process has ended");
	container->process = dup(creating->made->process);
	if (oci_container_write(container, creating->running->spec, err) < 0)
		return -1;
	return oci_pid_file_write(creating->running->options->pid_file, container->pid, err);
}

static void describe(struct oci_container *container, const struct oci_spec *spec,
		     const char *bundle)
{
	struct arena *arena = &container->arena;

	container->version = spec->version;
	container->bundle = bundle;
	container->rootfs = *spec->rootfs == '/'
				    ? spec->rootfs
				    : arena_printf(arena, "%s/%s", bundle, spec->rootfs);
	container->created = now(arena);
	container->owner = arena_printf(arena, "%u", geteuid());
	container->annotations = json_incref(json_object_get(spec->json, "annotations"));
	container->listener_path = spec->listener_path;
	container->listener_metadata = spec->listener_metadata;
	container->own_pids = spec->namespaces[OCI_PID].given && !spec->namespaces[OCI_PID].path;
}

/* At once, and not when it is too late to make anything of it. */
static int check_agent(const struct plan *plan, const struct oci_spec *spec, struct error *err)
{
	for (size_t i = 0; i < plan->steps_count; i++)
		if (oci_step_asks(&plan->steps[i]))
			return oci_listener_check(spec->listener_path, err);
	return 0;
}

int oci_create(struct oci_container *container, struct oci_spec *spec,
	       const struct oci_options *options, const char *id, const char *bundle, bool tied,
	       struct oci_made *made, struct error *err)
{
	static const struct config none;
	struct plan plan = {.config = &none};
	struct oci_running *running = malloc(sizeof *running);
	const struct creating creating = {running, container, made};
	const char *cgroup = NULL;
	int result = -1;

	*made = (struct oci_made){.process = -1, .channel = -1};
	if (!running)
		return fail(err, "make a container");
	describe(container, spec, bundle);
	oci_running_init(running, &plan, spec, &spec->process, options);
	running->id = id;
	running->bundle = bundle;
	running->tied = tied;
	if (oci_plan_make(&plan, spec, options, container->rootfs, err) == 0 &&
	    check_agent(&plan, spec, err) == 0 &&
	    oci_container_make(container, options->root, id, err) == 0) {
		if (oci_cgroup_make(&container->arena, spec, options, id, &cgroup, err) == 0) {
			container->cgroup = cgroup;
			if (make_process(&creating, err) == 0 && follow(&creating, err) == 0)
				result = write_record(&creating, err);
			if (result == 0)
				channel_send(made->channel, MESSAGE_GO, 0, NULL);
		}
		if (result < 0) {
			struct error later;

			oci_made_kill(made);
			if (container->cgroup)
				oci_cgroup_remove(container->cgroup, container->unit);
			oci_container_remove(container, &later);
		}
	}
	close_running(running);
	free(running);
	plan_free(&plan);
	return result;
}

/* Who waits for the answer reads the end of it all where there is none, and ends too. */
int oci_take_listener(const struct oci_container *container, enum oci_status status, pid_t pid,
		      int conn, const struct message *message, struct error *err)
{
	int result = oci_listener_hand(container, status, pid, message->fds[0], err);

	close(message->fds[0]);
	if (result == 0)
		channel_send(conn, MESSAGE_GO, 0, NULL);
	return result;
}

int oci_start(struct oci_container *container, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct message message;
	int cleanup_fd conn = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	oci_container_socket(container, address.sun_path);
	if (conn < 0 || connect(conn, (struct sockaddr *)&address, sizeof address) < 0)
		return fail(err, "reach the process of the container %s", container->id);
	oci_container_started(container);
	channel_send(conn, MESSAGE_GO, 0, NULL);
	for (;;) {
		switch (channel_receive(conn, &message)) {
		case MESSAGE_LISTENER:
			if (oci_take_listener(container, OCI_CREATED, container->pid, conn,
					      &message, err) < 0)
				return -1;
			break;
		case MESSAGE_ERROR:
			*err = message.error;
			return -1;
		default:
			return 0;
		}
	}
}
