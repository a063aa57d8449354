/*
 * See tree.h. A hostile payload can leave a directory a million levels deep, so there is no
 * recursion: each directory that is found is moved up to the top under a number, and only then
 * looked into.
 */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

/* Remove what is in dir; directories go up into top under new numbers. True when anything was
 * found. */
static bool empty_one(int dir, int top, unsigned long *number)
{
	DIR *stream = fdopendir(dup(dir));
	bool found = false;

	if (!stream)
		return false;
	rewinddir(stream);
	for (struct dirent *entry; (entry = readdir(stream));) {
		char up[32];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dir, entry->d_name, 0) == 0 ||
		    unlinkat(dir, entry->d_name, AT_REMOVEDIR) == 0) {
			found = true;
			continue;
		}
		/* Renaming a directory changes its "..", which takes write permission on itself. */
		(void)!fchmodat(dir, entry->d_name, 0700, AT_SYMLINK_NOFOLLOW);
		/* A number may be taken, by an earlier call that did not come to its end. */
		int result;
		do {
			snprintf(up, sizeof up, ".tree-%lu", (*number)++);
			result = renameat(dir, entry->d_name, top, up);
		} while (result < 0 && (errno == ENOTEMPTY || errno == EEXIST));
		if (result == 0)
			found = true;
	}
	closedir(stream);
	return found;
}

/* One round: what is in each directory of top goes, what was in them as directories comes up. */
static bool empty_below(int top, unsigned long *number)
{
	DIR *stream = fdopendir(dup(top));
	bool found = false;

	if (!stream)
		return false;
	rewinddir(stream);
	for (struct dirent *entry; (entry = readdir(stream));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(top, entry->d_name, 0) == 0 ||
		    unlinkat(top, entry->d_name, AT_REMOVEDIR) == 0) {
			found = true;
			continue;
		}
		(void)!fchmodat(top, entry->d_name, 0700, 0);
		int cleanup_fd dir =
			openat(top, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (dir >= 0)
			found |= empty_one(dir, top, number);
	}
	closedir(stream);
	return found;
}

int tree_remove(int dir, const char *name)
{
	unsigned long number = 0;

	if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	(void)!fchmodat(dir, name, 0700, 0);
	int cleanup_fd top = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (top < 0)
		return -1;
	while (empty_below(top, &number))
		;
	return unlinkat(dir, name, AT_REMOVEDIR);
}
