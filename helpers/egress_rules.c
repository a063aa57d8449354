/*
 * The packet rules: see egress_rules.h. Who judges a packet that leaves:
 *
 *   output     what needs no judgement: the kernel's own packets, the loopback, the helper's own
 *              queries, connections that were allowed once
 *   decide     the policy: deny, single addresses, never, ranges, names
 *   refuse     counts, then says no at once, so that nobody waits for a time-out
 *
 * Two things here are not obvious. An IPv6 socket may be bound to an address that is not ours
 * (IPV6_FREEBIND asks for no privilege), and with it the payload could play both ends of a
 * "connection" over lo, or the far end of one that is allowed, and have its packets to anywhere
 * pass as established: so what does not come from an address of our own is dropped first. And the
 * source port of one of the helper's queries may be taken over once the helper has closed it: so
 * packets to a name server that lack the mark are judged anew, established or not.
 */
#include "egress_rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- the text of the table ---- */

static const char *ip(int family)
{
	return family == AF_INET ? "ip" : "ip6";
}

static char digit(int family)
{
	return family == AF_INET ? '4' : '6';
}

static const int families[] = {AF_INET, AF_INET6};

/* What a rule for these ports begins with. Numbers: names would be looked up in files. */
static void write_spec(FILE *out, const struct port_spec *spec)
{
	if (!spec->protocol)
		return;
	fprintf(out, "meta l4proto %d ", spec->protocol);
	if (spec->first == spec->last)
		fprintf(out, "th dport %u ", spec->first);
	else if (spec->first != 0)
		fprintf(out, "th dport %u-%u ", spec->first, spec->last);
}

static void write_prefix(FILE *out, const struct prefix *prefix)
{
	char text[ADDRESS_TEXT];

	fputs(address_text(&prefix->base, text), out);
	if (prefix->bits != address_bits(&prefix->base))
		fprintf(out, "/%u", prefix->bits);
}

static bool is_single(const struct prefix *prefix)
{
	return prefix->bits == address_bits(&prefix->base);
}

/* Never both in one set, where they would overlap. */
enum which { SINGLE, RANGE };

/* One rule for each port specification and family: those address rules, then what is done. */
static void write_addresses(FILE *out, const struct policy *policy, bool deny, enum which which,
			    const char *what)
{
	const struct address_rule *open = NULL;

	for (size_t i = 0; i < policy->addresses_count; i++) {
		const struct address_rule *rule = &policy->addresses[i];
		int family = rule->prefix.base.family;

		if (rule->deny != deny || which != (is_single(&rule->prefix) ? SINGLE : RANGE))
			continue;
		if (open && open->spec == rule->spec && open->prefix.base.family == family) {
			fputs(", ", out);
		} else {
			if (open)
				fprintf(out, " } %s\n", what);
			fputs("\t\t", out);
			write_spec(out, &policy->specs[rule->spec]);
			fprintf(out, "%s daddr { ", ip(family));
			open = rule;
		}
		write_prefix(out, &rule->prefix);
	}
	if (open)
		fprintf(out, " } %s\n", what);
}

static void write_never(FILE *out, const struct policy *policy)
{
	for (size_t f = 0; f < 2; f++) {
		const char *before = "";

		for (size_t i = 0; i < policy->never_count; i++) {
			if (policy->never[i].base.family != families[f])
				continue;
			if (!*before)
				fprintf(out, "\t\t%s daddr { ", ip(families[f]));
			fputs(before, out);
			write_prefix(out, &policy->never[i]);
			before = ", ";
		}
		if (*before)
			fprintf(out, " } goto refuse\n");
	}
}

/* The sets of the names: n<spec>v4 and n<spec>v6 of those allowed, d<spec>v4 ... of those denied.
 */
static void write_sets(FILE *out, char letter, uint64_t specs)
{
	for (unsigned i = 0; i < POLICY_SPECS; i++)
		for (size_t f = 0; f < 2 && specs >> i & 1; f++)
			fprintf(out, "\tset %c%uv%c { type %sv%c_addr; size %d; }\n", letter, i,
				digit(families[f]), "ip", digit(families[f]), LEASES_MAX);
}

