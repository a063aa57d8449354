/*
 * unrecorded: sandboxes in the foreground without a name. They have no record, which a launch would
 * pay for, so they are found by who they are: a process of ours, outside of every sandbox, that
 * runs this program, with a child that is process 1 of a namespace below ours. They are called as
 * one in the background would be ("make-4711", with the supervisor's pid), and what they run is
 * what stands on their command line.
 *
 * As a sandbox with a record is in one directory (state.h), one without belongs to that which its
 * environment names: the same command lists both.
 */
#ifndef UNRECORDED_H
#define UNRECORDED_H

#include "processes.h"
#include "state.h"

/* Append those that are not among the records. */
void unrecorded_add(struct sandbox_record **records, size_t *count,
		    const struct processes *processes, struct arena *arena);

/* The one with this name. -1: there is none. */
int unrecorded_find(struct sandbox_record *record, struct arena *arena, const char *name);

/* Is it the same process still? Asked with a pidfd of record->supervisor open: then that is its. */
bool unrecorded_lives(const struct sandbox_record *record);

#endif
