/*
 * processes: all processes of this machine that can be seen, as proc_pid_stat(5) has them. Looked
 * at once; each may have ended by now.
 */
#ifndef PROCESSES_H
#define PROCESSES_H

#include <stdbool.h>
#include <sys/types.h>

#include "arena.h"

struct process {
	pid_t pid, parent;
	unsigned long long ticks;   /* of processor, user and system */
	unsigned long long pages;   /* resident */
	unsigned long long started; /* ticks of CLOCK_BOOTTIME; with the pid it is unique */
	bool ours;                  /* it is called as this program is */
};

struct processes {
	struct process *list; /* in the order of pids, in the arena */
	size_t count;
};

void processes_read(struct processes *processes, struct arena *arena);

/* NULL: there is none. */
const struct process *processes_find(const struct processes *processes, pid_t pid);

/* One process alone, now; -1 when it is not there. */
int process_read(struct process *process, pid_t pid);

#endif
