/*
 * UDP: see relay.h. Each peer, that is an address that sends to a door, has a connected socket of
 * its own, so that what comes back on it can be told from what comes for others. There are at most
 * PEERS_MAX; the one that has been silent for longest makes room.
 *
 * What cannot be sent at once is lost, as datagrams may be. Epoll is level-triggered here.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "relay.h"

enum {
	PEERS_MAX = 1024,
	BUCKETS = 512,
	IDLE = 60 * 1000, /* milliseconds */
	TURN = 32,        /* datagrams before others have a turn */
};

/* Who sends, and to which address of ours: a reply must come from that one. */
struct route {
	const struct door *door;
	union address peer;
	socklen_t peer_size;
	socklen_t local_size; /* 0: the kernel chooses */
	union {
		struct in_pktinfo in;
		struct in6_pktinfo in6;
	} local;
};

struct peer {
	struct watch watch;
	int fd;        /* -1: the place is free */
	int which;     /* loopback address */
	bool answered; /* somebody is there */
	int64_t last;  /* when it was last heard of, in milliseconds */
	struct route route;
	struct peer *newer, *older; /* by `last`; older is the next of the free ones as well */
	struct peer *next;          /* in the bucket */
};

struct peers {
	struct peer peer[PEERS_MAX];
	struct peer *buckets[BUCKETS];
	struct peer *newest, *oldest, *free;
};

struct peers *udp_peers(void)
{
	struct peers *peers = calloc(1, sizeof *peers);

	for (size_t i = PEERS_MAX; peers && i-- > 0;) {
		peers->peer[i].fd = -1;
		peers->peer[i].older = peers->free;
		peers->free = &peers->peer[i];
	}
	return peers;
}

/* --- the table --- */

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static struct peer **bucket(struct peers *peers, const struct route *route)
{
	const unsigned char *byte = (const unsigned char *)&route->peer;
	uint32_t hash = 0x811c9dc5; /* FNV-1a; the table's size bounds what a bad one costs */

	for (socklen_t i = 0; i < route->peer_size; i++)
		hash = (hash ^ byte[i]) * 0x01000193;
	return &peers->buckets[(hash ^ hash >> 16) % BUCKETS];
}

static bool same(const struct route *left, const struct route *right)
{
	return left->door == right->door && left->peer_size == right->peer_size &&
	       left->local_size == right->local_size &&
	       memcmp(&left->peer, &right->peer, left->peer_size) == 0 &&
	       memcmp(&left->local, &right->local, left->local_size) == 0;
}

static void unlink_by_age(struct peers *peers, struct peer *peer)
{
	*(peer->newer ? &peer->newer->older : &peers->newest) = peer->older;
	*(peer->older ? &peer->older->newer : &peers->oldest) = peer->newer;
}

static void link_newest(struct peers *peers, struct peer *peer)
{
	peer->last = now();
	peer->newer = NULL;
	peer->older = peers->newest;
	*(peers->newest ? &peers->newest->newer : &peers->oldest) = peer;
	peers->newest = peer;
}

static void heard_of(struct peers *peers, struct peer *peer)
{
	unlink_by_age(peers, peer);
	link_newest(peers, peer);
}

static void forget(struct relay *relay, struct peer *peer)
{
	struct peers *peers = relay->peers;

	for (struct peer **at = bucket(peers, &peer->route); *at; at = &(*at)->next)
		if (*at == peer) {
			*at = peer->next;
			break;
		}
	unlink_by_age(peers, peer);
	close(peer->fd);
	peer->fd = -1;
	peer->older = peers->free;
	peers->free = peer;
	tcp_open_doors(relay);
}

int udp_expire(struct relay *relay)
{
	struct peers *peers = relay->peers;

	while (peers && peers->oldest) {
		int64_t left = peers->oldest->last + IDLE - now();

		if (left > 0)
			return (int)left;
		forget(relay, peers->oldest);
	}
	return -1;
}

/* --- from a peer's socket to the peer --- */

/* Lost when the door's socket takes nothing now, or the peer is gone. */
static void reply(const struct route *route, unsigned char *data, size_t size)
{
	char room[CMSG_SPACE(sizeof route->local)] __attribute__((aligned(8))) = {0};
	struct iovec vector = {data, size};
	struct msghdr message = {.msg_name = (void *)&route->peer,
				 .msg_namelen = route->peer_size,
				 .msg_iov = &vector,
				 .msg_iovlen = 1};

	if (route->local_size) {
		bool in6 = route->local_size == sizeof route->local.in6;

		message.msg_control = room;
		message.msg_controllen = CMSG_SPACE(route->local_size);
		struct cmsghdr *header = (struct cmsghdr *)room; /* cmsg(3): the first one */
		header->cmsg_level = in6 ? IPPROTO_IPV6 : IPPROTO_IP;
		header->cmsg_type = in6 ? IPV6_PKTINFO : IP_PKTINFO;
		header->cmsg_len = CMSG_LEN(route->local_size);
		memcpy(CMSG_DATA(header), &route->local, route->local_size);
	}
	(void)sendmsg(route->door->fd, &message, MSG_NOSIGNAL);
}

