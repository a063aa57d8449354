/*
 * planner: the plan for a command line on a machine that a text file makes up.
 *
 *   planner FILE...
 *
 * A line of a file is a key and its value; `#` begins a comment. What comes later wins, or adds to
 * a list; the value `none` empties it. The keys are those of the table below, and these two:
 *
 *   run WORD...   words of the command line, divided by blanks
 *   word TEXT     one more word, blanks and all
 *
 * Printed is what --dry-run would print there, or the error and `status N`. The kernel is not asked
 * for anything but these files, the profiles and the working directory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appfiles.h"
#include "config.h"
#include "host.h"
#include "options.h"
#include "plan.h"
#include "profile.h"

struct machine {
	struct arena arena;
	struct host host;
	char **words; /* of the command line */
	size_t words_count;
	char **env; /* the caller's environment */
	size_t env_count;
	const char *(*sources)[2]; /* path, what it really is; NULL: it is not there */
	size_t sources_count;
};

static _Noreturn void wrong(const char *what, const char *text)
{
	fprintf(stderr, "planner: %s: %s\n", what, text);
	exit(2);
}

static uint32_t number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || (*end && *end != ' '))
		wrong("not a number", text);
	return (uint32_t)value;
}

static bool yes(const char *text)
{
	if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
		wrong("neither yes nor no", text);
	return *text == 'y';
}

/* Cut text at its first blank; what follows, or NULL. */
static char *second(char *text)
{
	char *blank = strchr(text, ' ');

	if (blank)
		*blank++ = '\0';
	return blank;
}

static const char *or_none(const char *text)
{
	return strcmp(text, "none") == 0 ? NULL : text;
}

static void set_uid(struct machine *machine, char *value)
{
	machine->host.uid = number(value);
}

static void set_gid(struct machine *machine, char *value)
{
	machine->host.gid = number(value);
}

static void set_user(struct machine *machine, char *value)
{
	machine->host.user = or_none(value);
}

static void set_home(struct machine *machine, char *value)
{
	machine->host.home = or_none(value);
}

static void set_no_new_privs(struct machine *machine, char *value)
{
	machine->host.no_new_privs = yes(value);
}

/* START COUNT */
static void add_grant(struct machine *machine, char *value, struct id_grant **grants, size_t *count)
{
	char *size = second(value);

	if (!size) {
		*count = 0;
		return;
	}
	struct id_grant *grant = ARENA_APPEND(&machine->arena, *grants, *count);
	grant->start = number(value);
	grant->count = number(size);
}

static void add_subuid(struct machine *machine, char *value)
{
	add_grant(machine, value, &machine->host.subuids, &machine->host.subuids_count);
}

static void add_subgid(struct machine *machine, char *value)
{
	add_grant(machine, value, &machine->host.subgids, &machine->host.subgids_count);
}

static void set_newuidmap(struct machine *machine, char *value)
{
	machine->host.newuidmap = or_none(value);
}

static void set_newgidmap(struct machine *machine, char *value)
{
	machine->host.newgidmap = or_none(value);
}

static void set_no_overlay(struct machine *machine, char *value)
{
	machine->host.no_overlay = yes(value);
}

static void set_fuse_overlayfs(struct machine *machine, char *value)
{
	machine->host.fuse_overlayfs = or_none(value);
	machine->host.fuse_helper = "/bin/sh"; /* is there on any machine: it is looked at */
	machine->host.fuse_device = true;
}

static void set_rootfs_subordinate(struct machine *machine, char *value)
{
	machine->host.rootfs_subordinate = yes(value);
}

static void set_xattrs(struct machine *machine, char *value)
{
	machine->host.tmpfs_user_xattrs = yes(value);
}

static const char *add_line(struct machine *machine, const char *text, const char *line)
{
	return or_none(line) ? arena_printf(&machine->arena, "%s%s\n", text ? text : "", line)
			     : NULL;
}

/* NAME:x:UID:GID:GECOS:HOME:SHELL, as in the file and all of it there */
static void add_passwd(struct machine *machine, char *value)
{
	struct host *host = &machine->host;
	char *rest = arena_strdup(&machine->arena, value);

	host->passwd_text = add_line(machine, host->passwd_text, value);
	if (!or_none(value)) {
		host->passwd_count = 0;
		return;
	}
	struct passwd_entry *entry =
		ARENA_APPEND(&machine->arena, host->passwd, host->passwd_count);
	entry->name = strsep(&rest, ":");
	strsep(&rest, ":");
	const char *uid = strsep(&rest, ":"), *gid = strsep(&rest, ":");
	strsep(&rest, ":");
	entry->home = strsep(&rest, ":");
	entry->shell = rest;
	if (!entry->shell)
		wrong("not a line of passwd", value);
	entry->uid = number(uid);
	entry->gid = number(gid);
}

