/*
 * mkfilter: compiles the lists of system calls into C. It runs at build time, on the build's own
 * architecture, so that a launch needs neither libseccomp (1.6 ms to make a filter) nor a file.
 *
 *     mkfilter FILTERS.c REFERENCE.c DIRECTORY COMPILER OCI.c
 *
 * COMPILER tells the compiler of profiles (libexec/sandbox/seccomp) of this build from others; it
 * is kept with what that makes (sandbox/filter_file.c).
 *
 * FILTERS.c holds the arrays that seccomp.c loads (see sandbox/filters.h). REFERENCE.c is for the
 * tests: the same lists as libseccomp compiles them, against which the tests run ours.
 */
#include <err.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "filter_check.h"
#include "filter_code.h"
#include "filter_list.h"
#include "filter_names.h"
#include "filter_oci.h"

struct mode {
	const char *name, *enumerator;
};

static const struct mode modes[] = {
	{"default", "SECCOMP_DEFAULT"},     {"build", "SECCOMP_BUILD"},
	{"strict", "SECCOMP_STRICT"},       {"nested", "SECCOMP_NESTED"},
	{"sandboxes", "SECCOMP_SANDBOXES"},
};

enum { MODES = sizeof modes / sizeof modes[0] };

/* Calls that are allowed, be it only with some arguments. */
static size_t count_allowed(const struct filter_list *list)
{
	size_t count = 0;
	int64_t counted = -1;

	for (size_t i = 0; i < list->count; i++) {
		const struct filter_rule *rule = &list->rules[i];
		if (rule->action == SECCOMP_RET_ALLOW && rule->number != counted) {
			counted = rule->number;
			count++;
		}
	}
	return count;
}

/* FNV-1a: tells two filters apart in a plan or a report; nothing trusts it. */
static unsigned long long hash(const struct filter_code *code)
{
	const unsigned char *byte = (const unsigned char *)code->instructions;
	unsigned long long value = 0xcbf29ce484222325;

	for (size_t i = 0; i < code->length * sizeof code->instructions[0]; i++)
		value = (value ^ byte[i]) * 0x100000001b3;
	return value;
}

static void write_instructions(FILE *out, const char *name, const struct sock_filter *instructions,
			       size_t length)
{
	fprintf(out, "static const struct sock_filter %s_code[] = {\n", name);
	for (size_t i = 0; i < length; i++)
		fprintf(out, "\t{0x%02x, %u, %u, 0x%08x},\n", instructions[i].code,
			instructions[i].jt, instructions[i].jf, instructions[i].k);
	fprintf(out, "};\n\n");
}

static FILE *open_output(const char *path, const char *header)
{
	FILE *out = fopen(path, "we");

	if (!out)
		err(1, "%s", path);
	fprintf(out,
		"/* Made by helpers/mkfilter from profiles/seccomp; for %s. */\n"
		"#include \"%s\"\n\n",
		filter_architectures[0].name, header);
	return out;
}

static void close_output(FILE *out, const char *path)
{
	if (ferror(out) || fclose(out) != 0)
		err(1, "%s", path);
}

/* Compile a list, and ask the result whether it says what the list does. */
static void compile(struct filter_code *code, const struct filter_list *list, const char *name)
{
	static const struct filter_range absent[] = {{0, SECCOMP_RET_ERRNO | ENOSYS}};
	uint32_t hot[32];
	const struct filter_section section = {
		.architecture = filter_architectures[0].audit,
		.rules = list->rules,
		.rules_count = list->count,
		.ranges = absent,
		.ranges_count = 1,
		.hot = hot,
		.hot_count = filter_hot_calls(&filter_architectures[0], hot, 32),
	};
	struct seccomp_data wrong;

	if (filter_code_compile(code, &section, 1, SECCOMP_RET_ERRNO | ENOSYS) < 0)
		errx(1, "%s: the filter is longer than what a kernel takes", name);
	if (filter_check(code, &section, 1, SECCOMP_RET_ERRNO | ENOSYS, &wrong) < 0)
		errx(1, "%s: compiled wrongly: call %d of architecture %#x", name, wrong.nr,
		     wrong.arch);
}

static void write_filter(FILE *out, const struct mode *mode, const struct filter_list *list,
			 const struct filter_code *code)
{
	struct filter_probe probe;

	filter_check_probe(code, filter_architectures[0].audit, &probe);
	if (!probe.refusal)
		errx(1, "%s: there is no call to try it by", mode->name);
	fprintf(out,
		"\t[%s] = {\"%s, %zu calls, %zu instructions, fnv1a:%016llx\",\n"
		"\t\t%s_code, %zu, 0, {%d, %d, {%#llx, %#llx, %#llx}}},\n",
		mode->enumerator, mode->name, count_allowed(list), code->length, hash(code),
		mode->name, code->length, probe.number, probe.refusal,
		(unsigned long long)probe.arguments[0], (unsigned long long)probe.arguments[1],
		(unsigned long long)probe.arguments[2]);
}

static void write_filters(const char *path, const struct filter_list lists[MODES],
			  const char *compiler)
{
	FILE *out = open_output(path, "filters.h");
	struct filter_code *codes = calloc(MODES, sizeof *codes);

	if (!codes)
		err(1, "memory");
	for (size_t i = 0; i < MODES; i++) {
		compile(&codes[i], &lists[i], modes[i].name);
		write_instructions(out, modes[i].name, codes[i].instructions, codes[i].length);
	}
	fprintf(out, "const struct filter filters[SECCOMP_UNCONFINED] = {\n");
	for (size_t i = 0; i < MODES; i++)
		write_filter(out, &modes[i], &lists[i], &codes[i]);
	fprintf(out, "};\n\nconst char filters_compiler[] = \"libseccomp %d.%d.%d, %s\";\n",
		SCMP_VER_MAJOR, SCMP_VER_MINOR, SCMP_VER_MICRO, compiler);
	free(codes);
	close_output(out, path);
}

