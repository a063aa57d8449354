/*
 * TCP: see relay.h. Each accepted connection (`near`) has one of ours (`far`), to 127.0.0.1, or to
 * [::1] when that is refused.
 *
 * Epoll is edge-triggered: what an end can do is remembered until a call says EAGAIN. So an end
 * that has hung up and is not read yet, because the other takes nothing, does not wake us for ever,
 * and a reset is seen at once whatever we are waiting for. A direction reads only when the other
 * end has taken everything, so what is held for an end is at most one buffer, allocated for as long
 * as it is held; a connection at rest has none.
 *
 * Bytes are copied, by recv(2) and send(2) through the one buffer of the process. splice(2) through
 * a pipe was measured beside it (iperf3 over loopback, two processors, Linux 6.18): with 256 KiB at
 * a time it took a sixth less processor time in the relay, 0.25 s for 0.30 a gigabyte, and carried
 * less, at best 15 Gbit/s for 19. 64 KiB at a time cost a fifth more than 256, 512 no less.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "relay.h"

enum {
	TURN = 16, /* buffers that a connection may move before the others have a turn */
	ACCEPTED_AT_ONCE = 16,
};

struct end {
	struct watch watch;
	struct connection *connection;
	int fd;
	bool readable, writable;
	bool hung;     /* the end of its data has come, perhaps behind data */
	bool ended;    /* and has been read */
	bool finished; /* the other's end has been passed on to it */
	/* What the other has sent and this has not taken: allocated, or NULL. */
	unsigned char *held;
	size_t held_start, held_size;
};

struct connection {
	struct end near, far;
	struct connection *next, **link; /* of relay->connections; then next of relay->dead */
	struct connection *next_busy;
	uint16_t port;
	int tried; /* addresses */
	bool connecting, is_busy, dead;
};

/* --- the doors --- */

/* No descriptors left: whoever comes waits in the kernel until a connection has ended. */
static void shut_doors(struct relay *relay)
{
	epoll_ctl(relay->epoll, EPOLL_CTL_DEL, relay->doors_epoll, NULL);
	relay->doors_shut = true;
}

void tcp_open_doors(struct relay *relay)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = &relay->doors_watch};

	if (relay->doors_shut &&
	    epoll_ctl(relay->epoll, EPOLL_CTL_ADD, relay->doors_epoll, &event) == 0)
		relay->doors_shut = false;
}

/* --- the end of a connection --- */

static void close_end(struct end *end, bool reset)
{
	/* socket(7): with a linger time of nothing close() sends RST. */
	struct linger none = {.l_onoff = 1, .l_linger = 0};

	if (end->fd < 0)
		return;
	if (reset)
		setsockopt(end->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close(end->fd);
	end->fd = -1;
	free(end->held);
	end->held = NULL;
}

/* It is freed after the turn: an event of the other end may still be on the way to it. */
static void end_connection(struct relay *relay, struct connection *connection, bool reset)
{
	close_end(&connection->near, reset);
	close_end(&connection->far, reset);
	*connection->link = connection->next;
	if (connection->next)
		connection->next->link = connection->link;
	connection->dead = true;
	connection->next = relay->dead;
	relay->dead = connection;
	tcp_open_doors(relay);
}

/* --- data --- */

/* After a failed call: 0 when it only would have blocked, which clears what it was thought to be.
 */
static int would_block(bool *able)
{
	if (errno == EINTR)
		return 0;
	*able = false;
	return errno == EAGAIN ? 0 : -1;
}

/* Send; what is not taken is not counted. -1: to is lost. */
static ssize_t give(struct end *to, const unsigned char *data, size_t size)
{
	ssize_t sent = to->writable ? send(to->fd, data, size, MSG_NOSIGNAL) : 0;

	if (sent < 0)
		return would_block(&to->writable);
	if ((size_t)sent < size)
		to->writable = false;
	return sent;
}

static int hold(struct end *to, const unsigned char *data, size_t size)
{
	to->held = malloc(size);
	if (!to->held)
		return -1;
	memcpy(to->held, data, size);
	to->held_start = 0;
	to->held_size = size;
	return 0;
}

static int give_held(struct end *to)
{
	ssize_t sent = give(to, to->held + to->held_start, to->held_size);

	if (sent <= 0)
		return (int)sent;
	to->held_start += (size_t)sent;
	to->held_size -= (size_t)sent;
	if (to->held_size == 0) {
		free(to->held);
		to->held = NULL;
	}
	return 1;
}

static int carry(struct relay *relay, struct end *from, struct end *to)
{
	ssize_t got = recv(from->fd, relay->buffer, RELAY_BUFFER, 0);

	if (got < 0)
		return would_block(&from->readable);
	if (got == 0) {
		from->ended = true;
		return 1;
	}
	/* Fewer than asked for is all there was (epoll(7)); an end that is behind them must be
	 * read, since no event will tell of it again. */
	if (got < RELAY_BUFFER && !from->hung)
		from->readable = false;
	ssize_t sent = give(to, relay->buffer, (size_t)got);
	if (sent < 0 || (sent < got && hold(to, relay->buffer + sent, (size_t)(got - sent)) < 0))
		return -1;
	return 1;
}

/* One step from one end to the other: 1 done, 0 nothing to do for now, -1 the connection is lost.
 */
static int pass(struct relay *relay, struct end *from, struct end *to)
{
	if (to->held)
		return give_held(to);
	if (from->ended && !to->finished) {
		to->finished = true;
		return shutdown(to->fd, SHUT_WR) < 0 ? -1 : 1;
	}
	if (from->ended || !from->readable || !to->writable)
		return 0;
	return carry(relay, from, to);
}

/* As far as it goes, or until its turn is over. */
static void serve(struct relay *relay, struct connection *connection)
{
	struct end *near = &connection->near, *far = &connection->far;

	for (int left = TURN; left > 0; left--) {
		int out = pass(relay, near, far);
		int back = out < 0 ? -1 : pass(relay, far, near);

		if (back < 0 || (near->finished && far->finished)) {
			end_connection(relay, connection, back < 0);
			return;
		}
		if (out == 0 && back == 0)
			return;
	}
	connection->is_busy = true;
	connection->next_busy = relay->busy;
	relay->busy = connection;
}

/* --- the beginning of a connection --- */

static void end_ready(struct relay *relay, struct watch *watch, uint32_t events);

static int watch_end(struct relay *relay, struct end *end)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
				    .data.ptr = &end->watch};
	int on = 1;

	/* What comes is a sender's whole write as a rule; to wait for more would only delay it. */
	setsockopt(end->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	end->watch.ready = end_ready;
	return epoll_ctl(relay->epoll, EPOLL_CTL_ADD, end->fd, &event);
}

