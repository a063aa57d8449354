/* Text to value for limits: see parse_limits.h. Pure, as parse.c. */
#include "parse_limits.h"

#include <stdio.h>
#include <string.h>

#include "parse.h"

static const char not_span[] = "not a span of time: a number with ms, s, m, h or d, as in 1.5s";
static const char too_fine[] = "more than three decimals, or finer than a millisecond";

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * NUMBER[.DECIMALS] in thousandths, at most most of them; *rest is what follows. false where there
 * is no number; *fine is set when there are more decimals than three.
 */
static bool read_thousandths(const char *text, const char **rest, uint64_t most, uint64_t *value,
			     bool *fine)
{
	uint64_t number = 0;
	int decimals = -1; /* none yet, and no point either */

	if (!is_digit(*text))
		return false;
	*fine = false;
	for (; is_digit(*text) || (*text == '.' && decimals < 0); text++) {
		if (*text == '.') {
			decimals = 0;
			if (!is_digit(text[1]))
				return false;
			continue;
		}
		*fine |= decimals == 3;
		if (decimals >= 0 && decimals < 3)
			decimals++;
		else if (decimals == 3)
			continue;
		if (number <= most)
			number = number * 10 + (uint64_t)(*text - '0');
	}
	for (int i = decimals < 0 ? 0 : decimals; i < 3 && number <= most; i++)
		number *= 10;
	*value = number > most ? most + 1 : number;
	*rest = text;
	return true;
}

static uint64_t unit_milliseconds(const char *unit)
{
	static const struct {
		const char *name;
		uint64_t milliseconds;
	} units[] = {{"", 1000},   {"ms", 1},      {"s", 1000},
		     {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (strcmp(unit, units[i].name) == 0)
			return units[i].milliseconds;
	return 0;
}

const char *parse_span(const char *text, uint64_t *milliseconds)
{
	const uint64_t most = UINT64_C(36525) * 86400000;
	uint64_t thousandths, unit;
	const char *rest;
	bool fine;

	/* Small enough that no product below is more than 64 bits. */
	if (!read_thousandths(text, &rest, (most + 1) * 1000, &thousandths, &fine) ||
	    (unit = unit_milliseconds(rest)) == 0)
		return not_span;
	if (thousandths / 1000 > most / unit)
		return "the span of time is too long";
	if (fine || (thousandths % 1000 * unit) % 1000)
		return too_fine;
	*milliseconds = thousandths / 1000 * unit + thousandths % 1000 * unit / 1000;
	return *milliseconds > most ? "the span of time is too long" : NULL;
}

const char *parse_cpus(const char *text, uint32_t *thousandths)
{
	uint64_t value;
	const char *rest;
	bool fine;

	if (!read_thousandths(text, &rest, 10000 * 1000, &value, &fine) || *rest)
		return "not a number of CPUs, as in 2 or 0.5";
	if (fine)
		return "more than three decimals";
	if (value < 10 || value > 10000 * 1000)
		return "the number of CPUs must be from 0.01 to 10000";
	*thousandths = (uint32_t)value;
	return NULL;
}

/* The number at text, below LIMITS_CPUS, or -1; *rest is what follows. */
static int read_cpu(const char *text, const char **rest)
{
	int number = 0;

	if (!is_digit(*text))
		return -1;
	for (; is_digit(*text); text++) {
		number = number * 10 + (*text - '0');
		if (number >= LIMITS_CPUS)
			return -1;
	}
	*rest = text;
	return number;
}

const char *parse_cpuset(const char *text, struct cpu_list *list)
{
	static const char wrong[] = "not a list of CPUs below 1024, as in 0-3,5";

	*list = (struct cpu_list){.given = true};
	for (;;) {
		int first = read_cpu(text, &text);
		int last = first;

		if (first >= 0 && *text == '-')
			last = read_cpu(text + 1, &text);
		if (first < 0 || last < first)
			return wrong;
		for (int cpu = first; cpu <= last; cpu++)
			list->mask[cpu / 64] |= UINT64_C(1) << cpu % 64;
		if (!*text)
			return NULL;
		if (*text++ != ',')
			return wrong;
	}
}

const char *parse_whole(const char *text, int64_t least, int64_t most, int *value)
{
	bool negative = *text == '-';
	uint64_t number;
	const char *reason =
		parse_number(text + (negative || *text == '+'), UINT64_C(1) << 31, &number);
	int64_t given = reason ? 0 : negative ? -(int64_t)number : (int64_t)number;

	if (reason)
		return reason;
	if (given < least)
		return "the number is too small";
	if (given > most)
		return "the number is too large";
	*value = (int)given;
	return NULL;
}

const char *parse_print_span(uint64_t milliseconds, char text[PARSE_SPAN_SIZE])
{
	static const struct {
		const char *name;
		uint64_t milliseconds;
	} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
	size_t used = 0;

	snprintf(text, PARSE_SPAN_SIZE, "0s");
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (milliseconds < units[i].milliseconds)
			continue;
		used += (size_t)snprintf(text + used, PARSE_SPAN_SIZE - used, "%llu%s",
					 (unsigned long long)(milliseconds / units[i].milliseconds),
					 units[i].name);
		milliseconds %= units[i].milliseconds;
	}
	return text;
}

const char *parse_print_size(uint64_t bytes, char text[PARSE_SPAN_SIZE])
{
	static const char units[] = "kmgt";
	int unit = -1;

	while (bytes && bytes % 1024 == 0 && unit < 3) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, PARSE_SPAN_SIZE, "%llu%.*s", (unsigned long long)bytes, unit >= 0,
		 unit >= 0 ? units + unit : "");
	return text;
}

static bool has_cpu(const struct cpu_list *list, int cpu)
{
	return cpu < LIMITS_CPUS && list->mask[cpu / 64] >> cpu % 64 & 1;
}

/* 1024 numbers with what divides them: "0,2,4,...,1022" is the longest, half of that. */
const char *parse_print_cpus(const struct cpu_list *list, char text[PARSE_CPUS_SIZE])
{
	size_t used = 0;

	text[0] = '\0';
	for (int cpu = 0; cpu < LIMITS_CPUS; cpu++) {
		int first = cpu;

		if (!has_cpu(list, cpu))
			continue;
		while (has_cpu(list, cpu + 1))
			cpu++;
		used += (size_t)snprintf(text + used, PARSE_CPUS_SIZE - used, "%s%d",
					 used ? "," : "", first);
		if (cpu > first)
			used += (size_t)snprintf(text + used, PARSE_CPUS_SIZE - used, "-%d", cpu);
	}
	return text;
}
