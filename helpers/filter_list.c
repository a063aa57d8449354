/*
 * Reads the lists: see filter_list.h. Names and numbers of system calls come from libseccomp,
 * constants from the system's headers, so a list says the same on every architecture.
 */
#include "filter_list.h"

#include <err.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { LINE_MAX_LENGTH = 256, DEPTH_MAX = 4 };

struct word {
	const char *name;
	uint32_t value;
};

static const struct word constants[] = {
	{"ADDR_NO_RANDOMIZE", ADDR_NO_RANDOMIZE},
	{"AF_INET", AF_INET},
	{"AF_INET6", AF_INET6},
	{"AF_NETLINK", AF_NETLINK},
	{"AF_UNIX", AF_UNIX},
	{"IPPROTO_ICMP", IPPROTO_ICMP},
	{"IPPROTO_ICMPV6", IPPROTO_ICMPV6},
	{"IPPROTO_TCP", IPPROTO_TCP},
	{"IPPROTO_UDP", IPPROTO_UDP},
	{"NETLINK_ROUTE", NETLINK_ROUTE},
	{"PER_LINUX32", PER_LINUX32},
	{"SOCK_DGRAM", SOCK_DGRAM},
	{"SOCK_RAW", SOCK_RAW},
	{"SOCK_STREAM", SOCK_STREAM},
	{"S_IFIFO", S_IFIFO},
	{"S_IFMT", S_IFMT},
	{"S_IFREG", S_IFREG},
	{"S_IFSOCK", S_IFSOCK},
	{"TIOCLINUX", TIOCLINUX},
	{"TIOCSETD", TIOCSETD},
	{"TIOCSTI", TIOCSTI},
	{"UNAME26", UNAME26},
	{NULL, 0},
};

static const struct word actions[] = {
	{"allow", SECCOMP_RET_ALLOW},
	{"EAFNOSUPPORT", SECCOMP_RET_ERRNO | EAFNOSUPPORT},
	{"ENOSYS", SECCOMP_RET_ERRNO | ENOSYS},
	{"EPERM", SECCOMP_RET_ERRNO | EPERM},
	{"EPROTONOSUPPORT", SECCOMP_RET_ERRNO | EPROTONOSUPPORT},
	{NULL, 0},
};

/* Where the reader stands: one line, taken word by word. */
struct reader {
	struct filter_list *list;
	const char *path;
	int line, depth;
	char *rest;
};

static void read_file(struct filter_list *list, const char *path, int depth);

static _Noreturn void refuse(const struct reader *reader, const char *what, const char *word)
{
	errx(1, "%s:%d: %s: %s", reader->path, reader->line, what, word ? word : "(end of line)");
}

static char *next_word(struct reader *reader)
{
	char *word;

	do
		word = strsep(&reader->rest, " \t");
	while (word && !*word);
	return word;
}

static const struct word *find_word(const struct word *words, const char *name)
{
	for (; words->name; words++)
		if (strcmp(words->name, name) == 0)
			return words;
	return NULL;
}

/* A number or a constant, or several joined by |. */
static uint32_t parse_value(const struct reader *reader, char *text)
{
	uint32_t value = 0;

	for (char *part; (part = strsep(&text, "|"));) {
		const struct word *constant = find_word(constants, part);
		char *end;
		unsigned long long number = strtoull(part, &end, 0);

		if (constant)
			number = constant->value;
		else if (!*part || *end || number > UINT32_MAX)
			refuse(reader, "no such value", part);
		value |= (uint32_t)number;
	}
	return value;
}

static unsigned parse_argument(const struct reader *reader, const char *word)
{
	if (!word || strncmp(word, "arg", 3) != 0 || word[3] < '0' || word[3] > '5' || word[4])
		refuse(reader, "expected arg0 to arg5", word);
	return (unsigned)(word[3] - '0');
}

/* argN [& MASK] in VALUE... ; returns the word after it, NULL or "and" */
static char *parse_condition(struct reader *reader, struct filter_condition *condition)
{
	condition->argument = parse_argument(reader, next_word(reader));
	condition->mask = UINT32_MAX;

	char *word = next_word(reader);
	if (word && strcmp(word, "&") == 0) {
		word = next_word(reader);
		if (!word)
			refuse(reader, "expected a mask", word);
		condition->mask = parse_value(reader, word);
		word = next_word(reader);
	}
	if (!word || (strcmp(word, "in") != 0 && strcmp(word, "==") != 0))
		refuse(reader, "expected 'in' or '=='", word);
	bool single = word[0] == '=';

	while ((word = next_word(reader)) && strcmp(word, "and") != 0) {
		if (condition->values_count == (single ? 1 : FILTER_VALUES_MAX))
			refuse(reader, "too many values", word);
		uint32_t value = parse_value(reader, word);
		if (value & ~condition->mask)
			refuse(reader, "the mask never leaves this value", word);
		condition->values[condition->values_count++] = value;
	}
	if (condition->values_count == 0)
		refuse(reader, "expected a value", word);
	return word;
}

static void parse_conditions(struct reader *reader, struct filter_rule *rule)
{
	char *word;

	do {
		if (rule->conditions_count == FILTER_CONDITIONS_MAX)
			refuse(reader, "too many conditions", rule->name);
		word = parse_condition(reader, &rule->conditions[rule->conditions_count++]);
	} while (word);
}

