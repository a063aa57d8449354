/*
 * spawn: run a helper program (newuidmap, getsubids, getent) beside us and hear what it says.
 *
 * No shell is ever involved. The helper gets /dev/null as standard input, our environment without
 * what could steer it is not needed: the helpers are setuid or read-only, and clean it themselves.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include <stddef.h>
#include <sys/types.h>

#include "error.h"

struct spawned {
	pid_t pid;
	int output; /* read end of what it writes to standard output and standard error */
};

/* Start argv[0] (a path). -1 with err filled when it cannot be started. */
int spawn_start(struct spawned *spawned, char *const argv[], struct error *err);

/* The same with other files as standard input and output; -1: as above. They stay the caller's. */
int spawn_start_on(struct spawned *spawned, char *const argv[], int input, int output,
		   struct error *err);

/*
 * Wait for it to end. Its output, cut at size - 1 bytes and without a final newline, is stored in
 * text. Returns the wait status as of waitpid(2). Closes the descriptor.
 */
int spawn_finish(struct spawned *spawned, char *text, size_t size);

/* What the caller ignores (nohup, a shell's background job) is nothing to whoever is not the
 * caller's job: every signal does again what signal(7) says. */
void spawn_default_signals(void);

/* The full path of a program: in /usr/bin, else along PATH; NULL when there is none. Arena-owned.
 */
struct arena;
const char *spawn_find(struct arena *arena, const char *name);

#endif
