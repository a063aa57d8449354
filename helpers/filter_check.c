/* See filter_check.h. */
#include "filter_check.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>

#include "filter_run.h"

enum { NUMBERS_END = 600 };

/* ---- against the rules ---- */

struct checking {
	const struct filter_code *code;
	const struct filter_section *sections;
	size_t count;
	uint32_t foreign;
	struct seccomp_data *wrong;
};

static int check_call(const struct checking *checking, const struct seccomp_data *data)
{
	uint32_t expected = checking->foreign;
	struct filter_answer answer;

	for (size_t i = 0; i < checking->count; i++)
		if (checking->sections[i].architecture == data->arch)
			expected = filter_rule_answer(&checking->sections[i], data);
	if (filter_run(checking->code->instructions, checking->code->length, data, &answer) &&
	    answer.action == expected)
		return 0;
	*checking->wrong = *data;
	return -1;
}

/* The argument of a condition at and around its values, with and without upper halves; the other
 * arguments fulfil the rule's other conditions or are 0. */
static int check_condition(const struct checking *checking, struct seccomp_data data,
			   const struct filter_rule *rule, const struct filter_condition *condition)
{
	static const uint64_t flips[] = {0, UINT64_C(1) << 32, UINT64_C(1) << 63,
					 UINT64_C(0xffffffff) << 32, UINT64_C(1) << 31};

	for (size_t other = 0; other < rule->conditions_count; other++)
		data.args[rule->conditions[other].argument] = rule->conditions[other].values[0];
	for (size_t v = 0; v < condition->values_count; v++)
		for (size_t f = 0; f < sizeof flips / sizeof *flips; f++)
			for (int step = -1; step <= 1; step++) {
				data.args[condition->argument] =
					(condition->values[v] + (uint64_t)(int64_t)step) ^ flips[f];
				if (check_call(checking, &data) < 0)
					return -1;
			}
	data.args[condition->argument] = condition->values[0] | ~condition->mask;
	return check_call(checking, &data);
}

static int check_rule(const struct checking *checking, uint32_t architecture,
		      const struct filter_rule *rule)
{
	struct seccomp_data data = {.nr = (int)(uint32_t)rule->number, .arch = architecture};

	if (check_call(checking, &data) < 0)
		return -1;
	memset(data.args, 0xff, sizeof data.args);
	if (check_call(checking, &data) < 0)
		return -1;
	memset(data.args, 0, sizeof data.args);
	for (size_t i = 0; i < rule->conditions_count; i++)
		if (check_condition(checking, data, rule, &rule->conditions[i]) < 0)
			return -1;
	return 0;
}

/* Every number that may be a call, by each base that numbers have, rules or not. */
static int check_numbers(const struct checking *checking, uint32_t architecture)
{
	static const uint32_t bases[] = {0, 0x40000000, 0x7fffff00, 0x80000000, 0xfffffd00};

	for (size_t b = 0; b < sizeof bases / sizeof *bases; b++)
		for (uint32_t number = 0; number < NUMBERS_END; number++) {
			struct seccomp_data data = {.nr = (int)(bases[b] + number),
						    .arch = architecture};

			if (check_call(checking, &data) < 0)
				return -1;
		}
	return 0;
}

int filter_check(const struct filter_code *code, const struct filter_section *sections,
		 size_t count, uint32_t foreign, struct seccomp_data *wrong)
{
	const struct checking checking = {code, sections, count, foreign, wrong};

	for (size_t i = 0; i < count; i++) {
		if (check_numbers(&checking, sections[i].architecture) < 0)
			return -1;
		for (size_t j = 0; j < sections[i].rules_count; j++)
			if (check_rule(&checking, sections[i].architecture, &sections[i].rules[j]) <
			    0)
				return -1;
	}
	return check_numbers(&checking, 0);
}

/* ---- the call that shows it ---- */

/*
 * Calls that fail before they do anything, and whose errno is known without a filter: for
 * descriptors that are none, flags that do not exist, commands that are none. Filters refuse one of
 * these, or refuse nothing of interest.
 */
static const struct {
	uint64_t arguments[3];
	int number;
	int without[3]; /* what the kernel itself may answer, whatever the capabilities */
} candidates[] = {
	{{UINT64_MAX, 0, 0}, SYS_setns, {EBADF, 0, 0}},
	{{UINT32_MAX, 0, 0}, SYS_keyctl, {EOPNOTSUPP, ENOSYS, 0}},
	{{0, 0, 0}, SYS_add_key, {EFAULT, ENOSYS, EINVAL}},
	{{UINT32_MAX, 0, 0}, SYS_bpf, {EINVAL, EPERM, ENOSYS}},
	{{0, 0, 0}, SYS_io_uring_setup, {EFAULT, EPERM, ENOSYS}},
	{{0, 0, 0}, SYS_perf_event_open, {EFAULT, EACCES, ENOSYS}},
	{{UINT32_MAX, 0, 0}, SYS_userfaultfd, {EINVAL, EPERM, ENOSYS}},
	{{0, 0, 0}, SYS_clone3, {EINVAL, ENOSYS, 0}},
	{{UINT64_MAX, 0, UINT32_MAX}, SYS_mount_setattr, {EINVAL, ENOSYS, 0}},
	{{UINT64_MAX, 0, UINT32_MAX}, SYS_open_tree, {EINVAL, ENOSYS, 0}},
	{{1, 0, 0}, SYS_unshare, {EINVAL, 0, 0}},
	{{UINT64_MAX, 0, 0}, SYS_name_to_handle_at, {EFAULT, EINVAL, EBADF}},
	{{UINT32_MAX, 0, 0}, SYS_ptrace, {ESRCH, EIO, EPERM}},
};

static bool shows(size_t i, const struct filter_code *code, uint32_t native, int *refusal)
{
	struct seccomp_data data = {.nr = candidates[i].number, .arch = native};
	struct filter_answer answer;

	memcpy(data.args, candidates[i].arguments, sizeof candidates[i].arguments);
	if (!filter_run(code->instructions, code->length, &data, &answer) ||
	    (answer.action & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO)
		return false;
	*refusal = (int)(answer.action & SECCOMP_RET_DATA);
	for (int j = 0; j < 3; j++)
		if (candidates[i].without[j] == *refusal)
			return false;
	return *refusal != 0;
}

void filter_check_probe(const struct filter_code *code, uint32_t native, struct filter_probe *probe)
{
	*probe = (struct filter_probe){.number = -1};
	for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
		if (!shows(i, code, native, &probe->refusal))
			continue;
		probe->number = candidates[i].number;
		memcpy(probe->arguments, candidates[i].arguments, sizeof probe->arguments);
		return;
	}
	probe->refusal = 0;
}
