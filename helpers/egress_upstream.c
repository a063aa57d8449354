/*
 * Questions to the upstream name servers: see egress_resolver.h. Each question has a socket of its
 * own, connected, so that the kernel chooses a random port and takes replies from nobody else, and
 * with the mark by which the packet rules know that it is not the payload's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "egress_resolver.h"
#include "files.h"

static const struct address *upstream_of(const struct resolver *resolver,
					 const struct pending *pending)
{
	const struct policy *policy = resolver->policy;

	return &policy->upstreams[pending->attempt % policy->upstreams_count];
}

/* A datagram may be lost, so that one server alone is asked twice. */
static unsigned attempts(const struct resolver *resolver)
{
	return resolver->policy->upstreams_count < 2 ? 2
						     : (unsigned)resolver->policy->upstreams_count;
}

static int connect_to(const struct address *address, int fd)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(DNS_PORT)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(DNS_PORT)};

	memcpy(&v4.sin_addr, address->bytes, 4);
	memcpy(&v6.sin6_addr, address->bytes, 16);
	if (address->family == AF_INET)
		return connect(fd, (struct sockaddr *)&v4, sizeof v4);
	return connect(fd, (struct sockaddr *)&v6, sizeof v6);
}

/* A connected socket for this attempt, or -1. */
static int open_socket(const struct resolver *resolver, const struct pending *pending)
{
	const struct address *upstream = upstream_of(resolver, pending);
	int type = pending->tcp ? SOCK_STREAM : SOCK_DGRAM;
	int cleanup_fd fd = socket(upstream->family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_MARK, &resolver->policy->mark,
				 sizeof resolver->policy->mark) < 0)
		return -1;
	if (connect_to(upstream, fd) < 0 && errno != EINPROGRESS)
		return -1;
	return steal_fd(&fd);
}

void upstream_close(struct pending *pending)
{
	if (pending->fd >= 0)
		close(pending->fd);
	pending->fd = -1;
	free(pending->message);
	pending->message = NULL;
}

static int watch(struct resolver *resolver, struct pending *pending, uint32_t events, bool anew)
{
	return resolver_watch(resolver, pending->fd,
			      resolver_tag(TAG_PENDING, (size_t)(pending - resolver->pending)),
			      events, anew);
}

/* Send the question in the way of this attempt. */
static bool start(struct resolver *resolver, struct pending *pending, int64_t now)
{
	unsigned char query[DNS_QUERY_MAX];
	size_t size;

	upstream_close(pending);
	if (getrandom(&pending->id, sizeof pending->id, 0) != sizeof pending->id)
		return false;
	size = dns_build_query(query, pending->id, pending->query.name, pending->query.type);
	pending->fd = open_socket(resolver, pending);
	if (size == 0 || pending->fd < 0)
		return false;
	if (!pending->tcp) {
		pending->deadline = now + PATIENCE / attempts(resolver);
		return send(pending->fd, query, size, MSG_NOSIGNAL) == (ssize_t)size &&
		       watch(resolver, pending, EPOLLIN, true) == 0;
	}
	pending->deadline = pending->give_up;
	pending->message = malloc(2 + DNS_MESSAGE_MAX);
	if (!pending->message)
		return false;
	pending->message[0] = (unsigned char)(size >> 8);
	pending->message[1] = (unsigned char)size;
	memcpy(pending->message + 2, query, size);
	pending->size = 2 + size;
	pending->have = 0;
	pending->sending = true;
	return watch(resolver, pending, EPOLLOUT, true) == 0;
}

/* Hand the question over to its end; the place is free before, for whatever that leads to. */
static int finish(struct resolver *resolver, struct pending *pending,
		  const struct dns_answer *answer, uint64_t deny, int64_t now, struct error *err)
{
	struct asker asker = pending->asker;
	struct dns_query query = pending->query;

	upstream_close(pending);
	return resolver_answered(resolver, &asker, &query, answer, deny, now, err);
}

/* The next server, or the same once more; at last, none. */
static int try_next(struct resolver *resolver, struct pending *pending, int64_t now,
		    struct error *err)
{
	pending->tcp = false;
	while (++pending->attempt < attempts(resolver) && now < pending->give_up)
		if (start(resolver, pending, now))
			return 0;
	return finish(resolver, pending, NULL, 0, now, err);
}