static int open_far(int which)
{
	return socket(which ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Start on the next address that can be tried, if any: -1 when there is none left. */
static int try_next(struct relay *relay, struct connection *connection)
{
	union address address;
	socklen_t size;

	while (loopback_address(&address, &size, connection->tried++, connection->port)) {
		struct end *far = &connection->far;

		if (far->fd < 0)
			far->fd = open_far(address.any.sa_family == AF_INET6);
		if (far->fd >= 0 &&
		    (connect(far->fd, &address.any, size) == 0 || errno == EINPROGRESS))
			return watch_end(relay, far);
		if (far->fd >= 0)
			close(far->fd);
		far->fd = -1;
	}
	return -1;
}

/* The attempt has come to its end, well or not. */
static void connected(struct relay *relay, struct connection *connection)
{
	struct end *far = &connection->far;
	int error = 0;
	socklen_t size = sizeof error;

	getsockopt(far->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error == 0 && connected_to_itself(far->fd, connection->port))
		error = ECONNREFUSED;
	if (error == 0) {
		connection->connecting = false;
		return;
	}
	close_end(far, true);
	far->readable = far->writable = far->hung = false;
	if (error != ECONNREFUSED || try_next(relay, connection) < 0)
		end_connection(relay, connection, true);
}

static void end_ready(struct relay *relay, struct watch *watch, uint32_t events)
{
	struct end *end = (struct end *)watch;
	struct connection *connection = end->connection;

	if (connection->dead)
		return;
	end->readable |= (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
	end->hung |= (events & (EPOLLRDHUP | EPOLLHUP)) != 0;
	end->writable |= (events & EPOLLOUT) != 0;
	if (connection->connecting && end == &connection->far)
		connected(relay, connection);
	else if (events & EPOLLERR)
		end_connection(relay, connection, true);
	if (!connection->dead && !connection->connecting && !connection->is_busy)
		serve(relay, connection);
}

static void begin_connection(struct relay *relay, const struct door *door, int near, int far)
{
	struct connection *connection = calloc(1, sizeof *connection);
	int on = 1;

	if (!connection) {
		close(near);
		close(far);
		return;
	}
	/* So that a client that has vanished does not keep two descriptors for ever. */
	setsockopt(near, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	connection->near = (struct end){.connection = connection, .fd = near};
	connection->far = (struct end){.connection = connection, .fd = far};
	connection->port = door->port;
	connection->connecting = true;
	connection->next = relay->connections;
	connection->link = &relay->connections;
	if (connection->next)
		connection->next->link = &connection->next;
	relay->connections = connection;
	if (watch_end(relay, &connection->near) < 0 || try_next(relay, connection) < 0)
		end_connection(relay, connection, true);
}

/* The far socket comes first: who has been accepted must not be turned away for want of one. */
static void accept_one(struct relay *relay, struct door *door)
{
	int far = open_far(0);
	int near = far < 0 ? -1 : accept4(door->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (near >= 0) {
		begin_connection(relay, door, near, far);
		return;
	}
	int error = errno;
	if (far >= 0)
		close(far);
	if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM)
		shut_doors(relay);
	else if (error == EINVAL) /* it listens no longer, and would say so for ever */
		epoll_ctl(relay->doors_epoll, EPOLL_CTL_DEL, door->fd, NULL);
	/* All else is the client's, who has gone again (accept(2)). */
}

void tcp_accept(struct relay *relay, struct watch *watch, uint32_t events)
{
	struct epoll_event ready[ACCEPTED_AT_ONCE];
	int count = epoll_wait(relay->doors_epoll, ready, ACCEPTED_AT_ONCE, 0);

	(void)watch;
	(void)events;
	for (int i = 0; i < count && !relay->doors_shut; i++)
		accept_one(relay, ready[i].data.ptr);
}

/* --- turns --- */

void tcp_turn(struct relay *relay)
{
	struct connection *connection = relay->busy;

	relay->busy = NULL;
	while (connection) {
		struct connection *next = connection->next_busy;

		connection->is_busy = false;
		if (!connection->dead)
			serve(relay, connection);
		connection = next;
	}
	while (relay->dead) {
		connection = relay->dead;
		relay->dead = connection->next;
		free(connection);
	}
}

void tcp_last_turn(struct relay *relay)
{
	struct connection *next;

	for (struct connection *connection = relay->connections; connection; connection = next) {
		next = connection->next;
		connection->near.readable = connection->far.readable = true;
		connection->near.hung = connection->far.hung = true;
		if (!connection->connecting)
			serve(relay, connection);
		if (!connection->dead)
			end_connection(relay, connection, true);
	}
}