static void add_group(struct machine *machine, char *value)
{
	machine->host.group_text = add_line(machine, machine->host.group_text, value);
}

static void set_missing(struct machine *machine, char *value)
{
	machine->host.missing = or_none(value);
}

/* PATH [WHAT IT POINTS TO] */
static void add_entry(struct machine *machine, char *value)
{
	struct host_entry *entry =
		ARENA_APPEND(&machine->arena, machine->host.entries, machine->host.entries_count);

	entry->link = second(value);
	entry->path = value;
}

static void add_secret(struct machine *machine, char *value)
{
	*ARENA_APPEND(&machine->arena, machine->host.secrets, machine->host.secrets_count) = value;
}

/* PATH [names] */
static void add_piece(struct machine *machine, char *value)
{
	struct host_piece *piece =
		ARENA_APPEND(&machine->arena, machine->host.pieces, machine->host.pieces_count);

	piece->names_only = second(value);
	piece->path = value;
	piece->part = strchr(value + 1, '/');
}

/* PATH [WHAT IT REALLY IS]: without the second it is not there. All others are what they are
 * called. */
static void add_source(struct machine *machine, char *value)
{
	const char *(*source)[2] =
		ARENA_APPEND(&machine->arena, machine->sources, machine->sources_count);

	(*source)[1] = second(value);
	(*source)[0] = value;
}

static void add_resolv_conf(struct machine *machine, char *value)
{
	machine->host.resolv_conf = add_line(machine, machine->host.resolv_conf, value);
}

static void set_slirp4netns(struct machine *machine, char *value)
{
	machine->host.slirp4netns = or_none(value);
}

static void set_pasta(struct machine *machine, char *value)
{
	machine->host.pasta = or_none(value);
}

static void set_relay(struct machine *machine, char *value)
{
	machine->host.relay = value;
}

static void set_bus_helper(struct machine *machine, char *value)
{
	machine->host.bus.helper = value;
}

static void set_bus_proxy(struct machine *machine, char *value)
{
	machine->host.bus.proxy = or_none(value);
}

static void set_bus_session(struct machine *machine, char *value)
{
	machine->host.bus.session = or_none(value);
}

static void set_bus_system(struct machine *machine, char *value)
{
	machine->host.bus.system = or_none(value);
}

static void set_egress(struct machine *machine, char *value)
{
	machine->host.egress = value;
}

static void add_address(struct machine *machine, char *value)
{
	struct host *host = &machine->host;

	if (or_none(value))
		*ARENA_APPEND(&machine->arena, host->addresses, host->addresses_count) = value;
	else
		host->addresses_count = 0;
}

static void set_ca_bundle(struct machine *machine, char *value)
{
	machine->host.ca_bundle = or_none(value);
}

static void set_rootfs_has_ca(struct machine *machine, char *value)
{
	machine->host.rootfs_has_ca = yes(value);
}

static void set_landlock(struct machine *machine, char *value)
{
	machine->host.landlock = (int)number(value);
}

static void set_unified(struct machine *machine, char *value)
{
	machine->host.cgroup.unified = yes(value);
}

static void set_own(struct machine *machine, char *value)
{
	machine->host.cgroup.own = or_none(value);
}

/* PATH CONTROLLER... */
static void set_base(struct machine *machine, char *value)
{
	machine->host.cgroup.base_controllers = second(value);
	machine->host.cgroup.base = or_none(value);
}

/* SOCKET CONTROLLER... */
static void set_manager(struct machine *machine, char *value)
{
	machine->host.cgroup.manager_controllers = second(value);
	machine->host.cgroup.manager = or_none(value);
}

/* SOCKET [context] */
static void set_wayland(struct machine *machine, char *value)
{
	machine->host.desktop.security_context = second(value) != NULL;
	machine->host.desktop.wayland = value;
	machine->host.desktop.wayland_helper = "/usr/libexec/sandbox/wayland";
}

