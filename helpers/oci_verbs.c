/* The commands that look at a container, or end it: see oci_verbs.h. */
#include "oci_verbs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"
#include "files.h"
#include "oci_cgroup.h"
#include "oci_create.h"
#include "oci_hooks.h"
#include "oci_scope.h"
#include "oci_state.h"
#include "plan.h"
#include "processes.h"
#include "signal_names.h"

enum { KILL_SECONDS = 30 };

static const char *only_id(int argc, char **argv, struct error *err)
{
	if (argc == 1)
		return argv[0];
	fail_because(err, "one container is to be named, and nothing else");
	return NULL;
}

int oci_verb_none(const struct oci_options *options, int argc, char **argv, struct error *err)
{
	(void)options;
	(void)argc;
	(void)argv;
	return fail_because(err, "checkpoint, restore, events and spec are not supported");
}

/* What is not of the specification is told where engines look for it. */
void oci_tell_notes(const struct oci_options *options, const char *notes)
{
	char line[512];

	for (; options->log && notes && *notes;
	     notes += strcspn(notes, "\n"), notes += *notes == '\n') {
		snprintf(line, sizeof line, "%.*s", (int)strcspn(notes, "\n"), notes);
		oci_log(options, "warning", line);
	}
}

int oci_verb_create(const struct oci_options *options, int argc, char **argv, struct error *err)
{
	struct oci_container container = OCI_CONTAINER_NONE;
	struct oci_spec spec = {.json = NULL};
	struct oci_made made = {.process = -1, .channel = -1};
	const char *id = only_id(argc, argv, err);
	char *bundle = NULL;
	int result = -1;

	if (id && oci_bundle_read(&spec, options, &bundle, err) == 0)
		result = oci_create(&container, &spec, options, id, bundle, false, &made, err);
	oci_tell_notes(options, spec.notes);
	close_cleanup(&made.process);
	close_cleanup(&made.channel);
	oci_container_close(&container);
	oci_spec_free(&spec);
	free(bundle);
	return result;
}

/* Steps as they would be run, for people. */
int oci_verb_plan(const struct oci_options *options, int argc, char **argv, struct error *err)
{
	static const struct config none;
	struct plan plan = {.config = &none};
	struct oci_spec spec = {.json = NULL};
	char *bundle = NULL;
	int result = -1;

	(void)argv;
	if (argc != 0)
		return fail_because(err, "plan takes no container");
	if (oci_bundle_read(&spec, options, &bundle, err) == 0 &&
	    oci_plan_make(&plan, &spec, options, spec.rootfs, err) == 0) {
		plan_print(&plan, stdout);
		result = 0;
	}
	plan_free(&plan);
	oci_spec_free(&spec);
	free(bundle);
	return result;
}

static int run_end_hooks(const struct oci_container *container, const struct oci_options *options,
			 enum oci_hook_kind kind, enum oci_status status, struct error *err)
{
	struct oci_spec spec = {.json = NULL};
	int result = 0;

	if (!options->allow_hooks || !container->known)
		return 0;
	json_t *json = oci_container_config(container, err);
	if (!json)
		return -1;
	json_t *state = oci_container_state(container, status);
	char *text = oci_json_text(state);
	if (oci_spec_read(&spec, json, "config.json", err) < 0 || !text ||
	    oci_hooks_run(&spec, kind, text, err) < 0)
		result = -1;
	json_decref(state);
	oci_spec_free(&spec);
	return result;
}

int oci_verb_start(const struct oci_options *options, int argc, char **argv, struct error *err)
{
	struct oci_container container = OCI_CONTAINER_NONE;
	const char *id = only_id(argc, argv, err);
	int result = -1;

	if (id && oci_container_find(&container, options->root, id, true, err) == 0) {
		enum oci_status status = oci_container_status(&container);

		if (status == OCI_CREATED)
			result = oci_start(&container, err);
		else
			fail_because(err, "cannot start the container %s: it is %s, not created",
				     id, oci_status_word(status));
		struct error later;
		/* The specification: what fails here is told, and nothing more. */
		if (result == 0 &&
		    run_end_hooks(&container, options, HOOK_POSTSTART, OCI_RUNNING, &later) < 0 &&
		    options->log)
			oci_log(options, "warning", later.text);
	}
	oci_container_close(&container);
	return result;
}

static int print_json(json_t *json, struct error *err)
{
	int result = json ? json_dumpf(json, stdout, JSON_INDENT(2)) : -1;

	putchar('\n');
	json_decref(json);
	return result < 0 ? fail_because(err, "cannot write the output") : 0;
}

