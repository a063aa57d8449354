/*
 * netlink: the few rtnetlink(7) requests that guard a network namespace of our own, each sent and
 * acknowledged. No library: four message kinds, and the launch links a C library alone.
 */
#ifndef NETLINK_H
#define NETLINK_H

#include <stdint.h>

/* A NETLINK_ROUTE socket of the current network namespace, close-on-exec. -1 and errno. */
int netlink_open(void);

/* A socket of the current network namespace that is readable when its IPv4 routes change;
 * netlink_drain reads what there is, of which nobody knows more than that. -1 and errno. */
int netlink_watch_routes(void);
void netlink_drain(int netlink);

/*
 * Make address/prefix the namespace's own, on the interface with this index: what is sent there
 * arrives here, and nowhere else. An unreachable route would not do: who names the interface with
 * SO_BINDTODEVICE or IP_PKTINFO, which takes no privilege (Linux 5.7), is let past it, in IPv4 to a
 * neighbour that the kernel then assumes (ip_route_output_key_hash_rcu), in IPv6 to the next route.
 * family is AF_INET or AF_INET6, address in network byte order. One that is there already is no
 * error.
 */
int netlink_keep(int netlink, int family, const void *address, unsigned prefix, int interface);

/*
 * Let TCP and UDP through to this port of address, and keep all else of it, by three routing rules
 * and a table of their own (ip-rule(8); ports in rules: Linux 4.17).
 */
int netlink_only_port(int netlink, int family, const void *address, uint16_t port, int interface);

#endif
