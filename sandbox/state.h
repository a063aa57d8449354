/*
 * state: records of sandboxes, in a directory that is the user's alone.
 *
 *   DIR/NAME/lock      held by the supervisor (flock(2)) from before the sandbox exists to its end;
 *                      holds the end's status and reason when there has been one
 *   DIR/NAME/record    what it is (record.h), written whole and renamed into place
 *   DIR/NAME/control   a socket, for exec (join.h)
 *   DIR/NAME/log, log.1   what a detached command says
 *
 * DIR is $XDG_RUNTIME_DIR/sandbox, else /run/user/UID/sandbox, else /tmp/sandbox-UID; it is
 * checked, by descriptor, to be ours with mode 0700, and never followed through a link; what it is
 * in has to be ours or root's, and others must not be able to exchange names there. Whoever changes
 * what is in it holds a lock on DIR. A pid in a record is only used while the lock is held: then
 * its owner lives and the number is nobody else's.
 *
 * A record whose lock nobody holds and that has no end is what a killed supervisor has left: it is
 * removed by whoever meets it.
 */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "arena.h"
#include "error.h"

/* A sandbox's own record, in its supervisor. All -1 and NULL: there is none. */
struct state {
	int parent; /* DIR */
	int dir;    /* DIR/NAME */
	int lock;
	const char *name;
	bool kept; /* it stays when the command has ended, for wait and logs */
};

/* What others read. */
struct sandbox_record {
	const char *name, *rootfs, *command, *ports;
	pid_t supervisor, child; /* valid while running; child is 0 before the command runs */
	int64_t started;         /* seconds since the epoch, for people */
	int64_t clock;           /* the same in CLOCK_BOOTTIME, for what time has passed */
	uint64_t ticks;          /* without a record: the supervisor's start, as its stat has it */
	bool running, detached;
	bool unrecorded;    /* it has no record: see unrecorded.h */
	int status;         /* exit status, when it has ended */
	const char *reason; /* how: "exited", "signalled", ... */
	int dir;            /* DIR/NAME; -1 in a list, and without a record */
	int lock;           /* open on lock, not held; likewise */
};

/* Every path that DIR may have for this user, now or in another environment; arena-owned. Returns
 * how many. */
enum { STATE_PLACES = 3 };
size_t state_places(struct arena *arena, const char *places[STATE_PLACES]);

/* The path of DIR, for messages and for what hides it; arena-owned. */
const char *state_path(struct arena *arena);

/* The same where XDG_RUNTIME_DIR is runtime; NULL: it is not set. */
const char *state_path_for(struct arena *arena, const char *runtime);

/* "make-4711": what runs, without its directory, and the supervisor's pid; try > 0: another one. */
const char *state_made_name(struct arena *arena, const char *command, pid_t pid, int try);

/* A command as people read it; the end of a very long one is not worth the memory. */
const char *state_command_text(struct arena *arena, char *const words[], size_t count);

/*
 * Take NAME, or with NULL one made of hint and our pid. -1 with err filled: the name is in use, or
 * DIR cannot be had. The strings live in arena.
 */
int state_take(struct state *state, struct arena *arena, const char *name, const char *hint,
	       struct error *err);

/* The command has ended: say how, for those who wait, and remove the record unless it is kept. */
void state_end(struct state *state, int status, const char *reason);

/* Give the name back: nothing has run. */
void state_drop(struct state *state);

/* --- for the verbs --- */

/* Open a record by name. -1 with err filled: there is none (then err->number is ENOENT). */
int state_find(struct sandbox_record *record, struct arena *arena, const char *name,
	       struct error *err);

/* All of them, in the order of their names; those that were left behind are removed. */
int state_list(struct sandbox_record **records, size_t *count, struct arena *arena,
	       struct error *err);

/* Wait until its supervisor has ended; then status and reason are filled in. */
int state_wait(struct sandbox_record *record, struct arena *arena, struct error *err);

/* Remove the record of one that has ended; not that of another one that has its name by now. */
int state_remove(const struct sandbox_record *record, struct error *err);

/* For qsort(3). */
int sandbox_record_by_name(const void *a, const void *b);

void sandbox_record_close(struct sandbox_record *record);

#endif
