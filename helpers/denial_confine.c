/* What the helper gives up: see denial_confine.h. */
#include "denial_confine.h"

#include <err.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call_filter.h"
#include "files.h"

#define REQUEST(number)                                                                            \
	{                                                                                          \
		SYS_ioctl,                                                                         \
		{                                                                                  \
			IS(1, (uint32_t)(number))                                                  \
		}                                                                                  \
	}

/* Listen, look, count and tell: no program is run, no socket made, no process signalled or written
 * to, and what is opened is opened to be read. */
static const struct call_rule allowed[] = {
	REQUEST(SECCOMP_IOCTL_NOTIF_RECV),
	REQUEST(SECCOMP_IOCTL_NOTIF_SEND),
	REQUEST(SECCOMP_IOCTL_NOTIF_ID_VALID),
	REQUEST(SECCOMP_IOW(4, uint64_t)),
#ifdef SYS_poll
	CALL(poll),
	CALL(readlink),
	CALL(stat),
#endif
	CALL(ppoll),
	CALL(recvmsg),
	CALL(sendto),
	CALL(read),
	CALL(write), /* the record and the report; descriptors are all there are */
	CALL(process_vm_readv),
	CALL(pidfd_open),
	CALL(pidfd_getfd),
	CALL(getsockopt),
	{SYS_openat, {HAS_NOT(2, O_ACCMODE | O_CREAT | O_TRUNC)}},
	CALL(openat2),
	CALL(readlinkat),
	CALL(newfstatat),
	CALL(fstat),
	CALL(fstatfs),
	CALL(lseek),
	CALL(close),
	CALL(clock_gettime),
	CALL(exit_group),
	CALL(brk),
	CALL(munmap),
	CALL(mremap),
	CALL(madvise),
	{SYS_mmap, {HAS_NOT(2, PROT_EXEC)}},
	{SYS_mprotect, {HAS_NOT(2, PROT_EXEC)}},
};

void denial_confine(const int *keep, size_t count)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};
	struct rlimit no_core = {0, 0};

	if (close_all_but((struct kept){keep, count}, (struct kept){NULL, 0}) < 0)
		err(1, "cannot close the other descriptors");
	if (chdir("/") < 0 || setrlimit(RLIMIT_CORE, &no_core) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		err(1, "cannot give up what is not needed");
	if (syscall(SYS_capset, &header, none) < 0)
		err(1, "cannot drop the capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		err(1, "cannot set no_new_privs");
		/* AddressSanitizer makes calls of its own, and does not expect them to be refused.
		 */
#if !defined(__SANITIZE_ADDRESS__)
	if (call_filter_load(allowed, sizeof allowed / sizeof *allowed) < 0)
		err(1, "cannot load the system call filter");
#else
	(void)allowed;
#endif
}
