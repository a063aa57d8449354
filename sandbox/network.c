/* The network: see network.h. */
#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "files.h"
#include "sandbox.h"
#include "tap.h"

enum { READY_SECONDS = 20, MTU = 65520 };

static int run_loopback(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
	int cleanup_fd any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)sandbox;
	strcpy(request.ifr_name, step->target);
	/* netdevice(7); 127.0.0.1 and ::1 come with it. */
	if (any < 0 || ioctl(any, SIOCSIFFLAGS, &request) < 0)
		return fail(err, "bring the interface lo up");
	return 0;
}

static const struct step_kind loopback = {"loopback", run_loopback};

/* --- sysctls of the namespace ---------------------------------------------------------------- */

/* step->source is the file, step->target what is written; flags: it is for comfort only. */
static int run_sysctl(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	if (write_file_at(AT_FDCWD, step->data, step->target) < 0 && !step->flags)
		return fail(err, "set %s to %s", step->source, step->target);
	return 0;
}

static const struct step_kind sysctl = {"sysctl", run_sysctl};

/* In SETUP at the latest: then the host's /proc goes. */
static void plan_sysctl(struct plan *plan, enum phase phase, const char *name, const char *path,
			const char *value, bool comfort)
{
	struct step *step =
		plan_add(plan, phase, &sysctl, config_origin(plan->config, OPT_NETWORK));

	step->source = name;
	step->target = value;
	step->data = path;
	step->flags = comfort;
}

/* The mapped groups whose ids outside are the lowest and the highest: the kernel compares those. */
static const char *all_groups(struct plan *plan)
{
	const struct id_range *low = &plan->gids[0], *high = low;

	for (size_t i = 0; i < plan->gids_count; i++) {
		const struct id_range *range = &plan->gids[i];

		if (range->outside < low->outside)
			low = range;
		if (range->outside + range->count > high->outside + high->count)
			high = range;
	}
	if (plan->direct_map)
		return arena_printf(&plan->arena, "%u %u", plan->owner_gid, plan->owner_gid);
	return arena_printf(&plan->arena, "%u %u", low->inside, high->inside + high->count - 1);
}

/*
 * Before the tap is there, which takes its settings from these. slirp4netns leaves its IPv6 address
 * and route to the kernel, and that waits a second for a router to be asked and two more for
 * somebody else with the same address. There is nobody else.
 */
static void plan_ipv6(struct plan *plan)
{
	static const char *const names[] = {"accept_dad", "router_solicitation_delay"};

	if (!plan->config->network_settings.ipv6 || !plan->host->slirp4netns)
		return;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		plan_sysctl(
			plan, PHASE_ISOLATE,
			arena_printf(&plan->arena, "net.ipv6.conf.default.%s", names[i]),
			arena_printf(&plan->arena, "/proc/sys/net/ipv6/conf/default/%s", names[i]),
			"0", true);
}

/* Echo requests without a raw socket, for every group (icmp(7)). A payload in a user namespace of
 * its own has no capability over the network: low ports are opened to it in another way. */
static void plan_sysctls(struct plan *plan)
{
	/* With the ids mapped, since it names groups. */
	plan_sysctl(plan, PHASE_SETUP, "net.ipv4.ping_group_range",
		    "/proc/sys/net/ipv4/ping_group_range", all_groups(plan), true);
	if (plan->nested && plan->capabilities >> CAP_NET_BIND_SERVICE & 1)
		plan_sysctl(plan, PHASE_SETUP, "net.ipv4.ip_unprivileged_port_start",
			    "/proc/sys/net/ipv4/ip_unprivileged_port_start", "0", false);
}

/* --- the helper ------------------------------------------------------------------------------ */

/* What is known before the start; the descriptors and the pid come behind it. */
static char **slirp4netns_words(struct plan *plan, size_t *count)
{
	const struct network_settings *settings = &plan->config->network_settings;
	const char *words[] = {
		plan->host->slirp4netns,
		"--configure",
		arena_printf(&plan->arena, "--mtu=%u", settings->mtu ? settings->mtu : MTU),
		arena_printf(&plan->arena, "--cidr=%s", tap_cidr(plan)),
		"--disable-host-loopback",
		"--enable-sandbox",
		"--enable-seccomp",
		settings->ipv6 ? "--enable-ipv6" : NULL,
	};
	char **list = NULL;

	*count = 0;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i])
			*ARENA_APPEND(&plan->arena, list, *count) =
				arena_strdup(&plan->arena, words[i]);
	return list;
}

