/*
 * lines: a text file that people write (a profile, an environment file), read whole and strictly.
 *
 * The file may be hostile or a mistake: a FIFO or a device never blocks and is refused, and so is
 * what is too large, or not text. Lines end in '\n'; the last may lack it.
 */
#ifndef LINES_H
#define LINES_H

#include <stddef.h>
#include <sys/types.h>

#include "arena.h"
#include "error.h"

enum { LINES_FILE_MAX = 1 << 20, LINES_LINE_MAX = 4096 };

struct lines {
	const char *path; /* for messages; borrowed */
	char *text;       /* the rest of the file, NUL-terminated; in the arena */
	size_t left;      /* bytes in text */
	unsigned number;  /* of the line read last, from 1 */
	dev_t device;     /* with inode: which file it is */
	ino_t inode;
};

/*
 * Open path, relative to directory (a descriptor or AT_FDCWD), and read it; name is what it is
 * called in messages. Where it does not exist, err->number is ENOENT or ENOTDIR.
 */
int lines_open(struct lines *lines, struct arena *arena, int directory, const char *path,
	       const char *name, struct error *err);

/* The same, and what was read is left open as *fd, which is the caller's; it may be set on errors
 * too. */
int lines_open_kept(struct lines *lines, struct arena *arena, int directory, const char *path,
		    const char *name, int *fd, struct error *err);

/*
 * The next line: 1, and *line is the line, trimmed of blanks, in place; 0 at the end; -1 for one
 * that cannot be (too long, NUL, control characters, not UTF-8), the text then starts with
 * "PATH:NUMBER: " and the next call goes on behind it. Blank lines and comments are skipped.
 */
int lines_next(struct lines *lines, char **line, struct error *err);

#endif
