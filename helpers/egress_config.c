/* The text of a policy, read line by line: see egress_policy.h and the head of egress.c. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "egress_policy.h"

enum { WORDS = 4 };

/* One line, in its words; those that are not there are NULL. */
struct line {
	char *words[WORDS + 1];
	size_t count;
	unsigned number;
};

/* A parser returns NULL or the reason, a static phrase that follows the line's number and word. */
typedef const char *(*directive)(struct policy *policy, const struct line *line);

static const char *const no_memory = "there is no memory";

/* Decimal digits and nothing else. */
static bool read_number(const char *text, unsigned long max, unsigned long *value)
{
	*value = 0;
	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		*value = *value * 10 + (unsigned long)(*text - '0');
		if (*value > max)
			return false;
	}
	return true;
}

/* Room for one more element in an array that doubles; NULL without memory. */
static void *grown(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return reallocarray(array, count ? count * 2 : 1, size);
}

/* ---- the parts of a rule ---- */

static const char *read_ports(char *text, struct port_spec *spec)
{
	unsigned long first, last;
	char *dash = strchr(text, '-');

	if (dash)
		*dash = '\0';
	if (!read_number(text, 65535, &first) ||
	    !read_number(dash ? dash + 1 : text, 65535, &last) || first == 0 || last < first)
		return "a port is 1 to 65535, a range of ports FIRST-LAST";
	spec->first = (uint16_t)first;
	spec->last = (uint16_t)last;
	return NULL;
}

/* [tcp|udp] [PORT[-PORT]] */
static const char *read_spec(char *const words[2], struct port_spec *spec)
{
	size_t i = 0;

	*spec = (struct port_spec){0, 0, 65535};
	if (words[0] && strcmp(words[0], "tcp") == 0)
		spec->protocol = IPPROTO_TCP, i++;
	else if (words[0] && strcmp(words[0], "udp") == 0)
		spec->protocol = IPPROTO_UDP, i++;
	else if (words[0])
		spec->protocol = IPPROTO_TCP;
	if (!words[i])
		return NULL;
	if (i == 0 && words[1])
		return "behind the port there is nothing more: [tcp|udp] [PORT[-PORT]]";
	return read_ports(words[i], spec);
}

static const char *intern_spec(struct policy *policy, const struct port_spec *spec, unsigned *index)
{
	for (*index = 0; *index < policy->specs_count; ++*index) {
		const struct port_spec *there = &policy->specs[*index];

		if (there->protocol == spec->protocol && there->first == spec->first &&
		    there->last == spec->last)
			return NULL;
	}
	if (policy->specs_count == POLICY_SPECS)
		return "there are more than 64 different ports and ranges of ports; use ranges";
	policy->specs[policy->specs_count++] = *spec;
	return NULL;
}

/* Bits behind the prefix are refused: 10.0.0.1/8 may have been meant for either. */
static const char *read_prefix(char *text, struct prefix *prefix)
{
	unsigned long bits;
	char *slash = strchr(text, '/');

	if (slash)
		*slash = '\0';
	if (!address_parse(text, &prefix->base))
		return "this is no address (IPv4 is written as such, not within IPv6)";
	prefix->bits = address_bits(&prefix->base);
	if (!slash)
		return NULL;
	if (!read_number(slash + 1, prefix->bits, &bits))
		return "behind the / there is the number of bits, up to 32 or 128";
	for (unsigned i = (unsigned)bits; i < prefix->bits; i++)
		if (prefix->base.bytes[i / 8] & 0x80 >> i % 8)
			return "this address has bits behind the prefix; write the first of the "
			       "range";
	prefix->bits = (unsigned)bits;
	return NULL;
}

/* Does text mean an address? A name's last label is not all digits (RFC 3696, 2). */
static bool looks_like_address(const char *text)
{
	size_t length = strlen(text), digits = 0;

	if (length > 0 && text[length - 1] == '.')
		length--;
	while (digits < length && text[length - digits - 1] >= '0' &&
	       text[length - digits - 1] <= '9')
		digits++;
	return strpbrk(text, ":/") || digits == length ||
	       (digits && text[length - digits - 1] == '.');
}

