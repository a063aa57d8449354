/* Handing a listener to its agent: see oci_listener.h. */
#include "oci_listener.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "rights.h"

enum { AGENT_SECONDS = 10, TRIES_PER_SECOND = 100 };

int oci_connect(const char *path, int seconds)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int tries = seconds * TRIES_PER_SECOND;
	/* One whose queue is full, since nobody ever answers, is not waited for by the kernel. */
	int cleanup_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int cleanup_fd file = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0 || file < 0)
		return -1;
	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", file);
	while (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		if ((errno != EAGAIN && errno != EINTR) || tries-- == 0)
			return -1;
		nanosleep(&(struct timespec){.tv_nsec = 1000000000 / TRIES_PER_SECOND}, NULL);
	}
	return steal_fd(&fd);
}

static int refuse(const char *path, struct error *err)
{
	fail(err, "reach the agent of the system call filter at %s (linux.seccomp.listenerPath)",
	     path);
	return fail_remedy(err, "%s",
			   err->number == EAGAIN
				   ? "it is there, and accepts no connection"
				   : "it has to listen there, at a Unix stream socket, before "
				     "the container is started");
}

int oci_listener_check(const char *path, struct error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return refuse(path, err);
	errno = ENOTSOCK;
	return S_ISSOCK(st.st_mode) && access(path, W_OK) == 0 ? 0 : refuse(path, err);
}

/* All of it, the descriptor with the first bytes. The socket does not block. */
static int send_text(int agent, const char *text, size_t size, int listener)
{
	struct pollfd wait = {.fd = agent, .events = POLLOUT};
	size_t sent = 0;

	while (sent < size) {
		ssize_t result = sent == 0 ? rights_send(agent, text, size, &listener, 1, 0)
					   : send(agent, text + sent, size - sent, MSG_NOSIGNAL);

		if (result > 0) {
			sent += (size_t)result;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -1;
		if (poll(&wait, 1, AGENT_SECONDS * 1000) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return 0;
}

static char *describe(const struct oci_container *container, enum oci_status status, pid_t pid)
{
	json_t *state = oci_container_state(container, status);
	json_t *json = json_pack("{s:s, s:[s], s:i, s:o*}", "ociVersion",
				 container->version ? container->version : "1.2.0", "fds",
				 "seccompFd", "pid", (int)pid, "state", state);

	if (json && container->listener_metadata && *container->listener_metadata)
		json_object_set_new(json, "metadata", json_string(container->listener_metadata));
	return json ? oci_json_text(json) : NULL;
}

int oci_listener_hand(const struct oci_container *container, enum oci_status status, pid_t pid,
		      int listener, struct error *err)
{
	const char *path = container->listener_path;

	if (listener < 0 || !path || !*path)
		return fail_because(err, "the system call filter asks, and there is no "
					 "linux.seccomp.listenerPath");
	char *text = describe(container, status, pid);
	if (!text)
		return fail_because(err, "no memory for the state that the agent of the system "
					 "call filter is told");
	int cleanup_fd agent = oci_connect(path, AGENT_SECONDS);
	if (agent < 0)
		return refuse(path, err);
	return send_text(agent, text, strlen(text), listener) < 0
		       ? fail(err,
			      "hand the listener of the system call filter to the agent at %s "
			      "(linux.seccomp.listenerPath)",
			      path)
		       : 0;
}
