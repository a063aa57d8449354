/* Text to value: see parse.h. Runs in the caller's process, before anything else happens. */
#include "parse.h"

#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "capability_names.h"

static const char empty[] = "the value is empty";
static const char too_large[] = "the number is too large";

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* strtoull takes blanks, signs and wraps "-1": the digits are read here instead. */
static const char *read_number(const char *text, size_t length, uint64_t max, uint64_t *value)
{
	uint64_t number = 0;

	if (length == 0)
		return "a number is missing";
	for (size_t i = 0; i < length; i++) {
		if (!is_digit(text[i]))
			return "not a decimal number (digits only, no sign, no blank)";
		uint64_t digit = (uint64_t)(text[i] - '0');

		if (number > (max - digit) / 10 || digit > max)
			return too_large;
		number = number * 10 + digit;
	}
	*value = number;
	return NULL;
}

const char *parse_number(const char *text, uint64_t max, uint64_t *value)
{
	return read_number(text, strlen(text), max, value);
}

/* The power of 1024 behind the letter, or -1. */
static int size_shift(char unit)
{
	switch (unit | 0x20) {
	case 'k':
		return 10;
	case 'm':
		return 20;
	case 'g':
		return 30;
	case 't':
		return 40;
	default:
		return -1;
	}
}

static const char *read_size(const char *text, size_t length, uint64_t *bytes)
{
	int shift = 0;

	if (length > 0 && is_letter(text[length - 1])) {
		shift = size_shift(text[--length]);
		if (shift < 0)
			return "not a size: a number with k, m, g or t, as in 512m";
	}
	/* UINT64_MAX stands for unlimited in a config, so no size may reach it. */
	const char *reason = read_number(text, length, (UINT64_MAX - 1) >> shift, bytes);

	if (reason)
		return reason == too_large ? "the size is too large"
					   : "not a size: a number with k, m, g or t, as in 512m";
	*bytes <<= shift;
	return NULL;
}

const char *parse_size(const char *text, uint64_t *bytes)
{
	const char *reason = read_size(text, strlen(text), bytes);

	if (!reason && *bytes == 0)
		return "a size must be more than 0";
	return reason;
}

static uint64_t unit_seconds(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	default:
		return 0;
	}
}

const char *parse_duration(const char *text, int64_t *seconds)
{
	bool negative = *text == '-';
	size_t length = strlen(text += negative || *text == '+');
	uint64_t unit = 1, number;

	if (length > 0 && is_letter(text[length - 1])) {
		unit = unit_seconds(text[--length]);
		if (unit == 0)
			return "not a duration: a number with s, m, h or d, as in 30m";
	}
	const char *reason = read_number(text, length, INT64_MAX / unit, &number);

	if (reason)
		return reason == too_large
			       ? "the duration is too long"
			       : "not a duration: a number with s, m, h or d, as in 30m";
	*seconds = (int64_t)(number * unit) * (negative ? -1 : 1);
	return NULL;
}

const char *parse_mode(const char *text, mode_t *mode)
{
	size_t length = strlen(text);
	mode_t bits = 0;

	if (length == 0 || length > 5 || strspn(text, "01234567") != length)
		return "not a file mode: octal digits, as in 0755";
	for (; *text; text++)
		bits = bits << 3 | (mode_t)(*text - '0');
	if (bits > 01777)
		return "a mode has the bits 01777 at most, no setuid and setgid";
	*mode = bits;
	return NULL;
}

const char *parse_bool(const char *text, bool *value)
{
	*value = strcmp(text, "true") == 0;
	return *value || strcmp(text, "false") == 0 ? NULL : "a flag is true or false";
}

static const char *read_id(const char *text, size_t length, uint32_t *id)
{
	uint64_t number = 0;
	const char *reason = read_number(text, length, PARSE_ID_MAX, &number);

	if (reason)
		return reason == too_large ? "an id is at most 4294967294" : reason;
	*id = (uint32_t)number;
	return NULL;
}

const char *parse_id(const char *text, uint32_t *id)
{
	return read_id(text, strlen(text), id);
}

const char *parse_id_range(const char *text, struct id_range *range)
{
	uint32_t *numbers[] = {&range->inside, &range->outside, &range->count};

	for (int i = 0; i < 3; i++) {
		size_t length = strcspn(text, ":");

		if ((text[length] == ':') != (i < 2))
			return "an id range is INSIDE:OUTSIDE:COUNT";
		const char *reason = read_id(text, length, numbers[i]);

		if (reason)
			return reason;
		text += length + 1;
	}
	if (range->count == 0)
		return "COUNT must be more than 0";
	if (range->count > UINT32_MAX - range->inside || range->count > UINT32_MAX - range->outside)
		return "the range goes beyond the highest id, 4294967294";
	return NULL;
}

/* An id, or a name as in passwd(5). What starts like a number must be one: 0x10 is no name. */
static const char *check_user(const char *text, size_t length)
{
	uint32_t id;

	if (length == 0)
		return "a user or group is empty: U, U:G, with names or ids";
	if (is_digit(text[0]))
		return read_id(text, length, &id);
	if (text[0] == '-' || text[0] == '+')
		return "an id has no sign, and no name starts with one";
	for (size_t i = 0; i < length; i++) {
		if (!is_letter(text[i]) && !is_digit(text[i]) && !strchr("_.-", text[i]) &&
		    !(text[i] == '$' && i == length - 1))
			return "a name has letters, digits, '_', '-' and '.' only";
	}
	return length > 256 ? "the name is too long" : NULL;
}

