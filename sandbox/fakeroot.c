/*
 * A filter of its own beside the one of --seccomp: of two filters the kernel takes the answer that
 * allows less (seccomp(2)), and an errno, also errno 0, is less than to allow. What the other one
 * refuses stays refused.
 */
#include "fakeroot.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { NATIVE_ARCHITECTURE = AUDIT_ARCH_X86_64 };
#elif defined(__aarch64__)
enum { NATIVE_ARCHITECTURE = AUDIT_ARCH_AARCH64 };
#endif

#define LOAD(field)                                                                                \
	{                                                                                          \
		BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offsetof(struct seccomp_data, field)     \
	}
/* To the last instruction, which answers 0; count is how many calls follow in the list. */
#define FAKED(number, count)                                                                       \
	{                                                                                          \
		BPF_JMP | BPF_JEQ | BPF_K, (count) + 1, 0, (number)                                \
	}

/* Other architectures' calls are refused by every filter, and answered by none. */
static const struct sock_filter code[] = {
	LOAD(arch),
	{BPF_JMP | BPF_JEQ | BPF_K, 1, 0, NATIVE_ARCHITECTURE},
	{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
	LOAD(nr),
#ifdef SYS_chown
	FAKED(SYS_chown, 12),
	FAKED(SYS_lchown, 11),
#endif
	FAKED(SYS_fchown, 10),
	FAKED(SYS_fchownat, 9),
	FAKED(SYS_setuid, 8),
	FAKED(SYS_setgid, 7),
	FAKED(SYS_setreuid, 6),
	FAKED(SYS_setregid, 5),
	FAKED(SYS_setresuid, 4),
	FAKED(SYS_setresgid, 3),
	FAKED(SYS_setgroups, 2),
	FAKED(SYS_setfsuid, 1),
	FAKED(SYS_setfsgid, 0),
	{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
	{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO},
};

static int run_fakeroot(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct sock_fprog program = {
		.len = sizeof code / sizeof *code,
		.filter = (struct sock_filter *)code, /* only read */
	};

	(void)step;
	(void)sandbox;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
		return fail(err, "load the filter that answers chown and setuid");
	/* Nobody has uid -1: the kernel's own answer would be EINVAL. */
	if (syscall(SYS_setuid, -1) != 0)
		return fail_because(err, "the filter that answers chown and setuid was loaded but "
					 "does not answer setuid");
	return 0;
}

static const struct step_kind fakeroot = {"fakeroot", run_fakeroot};

int fakeroot_plan(struct plan *plan, struct error *err)
{
	(void)err;
	if (!plan->config->fakeroot)
		return 0;
	struct step *step =
		plan_add(plan, PHASE_CONFINE, &fakeroot, config_origin(plan->config, OPT_USERNS));

	step->target = "chown, setuid and the like: nothing is done, success is answered";
	return 0;
}
