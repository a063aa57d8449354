/* The caller's terminal: see terminal.h. */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "files.h"
#include "step.h"

enum { DRAIN_MILLISECONDS = 1000 };

/* Opened anew, so that O_NONBLOCK is ours and not the shell's too. Where that may not be (a
 * terminal of another user's, after su) the descriptor as it is: a stopped screen then stops us. */
static int open_again(int fd)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int own = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return own >= 0 ? own : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

int terminal_open(struct terminal *terminal, const struct plan *plan, struct error *err)
{
	*terminal = (struct terminal){.tty = -1,
				      .master = -1,
				      .wanted = !plan->terminal_lazy,
				      .shared = plan->terminal_lazy};
	for (int fd = 0; fd <= 2 && terminal->tty < 0; fd++)
		if (plan->terminals >> fd & 1)
			terminal->tty = open_again(fd);
	if (!plan->terminals)
		return 0;
	if (terminal->tty < 0 || tcgetattr(terminal->tty, &terminal->saved) < 0)
		return fail(err, "use your terminal");
	terminal->in.bytes = malloc(TERMINAL_BUFFER);
	terminal->out.bytes = malloc(TERMINAL_BUFFER);
	if (!terminal->in.bytes || !terminal->out.bytes)
		return fail(err, "make room for what goes through the terminal");
	return 0;
}

bool terminal_in_foreground(const struct terminal *terminal)
{
	pid_t group = tcgetpgrp(terminal->tty);

	/* One that is not our controlling terminal has no foreground for us to be out of. */
	return group < 0 || group == getpgrp();
}

void terminal_resize(const struct terminal *terminal)
{
	struct winsize size;

	if (terminal->master >= 0 && ioctl(terminal->tty, TIOCGWINSZ, &size) == 0)
		ioctl(terminal->master, TIOCSWINSZ, &size); /* SIGWINCH to who is in front there */
}

void terminal_take(struct terminal *terminal)
{
	struct termios raw;

	if (terminal->tty < 0)
		return;
	terminal_resize(terminal);
	if (!terminal->wanted || terminal->raw || terminal->master < 0 ||
	    !terminal_in_foreground(terminal))
		return;
	/* As it is now: since we started somebody else may have had it. */
	if (tcgetattr(terminal->tty, &terminal->saved) < 0)
		return;
	if (terminal->shared && !terminal->taken)
		tcsetattr(terminal->master, TCSANOW, &terminal->saved);
	terminal->taken = true;
	raw = terminal->saved;
	/* What was typed before stays: TCSADRAIN and not TCSAFLUSH. */
	cfmakeraw(&raw);
	/* Who else writes to it, behind a pipe, counts on line ends as they were. */
	if (terminal->shared)
		raw.c_oflag = terminal->saved.c_oflag;
	terminal->raw = tcsetattr(terminal->tty, TCSADRAIN, &raw) == 0;
}

void terminal_put_back(struct terminal *terminal)
{
	if (!terminal->raw)
		return;
	tcsetattr(terminal->tty, TCSADRAIN, &terminal->saved);
	terminal->raw = false;
}

void terminal_attach(struct terminal *terminal, int master)
{
	close_cleanup(&terminal->master);
	terminal->master = master;
	terminal_take(terminal);
}

static bool is_empty(const struct carried *carried)
{
	return carried->start == carried->end;
}

static bool is_full(const struct carried *carried)
{
	return carried->end == TERMINAL_BUFFER;
}

void terminal_polls(const struct terminal *terminal, struct pollfd *polls)
{
	short tty = 0, master = 0;

	polls[0] = (struct pollfd){.fd = -1};
	polls[1] = (struct pollfd){.fd = -1};
	if (terminal->tty < 0 || terminal->master < 0)
		return;
	if (terminal->raw && !is_full(&terminal->in))
		tty |= POLLIN;
	if (!is_empty(&terminal->out))
		tty |= POLLOUT;
	if (!is_full(&terminal->out))
		master |= POLLIN;
	if (!is_empty(&terminal->in))
		master |= POLLOUT;
	if (!terminal->hung_up && tty)
		polls[0] = (struct pollfd){.fd = terminal->tty, .events = tty};
	if (master)
		polls[1] = (struct pollfd){.fd = terminal->master, .events = master};
}

/* Read what fits. -1 at the end. */
static int take_in(int fd, struct carried *carried)
{
	ssize_t got = read(fd, carried->bytes + carried->end, TERMINAL_BUFFER - carried->end);

	if (got > 0)
		carried->end += (size_t)got;
	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)) ? 0 : -1;
}

static int give_out(int fd, struct carried *carried)
{
	ssize_t put = write(fd, carried->bytes + carried->start, carried->end - carried->start);

	if (put > 0)
		carried->start += (size_t)put;
	if (is_empty(carried))
		carried->start = carried->end = 0;
	return put >= 0 || errno == EAGAIN || errno == EINTR ? 0 : -1;
}

void terminal_carry(struct terminal *terminal, const struct pollfd *polls)
{
	/* Out before in, so that there is room. A terminal that has been hung up takes no more:
	 * what is said to it is lost, as it would be without us. */
	if (polls[0].revents && !is_empty(&terminal->out) &&
	    give_out(terminal->tty, &terminal->out) < 0) {
		terminal->hung_up = true;
		terminal->out.start = terminal->out.end = 0;
	}
	if (polls[0].revents & (POLLIN | POLLHUP | POLLERR) && polls[0].events & POLLIN &&
	    take_in(terminal->tty, &terminal->in) < 0)
		terminal->hung_up = true;
	if (polls[1].revents && !is_empty(&terminal->in))
		(void)!give_out(terminal->master, &terminal->in);
	if (polls[1].revents & (POLLIN | POLLHUP | POLLERR) && polls[1].events & POLLIN) {
		if (terminal->hung_up)
			terminal->out.start = terminal->out.end = 0;
		if (take_in(terminal->master, &terminal->out) < 0 && errno == EIO)
			close(terminal->master), terminal->master = -1;
		if (!is_empty(&terminal->out) && !terminal->hung_up &&
		    give_out(terminal->tty, &terminal->out) < 0)
			terminal->hung_up = true;
	}
}

/* Everything inside is dead: what it has written ends with EIO. */
static void drain(struct terminal *terminal)
{
	struct pollfd polls[TERMINAL_POLLS];

	while (terminal->master >= 0 && !terminal->hung_up) {
		terminal_polls(terminal, polls);
		polls[0].events &= ~POLLIN;
		polls[1].events &= ~POLLOUT;
		if (poll(polls, TERMINAL_POLLS, DRAIN_MILLISECONDS) <= 0)
			break;
		terminal_carry(terminal, polls);
	}
	while (!is_empty(&terminal->out) && !terminal->hung_up) {
		polls[0] = (struct pollfd){.fd = terminal->tty, .events = POLLOUT};
		if (poll(polls, 1, DRAIN_MILLISECONDS) <= 0 ||
		    give_out(terminal->tty, &terminal->out) < 0)
			break;
	}
}

void terminal_close(struct terminal *terminal)
{
	if (terminal->tty < 0)
		return;
	drain(terminal);
	terminal_put_back(terminal);
	close_cleanup(&terminal->tty);
	close_cleanup(&terminal->master);
	free(terminal->in.bytes);
	free(terminal->out.bytes);
	terminal->tty = terminal->master = -1;
}
