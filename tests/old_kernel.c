/*
 * old_kernel: runs a command on this kernel with the system calls of Linux 5.10 only.
 *
 *     old_kernel COMMAND [ARG...]
 *
 * A filter answers as 5.10 does: ENOSYS to every call that is younger (its last is 440,
 * process_madvise; mount_setattr is 442, Landlock 444 to 446), EINVAL to a flag that is younger
 * (CLOSE_RANGE_CLOEXEC, 5.11; SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, 5.19). What is behind a
 * pointer it cannot see: overlay in user namespaces (5.11) stays, and attributes on tmpfs (6.6).
 * Started by root, it leaves setuid programs as they are; by others, no_new_privs is set, as the
 * kernel wants it for a filter (seccomp(2)).
 */
#include <err.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	LAST_CALL = 440,
	X32_BIT = 0x40000000,
	FLAG_CLOEXEC = 4,            /* close_range */
	FLAG_WAIT_KILLABLE = 1 << 5, /* seccomp, operation 1 */
};

#define LOAD(field)           BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define ANSWER(what)          BPF_STMT(BPF_RET | BPF_K, what)

int main(int argc, char **argv)
{
	struct sock_filter filter[] = {
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 11, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, LAST_CALL, 8, 0),
		EQUAL(SYS_close_range, 0, 2),
		LOAD(args[2]),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FLAG_CLOEXEC, 6, 7),
		EQUAL(SYS_seccomp, 0, 6),
		LOAD(args[0]),
		EQUAL(SECCOMP_SET_MODE_FILTER, 0, 4),
		LOAD(args[1]),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FLAG_WAIT_KILLABLE, 1, 2),
		ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
		ANSWER(SECCOMP_RET_ERRNO | EINVAL),
		ANSWER(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};

	if (argc < 2) {
		fputs("usage: old_kernel COMMAND [ARG...]\n", stderr);
		return 2;
	}
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	     syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0))
		err(2, "cannot load the filter");
	/* A test that proves nothing without the filter would pass. */
	if (syscall(SYS_mount_setattr, -1, "", 0, NULL, 0) == 0 || errno != ENOSYS ||
	    syscall(SYS_close_range, 1u << 30, 1u << 30, FLAG_CLOEXEC) == 0 || errno != EINVAL)
		errx(2, "the filter is not in force");
	execvp(argv[1], argv + 1);
	err(127, "%s", argv[1]);
}
