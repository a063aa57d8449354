/* Processes of this machine: see processes.h. */
#include "processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* prctl(PR_GET_NAME) */
enum { NAME_SIZE = 16 };

static int read_at(int proc, const char *pid, const char *own, struct process *process)
{
	char path[300], text[1024];
	unsigned long long user, system;

	snprintf(path, sizeof path, "%s/stat", pid);
	int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t got = read(fd, text, sizeof text - 1);
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	/* The name in parentheses may hold anything. */
	char *name = strchr(text, '('), *behind = strrchr(text, ')');
	if (!name || !behind ||
	    sscanf(behind + 1,
		   " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d "
		   "%llu %*u %llu",
		   &process->parent, &user, &system, &process->started, &process->pages) != 5)
		return -1;
	*behind = '\0';
	process->pid = (pid_t)strtol(pid, NULL, 10);
	process->ticks = user + system;
	process->ours = strcmp(name + 1, own) == 0;
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	pid_t x = ((const struct process *)a)->pid, y = ((const struct process *)b)->pid;

	return (x > y) - (x < y);
}

void processes_read(struct processes *processes, struct arena *arena)
{
	char own[NAME_SIZE + 1] = "";
	DIR *stream = opendir("/proc");

	*processes = (struct processes){NULL, 0};
	prctl(PR_GET_NAME, own, 0, 0, 0);
	while (stream) {
		struct dirent *entry = readdir(stream);
		struct process process;

		if (!entry)
			break;
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    read_at(dirfd(stream), entry->d_name, own, &process) == 0)
			*ARENA_APPEND(arena, processes->list, processes->count) = process;
	}
	if (stream)
		closedir(stream);
	if (processes->count > 0)
		qsort(processes->list, processes->count, sizeof *processes->list, by_pid);
}

const struct process *processes_find(const struct processes *processes, pid_t pid)
{
	struct process key = {.pid = pid};

	return processes->count ? bsearch(&key, processes->list, processes->count,
					  sizeof *processes->list, by_pid)
				: NULL;
}

int process_read(struct process *process, pid_t pid)
{
	char text[24];
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	snprintf(text, sizeof text, "%d", pid);
	int result = proc < 0 ? -1 : read_at(proc, text, "", process);
	if (proc >= 0)
		close(proc);
	return result;
}
