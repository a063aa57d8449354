/* See filter_oci.h. */
#include "filter_oci.h"

#include <err.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>

/* JSON in a C string: a quote has a backslash. */
static void begin(FILE *out, const struct filter_rule *rule, uint32_t action)
{
	fprintf(out, "\t\"{\\\"names\\\":[\\\"%s\\\"],\\\"action\\\":\\\"%s\\\"", rule->name,
		action == SECCOMP_RET_ALLOW ? "SCMP_ACT_ALLOW" : "SCMP_ACT_ERRNO");
	if (action != SECCOMP_RET_ALLOW)
		fprintf(out, ",\\\"errnoRet\\\":%u", action & SECCOMP_RET_DATA);
}

static void write_argument(FILE *out, unsigned argument, uint64_t mask, uint64_t value)
{
	fprintf(out,
		"{\\\"index\\\":%u,\\\"value\\\":%llu,\\\"valueTwo\\\":%llu,"
		"\\\"op\\\":\\\"SCMP_CMP_MASKED_EQ\\\"}",
		argument, (unsigned long long)mask, (unsigned long long)value);
}

static void end(FILE *out)
{
	fputs("},\"\n", out);
}

/* Conditions hold one value each: a rule with sets is one for each choice. */
static void write_choices(FILE *out, const struct filter_rule *rule, uint64_t *chosen, size_t count)
{
	if (count < rule->conditions_count) {
		for (size_t i = 0; i < rule->conditions[count].values_count; i++) {
			chosen[count] = rule->conditions[count].values[i];
			write_choices(out, rule, chosen, count + 1);
		}
		return;
	}
	begin(out, rule, rule->action);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? "," : ",\\\"args\\\":[", out);
		write_argument(out, rule->conditions[i].argument, rule->conditions[i].mask,
			       chosen[i]);
	}
	fputs(count ? "]" : "", out);
	end(out);
}

/*
 * Everything but some values, where a call is allowed after these were refused: the binary tree of
 * all values, cut off where none of them is below.
 */
static void write_others(FILE *out, const struct filter_rule *refused, uint64_t mask,
			 uint64_t prefix)
{
	const struct filter_condition *condition = &refused->conditions[0];
	bool below = false;

	for (size_t i = 0; i < condition->values_count; i++)
		below |= (condition->values[i] & mask) == prefix;
	if (below && mask == UINT32_MAX)
		return;
	if (!below) {
		begin(out, refused, SECCOMP_RET_ALLOW);
		fputs(",\\\"args\\\":[", out);
		write_argument(out, condition->argument, mask, prefix);
		fputs("]", out);
		end(out);
		return;
	}
	uint64_t bit = UINT64_C(0x80000000);
	while (mask & bit)
		bit >>= 1;
	write_others(out, refused, mask | bit, prefix);
	write_others(out, refused, mask | bit, prefix | bit);
}

/* The rules of one call, of which the last has no condition. */
static bool write_call(FILE *out, const struct filter_rule *rules, size_t count)
{
	uint64_t chosen[FILTER_CONDITIONS_MAX];
	const struct filter_rule *last = &rules[count - 1];
	const uint32_t otherwise = SECCOMP_RET_ERRNO | ENOSYS;

	if (count > 1 && last->action == SECCOMP_RET_ALLOW) {
		if (count > 2 || rules->conditions_count != 1 ||
		    rules->conditions[0].mask != UINT32_MAX)
			errx(1, "%s: a profile of OCI's cannot say this", rules->name);
		write_choices(out, rules, chosen, 0);
		write_others(out, rules, 0, 0);
		return true;
	}
	bool allowed = false;
	for (size_t i = 0; i < count; i++) {
		bool refuses = rules[i].action != SECCOMP_RET_ALLOW;

		/* Two that overlap, or one without conditions, would not be tried in order. */
		if (refuses && allowed)
			return last->action == otherwise && i == count - 1;
		allowed |= !refuses;
		if (rules[i].action != otherwise)
			write_choices(out, &rules[i], chosen, 0);
	}
	return true;
}

void filter_oci_write(FILE *out, const struct filter_list *list)
{
	const char *untold[64] = {NULL};
	size_t untold_count = 0, from = 0;

	fputs("{\n", out);
	for (size_t i = 0; i < list->count; i++) {
		if (i + 1 < list->count && list->rules[i + 1].number == list->rules[i].number)
			continue;
		if (!write_call(out, &list->rules[from], i + 1 - from) && untold_count < 64)
			untold[untold_count++] = list->rules[from].name;
		from = i + 1;
	}
	fputs("\t\"\", \"", out);
	for (size_t i = 0; i < untold_count; i++)
		fprintf(out, "%s%s", i ? " " : "", untold[i]);
	fputs("\"}", out);
}
