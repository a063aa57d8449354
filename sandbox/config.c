/*
 * The config as a whole: see config.h. Looks across options, once all have been set; each value
 * by itself has been checked when it was set. Reads nothing and changes only what loses.
 */
#include "config.h"

#include <string.h>
#include <sys/resource.h>

#include "options_table.h"

/* More extents than this the kernel does not take (user_namespaces(7), since 4.15). */
enum { MAP_EXTENTS = 340 };

const char *config_origin(const struct config *config, enum option_id option)
{
	return config->origin[option] ? config->origin[option] : "default";
}

const char *config_network_word(const struct config *config)
{
	static const char *const words[] = {[NETWORK_NONE] = "none",
					    [NETWORK_HOST] = "host",
					    [NETWORK_SLIRP4NETNS] = "slirp4netns",
					    [NETWORK_PASTA] = "pasta"};

	return words[config->network];
}

const char *config_layer_word(const struct config *config)
{
	static const char *const words[] = {[LAYER_THROW_AWAY] = "thrown-away",
					    [LAYER_READ_WRITE] = "rw",
					    [LAYER_READ_ONLY] = "read-only"};

	return words[config->layer_mode];
}

void config_free(struct config *config)
{
	arena_free(&config->arena);
	*config = (struct config){0};
}

const char *option_name(enum option_id option)
{
	return option_table[option].name;
}

bool config_wants_cgroup(const struct config *config)
{
	const struct limits *limits = &config->limits;

	return limits->memory || limits->cpus || limits->pids || limits->io_weight ||
	       limits->mode == LIMITS_SYSTEMD || limits->mode == LIMITS_CGROUP;
}

bool config_limits_tcp(const struct config *config)
{
	return config->origin[OPT_CONNECT_TCP] || config->origin[OPT_BIND_TCP];
}

bool config_wants_runtime(const struct config *config)
{
	const struct desktop_wishes *desktop = &config->desktop;

	return desktop->wayland || desktop->x11 || desktop->audio;
}

static bool from_command_line(const char *origin)
{
	return strcmp(origin, "command line") == 0;
}

static int exclude(enum option_id a, const char *origin_a, enum option_id b, const char *origin_b,
		   struct error *err)
{
	fail_because(err, "--%s (%s) and --%s (%s) exclude each other", option_table[a].name,
		     origin_a, option_table[b].name, origin_b);
	return fail_remedy(err, "leave one of them out");
}

/* Both on the command line; in two profiles the later one has already taken over. */
static int check_pair(const struct config *config, enum option_id a, enum option_id b,
		      struct error *err)
{
	const char *of_a = config->origin[a], *of_b = config->origin[b];

	return of_a && of_b ? exclude(a, of_a, b, of_b, err) : 0;
}

/*
 * --layer says where the layer is, --rw and --read-only that there is none. The command line wins
 * over a profile; from the same side they are a contradiction.
 */
static int check_layer(struct config *config, struct error *err)
{
	enum option_id mode = config->layer_mode == LAYER_READ_WRITE ? OPT_RW : OPT_READ_ONLY;
	const char *place = config->origin[OPT_LAYER], *none = config->origin[mode];

	if (config->layer_mode == LAYER_THROW_AWAY || !place || !none)
		return 0;
	if (from_command_line(place) == from_command_line(none))
		return exclude(OPT_LAYER, place, mode, none, err);
	if (from_command_line(place)) {
		config->layer_mode = LAYER_THROW_AWAY;
		config->origin[mode] = NULL;
	} else {
		config->layer_place = LAYER_AUTO;
		config->origin[OPT_LAYER] = NULL;
	}
	return 0;
}

/* What --overlay does not go together with. */
static int check_overlay(const struct config *config, struct error *err)
{
	const char *ours = config->origin[OPT_OVERLAY], *place = config->origin[OPT_LAYER];

	if (!config->overlay)
		return 0;
	if (place && config->layer_place == LAYER_MEMORY &&
	    from_command_line(place) == from_command_line(ours))
		return exclude(OPT_OVERLAY, ours, OPT_LAYER, place, err);
	return 0;
}

