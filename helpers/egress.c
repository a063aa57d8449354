/*
 * egress: the gateway of a sandbox that may reach some of the network. It enforces an allow-list by
 * name, address and port on packets, so no program inside has to know of it.
 *
 *     egress [--enter PIDFD] --config-fd N --control-fd N [--report-fd N]
 *
 * One process of the supervisor's, outside of the sandbox's process and mount namespaces. It enters
 * the user namespace G and the network namespace N of the process behind PIDFD (setns(2), Linux
 * 5.8), or those that are passed to it over the control socket, for which it waits, loads the table
 * `inet sandbox` there (egress_rules.c), listens on 127.0.0.53 as the only name server
 * (egress_resolver.c), and then gives up all but what these two need (egress_confine.c). It relies
 * on the payload having no capability over N: then the payload can neither change the rules, nor
 * set the mark by which the helper's own queries are known, nor write raw packets; and on
 * /proc/sys/net of N being read-only inside: as root of G, the payload could write there else.
 *
 * --config-fd is text, read to its end, at most 1 MB, one directive a line; empty lines and those
 * that begin with # are left out:
 *
 *     mark 0x5b0c                the mark of the helper's own packets; must be given
 *     listen 127.0.0.53          where to listen (this is the default)
 *     upstream ADDRESS           a name server, up to 8, asked in turn, port 53
 *     allow WHAT [tcp|udp] [PORT[-PORT]]
 *     deny WHAT [tcp|udp] [PORT[-PORT]]
 *                                WHAT is NAME (that name alone), *.NAME (all names below it), an
 *                                ADDRESS or a range in CIDR form. Without protocol and port it
 * means every packet; a port alone is TCP's. deny wins. Where there is no allow, what is not denied
 * is allowed. never CIDR                 not to be reached whatever ranges and names say; an allow
 * for just that address is the exception aliases                    follow CNAMEs of allowed names
 * to names that are not allowed publish PORT[-PORT] | publish tcp|udp PORT[-PORT] connections from
 * outside to this port are let in search DOMAIN              of the resolv.conf inside: for
 * counting, changes no rule
 *
 * A denied NAME does not exist, whatever allows it. A NAME that is denied on some port does: its
 * addresses are refused there, also to those who have them from another name, until the end.
 *
 * --control-fd is a SOCK_SEQPACKET socket. The helper sends one message:
 *     "ready"                    rules are loaded and the name server listens
 *     "ready TEXT"               the same, and TEXT is what the caller should know of
 *     "error TEXT[\nREMEDY]"     it failed, and exits with 1. This may come later as well.
 * TEXT may hold bytes that were given to it: escape it before it is printed. Of the supervisor it
 * takes "report": it writes the log, sends the summary (egress_report.h), and exits with 0. When
 * the socket's other end closes it writes the log and exits. The rules stay in N as long as N does:
 * a helper that was killed leaves a sandbox that resolves no more names.
 *
 * --report-fd is where the log of what was refused is written, at the end; see report_write.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "egress_confine.h"
#include "egress_policy.h"
#include "egress_report.h"
#include "egress_resolver.h"
#include "egress_rules.h"
#include "files.h"

/* Descriptors, -1 where none was given. */
struct arguments {
	int enter, config, control, report;
};

struct egress {
	struct arguments arguments;
	struct policy policy;
	struct rules rules;
	struct report report;
	struct resolver resolver;
	int epoll;
};

enum { EVENTS = 64, LOG_PATIENCE = 2 /* seconds */ };

static int usage(void)
{
	fputs("usage: egress [--enter PIDFD] --config-fd N --control-fd N [--report-fd N]\n"
	      "It is run by sandbox; see --allow-net there.\n",
	      stderr);
	return 2;
}

/* ---- messages ---- */