static bool is_native(const char *architecture)
{
	return seccomp_arch_resolve_name(architecture) == seccomp_arch_native();
}

/* NAME, NAME=NUMBER or NAME=NUMBER@ARCHITECTURE, where libseccomp's own number has to agree. */
static void parse_call(const struct reader *reader, struct filter_rule *rule, char *word)
{
	char *name = strsep(&word, "=");
	int known = seccomp_syscall_resolve_name(name);

	rule->name = strdup(name);
	if (!rule->name)
		err(1, "memory");
	rule->number = known;
	if (!word) {
		if (known == __NR_SCMP_ERROR)
			refuse(reader, "libseccomp knows no such call", name);
		return; /* a negative number stands for a call other architectures have */
	}

	char *number = strsep(&word, "@"), *end;
	long given = strtol(number, &end, 10);
	if (*end || given < 0 || given > 0xffff)
		refuse(reader, "no number of a call", number);
	if (word && seccomp_arch_resolve_name(word) == 0)
		refuse(reader, "no such architecture", word);
	rule->number = !word || is_native(word) ? (int)given : __NR_SCMP_ERROR;
	if (known >= 0 && rule->number >= 0 && known != rule->number)
		refuse(reader, "libseccomp has another number for it", name);
}

/* The first line about a call drops what an included list says about it. */
static void add_rule(struct filter_list *list, const struct filter_rule *rule)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (list->rules[i].depth <= rule->depth ||
		    strcmp(list->rules[i].name, rule->name) != 0)
			list->rules[kept++] = list->rules[i];
	list->count = kept;
	if (list->count == FILTER_RULES_MAX)
		errx(1, "too many rules: raise FILTER_RULES_MAX");
	list->rules[list->count++] = *rule;
}

static void parse_include(struct reader *reader)
{
	char *name = next_word(reader), path[4096];
	const char *slash = strrchr(reader->path, '/');
	int directory = slash ? (int)(slash - reader->path) + 1 : 0;

	if (!name || next_word(reader))
		refuse(reader, "include takes one name", name);
	for (size_t i = 0; i < reader->list->count; i++)
		if (reader->list->rules[i].depth <= reader->depth)
			refuse(reader, "include comes before all rules", name);
	if (reader->depth == DEPTH_MAX)
		refuse(reader, "includes too deep", name);
	snprintf(path, sizeof path, "%.*s%s.list", directory, reader->path, name);
	read_file(reader->list, path, reader->depth + 1);
}

static void parse_line(struct reader *reader)
{
	struct filter_rule rule = {
		.action = SECCOMP_RET_ALLOW, .depth = reader->depth, .line = reader->line};
	char *word = next_word(reader);

	if (!word)
		return;
	if (strcmp(word, "include") == 0) {
		parse_include(reader);
		return;
	}
	parse_call(reader, &rule, word);
	if ((word = next_word(reader))) {
		const struct word *action = find_word(actions, word);
		if (!action)
			refuse(reader, "no such action", word);
		rule.action = action->value;
		if ((word = next_word(reader)) && strcmp(word, "if") != 0)
			refuse(reader, "expected 'if'", word);
		if (word)
			parse_conditions(reader, &rule);
	}
	add_rule(reader->list, &rule);
}

static void read_file(struct filter_list *list, const char *path, int depth)
{
	struct reader reader = {.list = list, .path = path, .depth = depth};
	char line[LINE_MAX_LENGTH];
	FILE *file = fopen(path, "re");

	if (!file)
		err(1, "%s", path);
	while (fgets(line, sizeof line, file)) {
		reader.line++;
		if (!strchr(line, '\n'))
			refuse(&reader, "line too long or without end", line);
		line[strcspn(line, "#\n")] = '\0';
		reader.rest = line;
		parse_line(&reader);
	}
	if (ferror(file))
		err(1, "%s", path);
	fclose(file);
}

/* By number; within a call the lines keep their order, and no file but one speaks about a call. */
static int compare_rules(const void *a, const void *b)
{
	const struct filter_rule *left = a, *right = b;

	if (left->number != right->number)
		return left->number < right->number ? -1 : 1;
	return left->line - right->line;
}

/* The last rule of a call answers whatever is left, the ones before it do not. */
static void check_order(const struct filter_list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct filter_rule *rule = &list->rules[i];
		bool last = i + 1 == list->count || rule[1].number != rule->number;

		if (last != (rule->conditions_count == 0))
			errx(1, "%s: %s (line %d of its list): %s", path, rule->name, rule->line,
			     last ? "the last line about it must have no condition"
				  : "a line without condition, or a second name, before the last");
		if (!last && strcmp(rule->name, rule[1].name) != 0)
			errx(1, "%s: %s and %s are both number %lld", path, rule->name,
			     rule[1].name, (long long)rule->number);
	}
}

void filter_list_read(struct filter_list *list, const char *path)
{
	size_t kept = 0;

	list->count = 0;
	read_file(list, path, 0);
	for (size_t i = 0; i < list->count; i++)
		if (list->rules[i].number >= 0)
			list->rules[kept++] = list->rules[i];
	list->count = kept;
	qsort(list->rules, list->count, sizeof list->rules[0], compare_rules);
	check_order(list, path);
}