/* In place, behind an optional "*.". */
static const char *read_name(char *text, const char **name, bool *below)
{
	char form[NAME_SIZE];

	*below = strncmp(text, "*.", 2) == 0;
	text += *below ? 2 : 0;
	if (!policy_name_form(text, strlen(text), form))
		return "this is no host name: letters, digits, hyphens and dots, *. in front for "
		       "all names below it (international names in their xn-- form)";
	strcpy(text, form); /* never longer than it was */
	*name = text;
	return NULL;
}

/* ---- the directives ---- */

static const char *add_address(struct policy *policy, char *text, bool deny, unsigned spec)
{
	struct address_rule rule = {.deny = deny, .spec = spec};
	const char *why = read_prefix(text, &rule.prefix);

	if (why)
		return why;
	struct address_rule *rules =
		grown(policy->addresses, policy->addresses_count, sizeof *rules);
	if (!rules)
		return no_memory;
	policy->addresses = rules;
	rules[policy->addresses_count++] = rule;
	return NULL;
}

static const char *add_name(struct policy *policy, char *text, bool deny, unsigned spec)
{
	struct name_rule rule = {.deny = deny, .spec = spec};
	const char *why = read_name(text, &rule.name, &rule.below);

	if (why)
		return why;
	struct name_rule *rules = grown(policy->names, policy->names_count, sizeof *rules);
	if (!rules)
		return no_memory;
	policy->names = rules;
	rules[policy->names_count++] = rule;
	/* A name that is denied altogether is never resolved. */
	if (deny && policy->specs[spec].protocol != 0)
		policy->deny_sets |= UINT64_C(1) << spec;
	else if (!deny)
		policy->allow_sets |= UINT64_C(1) << spec;
	return NULL;
}

static const char *add_rule(struct policy *policy, const struct line *line, bool deny)
{
	struct port_spec spec;
	unsigned index;
	const char *why = read_spec(line->words + 2, &spec);

	if (!why)
		why = intern_spec(policy, &spec, &index);
	if (why)
		return why;
	return looks_like_address(line->words[1]) ? add_address(policy, line->words[1], deny, index)
						  : add_name(policy, line->words[1], deny, index);
}

static const char *read_allow(struct policy *policy, const struct line *line)
{
	policy->deny_only = false;
	return add_rule(policy, line, false);
}

static const char *read_deny(struct policy *policy, const struct line *line)
{
	return add_rule(policy, line, true);
}

static const char *read_never(struct policy *policy, const struct line *line)
{
	struct prefix prefix;
	const char *why = read_prefix(line->words[1], &prefix);

	if (why)
		return why;
	struct prefix *all = grown(policy->never, policy->never_count, sizeof *all);
	if (!all)
		return no_memory;
	policy->never = all;
	all[policy->never_count++] = prefix;
	return NULL;
}

static const char *read_mark(struct policy *policy, const struct line *line)
{
	char *end;
	unsigned long mark = strtoul(line->words[1], &end, 16);

	if (strncmp(line->words[1], "0x", 2) != 0 || *end || mark == 0 || mark > UINT32_MAX)
		return "a mark is 0x1 to 0xffffffff";
	policy->mark = (uint32_t)mark;
	return NULL;
}

static const char *read_listen(struct policy *policy, const struct line *line)
{
	if (!address_parse(line->words[1], &policy->listen) || policy->listen.family != AF_INET ||
	    policy->listen.bytes[0] != 127)
		return "this is no IPv4 loopback address";
	return NULL;
}

static const char *read_upstream(struct policy *policy, const struct line *line)
{
	struct address *next = &policy->upstreams[policy->upstreams_count];

	if (policy->upstreams_count == POLICY_UPSTREAMS)
		return "there are more than 8 name servers";
	if (!address_parse(line->words[1], next))
		return "this is no address";
	if (address_is_own(next))
		return "inside of the sandbox its own loopback is meant by this";
	policy->upstreams_count++;
	return NULL;
}

