/*
 * test_filter: runs the compiled filters in a small interpreter of classic BPF, over architectures,
 * numbers and arguments, against tests/unit/filters.expected (what was meant) and against what
 * libseccomp makes of the same lists (whether it was compiled right). So it covers also what this
 * kernel lacks: x32, AF_ALG, calls it has not got yet. Last, it loads each into a real process.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filters.h"
#include "filters_reference.h"
#include "seccomp.h"

#include <cmocka.h> /* last: it defines fail as a macro */

#if defined(__x86_64__)
enum { NATIVE = AUDIT_ARCH_X86_64 };
#elif defined(__aarch64__)
enum { NATIVE = AUDIT_ARCH_AARCH64 };
#endif

enum {
	MODES = SECCOMP_UNCONFINED,
	NUMBERS_END = 1024, /* well above the newest call */
	X32_BIT = 0x40000000,
	ARGUMENTS = 6,
	ROW_ARGUMENTS = 3,
};

static const char *const mode_names[MODES] = {[SECCOMP_DEFAULT] = "default",
					      [SECCOMP_BUILD] = "build",
					      [SECCOMP_STRICT] = "strict",
					      [SECCOMP_NESTED] = "nested",
					      [SECCOMP_SANDBOXES] = "sandboxes"};

/* ---- the interpreter ---- */

struct outcome {
	uint32_t action;
	bool constant; /* the kernel sees at load that this number always has this answer */
};

static bool holds(const struct sock_filter *instruction, uint32_t accumulator)
{
	switch (BPF_OP(instruction->code)) {
	case BPF_JEQ:
		return accumulator == instruction->k;
	case BPF_JGE:
		return accumulator >= instruction->k;
	case BPF_JGT:
		return accumulator > instruction->k;
	case BPF_JSET:
		return accumulator & instruction->k;
	default:
		fail_msg("jump %#x is unknown to this interpreter", instruction->code);
		return false;
	}
}

/* The instructions are those the kernel's own run at load understands (seccomp_is_const_allow). */
static struct outcome interpret(const struct sock_filter *code, size_t length,
				const struct seccomp_data *data)
{
	struct outcome outcome = {.constant = true};
	uint32_t accumulator = 0;

	for (size_t i = 0; i < length; i++) {
		const struct sock_filter *instruction = &code[i];

		switch (BPF_CLASS(instruction->code)) {
		case BPF_LD:
			assert_int_equal(instruction->code, BPF_LD | BPF_W | BPF_ABS);
			assert_true(instruction->k % 4 == 0 && instruction->k < sizeof *data);
			memcpy(&accumulator, (const char *)data + instruction->k, 4);
			if (instruction->k >= offsetof(struct seccomp_data, instruction_pointer))
				outcome.constant = false;
			break;
		case BPF_ALU:
			assert_int_equal(instruction->code, BPF_ALU | BPF_AND | BPF_K);
			accumulator &= instruction->k;
			break;
		case BPF_JMP:
			if (instruction->code == (BPF_JMP | BPF_JA))
				i += instruction->k;
			else
				i += holds(instruction, accumulator) ? instruction->jt
								     : instruction->jf;
			break;
		case BPF_RET:
			assert_int_equal(instruction->code, BPF_RET | BPF_K);
			outcome.action = instruction->k;
			return outcome;
		default:
			fail_msg("instruction %#x at %zu", instruction->code, i);
		}
	}
	fail_msg("the filter runs past its end");
	return outcome;
}

static struct outcome ask(int mode, const struct seccomp_data *data)
{
	return interpret(filters[mode].instructions, filters[mode].length, data);
}

static struct seccomp_data call(uint32_t architecture, uint32_t number)
{
	return (struct seccomp_data){.nr = (int)number, .arch = architecture};
}

static uint32_t refusal(int number)
{
	return SECCOMP_RET_ERRNO | (uint32_t)number;
}

/* ---- the table ---- */

struct row {
	char name[64];
	int number;
	uint64_t arguments[ROW_ARGUMENTS];
	size_t arguments_count;
	uint32_t actions[MODES];
};

