/*
 * test_denials: what the helper for refused calls is made of: filters run and rewritten, calls
 * taken apart, counts, advice, records; and, with a real listener, that a process that is gone has
 * no name.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "denial_advice.h"
#include "denial_calls.h"
#include "denial_decode.h"
#include "denial_filter.h"
#include "denial_record.h"
#include "denial_table.h"
#include "denial_tracee.h"
#include "filters.h"

#include <cmocka.h>

/* --- filters ---------------------------------------------------------------------------------- */

static uint32_t answer(const struct filter_program *program, int number, uint64_t first)
{
	const struct seccomp_data data = {
		.nr = number, .arch = FILTER_NATIVE, .args = {first, 0, 0, 0, 0, 0}};
	struct filter_answer said;

	assert_true(filter_run(program->code, program->length, &data, &said));
	return said.action;
}

static const struct filter *default_filter = &filters[SECCOMP_DEFAULT];

static void rewrite(struct filter_program *out, unsigned mode, const int *watched, size_t count)
{
	static const int silent[] = {SYS_read, SYS_ioctl, SYS_mount};

	assert_null(filter_rewrite(out, default_filter->instructions, default_filter->length, mode,
				   watched, count, silent, 3));
}

static void test_explain_asks_about_refusals(void **state)
{
	static struct filter_program program;
	const int watched[] = {SYS_openat};

	(void)state;
	rewrite(&program, DENIAL_EXPLAIN, watched, 1);
	assert_int_equal(answer(&program, SYS_mount, 0), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(answer(&program, SYS_clone3, 0), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(answer(&program, SYS_unshare, CLONE_NEWUSER), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(answer(&program, SYS_unshare, CLONE_FILES), SECCOMP_RET_ALLOW);
	assert_int_equal(answer(&program, SYS_read, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(answer(&program, SYS_openat, 0), SECCOMP_RET_USER_NOTIF);
}

/* For every number and both kinds of answers: what was refused is asked about, the rest as before.
 */
static void test_explain_changes_nothing_else(void **state)
{
	static struct filter_program program, before;

	(void)state;
	rewrite(&program, DENIAL_EXPLAIN, NULL, 0);
	memcpy(before.code, default_filter->instructions,
	       default_filter->length * sizeof *before.code);
	before.length = default_filter->length;
	for (int number = 0; number < 1024; number++)
		for (uint64_t first = 0; first < 4; first++) {
			uint64_t argument = first == 3 ? 0xffffffffffffffff : first * CLONE_NEWUSER;
			uint32_t was = answer(&before, number, argument);

			assert_int_equal(answer(&program, number, argument),
					 filter_passes(was) ? was : SECCOMP_RET_USER_NOTIF);
		}
}

static void test_learn_asks_about_all_but_silent(void **state)
{
	static struct filter_program program;

	(void)state;
	rewrite(&program, DENIAL_LEARN, NULL, 0);
	assert_int_equal(answer(&program, SYS_read, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(answer(&program, SYS_getuid, 0), SECCOMP_RET_USER_NOTIF);
	/* Silent only where the filter allows it whatever its arguments. */
	assert_int_equal(answer(&program, SYS_ioctl, 0), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(answer(&program, SYS_mount, 0), SECCOMP_RET_USER_NOTIF);
}

static void test_foreign_calls_are_never_silent(void **state)
{
	static struct filter_program program;
	struct seccomp_data data = {.nr = SYS_read, .arch = AUDIT_ARCH_I386};
	struct filter_answer said;

	(void)state;
	rewrite(&program, DENIAL_LEARN, NULL, 0);
	assert_true(filter_run(program.code, program.length, &data, &said));
	assert_int_equal(said.action, SECCOMP_RET_USER_NOTIF);
	data = (struct seccomp_data){.nr = SYS_read | 0x40000000, .arch = FILTER_NATIVE};
	assert_true(filter_run(program.code, program.length, &data, &said));
	assert_int_equal(said.action, SECCOMP_RET_USER_NOTIF);
}

static void test_fatal_answers(void **state)
{
	static struct filter_program program;
	const struct sock_filter kill[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS}};

	(void)state;
	assert_null(filter_rewrite(&program, kill, 1, DENIAL_EXPLAIN, NULL, 0, NULL, 0));
	assert_int_equal(answer(&program, 1, 0), SECCOMP_RET_KILL_PROCESS);
	assert_null(filter_rewrite(&program, kill, 1, DENIAL_LOG, NULL, 0, NULL, 0));
	assert_int_equal(answer(&program, 1, 0), SECCOMP_RET_USER_NOTIF);
}

static void test_what_cannot_be_rewritten(void **state)
{
	static struct filter_program program;
	static struct sock_filter many[BPF_MAXINSNS];
	const struct sock_filter calculated[] = {{BPF_RET | BPF_A, 0, 0, 0}};
	const struct sock_filter asks[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF}};

	(void)state;
	for (size_t i = 0; i < BPF_MAXINSNS; i++)
		many[i] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
	assert_non_null(filter_rewrite(&program, calculated, 1, 1, NULL, 0, NULL, 0));
	assert_non_null(filter_rewrite(&program, asks, 1, 1, NULL, 0, NULL, 0));
	assert_non_null(filter_rewrite(&program, many, BPF_MAXINSNS, 1, NULL, 0, NULL, 0));
}

static void test_wrong_programs(void **state)
{
	const struct seccomp_data data = {.nr = 1};
	struct filter_answer said;
	const struct sock_filter past[] = {{BPF_JMP | BPF_JA, 0, 0, 9}};
	const struct sock_filter wide[] = {{BPF_LD | BPF_B | BPF_ABS, 0, 0, 0}};
	const struct sock_filter zero[] = {{BPF_ALU | BPF_DIV | BPF_X, 0, 0, 0},
					   {BPF_RET | BPF_K, 0, 0, 0}};
	const struct sock_filter far[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, sizeof data}};
	const struct sock_filter cell[] = {{BPF_ST, 0, 0, BPF_MEMWORDS}};

	(void)state;
	assert_false(filter_run(past, 1, &data, &said));
	assert_false(filter_run(wide, 1, &data, &said));
	assert_false(filter_run(zero, 2, &data, &said));
	assert_false(filter_run(far, 1, &data, &said));
	assert_false(filter_run(cell, 1, &data, &said));
	assert_false(filter_run(NULL, 0, &data, &said));
}

/* Arithmetic as the kernel has it: (2 * 3 + 4 - 1) ^ 8 | 16, kept in a cell, and -1 of it. */
static void test_arithmetic(void **state)
{
	const struct seccomp_data data = {.nr = 2};
	struct filter_answer said;
	/* NOLINTBEGIN(misc-redundant-expression): BPF_ADD is 0 */
	const struct sock_filter code[] = {
		{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},  {BPF_ALU | BPF_MUL | BPF_K, 0, 0, 3},
		{BPF_ALU | BPF_ADD | BPF_K, 0, 0, 4}, {BPF_LDX | BPF_IMM, 0, 0, 1},
		{BPF_ALU | BPF_SUB | BPF_X, 0, 0, 0}, {BPF_ALU | BPF_XOR | BPF_K, 0, 0, 8},
		{BPF_ALU | BPF_OR | BPF_K, 0, 0, 16}, {BPF_ST, 0, 0, 3},
		{BPF_LD | BPF_IMM, 0, 0, 0},          {BPF_LDX | BPF_MEM, 0, 0, 3},
		{BPF_MISC | BPF_TXA, 0, 0, 0},        {BPF_ALU | BPF_NEG, 0, 0, 0},
		{BPF_ALU | BPF_NEG, 0, 0, 0},         {BPF_ALU | BPF_LSH | BPF_K, 0, 0, 4},
		{BPF_ALU | BPF_RSH | BPF_K, 0, 0, 4}, {BPF_RET | BPF_A, 0, 0, 0}};
	/* NOLINTEND(misc-redundant-expression) */

	(void)state;
	assert_true(filter_run(code, sizeof code / sizeof *code, &data, &said));
	assert_int_equal(said.action, 17);
	assert_true(said.constant);
}

/* --- taking apart ----------------------------------------------------------------------------- */

/* Memory of a process: a few strings at made-up addresses. */
struct piece {
	uint64_t address;
	const void *bytes;
	size_t size;
};

static size_t read_pieces(void *memory, uint64_t address, void *into, size_t size)
{
	for (const struct piece *piece = memory; piece->bytes; piece++) {
		if (address < piece->address || address >= piece->address + piece->size)
			continue;
		size_t offset = (size_t)(address - piece->address), got = piece->size - offset;

		got = got < size ? got : size;
		memcpy(into, (const char *)piece->bytes + offset, got);
		return got;
	}
	return 0;
}

static struct decoded decoded;

static void decode(int number, const uint64_t args[6], const struct piece *memory)
{
	struct seccomp_data data = {.nr = number, .arch = FILTER_NATIVE};

	memcpy(data.args, args, sizeof data.args);
	decode_call(&decoded, &data, read_pieces, (void *)memory);
}

#define TEXT(address, text)                                                                        \
	{                                                                                          \
		address, text, sizeof text                                                         \
	}

static void test_mount(void **state)
{
	const struct piece memory[] = {
		TEXT(0x1000, "proc"), TEXT(0x2000, "/pr\n\033oc"), {0, NULL, 0}};

	(void)state;
	decode(SYS_mount, (uint64_t[6]){0x1000, 0x2000, 0x1000, MS_NOSUID | MS_NODEV, 0, 0},
	       memory);
	assert_string_equal(decoded.call, "mount");
	assert_string_equal(decoded.text,
			    "mount(\"proc\", \"/pr\\n\\x1boc\", \"proc\", MS_NOSUID|MS_NODEV, 0)");
}

static void test_open_flags_say_the_use(void **state)
{
	const struct piece memory[] = {TEXT(0x1000, "a/b"), {0, NULL, 0}};

	(void)state;
	decode(SYS_openat, (uint64_t[6]){7, 0x1000, O_RDWR | O_CREAT, 0644, 0, 0}, memory);
	assert_int_equal(decoded.paths_count, 1);
	assert_int_equal(decoded.paths[0].dirfd, 7);
	assert_string_equal(decoded.paths[0].path, "a/b");
	assert_int_equal(decoded.paths[0].use, USE_READ | USE_WRITE | USE_CHANGE);
	assert_string_equal(decoded.text, "openat(7, \"a/b\", O_RDWR|O_CREAT, 0644)");
	decode(SYS_openat, (uint64_t[6]){(uint64_t)AT_FDCWD, 0x1000, O_PATH, 0, 0, 0}, memory);
	assert_int_equal(decoded.paths[0].use, USE_SEE);
	decode(SYS_openat, (uint64_t[6]){(uint64_t)AT_FDCWD, 0x1000, O_WRONLY, 0, 0, 0}, memory);
	assert_int_equal(decoded.paths[0].use, USE_WRITE);
}

static void test_two_paths(void **state)
{
	const struct piece memory[] = {TEXT(0x1000, "x"), TEXT(0x2000, "/y"), {0, NULL, 0}};

	(void)state;
	decode(SYS_renameat2, (uint64_t[6]){3, 0x1000, 4, 0x2000, 0, 0}, memory);
	assert_int_equal(decoded.paths_count, 2);
	assert_int_equal(decoded.paths[1].dirfd, 4);
	assert_int_equal(decoded.paths[0].use, USE_CHANGE);
	assert_int_equal(decoded.paths[1].use, USE_CHANGE);
}

static void test_strings_that_cannot_be_read(void **state)
{
	static char endless[8192];
	const struct piece memory[] = {{0x1000, endless, sizeof endless}, {0, NULL, 0}};

	(void)state;
	memset(endless, 'a', sizeof endless);
	decode(SYS_openat, (uint64_t[6]){3, 0x1000, 0, 0, 0, 0}, memory);
	assert_int_equal(decoded.paths_count, 0);
	decode(SYS_openat, (uint64_t[6]){3, 0x9000, 0, 0, 0, 0}, memory);
	assert_string_equal(decoded.text, "openat(3, 0x9000, O_RDONLY, 00)");
	decode(SYS_mount, (uint64_t[6]){0x1000, 0x1000, 0x1000, 0, 0, 0}, memory);
	assert_true(strlen(decoded.text) < DECODED_TEXT);
}

static void test_foreign_and_unknown(void **state)
{
	struct seccomp_data data = {.nr = 165, .arch = AUDIT_ARCH_I386};
	const struct piece none[] = {{0, NULL, 0}};

	(void)state;
	decode_call(&decoded, &data, read_pieces, (void *)none);
	assert_string_equal(decoded.call, "call 165 of a foreign ABI");
	data = (struct seccomp_data){.nr = 9999, .arch = FILTER_NATIVE};
	decode_call(&decoded, &data, read_pieces, (void *)none);
	assert_string_equal(decoded.call, "call 9999");
}

static void test_addresses(void **state)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(443)};
	const struct piece memory[] = {{0x1000, &four, sizeof four}, {0, NULL, 0}};

	(void)state;
	inet_pton(AF_INET, "192.0.2.1", &four.sin_addr);
	decode(SYS_connect, (uint64_t[6]){3, 0x1000, sizeof four, 0, 0, 0}, memory);
	assert_int_equal(decoded.address.ss_family, AF_INET);
	assert_int_equal(decoded.socket, 3);
	assert_string_equal(decoded.text, "connect(3, 192.0.2.1:443, 16)");
	decode(SYS_connect, (uint64_t[6]){3, 0x1000, 4, 0, 0, 0}, memory);
	assert_int_equal(decoded.address.ss_family, AF_UNSPEC);
}

static const unsigned char query[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
				     "\x03www\x07"
				     "eXample\x03org\x00\x00\x01\x00\x01";

static void test_queries(void **state)
{
	const struct piece memory[] = {{0x1000, query, sizeof query - 1}, {0, NULL, 0}};

	(void)state;
	decode(SYS_sendto, (uint64_t[6]){3, 0x1000, sizeof query - 1, 0, 0, 0}, memory);
	assert_string_equal(decoded.query, "www.example.org");
	for (size_t size = 0; size < sizeof query - 1; size++) {
		decode(SYS_sendto, (uint64_t[6]){3, 0x1000, size, 0, 0, 0}, memory);
		assert_string_equal(decoded.query, "");
	}
}

/* --- counting --------------------------------------------------------------------------------- */

static struct denials denials;

static void add(const char *program, const char *call, enum denial_reason reason, const char *what)
{
	struct denial like = {.reason = reason, .number = EPERM};

	snprintf(like.program, sizeof like.program, "%s", program);
	snprintf(like.call, sizeof like.call, "%s", call);
	snprintf(like.what, sizeof like.what, "%s", what);
	struct denial *entry = denials_add(&denials, &like);
	if (entry)
		snprintf(entry->advice, sizeof entry->advice, "add --x");
}

static char *printed(bool passed)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	denials_print(out, &denials, passed);
	fclose(out);
	return text;
}

static void test_counts(void **state)
{
	(void)state;
	denials = (struct denials){.count = 0};
	for (int i = 0; i < 3; i++)
		add("dpkg", "mount", DENIAL_CALL, i ? "mount(1)" : "mount(0)");
	add("cat", "openat", DENIAL_FILE, "/a");
	add("cat", "openat", DENIAL_FILE, "/b");
	add("sh", "clone3", DENIAL_ABSENT, "");
	char *text = printed(false);
	assert_string_equal(text,
			    "refused: mount(2) by dpkg (x3): add --x; it was mount(0)\n"
			    "refused: openat(2) of /a by cat: add --x\n"
			    "refused: openat(2) of /b by cat: add --x\n"
			    "answered as not there (ENOSYS; most programs go on without): clone3 "
			    "by sh\n");
	free(text);
}

static void test_counts_are_bounded(void **state)
{
	char name[16];

	(void)state;
	denials = (struct denials){.count = 0};
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof name, "p%d", i);
		add(name, "mount", DENIAL_CALL, "");
	}
	assert_int_equal(denials.count, DENIALS_MAX);
	assert_int_equal(denials.more, 100000 - DENIALS_MAX);
	char *text = printed(true), last[64];
	size_t lines = 0;
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, DENIALS_SHOWN + 1);
	snprintf(last, sizeof last, "refused: %d more", 100000 - DENIALS_SHOWN);
	assert_non_null(strstr(text, last));
	free(text);
}