const char *parse_user(const char *text)
{
	size_t length = strcspn(text, ":");
	const char *reason = check_user(text, length);

	if (reason || !text[length])
		return reason;
	return check_user(text + length + 1, strlen(text + length + 1));
}

static bool is_label(const char *text, size_t length)
{
	if (length == 0 || text[0] == '-' || text[length - 1] == '-')
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_letter(text[i]) && !is_digit(text[i]) && text[i] != '-')
			return false;
	return true;
}

const char *parse_hostname(const char *text)
{
	if (!*text)
		return empty;
	if (strlen(text) > HOST_NAME_MAX)
		return "a host name has at most 64 bytes";
	for (;;) {
		size_t length = strcspn(text, ".");

		if (!is_label(text, length))
			return "a host name has letters, digits and inner hyphens, in parts "
			       "divided by dots";
		if (!text[length])
			return NULL;
		text += length + 1;
	}
}

const char *parse_sandbox_name(const char *text)
{
	if (!*text)
		return "the name is empty";
	if (strlen(text) > 64)
		return "a name has at most 64 bytes";
	for (const char *p = text; *p; p++)
		if (!is_letter(*p) && !is_digit(*p) && (p == text || !strchr("_.-", *p)))
			return "a name has letters, digits, '_', '.' and '-', and begins with one "
			       "of the first two";
	return NULL;
}

static const struct {
	const char *name;
	int resource;
	bool bytes;
} rlimits[] = {
	{"as", RLIMIT_AS, true},
	{"core", RLIMIT_CORE, true},
	{"cpu", RLIMIT_CPU, false},
	{"data", RLIMIT_DATA, true},
	{"fsize", RLIMIT_FSIZE, true},
	{"locks", RLIMIT_LOCKS, false},
	{"memlock", RLIMIT_MEMLOCK, true},
	{"msgqueue", RLIMIT_MSGQUEUE, true},
	{"nice", RLIMIT_NICE, false},
	{"nofile", RLIMIT_NOFILE, false},
	{"nproc", RLIMIT_NPROC, false},
	{"rss", RLIMIT_RSS, true},
	{"rtprio", RLIMIT_RTPRIO, false},
	{"rttime", RLIMIT_RTTIME, false},
	{"sigpending", RLIMIT_SIGPENDING, false},
	{"stack", RLIMIT_STACK, true},
};

enum { RLIMITS = sizeof rlimits / sizeof *rlimits };

const char *parse_rlimit_name(size_t i)
{
	return i < RLIMITS ? rlimits[i].name : NULL;
}

static const char *read_limit(const char *text, size_t length, bool bytes, uint64_t *value)
{
	static const char unlimited[] = "unlimited";

	if (length == sizeof unlimited - 1 && memcmp(text, unlimited, length) == 0) {
		*value = UINT64_MAX;
		return NULL;
	}
	return bytes ? read_size(text, length, value)
		     : read_number(text, length, UINT64_MAX - 1, value);
}

const char *parse_rlimit(const char *text, struct rlimit_op *limit)
{
	size_t length = strcspn(text, "="), i = 0;

	if (!text[length])
		return "a limit is NAME=SOFT[:HARD]";
	while (i < RLIMITS &&
	       (strncmp(rlimits[i].name, text, length) != 0 || rlimits[i].name[length] != '\0'))
		i++;
	if (i == RLIMITS)
		return "no such resource: as, core, cpu, data, fsize, locks, memlock, msgqueue, "
		       "nice, "
		       "nofile, nproc, rss, rtprio, rttime, sigpending or stack";
	limit->name = rlimits[i].name;
	limit->resource = rlimits[i].resource;

	const char *value = text + length + 1;
	size_t soft = strcspn(value, ":");
	const char *reason = read_limit(value, soft, rlimits[i].bytes, &limit->soft);

	limit->hard = limit->soft;
	if (!reason && value[soft])
		reason = read_limit(value + soft + 1, strlen(value + soft + 1), rlimits[i].bytes,
				    &limit->hard);
	if (!reason && limit->soft > limit->hard)
		reason = "the soft limit is above the hard one";
	return reason;
}

const char *parse_capability(const char *text, int *capability, char name[PARSE_CAP_NAME_SIZE])
{
	char lower[PARSE_CAP_NAME_SIZE] = "cap_";
	size_t skip = strncasecmp(text, lower, 4) == 0 ? 4 : 0, length = strlen(text) - skip;
	int value = 0;

	if (strcasecmp(text, "ALL") == 0) {
		memcpy(name, "ALL", 4);
		*capability = -1;
		return NULL;
	}
	if (length == 0 || length > sizeof lower - 5)
		return "no such capability";
	for (size_t i = 0; i < length; i++) {
		char c = text[skip + i];

		if (!is_letter(c) && !is_digit(c) && c != '_')
			return "no such capability";
		lower[4 + i] = c | (is_letter(c) ? 0x20 : 0);
	}
	while (capability_names[value] && strcmp(capability_names[value], lower) != 0)
		value++;
	if (!capability_names[value])
		return "no such capability";
	for (size_t i = 0; i < sizeof lower; i++)
		name[i] = is_letter(lower[i]) ? lower[i] & ~0x20 : lower[i];
	*capability = value;
	return NULL;
}

const char *parse_env_name(const char *text, size_t length)
{
	if (length == 0)
		return "the variable has no name";
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f || text[i] == '=')
			return "the name of a variable has no blank and no control character";
	return NULL;
}
