/*
 * exec: a command in a container that is there. Its process enters the namespaces of the
 * container's first one, those of them that are not its own already (setns(2) of the cgroup
 * namespace that one is in gives EPERM), and is confined as process.json says and by the
 * container's own filter. Before it enters it is not dumpable, so that nobody inside can take hold
 * of it (CVE-2016-9962).
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "files.h"
#include "oci_attach.h"
#include "oci_create.h"
#include "oci_run.h"
#include "oci_state.h"
#include "oci_verbs.h"
#include "plan.h"

/* --user UID[:GID] */
static int take_user(const char *text, struct oci_process *process, struct error *err)
{
	char *end;
	unsigned long uid = strtoul(text, &end, 10), gid = 0;

	if (*end == ':' && end[1] >= '0' && end[1] <= '9')
		gid = strtoul(end + 1, &end, 10);
	if (*text < '0' || *text > '9' || *end || uid >= UINT32_MAX || gid >= UINT32_MAX)
		return fail_because(err, "--user '%.60s' is no UID[:GID]", text);
	process->uid = (uint32_t)uid;
	process->gid = (uint32_t)gid;
	return 0;
}

static void add_variables(struct arena *arena, struct oci_process *process, char **more)
{
	char **all = NULL;
	size_t count = 0;

	for (char **entry = process->env; *entry; entry++)
		*ARENA_APPEND(arena, all, count) = *entry;
	for (; more && *more; more++)
		*ARENA_APPEND(arena, all, count) = *more;
	*ARENA_APPEND(arena, all, count) = NULL;
	process->env = all;
}

/* Without process.json: the container's own process, and what the command line says of it. */
static int from_options(struct oci_spec *spec, const struct oci_options *options, int argc,
			char **argv, struct error *err)
{
	struct oci_process *process = &spec->process;

	if (argc < 1)
		return fail_because(err, "exec needs a command, or --process FILE");
	process->args = argv;
	process->terminal = options->tty;
	if (options->cwd)
		process->cwd = options->cwd;
	if (*process->cwd != '/')
		return fail_because(err, "--cwd '%.60s' is no absolute path", process->cwd);
	if (options->user && take_user(options->user, process, err) < 0)
		return -1;
	if (options->groups) {
		process->groups = options->groups;
		process->groups_count = options->groups_count;
	}
	add_variables(&spec->arena, process, options->env);
	for (char **cap = options->caps; cap && *cap; cap++) {
		uint64_t bit = UINT64_C(1) << oci_capability_number(*cap);

		process->capabilities.bounding |= bit;
		process->capabilities.effective |= bit;
		process->capabilities.permitted |= bit;
	}
	process->no_new_privileges |= options->no_new_privs;
	if (options->apparmor)
		process->apparmor = options->apparmor;
	if (options->selinux)
		process->selinux = options->selinux;
	return 0;
}

static int from_file(struct oci_spec *spec, const char *path, struct error *err)
{
	struct oci_reader reader = {
		.arena = &spec->arena, .err = err, .name = "process.json", .notes = ""};
	json_t *json = oci_json_read(path, "process.json", err);

	if (!json)
		return -1;
	spec->process = (struct oci_process){.terminal = false};
	oci_process_read(&reader, (struct oci_place){json, "process"}, &spec->process);
	json_decref(json);
	return reader.failed ? -1 : 0;
}

/* Which of them are not ours already. The links of its /proc directory say. */
static int find_namespaces(const struct oci_container *container, struct oci_spec *spec,
			   struct error *err)
{
	char path[48], ours[64], theirs[64];

	for (int kind = 0; kind < OCI_NAMESPACES; kind++) {
		const char *name = oci_namespace_kinds[kind].proc;

		spec->namespaces[kind].given = false;
		spec->namespaces[kind].path = NULL;
		snprintf(path, sizeof path, "/proc/self/ns/%s", name);
		ssize_t length = readlink(path, ours, sizeof ours - 1);
		if (length < 0)
			continue; /* a kernel without them */
		ours[length] = '\0';
		snprintf(path, sizeof path, "/proc/%d/ns/%s", container->pid, name);
		length = readlink(path, theirs, sizeof theirs - 1);
		if (length < 0)
			return fail(err, "look at the namespaces of the container %s",
				    container->id);
		theirs[length] = '\0';
		if (strcmp(ours, theirs) == 0)
			continue;
		spec->namespaces[kind].given = true;
		spec->namespaces[kind].path = arena_strdup(&spec->arena, path);
	}
	if (!spec->namespaces[OCI_MOUNT].given)
		return fail_because(err, "the container %s has no mount namespace of its own",
				    container->id);
	return 0;
}

/* What is the container's alone is not done again. */
static void forget_rest(struct oci_spec *spec)
{
	spec->hostname = spec->domainname = NULL;
	spec->time_given = false;
	spec->mounts_count = 0;
}

struct joining {
	const struct oci_options *options;
	struct oci_container *container;
	struct oci_spec *spec;
	struct oci_running *running;
	struct oci_made *made;
};

static int open_all(const struct joining *joining, struct error *err)
{
	struct oci_running *running = joining->running;

	for (int kind = 0; kind < OCI_NAMESPACES; kind++) {
		const char *path = joining->spec->namespaces[kind].path;

		if (!path)
			continue;
		running->joined[kind] = open(path, O_RDONLY | O_CLOEXEC);
		if (running->joined[kind] < 0)
			return fail(err, "open %s", path);
	}
	/* Opened by number, and it is still that process. */
	if (oci_container_wait(joining->container, 0))
		return fail_because(err, "the container %s has ended", joining->container->id);
	return 0;
}