static void write_set_rules(FILE *out, const struct policy *policy, char letter, uint64_t specs,
			    const char *what)
{
	for (unsigned i = 0; i < POLICY_SPECS; i++) {
		for (size_t f = 0; f < 2 && specs >> i & 1; f++) {
			fputs("\t\t", out);
			write_spec(out, &policy->specs[i]);
			fprintf(out, "%s daddr @%c%uv%c %s\n", ip(families[f]), letter, i,
				digit(families[f]), what);
		}
	}
}

static void write_decide(FILE *out, const struct policy *policy)
{
	fputs("\tchain decide {\n", out);
	write_addresses(out, policy, true, SINGLE, "goto refuse");
	write_addresses(out, policy, true, RANGE, "goto refuse");
	write_set_rules(out, policy, 'd', policy->deny_sets, "goto refuse");
	write_addresses(out, policy, false, SINGLE, "accept");
	write_never(out, policy);
	if (policy->deny_only)
		fputs("\t\taccept\n", out);
	write_addresses(out, policy, false, RANGE, "accept");
	write_set_rules(out, policy, 'n', policy->allow_sets, "accept");
	fputs("\t\tgoto refuse\n\t}\n", out);
}

/* A set that is full counts nothing more; the counter counts on. */
static void write_refuse(FILE *out, bool conntrack)
{
	for (size_t f = 0; f < 2; f++) {
		char v = digit(families[f]);

		fprintf(out,
			"\tset r%c { type ipv%c_addr . inet_proto . inet_service; flags dynamic; "
			"size %d; counter; }\n"
			"\tset o%c { type ipv%c_addr . inet_proto; flags dynamic; size %d; "
			"counter; }\n",
			v, v, REFUSED_MAX, v, v, REFUSED_MAX);
	}
	fputs("\tcounter refused { }\n"
	      "\tchain refuse {\n",
	      out);
	/* What is left of a connection that is over: nobody asked for anything. */
	if (conntrack)
		fputs("\t\tct state invalid drop\n", out);
	fputs("\t\tcounter name refused\n", out);
	for (size_t f = 0; f < 2; f++)
		fprintf(out,
			"\t\tmeta l4proto { 6, 17 } add @r%c { %s daddr . meta l4proto . th dport "
			"}\n"
			"\t\tmeta l4proto != { 6, 17 } add @o%c { %s daddr . meta l4proto }\n",
			digit(families[f]), ip(families[f]), digit(families[f]), ip(families[f]));
	fputs("\t\tmeta l4proto 6 reject with tcp reset\n"
	      "\t\treject with icmpx admin-prohibited\n"
	      "\t}\n",
	      out);
}

/* lo is interface 1 in every network namespace (LOOPBACK_IFINDEX). */
static void write_output(FILE *out, const struct policy *policy, bool conntrack)
{
	char text[ADDRESS_TEXT];

	fputs("\tchain output {\n"
	      "\t\ttype filter hook output priority 0; policy drop;\n",
	      out);
	/* The kernel's own: the reset of a refused connection, which bears the far end's address;
	 * router and neighbour discovery, which may bear none. Reports of multicast membership are
	 * nobody's attempt, and hold an address that anybody may choose. */
	fputs(conntrack ? "\t\tct state related accept\n"
			: "\t\toif 1 fib daddr type local tcp flags & rst == rst accept\n",
	      out);
	fputs("\t\ticmpv6 type { 133, 135, 136 } accept\n"
	      "\t\ticmpv6 type { 131, 132, 143 } drop\n"
	      "\t\tip protocol 2 drop\n"
	      "\t\tfib saddr type != local drop\n"
	      "\t\toif 1 fib daddr type { local, broadcast, multicast } accept\n",
	      out);
	for (size_t i = 0; i < policy->upstreams_count; i++) {
		const struct address *upstream = &policy->upstreams[i];

		address_text(upstream, text);
		fprintf(out,
			"\t\tmeta mark 0x%" PRIx32
			" meta l4proto { 6, 17 } th dport 53 %s daddr %s "
			"accept\n"
			"\t\tmeta l4proto { 6, 17 } th dport 53 %s daddr %s goto decide\n",
			policy->mark, ip(upstream->family), text, ip(upstream->family), text);
	}
	/* A route of the sender's own leads elsewhere than the address says. */
	fputs("\t\tip hdrlength > 5 goto refuse\n"
	      "\t\texthdr rt exists goto refuse\n",
	      out);
	if (conntrack)
		fputs("\t\tct state established accept\n", out);
	fputs("\t\tgoto decide\n\t}\n", out);
}

