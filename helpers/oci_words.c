/* See oci_words.h. */
#include "oci_words.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

#include "capability_names.h"
#include "errno_names.h"
#include "filter_names.h"

enum { WORD_SIZE = 128 };

struct word {
	const char *name;
	uint32_t value;
};

/* The value of a word of a list; refuses another. */
static uint32_t look_up(struct json_place place, const char *what, const struct word *words,
			size_t count)
{
	char text[WORD_SIZE];

	place_take_string(place, what, text, sizeof text);
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i].name, text) == 0)
			return words[i].value;
	place_refuse(place, "unknown %s '%s'", what, text);
}

#define LOOK_UP(place, what, words) look_up(place, what, words, sizeof(words) / sizeof *(words))

uint32_t oci_action(struct json_place place)
{
	static const struct word actions[] = {
		{"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
		{"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
		{"SCMP_ACT_LOG", SECCOMP_RET_LOG},
		{"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
		{"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
		{"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
		{"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
		{"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
		{"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF},
	};

	return LOOK_UP(place, "action", actions);
}

int oci_rank(uint32_t action)
{
	static const uint32_t strictest_first[] = {
		SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,
		SECCOMP_RET_ERRNO,        SECCOMP_RET_USER_NOTIF,  SECCOMP_RET_TRACE,
		SECCOMP_RET_LOG,          SECCOMP_RET_ALLOW,
	};
	int rank = 0;

	while (rank < 7 && strictest_first[rank] != (action & SECCOMP_RET_ACTION_FULL))
		rank++;
	return rank;
}

uint32_t oci_errno(struct json_place place, const char *what)
{
	char text[WORD_SIZE];

	place_take_string(place, what, text, sizeof text);
	for (size_t i = 0; i < errno_names_count; i++)
		if (strcmp(errno_names[i].name, text) == 0)
			return (uint32_t)errno_names[i].number;
	place_refuse(place, "unknown errno '%s'", text);
}

enum filter_operator oci_operator(struct json_place place, bool *masked)
{
	enum { MASKED = 100 };
	static const struct word operators[] = {
		{"SCMP_CMP_NE", FILTER_NOT_EQUAL},     {"SCMP_CMP_LT", FILTER_LESS},
		{"SCMP_CMP_LE", FILTER_LESS_EQUAL},    {"SCMP_CMP_EQ", FILTER_IN},
		{"SCMP_CMP_GE", FILTER_GREATER_EQUAL}, {"SCMP_CMP_GT", FILTER_GREATER},
		{"SCMP_CMP_MASKED_EQ", MASKED},
	};
	uint32_t value = LOOK_UP(place, "operator", operators);

	*masked = value == MASKED;
	return *masked ? FILTER_IN : (enum filter_operator)value;
}

uint32_t oci_architecture(struct json_place place)
{
	static const struct word architectures[] = {
		{"SCMP_ARCH_X86", SCMP_ARCH_X86},
		{"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
		{"SCMP_ARCH_X32", SCMP_ARCH_X32},
		{"SCMP_ARCH_ARM", SCMP_ARCH_ARM},
		{"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
		{"SCMP_ARCH_MIPS", SCMP_ARCH_MIPS},
		{"SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64},
		{"SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32},
		{"SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL},
		{"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64},
		{"SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32},
		{"SCMP_ARCH_PPC", SCMP_ARCH_PPC},
		{"SCMP_ARCH_PPC64", SCMP_ARCH_PPC64},
		{"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE},
		{"SCMP_ARCH_S390", SCMP_ARCH_S390},
		{"SCMP_ARCH_S390X", SCMP_ARCH_S390X},
		{"SCMP_ARCH_PARISC", SCMP_ARCH_PARISC},
		{"SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64},
		{"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64},
		/* Newer than some libseccomp; no machine that this program runs on. */
		{"SCMP_ARCH_LOONGARCH64", 0xc0000102},
		{"SCMP_ARCH_M68K", 4},
		{"SCMP_ARCH_SH", 0x4000002a},
		{"SCMP_ARCH_SHEB", 42},
	};

	return LOOK_UP(place, "architecture", architectures);
}

uint64_t oci_capability(struct json_place place)
{
	char text[WORD_SIZE];

	place_take_string(place, "capability", text, sizeof text);
	for (unsigned i = 0; capability_names[i]; i++)
		if (strcasecmp(capability_names[i], text) == 0)
			return UINT64_C(1) << i;
	place_refuse(place, "unknown capability '%s'", text);
}

bool oci_is_this_machine(struct json_place place)
{
	/* Go's, and what Docker's list has beside them. */
	static const struct word machines[] = {
		{"386", 0},         {"amd64", 1},       {"arm", 0},    {"arm64", 2},
		{"loong64", 0},     {"loongarch64", 0}, {"mips", 0},   {"mips64", 0},
		{"mips64le", 0},    {"mips64n32", 0},   {"mipsel", 0}, {"mipsel64", 0},
		{"mipsel64n32", 0}, {"mipsle", 0},      {"ppc", 0},    {"ppc64", 0},
		{"ppc64le", 0},     {"riscv64", 0},     {"s390", 0},   {"s390x", 0},
		{"x32", 0},         {"x86", 0},
	};
	uint32_t which = LOOK_UP(place, "architecture", machines);

	return which == (strcmp(filter_go_architecture, "amd64") == 0 ? 1u : 2u);
}

unsigned oci_flag(struct json_place place)
{
	static const struct word flags[] = {
		/* For other threads; there are none. */
		{"SECCOMP_FILTER_FLAG_TSYNC", 0},
		{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
		{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
		{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
	};

	return LOOK_UP(place, "flag", flags);
}

void oci_kernel(struct json_place place, int kernel[2])
{
	char text[WORD_SIZE];
	int end = 0;

	place_take_string(place, "minKernel", text, sizeof text);
	if (sscanf(text, "%4d.%4d%n", &kernel[0], &kernel[1], &end) != 2 || text[end] ||
	    strspn(text, "0123456789.") != strlen(text))
		place_refuse(place, "minKernel has to be MAJOR.MINOR, and is '%s'", text);
}

/*
 * From the prototypes of the kernel's system calls: int, unsigned int, and types as wide; clone's
 * flags are a long of which the low half is taken (kernel/fork.c). A filter sees the register: what
 * stands above would make "more than 40" true of family 38, and "not 16" of family 16.
 */
unsigned oci_narrow_arguments(const char *call)
{
#define A0 1u
#define A1 2u
#define A2 4u
#define A3 8u
#define A4 16u
#define A5 32u
	static const struct word narrow[] = {
		{"accept4", A0 | A3},
		{"arch_prctl", A0},
		{"bind", A0 | A2},
		{"bpf", A0 | A2},
		{"chmod", A1},
		{"chown", A1 | A2},
		{"clone", A0},
		{"close", A0},
		{"close_range", A0 | A1 | A2},
		{"connect", A0 | A2},
		{"creat", A1},
		{"delete_module", A1},
		{"dup3", A0 | A1 | A2},
		{"epoll_create1", A0},
		{"eventfd2", A0 | A1},
		{"execveat", A0 | A4},
		{"faccessat", A0 | A2},
		{"fallocate", A0 | A1},
		{"fanotify_init", A0 | A1},
		{"fchmod", A0 | A1},
		{"fchmodat", A0 | A2},
		{"fchown", A0 | A1 | A2},
		{"fchownat", A0 | A2 | A3 | A4},
		{"fcntl", A0 | A1},
		{"finit_module", A0 | A2},
		{"flock", A0 | A1},
		{"futex", A1 | A2},
		{"getrandom", A2},
		{"getsockopt", A0 | A1 | A2},
		{"inotify_init1", A0},
		{"io_uring_register", A0 | A1 | A3},
		{"io_uring_setup", A0},
		{"ioctl", A0 | A1},
		{"iopl", A0},
		{"ioprio_set", A0 | A1 | A2},
		{"ipc", A0},
		{"kcmp", A0 | A1 | A2},
		{"keyctl", A0},
		{"kill", A0 | A1},
		{"lchown", A1 | A2},
		{"linkat", A0 | A2 | A4},
		{"listen", A0 | A1},
		{"madvise", A2},
		{"membarrier", A0 | A1},
		{"memfd_create", A1},
		{"memfd_secret", A0},
		{"mkdir", A1},
		{"mkdirat", A0 | A2},
		{"mknod", A1 | A2},
		{"mknodat", A0 | A2 | A3},
		{"mlock2", A2},
		{"mlockall", A0},
		{"msgctl", A0 | A1},
		{"msgget", A0 | A1},
		{"name_to_handle_at", A0 | A4},
		{"open", A1 | A2},
		{"open_by_handle_at", A0 | A2},
		{"open_tree", A0 | A2},
		{"openat", A0 | A2 | A3},
		{"perf_event_open", A1 | A2 | A3},
		{"personality", A0},
		{"pidfd_getfd", A0 | A1 | A2},
		{"pidfd_open", A0 | A1},
		{"pidfd_send_signal", A0 | A1 | A3},
		{"pipe2", A1},
		{"prctl", A0},
		{"prlimit64", A0 | A1},
		{"quotactl", A0 | A2},
		{"reboot", A0 | A1 | A2},
		{"recvfrom", A0 | A3},
		{"recvmsg", A0 | A2},
		{"renameat2", A0 | A2 | A4},
		{"rt_sigaction", A0},
		{"sched_setscheduler", A0 | A1},
		{"seccomp", A0 | A1},
		{"semctl", A0 | A1 | A2},
		{"semget", A0 | A1 | A2},
		{"sendmsg", A0 | A2},
		{"sendto", A0 | A3},
		{"setfsgid", A0},
		{"setfsuid", A0},
		{"setgid", A0},
		{"setns", A0 | A1},
		{"setpriority", A0 | A1 | A2},
		{"setregid", A0 | A1},
		{"setresgid", A0 | A1 | A2},
		{"setresuid", A0 | A1 | A2},
		{"setreuid", A0 | A1},
		{"setrlimit", A0},
		{"setsockopt", A0 | A1 | A2 | A4},
		{"setuid", A0},
		{"shmctl", A0 | A1},
		{"shmget", A0 | A2},
		{"shutdown", A0 | A1},
		{"socket", A0 | A1 | A2},
		{"socketcall", A0},
		{"socketpair", A0 | A1 | A2},
		{"splice", A0 | A2 | A5},
		{"swapon", A1},
		{"sysfs", A0},
		{"syslog", A0 | A2},
		{"tgkill", A0 | A1 | A2},
		{"timerfd_create", A0 | A1},
		{"tkill", A0 | A1},
		{"umount2", A1},
		{"unlinkat", A0 | A2},
		{"userfaultfd", A0},
		{"wait4", A0 | A2},
		{"waitid", A0 | A1 | A3},
	};

	for (size_t i = 0; i < sizeof narrow / sizeof *narrow; i++)
		if (strcmp(narrow[i].name, call) == 0)
			return narrow[i].value;
	return 0;
}
