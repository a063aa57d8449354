/*
 * wayland: tells a compositor of a sandbox (wp_security_context_v1).
 *
 *   wayland probe SOCKET                                       prints "security-context" or "plain"
 *   wayland tell SOCKET CONTROL LISTENER BOUND CLOSING APP INSTANCE
 *
 * LISTENER is the socket that the sandbox's command will find; a byte at the pipe BOUND says that
 * it has its name and listens, its end that there is no sandbox. The compositor is handed LISTENER
 * and CLOSING, the read end of a pipe, and takes clients until that pipe's other end, which is the
 * supervisor's, is closed. So there is nothing that this program has to stay for.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "session.h"
#include "wayland.h"

static int probe(const char *path)
{
	struct wayland wayland;

	if (!wayland_open(&wayland, path))
		return 1;
	puts(wayland.context ? "security-context" : "plain");
	return 0;
}

static int tell(char **argv)
{
	struct wayland wayland;
	int control = session_fd(argv[3]), listener = session_fd(argv[4]);
	char byte;

	if (!wayland_open(&wayland, argv[2]) || !wayland.context)
		session_fail(control, NULL, "the compositor at %s does not answer any more",
			     argv[2]);
	if (!session_read(session_fd(argv[5]), &byte, 1))
		session_fail(control, NULL, "the sandbox has ended");
	if (!wayland_tell(&wayland, listener, session_fd(argv[6]), argv[7], argv[8]))
		session_fail(control, NULL, "the compositor at %s refused a security context: %s",
			     argv[2], *wayland.error ? wayland.error : "it hung up");
	session_ready(control);
	return 0;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "probe") == 0)
		return probe(argv[2]);
	if (argc == 9 && strcmp(argv[1], "tell") == 0)
		return tell(argv);
	return 2;
}
