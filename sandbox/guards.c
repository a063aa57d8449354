/* What the payload waits behind: see guards.h. */
#include "guards.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "channel.h"
#include "files.h"
#include "netlink.h"
#include "sandbox.h"
#include "tap.h"

/* --- the guards ------------------------------------------------------------------------------ */

/* Something that is kept out of reach. */
struct guard {
	int family;
	unsigned char address[sizeof(struct in6_addr)];
	unsigned prefix;
	bool but_dns; /* all of it but port 53 */
};

struct guards {
	struct guard *list;
	size_t count;
	bool look; /* for the tap, which may not be there yet */
};

/* The last thing that slirp4netns does to the tap is to lead all else to it. Nothing is sent. */
static bool tap_leads_out(void)
{
	struct sockaddr_in outside = {.sin_family = AF_INET, .sin_port = htons(9)};
	int cleanup_fd any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, "192.0.2.1", &outside.sin_addr); /* RFC 5737 */
	return any >= 0 && connect(any, (struct sockaddr *)&outside, sizeof outside) == 0;
}

/* Until the tap is there, or the supervisor says that it is, or nothing will come of it. The last
 * two are left to be heard by the payload (run_await). */
static int look_for_tap(const struct sandbox *sandbox, struct error *err)
{
	int cleanup_fd routes = netlink_watch_routes();
	struct pollfd both[] = {{.fd = routes, .events = POLLIN},
				{.fd = sandbox->channel, .events = POLLIN}};

	if (routes < 0)
		return fail(err, "open a socket that tells of routes");
	while (!tap_leads_out() && !both[1].revents) {
		if (poll(both, 2, -1) < 0 && errno != EINTR)
			return fail(err, "wait for the network");
		netlink_drain(routes);
	}
	return 0;
}

static int set_guards(const struct guards *guards, int netlink, int interface)
{
	for (size_t i = 0; i < guards->count; i++) {
		const struct guard *guard = &guards->list[i];
		int result = guard->but_dns ? netlink_only_port(netlink, guard->family,
								guard->address, 53, interface)
					    : netlink_keep(netlink, guard->family, guard->address,
							   guard->prefix, interface);

		/* A kernel without IPv6 does not need keeping from it. */
		if (result < 0 && (guard->family != AF_INET6 || errno != EAFNOSUPPORT))
			return -1;
	}
	return 0;
}

static int run_guard(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct guards *guards = step->data;
	int cleanup_fd netlink = netlink_open();

	if (netlink < 0)
		return fail(err, "open a socket for routes");
	/* A slirp4netns that ends takes its tap with it, and the next one makes another. */
	for (int tries = 3;; tries--) {
		if (guards->look && look_for_tap(sandbox, err) < 0)
			return -1;
		int interface = sandbox->tap = (int)if_nametoindex("tap0");
		if (interface == 0 && errno != ENODEV)
			return fail(err, "find the network that is to be guarded");
		/* A helper that died has taken the interface with it, and there is nothing to
		 * guard.
		 */
		if (interface == 0 || set_guards(guards, netlink, interface) == 0)
			return 0;
		fail(err, "keep the sandbox from the addresses of this machine");
		if (!guards->look || err->number != ENODEV || tries == 0)
			return -1;
	}
}

static const struct step_kind guard_kind = {"guard", run_guard};

static void add_guard(struct plan *plan, struct guards *guards, const char *address,
		      unsigned prefix, bool but_dns)
{
	struct guard *guard = ARENA_APPEND(&plan->arena, guards->list, guards->count);

	guard->family = strchr(address, ':') ? AF_INET6 : AF_INET;
	inet_pton(guard->family, address, guard->address);
	guard->prefix = prefix ? prefix : guard->family == AF_INET ? 32 : 128;
	guard->but_dns = but_dns;
}

/* The host itself: its addresses, what is link-local there (clouds keep credentials at
 * 169.254.169.254), and the name server's other ports, which would be those of the host's resolver,
 * on whatever address that is: the host's loopback, with systemd-resolved. */
static const char *guard_host(struct plan *plan, struct guards *guards, const char *text)
{
	const struct host *host = plan->host;
	bool ipv6 = plan->config->network_settings.ipv6;

	add_guard(plan, guards, "169.254.0.0", 16, false);
	text = arena_printf(&plan->arena, "%s 169.254.0.0/16", text);
	for (size_t i = 0; i < host->addresses_count; i++) {
		const char *address = host->addresses[i];

		/* slirp4netns answers for all of the tap's network itself. */
		if ((host->slirp4netns && tap_has(plan, address)) ||
		    (strchr(address, ':') && !ipv6))
			continue;
		add_guard(plan, guards, address, 0, false);
		text = arena_printf(&plan->arena, "%s %s", text, address);
	}
	add_guard(plan, guards, tap_address(plan, TAP_DNS), 0, true);
	if (ipv6)
		add_guard(plan, guards, TAP_DNS6, 0, true);
	return text;
}

