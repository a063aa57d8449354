/*
 * on_tty: a user at a terminal, outside the sandbox. It makes a terminal with a shell on it, which
 * runs COMMAND, and says what the shell finds afterwards.
 *
 *     on_tty [-b | -z | -k] [-i TEXT] [-w SECONDS] COMMAND [ARG...]
 *
 *     -b         in the background
 *     -z         stop it with Ctrl-Z as soon as it has printed READY
 *     -k         kill the first process of COMMAND with SIGKILL at READY
 *     -i TEXT    what the user then types at the shell (a line)
 *     -w SECONDS at most (10)
 *
 * Prints, after what COMMAND printed:
 *     on_tty: ended 0 | killed 9 | stopped | background
 *     on_tty: queue "..."       what the shell can read: should be what the user typed
 *     on_tty: modes kept | changed
 *     on_tty: group own | other     who has the terminal, before the shell takes it back
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static bool background, stop, slay;
static const char *typed = "";
static int limit = 10;

/* ---- the shell ---- */

static void print_queue(int out)
{
	char text[1024];
	ssize_t got;

	fcntl(0, F_SETFL, O_RDONLY | O_NONBLOCK);
	got = read(0, text, sizeof text);
	dprintf(out, "on_tty: queue \"");
	for (ssize_t i = 0; i < got; i++)
		dprintf(out, text[i] == '\n' ? "\\n" : "%c", text[i]);
	dprintf(out, "\"\n");
}

static _Noreturn void shell(char **command, int out, int go)
{
	struct termios before, after;
	int status = 0;
	char byte;

	signal(SIGTTOU, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	tcgetattr(0, &before);
	pid_t pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		if (!background)
			tcsetpgrp(0, getpid());
		signal(SIGTTOU, SIG_DFL);
		signal(SIGTSTP, SIG_DFL);
		signal(SIGINT, SIG_DFL);
		close(out);
		close(go);
		execvp(command[0], command);
		err(127, "%s", command[0]);
	}
	setpgid(pid, pid);
	if (background) {
		dprintf(out, "on_tty: background\n");
	} else {
		tcsetpgrp(0, pid);
		if (slay) {
			if (read(go, &byte, 1) == 1)
				kill(pid, SIGKILL);
		}
		waitpid(pid, &status, WUNTRACED);
		if (WIFSTOPPED(status))
			dprintf(out, "on_tty: stopped\n");
		else if (WIFSIGNALED(status))
			dprintf(out, "on_tty: killed %d\n", WTERMSIG(status));
		else
			dprintf(out, "on_tty: ended %d\n", WEXITSTATUS(status));
	}
	pid_t group = tcgetpgrp(0);
	tcsetpgrp(0, getpgrp());
	/* Until the user has typed, and whoever wants to read it has had the time. */
	if (read(go, &byte, 1) < 0)
		_exit(2);
	print_queue(out);
	tcgetattr(0, &after);
	bool same = before.c_lflag == after.c_lflag && before.c_iflag == after.c_iflag &&
		    before.c_oflag == after.c_oflag;
	dprintf(out, "on_tty: modes %s\n", same ? "kept" : "changed");
	dprintf(out, "on_tty: group %s\n", group == pid || group == getpgrp() ? "own" : "other");
	kill(-pid, SIGKILL);
	kill(-pid, SIGCONT);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	_exit(0);
}

/* ---- the user ---- */

static long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

struct text {
	char bytes[1 << 16];
	size_t used;
};

/* False at the end. */
static bool gather(int fd, struct text *text)
{
	ssize_t got = read(fd, text->bytes + text->used, sizeof text->bytes - 1 - text->used);

	if (got > 0)
		text->used += (size_t)got;
	text->bytes[text->used] = '\0';
	return got > 0;
}

static void type_in(int master, const char *text)
{
	if (write(master, text, strlen(text)) < 0)
		warn("type");
}

static struct text output, report;

static void user(int master, int in, int go)
{
	long end = now() + limit * 1000L, told_at = 0;
	bool ready = false, typed_it = false, gone = false;

	while (now() < end) {
		struct pollfd both[] = {{.fd = master, .events = POLLIN},
					{.fd = in, .events = POLLIN}};

		poll(both, 2, 20);
		if (both[0].revents & POLLIN)
			gather(master, &output);
		if (both[1].revents && !gather(in, &report))
			return;
		if (!ready && strstr(output.bytes, "READY")) {
			ready = true;
			if (stop)
				type_in(master, "\x1a");
			if (slay)
				type_in(go, "x");
		}
		/* The shell has its prompt back. */
		bool prompt = report.used > 0 && (ready || !background);
		if (prompt && !typed_it) {
			typed_it = true;
			told_at = now();
			if (*typed) {
				type_in(master, typed);
				type_in(master, "\n");
			}
		}
		if (typed_it && !gone && now() - told_at > (*typed ? 500 : 150)) {
			gone = true;
			type_in(go, "x");
		}
	}
	printf("on_tty: nothing happened for %d s\n", limit);
}

int main(int argc, char **argv)
{
	int letter, to_user[2], to_shell[2], master;

	while ((letter = getopt(argc, argv, "+bzki:w:")) != -1) {
		switch (letter) {
		case 'b':
			background = true;
			break;
		case 'z':
			stop = true;
			break;
		case 'k':
			slay = true;
			break;
		case 'i':
			typed = optarg;
			break;
		case 'w':
			limit = atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	if (optind >= argc)
		errx(2, "usage: on_tty [-b | -z | -k] [-i TEXT] [-w SECONDS] COMMAND [ARG...]");
	signal(SIGPIPE, SIG_IGN);
	if (pipe2(to_user, O_CLOEXEC) < 0 || pipe2(to_shell, O_CLOEXEC) < 0)
		err(2, "pipe");
	pid_t pid = forkpty(&master, NULL, NULL, NULL);
	if (pid < 0)
		err(2, "forkpty");
	if (pid == 0) {
		close(to_user[0]);
		close(to_shell[1]);
		shell(argv + optind, to_user[1], to_shell[0]);
	}
	close(to_user[1]);
	close(to_shell[0]);
	user(master, to_user[0], to_shell[1]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* What came last. */
	fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
	while (gather(master, &output))
		;
	fwrite(output.bytes, 1, output.used, stdout);
	fwrite(report.bytes, 1, report.used, stdout);
	return 0;
}