int upstream_ask(struct resolver *resolver, const struct asker *asker,
		 const struct dns_query *query, int64_t now)
{
	struct pending *pending = resolver->pending;

	while (pending < resolver->pending + PENDING_MAX && pending->fd >= 0)
		pending++;
	if (pending == resolver->pending + PENDING_MAX)
		return -1;
	*pending = (struct pending){
		.fd = -1, .give_up = now + PATIENCE, .asker = *asker, .query = *query};
	do {
		if (start(resolver, pending, now))
			return 0;
	} while (++pending->attempt < attempts(resolver));
	upstream_close(pending);
	return -1;
}

/* Along a chain of aliases: what is denied of any of its names is denied of its addresses. */
struct way {
	const struct policy *policy;
	uint64_t deny;
};

static bool may_follow(void *context, const char *name)
{
	struct way *way = context;
	struct name_verdict verdict = policy_name(way->policy, name);

	way->deny |= verdict.deny;
	return verdict.allowed || (way->policy->aliases && !verdict.denied);
}

static int take_reply(struct resolver *resolver, struct pending *pending,
		      const unsigned char *message, size_t size, int64_t now, struct error *err)
{
	struct way way = {resolver->policy, 0};
	const struct dns_follow follow = {may_follow, &way};
	struct dns_answer answer;

	switch (dns_read_reply(message, size, pending->id, pending->query.name, pending->query.type,
			       &follow, &answer)) {
	case DNS_REPLY_OK:
		return finish(resolver, pending, &answer, way.deny, now, err);
	case DNS_REPLY_TRUNCATED:
		if (!pending->tcp) {
			pending->tcp = true;
			if (start(resolver, pending, now))
				return 0;
		}
		break;
	case DNS_REPLY_FOREIGN:
		if (!pending->tcp)
			return 0;
		break;
	case DNS_REPLY_BAD:
		break;
	}
	return try_next(resolver, pending, now, err);
}

static bool later(ssize_t result)
{
	return result < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Over TCP: send what is left, then read the length and as much as it says. 1: the reply is whole,
 * 0: later, -1: the connection is of no use. */
static int exchange(struct resolver *resolver, struct pending *pending)
{
	ssize_t done;

	if (pending->sending) {
		done = send(pending->fd, pending->message + pending->have,
			    pending->size - pending->have, MSG_NOSIGNAL);
		if (done < 0)
			return later(done) ? 0 : -1;
		pending->have += (size_t)done;
		if (pending->have < pending->size)
			return 0;
		pending->sending = false;
		pending->have = 0;
		pending->size = 2;
		return watch(resolver, pending, EPOLLIN, false);
	}
	done = recv(pending->fd, pending->message + pending->have, pending->size - pending->have,
		    0);
	if (done <= 0)
		return later(done) ? 0 : -1;
	pending->have += (size_t)done;
	if (pending->have == 2 && pending->size == 2)
		pending->size += (size_t)(pending->message[0] << 8 | pending->message[1]);
	return pending->have == pending->size && pending->size > 2;
}

int upstream_handle(struct resolver *resolver, struct pending *pending, int64_t now,
		    struct error *err)
{
	unsigned char datagram[4096];

	if (pending->fd < 0)
		return 0;
	if (pending->tcp) {
		int state = exchange(resolver, pending);

		if (state == 0)
			return 0;
		if (state < 0)
			return try_next(resolver, pending, now, err);
		/* The message goes with the question: it must outlast it. */
		unsigned char *message = pending->message;
		pending->message = NULL;
		int result =
			take_reply(resolver, pending, message + 2, pending->size - 2, now, err);
		free(message);
		return result;
	}
	ssize_t size = recv(pending->fd, datagram, sizeof datagram, 0);
	if (later(size))
		return 0;
	/* ECONNREFUSED and the like: an ICMP error says that nobody is there. */
	if (size < 0)
		return try_next(resolver, pending, now, err);
	return take_reply(resolver, pending, datagram, (size_t)size, now, err);
}

int upstream_tick(struct resolver *resolver, struct pending *pending, int64_t now,
		  struct error *err)
{
	return pending->fd >= 0 && now >= pending->deadline ? try_next(resolver, pending, now, err)
							    : 0;
}
