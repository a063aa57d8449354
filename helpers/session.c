/* What the desktop's helpers share: see session.h. */
#include "session.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE = 20000 /* ms */ };

int session_fd(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < 0 || value > 1 << 20)
		errx(2, "not a descriptor: %s", text);
	return (int)value;
}

bool session_say_ready(int control)
{
	return send(control, "ready", 5, MSG_NOSIGNAL) == 5;
}

void session_ready(int control)
{
	if (!session_say_ready(control))
		err(1, "cannot say that it is ready");
	close(control);
}

void session_fail(int control, const char *remedy, const char *format, ...)
{
	char text[768];
	va_list arguments;

	va_start(arguments, format);
	int used = snprintf(text, sizeof text, "error ");
	used += vsnprintf(text + used, sizeof text - (size_t)used, format, arguments);
	va_end(arguments);
	if (used >= (int)sizeof text)
		used = sizeof text - 1;
	if (remedy)
		snprintf(text + used, sizeof text - (size_t)used, "\n%s", remedy);
	(void)!send(control, text, strlen(text), MSG_NOSIGNAL);
	exit(1);
}

static bool wait_for(int fd, short events)
{
	struct pollfd one = {.fd = fd, .events = events};
	int got;

	while ((got = poll(&one, 1, PATIENCE)) < 0 && errno == EINTR)
		;
	return got > 0;
}

bool session_read(int fd, void *data, size_t size)
{
	for (char *at = data; size > 0;) {
		ssize_t got = wait_for(fd, POLLIN) ? read(fd, at, size) : -1;

		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return false;
		at += got;
		size -= (size_t)got;
	}
	return true;
}

bool session_write(int fd, const void *data, size_t size)
{
	for (const char *at = data; size > 0;) {
		ssize_t put = wait_for(fd, POLLOUT) ? send(fd, at, size, MSG_NOSIGNAL) : -1;

		if (put < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (put <= 0)
			return false;
		at += put;
		size -= (size_t)put;
	}
	return true;
}

int session_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		int number = errno;

		close(fd);
		errno = number;
		return -1;
	}
	return fd;
}

void session_outlive(void)
{
	prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
}