static const char *read_aliases(struct policy *policy, const struct line *line)
{
	(void)line;
	policy->aliases = true;
	return NULL;
}

static const char *read_stateless(struct policy *policy, const struct line *line)
{
	(void)line;
	policy->stateless = true;
	return NULL;
}

static const char *read_publish(struct policy *policy, const struct line *line)
{
	struct port_spec *next = &policy->published[policy->published_count];

	if (policy->published_count == POLICY_PUBLISHED)
		return "there are more than 64 published ports and ranges of ports; use ranges";
	policy->published_count++;
	return read_spec(line->words + 1, next);
}

static const char *read_search(struct policy *policy, const struct line *line)
{
	bool below;

	if (policy->search_count == POLICY_SEARCHED)
		return "there are more than 8 domains to search";
	return read_name(line->words[1], &policy->search[policy->search_count++], &below);
}

/* LEAST MOST GRACE, seconds. */
static const char *read_lease(struct policy *policy, const struct line *line)
{
	unsigned long values[3];

	for (size_t i = 0; i < 3; i++)
		if (!read_number(line->words[i + 1], 86400, &values[i]))
			return "these are three numbers of seconds, up to a day";
	if (values[0] > values[1])
		return "the least is more than the most";
	policy->ttl_least = (uint32_t)values[0];
	policy->ttl_most = (uint32_t)values[1];
	policy->grace = (uint32_t)values[2];
	return NULL;
}

static const struct {
	const char *name;
	directive read;
	size_t least, most; /* words, the directive's own left out */
} directives[] = {
	{"allow", read_allow, 1, 3},         {"deny", read_deny, 1, 3},
	{"never", read_never, 1, 1},         {"mark", read_mark, 1, 1},
	{"listen", read_listen, 1, 1},       {"upstream", read_upstream, 1, 1},
	{"aliases", read_aliases, 0, 0},     {"publish", read_publish, 1, 2},
	{"search", read_search, 1, 1},       {"lease", read_lease, 3, 3},
	{"stateless", read_stateless, 0, 0},
};

/* ---- the whole ---- */

static int compare_names(const void *left, const void *right)
{
	const struct name_rule *a = left, *b = right;

	return strcmp(a->name, b->name);
}

/* So that a prefix stands right before those within it. */
static int compare_prefixes(const void *left, const void *right)
{
	const struct prefix *a = left, *b = right;

	if (a->base.family != b->base.family)
		return a->base.family - b->base.family;
	int order = memcmp(a->base.bytes, b->base.bytes, sizeof a->base.bytes);
	return order ? order : (int)a->bits - (int)b->bits;
}

static int compare_addresses(const void *left, const void *right)
{
	const struct address_rule *a = left, *b = right;

	if (a->deny != b->deny)
		return a->deny - b->deny;
	if (a->spec != b->spec)
		return a->spec < b->spec ? -1 : 1;
	return compare_prefixes(&a->prefix, &b->prefix);
}

/* Does rule add nothing to earlier, which stands before it? A single address that is in a range
 * does: its rule stands before `never`. */
static bool is_within(const struct address_rule *rule, const struct address_rule *earlier)
{
	bool single = rule->prefix.bits == address_bits(&rule->prefix.base);

	return rule->deny == earlier->deny && rule->spec == earlier->spec &&
	       (!single || earlier->prefix.bits == rule->prefix.bits) &&
	       prefix_has(&earlier->prefix, &rule->prefix.base);
}