/* :NUMBER SOCKET */
static void set_display(struct machine *machine, char *value)
{
	machine->host.desktop.x11_socket = second(value);
	machine->host.desktop.display = value;
	machine->host.desktop.xauthority = "/home/user/.Xauthority";
	machine->host.desktop.x11_helper = "/usr/libexec/sandbox/x11";
}

static void set_x_server(struct machine *machine, char *value)
{
	machine->host.desktop.x_server = or_none(value);
}

static void set_pulse(struct machine *machine, char *value)
{
	machine->host.desktop.pulse = value;
	machine->host.desktop.audio_helper = "/usr/libexec/sandbox/audio";
}

static void set_pipewire(struct machine *machine, char *value)
{
	machine->host.desktop.pipewire = value;
}

/* gpu|NUMBER OF THE OPTION, and PATH, and perhaps: group */
static void add_device(struct machine *machine, char *value)
{
	struct host_desktop *desktop = &machine->host.desktop;
	struct host_device *device =
		ARENA_APPEND(&machine->arena, desktop->devices, desktop->devices_count);
	char *path = second(value);

	device->by_group = second(path) != NULL;
	device->op = strcmp(value, "gpu") == 0 ? HOST_GPU : number(value);
	device->path = path;
}

/* SOURCE TARGET */
static void add_look(struct machine *machine, char *value)
{
	struct host_desktop *desktop = &machine->host.desktop;
	struct host_look *look =
		ARENA_APPEND(&machine->arena, desktop->looks, desktop->looks_count);

	look->target = second(value);
	look->source = value;
}

/* NAME=VALUE: for the environment's own room, and for what asks getenv */
static void add_env(struct machine *machine, char *value)
{
	*ARENA_APPEND(&machine->arena, machine->env, machine->env_count) = value;
	if (putenv(value))
		wrong("not a variable", value);
}

static void add_word(struct machine *machine, char *value)
{
	*ARENA_APPEND(&machine->arena, machine->words, machine->words_count) = value;
}

static void add_words(struct machine *machine, char *value)
{
	for (char *next; value; value = next) {
		next = second(value);
		add_word(machine, value);
	}
}

static const struct {
	const char *key;
	void (*set)(struct machine *machine, char *value);
} keys[] = {
	{"uid", set_uid},
	{"gid", set_gid},
	{"user", set_user},
	{"home", set_home},
	{"no-new-privs", set_no_new_privs},
	{"subuid", add_subuid},
	{"subgid", add_subgid},
	{"newuidmap", set_newuidmap},
	{"newgidmap", set_newgidmap},
	{"tmpfs-user-xattrs", set_xattrs},
	{"no-overlay", set_no_overlay},
	{"fuse-overlayfs", set_fuse_overlayfs},
	{"rootfs-subordinate", set_rootfs_subordinate},
	{"passwd", add_passwd},
	{"group", add_group},
	{"missing", set_missing},
	{"entry", add_entry},
	{"secret", add_secret},
	{"piece", add_piece},
	{"source", add_source},
	{"landlock", set_landlock},
	{"cgroup-unified", set_unified},
	{"cgroup-own", set_own},
	{"cgroup-base", set_base},
	{"cgroup-manager", set_manager},
	{"resolv-conf", add_resolv_conf},
	{"slirp4netns", set_slirp4netns},
	{"pasta", set_pasta},
	{"relay", set_relay},
	{"egress", set_egress},
	{"bus-helper", set_bus_helper},
	{"bus-proxy", set_bus_proxy},
	{"bus-session", set_bus_session},
	{"bus-system", set_bus_system},
	{"address", add_address},
	{"ca-bundle", set_ca_bundle},
	{"rootfs-has-ca", set_rootfs_has_ca},
	{"wayland", set_wayland},
	{"display", set_display},
	{"x-server", set_x_server},
	{"pulse", set_pulse},
	{"pipewire", set_pipewire},
	{"device", add_device},
	{"look", add_look},
	{"env", add_env},
	{"run", add_words},
	{"word", add_word},
};

static void read_line(struct machine *machine, char *line)
{
	char *value = second(line);

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (strcmp(line, keys[i].key) == 0 && value) {
			keys[i].set(machine, value);
			return;
		}
	}
	wrong("no such key, or no value", line);
}

static void read_machine(struct machine *machine, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		wrong(path, strerror(errno));
	while (getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (*line && *line != '#')
			read_line(machine, arena_strdup(&machine->arena, line));
	}
	free(line);
	fclose(file);
}

