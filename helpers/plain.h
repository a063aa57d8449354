/*
 * plain: the quick way to a file. Most of an archive is new regular files of no special kind; each
 * is made here with four calls, where libarchive's own writer takes nine. Everything else is
 * libarchive's. Part of the helper `import`.
 */
#ifndef PLAIN_H
#define PLAIN_H

#include <archive.h>
#include <archive_entry.h>
#include <limits.h>
#include <stdbool.h>

/* The directory that the last one was made in. */
struct plain {
	int top;       /* what is unpacked into; the caller's */
	bool owners;   /* files get the owners that their entries name */
	int directory; /* -1: none */
	bool inherits; /* what is made in it gets its group (setgid) */
	char path[PATH_MAX];
};

/* Is it a file of the kind: content at one go, no attributes, no setuid, no second name? */
bool plain_is(struct archive_entry *entry);

/*
 * Make path, which must not be there, empty, and open it for writing. No link on the way is
 * followed. -1 and errno: it is not possible in this way, and nothing was done.
 */
int plain_open(struct plain *plain, struct archive_entry *entry, const char *path);

/* Owner, mode and times. -1 and errno. */
int plain_finish(const struct plain *plain, struct archive_entry *entry, int file);

/* Something else is about to be made or removed, and the directory may be no more what it was. */
void plain_forget(struct plain *plain);

#endif