/* The first extent that came from the command line, or the first one; NULL without any. */
static const struct id_range *first_extent(const struct id_range *map, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (from_command_line(map[i].origin))
			return &map[i];
	return count ? map : NULL;
}

/* A map says it all; --userns=keep-id and single say it in another way. */
static int check_userns(struct config *config, struct error *err)
{
	const struct id_range *uids = first_extent(config->uidmap, config->uidmap_count);
	const struct id_range *gids = first_extent(config->gidmap, config->gidmap_count);
	const struct id_range *map = uids ? uids : gids;
	const char *mode = config->origin[OPT_USERNS];

	if (uids && gids && from_command_line(gids->origin))
		map = gids;
	if (!map || config->userns == USERNS_AUTO || !mode)
		return 0;
	if (from_command_line(mode) == from_command_line(map->origin)) {
		exclude(map == gids ? OPT_GIDMAP : OPT_UIDMAP, map->origin, OPT_USERNS, mode, err);
		return fail_remedy(err, "leave one of them out, or set userns to auto");
	}
	if (from_command_line(mode)) {
		config->uidmap_count = config->gidmap_count = 0;
	} else {
		config->userns = USERNS_AUTO;
		config->origin[OPT_USERNS] = NULL;
	}
	return 0;
}

static int take_fakeroot(struct config *config)
{
	config->fakeroot = config->userns == USERNS_FAKEROOT;
	if (config->fakeroot)
		config->userns = USERNS_SINGLE;
	return 0;
}

static bool overlap(uint32_t a, uint32_t b, const struct id_range *x, const struct id_range *y)
{
	return a < (uint64_t)b + y->count && b < (uint64_t)a + x->count;
}

static int check_map(enum option_id option, const struct id_range *map, size_t count,
		     struct error *err)
{
	const char *name = option_table[option].name;

	if (count > MAP_EXTENTS)
		return fail_because(err, "--%s was given %zu times, and the kernel takes %d", name,
				    count, MAP_EXTENTS);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct id_range *x = &map[j], *y = &map[i];
			bool inside = overlap(x->inside, y->inside, x, y);

			if (!inside && !overlap(x->outside, y->outside, x, y))
				continue;
			return fail_because(
				err, "--%s %u:%u:%u (%s) overlaps %u:%u:%u (%s) in the ids %s",
				name, y->inside, y->outside, y->count, y->origin, x->inside,
				x->outside, x->count, x->origin, inside ? "inside" : "outside");
		}
	}
	return 0;
}

static int check_descriptors(const struct config *config, struct error *err)
{
	for (size_t i = 0; i < config->mounts_count; i++) {
		const struct mount_op *op = &config->mounts[i];

		for (size_t j = 0; op->kind == MOUNT_FILE && j < i; j++)
			if (config->mounts[j].kind == MOUNT_FILE && config->mounts[j].fd == op->fd)
				return fail_because(
					err, "--file reads descriptor %d twice, for %s and %s",
					op->fd, config->mounts[j].target, op->target);
	}
	return 0;
}

static void drop(struct config *config, enum option_id option, size_t *count)
{
	if (config->origin[option] && !from_command_line(config->origin[option])) {
		*count = 0;
		config->origin[option] = NULL;
	}
}

/* The command line chose a network for which a profile's options have no use: they go. What the
 * command line gives too stays, and is refused. */
static void drop_beaten(struct config *config)
{
	const char *network = config->origin[OPT_NETWORK];
	size_t kept = 0;

	if (!network || !from_command_line(network))
		return;
	if (config->network == NETWORK_NONE || config->network == NETWORK_HOST) {
		for (size_t i = 0; i < config->egress_count; i++)
			if (from_command_line(config->egress[i].origin))
				config->egress[kept++] = config->egress[i];
		config->egress_count = kept;
	}
	if (config->network == NETWORK_NONE) {
		drop(config, OPT_DNS, &config->dns_count);
		drop(config, OPT_DNS_SEARCH, &config->dns_search_count);
	} else if (config->network == NETWORK_HOST) {
		drop(config, OPT_PUBLISH, &config->publish_count);
		drop(config, OPT_ALLOW_HOST_PORT, &config->host_ports_count);
	}
}

/* A published port that leads to a host port inside would lead to the host again, and perhaps to
 * itself. */