struct table {
	struct row rows[1024];
	size_t count;
};

static uint32_t parse_action(const char *word)
{
	static const struct {
		const char *name;
		uint32_t action;
	} actions[] = {
		{"allow", SECCOMP_RET_ALLOW},
		{"EPERM", SECCOMP_RET_ERRNO | EPERM},
		{"ENOSYS", SECCOMP_RET_ERRNO | ENOSYS},
		{"EAFNOSUPPORT", SECCOMP_RET_ERRNO | EAFNOSUPPORT},
		{"EPROTONOSUPPORT", SECCOMP_RET_ERRNO | EPROTONOSUPPORT},
	};

	for (size_t i = 0; word && i < sizeof actions / sizeof actions[0]; i++)
		if (strcmp(actions[i].name, word) == 0)
			return actions[i].action;
	fail_msg("filters.expected: no action: %s", word ? word : "(missing)");
	return 0;
}

/* NAME, NAME=NUMBER, NAME=NUMBER@ARCHITECTURE as in the lists; negative: not on this one. */
static int parse_number(char *word)
{
	char *name = strsep(&word, "="), *number = strsep(&word, "@");

	if (word && seccomp_arch_resolve_name(word) != seccomp_arch_native())
		return -1;
	if (number)
		return atoi(number);
	int known = seccomp_syscall_resolve_name(name);
	if (known == __NR_SCMP_ERROR)
		fail_msg("filters.expected: no call: %s", name);
	return known;
}

/* CALL [ARG]... : DEFAULT BUILD STRICT [NESTED [SANDBOXES]] */
static void parse_row(struct table *table, char *line)
{
	struct row row = {0};
	char *word, *rest = line;

	rest[strcspn(rest, "#\n")] = '\0';
	word = strtok_r(rest, " \t", &rest);
	if (!word)
		return;
	snprintf(row.name, sizeof row.name, "%s", word);
	row.number = parse_number(word);
	while ((word = strtok_r(NULL, " \t", &rest)) && strcmp(word, ":") != 0) {
		assert_true(row.arguments_count < ROW_ARGUMENTS);
		row.arguments[row.arguments_count++] = strtoull(word, NULL, 0);
	}
	for (int mode = 0; mode < SECCOMP_NESTED; mode++)
		row.actions[mode] = parse_action(strtok_r(NULL, " \t", &rest));
	word = strtok_r(NULL, " \t", &rest);
	row.actions[SECCOMP_NESTED] = word ? parse_action(word) : row.actions[SECCOMP_DEFAULT];
	word = word ? strtok_r(NULL, " \t", &rest) : NULL;
	row.actions[SECCOMP_SANDBOXES] = word ? parse_action(word) : row.actions[SECCOMP_NESTED];
	assert_null(strtok_r(NULL, " \t", &rest));
	assert_true(table->count < sizeof table->rows / sizeof table->rows[0]);
	if (row.number >= 0)
		table->rows[table->count++] = row;
}

static int read_table(void **state)
{
	struct table *table = calloc(1, sizeof *table);
	char line[256], path[4096] = {0};

	/* make puts it beside the program, which may have been copied since */
	assert_true(readlink("/proc/self/exe", path, sizeof path - 64) > 0);
	strcpy(strrchr(path, '/'), "/filters.expected");
	FILE *file = fopen(path, "re");
	assert_non_null(table);
	assert_non_null(file);
	while (fgets(line, sizeof line, file))
		parse_row(table, line);
	fclose(file);
	*state = table;
	return 0;
}

static int free_table(void **state)
{
	free(*state);
	return 0;
}

static void expect(int mode, const struct row *row, const struct seccomp_data *data)
{
	uint32_t action = ask(mode, data).action;

	if (action != row->actions[mode])
		fail_msg("%s: %s(%#llx, %#llx, %#llx) answers %#x, expected %#x", mode_names[mode],
			 row->name, data->args[0], data->args[1], data->args[2], action,
			 row->actions[mode]);
}

