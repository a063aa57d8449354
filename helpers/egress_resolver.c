/* The DNS filter's clients: see egress_resolver.h. Its servers are in egress_upstream.c. */
#include "egress_resolver.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "files.h"

enum { DATAGRAMS_AT_ONCE = 64 };

uint64_t resolver_tag(unsigned kind, size_t index)
{
	return (uint64_t)kind << 32 | index;
}

int resolver_watch(const struct resolver *resolver, int fd, uint64_t tag, uint32_t events,
		   bool anew)
{
	struct epoll_event event = {.events = events, .data.u64 = tag};

	return epoll_ctl(resolver->epoll, anew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
}

static int listen_on(const struct resolver *resolver, int type, struct error *err)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(DNS_PORT)};
	char text[ADDRESS_TEXT];
	int one = 1;

	memcpy(&address.sin_addr, resolver->policy->listen.bytes, 4);
	address_text(&resolver->policy->listen, text);
	int cleanup_fd fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* A connection of an earlier helper may linger; for UDP it would let others take the port.
	 */
	if (fd < 0 ||
	    (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0))
		return fail(err, "make a socket for %s", text);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
	    (type == SOCK_STREAM && listen(fd, CLIENTS_MAX) < 0))
		return fail(err, "listen on %s port %d", text, DNS_PORT);
	if (resolver_watch(resolver, fd, resolver_tag(type == SOCK_STREAM ? TAG_TCP : TAG_UDP, 0),
			   EPOLLIN, true) < 0)
		return fail(err, "wait for %s", text);
	return steal_fd(&fd);
}

int resolver_open(struct resolver *resolver, int epoll, const struct policy *policy,
		  struct rules *rules, struct report *report, struct error *err)
{
	resolver->policy = policy;
	resolver->rules = rules;
	resolver->report = report;
	resolver->epoll = epoll;
	resolver->tcp = -1;
	leases_start(&resolver->leases);
	for (size_t i = 0; i < PENDING_MAX; i++)
		resolver->pending[i].fd = -1;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		resolver->clients[i].fd = -1;
	resolver->udp = listen_on(resolver, SOCK_DGRAM, err);
	if (resolver->udp >= 0)
		resolver->tcp = listen_on(resolver, SOCK_STREAM, err);
	return resolver->tcp < 0 ? -1 : 0;
}

/* ---- connections ---- */

static void close_client(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	client->serial++;
}

static int watch_client(struct resolver *resolver, struct client *client, uint32_t events,
			bool anew)
{
	return resolver_watch(resolver, client->fd,
			      resolver_tag(TAG_CLIENT, (size_t)(client - resolver->clients)),
			      events, anew);
}

/* Send what is left of the reply; afterwards the next question is read. */
static void flush_client(struct resolver *resolver, struct client *client)
{
	ssize_t done = send(client->fd, client->out + client->out_sent,
			    client->out_size - client->out_sent, MSG_NOSIGNAL);

	if (done < 0 && errno != EAGAIN && errno != EINTR) {
		close_client(client);
		return;
	}
	client->out_sent += done > 0 ? (size_t)done : 0;
	bool whole = client->out_sent == client->out_size;
	if (whole)
		client->out_sent = client->out_size = 0;
	if (watch_client(resolver, client, whole ? EPOLLIN : EPOLLOUT, false) < 0)
		close_client(client);
}

static void reply_to(struct resolver *resolver, const struct asker *asker,
		     const struct dns_query *query, int rcode, const struct address *addresses,
		     size_t count, uint32_t ttl, int64_t now)
{
	unsigned char message[DNS_REPLY_MAX];
	struct client *client = asker->client < 0 ? NULL : &resolver->clients[asker->client];
	size_t size = dns_build_reply(message, client ? DNS_REPLY_MAX : query->udp_size, query,
				      rcode, addresses, count, ttl);

	if (!client) {
		/* A client that does not read loses its own answers. */
		(void)!sendto(resolver->udp, message, size, MSG_NOSIGNAL,
			      (const struct sockaddr *)&asker->from, sizeof asker->from);
		return;
	}
	if (client->fd < 0 || client->serial != asker->serial)
		return; /* it has gone */
	client->out[0] = (unsigned char)(size >> 8);
	client->out[1] = (unsigned char)size;
	memcpy(client->out + 2, message, size);
	client->out_size = 2 + size;
	client->out_sent = 0;
	client->waiting = false;
	client->deadline = now + IDLE;
	flush_client(resolver, client);
}