static int check_loop(const struct config *config, struct error *err)
{
	for (size_t i = 0; i < config->publish_count; i++)
		for (size_t j = 0; j < config->host_ports_count; j++) {
			const struct publish_op *out = &config->publish[i];
			const struct host_port_op *in = &config->host_ports[j];

			if (out->protocol != in->protocol || in->port < out->inside ||
			    in->port - out->inside >= out->count)
				continue;
			fail_because(err,
				     "--publish (%s) leads to port %u inside, which "
				     "--allow-host-port (%s) makes a port of the host's",
				     out->origin, in->port, in->origin);
			return fail_remedy(err, "have the command listen on another port");
		}
	return 0;
}

/* A list of what is allowed that has been emptied, by a variable that is not set for instance,
 * allows nothing: it does not open what it was there to close. */
static void close_emptied(struct config *config)
{
	static const char *const everything[] = {"0.0.0.0/0", "::/0"};

	for (size_t i = 0; i < config->egress_count; i++)
		if (!config->egress[i].deny)
			return;
	if (!config->egress_cleared || config->network == NETWORK_NONE ||
	    config->network == NETWORK_HOST)
		return;
	for (size_t i = 0; i < 2; i++)
		*ARENA_APPEND(&config->arena, config->egress, config->egress_count) =
			(struct egress_op){.deny = true,
					   .kind = EGRESS_ADDRESS,
					   .what = everything[i],
					   .origin = "an empty --allow-net"};
}

/* Rules imply a network of its own; a network that was refused in so many words stays refused. */
static int check_network(struct config *config, struct error *err)
{
	drop_beaten(config);
	close_emptied(config);
	enum option_id rule = config->origin[OPT_ALLOW_NET] ? OPT_ALLOW_NET : OPT_DENY_NET;
	const char *rules = config->origin[rule], *network = config->origin[OPT_NETWORK];
	bool own = config->network == NETWORK_SLIRP4NETNS || config->network == NETWORK_PASTA;

	if (config->egress_count && config->network == NETWORK_NONE &&
	    !(network && from_command_line(network))) {
		config->network = NETWORK_SLIRP4NETNS;
		config->origin[OPT_NETWORK] = rules;
		own = true;
	}
	if (config->egress_count && !own)
		return exclude(rule, rules, OPT_NETWORK, config_origin(config, OPT_NETWORK), err);
	if (config->net_log && !config->egress_count) {
		fail_because(err,
			     "--net-log (%s) has nothing to write: without rules for the "
			     "network nothing is refused",
			     config->origin[OPT_NET_LOG]);
		return fail_remedy(err, "add --allow-net or --deny-net, or leave it out");
	}
	if (config->network == NETWORK_HOST && (config->publish_count || config->host_ports_count))
		return exclude(config->publish_count ? OPT_PUBLISH : OPT_ALLOW_HOST_PORT,
			       config_origin(config, config->publish_count ? OPT_PUBLISH
									   : OPT_ALLOW_HOST_PORT),
			       OPT_NETWORK, config_origin(config, OPT_NETWORK), err);
	if (check_loop(config, err) < 0)
		return -1;
	if ((config->dns_count || config->dns_search_count) && config->network == NETWORK_NONE)
		return exclude(config->dns_count ? OPT_DNS : OPT_DNS_SEARCH,
			       config_origin(config, config->dns_count ? OPT_DNS : OPT_DNS_SEARCH),
			       OPT_NETWORK, config_origin(config, OPT_NETWORK), err);
	return 0;
}

/* Landlock knows of ports, where the network is the host's; rules by name and address are for a
 * network of one's own. */
static int check_tcp(const struct config *config, struct error *err)
{
	enum option_id mine = config->origin[OPT_CONNECT_TCP] ? OPT_CONNECT_TCP : OPT_BIND_TCP;

	if (!config_limits_tcp(config))
		return 0;
	if (config->landlock == LANDLOCK_OFF)
		return exclude(mine, config->origin[mine], OPT_LANDLOCK,
			       config_origin(config, OPT_LANDLOCK), err);
	if (config->network == NETWORK_HOST)
		return 0;
	fail_because(err, "--%s (%s) is for --network=host, and the network is another (%s)",
		     option_table[mine].name, config->origin[mine],
		     config_origin(config, OPT_NETWORK));
	return fail_remedy(err, "for a network of its own there are --allow-net and --publish");
}

