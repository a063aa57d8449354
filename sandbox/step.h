/*
 * step: one thing to be done, and the plan: the ordered list of them, with who does each and why.
 *
 * A room exports X_plan(), which adds its steps, and keeps the functions that carry them out to
 * itself: a step points to its kind, and the kind to the function.
 */
#ifndef STEP_H
#define STEP_H

#include <stdint.h>

#include "arena.h"
#include "config.h"
#include "error.h"
#include "files.h"
#include "host.h"

/* Who acts, and when. Supervisor and child meet only where one phase ends (see supervisor.c). */
enum phase {
	PHASE_PREPARE, /* supervisor, before the child exists */
	PHASE_ATTACH,  /* supervisor, beside the child's ISOLATE: ids */
	PHASE_ISOLATE, /* child: namespaces and what needs no ids */
	PHASE_SETUP,   /* child, its ids mapped: mounts, the new root */
	PHASE_CONNECT, /* supervisor, beside SETUP: the helpers that make a network, until ready */
	PHASE_GUARD,   /* child, the network is there: what is kept out of reach in it */
	PHASE_CONFINE, /* payload, the last things before exec: rlimits, capabilities, seccomp */
	PHASE_ATTEST,  /* supervisor, the payload waits for its exec: what is in force is told */
	PHASE_FINISH,  /* supervisor, when the run is over: what there is to count and say of it */
	PHASE_REPORT,  /* supervisor, the last thing, however it ended: who else is told */
	PHASE_COUNT
};

struct sandbox;
struct step;
struct filter;

/* What the payload may write by way of a SETUP step's target, as the mounts have it (landlock.h).
 */
enum step_writes {
	WRITES_NOTHING,
	WRITES_FILES,
	WRITES_DEVICES, /* and devices can be steered there */
};

struct step_kind {
	const char *name; /* as the printed plan shows it */
	int (*run)(const struct step *step, struct sandbox *sandbox, struct error *err);
};

struct step {
	const struct step_kind *kind;
	enum phase phase;
	const char *source;  /* printed; NULL where there is none */
	const char *target;  /* printed */
	const char *options; /* printed */
	uint64_t flags;
	enum step_writes writes;
	const void *data;    /* whatever the kind knows it to be */
	const char *because; /* "default", "command line", "profile build.conf:7" */
};

/* Who the payload is, inside. */
struct identity {
	uint32_t uid, gid;
	const char *name, *home, *shell;
	bool home_is_missing; /* ROOTFS has no such directory: a layer gets one */
	bool named;           /* ROOTFS's passwd has the entry already */
};

/* A directory that gets an overlay over it: see layering.h. */
struct layer_part {
	const char *name;            /* of its directory in the layer */
	const char *source, *target; /* what it lies over, where it is seen */
	bool kept;                   /* may be on disk; else in memory, always */
};

/* Of the payload's environment. */
struct variable {
	const char *name, *value;
};

/* A place inside that can be written, with all below it. */
struct writable {
	const char *path;
	bool devices; /* they can be steered there */
};

/* What can be done at a place, with --confine-only: see confine.h. */
enum place_rights {
	PLACE_READS = 1,
	PLACE_LISTS = 2, /* the names in directories */
	PLACE_RUNS = 4,
	PLACE_WRITES = 8,
	PLACE_STEERS = 16, /* ioctl(2) of devices */
};

/* A place of the host's, with all below it. */
struct place {
	const char *path;
	unsigned rights;
	bool no_links; /* on the way to it none is followed; else it is not there */
	bool needed;   /* it has to be there */
	bool own_part; /* path is a name in the private directory */
	bool part;     /* it is below another one that is told of */
};

struct plan {
	struct arena arena;
	const struct config *config;
	const struct host *host;
	struct step *steps;
	size_t steps_count;

