/*
 * What the relay gives up before the first byte of a stranger reaches it: see relay.h.
 *
 * In the sandbox's user namespace it had every capability, and in the host's it has all that the
 * caller has; a flaw in it must be worth neither.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call_filter.h"
#include "relay.h"

#define SOCKET(family, type)                                                                       \
	{                                                                                          \
		SYS_socket,                                                                        \
		{                                                                                  \
			IS(0, family), {1, 0xf, type}, IS(2, 0)                                    \
		}                                                                                  \
	}
#define OPTION(call, level, name)                                                                  \
	{                                                                                          \
		SYS_##call,                                                                        \
		{                                                                                  \
			IS(1, level), IS(2, name)                                                  \
		}                                                                                  \
	}

/*
 * Every call that the loop, relay_tcp.c and relay_udp.c make, and malloc's (musl's and glibc's: the
 * last five). epoll_wait(3) is epoll_wait on x86-64 and epoll_pwait on aarch64; clock_gettime(3) is
 * a call only where the vDSO has it not. No file can be opened, no program run, no memory made
 * executable, no socket made but of TCP and UDP.
 */
static const struct call_rule allowed[] = {
#ifdef SYS_epoll_wait
	CALL(epoll_wait),
#endif
	CALL(epoll_pwait),
	CALL(epoll_ctl),
	CALL(recvfrom),
	CALL(sendto),
	CALL(recvmsg),
	CALL(sendmsg),
	CALL(read),
	CALL(write),
	CALL(accept4),
	SOCKET(AF_INET, SOCK_STREAM),
	SOCKET(AF_INET6, SOCK_STREAM),
	SOCKET(AF_INET, SOCK_DGRAM),
	SOCKET(AF_INET6, SOCK_DGRAM),
	CALL(connect),
	CALL(getsockname),
	OPTION(getsockopt, SOL_SOCKET, SO_ERROR),
	OPTION(setsockopt, SOL_SOCKET, SO_LINGER),
	OPTION(setsockopt, SOL_SOCKET, SO_KEEPALIVE),
	OPTION(setsockopt, IPPROTO_TCP, TCP_NODELAY),
	CALL(shutdown),
	CALL(close),
	CALL(clock_gettime),
	CALL(exit_group),
	CALL(brk),
	CALL(munmap),
	CALL(madvise),
	{SYS_mmap, {HAS_NOT(2, PROT_EXEC)}},
	{SYS_mprotect, {HAS_NOT(2, PROT_EXEC)}},
};

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};

	/* The ambient ones go with the permitted; the bounding set counts at an exec only. */
	if (syscall(SYS_capset, &header, none) < 0)
		err(1, "cannot drop the capabilities");
}

static int compare(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

void confine_descriptors(int *keep, size_t count)
{
	unsigned from = STDERR_FILENO + 1;

	qsort(keep, count, sizeof *keep, compare);
	for (size_t i = 0; i < count; i++) {
		if ((unsigned)keep[i] > from &&
		    syscall(SYS_close_range, from, (unsigned)keep[i] - 1, 0) < 0)
			err(1, "cannot close the other descriptors");
		from = (unsigned)keep[i] + 1;
	}
	if (syscall(SYS_close_range, from, ~0u, 0) < 0)
		err(1, "cannot close the other descriptors");
}

void confine(void)
{
	struct rlimit none = {0, 0};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int complaints = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	if (null < 0)
		err(1, "cannot open /dev/null");
	if (chdir("/") < 0 || setrlimit(RLIMIT_CORE, &none) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		err(1, "cannot give up what is not needed");
	drop_capabilities();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		err(1, "cannot set no_new_privs");
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) < 0)
			err(1, "cannot put /dev/null on the standard streams");
	close(null);
	if (call_filter_load(allowed, sizeof allowed / sizeof *allowed) < 0) {
		dup2(complaints, STDERR_FILENO);
		err(1, "cannot load the system call filter");
	}
	close(complaints);
}
