/*
 * mapped: doing something to files of subordinate ids, as their owner: in a user namespace with
 * the same ids as a sandbox has (--userns=auto), and in no other namespace. For `sandbox rootfs`,
 * `diff`, `commit` and `discard`; helpers of libexec/sandbox run in it.
 */
#ifndef MAPPED_H
#define MAPPED_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

struct mapped {
	bool subordinate;            /* 0 is the first subordinate id, not the caller */
	int (*function)(void *data); /* runs in the child, its result is the exit status */
	void *data;
	bool quiet; /* do not tell of how many ids there are */
	int group;  /* a process group to end too when a signal comes, or 0 */
};

/*
 * Run it and wait. Signals that ask us to end are passed on to it, and make the result 128 + n;
 * if we are killed, so is it. The exit status, or -1 with err filled when it was not run.
 */
int mapped_run(const struct mapped *mapped, struct error *err);

/* How many ids there would be: 1 where the caller has no range. -1 with err filled. */
int64_t mapped_ids(struct error *err);

/* In the function: let a program that it runs have fd under this number. -1 and errno. */
int mapped_pass(int fd, int number);

/* Find a helper of libexec/sandbox, whose name may be used until the arena is freed. */
struct arena;
const char *mapped_helper(struct arena *arena, const char *name);

#endif
