/*
 * egress_resolver: the DNS filter. It listens inside the sandbox's network namespace, asks the
 * upstreams for the names that the policy allows, and tells the packet rules of an address before
 * it tells the client.
 *
 * One thread, nothing blocks but libnftables. The caller runs the event loop; each descriptor of
 * the resolver is in its epoll set under a tag that resolver_handle takes.
 */
#ifndef EGRESS_RESOLVER_H
#define EGRESS_RESOLVER_H

#include <netinet/in.h>

#include "egress_dns.h"
#include "egress_leases.h"
#include "egress_policy.h"
#include "egress_report.h"
#include "egress_rules.h"

enum {
	PENDING_MAX = 256, /* questions that wait for an upstream */
	CLIENTS_MAX = 32,  /* connections over TCP */
	CLIENT_QUERY_MAX = 1024,
	PATIENCE = 5000, /* milliseconds, for one question in all */
	IDLE = 10000,    /* milliseconds, for a connection */
};

/* Who asked: a peer over UDP, or a connection, which may have ended and been replaced since. */
struct asker {
	int client; /* -1: UDP */
	unsigned serial;
	struct sockaddr_in from;
};

/* A question that is with an upstream. */
struct pending {
	int fd; /* -1: free */
	bool tcp;
	unsigned attempt;
	int64_t deadline, give_up;
	uint16_t id;
	struct asker asker;
	struct dns_query query;
	unsigned char *message; /* over TCP: what is sent, then what comes, with its length */
	size_t have, size;
	bool sending;
};

struct client {
	int fd; /* -1: free */
	unsigned serial;
	int64_t deadline;
	bool waiting; /* its question is with an upstream */
	unsigned char in[2 + CLIENT_QUERY_MAX];
	size_t in_have;
	unsigned char out[2 + DNS_REPLY_MAX];
	size_t out_sent, out_size;
};

struct resolver {
	const struct policy *policy;
	struct rules *rules;
	struct report *report;
	int epoll, udp, tcp;
	struct pending pending[PENDING_MAX];
	struct client clients[CLIENTS_MAX];
	struct leases leases;
};

/* Bind the listening sockets (CAP_NET_BIND_SERVICE) and put them into the epoll set. */
int resolver_open(struct resolver *resolver, int epoll, const struct policy *policy,
		  struct rules *rules, struct report *report, struct error *err);

/* An event on the descriptor with this tag. -1 and err: the packet rules could not be changed. */
int resolver_handle(struct resolver *resolver, uint64_t tag, int64_t now, struct error *err);

/* Do what is due; *next is when there is more, INT64_MAX when nothing is waited for. */
int resolver_tick(struct resolver *resolver, int64_t now, int64_t *next, struct error *err);

/* Between egress_resolver.c, which knows clients, and egress_upstream.c, which knows servers. */

/* Ask for query->name; what comes is given to resolver_answered. -1: too many wait already. */
int upstream_ask(struct resolver *resolver, const struct asker *asker,
		 const struct dns_query *query, int64_t now);
int upstream_handle(struct resolver *resolver, struct pending *pending, int64_t now,
		    struct error *err);
int upstream_tick(struct resolver *resolver, struct pending *pending, int64_t now,
		  struct error *err);
void upstream_close(struct pending *pending);

/* The end of a question: answer is NULL when no upstream had one; deny: what the names on the way
 * of aliases are denied. */
int resolver_answered(struct resolver *resolver, const struct asker *asker,
		      const struct dns_query *query, const struct dns_answer *answer, uint64_t deny,
		      int64_t now, struct error *err);

/* Tags: which of them, and its index. */
enum { TAG_UDP = 1, TAG_TCP, TAG_PENDING, TAG_CLIENT, TAG_CONTROL };
uint64_t resolver_tag(unsigned kind, size_t index);
int resolver_watch(const struct resolver *resolver, int fd, uint64_t tag, uint32_t events,
		   bool anew);

#endif
