/*
 * try_syscall: makes real system calls, from inside a sandbox, and says what each answered.
 *
 *     try_syscall NAME...     one line each: "NAME: OK", "NAME: EPERM", "NAME: SIGSYS"
 *     try_syscall all         all that have a name, in the order of --list
 *     try_syscall --list
 *
 * NAME is one of the table below, or
 *     socket:FAMILY           any type of it
 *     socket:FAMILY:TYPE:PROTOCOL
 *     call:NUMBER[:ARG]...    any call
 *     i386:NUMBER[:ARG]...    the same by int 0x80, with i386's number
 *     x32:NUMBER[:ARG]...     the same with the bit of x32
 *
 * Each runs in a process of its own. The arguments are such that nothing happens to the machine
 * when the call is not refused, and that the kernel then answers something else than a filter
 * would, where it can: a bad descriptor (EBADF), a bad pointer (EFAULT). Still it refuses to run as
 * the host's root.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#ifdef __x86_64__
#define ONLY_X86(number) number
#else
#define ONLY_X86(number) 998 /* no such call anywhere: answers what an unknown one does */
#endif

enum { ARGUMENTS = 6, TIME_LIMIT = 10 };

/* Numbers the headers may be too old for; the same on every architecture. */
enum {
	NR_OPEN_TREE = 428,
	NR_MOVE_MOUNT = 429,
	NR_FSOPEN = 430,
	NR_FSCONFIG = 431,
	NR_FSMOUNT = 432,
	NR_FSPICK = 433,
	NR_OPENAT2 = 437,
	NR_PIDFD_GETFD = 438,
	NR_FACCESSAT2 = 439,
	NR_PROCESS_MADVISE = 440,
	NR_MOUNT_SETATTR = 442,
	NR_QUOTACTL_FD = 443,
	NR_LANDLOCK_CREATE_RULESET = 444,
	NR_STATMOUNT = 457,
	NR_LISTMOUNT = 458,
	NR_OPEN_TREE_ATTR = 467,
};

#define UPPER (1UL << 32)

/* A call with these arguments, or what the function does; both answer as syscall(2) does. */
struct probe {
	const char *name;
	long number;
	unsigned long arguments[ARGUMENTS];
	long (*function)(unsigned long argument);
};

#define TEXT(string) ((unsigned long)(uintptr_t)(string))
#define NOWHERE      ((unsigned long)-1)

/* ---- those that take more than numbers ---- */

/* The child of a clone that was allowed ends at once and is waited for. */
static long end_clone(long pid)
{
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, __WALL);
	return pid;
}

static long try_clone(unsigned long flags)
{
	return end_clone(syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0));
}

static long try_clone3(unsigned long flags)
{
	struct clone_args args = {.flags = flags, .exit_signal = SIGCHLD};

	return end_clone(syscall(SYS_clone3, &args, sizeof args));
}

static void *return_at_once(void *argument)
{
	return argument;
}

static long try_thread(unsigned long unused)
{
	pthread_t thread;

	(void)unused;
	errno = pthread_create(&thread, NULL, return_at_once, NULL);
	if (errno)
		return -1;
	return pthread_join(thread, NULL);
}

static long try_process_vm_readv(unsigned long unused)
{
	char from = 1, to = 0;
	struct iovec source = {&from, 1}, target = {&to, 1};

	(void)unused;
	return process_vm_readv(getpid(), &target, 1, &source, 1, 0);
}

static long try_process_vm_writev(unsigned long unused)
{
	char from = 1, to = 0;
	struct iovec source = {&from, 1}, target = {&to, 1};

	(void)unused;
	return process_vm_writev(getpid(), &source, 1, &target, 1, 0);
}

static long try_mknod(unsigned long mode)
{
	char path[64];
	dev_t device = (mode & 1) ? makedev(1, 3) : makedev(0, 0);

	snprintf(path, sizeof path, "/tmp/try_syscall.%d", (int)getpid());
	long result = mknod(path, (mode_t)mode & (S_IFMT | 0600), device);
	int number = errno;
	if (result == 0)
		unlink(path);
	errno = number;
	return result;
}

static long try_name_to_handle(unsigned long unused)
{
	struct {
		struct file_handle handle;
		char bytes[MAX_HANDLE_SZ];
	} place = {.handle.handle_bytes = MAX_HANDLE_SZ};
	int mount;

	(void)unused;
	return name_to_handle_at(AT_FDCWD, "/", &place.handle, &mount, 0);
}