/* No port is forwarded either way, and the gateway is not the host. The name server is the host's,
 * at the address where slirp4netns has it. */
static char **pasta_words(struct plan *plan, size_t *count)
{
	const struct network_settings *settings = &plan->config->network_settings;
	unsigned prefix;
	char **list = NULL;

	tap_network(plan, &prefix);
	const char *words[] = {
		plan->host->pasta,
		"--foreground",
		"--quiet",
		"--config-net",
		"--no-map-gw",
		"-t",
		"none",
		"-u",
		"none",
		"-T",
		"none",
		"-U",
		"none",
		"--ns-ifname",
		"tap0",
		"--address",
		tap_address(plan, TAP_SANDBOX),
		"--netmask",
		arena_printf(&plan->arena, "%u", prefix),
		"--gateway",
		tap_address(plan, TAP_GATEWAY),
		"--dns-forward",
		tap_address(plan, TAP_DNS),
		"--mtu",
		arena_printf(&plan->arena, "%u", settings->mtu ? settings->mtu : MTU),
		settings->ipv6 ? NULL : "--ipv4-only",
	};
	*count = 0;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i])
			*ARENA_APPEND(&plan->arena, list, *count) =
				arena_strdup(&plan->arena, words[i]);
	return list;
}

struct back_end {
	char **words;
	size_t count;
	bool pasta;
};

static int start(const struct back_end *back_end, struct sandbox *sandbox, struct error *err)
{
	struct helper *helper = &sandbox->helpers[HELPER_NETWORK];
	char ready_word[32], exit_word[32], pid_word[16];
	char *argv[40];
	int ready[2] = {-1, -1}, leave[2] = {-1, -1};
	size_t used = back_end->count;

	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(leave, O_CLOEXEC) < 0) {
		fail(err, "make pipes for the network helper");
		close_cleanup(&ready[0]), close_cleanup(&ready[1]);
		return -1;
	}
	memcpy(argv, back_end->words, used * sizeof *argv);
	snprintf(pid_word, sizeof pid_word, "%d", sandbox->child);
	if (back_end->pasta) {
		/* It writes its pid when it is ready, and can only be told a file. */
		snprintf(ready_word, sizeof ready_word, "/dev/fd/%d", ready[1]);
		argv[used++] = "--pid", argv[used++] = ready_word;
		argv[used++] = pid_word;
	} else {
		snprintf(ready_word, sizeof ready_word, "--ready-fd=%d", ready[1]);
		snprintf(exit_word, sizeof exit_word, "--exit-fd=%d", leave[0]);
		argv[used++] = ready_word, argv[used++] = exit_word;
		argv[used++] = pid_word, argv[used++] = "tap0";
	}
	argv[used] = NULL;
	close_cleanup(&helper->ready);
	close_cleanup(&helper->exit);
	helper->ready = ready[0];
	helper->exit = leave[1];
	helper->deaf = back_end->pasta;
	const int passed[] = {ready[1], leave[0]};
	int result = helper_start(helper, back_end->pasta ? "pasta" : "slirp4netns", argv, passed,
				  2, err);
	close(ready[1]);
	close(leave[0]);
	/* pasta has nothing that ends it with us. */
	if (result == 0 && back_end->pasta && sandbox->watcher >= 0 &&
	    channel_pass(sandbox->watcher, &helper->pidfd, 1) < 0 && errno != EPIPE &&
	    errno != ECONNRESET)
		return fail(err, "tell the watcher of pasta");
	return result;
}

static int run_start(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	return start(step->data, sandbox, err);
}

static const struct step_kind slirp4netns_kind = {"slirp4netns", run_start};
static const struct step_kind pasta_kind = {"pasta", run_start};