static int find_sources(struct machine *machine, const struct config *config, struct error *err)
{
	struct host *host = &machine->host;

	host->sources =
		arena_alloc(&machine->arena, (config->mounts_count + 1) * sizeof *host->sources);
	for (size_t i = 0; i < config->mounts_count; i++) {
		const struct mount_op *op = &config->mounts[i];

		if (op->kind != MOUNT_BIND && op->kind != MOUNT_RO_BIND &&
		    op->kind != MOUNT_DEV_BIND && op->kind != MOUNT_LOWER)
			continue;
		host->sources[i].real = op->source;
		for (size_t j = 0; j < machine->sources_count; j++)
			if (strcmp(machine->sources[j][0], op->source) == 0)
				host->sources[i].real = machine->sources[j][1];
		if (!host->sources[i].real && !op->optional)
			return fail_because(err, "cannot bind %s: it does not exist", op->source);
	}
	return 0;
}

/* host_probe_network() finds what the options ask for and leaves the rest alone. */
static void leave_out(struct host *host, const struct config *config)
{
	bool own = config->network == NETWORK_SLIRP4NETNS || config->network == NETWORK_PASTA;

	if (config->network != NETWORK_SLIRP4NETNS)
		host->slirp4netns = NULL;
	if (!own || host->slirp4netns)
		host->pasta = NULL;
	if (!host->bus.session)
		host->bus.no_session = "it is not there";
	if (!config_wants_bus(config, false))
		host->bus.session = host->bus.no_session = NULL;
	if (!config_wants_bus(config, true))
		host->bus.system = NULL;
	if (!own)
		host->addresses_count = 0;
	if (!own && config->network != NETWORK_HOST)
		host->resolv_conf = NULL;
	if (!own && config->network != NETWORK_HOST && !config->ca_certificates)
		host->ca_bundle = NULL;
	if (config->ca_certificates && strcmp(config->ca_certificates, "host") != 0)
		host->ca_bundle = *config->ca_certificates == '/' ? config->ca_certificates : NULL;
}

/* As main.c does it. */
static int make_plan(struct machine *machine, struct config *config, struct plan *plan,
		     struct error *err)
{
	struct command_line line = {.profile = NULL};
	struct host *host = &machine->host;
	int argc = (int)machine->words_count;

	*ARENA_APPEND(&machine->arena, machine->words, machine->words_count) = NULL;
	*ARENA_APPEND(&machine->arena, machine->env, machine->env_count) = NULL;
	if (options_scan(argc, machine->words, &line, err) < 0)
		return -1;
	config->profile = line.profile ? line.profile : "default";
	if (profile_apply(config, config->profile, err) < 0 ||
	    options_apply(config, argc, machine->words, err) < 0)
		return -1;
	if (line.rest_count < 1)
		wrong("no root file system", "run");
	config->rootfs = line.rest[0];
	config->command = line.rest + 1;
	config->command_count = (size_t)line.rest_count - 1;
	if (config_check(config, err) < 0)
		return -1;
	host->desktop.no_wayland = host->desktop.no_display = "there is none";
	host->desktop.no_pulse = host->desktop.no_pipewire = "there is none";
	if (host->home)
		setenv("HOME", host->home, 1);
	if (appfiles_apply(config, err) < 0)
		return -1;
	unsetenv("HOME");
	host->rootfs = config->rootfs;
	host->rootfs_is_host = strcmp(config->rootfs, "/") == 0;
	host->machine = "x86_64";
	if (!host->rootfs_is_host)
		host->entries_count = host->secrets_count = 0;
	if (find_sources(machine, config, err) < 0)
		return -1;
	leave_out(host, config);
	return plan_make(plan, config, host, machine->env, err);
}

int main(int argc, char **argv)
{
	struct machine machine = {.words = NULL};
	struct config config = {.profile = NULL};
	struct plan plan = {.config = NULL};
	struct error err = {.number = 0};

	for (int i = 1; i < argc; i++)
		read_machine(&machine, argv[i]);
	if (make_plan(&machine, &config, &plan, &err) == 0) {
		plan_print(&plan, stdout);
	} else {
		error_print(stdout, &err);
		printf("status %d\n", err.status ? err.status : EXIT_SANDBOX);
	}
	plan_free(&plan);
	config_free(&config);
	arena_free(&machine.arena);
	return 0;
}
