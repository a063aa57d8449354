/* See call_filter.h. */
#include "call_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#else
#error "no filter for this architecture yet: its AUDIT_ARCH value is missing here"
#endif

enum { INSTRUCTIONS_MAX = 256 };

struct filter {
	struct sock_filter instructions[INSTRUCTIONS_MAX];
	unsigned short length;
	bool too_long;
};

static void add(struct filter *filter, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	if (filter->length == INSTRUCTIONS_MAX)
		filter->too_long = true;
	else
		filter->instructions[filter->length++] = (struct sock_filter){code, yes, no, k};
}

static void add_load(struct filter *filter, size_t offset)
{
	add(filter, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* A rule answers, or the next one is asked. */
static void add_rule(struct filter *filter, const struct call_rule *rule)
{
	uint8_t count = 0;

	while (count < CALL_CONDITIONS && rule->conditions[count].mask)
		count++;
	add_load(filter, offsetof(struct seccomp_data, nr));
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rule->call, 0, (uint8_t)(3 * count + 1));
	for (uint8_t i = 0; i < count; i++) {
		const struct call_condition *condition = &rule->conditions[i];

		/* The low half comes first: both architectures are little endian. */
		add_load(filter, offsetof(struct seccomp_data, args[condition->argument]));
		add(filter, BPF_ALU | BPF_AND | BPF_K, condition->mask, 0, 0);
		add(filter, BPF_JMP | BPF_JEQ | BPF_K, condition->value, 0,
		    (uint8_t)(3 * (count - 1 - i) + 1));
	}
	add(filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

int call_filter_load(const struct call_rule *rules, size_t count)
{
	struct filter filter = {.length = 0};
	struct sock_fprog program = {.filter = filter.instructions};

	add_load(&filter, offsetof(struct seccomp_data, arch));
	add(&filter, BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0);
	add(&filter, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	for (size_t i = 0; i < count; i++)
		add_rule(&filter, &rules[i]);
	add(&filter, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
	if (filter.too_long) {
		errno = E2BIG;
		return -1;
	}
	program.len = filter.length;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
		return -1;
	/* One call proves that it refuses: without it setns(-1) answers EBADF. */
	if (syscall(SYS_setns, -1, 0) == -1 && errno == EPERM)
		return 0;
	errno = ENOSYS;
	return -1;
}
