/* The values of the network options: see parse_network.h. */
#include "parse_network.h"

#include <arpa/inet.h>
#include <string.h>

#include "parse.h"

enum { NAME_MAX_BYTES = 253, LABEL_MAX_BYTES = 63 }; /* RFC 1035, 2.3.4 */

static const char *take_port(const char *text, size_t length, uint16_t *port)
{
	char digits[8];
	uint64_t value;

	if (length == 0 || length >= sizeof digits)
		return "a port is a number from 1 to 65535";
	memcpy(digits, text, length);
	digits[length] = '\0';
	if (parse_number(digits, 65535, &value) || value == 0)
		return "a port is a number from 1 to 65535";
	*port = (uint16_t)value;
	return NULL;
}

/* PORT or PORT-PORT */
static const char *take_ports(const char *text, size_t length, uint16_t *from, uint16_t *to)
{
	const char *dash = memchr(text, '-', length);
	size_t first = dash ? (size_t)(dash - text) : length;
	const char *reason = take_port(text, first, from);

	*to = *from;
	if (!reason && dash)
		reason = take_port(dash + 1, length - first - 1, to);
	if (!reason && *to < *from)
		reason = "the range of ports goes down";
	return reason;
}

const char *parse_ports(const char *text, uint16_t *from, uint16_t *to)
{
	return take_ports(text, strlen(text), from, to);
}

/* Cut a final /tcp or /udp off text[0..*length). */
static bool take_protocol(const char *text, size_t *length, enum protocol *protocol)
{
	if (*length >= 4 && memcmp(text + *length - 4, "/udp", 4) == 0)
		*protocol = PROTOCOL_UDP;
	else if (*length >= 4 && memcmp(text + *length - 4, "/tcp", 4) == 0)
		*protocol = PROTOCOL_TCP;
	else
		return false;
	*length -= 4;
	return true;
}

const char *parse_address(const char *text, char address[PARSE_ADDRESS_SIZE])
{
	unsigned char bytes[sizeof(struct in6_addr)];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	if (inet_pton(family, text, bytes) != 1)
		return "this is no IPv4 or IPv6 address";
	inet_ntop(family, bytes, address, PARSE_ADDRESS_SIZE);
	return NULL;
}

/* A name as DNS has it. One whose last part is a number would be taken for an address by somebody
 * else. */
static const char *take_name(const char *text, size_t length, char *out)
{
	size_t label = 0, last = 0;
	bool number = true;

	if (length > 0 && text[length - 1] == '.')
		length--;
	if (length == 0)
		return "the name is empty";
	if (length > NAME_MAX_BYTES)
		return "the name is longer than 253 bytes";
	for (size_t i = 0; i < length; i++) {
		char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];

		if (c == '.') {
			if (label == 0)
				return "the name has an empty part";
			last = i + 1;
			label = 0;
			number = true;
		} else if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' &&
			   c != '_') {
			return (unsigned char)c >= 0x80
				       ? "a name is ASCII: write its xn-- form"
				       : "a name has letters, digits, '-', '_' and dots only";
		} else if (++label > LABEL_MAX_BYTES) {
			return "a part of the name is longer than 63 bytes";
		} else {
			number &= c >= '0' && c <= '9';
		}
		out[i] = c;
	}
	if (label == 0)
		return "the name has an empty part";
	if (number || out[last] == '-')
		return "this is neither a name nor an address";
	out[length] = '\0';
	return NULL;
}

const char *parse_domain(const char *text, char name[PARSE_NAME_SIZE])
{
	return take_name(text, strlen(text), name);
}

static void clear_host_bits(unsigned char *bytes, size_t size, unsigned prefix)
{
	for (size_t i = 0; i < size; i++) {
		unsigned kept = prefix > i * 8 ? prefix - (unsigned)i * 8 : 0;

		if (kept < 8)
			bytes[i] &= (unsigned char)(0xff00 >> kept);
	}
}

