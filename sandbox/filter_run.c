/* Classic BPF in an interpreter: see filter_run.h. */
#include "filter_run.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

struct machine {
	uint32_t a, x, memory[BPF_MEMWORDS];
	bool constant;
};

/* What the kernel makes of a division by zero or a shift too far: the program is refused, or 0. */
static bool calculate(const struct sock_filter *i, struct machine *m)
{
	uint32_t value = BPF_SRC(i->code) == BPF_X ? m->x : i->k;

	switch (BPF_OP(i->code)) {
	case BPF_ADD:
		m->a += value;
		return true;
	case BPF_SUB:
		m->a -= value;
		return true;
	case BPF_MUL:
		m->a *= value;
		return true;
	case BPF_DIV:
		if (value)
			m->a /= value;
		return value != 0;
	case BPF_AND:
		m->a &= value;
		return true;
	case BPF_OR:
		m->a |= value;
		return true;
	case BPF_XOR:
		m->a ^= value;
		return true;
	case BPF_LSH:
		m->a = value < 32 ? m->a << value : 0;
		return true;
	case BPF_RSH:
		m->a = value < 32 ? m->a >> value : 0;
		return true;
	case BPF_NEG:
		m->a = -m->a;
		return true;
	default:
		return false;
	}
}

static bool load(const struct sock_filter *i, struct machine *m, const struct seccomp_data *data)
{
	bool into_x = BPF_CLASS(i->code) == BPF_LDX;
	uint32_t value;

	switch (BPF_MODE(i->code)) {
	case BPF_ABS:
		if (into_x || BPF_SIZE(i->code) != BPF_W || i->k % 4 || i->k >= sizeof *data)
			return false;
		memcpy(&value, (const char *)data + i->k, sizeof value);
		m->constant &= i->k < offsetof(struct seccomp_data, instruction_pointer);
		break;
	case BPF_LEN:
		value = sizeof *data;
		break;
	case BPF_IMM:
		value = i->k;
		break;
	case BPF_MEM:
		if (i->k >= BPF_MEMWORDS)
			return false;
		value = m->memory[i->k];
		break;
	default:
		return false;
	}
	*(into_x ? &m->x : &m->a) = value;
	return true;
}

static bool store(const struct sock_filter *i, struct machine *m)
{
	if (i->k >= BPF_MEMWORDS)
		return false;
	m->memory[i->k] = BPF_CLASS(i->code) == BPF_ST ? m->a : m->x;
	return true;
}

/* How many instructions a jump leaves out. */
static bool jump(const struct sock_filter *i, const struct machine *m, size_t *skip)
{
	uint32_t value = BPF_SRC(i->code) == BPF_X ? m->x : i->k;
	bool yes;

	switch (BPF_OP(i->code)) {
	case BPF_JA:
		*skip = i->k;
		return true;
	case BPF_JEQ:
		yes = m->a == value;
		break;
	case BPF_JGT:
		yes = m->a > value;
		break;
	case BPF_JGE:
		yes = m->a >= value;
		break;
	case BPF_JSET:
		yes = (m->a & value) != 0;
		break;
	default:
		return false;
	}
	*skip = yes ? i->jt : i->jf;
	return true;
}

bool filter_run(const struct sock_filter *code, size_t length, const struct seccomp_data *data,
		struct filter_answer *answer)
{
	struct machine m = {.constant = true};
	size_t skip;

	/* Jumps go forwards only, so this ends. */
	for (size_t at = 0; at < length; at += 1 + skip) {
		const struct sock_filter *i = &code[at];
		bool ok = true;

		skip = 0;
		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
		case BPF_LDX:
			ok = load(i, &m, data);
			break;
		case BPF_ST:
		case BPF_STX:
			ok = store(i, &m);
			break;
		case BPF_ALU:
			ok = calculate(i, &m);
			break;
		case BPF_JMP:
			ok = jump(i, &m, &skip);
			break;
		case BPF_MISC:
			*(BPF_MISCOP(i->code) == BPF_TAX ? &m.x : &m.a) =
				BPF_MISCOP(i->code) == BPF_TAX ? m.a : m.x;
			break;
		default: /* BPF_RET */
			answer->action = BPF_RVAL(i->code) == BPF_A ? m.a : i->k;
			answer->constant = m.constant;
			return true;
		}
		if (!ok)
			return false;
	}
	return false;
}

uint32_t filter_answer_to(const struct sock_filter *code, size_t length, int number)
{
	const struct seccomp_data data = {.nr = number, .arch = FILTER_NATIVE};
	struct filter_answer answer;

	if (!filter_run(code, length, &data, &answer))
		return SECCOMP_RET_KILL_PROCESS;
	return answer.action & SECCOMP_RET_ACTION_FULL;
}
