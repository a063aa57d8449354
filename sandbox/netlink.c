/* Routes and routing rules: see netlink.h. */
#include "netlink.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Before the kernel's own rule for the main table, 32766. */
enum { PRIORITY_PASS = 100, PRIORITY_KEEP = 101, TABLE_KEPT = 100 };

struct request {
	struct nlmsghdr header;
	union {
		struct rtmsg route;
		struct fib_rule_hdr rule;
	} body;
	char attributes[128];
};

int netlink_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

int netlink_watch_routes(void)
{
	struct sockaddr_nl routes = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_ROUTE};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&routes, sizeof routes) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

void netlink_drain(int netlink)
{
	char any[4096];

	/* Too many at once (ENOBUFS) are some as well. */
	while (recv(netlink, any, sizeof any, 0) > 0)
		;
}

static void add(struct request *request, unsigned short type, const void *data, size_t size)
{
	struct rtattr *attribute =
		(struct rtattr *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = (unsigned short)RTA_LENGTH(size);
	memcpy(RTA_DATA(attribute), data, size);
	request->header.nlmsg_len =
		NLMSG_ALIGN(request->header.nlmsg_len) + (unsigned)RTA_ALIGN(attribute->rta_len);
}

/* Send it and wait for the kernel's word: 0, or -1 and errno. */
static int ask(int netlink, struct request *request)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[256];
	} answer;

	request->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
	if (send(netlink, request, request->header.nlmsg_len, 0) < 0)
		return -1;
	ssize_t got;
	do
		got = recv(netlink, &answer, sizeof answer, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;
	if (got < (ssize_t)(sizeof answer.header + sizeof answer.error.error) ||
	    answer.header.nlmsg_type != NLMSG_ERROR) {
		errno = EPROTO;
		return -1;
	}
	if (answer.error.error == 0 || answer.error.error == -EEXIST)
		return 0;
	errno = -answer.error.error;
	return -1;
}

static size_t address_size(int family)
{
	return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

static int keep(int netlink, int family, const void *address, unsigned prefix, int interface,
		unsigned char table)
{
	struct request request = {
		.header = {.nlmsg_type = RTM_NEWROUTE,
			   .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg))},
		.body.route = {.rtm_family = (unsigned char)family,
			       .rtm_dst_len = (unsigned char)prefix,
			       .rtm_table = table,
			       .rtm_protocol = RTPROT_STATIC,
			       .rtm_scope = RT_SCOPE_HOST,
			       .rtm_type = RTN_LOCAL},
	};
	const uint32_t metric = 1; /* beside 127.0.0.0/8 on lo, and behind it */

	add(&request, RTA_DST, address, address_size(family));
	add(&request, RTA_OIF, &interface, sizeof interface);
	add(&request, RTA_PRIORITY, &metric, sizeof metric);
	return ask(netlink, &request);
}

int netlink_keep(int netlink, int family, const void *address, unsigned prefix, int interface)
{
	return keep(netlink, family, address, prefix, interface, RT_TABLE_LOCAL);
}

static int add_rule(int netlink, int family, const void *address, unsigned char table,
		    uint32_t priority, unsigned char protocol, uint16_t port)
{
	struct fib_rule_port_range range = {port, port};
	struct request request = {
		.header = {.nlmsg_type = RTM_NEWRULE,
			   .nlmsg_len = NLMSG_LENGTH(sizeof(struct fib_rule_hdr))},
		.body.rule = {.family = (unsigned char)family,
			      .dst_len = (unsigned char)(address_size(family) * 8),
			      .table = table,
			      .action = FR_ACT_TO_TBL},
	};

	add(&request, FRA_DST, address, address_size(family));
	add(&request, FRA_PRIORITY, &priority, sizeof priority);
	if (port) {
		add(&request, FRA_IP_PROTO, &protocol, sizeof protocol);
		add(&request, FRA_DPORT_RANGE, &range, sizeof range);
	}
	return ask(netlink, &request);
}

int netlink_only_port(int netlink, int family, const void *address, uint16_t port, int interface)
{
	if (keep(netlink, family, address, (unsigned)address_size(family) * 8, interface,
		 TABLE_KEPT) < 0 ||
	    add_rule(netlink, family, address, RT_TABLE_MAIN, PRIORITY_PASS, IPPROTO_UDP, port) <
		    0 ||
	    add_rule(netlink, family, address, RT_TABLE_MAIN, PRIORITY_PASS, IPPROTO_TCP, port) < 0)
		return -1;
	return add_rule(netlink, family, address, TABLE_KEPT, PRIORITY_KEEP, 0, 0);
}
