/* What asks us to end: see endings.h. */
#include "endings.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

/* Milliseconds between two looks whether we are asked to end. */
enum { WAIT = 100 };

static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

void endings_add(sigset_t *set)
{
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		sigaddset(set, endings[i]);
}

bool endings_include(int number)
{
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		if (endings[i] == number)
			return true;
	return false;
}

bool endings_pending(void)
{
	sigset_t pending;

	sigemptyset(&pending);
	sigpending(&pending);
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		if (sigismember(&pending, endings[i]))
			return true;
	return false;
}

/* In pieces that a pipe which can be written to takes whole. */
static int write_while_read(int fd, const char *from, size_t size)
{
	struct pollfd one = {.fd = fd, .events = POLLOUT};

	while (size > 0) {
		int ready = poll(&one, 1, WAIT);

		if (ready == 0 && endings_pending()) {
			errno = EINTR;
			return -1;
		}
		ssize_t wrote = ready > 0 ? write(fd, from, size < PIPE_BUF ? size : PIPE_BUF) : 0;
		if ((ready < 0 || wrote < 0) && errno != EINTR)
			return -1;
		if (wrote > 0) {
			from += wrote;
			size -= (size_t)wrote;
		}
	}
	return 0;
}

int endings_write(int fd, const void *data, size_t size)
{
	struct timespec now = {0};
	sigset_t pipe, before;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigprocmask(SIG_BLOCK, &pipe, &before);
	int result = write_while_read(fd, data, size), number = errno;
	if (result < 0 && number == EPIPE && !sigismember(&before, SIGPIPE))
		sigtimedwait(&pipe, NULL, &now);
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = number;
	return result;
}