static void write_input(FILE *out, const struct policy *policy, bool conntrack)
{
	fputs("\tchain input {\n"
	      "\t\ttype filter hook input priority 0; policy drop;\n"
	      "\t\tiif 1 accept\n"
	      "\t\ticmpv6 type { 134, 135, 136 } accept\n",
	      out);
	if (conntrack)
		fputs("\t\tct state established,related accept\n", out);
	else
		fputs("\t\ttcp flags & (syn | ack) == syn drop\n\t\taccept\n", out);
	for (size_t i = 0; i < policy->published_count; i++) {
		fputs("\t\t", out);
		write_spec(out, &policy->published[i]);
		fputs("accept\n", out);
	}
	fputs("\t}\n", out);
}

void rules_write(FILE *out, const struct policy *policy, bool conntrack)
{
	/* add, so that there is one to delete. */
	fputs("add table inet sandbox\n"
	      "delete table inet sandbox\n"
	      "table inet sandbox {\n",
	      out);
	write_sets(out, 'n', policy->allow_sets);
	write_sets(out, 'd', policy->deny_sets);
	write_refuse(out, conntrack);
	write_decide(out, policy);
	write_output(out, policy, conntrack);
	write_input(out, policy, conntrack);
	fputs("\tchain forward { type filter hook forward priority 0; policy drop; }\n"
	      "}\n",
	      out);
}

/* ---- changes ---- */

/* Those of one kind for one set, as one command. */
static void write_changes_of(FILE *out, const struct changes *changes, bool add, bool deny,
			     unsigned spec, int family)
{
	char text[ADDRESS_TEXT];
	const char *before = "";

	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->list[i];

		if (change->add != add || change->deny != deny || !(change->specs >> spec & 1) ||
		    change->address.family != family)
			continue;
		if (!*before)
			fprintf(out, "%s element inet sandbox %c%uv%c { ", add ? "add" : "delete",
				deny ? 'd' : 'n', spec, digit(family));
		fprintf(out, "%s%s", before, address_text(&change->address, text));
		before = ", ";
	}
	if (*before)
		fputs(" }\n", out);
}

void changes_write(FILE *out, const struct changes *changes)
{
	uint64_t used = 0;

	for (size_t i = 0; i < changes->count; i++)
		used |= changes->list[i].specs;
	/* Deletions first: what makes room in a set is gone when the new comes. */
	for (int add = 0; add < 2; add++)
		for (unsigned spec = 0; spec < POLICY_SPECS; spec++)
			for (int kind = 0; kind < 4 && used >> spec & 1; kind++)
				write_changes_of(out, changes, add, kind & 1, spec,
						 families[kind >> 1]);
}

/* ---- libnftables ---- */

/* The first line of what libnftables has to say; what follows repeats our text. */
static void first_line(struct nft_ctx *nft, char *text, size_t size)
{
	const char *said = nft_ctx_get_error_buffer(nft);

	if (!said || !*said)
		said = "libnftables does not say why";
	snprintf(text, size, "%.*s", (int)strcspn(said, "\n"), said);
}

typedef void writer(FILE *out, const void *context);

static int run(struct rules *rules, writer *write, const void *context, const char *what,
	       struct error *err)
{
	char *text = NULL, why[256];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return fail(err, "%s", what);
	write(out, context);
	if (fclose(out) != 0) {
		free(text);
		return fail(err, "%s", what);
	}
	int result = nft_run_cmd_from_buffer(rules->nft, text);
	free(text);
	if (result == 0)
		return 0;
	first_line(rules->nft, why, sizeof why);
	return fail_because(err, "cannot %s: %s", what, why);
}

struct table {
	const struct policy *policy;
	bool conntrack;
};

static void write_table(FILE *out, const void *context)
{
	const struct table *table = context;

	rules_write(out, table->policy, table->conntrack);
}

static int load(struct rules *rules, const struct policy *policy, struct error *err)
{
	const struct table table = {policy, rules->conntrack};

	if (run(rules, write_table, &table, "load the packet rules", err) == 0)
		return 0;
	/* What one message to the kernel may hold is bounded for those who are not root outside
	 * (net.core.wmem_default), and in two it would not be one transaction. */
	if (strstr(err->text, strerror(EMSGSIZE)))
		return fail_remedy(err, "%s",
				   "there are too many addresses and ranges: about 5000 ranges or "
				   "12000 addresses fit;\nuse wider ranges, or names");
	return fail_remedy(err, "%s",
			   "the kernel must have nf_tables with fib, reject and counters, and let "
			   "user namespaces use it;\nlet root run: modprobe nf_tables nft_fib_inet "
			   "nft_reject_inet nft_ct");
}

