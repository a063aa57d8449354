/*
 * x11: gives a sandbox a way to an X server.
 *
 *   x11 MODE CONTROL CLOSING OUT SERVER DISPLAY AUTHORITY HOST SHARES
 *
 * MODE: `untrusted` has the caller's server make a cookie for clients that it does not trust, and
 * takes it back at the end; `trusted` copies the caller's cookie; `nested` and `virtual` run the
 * program SERVER, a server of the sandbox's own. DISPLAY (":1") and AUTHORITY (a file) are the
 * caller's, or
 * "-"; HOST is the name that the host has inside. CONTROL, CLOSING and OUT are descriptors: a
 * socket for "ready" or "error ...", a pipe whose end tells of the sandbox's, and where "NUMBER\n"
 * and an Xauthority file's bytes are written. SHARES is "shares" or "-": a server of its own goes
 * into the sandbox's IPC namespace. Then "ready" is said twice: when the number and the cookie are
 * known, upon which the sandbox's user and IPC namespaces come by CONTROL; and when it serves.
 *
 * It outlives the supervisor by what it takes to tidy up. Should it be killed itself, the server of
 * its own ends by a signal (its lock and socket stay, as those of a dead process), and the cookie
 * is forgotten by the caller's server a moment later: a connection of ours that came in by it is
 * what holds it.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "session.h"
#include "x11.h"

enum { FORGET_SECONDS = 5 };

struct job {
	int control, closing, out;
	const char *server, *display, *authority, *host;
	unsigned number; /* of the caller's display */
	bool shares;
};

static void write_out(const struct job *job, unsigned real, unsigned shown,
		      const struct cookie *cookie)
{
	unsigned char entry[AUTHORITY_MOST], text[AUTHORITY_MOST + 16];
	size_t size = authority_make(entry, job->host, shown, cookie);
	int used = snprintf((char *)text, sizeof text, "%u\n", real);

	memcpy(text + used, entry, size);
	size += (size_t)used;
	if (write(job->out, text, size) != (ssize_t)size)
		session_fail(job->control, NULL, "cannot write the cookie down");
	close(job->out);
}

/* Until the sandbox ends, or what we hold does. */
static void wait_for_end(const struct job *job, int held, int other)
{
	struct pollfd all[] = {{.fd = job->closing, .events = 0},
			       {.fd = held, .events = POLLIN},
			       {.fd = other, .events = POLLIN}};
	char block[4096];

	for (;;) {
		if (poll(all, 3, -1) < 0)
			continue;
		if (all[0].revents)
			return;
		/* Events that nobody asked for (a keyboard's map has changed), or the end. */
		for (int i = 1; i < 3; i++)
			if (all[i].revents && read(all[i].fd, block, sizeof block) <= 0)
				return;
	}
}

static int connect_trusted(const struct job *job, bool with_cookie, const struct cookie *cookie)
{
	char why[128];
	int fd = wire_connect(job->number, with_cookie ? cookie : NULL, why);

	if (fd < 0)
		session_fail(job->control,
			     "XAUTHORITY has to name the file with its cookie (xauth list)",
			     "cannot connect to the display %s as you: %s", job->display,
			     *why ? why : "it does not answer");
	return fd;
}

/* Whoever shows no cookie, or a wrong one, would be let in and trusted. */
static void check_closed(const struct job *job)
{
	char why[128];
	int fd = wire_connect(job->number, NULL, why);

	if (fd < 0)
		return;
	close(fd);
	session_fail(job->control,
		     "run: xhost -si:localuser:$(id -un); xhost -local:\n"
		     "or say --x11=nested, or --x11=trusted if the command may have all of the "
		     "display",
		     "the X server of %s lets your processes in without a cookie, and trusts them",
		     job->display);
}

