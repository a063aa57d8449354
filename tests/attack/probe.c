/*
 * probe: what a hostile program finds from inside a sandbox. One fact a line, "name: value";
 * static, so that it runs in any root file system.
 *
 *     probe state             ids, groups, capabilities, no_new_privs, filter, session, terminal,
 * directory probe fds               every descriptor above 2 and where it leads; nothing is best
 *     probe pid1              what can be had of process 1
 *     probe sockets           every socket that has a path
 *     probe abstract NAME     connect to an abstract socket
 *     probe tiocsti TEXT      type TEXT into the terminal on descriptor 0
 *     probe tty               take and change that terminal in other ways
 *     probe keyring           the session keyring, and what may be done to it
 *     probe breakout          out of / by chroot, "..", descriptors
 *     probe forks UID LIMIT   how many processes can be, as who we are and as UID together
 *     probe orphans COUNT     leave COUNT dead orphans to process 1; how many stay zombies
 *     probe deep COUNT        make directories COUNT deep, the last mode 000, below the working
 * directory probe parent-exe        change the file that our parent runs probe stop-all every
 * signal to every process, then that we are still there
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { NR_PIDFD_OPEN = 434, NR_PIDFD_GETFD = 438, NR_PROCESS_MADVISE = 440, LINE = 512 };

/* "name: OK" or "name: EPERM" */
static void tell(const char *name, long result)
{
	const char *text = result >= 0 ? "OK" : strerrorname_np(errno);

	printf("%s: %s\n", name, text ? text : "?");
}

/* ---- state ---- */

static void print_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};
	unsigned long long bounding = 0, ambient = 0;

	if (syscall(SYS_capget, &header, data) < 0)
		err(2, "capget");
	for (int cap = 0; cap < 64; cap++) {
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			bounding |= 1ULL << cap;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
			ambient |= 1ULL << cap;
	}
	printf("CapInh: %08x%08x\n", data[1].inheritable, data[0].inheritable);
	printf("CapPrm: %08x%08x\n", data[1].permitted, data[0].permitted);
	printf("CapEff: %08x%08x\n", data[1].effective, data[0].effective);
	printf("CapBnd: %016llx\nCapAmb: %016llx\n", bounding, ambient);
}

static void print_groups(void)
{
	gid_t groups[256];
	int count = getgroups(256, groups);

	printf("groups:");
	for (int i = 0; i < count; i++)
		printf(" %u", groups[i]);
	printf("\n");
}

