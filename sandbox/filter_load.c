/* Handing a compiled filter to the kernel: see filter_load.h. */
#include "filter_load.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * A filter that was loaded and refuses nothing would be the worst of failures, so one call proves
 * it: which one, and what it answers, was found when the filter was compiled (filter_check.c).
 */
int seccomp_check(const struct filter *filter, struct error *err)
{
	const struct filter_try *attempt = &filter->attempt;

	if (!attempt->refusal)
		return 0;
	if (syscall(attempt->number, attempt->arguments[0], attempt->arguments[1],
		    attempt->arguments[2], 0, 0, 0) == -1 &&
	    errno == attempt->refusal)
		return 0;
	return fail_because(err,
			    "the system call filter was loaded but does not refuse call %d, which "
			    "it is to refuse",
			    attempt->number);
}

long seccomp_put(const struct filter *filter, unsigned flags)
{
	struct sock_fprog program = {
		.len = filter->length,
		.filter = (struct sock_filter *)filter->instructions, /* only read */
	};
	/*
	 * No flags of our own. TSYNC is for other threads, of which there are none. SPEC_ALLOW
	 * would switch off what kernels before 5.16 do against Spectre for a process with a filter
	 * (later ones do nothing): it makes programs faster there, but what runs here is exactly
	 * who should not train our predictors. A profile of the user's own may ask for it.
	 */
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter->flags | flags, &program);
}

int seccomp_install(const struct filter *filter, struct error *err)
{
	if (!filter)
		return 0;
	if (seccomp_put(filter, 0) != 0)
		return fail(err, "load the system call filter");
	return seccomp_check(filter, err);
}
