/* An X server of the sandbox's own: see x11.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "x11.h"

enum { START_SECONDS = 25, END_MILLISECONDS = 2000, COOKIE = 16 };

/* The file of cookies that the server reads, in memory: an entry for whatever display, since its
 * number is not known yet. */
static int make_authority(struct server *server)
{
	unsigned char entry[AUTHORITY_MOST];
	int fd = memfd_create("authority", 0);

	server->cookie.size = COOKIE;
	if (fd < 0 || getrandom(server->cookie.data, COOKIE, 0) != COOKIE)
		return -1;
	size_t size = authority_make(entry, "", 0, &server->cookie);
	return write(fd, entry, size) == (ssize_t)size ? fd : -1;
}

static _Noreturn void run(const char *path, const char *display, const char *authority,
			  unsigned own, int answer, int cookies, int said, pid_t parent)
{
	bool window = strcmp(display, "-") != 0;
	char name[16], number[16], file[40], to[80], by[4200];
	char *const environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8",
				     window ? to : NULL, by, NULL};
	char *const in_window[] = {
		(char *)path, name,      "-displayfd", number,        "-auth",    file,
		"-nolisten",  "tcp",     "-nolisten",  "local",       "-noreset", "-extension",
		"MIT-SHM",    "-screen", "1280x800",   "-resizeable", NULL};
	char *const unseen[] = {(char *)path,  name,         "-displayfd", number,      "-auth",
				file,          "-nolisten",  "tcp",        "-nolisten", "local",
				"-noreset",    "-extension", "MIT-SHM",    "-screen",   "0",
				"1280x800x24", NULL};

	snprintf(name, sizeof name, ":%u", own);
	snprintf(number, sizeof number, "%d", answer);
	snprintf(file, sizeof file, "/proc/self/fd/%d", cookies);
	snprintf(to, sizeof to, "DISPLAY=%s", display);
	snprintf(by, sizeof by, "XAUTHORITY=%s", authority);
	/* With our death it takes its own files away. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) < 0 || getppid() != parent ||
	    dup2(said, STDOUT_FILENO) < 0 || dup2(said, STDERR_FILENO) < 0)
		_exit(127);
	execve(path, window ? in_window : unseen, environment);
	_exit(127);
}

/* "N\n", when it takes clients. false: it ended, took too long, or the sandbox has ended. */
static bool hear_number(int answer, int closing, unsigned *number)
{
	struct pollfd both[] = {{.fd = answer, .events = POLLIN}, {.fd = closing, .events = 0}};
	char text[16];
	size_t used = 0;

	while (used < sizeof text - 1) {
		int got = poll(both, 2, START_SECONDS * 1000);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || both[1].revents)
			return false;
		ssize_t one = read(answer, text + used, 1);
		if (one <= 0)
			return false;
		if (text[used] == '\n')
			break;
		used++;
	}
	text[used] = '\0';
	*number = (unsigned)strtoul(text, NULL, 10);
	return used > 0;
}

/* Its last words. */
static void read_words(int said, char why[512])
{
	ssize_t size;

	lseek(said, 0, SEEK_SET);
	size = read(said, why, 511);
	why[size > 0 ? size : 0] = '\0';
	for (char *at = why; *at; at++)
		if (*at == '\n')
			*at = ' ';
}

static bool start_as(struct server *server, const char *path, const char *display,
		     const char *authority, int closing, char why[512])
{
	int answer[2], cookies = make_authority(server), said = memfd_create("said", MFD_CLOEXEC);
	pid_t parent = getpid();
	unsigned number;

	if (cookies < 0 || said < 0 || pipe2(answer, O_CLOEXEC) < 0)
		return false;
	fcntl(answer[1], F_SETFD, 0);
	server->pid = fork();
	if (server->pid == 0)
		run(path, display, authority, server->number, answer[1], cookies, said, parent);
	close(answer[1]);
	close(cookies);
	if (server->pid < 0)
		return false;
	server->pidfd = (int)syscall(SYS_pidfd_open, server->pid, 0);
	bool ready = server->pidfd >= 0 && hear_number(answer[0], closing, &number) &&
		     number == server->number;
	close(answer[0]);
	if (!ready) {
		server_end(server);
		read_words(said, why);
	}
	close(said);
	return ready;
}

/*
 * A number is chosen here, and not by the server: one that looks for a free number by itself takes
 * no lock while it does, and has been seen to put its socket in the place of another's.
 */
static bool is_free(unsigned number)
{
	char lock[40], path[48];

	snprintf(lock, sizeof lock, "/tmp/.X%u-lock", number);
	snprintf(path, sizeof path, "/tmp/.X11-unix/X%u", number);
	return access(lock, F_OK) < 0 && access(path, F_OK) < 0;
}

bool server_start(struct server *server, const char *path, const char *display,
		  const char *authority, int closing, char why[512])
{
	enum { FIRST = 100, MOST = 1000, TRIES = 5 };
	int tries = 0;

	why[0] = '\0';
	/* Somebody else may be as quick: the server's lock decides. */
	for (server->number = FIRST; server->number < FIRST + MOST; server->number++) {
		if (!is_free(server->number))
			continue;
		if (start_as(server, path, display, authority, closing, why))
			return true;
		if (++tries == TRIES || is_free(server->number))
			return false;
	}
	return false;
}

/* Does the lock of that number say that it is this process's? Lines of the kind "      1234\n". */
static bool owns_lock(const char *path, int pid)
{
	char text[16] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	return got > 0 && strtol(text, NULL, 10) == pid;
}

void server_end(struct server *server)
{
	struct pollfd gone = {.fd = server->pidfd, .events = POLLIN};
	char lock[40], path[48];
	int status = 0;

	kill(server->pid, SIGTERM); /* ours and unreaped */
	if (server->pidfd >= 0)
		poll(&gone, 1, END_MILLISECONDS);
	kill(server->pid, SIGKILL);
	while (waitpid(server->pid, &status, 0) < 0 && errno == EINTR)
		;
	snprintf(lock, sizeof lock, "/tmp/.X%u-lock", server->number);
	snprintf(path, sizeof path, "/tmp/.X11-unix/X%u", server->number);
	if (owns_lock(lock, server->pid)) {
		unlink(path);
		unlink(lock);
	}
}
