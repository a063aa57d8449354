/*
 * What the files of the relay share; relay.c tells what it is and does.
 *
 * Everything runs in one thread and nothing blocks once relay_run() has begun. What epoll reports
 * on has a struct watch as its first member, so that an event's pointer says what to do with it.
 */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct relay;

struct watch {
	void (*ready)(struct relay *relay, struct watch *watch, uint32_t events);
};

/* One rule of the command line. */
struct rule {
	bool udp;
	uint16_t port;
	int fd; /* publish: what the supervisor has bound; host: -1 */
};

/* A socket that clients come to, and the port that they mean. */
struct door {
	struct watch watch;
	int fd;
	uint16_t port;
	bool udp;
};

enum {
	RELAY_BUFFER = 256 * 1024, /* a turn of TCP (relay_tcp.c), and more than a datagram */
};

struct connection; /* relay_tcp.c */
struct peers;      /* relay_udp.c */

struct relay {
	int epoll;
	int doors_epoll; /* the listening TCP sockets, in one descriptor that can be left out */
	struct watch doors_watch;
	bool doors_shut;
	struct watch exit_watch;
	int exit_fd;
	bool over;
	struct door *doors;
	size_t doors_count;
	struct connection *connections, *busy, *dead;
	struct peers *peers; /* NULL without a UDP door */
	unsigned char *buffer;
};

/* --- relay_address.c --- */

union address {
	struct sockaddr any;
	struct sockaddr_storage room;
};

enum { ADDRESSES = 2 };

/* The first (0) is 127.0.0.1, the second and last [::1]; false when `which` is beyond it. */
bool loopback_address(union address *address, socklen_t *size, int which, uint16_t port);

/*
 * Where nobody listens on a port that the kernel may choose for our side of a connection, it may
 * choose that very port and connect the socket to itself: with TCP by a simultaneous open (RFC
 * 9293, 3.5). So ask when a socket is connected.
 */
bool connected_to_itself(int fd, uint16_t port);

/* --- relay_inside.c: the sandbox's namespaces --- */

/* What leads into them: a pidfd (Linux 5.8), or two descriptors of /proc/PID/ns/user and net. */
struct inside {
	int user; /* or the pidfd */
	int net;  /* or -1 */
};

/* Enter them for good. -1 and errno. */
int inside_enter(const struct inside *inside);

/*
 * Listen on 127.0.0.1 and [::1] inside, for each rule, by way of a child that enters; the caller
 * stays where it is. Ends the program with a message when that fails. A kernel or namespace without
 * IPv6 has no [::1], and it is left out. doors has room for two a rule; returns how many there are.
 */
size_t inside_listen(const struct inside *inside, const struct rule *rules, size_t count,
		     struct door *doors);

/* --- relay_confine.c --- */

/* Close every descriptor above 2 but these count ones, which are sorted for it. */
void confine_descriptors(int *keep, size_t count);

/*
 * Give up everything but the descriptors and the system calls that the relay needs, and put
 * /dev/null on the standard streams. The last step of the set-up: ends the program when it fails.
 */
void confine(void);

/* --- relay_tcp.c --- */

/* The descriptor `doors_epoll` has events. */
void tcp_accept(struct relay *relay, struct watch *watch, uint32_t events);

/* A descriptor may be free again: accept again, if that was given up for want of one. */
void tcp_open_doors(struct relay *relay);

/* Go on with connections whose turn was over before their data, and free those that have ended. */
void tcp_turn(struct relay *relay);

/* The sandbox is over: pass on what has come, once, and reset what is not at its end. */
void tcp_last_turn(struct relay *relay);

/* --- relay_udp.c --- */

struct peers *udp_peers(void);

/* A door has datagrams. */
void udp_receive(struct relay *relay, struct watch *watch, uint32_t events);

/* Forget peers that have been silent; in how many milliseconds that is next to do, -1: never. */
int udp_expire(struct relay *relay);

#endif
