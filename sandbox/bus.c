/* The session's and the system's bus: see bus.h. */
#include "bus.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "files.h"
#include "mounting.h"
#include "parse_bus.h"
#include "sandbox.h"

/* Where the sockets are inside. */
#define DIRECTORY "/run/dbus-proxy"

enum { READY_SECONDS = 20 };

/* --- the helper: supervisor ------------------------------------------------------------------ */

struct command {
	struct arena arena;
	char **argv;
	size_t argc;
};

static void add(struct command *command, const char *word)
{
	*ARENA_APPEND(&command->arena, command->argv, command->argc) = (char *)word;
}

static void add_rules(struct command *command, const struct config *config, bool system)
{
	static const char *const options[] = {[BUS_SEE] = "--see",
					      [BUS_TALK] = "--talk",
					      [BUS_OWN] = "--own",
					      [BUS_CALL] = "--call"};

	for (size_t i = 0; i < config->bus_rules_count; i++) {
		const struct bus_rule *rule = &config->bus_rules[i];

		if (rule->system == system)
			add(command,
			    arena_printf(&command->arena, "%s=%s%s%s", options[rule->grant],
					 rule->name, rule->rule ? "=" : "",
					 rule->rule ? rule->rule : ""));
	}
}

static void make_command(struct command *command, const struct plan *plan, int ready, int socket)
{
	const struct host_bus *bus = &plan->host->bus;
	const struct config *config = plan->config;
	struct arena *arena = &command->arena;

	add(command, bus->helper);
	add(command, arena_printf(arena, "%d", ready));
	add(command, arena_printf(arena, "%d", socket));
	add(command, bus_application(arena, config->application));
	add(command, config->network == NETWORK_NONE ? "-" : "network");
	add(command, bus->proxy);
	if (bus->session) {
		add(command, arena_printf(arena, "session=%s", bus->session));
		add_rules(command, config, false);
	}
	if (bus->system) {
		add(command, arena_printf(arena, "system=%s", bus->system));
		add_rules(command, config, true);
	}
	add(command, NULL);
}

/* The child has one end, the helper gets the other. */
static int run_socket(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct helper *helper = &sandbox->helpers[HELPER_BUS];
	int ends[2];

	(void)step;
	if (channel_open(ends, err) < 0)
		return -1;
	sandbox->bus = ends[0];
	helper->exit = ends[1]; /* until it is started */
	return 0;
}

static const struct step_kind socket_kind = {"bus-socket", run_socket};

static int run_start(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct helper *helper = &sandbox->helpers[HELPER_BUS];
	struct command command = {.argv = NULL};
	int ready[2];

	(void)step;
	if (pipe2(ready, O_CLOEXEC) < 0)
		return fail(err, "make a pipe for xdg-dbus-proxy");
	int passed[] = {ready[1], helper->exit};
	make_command(&command, sandbox->plan, passed[0], passed[1]);
	helper->ready = ready[0];
	int result = helper_start(helper, "xdg-dbus-proxy", command.argv, passed, 2, err);
	close(ready[1]);
	close(helper->exit);
	close(sandbox->bus);
	helper->exit = sandbox->bus = -1;
	arena_free(&command.arena);
	return result;
}

static const struct step_kind start_kind = {"dbus-proxy", run_start};

static int run_wait(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	return sandbox->interrupted ? 0 : helper_wait(sandbox, HELPER_BUS, READY_SECONDS, err);
}

static const struct step_kind wait_kind = {"dbus-proxy", run_wait};

/* --- inside: child --------------------------------------------------------------------------- */

static int run_sockets(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int cleanup_fd mount = channel_receive_fd(sandbox->bus);

	close_cleanup(&sandbox->bus);
	sandbox->bus = -1;
	/* The helper has failed. The supervisor knows why, and lets no payload start. */
	if (mount < 0)
		return 0;
	int cleanup_fd target =
		open_or_make_no_links(sandbox->root, step->target, LEAF_DIRECTORY, &sandbox->own);
	if (target < 0 || mount_attach(mount, target) < 0 ||
	    mount_change(mount, MOUNT_SAFE | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY, false) < 0) {
		fail(err, "show the sockets of the bus at %s", step->target);
		return fail_remedy(err, "%s", mount_hint(err->number));
	}
	return 0;
}

