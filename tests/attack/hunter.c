/*
 * hunter: what a hostile sandbox does about `sandbox exec`.
 *
 *     hunter hunt MARK        until it is killed: look at every process that comes up, again and
 *                             again, for what is not of the sandbox: a program, a descriptor, a
 *                             directory, memory, or MARK in its environment or command line. One
 *                             line for each kind of find; "hunting" when it has begun.
 *     hunter plant DIR PID    make a record of a sandbox in DIR/sandbox, in the name of process
 *                             PID, hold its lock, and tell of each descriptor that is sent to it
 *     hunter pretend COMMAND  look as a supervisor of COMMAND does, run from a file of that name
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE = 512, BLOCK = 65536 };

/* ---- hunt ---- */

/* What a process of ours may be, or lead to. */
static int is_inside(const char *link)
{
	return strcmp(link, "/") == 0 || strcmp(link, "/dev/null") == 0 ||
	       strncmp(link, "/bin/", 5) == 0 || strncmp(link, "pipe:", 5) == 0;
}

/* Each kind of find once, so that a thousand are one line. */
static void found(const char *kind, const char *what)
{
	static char told[64][LINE];
	char line[LINE];

	snprintf(line, sizeof line, "found %s: %.400s", kind, what);
	for (size_t i = 0; i < 64; i++) {
		if (strcmp(told[i], line) == 0)
			return;
		if (!*told[i]) {
			strcpy(told[i], line);
			puts(line);
			return;
		}
	}
}

static void look_at_link(int dir, const char *name)
{
	char link[LINE];
	ssize_t length = readlinkat(dir, name, link, sizeof link - 1);

	link[length > 0 ? length : 0] = '\0';
	if (length > 0 && !is_inside(link))
		found(name, link);
}

static void look_for_mark(int dir, const char *name, const char *mark)
{
	static char text[BLOCK];
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text);

	if (length > 0 && memmem(text, (size_t)length, mark, strlen(mark)))
		found(name, mark);
	if (fd >= 0)
		close(fd);
}

static void look_at_descriptors(int dir)
{
	int fds = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fds < 0 ? NULL : fdopendir(fds);

	for (struct dirent *entry; stream && (entry = readdir(stream));) {
		char link[LINE];
		ssize_t length = readlinkat(fds, entry->d_name, link, sizeof link - 1);

		link[length > 0 ? length : 0] = '\0';
		/* What the caller of exec has given as 0, 1 and 2 is the command's to have. */
		if (length > 0 && !is_inside(link) && atoi(entry->d_name) > 2)
			found("fd", link);
	}
	if (stream)
		closedir(stream);
	else if (fds >= 0)
		close(fds);
}

/* What is mapped: names in brackets are the kernel's. */
static void look_at_maps(int dir)
{
	int fd = openat(dir, "maps", O_RDONLY | O_CLOEXEC);
	FILE *maps = fd < 0 ? NULL : fdopen(fd, "r");
	char line[LINE];

	while (maps && fgets(line, sizeof line, maps)) {
		char *path = strchr(line, '/');

		line[strcspn(line, "\n")] = '\0';
		if (path && !is_inside(path))
			found("maps", path);
	}
	if (maps)
		fclose(maps);
	else if (fd >= 0)
		close(fd);
}

/* As its tracer we may see what it runs. By its program and not by its name, which is the old one
 * for a moment after the exec. */
static void trace(int dir, int pid)
{
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
		return;
	look_at_link(dir, "exe");
	look_at_maps(dir);
	/* Only what is stopped can be let go, and who is not let go stays for us to bury. */
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	if (waitpid(pid, NULL, __WALL) == pid)
		ptrace(PTRACE_DETACH, pid, 0, 0);
}

/* Whoever ends gives up the program it ran, which may then be written to by a name that was looked
 * up before. Of the sandbox's own programs that is no find: it may write to them by their names. */
static void try_to_write(int dir)
{
	char name[32], link[LINE];
	struct stat opened, named;
	int fd = openat(dir, "exe", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(name, link, sizeof link - 1);
	link[length > 0 ? length : 0] = '\0';
	if (fstat(fd, &opened) < 0 || stat(link, &named) < 0 || opened.st_dev != named.st_dev ||
	    opened.st_ino != named.st_ino)
		found("written", link);
	close(fd);
}

static void look_at(int proc, const char *name, const char *mark)
{
	int dir = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return;
	trace(dir, atoi(name));
	look_at_link(dir, "exe");
	look_at_maps(dir);
	look_at_link(dir, "cwd");
	look_at_link(dir, "root");
	look_for_mark(dir, "environ", mark);
	look_for_mark(dir, "cmdline", mark);
	look_at_descriptors(dir);
	try_to_write(dir);
	close(dir);
}

static int hunt(char **args)
{
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fdopendir(proc);

	if (!stream)
		err(2, "/proc");
	puts("hunting");
	for (;;) {
		rewinddir(stream);
		for (struct dirent *entry; (entry = readdir(stream));)
			if (entry->d_name[0] > '0' && entry->d_name[0] <= '9' &&
			    atoi(entry->d_name) != getpid() && atoi(entry->d_name) != 1)
				look_at(proc, entry->d_name, args[0]);
	}
}

/* ---- plant ---- */

static void tell_of_fds(int conn)
{
	char bytes[16], room[CMSG_SPACE(16 * sizeof(int))] __attribute__((aligned(8)));
	struct iovec data = {bytes, sizeof bytes};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = sizeof room};

	ssize_t got = recvmsg(conn, &message, 0);
	struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	printf("got %zd bytes, %zu descriptors\n", got,
	       header ? (header->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0);
}

static int plant(char **args)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "control"};
	int listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (chdir(args[0]) < 0 || mkdir("sandbox", 0700) < 0 || mkdir("sandbox/fake", 0700) < 0 ||
	    chdir("sandbox/fake") < 0)
		err(2, "%s", args[0]);
	int lock = open("lock", O_RDWR | O_CREAT | O_EXCL, 0600);
	FILE *record = fopen("record", "we");
	if (lock < 0 || flock(lock, LOCK_EX) < 0 || !record)
		err(2, "record");
	fprintf(record,
		"supervisor = %s\nchild = %s\nstarted = 1\nclock = 1\ndetached = 1\nrootfs = /\n",
		args[1], args[1]);
	fclose(record);
	if (listening < 0 || bind(listening, (struct sockaddr *)&address, sizeof address) < 0 ||
	    listen(listening, 8) < 0)
		err(2, "control");
	puts("planted");
	for (;;) {
		int conn = accept(listening, NULL, NULL);

		tell_of_fds(conn);
		close(conn);
	}
}

/* ---- pretend ---- */

static int pretend(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, 0);

	if (pid < 0)
		err(2, "clone");
	if (pid > 0)
		puts("pretending");
	else
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc == 3 && strcmp(argv[1], "hunt") == 0)
		return hunt(argv + 2);
	if (argc == 4 && strcmp(argv[1], "plant") == 0)
		return plant(argv + 2);
	if (argc == 3 && strcmp(argv[1], "pretend") == 0)
		return pretend();
	errx(2, "usage: hunter hunt MARK, hunter plant DIR PID, hunter pretend COMMAND");
}