static void plan_back_end(struct plan *plan)
{
	const struct network_settings *settings = &plan->config->network_settings;
	struct back_end *back_end = arena_alloc(&plan->arena, sizeof *back_end);

	back_end->pasta = !plan->host->slirp4netns;
	back_end->words = back_end->pasta ? pasta_words(plan, &back_end->count)
					  : slirp4netns_words(plan, &back_end->count);
	struct step *step = plan_add(plan, back_end->pasta ? PHASE_CONNECT : PHASE_ATTACH,
				     back_end->pasta ? &pasta_kind : &slirp4netns_kind,
				     config_origin(plan->config, OPT_NETWORK));
	step->source = tap_cidr(plan);
	step->target = "tap0";
	step->options =
		arena_printf(&plan->arena, "mtu %u%s, nothing of the host's loopback",
			     settings->mtu ? settings->mtu : MTU, settings->ipv6 ? ", ipv6" : "");
	step->data = back_end;
}

/* --- ready ----------------------------------------------------------------------------------- */

/*
 * slirp4netns is started beside the making of the network namespace and, a moment behind them,
 * newuidmap and newgidmap, which together take less than its own start. All is there when it comes
 * to look, unless the machine is busy with other things; then it has no right to anything, ends,
 * and is started once more.
 */
static int wait_for_network(const struct back_end *back_end, struct sandbox *sandbox,
			    struct error *err)
{
	int result = helper_wait(sandbox, HELPER_NETWORK, READY_SECONDS, err);

	if (result == 0 || back_end->pasta || !sandbox->helpers[HELPER_NETWORK].ended)
		return result;
	if (start(back_end, sandbox, err) < 0)
		return -1;
	return helper_wait(sandbox, HELPER_NETWORK, READY_SECONDS, err);
}

static int hint(const struct sandbox *sandbox, struct error *err)
{
	if (sandbox->helpers[HELPER_NETWORK].in_use || err->remedy[0])
		return -1;
	if (access("/dev/net/tun", F_OK) < 0)
		return fail_remedy(err,
				   "there is no /dev/net/tun here; run: sudo modprobe tun\n"
				   "(in a container: pass the device in, --device /dev/net/tun)");
	if (access("/dev/net/tun", R_OK | W_OK) < 0)
		return fail_remedy(err,
				   "/dev/net/tun cannot be opened by you; run: sudo chmod 0666 "
				   "/dev/net/tun");
	return -1;
}

static int run_ready(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	for (int role = 0; role < HELPER_COUNT; role++) {
		if (sandbox->helpers[role].pid <= 0 || sandbox->helpers[role].in_use ||
		    sandbox->interrupted)
			continue;
		int result = role == HELPER_NETWORK ? wait_for_network(step->data, sandbox, err)
						    : helper_wait(sandbox, (enum helper_role)role,
								  READY_SECONDS, err);
		if (result < 0)
			return role == HELPER_NETWORK ? hint(sandbox, err) : -1;
	}
	return 0;
}

static const struct step_kind ready_kind = {"ready", run_ready};

/* Who has died before the command did: what it was for has been missing since. */
static int run_report(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	(void)err;
	for (int role = 0; sandbox->started && role < HELPER_COUNT; role++)
		if (sandbox->helpers[role].in_use && helper_has_ended(&sandbox->helpers[role]))
			helper_report(sandbox, (enum helper_role)role);
	return 0;
}

static const struct step_kind report_kind = {"helpers", run_report};

/* --- planning -------------------------------------------------------------------------------- */

static int check_back_end(struct plan *plan, struct error *err)
{
	const struct host *host = plan->host;
	bool slirp = plan->config->network == NETWORK_SLIRP4NETNS;

	if (!host->slirp4netns && !host->pasta) {
		fail_because(err, "there is no %s here, which makes the network",
			     slirp ? "slirp4netns" : "pasta");
		return fail_remedy(err, "run: sudo apt-get install %s (Fedora, Arch, Alpine: %s)",
				   slirp ? "slirp4netns" : "passt",
				   slirp ? "slirp4netns" : "passt");
	}
	if (slirp && !host->slirp4netns)
		plan_say(plan,
			 "slirp4netns is not installed: pasta makes the network in its place");
	plan->root_needed = host->slirp4netns != NULL;
	plan->watched |= !host->slirp4netns;
	return 0;
}

