/*
 * call_filter: the system calls that a helper of ours may make from now on, as a list; what is not
 * in it is refused with EPERM, not fatal: a C library may ask for more some day and do without. A
 * call of another architecture's ends the process. Hand-made BPF (seccomp(2)), since a helper links
 * nothing for it. x86-64 and aarch64.
 */
#ifndef CALL_FILTER_H
#define CALL_FILTER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

/* What must hold of an argument, of which the low half is looked at: ints and flags. */
struct call_condition {
	int argument;
	uint32_t mask, value;
};

enum { CALL_CONDITIONS = 3 };

struct call_rule {
	int call;
	struct call_condition conditions[CALL_CONDITIONS]; /* a mask of 0 ends them */
};

#define CALL(name)                                                                                 \
	{                                                                                          \
		.call = SYS_##name                                                                 \
	}
#define IS(argument, value)                                                                        \
	{                                                                                          \
		argument, ~0u, value                                                               \
	}
#define HAS_NOT(argument, flags)                                                                   \
	{                                                                                          \
		argument, flags, 0                                                                 \
	}

/*
 * Load the filter, for a process with no_new_privs, and see that it refuses. -1 and errno: E2BIG
 * for too many rules, ENOSYS for a filter without effect.
 */
int call_filter_load(const struct call_rule *rules, size_t count);

#endif
