/* What a sandbox may reach: see egress_policy.h. Its text is read in egress_config.c. */
#include "egress_policy.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* ---- addresses ---- */

unsigned address_bits(const struct address *address)
{
	return address->family == AF_INET ? 32 : 128;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, address_bits(a) / 8) == 0;
}

bool prefix_has(const struct prefix *prefix, const struct address *address)
{
	unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;
	unsigned mask = 0xff00u >> rest & 0xff;

	if (prefix->base.family != address->family ||
	    memcmp(prefix->base.bytes, address->bytes, whole) != 0)
		return false;
	return rest == 0 || (address->bytes[whole] & mask) == (prefix->base.bytes[whole] & mask);
}

static const struct prefix mapped = {{AF_INET6, {[10] = 0xff, 0xff}}, 96};

bool address_parse(const char *text, struct address *address)
{
	memset(address, 0, sizeof *address);
	address->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(address->family, text, address->bytes) == 1 &&
	       !prefix_has(&mapped, address);
}

const char *address_text(const struct address *address, char out[ADDRESS_TEXT])
{
	return inet_ntop(address->family, address->bytes, out, ADDRESS_TEXT);
}

static const struct prefix special[] = {
	{{AF_INET, {0}}, 8},
	{{AF_INET, {10}}, 8},
	{{AF_INET, {100, 64}}, 10},
	{{AF_INET, {127}}, 8},
	{{AF_INET, {169, 254}}, 16},
	{{AF_INET, {172, 16}}, 12},
	{{AF_INET, {192, 0, 0}}, 24},
	{{AF_INET, {192, 168}}, 16},
	{{AF_INET, {198, 18}}, 15},
	{{AF_INET, {224}}, 4},
	{{AF_INET, {240}}, 4},
	{{AF_INET6, {0}}, 127}, /* :: and ::1 */
	{{AF_INET6, {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}},
	 48}, /* NAT64 of a site's own, RFC 8215 */
	{{AF_INET6, {0xfc}}, 7},
	{{AF_INET6, {0xfe, 0x80}}, 10},
	{{AF_INET6, {0xfe, 0xc0}}, 10},
	{{AF_INET6, {0xff}}, 8},
};

bool address_is_own(const struct address *address)
{
	static const struct prefix own = {{AF_INET6, {0}}, 127}; /* :: and ::1 */

	return address->family == AF_INET ? address->bytes[0] == 127 || address->bytes[0] == 0
					  : prefix_has(&own, address);
}

/* Where an IPv4 address is in an IPv6 address of these prefixes. */
static const struct {
	struct prefix prefix;
	unsigned at;
} carriers[] = {
	{{{AF_INET6, {0}}, 96}, 12},                      /* compatible */
	{{{AF_INET6, {[10] = 0xff, 0xff}}, 96}, 12},      /* mapped */
	{{{AF_INET6, {0x00, 0x64, 0xff, 0x9b}}, 96}, 12}, /* NAT64 */
	{{{AF_INET6, {0x20, 0x02}}, 16}, 2},              /* 6to4 */
};

static bool in_special(const struct address *address)
{
	for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
		if (prefix_has(&special[i], address))
			return true;
	return false;
}

bool address_is_special(const struct address *address)
{
	if (in_special(address))
		return true;
	for (size_t i = 0; i < sizeof carriers / sizeof carriers[0]; i++) {
		struct address carried = {.family = AF_INET};

		if (!prefix_has(&carriers[i].prefix, address))
			continue;
		memcpy(carried.bytes, address->bytes + carriers[i].at, 4);
		if (in_special(&carried))
			return true;
	}
	return false;
}

bool policy_gives_out(const struct policy *policy, const struct address *address)
{
	for (size_t i = 0; i < policy->addresses_count; i++)
		if (!policy->addresses[i].deny && prefix_has(&policy->addresses[i].prefix, address))
			return true;
	for (size_t i = 0; i < policy->never_count; i++)
		if (prefix_has(&policy->never[i], address))
			return false;
	/* Where everything may be reached, a name that leads there gives nothing away. */
	return policy->deny_only || !address_is_special(address);
}

/* ---- names ---- */

bool policy_name_form(const char *text, size_t length, char out[NAME_SIZE])
{
	size_t label = 0;

	if (length > 0 && text[length - 1] == '.')
		length--;
	if (length == 0 || length >= NAME_SIZE)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		/* By hand: isalnum and tolower ask the locale. */
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		label = c == '.' ? 0 : label + 1;
		if (c == '.' && (i == 0 || text[i - 1] == '.'))
			return false;
		if (label > 63 || !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
				    c == '_' || c == '.'))
			return false;
		out[i] = c;
	}
	out[length] = '\0';
	return label > 0;
}

/* The first rule of this name, or where it would stand. */
static size_t first_rule(const struct policy *policy, const char *name)
{
	size_t low = 0, high = policy->names_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(policy->names[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Add what the rules of exactly this name say. True when one denies it altogether. */
static bool add_rules(const struct policy *policy, const char *name, bool below,
		      struct name_verdict *verdict)
{
	for (size_t i = first_rule(policy, name);
	     i < policy->names_count && strcmp(policy->names[i].name, name) == 0; i++) {
		const struct name_rule *rule = &policy->names[i];

		if (rule->below != below)
			continue;
		if (rule->deny && policy->specs[rule->spec].protocol == 0)
			return true;
		*(rule->deny ? &verdict->deny : &verdict->allow) |= UINT64_C(1) << rule->spec;
	}
	return false;
}

struct name_verdict policy_name(const struct policy *policy, const char *name)
{
	struct name_verdict verdict = {0};
	bool denied = add_rules(policy, name, false, &verdict);

	for (const char *dot = strchr(name, '.'); dot && !denied; dot = strchr(dot + 1, '.'))
		denied = add_rules(policy, dot + 1, true, &verdict);
	if (denied)
		return (struct name_verdict){.denied = true};
	verdict.allowed = policy->deny_only || verdict.allow != 0;
	return verdict;
}

void policy_free(struct policy *policy)
{
	free(policy->text);
	free(policy->never);
	free(policy->names);
	free(policy->addresses);
	memset(policy, 0, sizeof *policy);
}
