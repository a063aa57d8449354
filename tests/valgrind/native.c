/*
 * syscall(2), for the build that valgrind runs: what valgrind 3.19 does not know (it would answer
 * ENOSYS) is made by the real processor instead of the simulated one. Linked with --wrap=syscall,
 * and only there. All of these calls read memory and write none, but for what is said below.
 */
#include <errno.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <valgrind/memcheck.h>

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

struct call {
	long number, arguments[6];
};

/* On valgrind's own stack, without the thread's registers: no library, no stack protector. */
static long native(unsigned thread, struct call *call)
{
	/* cppcheck does not know registers by name. */
	// cppcheck-suppress constStatement
	register long r10 __asm__("r10") = call->arguments[3];
	// cppcheck-suppress constStatement
	register long r8 __asm__("r8") = call->arguments[4];
	// cppcheck-suppress constStatement
	register long r9 __asm__("r9") = call->arguments[5];
	long result;

	(void)thread;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(call->number), "D"(call->arguments[0]), "S"(call->arguments[1]),
			   "d"(call->arguments[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static int is_unknown(long number)
{
	switch (number) {
	case SYS_mount: /* known, but not that its type may be NULL (mount(2)) */
	case SYS_setns: /* known, but it never asks the kernel about descriptor -1 (seccomp.c does)
			 */
	case SYS_pidfd_open:
	case SYS_pidfd_send_signal:
	case SYS_open_tree:
	case SYS_move_mount:
	case SYS_fsopen:
	case SYS_fsconfig:
	case SYS_fsmount:
	case SYS_openat2:
	case SYS_mount_setattr:
	case SYS_seccomp:
	case SYS_landlock_create_ruleset:
	case SYS_landlock_add_rule:
	case SYS_landlock_restrict_self:
		return 1;
	default:
		return 0;
	}
}

long __wrap_syscall(long number, ...)
{
	struct call call = {.number = number};
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		call.arguments[i] = va_arg(list, long);
	va_end(list);
	/* Fewer were given than are taken here; what the caller did not give is not looked at. */
	VALGRIND_MAKE_MEM_DEFINED(&call, sizeof call);
	/* A helper program is not in valgrind, where this one is. */
	if (!RUNNING_ON_VALGRIND || !is_unknown(number))
		return __real_syscall(number, call.arguments[0], call.arguments[1],
				      call.arguments[2], call.arguments[3], call.arguments[4],
				      call.arguments[5]);
	/* What is read has to be there and be set. */
	if (number == SYS_openat2)
		VALGRIND_CHECK_MEM_IS_DEFINED(call.arguments[2], sizeof(struct open_how));
	long result = (long)VALGRIND_NON_SIMD_CALL1(native, &call);
	if (result < 0 && result > -4096) {
		errno = (int)-result;
		return -1;
	}
	return result;
}
