/* An X server of the sandbox's own: see x11.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "x11.h"

enum { START_SECONDS = 25, COOKIE = 16, CLIENTS_WAITING = 64 };

#define LOCK_FORMAT   "/tmp/.X%u-lock"
#define SOCKET_FORMAT "/tmp/.X11-unix/X%u"

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

/*
 * The lock and the socket of a number, as X servers make them, so that no other server takes it.
 * They are ours and not the server's, which cannot reach them. A lock is never seen empty: it is
 * linked when it is whole. -1: the number is taken, or cannot be.
 */
static int listen_as(unsigned number)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char lock[40], made[64], text[16];

	snprintf(lock, sizeof lock, LOCK_FORMAT, number);
	snprintf(made, sizeof made, "/tmp/.tX%u-lock.%d", number, (int)getpid());
	snprintf(address.sun_path, sizeof address.sun_path, SOCKET_FORMAT, number);
	snprintf(text, sizeof text, "%10d\n", (int)getpid());
	mkdir("/tmp/.X11-unix", 01777); /* root's, on most machines */
	int file = open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	bool locked = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text) &&
		      link(made, lock) == 0;
	if (file >= 0) {
		close(file);
		unlink(made);
	}
	if (!locked)
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	umask(0); /* the command may have another id; the cookie lets in. No other file is made. */
	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0) {
		if (listen(fd, CLIENTS_WAITING) == 0)
			return fd;
		unlink(address.sun_path);
	}
	if (fd >= 0)
		close(fd);
	unlink(lock);
	return -1;
}

static void let_go(unsigned number)
{
	char path[48];

	snprintf(path, sizeof path, SOCKET_FORMAT, number);
	unlink(path);
	snprintf(path, sizeof path, LOCK_FORMAT, number);
	unlink(path);
}

bool server_listen(struct server *server, char why[512])
{
	enum { FIRST = 100, MOST = 1000 };

	why[0] = '\0';
	server->cookie.size = COOKIE;
	if (getrandom(server->cookie.data, COOKIE, 0) != COOKIE)
		return false;
	for (server->number = FIRST; server->number < FIRST + MOST; server->number++) {
		server->listener = listen_as(server->number);
		if (server->listener >= 0)
			return true;
	}
	snprintf(why, 512, "no number for a display is free, or /tmp/.X11-unix cannot be written");
	return false;
}

bool server_start(struct server *server, struct enclosed *enclosed, int closing, char why[512])
{
	int answer[2];
	pid_t parent = getpid();
	unsigned number;

	why[0] = '\0';
	enclosed->number = server->number;
	enclosed->listener = server->listener;
	enclosed->cookie = &server->cookie;
	enclosed->said = memfd_create("said", MFD_CLOEXEC);
	if (enclosed->said < 0 || pipe2(answer, O_CLOEXEC) < 0) {
		server_end(server);
		return false;
	}
	enclosed->answer = answer[1];
	server->pid = fork();
	if (server->pid == 0)
		enclosure_run(enclosed, parent);
	close(answer[1]);
	close(server->listener);
	server->listener = -1;
	server->pidfd = server->pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, server->pid, 0);
	bool ready = server->pidfd >= 0 && hear_number(answer[0], closing, &number) &&
		     number == server->number;
	close(answer[0]);
	if (!ready) {
		server_end(server);
		read_words(enclosed->said, why);
	}
	close(enclosed->said);
	return ready;
}

void server_end(struct server *server)
{
	int status = 0;

	if (server->pid > 0) {
		kill(server->pid, SIGKILL); /* ours and unreaped */
		while (waitpid(server->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	if (server->listener >= 0)
		close(server->listener);
	let_go(server->number);
}