/* By calls and not from /proc, which may be anything here. */
static int state(char **args)
{
	char here[LINE] = "";
	unsigned uids[3], gids[3];
	struct rlimit core;
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	(void)args;
	getresuid(&uids[0], &uids[1], &uids[2]);
	getresgid(&gids[0], &gids[1], &gids[2]);
	printf("uids: %u %u %u\ngids: %u %u %u\n", uids[0], uids[1], uids[2], gids[0], gids[1],
	       gids[2]);
	print_groups();
	print_capabilities();
	printf("NoNewPrivs: %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	printf("Seccomp: %d\n", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
	printf("securebits: %d\n", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	printf("session: %s\n", getsid(0) == getpid() ? "own"
				: getsid(0) == 0      ? "of outside"
						      : "other");
	printf("terminal: %s\n", tty < 0 ? strerrorname_np(errno) : "has one");
	printf("directory: %s\n",
	       syscall(SYS_getcwd, here, sizeof here) < 0 ? strerrorname_np(errno) : here);
	getrlimit(RLIMIT_CORE, &core);
	printf("core: %lld\n", (long long)core.rlim_cur);
	return 0;
}

static int fds(char **args)
{
	char path[64], link[LINE];
	DIR *dir = opendir("/proc/self/fd");
	struct rlimit limit;

	(void)args;
	/* By number, for /proc may be hidden; up to where a hoarder might put them. */
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur > 65536)
		limit.rlim_cur = 65536;
	for (int fd = 3; fd < (int)limit.rlim_cur; fd++) {
		if ((dir && fd == dirfd(dir)) || fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		ssize_t length = readlink(path, link, sizeof link - 1);
		link[length < 0 ? 0 : length] = '\0';
		printf("fd %d: %s\n", fd, link);
	}
	if (dir)
		closedir(dir);
	/* What is at 0, 1 and 2 must not be a way up. */
	for (int fd = 0; fd < 3; fd++)
		if (openat(fd, "..", O_PATH) >= 0)
			printf("fd %d leads to a directory\n", fd);
	return 0;
}

/* ---- process 1 ---- */

static void open_of_pid_1(const char *name, int flags)
{
	char path[64], line[96];

	snprintf(path, sizeof path, "/proc/1/%s", name);
	snprintf(line, sizeof line, "open %s", name);
	tell(line, open(path, flags | O_CLOEXEC));
}

static void print_file(const char *name)
{
	char path[64], text[4096];
	ssize_t length = 0;

	snprintf(path, sizeof path, "/proc/1/%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		length = read(fd, text, sizeof text);
	printf("%s:", name);
	for (ssize_t i = 0; i < length; i++)
		if (text[i])
			printf("%c", text[i] == '\n' ? ' ' : text[i]);
	printf("\n");
}

static int pid1(char **args)
{
	static const char *const files[] = {
		"environ",   "mem",    "maps",  "auxv", "root/.",  "cwd/.",  "exe",     "fd",
		"map_files", "ns/mnt", "stack", "io",   "syscall", "fdinfo", "pagemap", "smaps"};
	char byte = 0;
	struct iovec here = {&byte, 1}, there = {(void *)0x10000, 1};

	(void)args;
	if (getpid() == 1)
		errx(2, "we are process 1");
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		open_of_pid_1(files[i], O_RDONLY);
	open_of_pid_1("mem", O_RDWR);
	open_of_pid_1("oom_score_adj", O_WRONLY);
	open_of_pid_1("clear_refs", O_WRONLY);
	tell("ptrace attach", ptrace(PTRACE_ATTACH, 1, 0, 0));
	tell("ptrace seize", ptrace(PTRACE_SEIZE, 1, 0, 0));
	tell("process_vm_readv", process_vm_readv(1, &here, 1, &there, 1, 0));
	long pidfd = syscall(NR_PIDFD_OPEN, 1, 0);
	for (int fd = 0; fd < 8; fd++)
		if (pidfd >= 0 && syscall(NR_PIDFD_GETFD, pidfd, fd, 0) >= 0)
			printf("pidfd_getfd %d: OK\n", fd);
	tell("kcmp", syscall(SYS_kcmp, getpid(), 1, 2, 0, 0));
	tell("move_pages",
	     syscall(SYS_move_pages, 1, 1UL, &(void *){(void *)0x10000}, NULL, &(int){0}, 0));
	print_file("environ");
	print_file("cmdline");
	return 0;
}

/* ---- the way out ---- */

static int breakout(char **args)
{
	struct stat top, up;
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	(void)args;
	if (stat("/", &top) < 0)
		err(2, "/");
	tell("chroot", chroot("/tmp"));
	for (int i = 0; i < 100; i++)
		if (chdir("..") < 0)
			break;
	if (stat(".", &up) == 0 && (up.st_dev != top.st_dev || up.st_ino != top.st_ino))
		printf("'..' leads out of /\n");
	tell("unshare", unshare(CLONE_NEWUSER | CLONE_NEWNS));
	/* A second look through a descriptor, as after pivot_root without a chdir. */
	if (fchdir(fd) == 0 && chdir("../../../..") == 0 && stat(".", &up) == 0 &&
	    (up.st_dev != top.st_dev || up.st_ino != top.st_ino))
		printf("'..' of a descriptor leads out of /\n");
	tell("pivot_root", syscall(SYS_pivot_root, ".", "."));
	tell("umount", syscall(SYS_umount2, "/", 2));
	tell("umount /proc/kcore", syscall(SYS_umount2, "/proc/kcore", 2));
	tell("remount", syscall(SYS_mount, NULL, "/proc/sys", NULL, 4096 | 32, NULL));
	tell("openat /proc/1/root", openat(AT_FDCWD, "/proc/1/root/..", O_PATH));
	return 0;
}

/* ---- sockets ---- */

/* No link is followed, so that nothing is met twice; not into /proc and /sys. */
static void find_sockets(int parent, const char *name, const char *path)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char below[4096];

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (snprintf(below, sizeof below, "%s/%s", path, entry->d_name) >=
		    (int)sizeof below)
			continue;
		if (S_ISSOCK(st.st_mode))
			printf("socket: %s\n", below);
		else if (S_ISDIR(st.st_mode) && strcmp(below, "/proc") != 0 &&
			 strcmp(below, "/sys") != 0)
			find_sockets(dirfd(dir), entry->d_name, below);
	}
	closedir(dir);
}

static int sockets(char **args)
{
	(void)args;
	find_sockets(AT_FDCWD, "/", "");
	return 0;
}

static int abstract(char **args)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(args[0]));

	if (strlen(args[0]) >= sizeof address.sun_path - 1)
		errx(2, "too long");
	memcpy(address.sun_path + 1, args[0], strlen(args[0]));
	for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
		int fd = socket(AF_UNIX, type, 0);

		tell(type == SOCK_STREAM ? "stream" : "datagram",
		     connect(fd, (struct sockaddr *)&address, size));
		close(fd);
	}
	return 0;
}