int rules_open(struct rules *rules, const struct policy *policy, struct error *err)
{
	struct error without;

	/* Else the answers of what is published could go anywhere. */
	if (policy->stateless && policy->published_count)
		return fail_because(err, "ports cannot be published without connection tracking");
	rules->conntrack = !policy->stateless;
	rules->nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!rules->nft)
		return fail_because(err, "cannot start libnftables");
	nft_ctx_buffer_output(rules->nft);
	nft_ctx_buffer_error(rules->nft);
	nft_ctx_output_set_flags(rules->nft, NFT_CTX_OUTPUT_NUMERIC_ALL);
	int result = load(rules, policy, err);
	/* What a kernel says that lacks an expression. */
	if (result < 0 && strstr(err->text, strerror(ENOENT)) && rules->conntrack &&
	    !policy->published_count) {
		rules->conntrack = false;
		result = load(rules, policy, &without);
	}
	if (result < 0)
		rules_close(rules);
	return result;
}

void rules_close(struct rules *rules)
{
	if (rules->nft)
		nft_ctx_free(rules->nft);
	rules->nft = NULL;
}

static void write_changes(FILE *out, const void *changes)
{
	changes_write(out, changes);
}

int rules_apply(struct rules *rules, const struct changes *changes, struct error *err)
{
	if (changes->count == 0)
		return 0;
	return run(rules, write_changes, changes, "change the packet rules", err);
}

/* ---- what was refused ---- */

bool refused_parse(const char *text, struct refused *refused)
{
	char address[ADDRESS_TEXT];
	int used = 0;
	size_t length;

	text += strspn(text, " \t\n");
	length = strcspn(text, " ");
	if (length >= sizeof address)
		return false;
	snprintf(address, sizeof address, "%.*s", (int)length, text);
	text += length;
	refused->address.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	memset(refused->address.bytes, 0, sizeof refused->address.bytes);
	if (inet_pton(refused->address.family, address, refused->address.bytes) != 1)
		return false;
	refused->port = 0;
	if (sscanf(text, " . %d%n", &refused->protocol, &used) != 1)
		return false;
	text += used;
	if (strncmp(text, " . ", 3) == 0) {
		if (sscanf(text, " . %u%n", &refused->port, &used) != 1)
			return false;
		text += used;
	}
	return refused->port <= 65535 && refused->protocol >= 0 && refused->protocol <= 255 &&
	       sscanf(text, " counter packets %llu", &refused->packets) == 1;
}

static void write_list(FILE *out, const void *what)
{
	fprintf(out, "list %s\n", (const char *)what);
}

/* Between the braces of "elements = { ... }". */
static void parse_elements(char *text, refused_seen *seen, void *context)
{
	static const char begin[] = "elements = {";

	text = strstr(text, begin);
	if (!text)
		return;
	text += strlen(begin);
	text[strcspn(text, "}")] = '\0';
	for (char *element; (element = strsep(&text, ","));) {
		struct refused refused;

		if (refused_parse(element, &refused))
			seen(context, &refused);
	}
}

/* What nft lists, as a copy to take apart; NULL and err. */
static char *list(struct rules *rules, const char *what, struct error *err)
{
	if (run(rules, write_list, what, "read what was refused", err) < 0)
		return NULL;
	char *text = strdup(nft_ctx_get_output_buffer(rules->nft));
	if (!text)
		fail(err, "read what was refused");
	return text;
}

int rules_refused(struct rules *rules, refused_seen *seen, void *context, unsigned long long *all,
		  struct error *err)
{
	/* One command each: libnftables 1.0.6 fetches only the set of the last one. */
	static const char *const sets[] = {"set inet sandbox r4", "set inet sandbox r6",
					   "set inet sandbox o4", "set inet sandbox o6"};

	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
		char *text = list(rules, sets[i], err);

		if (!text)
			return -1;
		parse_elements(text, seen, context);
		free(text);
	}
	char *text = list(rules, "counter inet sandbox refused", err);
	if (!text)
		return -1;
	const char *packets = strstr(text, "packets ");
	*all = packets ? strtoull(packets + strlen("packets "), NULL, 10) : 0;
	free(text);
	return 0;
}