static void test_names_are_escaped(void **state)
{
	(void)state;
	denials = (struct denials){.count = 0};
	add("\033[31m\nsandbox:", "mount", DENIAL_CALL, "a\nb");
	char *text = printed(false);
	assert_string_equal(text,
			    "refused: mount(2) by \\x1b[31m\\nsandbox:: add --x; it was a\\nb\n");
	free(text);
}

/* --- advice ----------------------------------------------------------------------------------- */

static const char fact_text[] = "filter\0strict\0capabilities\0001\0network\0none\0root\0/srv/x\0"
				"layer\0read-only\0proof\0"
				"308:ffffffff:0\0"
				"mount\0ro-bind\0/src\0command line\0"
				"mount\0mask\0/src/key\0profile a.conf:3\0mount\0bind\0/src/out\0x";

static struct facts facts;

static const char *advice_for(int number, const uint64_t args[6])
{
	static char text[DENIAL_ADVICE];
	struct seccomp_data data = {.nr = number, .arch = FILTER_NATIVE};

	memcpy(data.args, args, sizeof data.args);
	assert_true(facts_read(&facts, fact_text, sizeof fact_text));
	advise_call(text, sizeof text, &facts, &data, decode_call_name(number));
	return text;
}

static void test_advice(void **state)
{
	(void)state;
	assert_string_equal(advice_for(SYS_mount, (uint64_t[6]){0}),
			    "add --seccomp=sandboxes --cap-add SYS_ADMIN");
	assert_string_equal(advice_for(SYS_unshare, (uint64_t[6]){CLONE_NEWUSER | CLONE_NEWNS}),
			    "add --seccomp=nested");
	assert_string_equal(
		advice_for(SYS_keyctl, (uint64_t[6]){0}),
		"add --seccomp=unconfined (no filter at all: see DENIALS in sandbox(1))");
	assert_string_equal(advice_for(SYS_socket, (uint64_t[6]){AF_INET, SOCK_STREAM}),
			    "add --seccomp=default");
	assert_string_equal(advice_for(SYS_ptrace, (uint64_t[6]){0}), "add --seccomp=build");
	assert_string_equal(advice_for(SYS_init_module, (uint64_t[6]){0}),
			    "no flag allows it: modules are the machine's");
}

