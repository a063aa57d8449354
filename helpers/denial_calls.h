/*
 * denial_calls: what the arguments of the well known calls are, as data.
 *
 * A letter stands for an argument: d a directory's descriptor, p a path (below the d before it),
 * s another string, f a descriptor, n a number, x bits, o a mode, O flags of open(2), h a struct
 * open_how, m flags of mount(2), c flags of clone(2), S a family of sockets, R a request of
 * ptrace(2), A an address, whose length follows, a a pointer.
 */
#ifndef DENIAL_CALLS_H
#define DENIAL_CALLS_H

#include <stddef.h>
#include <stdint.h>

struct call_shape {
	int number;
	const char *arguments;
	unsigned uses[2]; /* of its paths: enum path_use */
};

extern const struct call_shape call_shapes[];
extern const size_t call_shapes_count;

/*
 * Of these, the filters look at arguments (docs/seccomp.md), and what was learnt is no more than
 * what was seen: the low half of an argument, masked.
 */
enum { CALL_LOOKS = 3 };
struct call_look {
	int number;
	struct {
		unsigned argument;
		uint32_t mask; /* 0 ends them */
	} looks[CALL_LOOKS];
};
const struct call_look *call_look_of(int number);

/* Made at build time from the C library's headers and profiles/seccomp: helpers/denial.mk. */
struct call_name {
	const char *name;
	int number;
};
extern const struct call_name call_names[];
extern const size_t call_names_count;

/* Bits or numbers that have names. */
struct named_bit {
	uint64_t value;
	const char *name;
};
const struct named_bit *named_bits(char letter, size_t *count);

#endif
