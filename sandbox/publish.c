/* Published ports and the host's ports: see publish.h. */
#include "publish.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "files.h"
#include "sandbox.h"

/* The kernel lowers it to net.core.somaxconn. A full queue drops a connection, which then takes
 * seconds more. */
enum { BACKLOG = 4096 };

static const char *protocol_name(enum protocol protocol)
{
	return protocol == PROTOCOL_UDP ? "udp" : "tcp";
}

static int bind_port(const struct publish_op *op, uint16_t port)
{
	struct sockaddr_in narrow = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 wide = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	bool ipv6 = inet_pton(AF_INET, op->address, &narrow.sin_addr) != 1;
	int type = op->protocol == PROTOCOL_UDP ? SOCK_DGRAM : SOCK_STREAM, on = 1;
	int cleanup_fd fd =
		socket(ipv6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (ipv6)
		inet_pton(AF_INET6, op->address, &wide.sin6_addr);
	if (fd < 0)
		return -1;
	/* [::] is IPv6 and no more: who wants both says both. */
	if (ipv6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	/* A port whose last user has just left is free for TCP. */
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	int result = ipv6 ? bind(fd, (struct sockaddr *)&wide, sizeof wide)
			  : bind(fd, (struct sockaddr *)&narrow, sizeof narrow);
	if (result < 0 || (type == SOCK_STREAM && listen(fd, BACKLOG) < 0))
		return -1;
	return steal_fd(&fd);
}

static int cannot_bind(const struct publish_op *op, uint16_t port, struct error *err)
{
	bool ipv6 = strchr(op->address, ':') != NULL;

	fail(err, "publish port %u: listen on %s%s%s:%u (%s)", port, ipv6 ? "[" : "", op->address,
	     ipv6 ? "]" : "", port, protocol_name(op->protocol));
	if (err->number == EADDRINUSE)
		return fail_remedy(err,
				   "some other program listens there (ss -lnp shows it): "
				   "choose another port, as in -p %u:%u",
				   port < 64535 ? port + 1000u : port - 1000u, op->inside);
	if (err->number == EACCES)
		return fail_remedy(err,
				   "ports this low are root's: choose a higher one, as in -p "
				   "%u:%u, or run:\nsudo sysctl "
				   "net.ipv4.ip_unprivileged_port_start=%u",
				   port + 8000u, op->inside, port);
	if (err->number == EADDRNOTAVAIL)
		return fail_remedy(err, "this machine has no such address; ip address shows those "
					"that it has");
	return -1;
}

static int run_listen(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct publish_op *op = step->data;

	for (unsigned i = 0; i < op->count; i++) {
		int fd = bind_port(op, (uint16_t)(op->host + i));
		int *list = fd < 0 ? NULL
				   : realloc(sandbox->published,
					     (sandbox->published_count + 1) * sizeof *list);

		if (fd < 0)
			return cannot_bind(op, (uint16_t)(op->host + i), err);
		if (!list) {
			close(fd);
			return fail(err, "keep the sockets of published ports");
		}
		sandbox->published = list;
		list[sandbox->published_count++] = fd;
	}
	return 0;
}

static const struct step_kind listen_kind = {"listen", run_listen};

/* The words and descriptors that both relays have in common. */
struct relay {
	struct arena arena;
	char **argv;
	size_t argc;
	int *passed;
	size_t passed_count;
};

static void add_word(struct relay *relay, const char *word)
{
	*ARENA_APPEND(&relay->arena, relay->argv, relay->argc) =
		word ? arena_strdup(&relay->arena, word) : NULL;
}

static void pass(struct relay *relay, int fd)
{
	*ARENA_APPEND(&relay->arena, relay->passed, relay->passed_count) = fd;
}

static void add_descriptor(struct relay *relay, const char *option, int fd)
{
	pass(relay, fd);
	add_word(relay, option);
	add_word(relay, arena_printf(&relay->arena, "%d", fd));
}

/* Start it with the rules that add gives. */
static int start(struct sandbox *sandbox, enum helper_role role, const char *name,
		 const char *option, void (*add)(struct relay *, const struct sandbox *),
		 struct error *err)
{
	struct helper *helper = &sandbox->helpers[role];
	struct relay relay = {.argv = NULL};
	int ready[2] = {-1, -1}, leave[2] = {-1, -1};

	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(leave, O_CLOEXEC) < 0) {
		fail(err, "make pipes for the relay");
		close_cleanup(&ready[0]), close_cleanup(&ready[1]);
		return -1;
	}
	helper->ready = ready[0];
	helper->exit = leave[1];
	add_word(&relay, sandbox->plan->host->relay);
	add_descriptor(&relay, "--exit-fd", leave[0]);
	add_descriptor(&relay, "--ready-fd", ready[1]);
	pass(&relay, sandbox->user_namespace);
	pass(&relay, sandbox->network_namespace);
	add_word(&relay, option);
	add_word(&relay, arena_printf(&relay.arena, "%d,%d", sandbox->user_namespace,
				      sandbox->network_namespace));
	add(&relay, sandbox);
	add_word(&relay, NULL);
	int result = helper_start(helper, name, relay.argv, relay.passed, relay.passed_count, err);
	close(ready[1]);
	close(leave[0]);
	arena_free(&relay.arena);
	return result;
}

static void add_published(struct relay *relay, const struct sandbox *sandbox)
{
	const struct config *config = sandbox->plan->config;
	size_t next = 0;

	for (size_t i = 0; i < config->publish_count; i++) {
		const struct publish_op *op = &config->publish[i];

		for (unsigned j = 0; j < op->count; j++, next++) {
			pass(relay, sandbox->published[next]);
			add_word(relay, arena_printf(&relay->arena, "publish:%s:%d:%u",
						     protocol_name(op->protocol),
						     sandbox->published[next], op->inside + j));
		}
	}
}

static int run_publish(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	int result = start(sandbox, HELPER_PUBLISH, "the relay of published ports", "--enter",
			   add_published, err);

	/* They are the relay's now: nobody else keeps a port busy. */
	for (size_t i = 0; i < sandbox->published_count; i++)
		close(sandbox->published[i]);
	sandbox->published_count = 0;
	/* It would end by itself, a moment behind us: the next sandbox may want the same ports. */
	sandbox->helpers[HELPER_PUBLISH].deaf = true;
	return result;
}

static const struct step_kind publish_kind = {"publish", run_publish};

static void add_host_ports(struct relay *relay, const struct sandbox *sandbox)
{
	const struct config *config = sandbox->plan->config;

	for (size_t i = 0; i < config->host_ports_count; i++)
		add_word(relay, arena_printf(&relay->arena, "host:%s:%u",
					     protocol_name(config->host_ports[i].protocol),
					     config->host_ports[i].port));
}

static int run_host_ports(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	return start(sandbox, HELPER_HOST_PORTS, "the relay of the host's ports", "--listen-in",
		     add_host_ports, err);
}

static const struct step_kind host_ports_kind = {"host-ports", run_host_ports};

static const char *describe(struct plan *plan, const struct publish_op *op)
{
	bool ipv6 = strchr(op->address, ':') != NULL;
	const char *udp = op->protocol == PROTOCOL_UDP ? "/udp" : "";
	const char *host =
		arena_printf(&plan->arena, "%s%s%s", ipv6 ? "[" : "", op->address, ipv6 ? "]" : "");

	if (op->count == 1)
		return arena_printf(&plan->arena, "%s:%u%s -> 127.0.0.1:%u", host, op->host, udp,
				    op->inside);
	return arena_printf(&plan->arena, "%s:%u-%u%s -> 127.0.0.1:%u-%u", host, op->host,
			    op->host + op->count - 1u, udp, op->inside,
			    op->inside + op->count - 1u);
}

static int check_relay(const struct plan *plan, struct error *err)
{
	if (access(plan->host->relay, X_OK) == 0)
		return 0;
	fail(err, "use %s, which carries connections in and out", plan->host->relay);
	return fail_remedy(err, "it is installed with the program (make install)");
}

int publish_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;

	if (!config->publish_count && !config->host_ports_count)
		return 0;
	if (check_relay(plan, err) < 0)
		return -1;
	for (size_t i = 0; i < config->publish_count; i++) {
		const struct publish_op *op = &config->publish[i];
		struct step *step = plan_add(plan, PHASE_PREPARE, &listen_kind, op->origin);

		step->target = describe(plan, op);
		step->data = op;
	}
	if (config->publish_count)
		plan_add(plan, PHASE_CONNECT, &publish_kind, config_origin(config, OPT_PUBLISH))
			->target = "relay in the sandbox's network";
	const char *ports = "";
	for (size_t i = 0; i < config->host_ports_count; i++)
		ports = arena_printf(&plan->arena, "%s%s%u/%s", ports, i ? " " : "",
				     config->host_ports[i].port,
				     protocol_name(config->host_ports[i].protocol));
	if (config->host_ports_count)
		plan_add(plan, PHASE_CONNECT, &host_ports_kind,
			 config_origin(config, OPT_ALLOW_HOST_PORT))
			->target = arena_printf(&plan->arena, "127.0.0.1: %s", ports);
	return 0;
}