/* What a server does that trusts the connection. */
static void check_distrust(const struct job *job, int fd)
{
	static const char *const names[] = {"XTEST", "RECORD", "MIT-SHM", "XInputExtension"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (wire_extension(fd, names[i]) != 0)
			session_fail(job->control, "say --x11=nested",
				     "the X server of %s does not hold its untrusted clients back",
				     job->display);
}

static int untrusted(const struct job *job)
{
	struct cookie own, made;
	char why[128];
	uint32_t id;
	bool known = authority_find(job->authority, job->number, &own);

	check_closed(job);
	int trusted = connect_trusted(job, known, &own);
	int security = wire_extension(trusted, "SECURITY");
	if (security <= 0)
		session_fail(job->control,
			     "say --x11=nested, where the command has a display of its own in a "
			     "window,\nor --x11=trusted if it may have all of this one; a server "
			     "with +extension SECURITY can do it",
			     "the X server of %s has no SECURITY extension, so that it cannot "
			     "distrust a client",
			     job->display);
	if (!wire_generate(trusted, security, FORGET_SECONDS, &made, &id))
		session_fail(job->control, NULL, "the X server of %s makes no cookie",
			     job->display);
	int held = wire_connect(job->number, &made, why);
	if (held < 0)
		session_fail(job->control, NULL, "the X server of %s does not take its own cookie",
			     job->display);
	check_distrust(job, held);
	write_out(job, job->number, job->number, &made);
	session_ready(job->control);
	wait_for_end(job, trusted, held);
	wire_revoke(trusted, security, id);
	return 0;
}

static int trusted(const struct job *job)
{
	struct cookie own = {.size = 0};
	bool known = authority_find(job->authority, job->number, &own);
	int fd = connect_trusted(job, known, &own);

	write_out(job, job->number, job->number, &own);
	session_ready(job->control);
	wait_for_end(job, fd, -1);
	return 0;
}

/* Say that the socket is there, and wait for the sandbox. false: it did not come to be. */
static bool meet_sandbox(const struct job *job, int namespaces[2])
{
	if (!session_say_ready(job->control))
		return false;
	namespaces[0] = channel_receive_fd(job->control);
	namespaces[1] = namespaces[0] < 0 ? -1 : channel_receive_fd(job->control);
	return namespaces[1] >= 0;
}

static _Noreturn void not_started(const struct job *job, const char *why)
{
	session_fail(job->control, NULL, "%s did not start: %s", job->server,
		     *why ? why : "it said nothing");
}

static int own_server(const struct job *job)
{
	struct server server = {.pid = -1, .pidfd = -1, .listener = -1};
	int namespaces[2];
	struct enclosed enclosed = {.path = job->server,
				    .in_window = strcmp(job->display, "-") != 0,
				    .shared = job->shares ? namespaces : NULL};
	char why[512];

	if (!server_listen(&server, why))
		not_started(job, why);
	write_out(job, server.number, 0, &server.cookie);
	if (job->shares && !meet_sandbox(job, namespaces)) {
		server_end(&server);
		return 1;
	}
	if (enclosed.in_window) {
		enclosed.window_on = job->number;
		authority_find(job->authority, job->number, &enclosed.window_cookie);
	}
	if (!server_start(&server, &enclosed, job->closing, why))
		not_started(job, why);
	session_ready(job->control);
	struct pollfd both[] = {{.fd = job->closing, .events = 0},
				{.fd = server.pidfd, .events = POLLIN}};
	while (poll(both, 2, -1) <= 0)
		;
	bool ended = both[1].revents != 0;
	server_end(&server);
	return ended;
}

int main(int argc, char **argv)
{
	if (argc != 10)
		return 2;
	struct job job = {
		.control = session_fd(argv[2]),
		.closing = session_fd(argv[3]),
		.out = session_fd(argv[4]),
		.server = argv[5],
		.display = argv[6],
		.authority = argv[7],
		.host = argv[8],
		.shares = strcmp(argv[9], "shares") == 0,
		.number = (unsigned)strtoul(argv[6] + (*argv[6] == ':'), NULL, 10),
	};
	session_outlive();
	signal(SIGPIPE, SIG_IGN);
	if (strcmp(argv[1], "untrusted") == 0)
		return untrusted(&job);
	if (strcmp(argv[1], "trusted") == 0)
		return trusted(&job);
	if (strcmp(argv[1], "virtual") == 0)
		job.display = "-";
	return own_server(&job);
}
