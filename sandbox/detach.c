/* A sandbox in the background: see detach.h. */
#include "detach.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "channel.h"
#include "endings.h"
#include "files.h"
#include "spawn.h"

/* The background's side: never returns. */
static _Noreturn void run(const struct plan *plan, struct launch_place place, int log)
{
	struct error err;
	int null;
	const int own[] = {place.ready, place.output};
	sigset_t none;

	/* Somebody may wait for the end of file on what the caller has open, or for its lock. And
	 * what it ignores or blocks it has a reason for that ends here: its terminal cannot signal
	 * us, and who sends a signal by hand wants it heard. */
	spawn_default_signals();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	bool ok = setsid() >= 0 && (null = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0 &&
		  dup2(null, 0) >= 0 && dup2(log, 1) >= 0 && dup2(log, 2) >= 0 &&
		  close_all_but((struct kept){own, 2}, plan->files) == 0;
	/* A copy, since the supervisor closes its own once the command runs. */
	int ready = ok ? fcntl(place.ready, F_DUPFD_CLOEXEC, 3) : -1;
	if (ready < 0) {
		fail(&err, "go on in the background");
		channel_send(place.ready, MESSAGE_ERROR, 0, &err);
		_exit(EXIT_SANDBOX);
	}
	if (supervisor_run(plan, &place, &err) < 0)
		channel_send(ready, MESSAGE_ERROR, 0, &err);
	fflush(stderr);
	_exit(0);
}

/* Ctrl-C and the like are the supervisor's to obey: it knows whether the command runs by now.
 * Returns the last one. */
static int pass_on(int signals, pid_t supervisor)
{
	struct signalfd_siginfo info;
	int number = 0;

	while (read(signals, &info, sizeof info) == sizeof info) {
		number = (int)info.ssi_signo;
		kill(supervisor, number);
	}
	return number;
}

/* What becomes of the start: the exit status, or -1 with err filled. */
static int hear(int ready, int signals, pid_t supervisor, struct error *err)
{
	struct pollfd polls[] = {{.fd = ready, .events = POLLIN},
				 {.fd = signals, .events = POLLIN}};
	struct message message;
	int number = 0;

	while (poll(polls, 2, -1) < 0 || !polls[0].revents)
		if (polls[1].revents)
			number = pass_on(signals, supervisor);
	switch (channel_receive(ready, &message)) {
	case MESSAGE_STARTED:
		puts(message.error.text);
		return 0;
	case MESSAGE_ERROR:
		*err = message.error;
		return -1;
	default:
		if (number)
			return 128 + number;
		errno = message.number;
		if (errno)
			return fail(err, "hear whether the sandbox has started");
		return fail_because(err, "the sandbox's supervisor was killed before the command "
					 "had started");
	}
}

int detach_run(const struct plan *plan, const struct launch_place *place, struct error *err)
{
	struct launch_place there = *place;
	int ready[2], output[2];
	sigset_t stops;

	if (channel_open(ready, err) < 0)
		return -1;
	if (pipe2(output, O_CLOEXEC) < 0 || fcntl(output[0], F_SETFL, O_NONBLOCK) < 0)
		return fail(err, "make a pipe for the command's output");
	sigemptyset(&stops);
	endings_add(&stops);
	sigprocmask(SIG_BLOCK, &stops, NULL);
	int cleanup_fd signals = signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK);
	fflush(stdout);
	pid_t pid = signals < 0 ? -1 : fork();
	if (pid < 0)
		return fail(err, "start the sandbox in the background");
	if (pid == 0) {
		close(ready[0]);
		there.ready = ready[1];
		there.output = output[0];
		run(plan, there, output[1]);
	}
	close(ready[1]);
	close(output[0]);
	close(output[1]);
	int result = hear(ready[0], signals, pid, err);
	close(ready[0]);
	return result;
}
