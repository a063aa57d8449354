/*
 * filter_names: the words of filters: architectures, system calls and their numbers. From
 * libseccomp, and for calls that it is too old to know from a table of this project.
 */
#ifndef FILTER_NAMES_H
#define FILTER_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum filter_call {
	FILTER_CALL_FOUND,     /* it has a number */
	FILTER_CALL_ELSEWHERE, /* other architectures have it, this one does not */
	FILTER_CALL_UNKNOWN,
};

/* An architecture that this machine's kernel takes calls of. */
struct filter_architecture {
	const char *name; /* "SCMP_ARCH_X86_64" */
	uint32_t token;   /* libseccomp's */
	uint32_t audit;   /* AUDIT_ARCH_...; x32 has that of x86-64 */
	uint32_t bit;     /* in every number: x32 */
	bool multiplexes; /* socketcall(2) and ipc(2) stand for others (i386) */
};

/* The machine's own first, then those beside it; ends with a NULL name. */
extern const struct filter_architecture filter_architectures[];

/* What Go calls the machine: "amd64"; profiles of engines ask for it. */
extern const char filter_go_architecture[];

/* The number of call name on an architecture; with the bit. */
enum filter_call filter_call_number(const struct filter_architecture *architecture,
				    const char *name, uint32_t *number);

/*
 * A call that goes through another on an architecture that multiplexes: the number of that one, and
 * what its first argument is (its low 16 bits) for it. False where there is no such way.
 */
bool filter_call_multiplexed(const struct filter_architecture *architecture, const char *name,
			     uint32_t *number, uint32_t *selector);

/* The numbers of what programs call most, at most max of them; returns how many. */
size_t filter_hot_calls(const struct filter_architecture *architecture, uint32_t *numbers,
			size_t max);

#endif