/* With rules, the packet filter does it for what can be allowed by one. Loopback never leaves: sent
 * to the tap by name, pasta would take it for the host's. */
static void plan_guards(struct plan *plan, bool look)
{
	const struct config *config = plan->config;
	struct guards *guards = arena_alloc(&plan->arena, sizeof *guards);
	const char *text = "127.0.0.0/8";

	guards->look = look;
	add_guard(plan, guards, "127.0.0.0", 8, false);
	if (config->network_settings.ipv6) {
		add_guard(plan, guards, "::1", 0, false);
		text = "127.0.0.0/8 ::1";
	}
	if (!config->egress_count)
		text = guard_host(plan, guards, text);
	struct step *step =
		plan_add(plan, PHASE_GUARD, &guard_kind, config_origin(config, OPT_NETWORK));
	step->target = text;
	step->options = config->egress_count
				? "kept here"
				: arena_printf(&plan->arena, "kept here; of %s only port 53",
					       tap_address(plan, TAP_DNS));
	step->data = guards;
}

/* --- the wait -------------------------------------------------------------------------------- */

/*
 * The payload may start when it is behind the rules, and not before. It waits itself, all else of
 * its start behind it, or pid 1 does for it.
 */
static int run_await(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	struct message message;

	(void)step;
	/* The supervisor is gone, or knows better what is wrong. */
	if (channel_receive(sandbox->channel, &message) != MESSAGE_NETWORK) {
		errno = message.number;
		return errno ? fail(err, "hear whether the network is there")
			     : fail_because(err, "the network was not made");
	}
	/* The guards went with the tap that they were for. */
	int interface = plan->host->slirp4netns ? (int)if_nametoindex("tap0") : 0;
	if (plan->host->slirp4netns && interface == 0 && errno != ENODEV)
		return fail(err, "see whether the network is the one that is guarded");
	if (interface != 0 && interface != sandbox->tap)
		return fail_because(err, "the network was made anew when it was guarded already");
	/* Pid 1's memory is ours until the exec: see hide() in child.c. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail(err, "make pid 1 not dumpable");
	return 0;
}

static const struct step_kind await_kind = {"await", run_await};

static void plan_await(struct plan *plan, enum phase phase)
{
	plan_add(plan, phase, &await_kind, NULL)->target = "the supervisor's word";
}

/* --- planning -------------------------------------------------------------------------------- */

/* Is id pid 1's? That is the caller's own, where it is mapped, or it becomes the owner of what it
 * makes: wait_for_ids in child.c. */
static bool is_first_process(const struct plan *plan, const struct id_range *map, size_t count,
			     uint32_t caller, uint32_t owner, uint32_t id)
{
	bool become = plan->host->rootfs_subordinate && plan->config->userns == USERNS_AUTO;

	for (size_t i = 0; i < count && !become; i++)
		if (caller - map[i].outside < map[i].count)
			return id == map[i].inside + (caller - map[i].outside);
	return id == owner;
}

/*
 * Who waits for the network. Pid 1 has to be found in /proc until then, and shares its memory with
 * the payload: that hides both when its ids change, as it does when pid 1 maps them (nest.c). Only
 * where neither happens can the payload do all else first, and under a filter of ours, which lets
 * it wait.
 */
static bool payload_can_wait(const struct plan *plan)
{
	return !plan->nested && !plan->config->seccomp_file && !plan->config->as_pid_1 &&
	       is_first_process(plan, plan->uids, plan->uids_count, plan->host->uid,
				plan->owner_uid, plan->identity.uid) &&
	       is_first_process(plan, plan->gids, plan->gids_count, plan->host->gid,
				plan->owner_gid, plan->identity.gid);
}

int guards_plan(struct plan *plan, struct error *err)
{
	bool tap = tap_is_wanted(plan->config), pasta = !plan->host->slirp4netns;

	(void)err;
	if (!plan_has(plan, PHASE_CONNECT))
		return 0;
	plan->network_late = payload_can_wait(plan) && !(tap && pasta);
	/* pasta goes on working at its tap until it is ready. */
	if (tap && !pasta)
		plan_guards(plan, true);
	plan_await(plan, plan->network_late ? PHASE_CONFINE : PHASE_GUARD);
	if (tap && pasta)
		plan_guards(plan, false);
	return 0;
}