static const struct step_kind sockets_kind = {"dbus-sockets", run_sockets};

/* --- planning -------------------------------------------------------------------------------- */

static int check(const struct plan *plan, struct error *err)
{
	const struct host_bus *bus = &plan->host->bus;
	const struct host *host = plan->host;
	bool session = config_wants_bus(plan->config, false);

	if (!bus->proxy) {
		fail_because(err, "cannot filter a bus: there is no xdg-dbus-proxy");
		return fail_remedy(err, "run: sudo apt-get install xdg-dbus-proxy\n"
					"or leave the bus out with --dbus=none");
	}
	if (access(bus->helper, X_OK) < 0) {
		fail(err, "use %s, which confines xdg-dbus-proxy", bus->helper);
		return fail_remedy(err, "it is installed with the program (make install)");
	}
	if (bus->no_session || bus->no_system) {
		fail_because(err, "cannot reach the %s bus: %s",
			     bus->no_session ? "session" : "system",
			     bus->no_session ? bus->no_session : bus->no_system);
		return fail_remedy(err, session && bus->no_session
						? "start it from a desktop session, or with "
						  "dbus-run-session, or leave the bus out with "
						  "--dbus=none"
						: "start the system's bus, or leave the rules for "
						  "it out");
	}
	if (plan->identity.uid == host->uid)
		return 0;
	fail_because(err,
		     "the bus knows you as uid %u, and the command would say that it is uid %u",
		     host->uid, plan->identity.uid);
	return fail_remedy(err, "add --userns=keep-id, which leaves you your own id inside");
}

static const char *describe(struct plan *plan)
{
	static const char *const words[] = {
		[BUS_SEE] = "see", [BUS_TALK] = "talk", [BUS_OWN] = "own", [BUS_CALL] = "call"};
	const struct config *config = plan->config;
	const char *text = "";

	for (size_t i = 0; i < config->bus_rules_count; i++) {
		const struct bus_rule *rule = &config->bus_rules[i];

		text = arena_printf(&plan->arena, "%s%s%s %s%s%s%s", text, i ? ", " : "",
				    words[rule->grant], rule->system ? "system:" : "", rule->name,
				    rule->rule ? "=" : "", rule->rule ? rule->rule : "");
	}
	return *text ? text : "no name but the bus itself";
}

int bus_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	const struct host_bus *bus = &plan->host->bus;
	bool session = config_wants_bus(config, false), system = config_wants_bus(config, true);

	if (!session && !system)
		return 0;
	if (check(plan, err) < 0)
		return -1;
	const char *because = session ? config_origin(config, OPT_DBUS)
				      : config->bus_rules[config->bus_rules_count - 1].origin;
	plan_add(plan, PHASE_PREPARE, &socket_kind, because);
	struct step *step = plan_add(plan, PHASE_ATTACH, &start_kind, because);
	step->source = session && system
			       ? arena_printf(&plan->arena, "%s, %s", bus->session, bus->system)
		       : session ? bus->session
				 : bus->system;
	step->target = DIRECTORY;
	step->options = describe(plan);
	plan_add(plan, PHASE_CONNECT, &wait_kind, because)->target = "listening";
	if (session)
		plan->session_bus = "unix:path=" DIRECTORY "/session";
	if (system)
		plan->system_bus = "unix:path=" DIRECTORY "/system";
	return 0;
}

int bus_plan_sockets(struct plan *plan, struct error *err)
{
	(void)err;
	if (!plan->session_bus && !plan->system_bus)
		return 0;
	struct step *step =
		plan_add(plan, PHASE_SETUP, &sockets_kind, config_origin(plan->config, OPT_DBUS));
	step->target = DIRECTORY;
	step->options = "ro";
	return 0;
}
