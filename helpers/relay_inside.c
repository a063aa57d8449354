/* The sandbox's namespaces: see relay.h. Only before confine(). */
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "relay.h"
#include "rights.h"

enum { PER_RULE = ADDRESSES };

int inside_enter(const struct inside *inside)
{
	if (inside->net < 0)
		return setns(inside->user, CLONE_NEWUSER | CLONE_NEWNET);
	/* The user namespace gives the capability that the other call wants. */
	return setns(inside->user, CLONE_NEWUSER) < 0 ? -1 : setns(inside->net, CLONE_NEWNET);
}

/* -1 when there is no such address here. */
static int listen_on(int which, const struct rule *rule)
{
	const char *name = which ? "[::1]" : "127.0.0.1";
	int on = 1, type = rule->udp ? SOCK_DGRAM : SOCK_STREAM;
	union address address;
	socklen_t size;

	loopback_address(&address, &size, which, rule->port);
	int fd = socket(address.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 && errno == EAFNOSUPPORT && which > 0)
		return -1;
	if (fd < 0)
		err(1, "cannot make a socket for port %u inside the sandbox", rule->port);
	if (which > 0)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (!rule->udp) /* what an earlier server has left in TIME_WAIT is no hindrance */
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, &address.any, size) < 0) {
		if (errno != EADDRNOTAVAIL || which == 0)
			err(1, "cannot listen on %s:%u%s inside the sandbox", name, rule->port,
			    rule->udp ? "/udp" : "");
		close(fd); /* IPv6 is switched off for the namespace's lo */
		return -1;
	}
	if (!rule->udp && listen(fd, SOMAXCONN) < 0)
		err(1, "cannot listen on %s:%u inside the sandbox", name, rule->port);
	return fd;
}

/* One message a rule, with its one or two sockets: unix(7) has a limit on descriptors in one, and a
 * child that waits for room keeps few on the way. */
static void send_sockets(int end, const int *fds, size_t count)
{
	if (rights_send(end, "", 1, fds, count, 0) < 0)
		err(1, "cannot hand over what listens inside the sandbox");
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
}

static _Noreturn void listen_as_child(const struct inside *inside, const struct rule *rules,
				      size_t count, int end)
{
	if (inside_enter(inside) < 0)
		err(1, "cannot enter the sandbox's namespaces");
	for (size_t i = 0; i < count; i++) {
		int fds[PER_RULE];
		size_t made = 0;

		for (int which = 0; which < PER_RULE; which++) {
			fds[made] = listen_on(which, &rules[i]);
			made += fds[made] >= 0;
		}
		send_sockets(end, fds, made);
	}
	_exit(0);
}

/* How many sockets came; 0 at the end of file. */
static size_t receive_sockets(int end, int *fds)
{
	char byte, room[CMSG_SPACE(PER_RULE * sizeof(int))] __attribute__((aligned(8)));
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = sizeof room};

	if (recvmsg(end, &message, MSG_CMSG_CLOEXEC) <= 0)
		return 0;
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS || (message.msg_flags & MSG_CTRUNC))
		errx(1, "cannot take over what listens inside the sandbox: too few descriptors "
			"(raise the limit, ulimit -n)");
	size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(header), count * sizeof(int));
	return count;
}

size_t inside_listen(const struct inside *inside, const struct rule *rules, size_t count,
		     struct door *doors)
{
	int ends[2], status = 0;
	size_t made = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		err(1, "cannot make a socket pair");
	pid_t child = fork();
	if (child < 0)
		err(1, "cannot start a process that enters the sandbox's namespaces");
	if (child == 0)
		listen_as_child(inside, rules, count, ends[1]);
	close(ends[1]);
	for (size_t i = 0; i < count; i++) {
		int fds[PER_RULE];
		size_t came = receive_sockets(ends[0], fds);

		if (came == 0)
			break;
		for (size_t j = 0; j < came; j++)
			doors[made++] = (struct door){
				.fd = fds[j], .port = rules[i].port, .udp = rules[i].udp};
	}
	close(ends[0]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		errx(1, "cannot listen inside the sandbox: the process that entered it was killed");
	if (status != 0)
		_exit(1); /* it has said why */
	return made;
}
