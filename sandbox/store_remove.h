/*
 * store_remove: taking things out of the store (store.h), with files of subordinate ids in them;
 * and names for what is being made or removed, which nothing lists or uses.
 */
#ifndef STORE_REMOVE_H
#define STORE_REMOVE_H

#include "arena.h"
#include "error.h"

enum { STORE_TEMPORARY = 32 };

/* ".new-RANDOM" or the like. */
void store_temporary_name(char name[STORE_TEMPORARY], const char *prefix);

/*
 * Remove entry name of the directory store. It loses its name first, so that nothing half removed
 * is ever seen; the caller holds its lock. -1 with err filled.
 */
int store_remove(int store, const char *name, struct error *err);

/*
 * What a verb does to each of some entries of the store's directory which; what they are called is
 * for people. Errors are printed, and do not keep it from the next. Then what earlier calls have
 * left is removed. Returns the exit status.
 */
int store_each(const char *which, const char *what, int count, char **names,
	       int (*one)(struct arena *arena, int store, const char *name, struct error *err));

/* Remove what earlier calls have left when they were killed: temporary names that nobody holds. */
void store_sweep(int store);

#endif