static void reply_empty(struct resolver *resolver, const struct asker *asker,
			const struct dns_query *query, int rcode, int64_t now)
{
	reply_to(resolver, asker, query, rcode, NULL, 0, 0, now);
}

/* ---- questions and answers ---- */

/* One message of a client; false when there is nothing to answer. */
static bool take_query(struct resolver *resolver, const struct asker *asker,
		       const unsigned char *message, size_t size, int64_t now)
{
	struct dns_query query;
	char type[DNS_TYPE_TEXT];
	int rcode = dns_read_query(message, size, &query);

	if (rcode < 0)
		return false;
	bool address = query.type == ns_t_a || query.type == ns_t_aaaa;
	if (rcode == ns_r_noerror && !address)
		report_add(resolver->report, REFUSAL_TYPE, dns_type_text(query.type, type),
			   query.name, 0, 0, 1);
	if (rcode == ns_r_noerror &&
	    (!query.is_host_name || !policy_name(resolver->policy, query.name).allowed)) {
		if (address)
			report_name(resolver->report, resolver->policy, query.name,
				    query.type == ns_t_aaaa);
		rcode = ns_r_nxdomain;
	}
	if (rcode == ns_r_noerror && address) {
		if (upstream_ask(resolver, asker, &query, now) == 0)
			return true;
		rcode = ns_r_servfail;
	}
	reply_empty(resolver, asker, &query, rcode, now);
	return true;
}

/* Leave out what may not be given out. */
static size_t sift(struct resolver *resolver, const struct dns_query *query,
		   const struct dns_answer *answer, struct address out[DNS_ADDRESSES_MAX])
{
	size_t count = 0;
	char text[ADDRESS_TEXT];

	for (size_t i = 0; i < answer->count; i++) {
		if (policy_gives_out(resolver->policy, &answer->addresses[i]))
			out[count++] = answer->addresses[i];
		else
			report_add(resolver->report, REFUSAL_REBINDING,
				   address_text(&answer->addresses[i], text), query->name, 0, 0, 1);
	}
	if (answer->cut)
		report_add(resolver->report, REFUSAL_CUT, "addresses", query->name, 0, 0,
			   answer->cut);
	return count;
}

static uint32_t clamp_ttl(const struct policy *policy, uint32_t ttl)
{
	if (ttl < policy->ttl_least)
		return policy->ttl_least;
	return ttl > policy->ttl_most ? policy->ttl_most : ttl;
}

/* Let the packets to these addresses pass. 1: done, 0: there is no room, -1 and err: the rules do
 * not take it, and nobody knows what they are now. */
static int admit(struct resolver *resolver, const struct dns_query *query, uint64_t deny,
		 const struct address *addresses, size_t count, int64_t expires, struct error *err)
{
	struct name_verdict verdict = policy_name(resolver->policy, query->name);
	struct changes changes = {NULL, 0};
	bool room = true;

	verdict.deny |= deny;
	for (size_t i = 0; i < count && room; i++)
		room = leases_give(&resolver->leases, &addresses[i], verdict, query->name, expires,
				   &changes) == 0;
	/* What was noted is applied even when there was not room for all. */
	int result = rules_apply(resolver->rules, &changes, err);
	changes_free(&changes);
	return result < 0 ? -1 : room;
}

int resolver_answered(struct resolver *resolver, const struct asker *asker,
		      const struct dns_query *query, const struct dns_answer *answer, uint64_t deny,
		      int64_t now, struct error *err)
{
	struct address addresses[DNS_ADDRESSES_MAX];

	if (!answer) {
		reply_empty(resolver, asker, query, ns_r_servfail, now);
		return 0;
	}
	if (answer->refused) {
		report_add(resolver->report, REFUSAL_ALIAS, answer->alias, query->name, 0, 0, 1);
		reply_empty(resolver, asker, query, ns_r_nxdomain, now);
		return 0;
	}
	size_t count = sift(resolver, query, answer, addresses);
	uint32_t ttl = clamp_ttl(resolver->policy, answer->ttl);
	int done = admit(resolver, query, deny, addresses, count,
			 now + ((int64_t)ttl + resolver->policy->grace) * 1000, err);
	if (done < 0)
		return -1;
	if (done)
		reply_to(resolver, asker, query, answer->rcode, addresses, count, ttl, now);
	else
		reply_empty(resolver, asker, query, ns_r_servfail, now);
	return 0;
}

