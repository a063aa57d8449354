/*
 * parse_network: the values of the network options, text to value. Pure functions, like parse.h:
 * NULL when the text was understood, else a reason, a complete phrase.
 */
#ifndef PARSE_NETWORK_H
#define PARSE_NETWORK_H

#include "config.h"

/* What follows MODE: in --network: ipv6, cidr=A.B.C.D/N and mtu=N, divided by commas. Taken apart
 * in place. */
const char *parse_network_settings(char *text, struct network_settings *settings);

/* [IP:]HOST:INSIDE[/udp], where HOST and INSIDE may be ranges A-B of one length, and an IPv6
 * address stands in brackets. Leaves op->origin alone. */
const char *parse_publish(const char *text, struct publish_op *op);

/* PORT[/udp] */
const char *parse_host_port(const char *text, struct host_port_op *op);

/* PORT or PORT-PORT */
const char *parse_ports(const char *text, uint16_t *from, uint16_t *to);

/* An IPv4 or IPv6 address, in the form in which the kernel writes it. */
const char *parse_address(const char *text, char address[PARSE_ADDRESS_SIZE]);

/*
 * NAME | *.NAME | ADDRESS | CIDR, then [:PORT[-PORT]][/tcp|/udp]; an IPv6 address with a port
 * stands in brackets. Or a URL, of which the host and the port count. op->what is written to
 * buffer: names in small letters and without a final dot, networks without host bits. Leaves
 * op->deny and op->origin alone.
 */
const char *parse_egress(const char *text, struct egress_op *op, char buffer[PARSE_NAME_SIZE]);

/* A domain for the search list: checked and in small letters. */
const char *parse_domain(const char *text, char name[PARSE_NAME_SIZE]);

#endif
