/*
 * bare_root: the root directory of a program that a helper confines before it becomes it: a small
 * tmpfs with the program's own system read-only, and what else is attached to it.
 *
 * In a mount namespace of its own. What fails ends the process, with a message on standard error
 * that names the program.
 */
#ifndef BARE_ROOT_H
#define BARE_ROOT_H

#include <stdint.h>

struct bare_root {
	const char *whom; /* the program, as messages name it */
	int top;          /* of the host: until the end, paths start there */
	int fd;           /* the new one */
};

/* Cut the mount namespace off from the host's, and put an empty root over its own. */
void bare_root_begin(struct bare_root *root, const char *whom);

/* A new directory in it, opened with O_PATH; the caller's to close. */
int bare_root_directory(const struct bare_root *root, const char *name);

/* Put the mount onto target, with MOUNT_SAFE and these attributes, and close both; either may be
 * the -1 of a call that failed. name is for the message. */
void bare_root_attach(const struct bare_root *root, int mount, int target, uint64_t attributes,
		      const char *name);

/* /usr, /lib and the like: what a program and its libraries are in. Read-only. */
void bare_root_show_system(const struct bare_root *root);

/* Make it the root directory, and leave nothing of the old one. root->fd stays open. */
void bare_root_enter(struct bare_root *root);

#endif
