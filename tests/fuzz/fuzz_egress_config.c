/*
 * Any text as a policy: what is accepted is what the rules rely on, and nothing of the text but
 * addresses and numbers gets into the text that nftables reads. Run by `make fuzz`.
 */
#include "egress_policy.h"
#include "egress_rules.h"
#include "fuzz.h"

static void check_prefix(const struct prefix *prefix)
{
	require(prefix->base.family == AF_INET || prefix->base.family == AF_INET6);
	require(prefix->bits <= address_bits(&prefix->base));
	require(prefix_has(prefix, &prefix->base));
}

/* nft refuses a set whose ranges overlap; single addresses have sets of their own. */
static void check_apart(const struct policy *policy)
{
	const struct address_rule *last[2] = {NULL, NULL};

	for (size_t i = 0; i < policy->addresses_count; i++) {
		const struct address_rule *rule = &policy->addresses[i];
		bool single = rule->prefix.bits == address_bits(&rule->prefix.base);
		const struct address_rule *before = last[single];

		require(!before || before->deny != rule->deny || before->spec != rule->spec ||
			!prefix_has(&before->prefix, &rule->prefix.base));
		last[single] = rule;
	}
	for (size_t i = 1; i < policy->never_count; i++)
		require(!prefix_has(&policy->never[i - 1], &policy->never[i].base));
}

static void check_policy(const struct policy *policy)
{
	char form[NAME_SIZE];

	require(policy->mark != 0 && policy->specs_count <= POLICY_SPECS);
	for (size_t i = 0; i < policy->specs_count; i++)
		require(policy->specs[i].first <= policy->specs[i].last);
	for (size_t i = 0; i < policy->names_count; i++) {
		const struct name_rule *rule = &policy->names[i];

		require(policy_name_form(rule->name, strlen(rule->name), form) &&
			strcmp(form, rule->name) == 0);
		require(rule->spec < policy->specs_count);
		require(i == 0 || strcmp(policy->names[i - 1].name, rule->name) <= 0);
		struct name_verdict verdict = policy_name(policy, rule->name);
		require(!(verdict.allow & ~policy->allow_sets));
		require(!(verdict.deny & ~policy->deny_sets));
		require(!(verdict.denied && verdict.allowed));
		require(rule->below || rule->deny || verdict.denied || verdict.allowed);
	}
	for (size_t i = 0; i < policy->addresses_count; i++) {
		check_prefix(&policy->addresses[i].prefix);
		require(policy->addresses[i].spec < policy->specs_count);
		require(policy->addresses[i].deny ||
			policy_gives_out(policy, &policy->addresses[i].prefix.base));
	}
	for (size_t i = 0; i < policy->never_count; i++)
		check_prefix(&policy->never[i]);
}

static void check_rules(const struct policy *policy, bool conntrack)
{
	static const char known[] = "abcdefghijklmnopqrstuvwxyz0123456789 \n\t{}@,.:;/&|=!<>()-_";
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	rules_write(out, policy, conntrack);
	fclose(out);
	require(strlen(text) == size && strspn(text, known) == size);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy policy;
	struct error err = {.text = ""};
	struct refused refused;
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	refused_parse(text, &refused);
	/* The text of a policy need not end in NUL: give it none. */
	char *exact = malloc(size ? size : 1);
	memcpy(exact, data, size);
	if (policy_parse(&policy, exact, size, &err) == 0) {
		check_policy(&policy);
		check_apart(&policy);
		check_rules(&policy, true);
		check_rules(&policy, false);
	} else {
		require(err.text[0] && !policy.text && !policy.names && !policy.addresses);
	}
	policy_free(&policy);
	free(exact);
	free(text);
	return 0;
}
