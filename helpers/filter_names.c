/* Names and numbers: see filter_names.h. Sources: the kernel's syscall tables (scripts/syscall.tbl,
 * arch/x86/entry/syscalls), socketcall(2), ipc(2). */
#include "filter_names.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <string.h>

enum { X32_BIT = 0x40000000 };

#if defined(__x86_64__)
const char filter_go_architecture[] = "amd64";
const struct filter_architecture filter_architectures[] = {
	{"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, 0, false},
	{"SCMP_ARCH_X32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64, X32_BIT, false},
	{"SCMP_ARCH_X86", SCMP_ARCH_X86, AUDIT_ARCH_I386, 0, true},
	{NULL, 0, 0, 0, false},
};
#elif defined(__aarch64__)
const char filter_go_architecture[] = "arm64";
const struct filter_architecture filter_architectures[] = {
	{"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, 0, false},
	{"SCMP_ARCH_ARM", SCMP_ARCH_ARM, AUDIT_ARCH_ARM, 0, false},
	{NULL, 0, 0, 0, false},
};
#else
#error "no filter for this architecture: it would be half done"
#endif

struct numbered {
	const char *name;
	uint32_t number;
};

/* Calls since Linux 5.1 have one number on every architecture. */
static const struct numbered newer[] = {
	{"pidfd_send_signal", 424},
	{"io_uring_setup", 425},
	{"io_uring_enter", 426},
	{"io_uring_register", 427},
	{"open_tree", 428},
	{"move_mount", 429},
	{"fsopen", 430},
	{"fsconfig", 431},
	{"fsmount", 432},
	{"fspick", 433},
	{"pidfd_open", 434},
	{"clone3", 435},
	{"close_range", 436},
	{"openat2", 437},
	{"pidfd_getfd", 438},
	{"faccessat2", 439},
	{"process_madvise", 440},
	{"epoll_pwait2", 441},
	{"mount_setattr", 442},
	{"quotactl_fd", 443},
	{"landlock_create_ruleset", 444},
	{"landlock_add_rule", 445},
	{"landlock_restrict_self", 446},
	{"process_mrelease", 448},
	{"futex_waitv", 449},
	{"set_mempolicy_home_node", 450},
	{"cachestat", 451},
	{"fchmodat2", 452},
	{"map_shadow_stack", 453},
	{"futex_wake", 454},
	{"futex_wait", 455},
	{"futex_requeue", 456},
	{"statmount", 457},
	{"listmount", 458},
	{"lsm_get_self_attr", 459},
	{"lsm_set_self_attr", 460},
	{"lsm_list_modules", 461},
	{"mseal", 462},
	{"setxattrat", 463},
	{"getxattrat", 464},
	{"listxattrat", 465},
	{"removexattrat", 466},
	{"open_tree_attr", 467},
	{"file_getattr", 468},
	{"file_setattr", 469},
	{"listns", 470},
};

/* What some architectures alone have. */
static const struct {
	const char *name;
	uint32_t token, number;
} particular[] = {
	{"memfd_secret", SCMP_ARCH_X86_64, 447},   {"memfd_secret", SCMP_ARCH_X32, 447},
	{"memfd_secret", SCMP_ARCH_X86, 447},      {"memfd_secret", SCMP_ARCH_AARCH64, 447},
	{"uretprobe", SCMP_ARCH_X86_64, 335},      {"uprobe", SCMP_ARCH_X86_64, 336},
	{"riscv_hwprobe", SCMP_ARCH_RISCV64, 258}, {"riscv_flush_icache", SCMP_ARCH_RISCV64, 259},
};

enum filter_call filter_call_number(const struct filter_architecture *architecture,
				    const char *name, uint32_t *number)
{
	bool elsewhere = false;
	int known = seccomp_syscall_resolve_name_arch(architecture->token, name);

	if (known >= 0) {
		*number = (uint32_t)known | architecture->bit;
		return FILTER_CALL_FOUND;
	}
	/* libseccomp has pseudo numbers for what i386 multiplexes, though it has the calls too. */
	static const struct numbered direct[] = {
		{"socket", 359},      {"socketpair", 360}, {"bind", 361},
		{"connect", 362},     {"listen", 363},     {"accept4", 364},
		{"getsockopt", 365},  {"setsockopt", 366}, {"getsockname", 367},
		{"getpeername", 368}, {"sendto", 369},     {"sendmsg", 370},
		{"recvfrom", 371},    {"recvmsg", 372},    {"shutdown", 373},
		{"recvmmsg", 337},    {"sendmmsg", 345},   {"semget", 393},
		{"semctl", 394},      {"shmget", 395},     {"shmctl", 396},
		{"shmat", 397},       {"shmdt", 398},      {"msgget", 399},
		{"msgsnd", 400},      {"msgrcv", 401},     {"msgctl", 402},
	};
	for (size_t i = 0; architecture->multiplexes && i < sizeof direct / sizeof *direct; i++)
		if (strcmp(direct[i].name, name) == 0) {
			*number = direct[i].number;
			return FILTER_CALL_FOUND;
		}
	for (size_t i = 0; i < sizeof newer / sizeof *newer; i++)
		if (strcmp(newer[i].name, name) == 0) {
			*number = newer[i].number | architecture->bit;
			return FILTER_CALL_FOUND;
		}
	for (size_t i = 0; i < sizeof particular / sizeof *particular; i++) {
		if (strcmp(particular[i].name, name) != 0)
			continue;
		elsewhere = true;
		if (particular[i].token == architecture->token) {
			*number = particular[i].number | architecture->bit;
			return FILTER_CALL_FOUND;
		}
	}
	return elsewhere || known != __NR_SCMP_ERROR ? FILTER_CALL_ELSEWHERE : FILTER_CALL_UNKNOWN;
}

bool filter_call_multiplexed(const struct filter_architecture *architecture, const char *name,
			     uint32_t *number, uint32_t *selector)
{
	enum { SOCKETCALL = 102, IPC = 117 };
	static const struct numbered socketcall[] = {
		{"socket", 1},    {"bind", 2},        {"connect", 3},     {"listen", 4},
		{"accept", 5},    {"getsockname", 6}, {"getpeername", 7}, {"socketpair", 8},
		{"send", 9},      {"recv", 10},       {"sendto", 11},     {"recvfrom", 12},
		{"shutdown", 13}, {"setsockopt", 14}, {"getsockopt", 15}, {"sendmsg", 16},
		{"recvmsg", 17},  {"accept4", 18},    {"recvmmsg", 19},   {"sendmmsg", 20},
	};
	static const struct numbered ipc[] = {
		{"semop", 1},   {"semget", 2},  {"semctl", 3},  {"semtimedop", 4},
		{"msgsnd", 11}, {"msgrcv", 12}, {"msgget", 13}, {"msgctl", 14},
		{"shmat", 21},  {"shmdt", 22},  {"shmget", 23}, {"shmctl", 24},
	};

	if (!architecture->multiplexes)
		return false;
	for (size_t i = 0; i < sizeof socketcall / sizeof *socketcall; i++)
		if (strcmp(socketcall[i].name, name) == 0) {
			*number = SOCKETCALL;
			*selector = socketcall[i].number;
			return true;
		}
	for (size_t i = 0; i < sizeof ipc / sizeof *ipc; i++)
		if (strcmp(ipc[i].name, name) == 0) {
			*number = IPC;
			*selector = ipc[i].number;
			return true;
		}
	return false;
}

size_t filter_hot_calls(const struct filter_architecture *architecture, uint32_t *numbers,
			size_t max)
{
	/* By how often a build, an interpreter and a server make them. */
	static const char *const hot[] = {
		"read",     "write",  "close", "fstat",         "newfstatat", "openat",  "lseek",
		"mmap",     "munmap", "futex", "clock_gettime", "epoll_wait", "getppid", "poll",
		"recvfrom", "sendto", "ioctl", "mprotect",      "brk",        "pread64", "getpid",
	};
	size_t count = 0;

	for (size_t i = 0; count < max && i < sizeof hot / sizeof *hot; i++)
		if (filter_call_number(architecture, hot[i], &numbers[count]) == FILTER_CALL_FOUND)
			count++;
	return count;
}
