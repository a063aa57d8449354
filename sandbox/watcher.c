/*
 * The watcher: see watcher.h. It holds the reading end of a pipe whose other end only the supervisor has. When that
 * closes, in whatever way the supervisor ended, it kills pid 1, waits until it is gone, and removes the
 * throw-away layer from the disk, with any that others have left. It is there in two cases: a layer on
 * disk; and --as-pid-1, where the payload itself could undo the tie to its parent (prctl).
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
#include <sys/syscall.h>
#include <sys/wait.h>

#include "overlay.h"
#include "plan.h"
#include "tree.h"

/* Remove parent/name from inside a user namespace with the sandbox's own ids, whose files they are. */
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

/* Ours, and any whose lock nobody holds: left by a machine that went down. */
static void remove_layers(const struct sandbox *sandbox)
{
	const char *ours = strrchr(sandbox->layer_path, '/') + 1;
	int parent = overlay_open_layers(sandbox->plan->layer_parent);
	DIR *stream = parent < 0 ? NULL : fdopendir(parent);

	if (!stream)
		return;
	remove_layer(sandbox, parent, ours);
	rewinddir(stream);
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

static void end_and_clean(const struct sandbox *sandbox)
{
	struct pollfd gone = { .fd = sandbox->child_fd, .events = POLLIN };

	syscall(SYS_pidfd_send_signal, sandbox->child_fd, SIGKILL, NULL, 0);
	while (poll(&gone, 1, -1) < 0 && errno == EINTR)
		;
	if (sandbox->layer_path)
		remove_layers(sandbox);
}

static _Noreturn void watch(struct sandbox *sandbox, int end)
{
	sigset_t all;
	char byte;

	/* Out of reach of Ctrl-C and of whoever signals the supervisor's group. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setsid();
	prctl(PR_SET_NAME, "sandbox-watch", 0, 0, 0);
	close_cleanup(&sandbox->channel);
	/* The caller may wait for the end of file on these. */
	for (int fd = 0; fd < 3; fd++) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(null, fd);
		close(null);
	}
	while (read(end, &byte, 1) < 0 && errno == EINTR)
		;
	end_and_clean(sandbox);
	_exit(0);
}

int watcher_start(struct sandbox *sandbox, struct error *err)
{
	int ends[2];

	if (!sandbox->layer_path && !sandbox->plan->config->as_pid_1)
		return 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, "make the watcher's pipe");
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

void watcher_finish(struct sandbox *sandbox)
{
	int status = -1;

	if (sandbox->watcher >= 0) {
		close(sandbox->watcher);
		sandbox->watcher = -1;
		while (waitpid(sandbox->watcher_pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	/* Whoever has killed it does not keep the layer alive; nor does a start that failed before it. */
	if (sandbox->layer_path && status != 0)
		remove_layers(sandbox);
}