static long try_nested_filter(unsigned long unused)
{
	struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
	struct sock_fprog program = {1, &allow};

	(void)unused;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

static long try_socketpair(unsigned long family)
{
	int pair[2];

	return socketpair((int)family, SOCK_STREAM, 0, pair);
}

static long try_modify_ldt(unsigned long unused)
{
	char buffer[64];

	(void)unused;
	return syscall(ONLY_X86(SYS_modify_ldt), 0, buffer, sizeof buffer);
}

#define CALL(name, ...)                                                                            \
	{                                                                                          \
		name, __VA_ARGS__, NULL                                                            \
	}
#define DO(name, function, x)                                                                      \
	{                                                                                          \
		name, 0, {x}, function                                                             \
	}

/* clang-format off */
static const struct probe probes[] = {
	/* what has to work */
	CALL("getpid", SYS_getpid, {0}),
	CALL("openat2", NR_OPENAT2, {NOWHERE, TEXT("/"), 0, 0}),
	CALL("faccessat2", NR_FACCESSAT2, {(unsigned long)AT_FDCWD, TEXT("/"), F_OK, 0}),
	DO("fork", try_clone, 0),
	DO("thread", try_thread, 0),
	DO("nested-filter", try_nested_filter, 0),
	CALL("landlock", NR_LANDLOCK_CREATE_RULESET, {NOWHERE, 0, NOWHERE}),
	CALL("unshare-files", SYS_unshare, {CLONE_FILES}),
	CALL("personality-ask", SYS_personality, {0xffffffff}),
	DO("mknod-fifo", try_mknod, S_IFIFO | 0600),

	/* the terminal */
	CALL("ioctl-TCGETS", SYS_ioctl, {NOWHERE, TCGETS}),
	CALL("ioctl-TIOCSTI", SYS_ioctl, {NOWHERE, TIOCSTI}),
	CALL("ioctl-TIOCSTI-upper", SYS_ioctl, {NOWHERE, TIOCSTI | UPPER}),
	CALL("ioctl-TIOCLINUX", SYS_ioctl, {NOWHERE, TIOCLINUX}),
	CALL("ioctl-TIOCLINUX-upper", SYS_ioctl, {NOWHERE, TIOCLINUX | UPPER}),
	CALL("ioctl-TIOCSETD", SYS_ioctl, {NOWHERE, TIOCSETD}),

	/* namespaces */
	DO("clone3", try_clone3, 0),
	DO("clone3-newuser", try_clone3, CLONE_NEWUSER),
	DO("clone-newuser", try_clone, CLONE_NEWUSER),
	DO("clone-newuser-upper", try_clone, CLONE_NEWUSER | UPPER),
	DO("clone-newns", try_clone, CLONE_NEWNS),
	DO("clone-newpid", try_clone, CLONE_NEWPID),
	DO("clone-newnet", try_clone, CLONE_NEWNET),
	CALL("unshare-newuser", SYS_unshare, {CLONE_NEWUSER}),
	CALL("unshare-newns", SYS_unshare, {CLONE_NEWNS}),
	CALL("unshare-newnet", SYS_unshare, {CLONE_NEWNET}),
	CALL("unshare-newtime", SYS_unshare, {CLONE_NEWTIME}),
	CALL("unshare-newcgroup", SYS_unshare, {CLONE_NEWCGROUP}),
	CALL("setns", SYS_setns, {NOWHERE, 0}),

	/* mounts */
	CALL("mount", SYS_mount, {TEXT("none"), TEXT("/nowhere"), TEXT("tmpfs"), 0, 0}),
	CALL("umount2", SYS_umount2, {TEXT("/nowhere"), 0}),
	CALL("pivot_root", SYS_pivot_root, {TEXT("/nowhere"), TEXT("/nowhere")}),
	CALL("chroot", SYS_chroot, {TEXT("/nowhere")}),
	CALL("open_tree", NR_OPEN_TREE, {NOWHERE, TEXT(""), 0}),
	CALL("move_mount", NR_MOVE_MOUNT, {NOWHERE, TEXT(""), NOWHERE, TEXT(""), 0}),
	CALL("fsopen", NR_FSOPEN, {TEXT("tmpfs"), 0}),
	CALL("fsconfig", NR_FSCONFIG, {NOWHERE, 0, 0, 0, 0}),
	CALL("fsmount", NR_FSMOUNT, {NOWHERE, 0, 0}),
	CALL("fspick", NR_FSPICK, {NOWHERE, TEXT(""), 0}),
	CALL("mount_setattr", NR_MOUNT_SETATTR, {NOWHERE, TEXT(""), 0, 0, 0}),
	CALL("open_tree_attr", NR_OPEN_TREE_ATTR, {NOWHERE, TEXT(""), 0, 0, 0}),
	CALL("statmount", NR_STATMOUNT, {0, 0, 0, 0}),
	CALL("listmount", NR_LISTMOUNT, {0, 0, 0, 0}),
	CALL("sethostname", SYS_sethostname, {0, 0}),
	CALL("setdomainname", SYS_setdomainname, {0, 0}),

	/* keys */
	CALL("keyctl", SYS_keyctl, {KEYCTL_GET_KEYRING_ID, (unsigned long)KEY_SPEC_SESSION_KEYRING, 0}),
	CALL("add_key", SYS_add_key, {0, 0, 0, 0, 0}),
	CALL("request_key", SYS_request_key, {0, 0, 0, 0}),

	/* other processes */
	CALL("ptrace", SYS_ptrace, {PTRACE_TRACEME, 0, 0, 0}),
	DO("process_vm_readv", try_process_vm_readv, 0),
	DO("process_vm_writev", try_process_vm_writev, 0),
	CALL("process_madvise", NR_PROCESS_MADVISE, {NOWHERE, 0, 0, 0, 0}),
	CALL("pidfd_getfd", NR_PIDFD_GETFD, {NOWHERE, 0, 0}),
	CALL("kcmp", SYS_kcmp, {0, 0, NOWHERE, 0, 0}),

	/* interfaces with a record */
	CALL("bpf", SYS_bpf, {NOWHERE, 0, 0}),
	CALL("perf_event_open", SYS_perf_event_open, {0, 0, NOWHERE, NOWHERE, 0}),
	CALL("io_uring_setup", SYS_io_uring_setup, {1, 0}),
	CALL("io_uring_enter", SYS_io_uring_enter, {NOWHERE, 0, 0, 0, 0, 0}),
	CALL("io_uring_register", SYS_io_uring_register, {NOWHERE, 0, 0, 0}),
	CALL("userfaultfd", SYS_userfaultfd, {0}),
	CALL("userfaultfd-user-mode", SYS_userfaultfd, {1}),
	CALL("fanotify_init", SYS_fanotify_init, {0x200, 0}),
	CALL("open_by_handle_at", SYS_open_by_handle_at, {NOWHERE, 0, 0}),
	DO("name_to_handle_at", try_name_to_handle, 0),

	/* protections of one's own */
	CALL("personality-READ_IMPLIES_EXEC", SYS_personality, {READ_IMPLIES_EXEC}),
	CALL("personality-ADDR_NO_RANDOMIZE", SYS_personality, {ADDR_NO_RANDOMIZE}),
	CALL("personality-READ_IMPLIES_EXEC-upper", SYS_personality, {READ_IMPLIES_EXEC | UPPER}),
	DO("modify_ldt", try_modify_ldt, 0),
	CALL("iopl", ONLY_X86(SYS_iopl), {3}),
	CALL("ioperm", ONLY_X86(SYS_ioperm), {0, 1, 1}),
	CALL("get_mempolicy", SYS_get_mempolicy, {0, 0, 0, 0, 0}),
	CALL("set_mempolicy", SYS_set_mempolicy, {0, 0, 0}),
	CALL("move_pages", SYS_move_pages, {0, 0, 0, 0, 0, 0}),

	/* the machine; made so that they fail for the privileged too */
	CALL("kexec_load", SYS_kexec_load, {0, 0, 0, NOWHERE}),
	CALL("kexec_file_load", SYS_kexec_file_load, {NOWHERE, NOWHERE, 0, 0, NOWHERE}),
	CALL("init_module", SYS_init_module, {0, 0, 0}),
	CALL("finit_module", SYS_finit_module, {NOWHERE, 0, 0}),
	CALL("delete_module", SYS_delete_module, {0, 0}),
	CALL("reboot", SYS_reboot, {0, 0, 0, 0}),
	CALL("swapon", SYS_swapon, {TEXT("/nowhere"), 0}),
	CALL("swapoff", SYS_swapoff, {TEXT("/nowhere")}),
	CALL("acct", SYS_acct, {TEXT("/nowhere/at/all")}),
	CALL("settimeofday", SYS_settimeofday, {1, 0}),
	CALL("clock_settime", SYS_clock_settime, {0, 1}),
	CALL("syslog", SYS_syslog, {10, 0, 0}),
	CALL("quotactl", SYS_quotactl, {NOWHERE, 0, 0, 0}),
	CALL("quotactl_fd", NR_QUOTACTL_FD, {NOWHERE, NOWHERE, 0, 0}),
	CALL("lookup_dcookie", SYS_lookup_dcookie, {0, 0, 0}),

	/* device nodes */
	DO("mknod-char", try_mknod, S_IFCHR | 0600 | 1),
	DO("mknod-whiteout", try_mknod, S_IFCHR | 0600),
	DO("mknod-block", try_mknod, S_IFBLK | 0600 | 1),

	/* socketpair, and numbers no kernel knows */
	DO("socketpair-unix", try_socketpair, AF_UNIX),
	DO("socketpair-tipc", try_socketpair, AF_TIPC),
	CALL("unknown-999", 999, {0}),
	CALL("unknown-65535", 65535, {0}),
};
/* clang-format on */

/* ---- names made of numbers ---- */

/* The first errno that speaks of the family, when no type is allowed. */
static long try_family(unsigned long family)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_RDM};
	int number = 0;

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (syscall(SYS_socket, family, types[i], 0) >= 0)
			return 0;
		if (!number || number == ESOCKTNOSUPPORT || number == EPROTONOSUPPORT)
			number = errno;
	}
	errno = number;
	return -1;
}

