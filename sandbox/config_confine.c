/*
 * --confine-only, across options: see config_check_confine in config.h. There is no namespace and
 * no mount then, so whatever is made of one is refused by name, wherever it came from: what was
 * asked for and cannot be had is an error.
 */
#include <string.h>

#include "config.h"

#define MOUNTS  "it takes a mount, and there are none"
#define USERS   "it takes a user namespace, and there is none"
#define NETWORK "it takes a network of the sandbox's own"
#define BEHIND  "it takes namespaces that can be entered or told of, and there are none"
#define ASKS    "it takes the one listener that a filter can have, which is in use"

static int refuse(const struct config *config, enum option_id option, const char *origin,
		  const char *why, struct error *err)
{
	fail_because(err, "--%s (%s) cannot be had with --confine-only (%s): %s",
		     option_name(option), origin ? origin : "default",
		     config_origin(config, OPT_CONFINE_ONLY), why);
	return fail_remedy(err, "leave one of them out");
}

/* A bind shows what is there already, where it is. */
static int check_mounts(const struct config *config, struct error *err)
{
	for (size_t i = 0; i < config->mounts_count; i++) {
		const struct mount_op *op = &config->mounts[i];
		bool bind = op->kind == MOUNT_BIND || op->kind == MOUNT_RO_BIND ||
			    op->kind == MOUNT_DEV_BIND;
		const char *why =
			!bind        ? MOUNTS
			: op->layer  ? "a layer (O) takes a mount, and there are none"
			: op->create ? "`create` is for what is mounted, and nothing is"
			: op->noexec ? "`noexec` takes a mount: Landlock alone lets programs be "
				       "run by the loader's name"
			: strcmp(op->source, op->target) != 0
				? "shown at another place takes a mount; at its own it can be had"
				: NULL;

		if (why)
			return refuse(config, op->option, op->origin, why, err);
	}
	return 0;
}

struct refused {
	bool given;
	enum option_id option;
	const char *why;
};

static int check_list(const struct config *config, const struct refused *list, size_t count,
		      struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].given)
			return refuse(config, list[i].option, config->origin[list[i].option],
				      list[i].why, err);
	return 0;
}

static int check_files(const struct config *config, struct error *err)
{
	const struct refused list[] = {
		{config->layer_mode == LAYER_READ_WRITE, OPT_RW,
		 "nothing of / can be written but what is bound"},
		{config->layer_place != LAYER_AUTO, OPT_LAYER, MOUNTS},
		{config->overlay != NULL, OPT_OVERLAY, MOUNTS},
		{config->overlay_size != 0, OPT_OVERLAY_SIZE, MOUNTS},
		{config->ca_certificates != NULL, OPT_CA_CERTIFICATES, MOUNTS},
		{config->home != HOME_NONE, OPT_HOME,
		 "it has a private home already, and no mount"},
		{config->auto_args != AUTO_ARGS_NO, OPT_AUTO_ARGS, MOUNTS},
		{config->downloads.wanted, OPT_DOWNLOADS, MOUNTS},
		{config->documents.wanted, OPT_DOCUMENTS, MOUNTS},
	};

	return check_list(config, list, sizeof list / sizeof *list, err);
}

static int check_identity(const struct config *config, struct error *err)
{
	const struct refused list[] = {
		{config->fakeroot ||
			 (config->origin[OPT_USERNS] && config->userns != USERNS_KEEP_ID),
		 OPT_USERNS, USERS},
		{config->user != NULL, OPT_USER, USERS},
		{config->uidmap_count != 0, OPT_UIDMAP, USERS},
		{config->gidmap_count != 0, OPT_GIDMAP, USERS},
		{config->hostname != NULL, OPT_HOSTNAME, "it takes a uts namespace"},
		{config->time_namespace,
		 config->origin[OPT_BOOTTIME_OFFSET] ? OPT_BOOTTIME_OFFSET : OPT_MONOTONIC_OFFSET,
		 "it takes a time namespace"},
	};

	for (size_t i = 0; i < config->caps_count; i++)
		if (config->caps[i].add)
			return refuse(config, OPT_CAP_ADD, config->caps[i].origin, USERS, err);
	return check_list(config, list, sizeof list / sizeof *list, err);
}