static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static int check_dns(const struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;

	for (size_t i = 0; i < config->dns_count; i++) {
		if (!is_loopback(config->dns[i]) || config->network == NETWORK_HOST)
			continue;
		fail_because(err, "--dns %s: inside, that address is the sandbox's own loopback",
			     config->dns[i]);
		return fail_remedy(err, "leave --dns out: the host's resolver is asked then, on "
					"loopback or not");
	}
	return 0;
}

/* Lines of the host's file that begin with word and a blank, as they are. */
static const char *host_lines(struct plan *plan, const char *word)
{
	const char *text = "", *line = plan->host->resolv_conf;
	size_t length = strlen(word);

	for (; line && *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, word, length) == 0 &&
		    (line[length] == ' ' || line[length] == '\t'))
			text = arena_printf(&plan->arena, "%s%.*s\n", text,
					    (int)strcspn(line, "\n"), line);
	return text;
}

/*
 * One server where the sandbox has its own network: the back end's, which asks the host's resolver
 * anew each time and so follows it from one network to another; or, with rules, our own. The host's
 * search list is for those who may ask for any name.
 */
static void plan_resolv_conf(struct plan *plan)
{
	const struct config *config = plan->config;
	bool own = tap_is_wanted(config);
	const char *text = "";

	if (config->network == NETWORK_NONE) {
		plan->resolv_conf = "# no network\n";
		return;
	}
	if (!own && !config->dns_count && !config->dns_search_count) {
		plan->resolv_conf = plan->host->resolv_conf ? plan->host->resolv_conf : "";
		return;
	}
	if (own && config->egress_count)
		text = "nameserver " EGRESS_DNS "\n";
	else if (config->dns_count)
		for (size_t i = 0; i < config->dns_count; i++)
			text = arena_printf(&plan->arena, "%snameserver %s\n", text,
					    config->dns[i]);
	else if (own)
		text = arena_printf(&plan->arena, "nameserver %s\n", tap_address(plan, TAP_DNS));
	else
		text = host_lines(plan, "nameserver");
	for (size_t i = 0; i < config->dns_search_count; i++)
		text = arena_printf(&plan->arena, "%s%s%s", text, i ? " " : "search ",
				    config->dns_search[i]);
	if (config->dns_search_count)
		text = arena_printf(&plan->arena, "%s\n", text);
	else if (!config->dns_count && !config->egress_count)
		text = arena_printf(&plan->arena, "%s%s%s", text, host_lines(plan, "domain"),
				    host_lines(plan, "search"));
	if (!config->dns_count && !config->egress_count)
		text = arena_printf(&plan->arena, "%s%s", text, host_lines(plan, "options"));
	plan->resolv_conf = text;
}

int network_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;

	if (check_dns(plan, err) < 0)
		return -1;
	plan_resolv_conf(plan);
	if (config->network == NETWORK_HOST)
		return 0;
	plan->namespaces |= CLONE_NEWNET;
	return tap_is_wanted(config) ? check_back_end(plan, err) : 0;
}

int network_plan_up(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;

	(void)err;
	if (config->network == NETWORK_HOST)
		return 0;
	if (tap_is_wanted(config))
		plan_ipv6(plan);
	plan_add(plan, PHASE_ISOLATE, &loopback, config_origin(config, OPT_NETWORK))->target = "lo";
	if (!tap_is_wanted(config))
		return 0;
	plan_back_end(plan);
	plan_sysctls(plan);
	return 0;
}

int network_plan_ready(struct plan *plan, struct error *err)
{
	const void *back_end = NULL;
	const char *who = "";

	(void)err;
	for (size_t i = 0; i < plan->steps_count; i++) {
		const struct step *step = &plan->steps[i];

		if (step->kind->run == run_start)
			back_end = step->data;
		if (step->kind->run == run_start || step->phase == PHASE_CONNECT)
			who = arena_printf(&plan->arena, "%s%s%s", who, *who ? ", " : "",
					   step->kind->name);
	}
	if (!*who)
		return 0;
	struct step *step = plan_add(plan, PHASE_CONNECT, &ready_kind, NULL);
	step->target = who;
	step->data = back_end;
	plan_add(plan, PHASE_FINISH, &report_kind, NULL)->target =
		"say who has not lived to the end";
	return 0;
}