/* ---- events ---- */

static void read_datagrams(struct resolver *resolver, int64_t now)
{
	unsigned char message[CLIENT_QUERY_MAX];

	/* Not all there may be: a flood must not keep us from the supervisor. */
	for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
		struct asker asker = {.client = -1};
		socklen_t length = sizeof asker.from;
		ssize_t size = recvfrom(resolver->udp, message, sizeof message, MSG_TRUNC,
					(struct sockaddr *)&asker.from, &length);

		if (size < 0)
			return;
		if ((size_t)size <= sizeof message)
			take_query(resolver, &asker, message, (size_t)size, now);
	}
}

static void accept_client(struct resolver *resolver, int64_t now)
{
	int cleanup_fd fd = accept4(resolver->tcp, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client *client = resolver->clients;

	while (client < resolver->clients + CLIENTS_MAX && client->fd >= 0)
		client++;
	if (fd < 0 || client == resolver->clients + CLIENTS_MAX)
		return; /* closed: too many are there */
	*client = (struct client){.fd = fd, .serial = client->serial + 1, .deadline = now + IDLE};
	steal_fd(&fd);
	if (watch_client(resolver, client, EPOLLIN, true) < 0)
		close_client(client);
}

/* One question at a time: the next is read when this one is answered. */
static void read_client(struct resolver *resolver, struct client *client, int64_t now)
{
	size_t want = 2;

	if (client->in_have >= 2)
		want += (size_t)(client->in[0] << 8 | client->in[1]);
	if (want > sizeof client->in) {
		close_client(client);
		return;
	}
	ssize_t got = recv(client->fd, client->in + client->in_have, want - client->in_have, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		close_client(client);
		return;
	}
	client->in_have += (size_t)got;
	if (client->in_have < want || want == 2)
		return;
	struct asker asker = {(int)(client - resolver->clients), client->serial, {0}};
	client->in_have = 0;
	client->waiting = true;
	/* Nothing is waited for, so that its end is heard of when there is an answer. */
	if (watch_client(resolver, client, 0, false) < 0 ||
	    !take_query(resolver, &asker, client->in + 2, want - 2, now))
		close_client(client);
}

static void handle_client(struct resolver *resolver, struct client *client, int64_t now)
{
	if (client->fd < 0)
		return;
	if (client->waiting) /* it can only have broken off */
		close_client(client);
	else if (client->out_size)
		flush_client(resolver, client);
	else
		read_client(resolver, client, now);
}

int resolver_handle(struct resolver *resolver, uint64_t tag, int64_t now, struct error *err)
{
	size_t index = (uint32_t)tag;

	switch (tag >> 32) {
	case TAG_UDP:
		read_datagrams(resolver, now);
		return 0;
	case TAG_TCP:
		accept_client(resolver, now);
		return 0;
	case TAG_CLIENT:
		handle_client(resolver, &resolver->clients[index], now);
		return 0;
	default:
		return upstream_handle(resolver, &resolver->pending[index], now, err);
	}
}

static void earlier(int64_t *next, int64_t time)
{
	if (time < *next)
		*next = time;
}

int resolver_tick(struct resolver *resolver, int64_t now, int64_t *next, struct error *err)
{
	struct changes changes = {NULL, 0};
	int result = 0;

	for (size_t i = 0; i < PENDING_MAX; i++)
		if (upstream_tick(resolver, &resolver->pending[i], now, err) < 0)
			return -1;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &resolver->clients[i];

		if (client->fd >= 0 && !client->waiting && now >= client->deadline)
			close_client(client);
	}
	if (now >= resolver->leases.next) {
		leases_expire(&resolver->leases, now, &changes);
		result = rules_apply(resolver->rules, &changes, err);
		changes_free(&changes);
	}

	*next = INT64_MAX;
	for (size_t i = 0; i < PENDING_MAX; i++)
		if (resolver->pending[i].fd >= 0)
			earlier(next, resolver->pending[i].deadline);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (resolver->clients[i].fd >= 0 && !resolver->clients[i].waiting)
			earlier(next, resolver->clients[i].deadline);
	earlier(next, resolver->leases.next);
	return result;
}