/* ---- the terminal ---- */

static int tiocsti(char **args)
{
	int fds[] = {0, 1, 2, open("/dev/tty", O_RDWR), open("/dev/console", O_RDWR)};
	long result = 0;

	for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
		for (const char *p = args[0]; *p && result >= 0; p++)
			result = ioctl(fds[i], TIOCSTI, p);
	tell("TIOCSTI", result);
	errno = 0;
	tell("TIOCSTI, with upper bits", syscall(SYS_ioctl, 0, TIOCSTI | 1UL << 32, args[0]));
	errno = 0;
	tell("TIOCLINUX", ioctl(0, TIOCLINUX, &(char){2}));
	return 0;
}

static int tty(char **args)
{
	pid_t group = getpgrp();
	int disc = 2;

	(void)args;
	/* In a child that leads a session of its own, as whoever wants the terminal would. */
	if (fork() == 0) {
		setsid();
		tell("TIOCSCTTY", ioctl(0, TIOCSCTTY, 0));
		tell("TIOCSCTTY by force", ioctl(0, TIOCSCTTY, 1));
		close(open("/proc/self/fd/0", O_RDWR));
		tell("/dev/tty", open("/dev/tty", O_RDWR));
		_exit(0);
	}
	wait(NULL);
	tell("TIOCSPGRP", ioctl(0, TIOCSPGRP, &group));
	tell("TIOCNOTTY", ioctl(0, TIOCNOTTY));
	tell("TIOCVHANGUP", ioctl(0, TIOCVHANGUP));
	tell("TIOCCONS", ioctl(0, TIOCCONS));
	tell("TIOCSETD", ioctl(0, TIOCSETD, &disc));
	return 0;
}

/* ---- keys ---- */

static long keyctl(int operation, long a, unsigned long b)
{
	return syscall(SYS_keyctl, operation, a, b, 0, 0);
}

static int keyring(char **args)
{
	char text[LINE] = "";
	long ring = keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);

	(void)args;
	tell("id", ring);
	if (ring < 0)
		return 0;
	if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, ring, text, sizeof text - 1) > 0)
		printf("is: %s\n", text);
	printf("holds: %ld\n", syscall(SYS_keyctl, KEYCTL_READ, ring, text, sizeof text));
	tell("add", syscall(SYS_add_key, "user", "planted", "x", 1, ring));
	tell("setperm", keyctl(KEYCTL_SETPERM, ring, 0x3f3f3f3f));
	tell("link", keyctl(KEYCTL_LINK, KEY_SPEC_PROCESS_KEYRING, (unsigned long)ring));
	tell("clear", keyctl(KEYCTL_CLEAR, ring, 0));
	tell("chown", syscall(SYS_keyctl, KEYCTL_CHOWN, ring, getuid(), getgid()));
	tell("timeout", keyctl(KEYCTL_SET_TIMEOUT, ring, 1));
	tell("revoke", keyctl(KEYCTL_REVOKE, ring, 0));
	return 0;
}

/* ---- numbers ---- */

