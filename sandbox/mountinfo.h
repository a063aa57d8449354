/*
 * mountinfo: what is mounted where this process is, of /proc/self/mountinfo (proc(5)).
 */
#ifndef MOUNTINFO_H
#define MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

struct mounted {
	uint64_t id, parent;
	const char *root;    /* which directory of the file system it shows; "/": all of it */
	const char *path;    /* where, as this process sees it */
	const char *type;    /* of the file system: "proc" */
	unsigned long flags; /* MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_NOSYMFOLLOW */
};

struct mountinfo {
	struct arena arena;
	struct mounted *all;
	size_t count;
};

/* Zeroed, or used and freed before. -1 and errno. */
int mountinfo_read(struct mountinfo *list);
void mountinfo_free(struct mountinfo *list);

/* By its number; NULL. */
const struct mounted *mountinfo_find(const struct mountinfo *list, uint64_t id);

/* Is above the same mount as one, or on the way from it to the top? */
bool mountinfo_is_above(const struct mountinfo *list, const struct mounted *above,
			const struct mounted *one);

#endif
