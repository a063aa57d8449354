/* Rewriting filters: see denial_filter.h. */
#include "denial_filter.h"

bool filter_always_allows(const struct sock_filter *code, size_t length, int number)
{
	const struct seccomp_data data = {.nr = number, .arch = FILTER_NATIVE};
	struct filter_answer answer;

	return filter_run(code, length, &data, &answer) && answer.constant &&
	       (answer.action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ALLOW;
}

static void add(struct filter_program *out, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	if (out->length < BPF_MAXINSNS)
		out->code[out->length] = (struct sock_filter){code, yes, no, k};
	out->length++;
}

/* A number has an answer of its own, before the filter is asked. */
static void add_number(struct filter_program *out, int number, uint32_t action)
{
	add(out, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1);
	add(out, BPF_RET | BPF_K, action, 0, 0);
}

/* Is this answer one that we are asked about? */
static bool asks(uint32_t action, unsigned mode)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO:
		return true;
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
		return mode & DENIAL_LEARN;
	default: /* what ends the process cannot be undone by an answer, but can be let pass */
		return mode & DENIAL_LOG;
	}
}

const char *filter_rewrite(struct filter_program *out, const struct sock_filter *code,
			   size_t length, unsigned mode, const int *watched, size_t watched_count,
			   const int *silent, size_t silent_count)
{
	out->length = 0;
	add(out, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	add(out, BPF_JMP | BPF_JEQ | BPF_K, FILTER_NATIVE, 1, 0);
	add(out, BPF_JMP | BPF_JA, 0, 0, 0); /* over what follows: set below */
	add(out, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	for (size_t i = 0; i < silent_count && mode & DENIAL_LEARN; i++)
		if (filter_always_allows(code, length, silent[i]))
			add_number(out, silent[i], SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < watched_count; i++)
		add_number(out, watched[i], SECCOMP_RET_USER_NOTIF);
	if (out->length + 1 + length > BPF_MAXINSNS)
		return "it is too long to be watched";
	out->code[2].k = (uint32_t)(out->length - 3);
	/* A filter may count on beginning with 0. By AND, which the kernel can follow when it looks
	 * for calls that are always allowed. */
	add(out, BPF_ALU | BPF_AND | BPF_K, 0, 0, 0);
	for (size_t i = 0; i < length; i++) {
		struct sock_filter *copy = &out->code[out->length++];

		*copy = code[i];
		if (BPF_CLASS(copy->code) != BPF_RET)
			continue;
		if (BPF_RVAL(copy->code) != BPF_K)
			return "it answers with what it has calculated";
		if ((copy->k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
			return "it asks a listener of its own";
		if (asks(copy->k, mode))
			copy->k = SECCOMP_RET_USER_NOTIF;
	}
	return NULL;
}
