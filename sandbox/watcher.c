/*
 * The watcher: see watcher.h. It holds one end of a socket pair whose other end only the supervisor
 * has. When that closes, in whatever way the supervisor ended, it kills pid 1, waits until it is
 * gone, and removes the throw-away layer from the disk, with any that others have left. It is there
 * in two cases: a layer on disk; and --as-pid-1, where the payload itself could undo the tie to its
 * parent (prctl). It is started before there is anything to clean up, and is told of pid 1 by its
 * pidfd before a payload can run.
 */
#include "watcher.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "overlay.h"
#include "plan.h"
#include "tree.h"

/* Remove parent/name from inside a user namespace with the sandbox's own ids, whose files they are.
 */
static void remove_as_owners(const struct sandbox *sandbox, int parent, const char *name)
{
	int go[2];
	char byte = 0;
	struct error ignored;
	struct sandbox mapping = *sandbox;

	if (pipe2(go, O_CLOEXEC) < 0)
		return;
	mapping.child = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0);
	if (mapping.child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		close(go[1]);
		if (read(go[0], &byte, 1) == 1)
			tree_remove(parent, name);
		_exit(0);
	}
	close(go[0]);
	if (mapping.child > 0) {
		if (plan_run(sandbox->plan, PHASE_ATTACH, &mapping, &ignored) == 0)
			(void)!write(go[1], &byte, 1);
		close(go[1]);
		while (waitpid(mapping.child, NULL, 0) < 0 && errno == EINTR)
			;
	} else {
		close(go[1]);
	}
}

static void remove_layer(const struct sandbox *sandbox, int parent, const char *name)
{
	if (tree_remove(parent, name) < 0 && !sandbox->plan->direct_map)
		remove_as_owners(sandbox, parent, name);
}

/* Those whose lock nobody holds: ours, when all who held it are dead, and what a machine that went
 * down has left. */
static void remove_layers(const struct sandbox *sandbox)
{
	int parent = overlay_open_layers(sandbox->plan->layer_parent);
	DIR *stream = parent < 0 ? NULL : fdopendir(parent);

	if (!stream)
		return;
	for (struct dirent *entry; (entry = readdir(stream));) {
		if (strncmp(entry->d_name, LAYER_PREFIX, strlen(LAYER_PREFIX)) != 0)
			continue;
		int cleanup_fd other = openat(parent, entry->d_name,
					      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (other >= 0 && flock(other, LOCK_EX | LOCK_NB) == 0)
			remove_layer(sandbox, parent, entry->d_name);
	}
	closedir(stream);
}

/* child: pid 1's pidfd. */
static void end_and_clean(const struct sandbox *sandbox, int child)
{
	struct pollfd gone = {.fd = child, .events = POLLIN};

	if (child >= 0) {
		syscall(SYS_pidfd_send_signal, child, SIGKILL, NULL, 0);
		while (poll(&gone, 1, -1) < 0 && errno == EINTR)
			;
	}
	/* A child that we were not told of dies by itself, and its lock with it, in a moment. */
	for (int tries = child >= 0 ? 1 : 20; sandbox->plan->layer_parent && tries > 0; tries--) {
		remove_layers(sandbox);
		if (child < 0)
			poll(NULL, 0, 50);
	}
}

/* What the supervisor has to say: pid 1's pidfd, once; then the end of file. -1 when it died
 * before. */
static int hear_of_child(int end)
{
	char byte, room[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = sizeof room};
	int child = -1;

	while (recvmsg(end, &message, MSG_CMSG_CLOEXEC) < 0 && errno == EINTR)
		;
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(&child, CMSG_DATA(header), sizeof child);
	return child;
}

static _Noreturn void watch(const struct sandbox *sandbox, int end)
{
	sigset_t all;
	char byte;

	/* Out of reach of Ctrl-C and of whoever signals the supervisor's group. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setsid();
	prctl(PR_SET_NAME, "sandbox-watch", 0, 0, 0);
	/* The caller may wait for the end of file on what it gave us. */
	for (int fd = 0; fd < 3; fd++) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(null, fd);
		close(null);
	}
	syscall(SYS_close_range, 3, end - 1, 0);
	syscall(SYS_close_range, end + 1, ~0u, 0);
	int child = hear_of_child(end);
	while (child >= 0 && read(end, &byte, 1) < 0 && errno == EINTR)
		;
	end_and_clean(sandbox, child);
	_exit(0);
}

int watcher_start(struct sandbox *sandbox, struct error *err)
{
	int ends[2];

	if (!sandbox->plan->layer_parent && !sandbox->plan->config->as_pid_1)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(err, "make the watcher's socket");
	sandbox->watcher_pid = fork();
	if (sandbox->watcher_pid == 0) {
		close(ends[1]);
		watch(sandbox, ends[0]);
	}
	close(ends[0]);
	sandbox->watcher = ends[1];
	if (sandbox->watcher_pid < 0)
		return fail(err, "start the watcher");
	return 0;
}

int watcher_tell(const struct sandbox *sandbox, struct error *err)
{
	char byte = 0, room[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = {0};
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = sizeof room};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (sandbox->watcher < 0)
		return 0;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &sandbox->child_fd, sizeof(int));
	/* Who has killed the watcher is no reason to stop: the supervisor cleans up then
	 * (watcher_finish). */
	if (sendmsg(sandbox->watcher, &message, MSG_NOSIGNAL) < 0 && errno != EPIPE &&
	    errno != ECONNRESET)
		return fail(err, "tell the watcher of the sandbox");
	return 0;
}

void watcher_finish(struct sandbox *sandbox)
{
	int status = -1;

	/* The lock on the layer is ours and the child's, and the child is dead. */
	close_cleanup(&sandbox->layer);
	sandbox->layer = -1;
	if (sandbox->watcher >= 0) {
		/* Heard even where somebody else has come to hold this end. */
		shutdown(sandbox->watcher, SHUT_RDWR);
		close(sandbox->watcher);
		sandbox->watcher = -1;
		while (waitpid(sandbox->watcher_pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	/* Whoever has killed it does not keep the layer alive. */
	if (sandbox->plan->layer_parent && status != 0)
		remove_layers(sandbox);
}
