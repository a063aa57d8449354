/*
 * sandbox: what exists at run time only: descriptors and pids. It owns every descriptor in it; each
 * process has its own copy (a descriptor is -1 where that process does not have it).
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <signal.h>
#include <sys/types.h>

#include "files.h"
#include "step.h"

struct sandbox {
	const struct plan *plan;
	int channel;           /* this process's end: see channel.h */
	pid_t child;           /* supervisor: pid 1 of the sandbox, our unreaped child */
	int child_fd;          /* supervisor: its pidfd */
	int host_root;         /* child, SETUP: O_PATH on the host's root, until it is detached */
	int rootfs;            /* child, SETUP: O_PATH on ROOTFS, below host_root */
	int root;              /* child, SETUP: O_PATH on the new root */
	struct own_mounts own; /* child, SETUP: where mount points may be made */
	int scratch; /* child, SETUP: the private tmpfs that /tmp, /run, /dev, ... are parts of */
	int layer;   /* the throw-away layer's directory on disk, when it is there */
	bool ended;  /* supervisor: MESSAGE_EXITED has come: pid 1 is about to leave by itself */
	int watcher; /* supervisor: our end of the watcher's socket, or -1 */
	pid_t watcher_pid;
	char *layer_path;     /* supervisor: its path, allocated; NULL when there is none on disk */
	sigset_t caller_mask; /* the signal mask we were started with, for the payload */
	char *arguments;      /* the process's own argv and environment, as the kernel shows them */
	size_t arguments_size;
};

#endif
