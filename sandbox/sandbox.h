/*
 * sandbox: what exists at run time only: descriptors and pids. It owns every descriptor in it; each
 * process has its own copy (a descriptor is -1 where that process does not have it).
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <linux/filter.h>
#include <signal.h>
#include <sys/types.h>

#include "cpu_watch.h"
#include "deadline.h"
#include "files.h"
#include "helper.h"
#include "outcome.h"
#include "output.h"
#include "spawn.h"
#include "state.h"
#include "step.h"
#include "terminal.h"

enum { SANDBOX_NAMESPACES = 8 };

/*
 * A socket of the payload's that somebody outside answers: made by the supervisor, given its name
 * by the child, in a file system that nobody else has; so there is nothing to remove. -1: not
 * there.
 */
struct session_socket {
	int listener;
	int bound, heard; /* a pipe: a byte, when it listens */
};

struct sandbox {
	const struct plan *plan;
	int channel;               /* this process's end: see channel.h */
	pid_t child;               /* supervisor: pid 1 of the sandbox, our unreaped child */
	int child_fd;              /* supervisor: its pidfd */
	struct spawned mapping[2]; /* supervisor, ATTACH: newuidmap and newgidmap, as many as run */
	int mapping_count;
	int host_root;         /* child, SETUP: O_PATH on the host's root, until it is detached */
	int rootfs;            /* child, SETUP: O_PATH on ROOTFS, below host_root */
	int root;              /* child, SETUP: O_PATH on the new root */
	struct own_mounts own; /* child, SETUP: where mount points may be made */
	struct own_mounts layered; /* child, SETUP: those of them that are binds' layers */
	int scratch; /* child, SETUP: the private tmpfs that /tmp, /run, /dev, ... are parts of */
	int layer;   /* the layer's directory on disk, held by a lock, when it is there */
	int base;    /* the store's root file system, held by a lock, or -1 */
	int fuse;    /* child, SETUP, with plan->fuse: where layers are told of */
	int fuse_helper; /* supervisor, until CONNECT: the other end */
	int bus;      /* child, SETUP, with a bus: where the directory of its sockets comes from */
	bool attends; /* it is no supervisor: somebody else's command is attended (supervisor.h) */
	bool started; /* supervisor: MESSAGE_STARTED has come */
	bool ended;   /* supervisor: MESSAGE_EXITED has come: pid 1 is about to leave by itself */
	int watcher;  /* supervisor: our end of the watcher's socket, or -1 */
	pid_t watcher_pid;
	int signals;        /* supervisor: the signalfd */
	uint64_t held;      /* supervisor: 1 << (N - 1): signal N, for the command once it runs */
	bool interrupted;   /* supervisor, CONNECT: the child or a signal has something to say */
	int user_namespace; /* supervisor, where CONNECT follows: the child's; -1: not there */
	int network_namespace;               /* supervisor, the same */
	int ipc_namespace;                   /* supervisor, the same */
	struct helper helpers[HELPER_COUNT]; /* supervisor */
	int *published; /* supervisor: the sockets of published ports, one a port; allocated */
	size_t published_count;
	struct terminal caller; /* supervisor: the caller's terminal */
	/* The record, and what can be asked of a sandbox that has one. */
	struct state state;                 /* supervisor; the child sees whether there is one */
	int control;                        /* supervisor: listening; -1: none */
	int namespaces[SANDBOX_NAMESPACES]; /* supervisor: the child's own, in the order of join.c;
					     * -1: no more
					     */
	int payload_namespace;              /* with plan->nested: the payload's user namespace */
	struct output output;               /* supervisor, detached */
	int ready;          /* supervisor, detached: whoever waits for the start; -1: nobody */
	struct arena arena; /* supervisor: for the record */
	struct deadline deadline;   /* supervisor: --timeout */
	struct cpu_watch cpu_watch; /* supervisor: --cpu-time, with a cgroup */
	struct outcome outcome;     /* supervisor: how it ended */
	int cgroup;                 /* the sandbox's cgroup, for who goes into it, or -1 */
	int witness;        /* child, with --print-enforced: a file outside of all rules, or -1 */
	int enforced;       /* supervisor, ATTEST: what the payload has read back, or -1 */
	int limits;         /* supervisor: the directory of the cgroup that has the limits, or -1 */
	uint64_t nproc;     /* supervisor: its soft RLIMIT_NPROC as it was */
	char *cgroup_path;  /* the sandbox's, below the file system's root; allocated; NULL: none */
	int meta;           /* supervisor: what becomes --meta's file, or -1 */
	int meta_directory; /* supervisor: where it belongs, or -1 */
	char meta_name[64]; /* supervisor: the name it has until then; empty: none */
	char *report;       /* supervisor, FINISH: lines for the user, allocated; NULL: nothing */
	struct sock_filter *asking; /* with HELPER_DENIALS: the filter to load; in the arena */
	unsigned short asking_length;
	int pts;      /* child, SETUP, with plan->terminals: our own devpts */
	int master;   /* child: its outer side, until the supervisor has it */
	int terminal; /* child: the sandbox's terminal, or -1 */
	int proc;     /* child, with plan->nested: our own /proc */
	struct session_socket wayland, audio; /* PREPARE to SETUP */
	int x11;     /* the X display's number and Xauthority, in memory, PREPARE to SETUP, or -1 */
	int *places; /* child, with --confine-only: O_PATH, in the order of plan->places; allocated;
			-1: not there, or not kept open */
	int attributes[2]; /* child: by which the listener comes from the payload; see metadata.h */
	bool adopts;       /* supervisor: what init leaves behind comes to us */
	int tap;           /* child, GUARD: the index of the tap that has guards; 0: none */
	int mapped;        /* payload, with plan->nested: readable when its ids are mapped */
	char *layer_path;  /* supervisor: its path, allocated; NULL when there is none on disk */
	sigset_t caller_mask; /* the signal mask we were started with, for the payload */
	char *arguments;      /* the process's own argv and environment, as the kernel shows them */
	size_t arguments_size;
};

#endif
