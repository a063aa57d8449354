/*
 * witness: all that a command finds of its confinement, in words that are the same in each run:
 * make faults compares them with those of a run without a fault. Static, so that it runs in any
 * root file system.
 *
 *     witness [-n] [NAMESPACE:INODE...]       the inodes are those outside; -n: the network too
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { LINE = 4096, DEPTH = 3 };

static void tell(const char *name, long result)
{
	const char *text = result >= 0 ? "OK" : strerrorname_np(errno);

	printf("%s: %s\n", name, text ? text : "?");
}

/* Lines of a file that begin with one of the words; all, where there is none. */
static void print_file(const char *path, const char *const words[])
{
	char line[LINE];
	FILE *file = fopen(path, "re");

	if (!file) {
		tell(path, -1);
		return;
	}
	while (fgets(line, sizeof line, file)) {
		int wanted = !words;

		for (const char *const *word = words; word && *word; word++)
			wanted |= strncmp(line, *word, strlen(*word)) == 0;
		if (wanted)
			printf("%s: %s", path, line);
	}
	fclose(file);
}

static void print_identity(void)
{
	static const char *const words[] = {"Uid:",
					    "Gid:",
					    "Groups:",
					    "Cap",
					    "NoNewPrivs:",
					    "Seccomp:",
					    "Seccomp_filters:",
					    "SigBlk:",
					    "SigIgn:",
					    "SigCgt:",
					    "Umask:",
					    "NSpid:",
					    "Speculation_Store_Bypass:",
					    "CoreDumping:",
					    NULL};

	print_file("/proc/self/status", words);
	print_file("/proc/self/uid_map", NULL);
	print_file("/proc/self/gid_map", NULL);
	print_file("/proc/self/setgroups", NULL);
	print_file("/proc/self/oom_score_adj", NULL);
	print_file("/proc/self/timens_offsets", NULL);
	printf("NoNewPrivs %d Seccomp %d securebits %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0),
	       prctl(PR_GET_SECCOMP, 0, 0, 0, 0), prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	printf("session %d group %d leads %d nice %d scheduler %d\n", getsid(0), getpgrp(),
	       getsid(0) == getpid(), getpriority(PRIO_PROCESS, 0), sched_getscheduler(0));
}

static void print_limits(void)
{
	struct rlimit limit;

	for (int i = 0; i < RLIMIT_NLIMITS; i++)
		if (getrlimit((__rlimit_resource_t)i, &limit) == 0)
			printf("limit %d: %lld %lld\n", i, (long long)limit.rlim_cur,
			       (long long)limit.rlim_max);
}

static void print_namespaces(char **outside)
{
	for (; *outside; outside++) {
		char path[96], link[64], inode[64];
		ssize_t length;

		if (sscanf(*outside, "%32[a-z_]:%60s", link, inode) != 2)
			continue;
		snprintf(path, sizeof path, "/proc/self/ns/%.40s", link);
		length = readlink(path, link, sizeof link - 1);
		link[length < 0 ? 0 : length] = '\0';
		printf("namespace %s: %s\n", path,
		       strstr(link, inode) ? "of outside"
		       : *link             ? "own"
					   : "?");
	}
}

/* Place, flags and type; numbers and where a layer is differ from run to run. */
static void print_mounts(void)
{
	char line[LINE], place[1024], flags[256], rest[2048];
	FILE *file = fopen("/proc/self/mountinfo", "re");

	while (file && fgets(line, sizeof line, file)) {
		const char *type = strstr(line, " - ");

		if (sscanf(line, "%*s %*s %*s %*s %1023s %255s %2047s", place, flags, rest) == 3 &&
		    type)
			printf("mount %s %s %.*s\n", place, flags, (int)strcspn(type + 3, " "),
			       type + 3);
	}
	if (file)
		fclose(file);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void print_tree(const char *path, int depth)
{
	struct dirent **names = NULL;
	int count = scandir(path, &names, NULL, by_name);

	for (int i = 0; i < count; i++) {
		char below[1024];
		struct stat st;

		snprintf(below, sizeof below, "%s/%s", path, names[i]->d_name);
		if (strcmp(names[i]->d_name, ".") != 0 && strcmp(names[i]->d_name, "..") != 0 &&
		    lstat(below, &st) == 0) {
			printf("entry %s %o %u:%u %lx\n", below, st.st_mode, st.st_uid, st.st_gid,
			       st.st_rdev);
			if (S_ISDIR(st.st_mode) && depth > 1)
				print_tree(below, depth - 1);
		}
		free(names[i]);
	}
	free(names);
}

static void print_root(void)
{
	static const char *const files[] = {"/etc/passwd",
					    "/etc/group",
					    "/etc/hosts",
					    "/etc/hostname",
					    "/etc/resolv.conf",
					    "/proc/sys/kernel/hostname",
					    NULL};
	static const char *const trees[] = {"/dev",
					    "/run",
					    "/tmp",
					    "/home",
					    "/m",
					    "/bound",
					    "/outside/runtime",
					    "/outside/cache",
					    "/outside/data",
					    NULL};

	print_tree("", 1);
	for (int i = 0; trees[i]; i++)
		print_tree(trees[i], DEPTH);
	for (int i = 0; files[i]; i++)
		print_file(files[i], NULL);
}

static void print_descriptors(void)
{
	char here[1024] = "?";

	for (int fd = 0; fd < 256; fd++) {
		int flags = fcntl(fd, F_GETFL);

		if (flags >= 0)
			printf("descriptor %d: %x\n", fd, flags);
	}
	if (!getcwd(here, sizeof here))
		tell("getcwd", -1);
	printf("directory: %s\n", here);
}

static void try_write(const char *path)
{
	tell(path, open(path, O_WRONLY | O_CLOEXEC));
}

/* What the filter, the masks and Landlock keep it from. */
static void try_all(void)
{
	static const char *const paths[] = {"/proc/sys/kernel/hostname",
					    "/proc/sysrq-trigger",
					    "/proc/kcore",
					    "/proc/keys",
					    "/proc/timer_list",
					    "/proc/self/fd/0",
					    "/proc/1/mem",
					    "/proc/1/environ",
					    "/sys/kernel/mm/transparent_hugepage/enabled",
					    "/bound/file",
					    "/bound/new"};
	char byte = 0;

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		try_write(paths[i]);
	tell("read environ of 1", open("/proc/1/environ", O_RDONLY | O_CLOEXEC));
	tell("read timer_list", read(open("/proc/timer_list", O_RDONLY | O_CLOEXEC), &byte, 1) > 0
					? 0
					: (errno = ENODATA, -1));
	tell("write /", mkdir("/made", 0700));
	tell("write /etc", open("/etc/made", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	tell("unshare", unshare(CLONE_NEWUSER));
	tell("mount", mount("none", "/tmp", "tmpfs", 0, NULL));
	tell("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	tell("keyctl", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
	tell("bpf", syscall(SYS_bpf, 0, NULL, 0));
	tell("perf", syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0));
	tell("io_uring", syscall(SYS_io_uring_setup, 0, NULL));
	tell("userfaultfd", syscall(SYS_userfaultfd, 0));
	tell("clone3", syscall(SYS_clone3, NULL, 0));
	tell("TIOCSTI", ioctl(0, TIOCSTI, &byte));
	tell("vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
	tell("packet", socket(AF_PACKET, SOCK_RAW, 0));
	tell("raw", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	tell("tty", open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
	tell("setuid 1", setuid(getuid()));
	tell("raise nofile",
	     setrlimit(RLIMIT_CORE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}));
}

/* A word of the world's, or why not. */
static void try_connect(const char *address, int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	char said[64] = "";
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, address, &to.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){2, 0}, sizeof(struct timeval));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){2, 0}, sizeof(struct timeval));
	if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		tell(address, -1);
	else
		printf("%s %d: %d %s\n", address, port, read(fd, said, sizeof said - 1) > 0, said);
	close(fd);
}

static void print_network(int far)
{
	struct if_nameindex *names = if_nameindex();

	for (struct if_nameindex *name = names; name && name->if_index; name++)
		printf("interface %s\n", name->if_name);
	print_file("/proc/net/route", NULL);
	print_file("/proc/net/fib_trie", NULL);
	if (!far)
		return;
	try_connect("203.0.113.200", 443);
	try_connect("203.0.113.66", 443);
	try_connect("192.168.77.2", 80);
	try_connect("10.0.2.2", 80);
}

int main(int argc, char **argv)
{
	extern char **environ;
	int far = argc > 1 && strcmp(argv[1], "-n") == 0;

	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	print_descriptors();
	print_identity();
	print_limits();
	print_namespaces(argv + 1 + far);
	print_mounts();
	print_root();
	print_network(far);
	for (char **entry = environ; *entry; entry++)
		printf("environment %s\n", *entry);
	try_all();
	printf("end\n");
	return fflush(stdout) == 0 ? 0 : 1;
}