static void send_control(int control, const char *text, size_t size)
{
	/* A supervisor that does not read is none: we would rather end than wait. */
	(void)!send(control, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int send_error(int control, const struct error *err)
{
	char text[sizeof *err];
	int size = snprintf(text, sizeof text, "error %s%s%s", err->text,
			    err->remedy[0] ? "\n" : "", err->remedy);

	send_control(control, text, (size_t)size);
	return 1;
}

static void send_ready(const struct egress *egress)
{
	const char *text = egress->rules.conntrack
				   ? "ready"
				   : "ready this kernel does not track connections: one that is "
				     "open ends when its address is no longer allowed";

	send_control(egress->arguments.control, text, strlen(text));
}

/* ---- setting up ---- */

static bool parse_arguments(int argc, char **argv, struct arguments *arguments)
{
	const struct {
		const char *name;
		int *fd;
	} names[] = {
		{"--enter", &arguments->enter},
		{"--config-fd", &arguments->config},
		{"--control-fd", &arguments->control},
		{"--report-fd", &arguments->report},
	};

	*arguments = (struct arguments){-1, -1, -1, -1};
	for (int i = 1; i < argc; i += 2) {
		size_t n = 0;
		char *end;

		while (n < 4 && strcmp(argv[i], names[n].name) != 0)
			n++;
		if (n == 4 || i + 1 == argc)
			return false;
		long fd = strtol(argv[i + 1], &end, 10);
		if (fd < 3 || fd > 1 << 20 || *end || fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
			return false;
		*names[n].fd = (int)fd;
	}
	return arguments->config >= 0 && arguments->control >= 0;
}

/* Nothing of the caller's but what was named; standard streams that lead nowhere. */
static int keep_only(const struct arguments *arguments, struct error *err)
{
	const int kept[] = {arguments->enter, arguments->config, arguments->control,
			    arguments->report};
	unsigned from = 3;

	int null = open("/dev/null", O_RDWR | O_CLOEXEC); /* closed below, with the rest */
	for (int fd = 0; fd < 3; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			return fail(err, "open /dev/null");
	for (;;) {
		unsigned next = ~0u;

		for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
			if (kept[i] >= 0 && (unsigned)kept[i] >= from && (unsigned)kept[i] < next)
				next = (unsigned)kept[i];
		if (next > from && syscall(SYS_close_range, from, next - 1, 0) < 0)
			return fail(err, "close what is not needed");
		if (next == ~0u)
			break;
		from = next + 1;
	}
	return 0;
}

static int read_policy(int fd, struct policy *policy, struct error *err)
{
	size_t size = 0, room = 4096;
	char *text = malloc(room);

	while (text) {
		if (size == room) {
			char *more = size > POLICY_TEXT_MAX ? NULL : realloc(text, room *= 2);

			if (!more)
				break;
			text = more;
		}
		ssize_t got = read(fd, text + size, room - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			int result = got < 0 ? fail(err, "read the egress rules")
					     : policy_parse(policy, text, size, err);
			free(text);
			return result;
		}
		size += (size_t)got;
	}
	free(text);
	return fail_because(err, "egress rules: they are longer than 1 MB, or there is no memory");
}

/* It is there before they are. No word of them: the supervisor is gone. */
static int receive_namespaces(int control, int fds[2], struct error *err)
{
	char word[16], room[CMSG_SPACE(2 * sizeof(int))] __attribute__((aligned(8)));
	struct iovec data = {word, sizeof word};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = sizeof room};

	ssize_t got = recvmsg(control, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (!header || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(2 * sizeof(int)))
		return fail_because(err, "the supervisor did not pass the sandbox's namespaces");
	memcpy(fds, CMSG_DATA(header), 2 * sizeof(int));
	return 0;
}

static int enter_received(int control, struct error *err)
{
	int fds[2] = {-1, -1};

	if (receive_namespaces(control, fds, err) < 0)
		return -1;
	int result = setns(fds[0], CLONE_NEWUSER) < 0 || setns(fds[1], CLONE_NEWNET) < 0 ? -1 : 0;
	if (result < 0)
		fail(err, "enter the sandbox's user and network namespaces");
	close(fds[0]);
	close(fds[1]);
	return result;
}

static int enter(int pidfd, struct error *err)
{
	if (setns(pidfd, CLONE_NEWUSER | CLONE_NEWNET) < 0) {
		fail(err, "enter the sandbox's user and network namespaces");
		return errno == EINVAL ? fail_remedy(err, "it takes Linux 5.8 and a process that "
							  "is in another user namespace")
				       : -1;
	}
	return 0;
}

/* Who has sent Ctrl-C means the payload; the supervisor decides when the end is. */
static void leave_terminal(void)
{
	const int ignored[] = {SIGINT,  SIGQUIT, SIGHUP,  SIGPIPE,
			       SIGTSTP, SIGTTOU, SIGUSR1, SIGUSR2};
	sigset_t none;

	setsid();
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGALRM, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Each question and each connection is a descriptor; a listening socket with one that cannot be
 * accepted would keep us awake. */
static int raise_limit(struct error *err)
{
	const rlim_t needed = PENDING_MAX + CLIENTS_MAX + 32;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return fail(err, "read the limit of open files");
	if (limit.rlim_cur >= needed)
		return 0;
	if (limit.rlim_max < needed) {
		fail_because(err,
			     "the limit of open files is %llu, and the egress helper needs %llu",
			     (unsigned long long)limit.rlim_max, (unsigned long long)needed);
		return fail_remedy(err, "raise the hard limit (ulimit -H -n)");
	}
	limit.rlim_cur = needed;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? fail(err, "raise the limit of open files")
						    : 0;
}

static int set_up(struct egress *egress, struct error *err)
{
	struct arguments *arguments = &egress->arguments;
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = resolver_tag(TAG_CONTROL, 0)};

	if (keep_only(arguments, err) < 0 ||
	    read_policy(arguments->config, &egress->policy, err) < 0)
		return -1;
	close(arguments->config);
	leave_terminal();
	if (arguments->enter < 0 ? enter_received(arguments->control, err) < 0
				 : enter(arguments->enter, err) < 0)
		return -1;
	if (arguments->enter >= 0)
		close(arguments->enter);
	if (raise_limit(err) < 0)
		return -1;
	egress->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (egress->epoll < 0 ||
	    epoll_ctl(egress->epoll, EPOLL_CTL_ADD, arguments->control, &event) < 0)
		return fail(err, "wait for the supervisor");
	if (rules_open(&egress->rules, &egress->policy, err) < 0 ||
	    resolver_open(&egress->resolver, egress->epoll, &egress->policy, &egress->rules,
			  &egress->report, err) < 0)
		return -1;
	return confine(err);
}

/* ---- the end ---- */

struct refusals {
	struct egress *egress;
	unsigned long long counted;
};

static void add_refused(void *context, const struct refused *refused)
{
	struct refusals *refusals = context;
	struct egress *egress = refusals->egress;
	char text[ADDRESS_TEXT];

	refusals->counted += refused->packets;
	report_add(&egress->report, REFUSAL_ADDRESS, address_text(&refused->address, text),
		   leases_name(&egress->resolver.leases, &refused->address), refused->protocol,
		   refused->port, refused->packets);
}

static void write_log(struct egress *egress)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	report_write(out, &egress->report);
	if (fclose(out) == 0) {
		/* A pipe that nobody reads must not keep us; SIGALRM ends the process. */
		alarm(LOG_PATIENCE);
		(void)!write_all(egress->arguments.report, text, size);
		alarm(0);
	}
	free(text);
}

static void finish(struct egress *egress, bool asked)
{
	char message[REPORT_MESSAGE_MAX];
	struct refusals refusals = {egress, 0};
	unsigned long long all = 0;
	struct error err;

	if (!asked && egress->arguments.report < 0)
		return;
	/* Those that a full set did not take are in the counter alone. */
	if (rules_refused(&egress->rules, add_refused, &refusals, &all, &err) == 0 &&
	    all > refusals.counted)
		egress->report.more += all - refusals.counted;
	report_sort(&egress->report);
	if (egress->arguments.report >= 0)
		write_log(egress);
	if (asked)
		send_control(egress->arguments.control, message,
			     report_message(message, &egress->report, &egress->policy));
}

/* ---- running ---- */

static int64_t now(void)
{
	struct timespec time;

	/* Not CLOCK_MONOTONIC, which stands still while the machine sleeps and leases should not.
	 */
	clock_gettime(CLOCK_BOOTTIME, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* What the supervisor says: true when it is over, *asked when it wants a report. */
static bool over(int control, bool *asked)
{
	char message[64];
	ssize_t size = recv(control, message, sizeof message, MSG_DONTWAIT);

	*asked = size == (ssize_t)strlen("report") && memcmp(message, "report", (size_t)size) == 0;
	return *asked || size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
}

static int timeout_until(int64_t next)
{
	int64_t left = next - now();

	if (next == INT64_MAX)
		return -1;
	return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left + 1;
}

/* 0 when the supervisor has ended it, -1 and err when the rules are lost. */
static int serve(struct egress *egress, bool *asked, struct error *err)
{
	struct epoll_event events[EVENTS];
	int64_t next = INT64_MAX;

	for (;;) {
		int count = epoll_wait(egress->epoll, events, EVENTS, timeout_until(next));
		int64_t time = now();

		for (int i = 0; i < count; i++) {
			uint64_t tag = events[i].data.u64;

			if (tag >> 32 == TAG_CONTROL) {
				if (over(egress->arguments.control, asked))
					return 0;
			} else if (resolver_handle(&egress->resolver, tag, time, err) < 0) {
				return -1;
			}
		}
		if (resolver_tick(&egress->resolver, time, &next, err) < 0)
			return -1;
	}
}

static int run(struct egress *egress)
{
	struct error err;
	bool asked = false;

	if (set_up(egress, &err) < 0)
		return send_error(egress->arguments.control, &err);
	send_ready(egress);
	int result = serve(egress, &asked, &err);
	finish(egress, asked);
	return result < 0 ? send_error(egress->arguments.control, &err) : 0;
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	struct error err;

	if (!parse_arguments(argc, argv, &arguments))
		return usage();
	/* Its tables are two megabytes, of which little is touched. */
	struct egress *egress = calloc(1, sizeof *egress);
	if (!egress) {
		fail(&err, "start the egress helper");
		return send_error(arguments.control, &err);
	}
	egress->arguments = arguments;
	int status = run(egress);
	report_free(&egress->report);
	rules_close(&egress->rules);
	policy_free(&egress->policy);
	free(egress);
	return status;
}