/* Sort, and leave out what is within another, since nft refuses sets that overlap. */
static void tidy_addresses(struct policy *policy)
{
	struct address_rule *rules = policy->addresses;
	size_t kept = 0,
	       range = 0; /* rules[range]: the range that was kept last, once there is one */

	if (policy->addresses_count)
		qsort(rules, policy->addresses_count, sizeof *rules, compare_addresses);
	for (size_t i = 0; i < policy->addresses_count; i++) {
		struct address_rule rule = rules[i];
		bool single = rule.prefix.bits == address_bits(&rule.prefix.base);

		if (kept > 0 && is_within(&rule, &rules[single ? kept - 1 : range]))
			continue;
		if (!single)
			range = kept;
		rules[kept++] = rule;
	}
	policy->addresses_count = kept;
}

static void tidy_never(struct policy *policy)
{
	size_t kept = 0;

	if (policy->never_count)
		qsort(policy->never, policy->never_count, sizeof *policy->never, compare_prefixes);
	for (size_t i = 0; i < policy->never_count; i++)
		if (kept == 0 || !prefix_has(&policy->never[kept - 1], &policy->never[i].base))
			policy->never[kept++] = policy->never[i];
	policy->never_count = kept;
}

static const char *read_line(struct policy *policy, const struct line *line)
{
	size_t words = line->count - 1;

	for (size_t i = 0; i < sizeof directives / sizeof directives[0]; i++) {
		if (strcmp(directives[i].name, line->words[0]) != 0)
			continue;
		if (words < directives[i].least || words > directives[i].most)
			return "the number of words is wrong";
		return directives[i].read(policy, line);
	}
	return "there is no such directive";
}

/* The next line's words, the text being cut into them. False at the end. */
static bool next_line(char **rest, struct line *line)
{
	char *text = strsep(rest, "\n");

	if (!text)
		return false;
	line->number++;
	line->count = 0;
	memset(line->words, 0, sizeof line->words);
	for (char *word; (word = strsep(&text, " \t"));)
		if (*word && line->count <= WORDS)
			line->words[line->count++] = word;
	return true;
}

static int read_lines(struct policy *policy, char *rest, struct error *err)
{
	struct line line = {.number = 0};

	while (next_line(&rest, &line)) {
		char said[64];

		if (line.count == 0 || line.words[0][0] == '#')
			continue;
		/* Before it is cut up further. */
		snprintf(said, sizeof said, "%s%s%s", line.words[0], line.words[1] ? " " : "",
			 line.words[1] ? line.words[1] : "");
		const char *why = read_line(policy, &line);
		if (why)
			return fail_because(err, "egress rules, line %u: %s: %s", line.number, said,
					    why);
	}
	return 0;
}

static int check_whole(const struct policy *policy, struct error *err)
{
	if (!policy->mark)
		return fail_because(err, "egress rules: there is no line `mark`");
	if (!policy->upstreams_count && (policy->names_count || policy->deny_only))
		return fail_because(
			err, "egress rules: names may be asked, but no name server is given");
	if (policy->deny_only && !policy->names_count && !policy->addresses_count)
		return fail_because(err, "egress rules: nothing is allowed and nothing denied");
	return 0;
}

int policy_parse(struct policy *policy, const char *text, size_t size, struct error *err)
{
	memset(policy, 0, sizeof *policy);
	policy->deny_only = true;
	policy->listen = (struct address){AF_INET, {127, 0, 0, 53}};
	policy->ttl_least = 30;
	policy->ttl_most = 3600;
	policy->grace = 180;
	if (size > POLICY_TEXT_MAX)
		return fail_because(err, "egress rules: they are longer than 1 MB");
	if (memchr(text, '\0', size))
		return fail_because(err, "egress rules: there is a NUL byte in them");
	policy->text = strndup(text, size);
	if (!policy->text)
		return fail(err, "copy the egress rules");
	int result = read_lines(policy, policy->text, err);
	if (result == 0)
		result = check_whole(policy, err);
	if (result < 0) {
		policy_free(policy);
		return -1;
	}
	if (policy->names_count)
		qsort(policy->names, policy->names_count, sizeof *policy->names, compare_names);
	tidy_addresses(policy);
	tidy_never(policy);
	return 0;
}