/*
 * A server of PipeWire's lets whoever can speak to it record, and look at what others play: it is
 * not let in by an option that promises less.
 */
static int check_audio(const struct config *config, struct error *err)
{
	const struct desktop_wishes *desktop = &config->desktop;
	enum option_id id = desktop->audio == WISH_TRY ? OPT_AUDIO_TRY : OPT_AUDIO;

	if (desktop->microphone && !desktop->audio) {
		fail_because(err, "--microphone (%s) needs --audio",
			     config_origin(config, OPT_MICROPHONE));
		return fail_remedy(err, "add --audio");
	}
	if (!desktop->audio || !(desktop->audio_by & AUDIO_PIPEWIRE) || desktop->microphone)
		return 0;
	fail_because(err,
		     "--%s=pipewire (%s) lets the command record too, and --microphone was not "
		     "given",
		     option_table[id].name, config_origin(config, id));
	return fail_remedy(err, "say --audio=pulse, where recording can be refused (PipeWire "
				"answers to it as well),\nor --microphone if you mean it");
}

/* --cpu-time is --ulimit cpu by another name. */
static int check_cpu_time(struct config *config, struct error *err)
{
	const struct limits *limits = &config->limits;
	const char *origin = config->origin[OPT_CPU_TIME];
	size_t kept = 0;

	if (!limits->cpu_time)
		return 0;
	for (size_t i = 0; i < config->rlimits_count; i++) {
		const struct rlimit_op *op = &config->rlimits[i];

		if (op->resource != RLIMIT_CPU)
			config->rlimits[kept++] = *op;
		else if (from_command_line(op->origin) == from_command_line(origin))
			return exclude(OPT_CPU_TIME, origin, OPT_ULIMIT, op->origin, err);
		else if (from_command_line(op->origin))
			return 0;
	}
	config->rlimits_count = kept;
	struct rlimit_op *op = ARENA_APPEND(&config->arena, config->rlimits, config->rlimits_count);
	/* SIGXCPU at the end of the time, and SIGKILL for who does not heed it. */
	*op = (struct rlimit_op){.resource = RLIMIT_CPU,
				 .name = "cpu",
				 .soft = (limits->cpu_time + 999) / 1000,
				 .hard = (limits->cpu_time + 999) / 1000 + 1,
				 .origin = origin};
	return 0;
}

static int check_limits(struct config *config, struct error *err)
{
	struct limits *limits = &config->limits;

	if (!config->origin[OPT_TIMEOUT_GRACE])
		limits->timeout_grace = CONFIG_TIMEOUT_GRACE;
	if (limits->memory_swap && !limits->memory) {
		fail_because(err,
			     "--memory-swap (%s) says how much swap comes on top of --memory, "
			     "which is not given",
			     config->origin[OPT_MEMORY_SWAP]);
		return fail_remedy(err, "give --memory too");
	}
	if (limits->memory_swap && limits->memory_swap < limits->memory)
		return fail_because(err,
				    "--memory-swap (%s) is memory and swap together, and is "
				    "less than --memory (%s)",
				    config->origin[OPT_MEMORY_SWAP], config->origin[OPT_MEMORY]);
	return check_cpu_time(config, err);
}

/* A rule brings its bus; a bus that the command line has refused stays refused. */
static int check_bus(struct config *config, struct error *err)
{
	static const enum option_id options[] = {[BUS_SEE] = OPT_DBUS_SEE,
						 [BUS_TALK] = OPT_DBUS_TALK,
						 [BUS_OWN] = OPT_DBUS_OWN,
						 [BUS_CALL] = OPT_DBUS_CALL};
	const char *mode = config->origin[OPT_DBUS];
	bool refused = mode && from_command_line(mode) && config->dbus == BUS_NONE;
	size_t kept = 0;

	for (size_t i = 0; i < config->bus_rules_count; i++) {
		const struct bus_rule *rule = &config->bus_rules[i];

		if (refused && from_command_line(rule->origin))
			return exclude(options[rule->grant], rule->origin, OPT_DBUS, mode, err);
		if (refused)
			continue;
		config->bus_rules[kept++] = *rule;
		if (!rule->system && config->dbus == BUS_NONE) {
			config->dbus = BUS_FILTERED;
			config->origin[OPT_DBUS] = rule->origin;
		}
	}
	config->bus_rules_count = kept;
	return 0;
}

