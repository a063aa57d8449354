/* The addresses behind a tap: see tap.h. */
#include "tap.h"

#include <arpa/inet.h>
#include <string.h>

bool tap_is_wanted(const struct config *config)
{
	return config->network == NETWORK_SLIRP4NETNS || config->network == NETWORK_PASTA;
}

static bool contains(uint32_t network, unsigned prefix, const char *text)
{
	struct in_addr address;

	return inet_pton(AF_INET, text, &address) == 1 &&
	       (ntohl(address.s_addr) ^ network) >> (32 - prefix) == 0;
}

static bool is_free(const struct host *host, uint32_t network, unsigned prefix)
{
	for (size_t i = 0; i < host->addresses_count; i++)
		if (contains(network, prefix, host->addresses[i]))
			return false;
	return true;
}

uint32_t tap_network(const struct plan *plan, unsigned *prefix)
{
	const struct network_settings *settings = &plan->config->network_settings;
	uint32_t network = 10u << 24 | 2u << 8; /* 10.0.2.0 */

	*prefix = 24;
	if (settings->prefix) {
		*prefix = settings->prefix;
		return settings->network;
	}
	for (int tries = 0; tries < 64 && !is_free(plan->host, network, *prefix); tries++)
		network += 256;
	return network;
}

static const char *address_text(struct plan *plan, uint32_t address)
{
	return arena_printf(&plan->arena, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
			    address >> 8 & 255, address & 255);
}

const char *tap_address(struct plan *plan, enum tap_host host)
{
	unsigned prefix;

	return address_text(plan, tap_network(plan, &prefix) + (uint32_t)host);
}

const char *tap_cidr(struct plan *plan)
{
	unsigned prefix;
	const char *network = address_text(plan, tap_network(plan, &prefix));

	return arena_printf(&plan->arena, "%s/%u", network, prefix);
}

bool tap_has(const struct plan *plan, const char *address)
{
	unsigned prefix;
	uint32_t network = tap_network(plan, &prefix);
	struct in6_addr wide;

	if (!strchr(address, ':'))
		return contains(network, prefix, address);
	return plan->host->slirp4netns && inet_pton(AF_INET6, address, &wide) == 1 &&
	       memcmp(&wide, "\xfd\0\0\0\0\0\0", 8) == 0;
}
