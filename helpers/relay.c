/*
 * relay: carries TCP connections and UDP datagrams between the host's network namespace and a
 * sandbox's. A process of its own beside a sandbox, started by the supervisor, never by hand:
 *
 *     relay --exit-fd N --ready-fd N --enter INSIDE      publish:tcp|udp:LISTENFD:PORT ...
 *     relay --exit-fd N --ready-fd N --listen-in INSIDE  host:tcp|udp:PORT ...
 *
 * --enter: published ports. The sockets LISTENFD were bound in the host's namespace by the
 * supervisor; the relay enters the sandbox's user and network namespaces and connects to PORT in
 * there.
 * --listen-in: services of the host. Sockets that listen on PORT are made inside; the relay stays
 * where it is and connects to PORT of the host. Either way it connects to 127.0.0.1, or to [::1]
 * when that is refused. INSIDE is a pidfd, or USERFD,NETFD, two descriptors of namespaces: a pidfd
 * is refused when the process is not dumpable (ptrace(2)).
 *
 * When everything is in place "1" is written to --ready-fd. What fails before that is told in one
 * line on standard error, status 1. At the end of file of --exit-fd, which is the supervisor's end
 * however it came, the relay ends.
 *
 * It runs nobody's code and still reads strangers' bytes, so it is confined by itself
 * (relay_confine.c). A client's address is not carried over: inside, every connection comes from
 * loopback.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "relay.h"

enum {
	EVENTS = 64,
	STARVED =
		1000, /* milliseconds until accepting is tried again, when no descriptor is freed */
};

struct options {
	int exit_fd, ready_fd;
	struct inside inside;
	bool publish;
	struct rule *rules;
	size_t count;
};

/* --- the command line --- */

/* Digits up to `end`, at most max; NULL when it is not that, else what follows. */
static const char *read_number(const char *text, char end, int max, int *number)
{
	int value = 0;

	if (!text || *text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		value = value * 10 + (*text - '0');
		if (value > max)
			return NULL;
	}
	*number = value;
	return *text == end ? text + (end != '\0') : NULL;
}

enum { DESCRIPTOR_MAX = 1 << 24, PORT_MAX = 65535 };