/* A row with arguments is tried with every upper half too: no condition looks there. */
static void expect_arguments(int mode, const struct row *row)
{
	static const uint64_t upper[] = {0, 1ULL << 32, 1ULL << 63, 0xffffffffULL << 32};
	struct seccomp_data data = call(NATIVE, (uint32_t)row->number);

	for (size_t u = 0; u < sizeof upper / sizeof upper[0]; u++) {
		for (size_t i = 0; i < row->arguments_count; i++)
			data.args[i] = row->arguments[i] | upper[u];
		expect(mode, row, &data);
	}
}

/* A row without: the same answer whatever the arguments; an allowed one comes from the bitmap. */
static void expect_always(int mode, const struct row *row)
{
	struct seccomp_data data = call(NATIVE, (uint32_t)row->number);

	expect(mode, row, &data);
	if (!ask(mode, &data).constant)
		fail_msg("%s: %s looks at arguments: the bitmap would not answer it",
			 mode_names[mode], row->name);
}

static void answers_are_as_expected(void **state)
{
	const struct table *table = *state;

	assert_true(table->count > 300);
	for (size_t i = 0; i < table->count; i++)
		for (int mode = 0; mode < MODES; mode++)
			if (table->rows[i].arguments_count > 0)
				expect_arguments(mode, &table->rows[i]);
			else
				expect_always(mode, &table->rows[i]);
}

static void what_the_table_does_not_name_is_absent(void **state)
{
	const struct table *table = *state;
	bool named[NUMBERS_END] = {false};

	for (size_t i = 0; i < table->count; i++)
		named[table->rows[i].number] = true;
	for (uint32_t number = 0; number < NUMBERS_END; number++)
		for (int mode = 0; mode < MODES && !named[number]; mode++) {
			struct seccomp_data data = call(NATIVE, number);
			if (ask(mode, &data).action != refusal(ENOSYS))
				fail_msg("%s: number %u is not in filters.expected",
					 mode_names[mode], number);
		}
}

/* ---- every number, every architecture ---- */

static void foreign_architectures_are_absent(void **state)
{
	static const uint32_t architectures[] = {
		AUDIT_ARCH_I386,    AUDIT_ARCH_X86_64,  AUDIT_ARCH_ARM,  AUDIT_ARCH_AARCH64,
		AUDIT_ARCH_RISCV64, AUDIT_ARCH_PPC64LE, AUDIT_ARCH_MIPS, 0,
		UINT32_MAX};

	(void)state;
	for (size_t a = 0; a < sizeof architectures / sizeof architectures[0]; a++)
		for (uint32_t number = 0; number < NUMBERS_END; number++)
			for (int mode = 0; mode < MODES && architectures[a] != NATIVE; mode++) {
				struct seccomp_data data = call(architectures[a], number);
				struct outcome outcome = ask(mode, &data);
				assert_int_equal(outcome.action, refusal(ENOSYS));
			}
}

/* x32 comes with the architecture of x86-64 and a bit in the number. */
static void numbers_out_of_range_are_absent(void **state)
{
	static const uint32_t bases[] = {X32_BIT, 0x80000000, 0x80000000 | X32_BIT, 0x10000,
					 UINT32_MAX - NUMBERS_END};

	(void)state;
	for (size_t b = 0; b < sizeof bases / sizeof bases[0]; b++)
		for (uint32_t number = 0; number <= NUMBERS_END; number++)
			for (int mode = 0; mode < MODES; mode++) {
				struct seccomp_data data = call(NATIVE, bases[b] + number);
				assert_int_equal(ask(mode, &data).action, refusal(ENOSYS));
			}
}

static void build_and_nested_allow_more_than_default_and_strict_less(void **state)
{
	(void)state;
	for (uint32_t number = 0; number < NUMBERS_END; number++) {
		struct seccomp_data data = call(NATIVE, number);
		bool allowed[MODES];

		for (int mode = 0; mode < MODES; mode++)
			allowed[mode] = ask(mode, &data).action == SECCOMP_RET_ALLOW;
		assert_true(!allowed[SECCOMP_STRICT] || allowed[SECCOMP_DEFAULT]);
		assert_true(!allowed[SECCOMP_DEFAULT] || allowed[SECCOMP_BUILD]);
		assert_true(!allowed[SECCOMP_DEFAULT] || allowed[SECCOMP_NESTED]);
		assert_true(!allowed[SECCOMP_NESTED] || allowed[SECCOMP_SANDBOXES]);
	}
}