/* Fork until it is refused or LIMIT is reached; the children stay until the pipe closes. */
static int fork_many(int limit, int wait_on, int close_in_child)
{
	int count = 0;
	char byte;

	for (; count < limit; count++) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (pid == 0) {
			close(close_in_child);
			_exit(read(wait_on, &byte, 1) == 0 ? 0 : 1);
		}
	}
	return count;
}

static int forks(char **args)
{
	unsigned uid = (unsigned)strtoul(args[0], NULL, 10);
	int limit = (int)strtol(args[1], NULL, 10), hold[2], say[2], second = 0;

	if (pipe(hold) < 0 || pipe(say) < 0)
		err(2, "pipe");
	/* The one that changes its id first, while it can still be made. */
	pid_t pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid == 0) {
		char byte;

		close(hold[1]);
		close(say[0]);
		int count = setresuid(uid, uid, uid) < 0 ? -1 : fork_many(limit, hold[0], say[1]);
		if (write(say[1], &count, sizeof count) < 0)
			_exit(1);
		_exit(read(hold[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(say[1]);
	if (read(say[0], &second, sizeof second) != sizeof second)
		second = -1;
	int first = fork_many(limit, hold[0], hold[1]);
	printf("forks: %d as %u, %d as %u\n", first, getuid(), second, uid);
	close(hold[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}

static int count_zombies(void)
{
	DIR *dir = opendir("/proc");
	char path[300], text[LINE];
	int count = 0;

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
		int fd = entry->d_name[0] >= '0' && entry->d_name[0] <= '9' ? open(path, O_RDONLY)
									    : -1;
		ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof text - 1);

		if (fd >= 0)
			close(fd);
		text[length > 0 ? length : 0] = '\0';
		const char *end = strrchr(text, ')');
		count += end && end[1] == ' ' && end[2] == 'Z';
	}
	if (dir)
		closedir(dir);
	return count;
}

static int orphans(char **args)
{
	long count = strtol(args[0], NULL, 10);

	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			fork(); /* the child of the child is the orphan */
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) < 0)
			err(2, "after %ld", i);
	}
	for (int i = 0; i < 100 && count_zombies() > 0; i++)
		usleep(20000);
	printf("zombies: %d\n", count_zombies());
	return 0;
}

static int deep(char **args)
{
	long count = strtol(args[0], NULL, 10);

	for (long i = 0; i < count; i++)
		if (mkdir("d", 0700) < 0 || chdir("d") < 0)
			err(2, "after %ld", i);
	if (mkdir("last", 0700) < 0 || mkdir("last/inner", 0) < 0 || chmod("last", 0) < 0 ||
	    chmod(".", 0) < 0)
		err(2, "the last");
	printf("deep: %ld\n", count);
	return 0;
}

/* Started as a helper by something of the host's: CVE-2019-5736. */
static int parent_exe(char **args)
{
	char path[64], link[LINE] = "";

	(void)args;
	snprintf(path, sizeof path, "/proc/%d/exe", getppid());
	if (readlink(path, link, sizeof link - 1) < 0)
		strcpy(link, strerrorname_np(errno));
	fprintf(stderr, "probe: parent runs %s\n", link);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && fchmod(fd, 0777) == 0)
		fprintf(stderr, "probe: changed the mode of %s\n", link);
	if (open(path, O_WRONLY | O_CLOEXEC) >= 0)
		fprintf(stderr, "probe: can write to %s\n", link);
	return 1;
}

static int stop_all(char **args)
{
	(void)args;
	for (int number = 1; number <= 64; number++) {
		signal(number, SIG_IGN);
		if (number == SIGKILL || number == SIGSTOP || number == 32 || number == 33)
			continue;
		kill(-1, number);
	}
	for (int number = 1; number <= 64; number++) {
		kill(1, number);
		syscall(SYS_tkill, 1, number);
	}
	kill(1, SIGSTOP);
	kill(-1, SIGSTOP);
	kill(-1, SIGKILL);
	tell("process 1 afterwards", kill(1, 0));
	return 0;
}

/* prlimit(2) and the scheduler's calls ask for the same id, not for dumpability. */
static int starve(char **args)
{
	struct rlimit none = {0, 0};
	struct sched_param idle = {0};
	int taken = 0;

	(void)args;
	for (int resource = 0; resource < RLIM_NLIMITS; resource++)
		if (resource != RLIMIT_CPU)
			taken += prlimit(1, (__rlimit_resource_t)resource, &none, NULL) == 0;
	taken += sched_setscheduler(1, SCHED_IDLE, &idle) == 0;
	taken += setpriority(PRIO_PROCESS, 1, 19) == 0;
	printf("taken: %d\n", taken);
	return 7;
}