/* ---- the reference ---- */

/*
 * libseccomp has no "otherwise" but the filter's default action, so a list becomes two filters,
 * which together allow a call when both do, as the kernel takes two filters of one process:
 * `allowing` has what a list allows (default ENOSYS), `refusing` the conditions under which it
 * refuses first (default allow), as for ioctl.
 */
struct reference {
	scmp_filter_ctx allowing, refusing;
};

static void check(int result, const char *what)
{
	if (result < 0)
		errx(1, "libseccomp: %s: %s", what, strerror(-result));
}

static scmp_filter_ctx new_reference(uint32_t default_action)
{
	scmp_filter_ctx context = seccomp_init(default_action);

	if (!context)
		errx(1, "libseccomp: no memory");
	check(seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2), "binary tree");
	check(seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)),
	      "foreign architectures");
	return context;
}

/* libseccomp's conditions hold one value each, so a rule with sets is one rule for each choice. */
static void add_choices(scmp_filter_ctx context, const struct filter_rule *rule,
			struct scmp_arg_cmp *chosen, unsigned count)
{
	if (count == rule->conditions_count) {
		check(seccomp_rule_add_exact_array(context, rule->action, (int)rule->number, count,
						   chosen),
		      rule->name);
		return;
	}
	const struct filter_condition *condition = &rule->conditions[count];
	for (size_t i = 0; i < condition->values_count; i++) {
		chosen[count] = SCMP_CMP(condition->argument, SCMP_CMP_MASKED_EQ, condition->mask,
					 condition->values[i]);
		add_choices(context, rule, chosen, count + 1);
	}
}

static struct reference make_reference(const struct filter_list *list)
{
	struct reference reference = {new_reference(SCMP_ACT_ERRNO(ENOSYS)),
				      new_reference(SCMP_ACT_ALLOW)};
	bool conditional = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct filter_rule *rule = &list->rules[i];
		struct scmp_arg_cmp chosen[FILTER_CONDITIONS_MAX];
		bool first = i == 0 || rule[-1].number != rule->number;

		if (first)
			conditional = false; /* whether an earlier line allowed with conditions */
		if (rule->action == SECCOMP_RET_ALLOW) {
			add_choices(reference.allowing, rule, chosen, 0);
			conditional = conditional || rule->conditions_count;
		} else if (rule->conditions_count && !conditional) {
			add_choices(reference.refusing, rule, chosen, 0);
		} else if (first && rule->action != (SECCOMP_RET_ERRNO | ENOSYS)) {
			add_choices(reference.allowing, rule, chosen, 0);
		}
	}
	return reference;
}

static void write_reference(FILE *out, const char *name, scmp_filter_ctx context)
{
	struct sock_filter instructions[BPF_MAXINSNS];
	int fd = memfd_create("reference", MFD_CLOEXEC);

	if (fd < 0)
		err(1, "memfd_create");
	check(seccomp_export_bpf(context, fd), "export");
	ssize_t size = pread(fd, instructions, sizeof instructions, 0);
	if (size <= 0)
		err(1, "read the exported filter");
	write_instructions(out, name, instructions, (size_t)size / sizeof instructions[0]);
	close(fd);
	seccomp_release(context);
}

static void write_references(const char *path, const struct filter_list lists[MODES])
{
	FILE *out = open_output(path, "filters_reference.h");
	char name[64];

	for (size_t i = 0; i < MODES; i++) {
		struct reference reference = make_reference(&lists[i]);

		snprintf(name, sizeof name, "%s_allowing", modes[i].name);
		write_reference(out, name, reference.allowing);
		snprintf(name, sizeof name, "%s_refusing", modes[i].name);
		write_reference(out, name, reference.refusing);
	}
	fprintf(out, "const struct filter_reference filter_references[SECCOMP_UNCONFINED] = {\n");
	for (size_t i = 0; i < MODES; i++)
		fprintf(out,
			"\t[%s] = {%s_allowing_code, %s_refusing_code,\n"
			"\t\tsizeof %s_allowing_code / sizeof(struct sock_filter),\n"
			"\t\tsizeof %s_refusing_code / sizeof(struct sock_filter)},\n",
			modes[i].enumerator, modes[i].name, modes[i].name, modes[i].name,
			modes[i].name);
	fprintf(out, "};\n");
	close_output(out, path);
}

static void write_oci(const char *path, const struct filter_list lists[MODES])
{
	FILE *out = open_output(path, "filters_oci.h");

	fprintf(out, "const struct filter_oci filters_oci[SECCOMP_UNCONFINED] = {\n");
	for (size_t i = 0; i < MODES; i++) {
		fprintf(out, "[%s] = ", modes[i].enumerator);
		filter_oci_write(out, &lists[i]);
		fprintf(out, ",\n");
	}
	fprintf(out, "};\n");
	close_output(out, path);
}

int main(int argc, char **argv)
{
	struct filter_list *lists = calloc(MODES, sizeof *lists);
	char path[4096];

	if (argc != 6)
		errx(1, "usage: mkfilter FILTERS.c REFERENCE.c DIRECTORY COMPILER OCI.c");
	if (!lists)
		err(1, "memory");
	for (size_t i = 0; i < MODES; i++) {
		snprintf(path, sizeof path, "%s/%s.list", argv[3], modes[i].name);
		filter_list_read(&lists[i], path);
	}
	write_filters(argv[1], lists, argv[4]);
	write_references(argv[2], lists);
	write_oci(argv[5], lists);
	free(lists);
	return 0;
}