static int check_network(const struct config *config, struct error *err)
{
	bool own = config->network == NETWORK_SLIRP4NETNS || config->network == NETWORK_PASTA;
	const struct refused list[] = {
		{config->egress_count && config->origin[OPT_ALLOW_NET], OPT_ALLOW_NET, NETWORK},
		{config->egress_count && config->origin[OPT_DENY_NET], OPT_DENY_NET, NETWORK},
		{own, OPT_NETWORK, NETWORK ": it is none or host here"},
		{config->host_ports_count != 0, OPT_ALLOW_HOST_PORT, NETWORK},
		{config->publish_count != 0, OPT_PUBLISH, NETWORK},
		{config->allow_aliases, OPT_ALLOW_ALIASES, NETWORK},
		{config->dns_count != 0, OPT_DNS, MOUNTS},
		{config->dns_search_count != 0, OPT_DNS_SEARCH, MOUNTS},
	};

	return check_list(config, list, sizeof list / sizeof *list, err);
}

static int check_confinement(const struct config *config, struct error *err)
{
	const struct refused list[] = {
		{config->landlock == LANDLOCK_OFF, OPT_LANDLOCK,
		 "Landlock is what holds here, and nothing behind it"},
		{(config->seccomp == SECCOMP_NESTED || config->seccomp == SECCOMP_SANDBOXES) &&
			 !config->seccomp_file,
		 OPT_SECCOMP, "namespaces within are not to be had"},
		{config->ipc != IPC_OWN, OPT_IPC,
		 "the filter refuses all IPC by number and by name"},
		{config->proc != PROC_FRESH, OPT_PROC, MOUNTS},
		{config->seccomp_log, OPT_SECCOMP, ASKS},
		{config->explain, OPT_EXPLAIN, ASKS},
		{config->limits.mode == LIMITS_BEST_EFFORT && config_wants_cgroup(config),
		 OPT_LIMITS, "what it counts by is a user namespace"},
	};

	return check_list(config, list, sizeof list / sizeof *list, err);
}

/* Of the session all is sockets, of which there are none, and devices in a /dev of its own. */
static int check_desktop(const struct config *config, struct error *err)
{
	const struct desktop_wishes *wishes = &config->desktop;
	static const char why[] = "what is of the session takes sockets and mounts";
#define GIVEN(option) (config->origin[option##_TRY] ? option##_TRY : option)
	const struct refused list[] = {
		{wishes->wayland != 0, GIVEN(OPT_WAYLAND), why},
		{wishes->x11 != 0, GIVEN(OPT_X11), why},
		{wishes->audio != 0, GIVEN(OPT_AUDIO), why},
		{wishes->gpu != 0, GIVEN(OPT_GPU), why},
	};
#undef GIVEN

	if (config->dbus != BUS_NONE)
		return refuse(config, OPT_DBUS, config->origin[OPT_DBUS], why, err);
	if (config->bus_rules_count)
		return refuse(config, OPT_DBUS, config->bus_rules->origin, why, err);
	if (wishes->devices_count)
		return refuse(config, wishes->devices->option, wishes->devices->origin, why, err);
	return check_list(config, list, sizeof list / sizeof *list, err);
}

static int check_life(const struct config *config, struct error *err)
{
	const struct refused list[] = {
		{config->name != NULL, OPT_NAME, BEHIND},
		{config->detach, OPT_DETACH, BEHIND},
		{config->passed_count != 0, OPT_PASS_FD,
		 "no namespace would hold what is done with a socket or a directory"},
		{config->as_pid_1, OPT_AS_PID_1, "it takes a pid namespace"},
		{config->origin[OPT_JSON_STATUS_FD] != NULL, OPT_JSON_STATUS_FD, BEHIND},
		{config->origin[OPT_INFO_FD] != NULL, OPT_INFO_FD, BEHIND},
	};

	return check_list(config, list, sizeof list / sizeof *list, err);
}

int config_check_confine(struct config *config, struct error *err)
{
	if (!config->confine_only)
		return 0;
	if (strcmp(config->rootfs, "/") != 0 || config->rootfs_name) {
		fail_because(err,
			     "--confine-only (%s) cannot make %s the root: that takes a mount "
			     "namespace, and there is none",
			     config_origin(config, OPT_CONFINE_ONLY), config->rootfs);
		return fail_remedy(err, "ROOTFS is / with it, the host's own programs:\n"
					"sandbox --confine-only / COMMAND [ARG...]");
	}
	if (config->learn_fd > 0) {
		fail_because(err, "sandbox learn cannot be had with --confine-only: " ASKS);
		return fail_remedy(err, "learn where there are user namespaces");
	}
	if (check_mounts(config, err) || check_files(config, err) || check_identity(config, err) ||
	    check_network(config, err) || check_confinement(config, err) ||
	    check_desktop(config, err) || check_life(config, err))
		return -1;
	/* There is no other way. */
	config->userns = USERNS_KEEP_ID;
	config->keep_groups = true;
	return 0;
}