/* It is the caller's, and so has to be the command. */
static int check_home(const struct config *config, struct error *err)
{
	enum option_id other = config->uidmap_count ? OPT_UIDMAP : OPT_USER;

	if (config->home == HOME_NONE || (!config->user && !config->uidmap_count))
		return 0;
	exclude(OPT_HOME, config_origin(config, OPT_HOME), other, config_origin(config, other),
		err);
	return fail_remedy(err, "the home is yours: leave --%s out, or bind a home by hand",
			   option_table[other].name);
}

bool config_wants_bus(const struct config *config, bool system)
{
	if (!system)
		return config->dbus == BUS_FILTERED;
	for (size_t i = 0; i < config->bus_rules_count; i++)
		if (config->bus_rules[i].system)
			return true;
	return false;
}

enum { MIN_LOG = 4096 };

static int check_rootfs(struct config *config, struct error *err)
{
	if (!config->rootfs || !*config->rootfs) {
		fail_because(err, config->rootfs ? "ROOTFS is empty" : "no ROOTFS was given");
		return fail_remedy(err, "give a directory, or / for the host's own programs:\n"
					"sandbox / COMMAND [ARG...]");
	}
	if (config->command_count == 0) {
		config->command = arena_alloc(&config->arena, 2 * sizeof *config->command);
		config->command[0] = arena_strdup(&config->arena, "/bin/sh");
		config->command_count = 1;
	}
	if (config->detach && config->die_with_parent)
		return exclude(OPT_DETACH, config_origin(config, OPT_DETACH), OPT_DIE_WITH_PARENT,
			       config_origin(config, OPT_DIE_WITH_PARENT), err);
	/* What the caller has open is not the background's. */
	if (config->detach && config->origin[OPT_PRINT_ENFORCED] && !config->status.enforced) {
		exclude(OPT_DETACH, config_origin(config, OPT_DETACH), OPT_PRINT_ENFORCED,
			config_origin(config, OPT_PRINT_ENFORCED), err);
		return fail_remedy(err, "name a file");
	}
	if (config->origin[OPT_LOG_SIZE] && config->log_size < MIN_LOG)
		return fail_because(err, "--log-size (%s) has to be at least 4k",
				    config_origin(config, OPT_LOG_SIZE));
	if (!*config->command[0])
		return fail_because(err, "COMMAND is empty");
	const char *slash = strrchr(config->command[0], '/');

	if (!config->application)
		config->application = config->name ? config->name
				      : slash      ? slash + 1
						   : config->command[0];
	return 0;
}

/* Process 1 finds the command in /proc by its number, which is another one there. */
static int check_proc(const struct config *config, struct error *err)
{
	if (config->proc != PROC_BIND || !config->origin[OPT_PRINT_ENFORCED])
		return 0;
	return exclude(OPT_PROC, config_origin(config, OPT_PROC), OPT_PRINT_ENFORCED,
		       config_origin(config, OPT_PRINT_ENFORCED), err);
}

int config_check(struct config *config, struct error *err)
{
	if (!config->profile)
		config->profile = "default";
	if (check_rootfs(config, err) || check_pair(config, OPT_RW, OPT_READ_ONLY, err) ||
	    check_pair(config, OPT_INIT, OPT_AS_PID_1, err) || check_layer(config, err) ||
	    check_overlay(config, err) || check_userns(config, err) || take_fakeroot(config) ||
	    check_descriptors(config, err) || check_network(config, err) ||
	    check_tcp(config, err) || check_proc(config, err) || check_bus(config, err) ||
	    check_home(config, err) || check_limits(config, err) || check_audio(config, err) ||
	    config_check_confine(config, err))
		return -1;
	return check_map(OPT_UIDMAP, config->uidmap, config->uidmap_count, err) ||
			       check_map(OPT_GIDMAP, config->gidmap, config->gidmap_count, err)
		       ? -1
		       : 0;
}
