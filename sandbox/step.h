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
#include "host.h"

/* Who acts, and when. Supervisor and child meet only where one phase ends (see supervisor.c). */
enum phase {
	PHASE_PREPARE, /* supervisor, before the child exists */
	PHASE_ATTACH,  /* supervisor, beside the child's ISOLATE: ids */
	PHASE_ISOLATE, /* child: namespaces and what needs no ids */
	PHASE_SETUP,   /* child, its ids mapped: mounts, the new root */
	PHASE_CONFINE, /* payload, the last things before exec: rlimits, capabilities, seccomp */
	PHASE_COUNT
};

struct sandbox;
struct step;

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
	uint64_t namespaces;      /* CLONE_NEW* for unshare in the child */
	uint64_t capabilities;    /* 1 << CAP_*: what the payload has in its own user namespace */
	const char *layer_parent; /* directory on disk for the throw-away layer; NULL = memory */
	bool has_layer;           /* the root is an overlay */
	char **command, **envp;   /* copies: the originals are wiped (child.c) */
	const char *note;         /* something the user should hear before the start, or NULL */
};

/*
 * Does SETUP wait for a word of the supervisor's: that the ids are mapped, or that the watcher
 * knows of the child?
 */
static inline bool plan_waits(const struct plan *plan)
{
	return !plan->direct_map || plan->config->as_pid_1;
}

/* Is this inside id mapped by these ranges? */
bool id_is_mapped(const struct id_range *ranges, size_t count, uint32_t id);

/* Add a step and return it, zeroed but for the arguments; it may move at the next call. */
struct step *plan_add(struct plan *plan, enum phase phase, const struct step_kind *kind,
		      const char *because);

#endif
