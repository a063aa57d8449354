/* The processes below this one: see descent.h. */
#include "descent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "files.h"
#include "processes.h"

int descent_adopt(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

bool descent_is_there(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

struct children {
	pid_t *list; /* in the arena */
	size_t count;
};

/* Without CONFIG_PROC_CHILDREN: from all there are. */
static void search(struct children *children, struct arena *arena)
{
	struct processes processes;

	processes_read(&processes, arena);
	for (size_t i = 0; i < processes.count; i++)
		if (processes.list[i].parent == getpid())
			*ARENA_APPEND(arena, children->list, children->count) =
				processes.list[i].pid;
}

/* Ours are added at its end, and are not taken out before we reap them: what is read piece by piece
 * is whole (proc_pid_task(5) of "children" is wary of those that end; ours do not). */
static struct children read_children(struct arena *arena)
{
	struct children children = {NULL, 0};
	char path[64];

	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	FILE *file = fopen(path, "re");
	if (!file) {
		search(&children, arena);
		return children;
	}
	for (int pid; fscanf(file, "%d", &pid) == 1;)
		*ARENA_APPEND(arena, children.list, children.count) = pid;
	fclose(file);
	return children;
}

static bool is_dead(pid_t child)
{
	siginfo_t info = {.si_pid = 0};

	return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid == child;
}

/* Send each child SIGKILL. It is ours and unreaped, so its pid is nobody else's. Returns how many
 * were alive. */
static size_t kill_children(pid_t except)
{
	struct arena arena = {NULL};
	struct children children = read_children(&arena);
	size_t alive = 0;

	for (size_t i = 0; i < children.count; i++) {
		if (children.list[i] == except || is_dead(children.list[i]))
			continue;
		alive++;
		kill(children.list[i], SIGKILL);
	}
	arena_free(&arena);
	return alive;
}

static bool only_left(pid_t except)
{
	struct arena arena = {NULL};
	struct children children = read_children(&arena);
	bool only = true;

	for (size_t i = 0; i < children.count; i++)
		only &= children.list[i] == except;
	arena_free(&arena);
	return only;
}

static void reap_dead(pid_t except)
{
	struct arena arena = {NULL};
	struct children children = read_children(&arena);

	for (size_t i = 0; i < children.count; i++)
		if (children.list[i] != except)
			waitpid(children.list[i], NULL, WNOHANG);
	arena_free(&arena);
}

/*
 * A process that lives has a line of parents up to one of our children, and that one lives: the
 * children of who ends have become ours before it is dead. So when none of ours is alive, nobody
 * below is.
 */
void descent_end(pid_t except)
{
	for (;;) {
		for (int wait = 0; kill_children(except) > 0; wait = wait < 5 ? wait + 1 : wait)
			poll(NULL, 0, wait);
		reap_dead(except);
		if (except ? only_left(except) : !descent_is_there())
			return;
	}
}

/* Is its parent's parent, and so on, us? */
static bool is_below(const struct processes *processes, const struct process *process)
{
	for (size_t steps = 0; process && steps <= processes->count; steps++) {
		if (process->parent == getpid())
			return true;
		process = processes_find(processes, process->parent);
	}
	return false;
}

void descent_signal(int number)
{
	struct arena arena = {NULL};
	struct processes processes;

	processes_read(&processes, &arena);
	for (size_t i = 0; i < processes.count; i++) {
		const struct process *process = &processes.list[i];
		struct process now;

		if (!is_below(&processes, process))
			continue;
		int cleanup_fd pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
		if (pidfd >= 0 && process_read(&now, process->pid) == 0 &&
		    now.started == process->started)
			syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
	}
	arena_free(&arena);
}
