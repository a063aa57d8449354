/*
 * parse_limits: text to value for the options of limits; the rules are those of parse.h.
 */
#ifndef PARSE_LIMITS_H
#define PARSE_LIMITS_H

#include <stdint.h>

#include "config.h"

/*
 * A span of time, in milliseconds: 10, 10s, 1.5s, 250ms, 5m, 2h, 1d; at most three decimals, none
 * below a millisecond, at most 100 years. 0 is accepted.
 */
const char *parse_span(const char *text, uint64_t *milliseconds);

/* A number of CPUs in thousandths, 0.01 to 10000: 1, 1.5, 0.25. */
const char *parse_cpus(const char *text, uint32_t *thousandths);

/* A list of CPUs as the kernel writes them, 0-3,5: those below LIMITS_CPUS. */
const char *parse_cpuset(const char *text, struct cpu_list *list);

/* A whole number from least to most, with a sign or without. */
const char *parse_whole(const char *text, int64_t least, int64_t most, int *value);

/* Milliseconds as a user would write them, "1m30s", into a buffer of this size. */
enum { PARSE_SPAN_SIZE = 48 };
const char *parse_print_span(uint64_t milliseconds, char text[PARSE_SPAN_SIZE]);

/* A list of CPUs as the kernel writes them, "0-2,5"; empty when there is none. */
enum { PARSE_CPUS_SIZE = 4096 };
const char *parse_print_cpus(const struct cpu_list *list, char text[PARSE_CPUS_SIZE]);

/* Bytes as they are written in an option, "512m", exactly. */
const char *parse_print_size(uint64_t bytes, char text[PARSE_SPAN_SIZE]);

#endif