static void test_facts(void **state)
{
	(void)state;
	assert_true(facts_read(&facts, fact_text, sizeof fact_text));
	assert_int_equal(facts.mounts_count, 3);
	assert_string_equal(facts_mount_of(&facts, "/src/key/x")->kind, "mask");
	assert_string_equal(facts_mount_of(&facts, "/src/keys")->kind, "ro-bind");
	assert_string_equal(facts_mount_of(&facts, "/src/out")->kind, "bind");
	assert_null(facts_mount_of(&facts, "/other"));
	for (size_t size = 1; size < sizeof fact_text; size++)
		facts_read(&facts, fact_text, size); /* and no more than that of it */
	assert_false(facts_read(&facts, "filter", sizeof "filter"));
	assert_false(facts_read(&facts, "what\0is", sizeof "what\0is"));
}

/* --- records ---------------------------------------------------------------------------------- */

static void test_record_is_bounded(void **state)
{
	static struct record record;
	char path[64];

	(void)state;
	assert_int_equal(record_init(&record), 0);
	for (int i = 0; i < 200000; i++) {
		snprintf(path, sizeof path, "/d%d/f%d", i % 100, i);
		record_file(&record, path, USE_READ);
	}
	assert_true(record.files_count <= RECORD_FILES);
	assert_int_equal(record.lost, 0); /* directories took the place of files */
	for (int i = 0; i < 100000; i++) {
		snprintf(path, sizeof path, "/e%d/f", i);
		record_file(&record, path, USE_READ);
	}
	assert_true(record.files_count <= RECORD_FILES && record.bytes <= RECORD_BYTES);
	assert_true(record.lost > 0);
}