/* ---- libseccomp's opinion ---- */

static void compare_with_reference(int mode, const struct seccomp_data *data)
{
	const struct filter_reference *reference = &filter_references[mode];
	uint32_t ours = ask(mode, data).action;
	uint32_t allowing = interpret(reference->allowing, reference->allowing_length, data).action;
	uint32_t refusing = interpret(reference->refusing, reference->refusing_length, data).action;
	bool theirs_allows = allowing == SECCOMP_RET_ALLOW && refusing == SECCOMP_RET_ALLOW;

	/*
	 * Where libseccomp has an errno of its own it is the same; a conditional call falls to its
	 * default, ENOSYS, where ours answers what the list says (the table knows).
	 */
	if (refusing != SECCOMP_RET_ALLOW)
		allowing = refusing;
	if ((ours == SECCOMP_RET_ALLOW) == theirs_allows &&
	    (theirs_allows || allowing == refusal(ENOSYS) || allowing == ours))
		return;
	fail_msg("%s: architecture %#x, number %#x (%#llx, %#llx, %#llx): ours %#x, libseccomp's "
		 "%#x",
		 mode_names[mode], data->arch, (unsigned)data->nr, data->args[0], data->args[1],
		 data->args[2], ours, allowing);
}

static void compare_all_modes(const struct seccomp_data *data)
{
	for (int mode = 0; mode < MODES; mode++)
		compare_with_reference(mode, data);
}

/* One argument at a time takes each value. */
static void sweep_value(uint32_t number, uint64_t value)
{
	for (int argument = 0; argument < ARGUMENTS; argument++) {
		struct seccomp_data data = call(NATIVE, number);
		data.args[argument] = value;
		compare_all_modes(&data);
	}
}

/* Each constant that any filter compares with, and its neighbours; each bit, in both halves. */
static void sweep_number(uint32_t number)
{
	for (int bit = 0; bit < 64; bit++)
		sweep_value(number, 1ULL << bit);
	for (int mode = 0; mode < MODES; mode++)
		for (size_t i = 0; i < filters[mode].length; i++) {
			const struct sock_filter *instruction = &filters[mode].instructions[i];
			if (BPF_CLASS(instruction->code) == BPF_RET)
				continue;
			sweep_value(number, instruction->k);
			sweep_value(number, instruction->k + 1ULL);
			sweep_value(number, instruction->k - 1ULL);
			sweep_value(number, instruction->k | 1ULL << 32);
		}
}

static void libseccomp_agrees_on_arguments(void **state)
{
	(void)state;
	for (uint32_t number = 0; number < 512; number++) {
		bool constant = true;

		for (int mode = 0; mode < MODES; mode++) {
			struct seccomp_data data = call(NATIVE, number);
			constant = constant && ask(mode, &data).constant;
		}
		if (constant)
			sweep_value(number, UINT64_MAX);
		else
			sweep_number(number);
	}
}

static void libseccomp_agrees_on_numbers(void **state)
{
	static const uint32_t architectures[] = {NATIVE, AUDIT_ARCH_I386, AUDIT_ARCH_ARM, 0};
	static const uint32_t bases[] = {0, X32_BIT, 0x80000000, UINT32_MAX - NUMBERS_END + 1};

	(void)state;
	for (size_t a = 0; a < 4; a++)
		for (size_t b = 0; b < 4; b++)
			for (uint32_t number = 0; number < NUMBERS_END; number++) {
				struct seccomp_data data =
					call(architectures[a], bases[b] + number);
				/* libseccomp has -1 skip the filter, for tracers; ours answers it
				 */
				if (data.nr != -1)
					compare_all_modes(&data);
			}
}