/* ADDRESS or ADDRESS/PREFIX. Not an error but "no" where it is neither: then it may be a name. */
static bool take_network(const char *text, size_t length, char *out, const char **reason)
{
	char copy[PARSE_ADDRESS_SIZE + 4], address[PARSE_ADDRESS_SIZE];
	unsigned char bytes[sizeof(struct in6_addr)];
	uint64_t prefix;

	if (length >= sizeof copy)
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	char *slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	int family = strchr(copy, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(family, copy, bytes) != 1)
		return false;
	if (family == AF_INET6 && memcmp(bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0) {
		*reason = "this is an IPv4 address in the form of IPv6: write it as IPv4";
		return true;
	}
	unsigned most = family == AF_INET ? 32 : 128;
	prefix = most;
	if (slash && parse_number(slash, most, &prefix)) {
		*reason =
			"a network is ADDRESS/BITS, with at most 32 bits for IPv4 and 128 for IPv6";
		return true;
	}
	clear_host_bits(bytes, most / 8, (unsigned)prefix);
	inet_ntop(family, bytes, address, sizeof address);
	snprintf(out, PARSE_NAME_SIZE, prefix == most ? "%s" : "%s/%u", address, (unsigned)prefix);
	return true;
}

/* NAME, *.NAME, ADDRESS or CIDR */
static const char *take_what(const char *text, size_t length, struct egress_op *op, char *out)
{
	const char *reason = NULL;

	op->what = out;
	op->kind = EGRESS_ADDRESS;
	if (take_network(text, length, out, &reason))
		return reason;
	if (memchr(text, '/', length))
		return "this is no network: write ADDRESS/BITS";
	op->kind = EGRESS_NAME;
	if (length > 2 && memcmp(text, "*.", 2) == 0) {
		op->kind = EGRESS_BELOW;
		text += 2;
		length -= 2;
	}
	if (memchr(text, '*', length))
		return "'*' stands for the first parts of a name only, as in *.example.org";
	return take_name(text, length, out);
}

/* Where the port begins in text[0..length), or NULL when there is none; *what is what stands
 * before it. */
static const char *find_port(const char **text, size_t length, size_t *what, const char **reason)
{
	const char *start = *text;

	*what = length;
	if (*start == '[') {
		const char *end = memchr(start, ']', length);

		if (!end) {
			*reason = "a bracket is not closed";
			return NULL;
		}
		*text = start + 1;
		*what = (size_t)(end - start) - 1;
		if (end + 1 == start + length)
			return NULL;
		if (end[1] != ':')
			*reason = "what follows the bracket is no :PORT";
		return end + 2;
	}
	const char *colon = memchr(start, ':', length);
	if (!colon || memchr(colon + 1, ':', length - (size_t)(colon + 1 - start)))
		return NULL; /* none, or an IPv6 address as it is */
	*what = (size_t)(colon - start);
	return colon + 1;
}

/* scheme://host[:port][/...]: what a registry's setting holds. */
static const char *take_url(const char *text, const char *host, struct egress_op *op, char *out)
{
	size_t length = strcspn(host, "/?#"), name;
	const char *reason = NULL;
	bool plain = strncmp(text, "http://", 7) == 0 || strncmp(text, "sparse+http://", 14) == 0;

	if (!plain && strncmp(text, "https://", 8) != 0 &&
	    strncmp(text, "sparse+https://", 15) != 0)
		return "of URLs, those of http and https are understood";
	if (memchr(host, '@', length))
		return "the URL has a user name in it: give host and port alone";
	op->from = op->to = plain ? 80 : 443;
	op->protocol = PROTOCOL_TCP;
	const char *end = host + length, *port = find_port(&host, length, &name, &reason);
	if (!reason && port)
		reason = take_port(port, (size_t)(end - port), &op->from);
	op->to = op->from;
	return reason ? reason : take_what(host, name, op, out);
}

const char *parse_egress(const char *text, struct egress_op *op, char buffer[PARSE_NAME_SIZE])
{
	size_t length = strlen(text), what;
	const char *end, *port, *reason = NULL, *scheme = strstr(text, "://");

	op->protocol = PROTOCOL_ANY;
	op->from = op->to = 0;
	if (scheme)
		return take_url(text, scheme + 3, op, buffer);
	take_protocol(text, &length, &op->protocol);
	end = text + length;
	port = find_port(&text, length, &what, &reason);
	if (reason)
		return reason;
	if (port) {
		reason = take_ports(port, (size_t)(end - port), &op->from, &op->to);
		if (op->protocol == PROTOCOL_ANY)
			op->protocol = PROTOCOL_TCP;
	}
	return reason ? reason : take_what(text, what, op, buffer);
}

const char *parse_host_port(const char *text, struct host_port_op *op)
{
	size_t length = strlen(text);

	op->protocol = PROTOCOL_TCP;
	take_protocol(text, &length, &op->protocol);
	return take_port(text, length, &op->port);
}

static const char not_a_publish[] = "a published port is [IP:]HOST:INSIDE[/udp]";

const char *parse_publish(const char *text, struct publish_op *op)
{
	size_t length = strlen(text), size;
	char address[PARSE_ADDRESS_SIZE];
	uint16_t host_to, inside_to;
	const char *reason;

	op->protocol = PROTOCOL_TCP;
	strcpy(op->address, "127.0.0.1");
	take_protocol(text, &length, &op->protocol);
	const char *last = memrchr(text, ':', length);
	const char *before = last ? memrchr(text, ':', (size_t)(last - text)) : NULL;
	if (!last)
		return not_a_publish;
	if (before) {
		bool brackets = text[0] == '[' && before[-1] == ']';

		size = (size_t)(before - text) - (brackets ? 2 : 0);
		if (size >= sizeof address)
			return "the address is too long";
		memcpy(address, text + brackets, size);
		address[size] = '\0';
		if (!brackets && strchr(address, ':'))
			return "an IPv6 address stands in brackets: [::1]:8080:80";
		reason = parse_address(address, op->address);
		if (reason)
			return reason;
	}
	const char *host = before ? before + 1 : text;
	reason = take_ports(host, (size_t)(last - host), &op->host, &host_to);
	if (!reason)
		reason = take_ports(last + 1, (size_t)(text + length - last - 1), &op->inside,
				    &inside_to);
	if (reason)
		return reason;
	if (host_to - op->host != inside_to - op->inside)
		return "the two ranges of ports have different lengths";
	op->count = (uint16_t)(host_to - op->host + 1);
	return op->count > 1024 ? "more than 1024 ports in one range" : NULL;
}

static const char *take_cidr(const char *text, struct network_settings *settings)
{
	char copy[PARSE_ADDRESS_SIZE + 4];
	struct in_addr address;
	uint64_t prefix;
	char *slash;

	if (strlen(text) >= sizeof copy)
		return "cidr= is too long";
	strcpy(copy, text);
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	/* The addresses .2, .3 and .100 are the back end's. */
	if (!slash || inet_pton(AF_INET, copy, &address) != 1 || parse_number(slash, 25, &prefix) ||
	    prefix < 8)
		return "cidr= takes an IPv4 network with 8 to 25 bits, such as 10.0.2.0/24";
	settings->network = ntohl(address.s_addr);
	settings->prefix = (unsigned)prefix;
	if (settings->network & ~(UINT32_MAX << (32 - prefix)))
		return "cidr= has host bits set";
	if (settings->network >> 24 == 127 || settings->network >> 28 >= 14 ||
	    settings->network >> 24 == 0)
		return "cidr= is no network for hosts";
	return NULL;
}

const char *parse_network_settings(char *text, struct network_settings *settings)
{
	while (text) {
		char *word = strsep(&text, ",");
		uint64_t number;
		const char *reason = NULL;

		if (strcmp(word, "ipv6") == 0) {
			settings->ipv6 = true;
		} else if (strncmp(word, "cidr=", 5) == 0) {
			reason = take_cidr(word + 5, settings);
		} else if (strncmp(word, "mtu=", 4) == 0) {
			if (parse_number(word + 4, 65520, &number) || number < 1280)
				reason = "mtu= takes a number from 1280 to 65520";
			else
				settings->mtu = (unsigned)number;
		} else {
			reason = "the options of a network are ipv6, cidr= and mtu=";
		}
		if (reason)
			return reason;
	}
	return NULL;
}