static void test_record_keeps_what_filters_look_at(void **state)
{
	static struct record record;
	char *text = NULL;
	size_t size;

	(void)state;
	assert_int_equal(record_init(&record), 0);
	record_call(&record, SYS_ioctl, (__u64[6]){1, 0xffffffff00005401}, false);
	record_call(&record, SYS_ioctl, (__u64[6]){2, 0x5401}, false);
	record_call(&record, SYS_socket, (__u64[6]){AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 6}, false);
	record_call(&record, SYS_mount, (__u64[6]){0}, true);
	record_file(&record, "/a b%\n", USE_READ | USE_DIRECTORY);
	FILE *out = open_memstream(&text, &size);
	record_write(out, &record);
	fclose(out);
	assert_string_equal(text, "call ioctl 1:ffffffff:5401\n"
				  "call socket 0:ffffffff:2 1:f:1 2:ffffffff:6\n"
				  "refused mount\nfile rd /a%20b%25%0A\n");
	free(text);
}

/* --- a process that is gone ------------------------------------------------------------------- */

/* A child behind a filter that asks about getpgid; its listener is left in our descriptors. */
static pid_t start_held(int *listener)
{
	struct sock_filter code[] = {
		{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)},
		{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_getpgid},
		{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF},
		{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
	struct sock_fprog program = {4, code};
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char room[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
		struct iovec data = {&byte, 1};
		struct msghdr message = {.msg_iov = &data,
					 .msg_iovlen = 1,
					 .msg_control = room,
					 .msg_controllen = sizeof room};

		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				      SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		*header = (struct cmsghdr){CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS};
		memcpy(CMSG_DATA(header), &fd, sizeof fd);
		sendmsg(ends[1], &message, 0);
		close(fd);
		syscall(SYS_getpgid, 0);
		_exit(0);
	}
	close(ends[1]);
	char room[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))), byte;
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = sizeof room};
	assert_int_equal(recvmsg(ends[0], &message, 0), 1);
	struct cmsghdr *got = CMSG_FIRSTHDR(&message);
	if (!got)
		abort();
	memcpy(listener, CMSG_DATA(got), sizeof *listener);
	close(ends[0]);
	return pid;
}