static void libseccomp_agrees_on_sockets(void **state)
{
	static const uint64_t protocols[] = {0,  1,   2,   6,   10,  15,  16,  17,        33,
					     58, 132, 136, 255, 256, 262, 768, 1ULL << 32};
	struct seccomp_data data = call(NATIVE, SYS_socket);

	(void)state;
	for (uint64_t family = 0; family < 64; family++)
		for (uint64_t type = 0; type < 32; type++)
			for (size_t p = 0; p < sizeof protocols / sizeof protocols[0]; p++) {
				data.args[0] = family;
				data.args[1] =
					type % 16 | (type / 16 * (SOCK_CLOEXEC | SOCK_NONBLOCK));
				data.args[2] = protocols[p];
				compare_all_modes(&data);
			}
}

/* ---- a real process ---- */

/* Runs in a child: 0, or the number of the check that failed. A filter may be in force already. */
static int live_under(enum seccomp_mode mode, int before)
{
	struct error err;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return 1;
	if (seccomp_install(seccomp_filter(mode), &err) != 0)
		return 2;
	if (prctl(PR_GET_SECCOMP) != (mode == SECCOMP_UNCONFINED ? before : SECCOMP_MODE_FILTER))
		return 3;
	if (mode == SECCOMP_UNCONFINED)
		return 0;
	/* CLONE_NEWUSER, and a bit that nothing has yet. */
	bool within = mode == SECCOMP_NESTED || mode == SECCOMP_SANDBOXES;
	if (syscall(SYS_unshare, within ? 0x00100000 : 0x10000000) != -1 || errno != EPERM)
		return 4;
	if (syscall(SYS_keyctl, 0, 0, 0, 0, 0) != -1 || errno != ENOSYS)
		return 5;
	if (syscall(999) != -1 || errno != ENOSYS)
		return 6;
	return getppid() > 0 ? 0 : 7;
}

static void filters_hold_in_a_process(void **state)
{
	int before = prctl(PR_GET_SECCOMP);

	(void)state;
	if (before < 0) /* an emulator of another architecture has none */
		skip();
	for (int mode = SECCOMP_DEFAULT; mode <= SECCOMP_UNCONFINED; mode++) {
		pid_t pid = fork();
		int status;

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(live_under((enum seccomp_mode)mode, before));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

static int fail_without_no_new_privs(void)
{
	struct error err = {0};

	/* a privileged caller may load a filter without it; who has it cannot be rid of it */
	if (geteuid() == 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ||
	    prctl(PR_GET_SECCOMP) < 0)
		return 77;
	if (seccomp_install(seccomp_filter(SECCOMP_DEFAULT), &err) != -1 || err.number != EACCES)
		return 1;
	return strstr(err.text, "system call filter") ? 0 : 2;
}

static void installing_without_no_new_privs_fails(void **state)
{
	(void)state;
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fail_without_no_new_privs());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

static void descriptions_name_the_mode(void **state)
{
	(void)state;
	for (int mode = 0; mode < MODES; mode++) {
		const char *text = filters[mode].description;
		assert_memory_equal(text, mode_names[mode], strlen(mode_names[mode]));
		assert_non_null(strstr(text, " calls"));
	}
	assert_null(seccomp_filter(SECCOMP_UNCONFINED));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_as_expected),
		cmocka_unit_test(what_the_table_does_not_name_is_absent),
		cmocka_unit_test(foreign_architectures_are_absent),
		cmocka_unit_test(numbers_out_of_range_are_absent),
		cmocka_unit_test(build_and_nested_allow_more_than_default_and_strict_less),
		cmocka_unit_test(libseccomp_agrees_on_numbers),
		cmocka_unit_test(libseccomp_agrees_on_arguments),
		cmocka_unit_test(libseccomp_agrees_on_sockets),
		cmocka_unit_test(filters_hold_in_a_process),
		cmocka_unit_test(installing_without_no_new_privs_fails),
		cmocka_unit_test(descriptions_name_the_mode),
	};

	return cmocka_run_group_tests_name("filter", tests, read_table, free_table);
}