/* Until the command runs, which closes the channel. */
static int follow(const struct joining *joining, struct error *err)
{
	struct oci_made *made = joining->made;
	struct message message;
	int status;

	for (;;) {
		switch (channel_receive(made->channel, &message)) {
		case MESSAGE_ISOLATED:
			if (oci_attach(joining->running, made->pid, joining->container->cgroup,
				       joining->container->unit, err) < 0)
				return -1;
			channel_send(made->channel, MESSAGE_IDS, 0, NULL);
			break;
		case MESSAGE_STARTED:
			waitpid(made->pid, &status, 0);
			close_cleanup(&made->process);
			made->pid = message.number;
			made->process = (int)syscall(SYS_pidfd_open, made->pid, 0);
			if (made->process < 0)
				return fail(err, "follow the command");
			channel_send(made->channel, MESSAGE_STARTED, 0, NULL);
			break;
		case MESSAGE_LISTENER:
			if (oci_take_listener(joining->container, OCI_RUNNING, made->pid,
					      made->channel, &message, err) < 0)
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

static int start(const struct joining *joining, struct error *err)
{
	struct oci_running *running = joining->running;

	if (open_all(joining, err) < 0)
		return -1;
	if (running->process->terminal) {
		running->console =
			joining->options->console >= 0
				? dup(joining->options->console)
				: oci_console_connect(joining->options->console_socket, err);
		if (running->console < 0)
			return -1;
	}
	running->chained = oci_is_chained(joining->spec);
	if (oci_clone(running, 0, joining->made, err) < 0)
		return -1;
	if (follow(joining, err) < 0 ||
	    oci_pid_file_write(joining->options->pid_file, joining->made->pid, err) < 0) {
		oci_made_kill(joining->made);
		return -1;
	}
	return 0;
}

static void close_running(struct oci_running *running)
{
	for (int i = 0; i < OCI_NAMESPACES; i++)
		close_cleanup(&running->joined[i]);
	close_cleanup(&running->console);
	arena_free(&running->sandbox.arena);
}

static int plan_and_start(const struct joining *joining, struct error *err)
{
	static const struct config none;
	struct plan plan = {.config = &none};
	struct oci_running *running = joining->running;
	struct oci_options options = *joining->options;
	struct oci_spec *spec = joining->spec;

	oci_running_init(running, &plan, spec, &spec->process, joining->options);
	running->id = joining->container->id;
	running->joins = true;
	running->tied = !options.detach;
	/* Who owns the container's user namespace inside: as create has it. */
	for (size_t i = 0; i < spec->uids_count; i++)
		if (i == 0 || spec->uids[i].inside < plan.owner_uid)
			plan.owner_uid = spec->uids[i].inside;
	for (size_t i = 0; i < spec->gids_count; i++)
		if (i == 0 || spec->gids[i].inside < plan.owner_gid)
			plan.owner_gid = spec->gids[i].inside;
	int result = find_namespaces(joining->container, spec, err);
	forget_rest(spec);
	if (result == 0)
		result = oci_namespaces_plan(&plan, spec, &options);
	if (result == 0)
		result = oci_plan_make_exec(&plan, spec, &spec->process, err);
	if (result == 0)
		result = start(joining, err);
	close_running(running);
	plan_free(&plan);
	return result;
}

static int read_process(const struct joining *joining, int argc, char **argv, struct error *err)
{
	json_t *json = oci_container_config(joining->container, err);

	if (!json || oci_spec_read(joining->spec, json, "config.json", err) < 0)
		return -1;
	return joining->options->process_file
		       ? from_file(joining->spec, joining->options->process_file, err)
		       : from_options(joining->spec, joining->options, argc, argv, err);
}

static int join(const struct joining *joining, int argc, char **argv, struct oci_carrier *carrier,
		struct oci_options *options, struct error *err)
{
	enum oci_status status = oci_container_status(joining->container);

	if (status != OCI_RUNNING)
		return fail_because(err, "cannot run a command in the container %s: it is %s",
				    joining->container->id, oci_status_word(status));
	if (read_process(joining, argc, argv, err) < 0)
		return -1;
	if (!options->detach &&
	    oci_carrier_open(carrier, joining->spec->process.terminal && !options->console_socket,
			     err) < 0)
		return -1;
	options->console = carrier->theirs;
	if (plan_and_start(joining, err) < 0)
		return -1;
	if (options->detach)
		return 0;
	return oci_carrier_attach(carrier, err) < 0 ? -1 : oci_carrier_wait(carrier, joining->made);
}

int oci_verb_exec(const struct oci_options *asked, int argc, char **argv, struct error *err)
{
	struct oci_container container = OCI_CONTAINER_NONE;
	struct oci_spec spec = {.json = NULL};
	struct oci_made made = {.process = -1, .channel = -1};
	struct oci_carrier carrier = OCI_CARRIER_NONE;
	struct oci_options options = *asked;
	struct joining joining = {&options, &container, &spec, malloc(sizeof *joining.running),
				  &made};
	int status = -1;

	if (argc < 1 || !joining.running)
		fail_because(err, "exec takes a container and a command");
	else if (oci_container_find(&container, options.root, argv[0], false, err) == 0)
		status = join(&joining, argc - 1, argv + 1, &carrier, &options, err);
	oci_carrier_close(&carrier);
	close_cleanup(&made.process);
	close_cleanup(&made.channel);
	free(joining.running);
	oci_container_close(&container);
	oci_spec_free(&spec);
	return status;
}