static void peer_ready(struct relay *relay, struct watch *watch, uint32_t events)
{
	struct peer *peer = (struct peer *)watch;

	(void)events;
	/* A place that was freed, or given to another, in this same turn has nothing to read. */
	for (int left = TURN; left > 0 && peer->fd >= 0; left--) {
		ssize_t got = recv(peer->fd, relay->buffer, RELAY_BUFFER, 0);

		if (got < 0 && errno == ECONNREFUSED)
			continue; /* of an earlier datagram: reading it has cleared it */
		if (got < 0)
			return;
		peer->answered = true;
		heard_of(relay->peers, peer);
		reply(&peer->route, relay->buffer, (size_t)got);
	}
}

/* --- from a peer to its socket --- */

static int connect_socket(int which, uint16_t port)
{
	union address address;
	socklen_t size;

	loopback_address(&address, &size, which, port);
	int fd = socket(address.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, &address.any, size) < 0 || connected_to_itself(fd, port)) {
		close(fd);
		errno = ECONNREFUSED;
		return -1;
	}
	return fd;
}

static int watch_peer(struct relay *relay, struct peer *peer)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = &peer->watch};

	return epoll_ctl(relay->epoll, EPOLL_CTL_ADD, peer->fd, &event);
}

/* To the other loopback address, if there is one. */
static bool switch_address(struct relay *relay, struct peer *peer)
{
	int fd = connect_socket(!peer->which, peer->route.door->port);

	if (fd < 0)
		return false;
	close(peer->fd);
	peer->fd = fd;
	peer->which = !peer->which;
	peer->answered = false;
	return watch_peer(relay, peer) == 0;
}

/* Has what was just sent been refused? The answer of a loopback address comes before send(2)
 * returns, as a rule; one that comes later is read with the next datagram. */
static bool refused(const struct peer *peer)
{
	int error = 0;
	socklen_t size = sizeof error;

	return !peer->answered && getsockopt(peer->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
	       error == ECONNREFUSED;
}

static void deliver(struct relay *relay, struct peer *peer, const unsigned char *data, size_t size)
{
	for (int tries = 0; tries < 2; tries++) {
		bool lost = send(peer->fd, data, size, MSG_NOSIGNAL) < 0 ? errno == ECONNREFUSED
									 : refused(peer);

		if (!lost || !switch_address(relay, peer))
			return;
	}
}

static struct peer *find(struct peers *peers, const struct route *route)
{
	struct peer *peer = *bucket(peers, route);

	while (peer && !same(&peer->route, route))
		peer = peer->next;
	return peer;
}

static struct peer *make_peer(struct relay *relay, const struct route *route)
{
	struct peers *peers = relay->peers;

	if (!peers->free)
		forget(relay, peers->oldest);
	int fd = connect_socket(0, route->door->port);
	if (fd < 0 && errno == EMFILE && peers->oldest) {
		forget(relay, peers->oldest);
		fd = connect_socket(0, route->door->port);
	}
	struct peer *peer = peers->free;
	if (fd < 0 || !peer)
		return NULL;
	struct peer **at = bucket(peers, route);
	peers->free = peer->older;
	*peer = (struct peer){.watch = {peer_ready}, .fd = fd, .route = *route, .next = *at};
	*at = peer;
	link_newest(peers, peer);
	if (watch_peer(relay, peer) == 0)
		return peer;
	forget(relay, peer);
	return NULL;
}

/* ip(7), RFC 3542, 6.2 */
static void read_local(struct route *route, struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);

	if (!header)
		return;
	if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
		memcpy(&route->local.in, CMSG_DATA(header), sizeof route->local.in);
		route->local.in.ipi_ifindex = 0; /* the way back is the routes' to choose */
		route->local.in.ipi_addr.s_addr = 0;
		route->local_size = sizeof route->local.in;
	} else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo *in6 = &route->local.in6;

		memcpy(in6, CMSG_DATA(header), sizeof *in6);
		if (!IN6_IS_ADDR_LINKLOCAL(&in6->ipi6_addr))
			in6->ipi6_ifindex = 0;
		if (!IN6_IS_ADDR_MULTICAST(&in6->ipi6_addr))
			route->local_size = sizeof *in6;
	}
}

/* -1: nothing there. */
static ssize_t receive(struct relay *relay, struct route *route)
{
	char room[CMSG_SPACE(sizeof route->local)] __attribute__((aligned(8)));
	struct iovec vector = {relay->buffer, RELAY_BUFFER};
	struct msghdr message = {.msg_name = &route->peer,
				 .msg_namelen = sizeof route->peer,
				 .msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = sizeof room};
	ssize_t got = recvmsg(route->door->fd, &message, 0);

	if (got < 0)
		return -1;
	route->peer_size = message.msg_namelen;
	read_local(route, &message);
	return got;
}

void udp_receive(struct relay *relay, struct watch *watch, uint32_t events)
{
	const struct door *door = (const struct door *)watch;

	(void)events;
	for (int left = TURN; left > 0; left--) {
		struct route route = {.door = door};
		ssize_t got = receive(relay, &route);

		if (got < 0)
			return;
		struct peer *peer = find(relay->peers, &route);
		if (peer)
			heard_of(relay->peers, peer);
		else
			peer = make_peer(relay, &route);
		if (peer)
			deliver(relay, peer, relay->buffer, (size_t)got);
	}
}