int oci_verb_state(const struct oci_options *options, int argc, char **argv, struct error *err)
{
	struct oci_container container = OCI_CONTAINER_NONE;
	const char *id = only_id(argc, argv, err);
	int result = -1;

	if (id && oci_container_find(&container, options->root, id, false, err) == 0)
		result = print_json(
			oci_container_state(&container, oci_container_status(&container)), err);
	oci_container_close(&container);
	return result;
}

/* ---- kill ---- */

/* 9, KILL, SIGKILL, RTMIN+3, the kernel's numbers: glibc keeps the first two of the real-time ones.
 * 0: it is none. */
static int signal_number(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (isdigit((unsigned char)*text))
		return !*end && number >= 1 && number <= 64 ? (int)number : 0;
	int named = signal_named(text);
	if (named)
		return named;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	bool least = strncasecmp(text, "RTMIN", 5) == 0, most = strncasecmp(text, "RTMAX", 5) == 0;
	if (!least && !most)
		return 0;
	number = (least ? 34 : 64) + (text[5] ? strtol(text + 5, &end, 10) : 0);
	return number >= 34 && number <= 64 ? (int)number : 0;
}

int oci_verb_kill(const struct oci_options *options, int argc, char **argv, struct error *err)
{
	struct oci_container container = OCI_CONTAINER_NONE;
	int number = argc > 1 ? signal_number(argv[1]) : SIGTERM, result = -1;

	if (argc < 1 || argc > 2)
		return fail_because(err, "kill takes a container and a signal");
	if (!number)
		return fail_because(err, "'%.40s' is no signal", argv[1]);
	if (oci_container_find(&container, options->root, argv[0], true, err) == 0) {
		result = oci_container_signal(&container, number, err);
		/* The kernel ends what is in a pid namespace with its first process; where that is
		 * not the container's own, its cgroup has what there is of it. */
		if (options->all && number == SIGKILL && container.cgroup && *container.cgroup) {
			oci_cgroup_kill(container.cgroup);
			result = 0;
		}
	}
	oci_container_close(&container);
	return result;
}

/* ---- delete ---- */

static int end(struct oci_container *container, const struct oci_options *options,
	       enum oci_status status, struct error *err)
{
	struct error ignored;

	if (status != OCI_STOPPED && status != OCI_CREATED && !options->force) {
		fail_because(err, "cannot delete the container %s: it is %s", container->id,
			     oci_status_word(status));
		return fail_remedy(err, "kill it first, or say --force");
	}
	if (container->cgroup && *container->cgroup) {
		/* What is frozen does not die. */
		if (status == OCI_PAUSED)
			oci_cgroup_freeze(container->cgroup, false, &ignored);
		oci_cgroup_kill(container->cgroup);
	}
	if (status != OCI_STOPPED) {
		oci_container_signal(container, SIGKILL, &ignored);
		if (!oci_container_wait(container, KILL_SECONDS * 1000))
			return fail_because(err, "the container %s does not end", container->id);
	}
	if (container->cgroup && *container->cgroup)
		oci_cgroup_remove(container->cgroup, container->unit);
	if (run_end_hooks(container, options, HOOK_POSTSTOP, OCI_STOPPED, &ignored) < 0 &&
	    options->log)
		oci_log(options, "warning", ignored.text);
	return oci_container_remove(container, err);
}

int oci_verb_delete(const struct oci_options *options, int argc, char **argv, struct error *err)
{
	struct oci_container container = OCI_CONTAINER_NONE;
	const char *id = only_id(argc, argv, err);
	int result = -1;

	if (!id)
		return -1;
	if (oci_container_find(&container, options->root, id, true, err) == 0)
		result = end(&container, options, oci_container_status(&container), err);
	else if (options->force && err->number == ENOENT)
		result = 0; /* engines ask for this after a create that has failed */
	oci_container_close(&container);
	return result;
}

/* ---- ps, list ---- */

/* Those in its pid namespace; without one of its own only its first is known to be its. */
static bool is_inside(const struct oci_container *container, pid_t pid)
{
	char path[48], ours[64] = "", theirs[64] = "";

	if (pid == container->pid)
		return true;
	if (!container->own_pids)
		return false;
	snprintf(path, sizeof path, "/proc/%d/ns/pid", container->pid);
	(void)!readlink(path, ours, sizeof ours - 1);
	snprintf(path, sizeof path, "/proc/%d/ns/pid", pid);
	return readlink(path, theirs, sizeof theirs - 1) > 0 && strcmp(ours, theirs) == 0;
}