static void test_who_is_gone_has_no_name(void **state)
{
	char name[TRACEE_NAME], memory[8];
	static const char text[8] = "secret";
	struct seccomp_notif notif = {0};
	struct tracee_target target;
	int listener;

	(void)state;
	if (prctl(PR_GET_SECCOMP) < 0) /* an emulator of another architecture has none */
		skip();
	pid_t pid = start_held(&listener);
	assert_int_equal(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notif), 0);
	struct tracee tracee = {listener, notif.id, (pid_t)notif.pid};
	assert_true(tracee_valid(&tracee));
	tracee_name(&tracee, name);
	assert_string_equal(name, "test_denials");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* Its number has become ours, say: a process that is no business of the sandbox's. */
	tracee.pid = getpid();
	tracee_name(&tracee, name);
	assert_string_equal(name, "?");
	assert_int_equal(tracee_read(&tracee, (uint64_t)(uintptr_t)text, memory, sizeof memory), 0);
	tracee_look(&tracee, "/etc/passwd", &target);
	assert_int_not_equal(target.number, 0);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_explain_asks_about_refusals),
		cmocka_unit_test(test_explain_changes_nothing_else),
		cmocka_unit_test(test_learn_asks_about_all_but_silent),
		cmocka_unit_test(test_foreign_calls_are_never_silent),
		cmocka_unit_test(test_fatal_answers),
		cmocka_unit_test(test_what_cannot_be_rewritten),
		cmocka_unit_test(test_wrong_programs),
		cmocka_unit_test(test_arithmetic),
		cmocka_unit_test(test_mount),
		cmocka_unit_test(test_open_flags_say_the_use),
		cmocka_unit_test(test_two_paths),
		cmocka_unit_test(test_strings_that_cannot_be_read),
		cmocka_unit_test(test_foreign_and_unknown),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_counts_are_bounded),
		cmocka_unit_test(test_names_are_escaped),
		cmocka_unit_test(test_advice),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_record_is_bounded),
		cmocka_unit_test(test_record_keeps_what_filters_look_at),
		cmocka_unit_test(test_who_is_gone_has_no_name),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