	struct identity identity;
	struct id_range *uids, *gids; /* the maps to write */
	size_t uids_count, gids_count;
	bool direct_map; /* one id: written by the child itself, no helper */
	bool drop_groups;
	bool nested;     /* the payload is in a user namespace below pid 1's: see nest.h */
	bool x11_shares; /* the X server goes into the sandbox's IPC namespace: the same */
	/* The payload's ids as SETUP, in pid 1's user namespace, names them: its own, but where one
	 * id is mapped and has to be 0 there (idmap.c). */
	uint32_t owner_uid, owner_gid;
	uint64_t namespaces; /* CLONE_NEW* for unshare in the child */
	bool network_late;   /* the payload itself waits for the network: see network.c */
	bool root_needed;    /* a helper of the network becomes uid 0 in pid 1's namespace */
	bool watched;        /* a helper has to be killed when the supervisor dies: the watcher */
	const char *session_bus, *system_bus; /* addresses inside; NULL: none */
	const char *resolv_conf;              /* the text of /etc/resolv.conf */
	const char *ca_bundle;       /* the file to show as the certificate authorities, or NULL */
	const struct filter *filter; /* for system calls; NULL: none, or not yet planned */
	uint64_t capabilities;    /* 1 << CAP_*: what the payload has in its own user namespace */
	const char *apt_config;   /* apt's for --userns=fakeroot, a path inside; NULL: none */
	const char *layer_parent; /* directory on disk for the throw-away layer; NULL = memory */
	unsigned terminals;       /* as host->terminals: those that become the sandbox's own */
	bool terminal_lazy;       /* it is in the background until it wants to read */
	bool fuse;                /* layers are fuse-overlayfs's: see fuse.h */
	bool has_layer;           /* the root is an overlay, parts[0] */
	struct layer_part *parts; /* what gets a layer */
	size_t parts_count;
	struct rlimit_op *rlimits; /* in place of limits that no cgroup holds */
	size_t rlimits_count;
	struct writable *writable; /* what Landlock lets be written; found by landlock.c */
	size_t writable_count;
	/* With --confine-only: what can be used; the private directory, its last six letters X
	 * until it is made. */
	struct place *places;
	size_t places_count;
	const char *private_directory;
	/* What Landlock handles, in the kernel's bits; 0: nothing. */
	struct landlock_rules {
		uint64_t fs, net, scoped;
	} landlock;
	bool has_cgroup;            /* it is in a cgroup of its own */
	bool own_cgroup;            /* made without a manager: it is ours to remove */
	struct kept files;          /* the descriptors that --file and --pass-fd name */
	const char *runtime_dir;    /* the payload's directory for sockets, or NULL: desktop.c */
	struct variable *variables; /* what rooms want the payload to know */
	size_t variables_count;
	char **command, **envp; /* copies: the originals are wiped (child.c) */
	const char *note;       /* something the user should hear before the start, or NULL */
};

/*
 * Does SETUP wait for a word of the supervisor's: that the ids are mapped, or that the watcher
 * knows of the child?
 */
static inline bool plan_waits(const struct plan *plan)
{
	return !plan->direct_map || plan->config->as_pid_1;
}

/* Is there any step of this phase? The payload waits for CONNECT where there is. */
bool plan_has(const struct plan *plan, enum phase phase);

/* Is this inside id mapped by these ranges? */
bool id_is_mapped(const struct id_range *ranges, size_t count, uint32_t id);

/* Add to plan->note; arena-owned or static text. */
void plan_say(struct plan *plan, const char *text);

/* The payload's environment has this variable, unless the user says otherwise. The strings are the
 * caller's, and live as long as the plan. */
void plan_set_variable(struct plan *plan, const char *name, const char *value);

/* Add a step and return it, zeroed but for the arguments; it may move at the next call. */
struct step *plan_add(struct plan *plan, enum phase phase, const struct step_kind *kind,
		      const char *because);

/* Run the steps of one phase, in order, up to the first that fails. */
int plan_run(const struct plan *plan, enum phase phase, struct sandbox *sandbox, struct error *err);

#endif
