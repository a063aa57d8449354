/*
 * The watcher: see watcher.h. It holds one end of a socket pair whose other end only the supervisor
 * has. When that closes, in whatever way the supervisor ended, it kills pid 1, waits until it is
 * gone, and removes the throw-away layer from the disk, with any that others have left. It is there
 * in three cases: a layer on disk; --as-pid-1, where the payload itself could undo the tie to its
 * parent (prctl); and a kept layer, whose lock must outlive pid 1, for the kernel closes pid 1's
 * descriptors before it kills what else there is inside. It is started before there is anything to
 * clean up, and is told of pid 1 by its pidfd before a payload can run.
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

#include "cgroup.h"
#include "channel.h"
#include "idmap.h"
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
		if (idmap_map(sandbox->plan, &mapping, &ignored) == 0)
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

/* What the supervisor has told of: pidfds. */
struct watched {
	int child;  /* pid 1; -1 when the supervisor died before it could say */
	int helper; /* a helper that does not notice our end; -1: none */
};

static void wait_for(int pidfd)
{
	struct pollfd gone = {.fd = pidfd, .events = POLLIN};

	while (pidfd >= 0 && poll(&gone, 1, -1) < 0 && errno == EINTR)
		;
}

static void kill_and_wait(int pidfd)
{
	if (pidfd < 0)
		return;
	syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	wait_for(pidfd);
}

static void end_and_clean(const struct sandbox *sandbox, const struct watched *watched,
			  pid_t supervisor)
{
	bool told = watched->child >= 0;

	/* Without a pid namespace pid 1 ends the others, and itself. */
	if (sandbox->plan->config->confine_only)
		wait_for(watched->child);
	else
		kill_and_wait(watched->child);
	kill_and_wait(watched->helper);
	/* A child that we were not told of dies by itself, and its lock with it, in a moment. */
	for (int tries = told ? 1 : 20; sandbox->plan->layer_parent && tries > 0; tries--) {
		remove_layers(sandbox);
		if (!told)
			poll(NULL, 0, 50);
	}
	cgroup_remove(sandbox->plan, supervisor);
}

/* Listen until the supervisor lets go of its end, or dies. */
static struct watched hear(int end)
{
	struct watched watched = {-1, -1};
	int fd;

	while ((fd = channel_receive_fd(end)) >= 0) {
		int *place = watched.child < 0 ? &watched.child : &watched.helper;

		if (*place >= 0)
			close(*place);
		*place = fd;
	}
	return watched;
}

enum { TERMINAL = 2 }; /* where the watcher keeps the caller's */

/* In raw mode, it has been left so by a supervisor that was killed. */
static void put_terminal_back(const struct terminal *caller)
{
	struct termios now, before = caller->saved;

	/* What it was when we started; a shell that was reading a line then has its own modes. */
	before.c_iflag |= ICRNL;
	before.c_oflag |= OPOST;
	before.c_lflag |= ICANON | ISIG | ECHO;
	if (caller->tty >= 0 && tcgetattr(TERMINAL, &now) == 0 && !(now.c_lflag & (ICANON | ISIG)))
		tcsetattr(TERMINAL, TCSADRAIN, &before);
}

static _Noreturn void watch(const struct sandbox *sandbox, int end, pid_t supervisor)
{
	sigset_t all;

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
	if (sandbox->caller.tty >= 0)
		dup2(sandbox->caller.tty, TERMINAL);
	syscall(SYS_close_range, 3, end - 1, 0);
	syscall(SYS_close_range, end + 1, ~0u, 0);
	struct watched watched = hear(end);
	put_terminal_back(&sandbox->caller);
	end_and_clean(sandbox, &watched, supervisor);
	_exit(0);
}

int watcher_start(struct sandbox *sandbox, struct error *err)
{
	int ends[2];

	if (!sandbox->plan->layer_parent && !sandbox->plan->config->as_pid_1 &&
	    !sandbox->plan->watched && !sandbox->plan->config->overlay)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(err, "make the watcher's socket");
	pid_t supervisor = getpid();
	sandbox->watcher_pid = fork();
	if (sandbox->watcher_pid == 0) {
		close(ends[1]);
		watch(sandbox, ends[0], supervisor);
	}
	close(ends[0]);
	sandbox->watcher = ends[1];
	if (sandbox->watcher_pid < 0)
		return fail(err, "start the watcher");
	return 0;
}

int watcher_tell(const struct sandbox *sandbox, struct error *err)
{
	int fds[3] = {sandbox->child_fd}, count = 1;

	if (sandbox->watcher < 0)
		return 0;
	/* The locks on a kept layer and on a root file system are held for as long as pid 1 may
	 * live: a payload that is pid 1 does not hold them itself. That of a layer that is thrown
	 * away must be free when the watcher removes it. */
	if (sandbox->layer >= 0 && !sandbox->plan->layer_parent)
		fds[count++] = sandbox->layer;
	if (sandbox->base >= 0)
		fds[count++] = sandbox->base;
	/* Who has killed the watcher is no reason to stop: the supervisor cleans up then
	 * (watcher_finish). */
	if (channel_pass(sandbox->watcher, fds, count) < 0 && errno != EPIPE && errno != ECONNRESET)
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