static const char *after(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

static void check_descriptor(const char *name, int fd)
{
	if (fd <= STDERR_FILENO || fcntl(fd, F_GETFD) < 0)
		errx(1, "%s: %d is no descriptor that was handed over", name, fd);
}

static int read_descriptor(const char *name, const char *text)
{
	int fd;

	if (!read_number(text, '\0', DESCRIPTOR_MAX, &fd))
		errx(1, "%s: '%s' is no descriptor", name, text);
	check_descriptor(name, fd);
	return fd;
}

static struct inside read_inside(const char *name, const char *text)
{
	struct inside inside = {-1, -1};
	const char *net = read_number(text, ',', DESCRIPTOR_MAX, &inside.user);

	if (!net) {
		inside.user = read_descriptor(name, text);
	} else {
		check_descriptor(name, inside.user);
		inside.net = read_descriptor(name, net);
	}
	return inside;
}

/* What it is of, and that it listens: epoll and accept would tell later, again and again. */
static void check_door(const char *text, const struct rule *rule)
{
	int type = 0, family = 0, listens = 0;
	socklen_t size = sizeof type;

	check_descriptor(text, rule->fd);
	if (getsockopt(rule->fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		err(1, "%s", text);
	getsockopt(rule->fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
	getsockopt(rule->fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
	if ((family != AF_INET && family != AF_INET6) ||
	    (rule->udp ? type != SOCK_DGRAM : type != SOCK_STREAM || !listens))
		errx(1, "%s: descriptor %d is no %s", text, rule->fd,
		     rule->udp ? "UDP socket" : "listening TCP socket");
}

static struct rule read_rule(const char *text, bool publish)
{
	struct rule rule = {.fd = -1};
	const char *protocol = after(text, publish ? "publish:" : "host:");
	const char *rest = protocol ? after(protocol, "tcp:") : NULL;
	int port = 0;

	if (protocol && !rest) {
		rest = after(protocol, "udp:");
		rule.udp = true;
	}
	if (publish)
		rest = read_number(rest, ':', DESCRIPTOR_MAX, &rule.fd);
	if (!read_number(rest, '\0', PORT_MAX, &port) || port == 0)
		errx(1, "'%s' is not %s:PORT", text,
		     publish ? "publish:tcp|udp:LISTENFD" : "host:tcp|udp");
	rule.port = (uint16_t)port;
	if (publish)
		check_door(text, &rule);
	return rule;
}

static void read_options(struct options *options, char **argv)
{
	const char *mode = NULL;

	*options = (struct options){.exit_fd = -1, .ready_fd = -1};
	for (argv++; *argv && after(*argv, "--"); argv += 2) {
		if (!argv[1])
			errx(1, "%s needs a value", *argv);
		if (strcmp(*argv, "--exit-fd") == 0)
			options->exit_fd = read_descriptor(*argv, argv[1]);
		else if (strcmp(*argv, "--ready-fd") == 0)
			options->ready_fd = read_descriptor(*argv, argv[1]);
		else if (!mode && (!strcmp(*argv, "--enter") || !strcmp(*argv, "--listen-in")))
			options->inside = read_inside(mode = *argv, argv[1]);
		else
			errx(1, "%s: no such option, or one too many", *argv);
	}
	if (!mode || options->exit_fd < 0 || options->ready_fd < 0 || !*argv)
		errx(1, "usage: relay --exit-fd N --ready-fd N --enter|--listen-in INSIDE RULE...");
	options->publish = strcmp(mode, "--enter") == 0;
	while (argv[options->count])
		options->count++;
	options->rules = calloc(options->count, sizeof *options->rules);
	if (!options->rules)
		err(1, "memory");
	for (size_t i = 0; i < options->count; i++)
		options->rules[i] = read_rule(argv[i], options->publish);
}

/* Nothing else that the supervisor has open is ours to keep. */
static void close_others(const struct options *options)
{
	size_t count = 0;
	int *keep = calloc(options->count + 4, sizeof *keep);

	if (!keep)
		err(1, "memory");
	keep[count++] = options->exit_fd;
	keep[count++] = options->ready_fd;
	keep[count++] = options->inside.user;
	if (options->inside.net >= 0)
		keep[count++] = options->inside.net;
	for (size_t i = 0; i < options->count && options->publish; i++)
		keep[count++] = options->rules[i].fd;
	confine_descriptors(keep, count);
	free(keep);
}

/* --- the set-up --- */

/* A descriptor that we open must never land on a standard stream. */
static void fill_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		err(1, "cannot open /dev/null");
	close(fd);
}

/* Out of reach of Ctrl-C and of whoever signals the supervisor's group: it ends with the
 * descriptor. */
static void ignore_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setsid();
}

static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		err(1, "cannot read the limit of descriptors");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		err(1, "cannot raise the limit of descriptors");
}

static void make_doors(struct relay *relay, const struct options *options)
{
	relay->doors = calloc(options->count, 2 * sizeof *relay->doors);
	if (!relay->doors)
		err(1, "memory");
	if (!options->publish) {
		relay->doors_count = inside_listen(&options->inside, options->rules, options->count,
						   relay->doors);
		return;
	}
	for (size_t i = 0; i < options->count; i++)
		relay->doors[i] = (struct door){.fd = options->rules[i].fd,
						.port = options->rules[i].port,
						.udp = options->rules[i].udp};
	relay->doors_count = options->count;
	if (inside_enter(&options->inside) < 0)
		err(1, "cannot enter the sandbox's namespaces");
}

static void add(int epoll, int fd, void *what)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		err(1, "cannot watch descriptor %d", fd);
}

static void watch_door(struct relay *relay, struct door *door)
{
	int family = 0, on = 1, flags = fcntl(door->fd, F_GETFL);
	socklen_t size = sizeof family;

	if (flags < 0 || fcntl(door->fd, F_SETFL, flags | O_NONBLOCK) < 0)
		err(1, "cannot make descriptor %d non-blocking", door->fd);
	door->watch.ready = udp_receive; /* doors of TCP are seen by tcp_accept */
	add(door->udp ? relay->epoll : relay->doors_epoll, door->fd, door);
	if (!door->udp)
		return;
	if (!relay->peers)
		relay->peers = udp_peers();
	getsockopt(door->fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
	if (!relay->peers ||
	    (family == AF_INET
		     ? setsockopt(door->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on)
		     : setsockopt(door->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on)) < 0)
		err(1, "cannot prepare for datagrams");
}

static void exit_ready(struct relay *relay, struct watch *watch, uint32_t events)
{
	char bytes[64];
	ssize_t got = read(relay->exit_fd, bytes, sizeof bytes);

	(void)watch;
	(void)events;
	/* Nothing has to come but the end; an error is no reason to stay. */
	relay->over = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

static void watch_all(struct relay *relay)
{
	relay->epoll = epoll_create1(EPOLL_CLOEXEC);
	relay->doors_epoll = epoll_create1(EPOLL_CLOEXEC);
	relay->buffer = malloc(RELAY_BUFFER);
	if (relay->epoll < 0 || relay->doors_epoll < 0 || !relay->buffer)
		err(1, "cannot prepare to wait");
	relay->exit_watch.ready = exit_ready;
	relay->doors_watch.ready = tcp_accept;
	add(relay->epoll, relay->exit_fd, &relay->exit_watch);
	add(relay->epoll, relay->doors_epoll, &relay->doors_watch);
	for (size_t i = 0; i < relay->doors_count; i++)
		watch_door(relay, &relay->doors[i]);
}

/* --- the loop --- */

/* How long to sleep; for ever, when nothing is half done. */
static int timeout(struct relay *relay)
{
	int expire = udp_expire(relay);

	if (relay->busy)
		return 0;
	return relay->doors_shut && (expire < 0 || expire > STARVED) ? STARVED : expire;
}

static void run(struct relay *relay)
{
	struct epoll_event events[EVENTS];

	while (!relay->over) {
		int count = epoll_wait(relay->epoll, events, EVENTS, timeout(relay));

		for (int i = 0; i < count; i++) {
			struct watch *watch = events[i].data.ptr;

			watch->ready(relay, watch, events[i].events);
		}
		if (count == 0)
			tcp_open_doors(relay);
		tcp_turn(relay);
	}
	tcp_last_turn(relay);
}

int main(int argc, char **argv)
{
	struct options options;
	struct relay relay = {.over = false};

	(void)argc;
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	fill_standard_streams();
	ignore_signals();
	read_options(&options, argv);
	close_others(&options);
	raise_limit();
	relay.exit_fd = options.exit_fd;
	make_doors(&relay, &options);
	close(options.inside.user);
	if (options.inside.net >= 0)
		close(options.inside.net);
	watch_all(&relay);
	free(options.rules);
	confine();
	if (write(options.ready_fd, "1", 1) != 1)
		_exit(1); /* nobody waits for us */
	close(options.ready_fd);
	run(&relay);
	/* As _exit(2), on which the sanitizers' libraries hang more than the filter allows. */
	return (int)syscall(SYS_exit_group, 0);
}