static int untie(char **args)
{
	(void)args;
	for (int number = 1; number < 32; number++)
		signal(number, SIG_IGN);
	tell("untied", prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0));
	while (pause() < 0)
		;
	return 0;
}

static int key(char **args)
{
	char text[LINE] = "";

	tell("search",
	     syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", "secret", 0));
	tell("request", syscall(SYS_request_key, "user", "secret", NULL, 0));
	tell("read",
	     syscall(SYS_keyctl, KEYCTL_READ, strtol(args[0], NULL, 10), text, sizeof text));
	return 0;
}

/* ---- outside ---- */

static int exchange(char **args)
{
	enum { EXCHANGE = 2 };

	for (;;)
		if (syscall(SYS_renameat2, AT_FDCWD, args[0], AT_FDCWD, args[1], EXCHANGE) < 0 &&
		    errno != ENOENT)
			err(2, "exchange");
}

static int listen_on(char **args)
{
	for (; *args; args++) {
		struct sockaddr_un address = {.sun_family = AF_UNIX};
		socklen_t size =
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(*args));
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		if (strlen(*args) >= sizeof address.sun_path)
			errx(2, "%s: too long", *args);
		memcpy(address.sun_path, *args, strlen(*args));
		if (**args == '@')
			address.sun_path[0] = '\0';
		else
			size++;
		if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 5) < 0)
			err(2, "%s", *args);
	}
	puts("listening");
	for (;;)
		pause();
}

static int with_key(char **args)
{
	char text[32];
	long ring = keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0, 0);
	long serial = syscall(SYS_add_key, "user", "secret", "SESSIONSECRET", 13, ring);

	if (ring < 0 || serial < 0 || keyctl(KEYCTL_SETPERM, serial, 0x3f3f0000) < 0)
		err(2, "make a key");
	snprintf(text, sizeof text, "%ld", serial);
	setenv("KEY", text, 1);
	execvp(args[0], args);
	err(127, "%s", args[0]);
}

static int squat(char **args)
{
	long ring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, args[0]);
	long bait = syscall(SYS_add_key, "user", "bait", "x", 1, ring);

	if (ring < 0 || bait < 0 || keyctl(KEYCTL_SETPERM, ring, 0x3f3f3f3f) < 0)
		err(2, "squat");
	puts("squatting");
	for (;;)
		pause();
}

enum { ANY = -1 };

static const struct {
	const char *name;
	int arguments;
	int (*run)(char **args);
} modes[] = {
	{"state", 0, state},
	{"fds", 0, fds},
	{"pid1", 0, pid1},
	{"sockets", 0, sockets},
	{"abstract", 1, abstract},
	{"tiocsti", 1, tiocsti},
	{"tty", 0, tty},
	{"keyring", 0, keyring},
	{"breakout", 0, breakout},
	{"forks", 2, forks},
	{"orphans", 1, orphans},
	{"deep", 1, deep},
	{"parent-exe", 0, parent_exe},
	{"stop-all", 0, stop_all},
	{"untie", 0, untie},
	{"starve", 0, starve},
	{"key", 1, key},
	{"exchange", 2, exchange},
	{"listen", ANY, listen_on},
	{"with-key", ANY, with_key},
	{"squat", 1, squat},
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	/* Called by the name of a helper that the host's program might start. */
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	if (strcmp(name, "getent") == 0 || strcmp(name, "getsubids") == 0 ||
	    strcmp(name, "newuidmap") == 0)
		return parent_exe(NULL);
	for (size_t i = 0; argc > 1 && i < sizeof modes / sizeof modes[0]; i++)
		if (strcmp(argv[1], modes[i].name) == 0 &&
		    (argc - 2 == modes[i].arguments || (modes[i].arguments == ANY && argc > 2)))
			return modes[i].run(argv + 2);
	errx(2, "usage: probe MODE [ARG...]: see the head of tests/attack/probe.c");
}
