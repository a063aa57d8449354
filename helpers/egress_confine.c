/* What the helper gives up: see egress_confine.h. */
#include "egress_confine.h"

#include <linux/capability.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call_filter.h"
#include "files.h"

/*
 * A tmpfs that is attached nowhere becomes the root: no path leads out of it, and neither does
 * "..". Detaching the copy of the host's mounts instead would wait for a grace period of RCU; they
 * are out of reach as they are, and an unmount on the host reaches them. For the same reason the
 * descriptor of the new root stays open: its end would dissolve the mount.
 */
static int empty_root(struct error *err)
{
	if (unshare(CLONE_NEWNS) < 0)
		return fail(err, "leave the host's mounts");
	int cleanup_fd context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	if (context < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "size", "4k", 0) < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "0", 0) < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fail(err, "make an empty root directory");
	int root = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
				MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					MOUNT_ATTR_NOEXEC);
	if (root < 0 || fchdir(root) < 0 || chroot(".") < 0)
		return fail(err, "enter an empty root directory");
	return 0;
}

static int drop_capabilities(struct error *err)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {
		{1u << CAP_NET_ADMIN, 1u << CAP_NET_ADMIN, 0},
		{0, 0, 0},
	};

	if (syscall(SYS_capset, &header, data) < 0)
		return fail(err, "give up capabilities");
	return 0;
}

/* What an event loop, the C library's memory and libnftables call. Memory is never to be executed,
 * and sockets are of the three kinds that are used. */
static const struct call_rule allowed[] = {
	CALL(read),
	CALL(write),
	CALL(writev),
	CALL(close),
	CALL(sendto),
	CALL(sendmsg),
	CALL(recvfrom),
	CALL(recvmsg),
	CALL(bind),
	CALL(connect),
	CALL(accept4),
	CALL(getsockname),
	CALL(getsockopt),
	CALL(setsockopt),
	CALL(epoll_ctl),
	CALL(epoll_pwait),
	CALL(pselect6),
	CALL(ppoll),
	CALL(brk),
	CALL(munmap),
	CALL(mremap),
	CALL(madvise),
	CALL(futex),
	CALL(getrandom),
	CALL(getpid),
	CALL(lseek),
	CALL(clock_gettime),
	CALL(restart_syscall),
	CALL(exit_group),
	CALL(exit),
	CALL(rt_sigreturn),
	CALL(rt_sigprocmask),
	CALL(rt_sigaction),
	CALL(setitimer),
	CALL(newfstatat),
	CALL(fstat),
	CALL(gettid),
	CALL(tgkill),
	CALL(sysinfo),
	CALL(fcntl),
#ifdef SYS_epoll_wait
	CALL(epoll_wait),
#endif
#ifdef SYS_select
	CALL(select),
#endif
#ifdef SYS_poll
	CALL(poll),
#endif
#ifdef SYS_gettimeofday
	CALL(gettimeofday),
#endif
#ifdef SYS_alarm
	CALL(alarm),
#endif
#ifdef SYS_time
	CALL(time),
#endif
	{SYS_mmap, {HAS_NOT(2, PROT_EXEC)}},
	{SYS_mprotect, {HAS_NOT(2, PROT_EXEC)}},
	{SYS_socket, {IS(0, AF_INET)}},
	{SYS_socket, {IS(0, AF_INET6)}},
	{SYS_socket, {IS(0, AF_NETLINK)}},
};

int confine(struct error *err)
{
	const struct rlimit none = {0, 0};

	if (empty_root(err) < 0)
		return -1;
	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(err, "give up privileges");
	if (drop_capabilities(err) < 0)
		return -1;
	if (call_filter_load(allowed, sizeof allowed / sizeof *allowed) < 0)
		return fail(err, "load a filter of system calls");
	return 0;
}