int oci_verb_ps(const struct oci_options *options, int argc, char **argv, struct error *err)
{
	struct oci_container container = OCI_CONTAINER_NONE;
	struct processes processes = {.count = 0};
	int result = -1;

	if (argc < 1)
		return fail_because(err, "ps takes a container");
	if (oci_container_find(&container, options->root, argv[0], false, err) == 0) {
		json_t *list = json_array();

		if (container.process >= 0)
			processes_read(&processes, &container.arena);
		if (!options->json)
			puts("PID");
		for (size_t i = 0; i < processes.count; i++) {
			pid_t pid = processes.list[i].pid;

			if (!is_inside(&container, pid))
				continue;
			if (!options->json)
				printf("%d\n", pid);
			json_array_append_new(list, json_integer(pid));
		}
		result = options->json ? print_json(list, err) : 0;
		if (!options->json)
			json_decref(list);
	}
	oci_container_close(&container);
	return result;
}

static void print_row(const struct oci_container *container)
{
	printf("%-24s %-8d %-8s ", container->id, container->process >= 0 ? container->pid : 0,
	       oci_status_word(oci_container_status(container)));
	print_escaped(stdout, container->bundle ? container->bundle : "");
	printf(" %s\n", container->created ? container->created : "");
}

static void list_one(const struct oci_options *options, const char *id, json_t *list)
{
	struct oci_container container = OCI_CONTAINER_NONE;
	struct error ignored;

	if (oci_container_find(&container, options->root, id, false, &ignored) == 0) {
		if (options->quiet)
			puts(id);
		else if (options->json)
			json_array_append_new(
				list,
				oci_container_state(&container, oci_container_status(&container)));
		else
			print_row(&container);
	}
	oci_container_close(&container);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int oci_verb_list(const struct oci_options *options, int argc, char **argv, struct error *err)
{
	struct dirent **names;
	json_t *list = json_array();
	char path[32];

	(void)argv;
	if (argc != 0)
		return fail_because(err, "list takes no container");
	int cleanup_fd root = oci_root_open(options->root, err);
	if (root < 0)
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", root);
	int count = scandir(path, &names, NULL, by_name);
	if (!options->json && !options->quiet)
		printf("%-24s %-8s %-8s %s\n", "ID", "PID", "STATUS", "BUNDLE, CREATED");
	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.')
			list_one(options, names[i]->d_name, list);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	if (options->json && !options->quiet)
		return print_json(list, err);
	json_decref(list);
	return 0;
}

/* ---- pause, resume, update ---- */

static int freeze(const struct oci_options *options, int argc, char **argv, bool frozen,
		  struct error *err)
{
	struct oci_container container = OCI_CONTAINER_NONE;
	const char *id = only_id(argc, argv, err);
	int result = -1;

	if (id && oci_container_find(&container, options->root, id, true, err) == 0) {
		enum oci_status status = oci_container_status(&container);

		if (status != (frozen ? OCI_RUNNING : OCI_PAUSED))
			fail_because(err, "cannot %s the container %s: it is %s",
				     frozen ? "pause" : "resume", id, oci_status_word(status));
		else if (!container.cgroup || !*container.cgroup)
			fail_because(err,
				     "cannot pause the container %s: it has no cgroup of version "
				     "2, which alone can be frozen",
				     id);
		else
			result = oci_cgroup_freeze(container.cgroup, frozen, err);
	}
	oci_container_close(&container);
	return result;
}

int oci_verb_pause(const struct oci_options *options, int argc, char **argv, struct error *err)
{
	return freeze(options, argc, argv, true, err);
}

int oci_verb_resume(const struct oci_options *options, int argc, char **argv, struct error *err)
{
	struct oci_container container = OCI_CONTAINER_NONE;

	/* A container without a cgroup is never paused. */
	if (argc == 1 && oci_container_find(&container, options->root, argv[0], false, err) == 0 &&
	    (!container.cgroup || !*container.cgroup)) {
		oci_container_close(&container);
		return fail_because(err, "the container %s is not paused", argv[0]);
	}
	oci_container_close(&container);
	return freeze(options, argc, argv, false, err);
}

/* FILE has the object linux.resources. */
static int read_resources(struct oci_spec *spec, const char *path, struct error *err)
{
	struct oci_reader reader = {.arena = &spec->arena, .err = err, .name = path, .notes = ""};

	spec->json = oci_json_read(path, path, err);
	if (!spec->json)
		return -1;
	oci_resources_read(&reader, (struct oci_place){spec->json, "resources"}, spec);
	return reader.failed ? -1 : 0;
}

/* The manager first: what it sets it writes, and may round. */
static int change_limits(const struct oci_container *container, const struct oci_spec *spec,
			 struct error *err)
{
	if (container->unit && *container->unit && oci_scope_change(container->unit, spec, err) < 0)
		return -1;
	return oci_cgroup_limit(container->cgroup, spec, err);
}

int oci_verb_update(const struct oci_options *options, int argc, char **argv, struct error *err)
{
	struct oci_container container = OCI_CONTAINER_NONE;
	struct oci_spec spec = {.json = NULL};
	const char *id = only_id(argc, argv, err);
	int result = -1;

	if (id && !options->resources)
		fail_because(err, "update needs --resources FILE");
	else if (id && oci_container_find(&container, options->root, id, true, err) == 0 &&
		 read_resources(&spec,
				strcmp(options->resources, "-") == 0 ? "/dev/stdin"
								     : options->resources,
				err) == 0) {
		if (spec.limits_count == 0)
			result = 0;
		else if (container.cgroup && *container.cgroup)
			result = change_limits(&container, &spec, err);
		else
			fail_because(err, "cannot hold the container %s to %s: it has no cgroup",
				     id, spec.limits[0].because);
	}
	oci_spec_free(&spec);
	oci_container_close(&container);
	return result;
}

/* ---- features ---- */

static json_t *names_of_namespaces(void)
{
	json_t *list = json_array();

	for (int kind = 0; kind < OCI_NAMESPACES; kind++)
		json_array_append_new(list, json_string(oci_namespace_kinds[kind].word));
	return list;
}

static json_t *names_of_capabilities(void)
{
	extern const char *const capability_names[];
	json_t *list = json_array();
	char name[64];

	for (int cap = 0; capability_names[cap]; cap++) {
		snprintf(name, sizeof name, "%s", capability_names[cap]);
		for (char *at = name; *at; at++)
			*at = (char)toupper((unsigned char)*at);
		json_array_append_new(list, json_string(name));
	}
	return list;
}

static json_t *list_of(const char *const names[])
{
	json_t *list = json_array();

	for (size_t i = 0; names[i]; i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *names_of_options(void)
{
	static const char *const names[] = {"async",
					    "atime",
					    "bind",
					    "defaults",
					    "dev",
					    "diratime",
					    "exec",
					    "idmap",
					    "noatime",
					    "nodev",
					    "nodiratime",
					    "noexec",
					    "norelatime",
					    "nostrictatime",
					    "nosuid",
					    "nosymfollow",
					    "private",
					    "ratime",
					    "rbind",
					    "rdev",
					    "rdiratime",
					    "relatime",
					    "rexec",
					    "ridmap",
					    "rnoatime",
					    "rnodev",
					    "rnodiratime",
					    "rnoexec",
					    "rnorelatime",
					    "rnosuid",
					    "rnosymfollow",
					    "ro",
					    "rprivate",
					    "rrelatime",
					    "rro",
					    "rrw",
					    "rshared",
					    "rslave",
					    "rstrictatime",
					    "rsuid",
					    "rsymfollow",
					    "runbindable",
					    "rw",
					    "shared",
					    "slave",
					    "strictatime",
					    "suid",
					    "symfollow",
					    "tmpcopyup",
					    "unbindable",
					    NULL};

	return list_of(names);
}

int oci_verb_features(const struct oci_options *options, int argc, char **argv, struct error *err)
{
	static const char *const actions[] = {"SCMP_ACT_ALLOW",       "SCMP_ACT_ERRNO",
					      "SCMP_ACT_KILL",        "SCMP_ACT_KILL_PROCESS",
					      "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG",
					      "SCMP_ACT_NOTIFY",      "SCMP_ACT_TRACE",
					      "SCMP_ACT_TRAP",        NULL};
	static const char *const flags[] = {
		"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
		"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", NULL};

	(void)options;
	(void)argc;
	(void)argv;
	return print_json(
		json_pack("{s:s, s:s, s:[s,s,s,s,s,s], s:o, s:{s:o, s:o, s:{s:b, s:b, s:b, s:b, "
			  "s:b, s:b}, s:{s:b, s:o, s:o, s:o, s:[s,s,s]}, s:{s:b}, s:{s:b}, "
			  "s:{s:b}, s:{s:{s:b}}}, s:{s:s}}",
			  "ociVersionMin", "1.0.0", "ociVersionMax", "1.2.0", "hooks", "prestart",
			  "createRuntime", "createContainer", "startContainer", "poststart",
			  "poststop", "mountOptions", names_of_options(), "linux", "namespaces",
			  names_of_namespaces(), "capabilities", names_of_capabilities(), "cgroup",
			  "v1", 0, "v2", 1, "systemd", 1, "systemdUser", 1, "rdma", 0, "hugetlb", 0,
			  "seccomp", "enabled", 1, "actions", list_of(actions), "knownFlags",
			  list_of(flags), "supportedFlags", list_of(flags), "archs",
			  "SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32", "apparmor",
			  "enabled", 1, "selinux", "enabled", 1, "intelRdt", "enabled", 0,
			  "mountExtensions", "idmap", "enabled", 1, "annotations",
			  "sandbox.version", VERSION),
		err);
}