/* int 0x80: the i386 table, whatever the program was compiled for. */
static long call_i386(unsigned long number, const unsigned long *arguments)
{
#ifdef __x86_64__
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(arguments[0]), "c"(arguments[1]), "d"(arguments[2]),
			   "S"(arguments[3]), "D"(arguments[4])
			 : "memory", "r8", "r9", "r10", "r11");
	result = (int)result;
	if (result < 0) {
		errno = (int)-result;
		return -1;
	}
	return result;
#else
	(void)number;
	(void)arguments;
	errno = ENOSYS;
	return -1;
#endif
}

static long call(unsigned long number, const unsigned long *a)
{
	return syscall((long)number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* KIND:NUMBER[:NUMBER]... */
static long try_numbers(const char *name)
{
	unsigned long numbers[1 + ARGUMENTS] = {0};
	const char *rest = strchr(name, ':');
	size_t count = 0;

	while (rest && *rest == ':' && count < 1 + ARGUMENTS)
		numbers[count++] = strtoul(rest + 1, (char **)&rest, 0);
	if (!rest || *rest)
		errx(2, "no such name: %s (see --list)", name);
	if (strncmp(name, "socket:", 7) == 0)
		return count == 1 ? try_family(numbers[0]) : call(SYS_socket, numbers);
	if (strncmp(name, "call:", 5) == 0)
		return call(numbers[0], numbers + 1);
	if (strncmp(name, "x32:", 4) == 0)
		return call(numbers[0] | 0x40000000, numbers + 1);
	if (strncmp(name, "i386:", 5) == 0)
		return call_i386(numbers[0], numbers + 1);
	errx(2, "no such name: %s (see --list)", name);
}

/* ---- one process each ---- */

static const struct probe *find_probe(const char *name)
{
	for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++)
		if (strcmp(probes[i].name, name) == 0)
			return &probes[i];
	return NULL;
}

static long attempt(const char *name)
{
	const struct probe *probe = find_probe(name);

	if (!probe)
		return try_numbers(name);
	if (probe->function)
		return probe->function(probe->arguments[0]);
	return call((unsigned long)probe->number, probe->arguments);
}

/* Writes the errno, or 0, to a pipe; what dies before has answered with a signal. */
static void try_one(const char *name)
{
	int ends[2], number, status;

	if (pipe(ends) != 0)
		err(2, "pipe");
	pid_t pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid == 0) {
		alarm(TIME_LIMIT);
		number = attempt(name) == -1 ? errno : 0;
		_exit(write(ends[1], &number, sizeof number) == sizeof number ? 0 : 2);
	}
	close(ends[1]);
	ssize_t got = read(ends[0], &number, sizeof number);
	close(ends[0]);
	if (waitpid(pid, &status, 0) != pid)
		err(2, "waitpid");
	if (got == sizeof number && number == 0)
		printf("%s: OK\n", name);
	else if (got == sizeof number && strerrorname_np(number))
		printf("%s: %s\n", name, strerrorname_np(number));
	else if (WIFSIGNALED(status))
		printf("%s: SIG%s\n", name, sigabbrev_np(WTERMSIG(status)));
	else
		exit(2); /* the child has said why */
}

/* The host's root may do things here that arguments alone do not make harmless. */
static void refuse_hosts_root(void)
{
	char map[256] = "";
	int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? 0 : read(fd, map, sizeof map - 1);

	if (fd >= 0)
		close(fd);
	if (geteuid() == 0 && size > 0 && strstr(map, "4294967295"))
		errx(2, "not as root outside a user namespace");
}

int main(int argc, char **argv)
{
	if (argc < 2)
		errx(2, "usage: try_syscall NAME... | all | --list");
	refuse_hosts_root();
	setvbuf(stdout, NULL, _IONBF, 0);
	for (int i = 1; i < argc; i++) {
		int all = strcmp(argv[i], "all") == 0, list = strcmp(argv[i], "--list") == 0;

		for (size_t p = 0; (all || list) && p < sizeof probes / sizeof probes[0]; p++)
			if (all)
				try_one(probes[p].name);
			else
				printf("%s\n", probes[p].name);
		if (!all && !list)
			try_one(argv[i]);
	}
	return 0;
}
