/*
 * Any message, from a client or from a name server: what is understood of it is what the filter
 * may rely on, and what we write from it can be read again. Run by `make fuzz`.
 */
#include "egress_dns.h"
#include "fuzz.h"

static void require_form(const char *name)
{
	char form[NAME_SIZE];

	require(policy_name_form(name, strlen(name), form) && strcmp(form, name) == 0);
}

/* With the last bit of the first byte, names are followed. */
static bool may_follow(void *context, const char *name)
{
	const uint8_t *data = context;

	require_form(name);
	return data[0] & 1;
}

static void check_answer(const struct dns_answer *answer, uint16_t type)
{
	require(answer->rcode == 0 || answer->rcode == 3);
	require(answer->count <= DNS_ADDRESSES_MAX);
	require(answer->cut == 0 || answer->count == DNS_ADDRESSES_MAX);
	require(!answer->refused || answer->count == 0);
	for (size_t i = 0; i < answer->count; i++)
		require(answer->addresses[i].family == (type == 1 ? AF_INET : AF_INET6));
	require(answer->ttl <= INT32_MAX || answer->ttl == UINT32_MAX);
	if (answer->refused)
		require_form(answer->alias);
}

/* The reply with these addresses, read as a client does, says the same. */
static void check_reply(const struct dns_query *query, const struct dns_answer *answer)
{
	const struct dns_follow follow = {may_follow, (uint8_t[]){0}};
	unsigned char reply[DNS_REPLY_MAX];
	struct dns_answer again;
	size_t size = dns_build_reply(reply, DNS_REPLY_MAX, query, answer->rcode, answer->addresses,
				      answer->count, answer->ttl & INT32_MAX);

	require(size <= DNS_REPLY_MAX);
	require(dns_read_reply(reply, size, query->id, query->name, query->type, &follow, &again) ==
		DNS_REPLY_OK);
	require(again.count == answer->count && again.rcode == answer->rcode);
	for (size_t i = 0; i < again.count; i++)
		require(address_equal(&again.addresses[i], &answer->addresses[i]));
	size = dns_build_reply(reply, query->udp_size, query, 0, answer->addresses, answer->count,
			       1);
	require(size <= query->udp_size);
}

/* A message that is a reply, as the one to the question that stands in it. */
static void read_as_reply(const uint8_t *data, const unsigned char *message, size_t size,
			  const struct dns_query *query)
{
	const struct dns_follow follow = {may_follow, (void *)data};
	struct dns_answer answer;

	if (dns_read_reply(message, size, query->id, query->name, query->type, &follow, &answer) !=
	    DNS_REPLY_OK)
		return;
	check_answer(&answer, query->type);
	check_reply(query, &answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_query query;
	unsigned char *message, out[DNS_QUERY_MAX];

	if (size < 1)
		return 0;
	/* A copy that ends where its memory ends. */
	message = malloc(size);
	memcpy(message, data + 1, size - 1);
	int rcode = dns_read_query(message, size - 1, &query);
	require(rcode == -1 || rcode == 0 || rcode == 1 || rcode == 4 || rcode == 5);
	if (rcode >= 0) {
		require(query.udp_size >= DNS_UDP_MAX && query.udp_size <= DNS_EDNS_MAX);
		require(query.question_size <= DNS_QUESTION_MAX);
		require(dns_build_reply((unsigned char[DNS_REPLY_MAX]){0}, query.udp_size, &query,
					rcode, NULL, 0, 0) <= DNS_UDP_MAX);
	}
	if (rcode == 0 && query.is_host_name) {
		require_form(query.name);
		size_t built = dns_build_query(out, query.id, query.name, query.type);
		require(built > 0 && built <= sizeof out);
		struct dns_query again;
		require(dns_read_query(out, built, &again) == 0 &&
			strcmp(again.name, query.name) == 0 && again.type == query.type);
		if (query.type == 1 || query.type == 28) {
			message[2] |= 0x80;
			read_as_reply(data, message, size - 1, &query);
		}
	}
	free(message);
	return 0;
}
