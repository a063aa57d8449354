/*
 * bwrap: bubblewrap's command line (that of 0.11) for programs that call it, carried out with our
 * own parts. What an option does is bubblewrap's manual's to say; the words here are for whoever
 * changes the code.
 *
 *     bwrap_options  argv and --args  -> struct bwrap_request, checked
 *     bwrap_plan     a request        -> the steps of a plan (sandbox/step.h)
 *     bwrap_place, bwrap_mounts, bwrap_kernelfs, bwrap_isolate, bwrap_confine   the kinds of steps
 *     bwrap_run      the processes    bwrap_status   what is told of them
 *
 * Everything fails with status 1, as callers expect.
 */
#ifndef BWRAP_H
#define BWRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "arena.h"
#include "error.h"
#include "sandbox.h"
#include "step.h"

enum { EXIT_BWRAP = 1 };

enum bwrap_kind {
	BWRAP_BIND,
	BWRAP_RO_BIND,
	BWRAP_DEV_BIND,
	BWRAP_OVERLAY,
	BWRAP_TMP_OVERLAY,
	BWRAP_RO_OVERLAY,
	BWRAP_PROC,
	BWRAP_DEV,
	BWRAP_TMPFS,
	BWRAP_MQUEUE,
	BWRAP_DIR,
	BWRAP_FILE,
	BWRAP_BIND_DATA,
	BWRAP_RO_BIND_DATA,
	BWRAP_SYMLINK,
	BWRAP_REMOUNT_RO,
	BWRAP_CHMOD,
	BWRAP_HOSTNAME,
	BWRAP_KINDS
};

/* One entry of the ordered list that the file system is made of. */
struct bwrap_op {
	enum bwrap_kind kind;
	bool optional;      /* a missing source is passed over */
	const char *source; /* a path of the host's; a link's text; with fd_source NULL */
	const char *target; /* a path inside, or the host name */
	int fd;             /* --bind-fd, --file and the like: the caller's; else -1 */
	int perms;          /* -1: none given */
	uint64_t size;      /* 0: none given */
	/* Overlays: what lies below, topmost first; --overlay: where writes go. */
	const char **lowers;
	size_t lowers_count;
	const char *upper, *work;
	/* Child, SETUP: opened before anything is mounted; binds: their mount; -1: not there, and
	 * optional. */
	int opened;
	int *lowers_opened, upper_opened, work_opened;
};

struct bwrap_program {
	struct sock_filter *code;
	unsigned short length;
};

/* Descriptors are -1 where none was given. */
struct bwrap_request {
	struct arena arena;
	char **env; /* the command's; NULL-terminated */
	size_t env_count;
	char **command; /* borrowed from argv, or from what --args gave */
	const char *argv0;

	struct bwrap_op *ops;
	size_t ops_count;

	bool unshare_user, unshare_user_try, unshare_ipc, unshare_pid, unshare_net, unshare_uts;
	bool unshare_cgroup, unshare_cgroup_try;
	bool disable_userns, assert_userns_disabled;
	bool new_session, die_with_parent, as_pid_1, level_prefix;
	bool needs_devpts; /* --dev */
	bool help, version;
	bool harden; /* SANDBOX_BWRAP_HARDEN=1 */
	const char *chdir, *hostname;
	int64_t uid, gid; /* -1: the caller's */
	uint32_t caller_uid, caller_gid;
	int userns, userns2, pidns;
	int sync, block, userns_block, info, json_status, seccomp;
	const char **locks;
	size_t locks_count;
	struct bwrap_program *programs; /* --add-seccomp-fd, and --seccomp once it was read */
	size_t programs_count;
	bool caps_given; /* --cap-add or --cap-drop */
	uint64_t caps;
	const char *tty; /* what standard output is, when that is a terminal */
	char **warnings;
	size_t warnings_count;
};

/* --- bwrap_options --- */

/*
 * Read the command line into a request whose arena and env are there already, and check it as a
 * whole. argv is what follows the program's name. --add-seccomp-fd's programs and --args' words
 * are read from their descriptors, which are closed.
 */
int bwrap_parse(struct bwrap_request *request, int argc, char **argv, struct error *err);

/* usage: how the program was called. */
void bwrap_print_help(FILE *out, const char *usage);

/* --- bwrap_words: callers look for these at the head of what they find in their logs --- */

/* The formatted text, ": " and that of errno, with no more words around it. Returns -1. */
int bwrap_fail(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "bwrap: TEXT" to standard error, after <3> with --level-prefix; the remedy below it. */
void bwrap_print_error(const struct bwrap_request *request, const struct error *err);

void bwrap_warn(struct bwrap_request *request, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void bwrap_print_warnings(const struct bwrap_request *request);

/* --- bwrap_env --- */

void bwrap_env_set(struct bwrap_request *request, const char *name, const char *value);
void bwrap_env_unset(struct bwrap_request *request, const char *name);
const char *bwrap_env_get(const struct bwrap_request *request, const char *name);

/* Puts the NULL at the end, which every change takes away again. */
void bwrap_env_end(struct bwrap_request *request);

/* --- bwrap_place: paths inside the new root --- */

/*
 * Open target below root with O_PATH, links followed inside; what is missing is made, wherever that
 * is: directories with mode parents on the way, and at the end a directory or a file of mode 0444.
 * -1 and errno.
 */
int bwrap_place(int root, const char *target, enum leaf leaf, mode_t parents);

/* The directory that target is in, made where it is missing, and the last part of target, which
 * has to be free()d. */
int bwrap_place_parent(int root, const char *target, mode_t parents, char **name);

/* The mode that directories on the way to op's target get. */
mode_t bwrap_parents(const struct bwrap_op *op);

/* --- bwrap_plan --- */

void bwrap_plan(struct plan *plan, struct bwrap_request *request);

/* Steps' data is the request, or an op whose request this is. */
struct bwrap_sandbox {
	struct sandbox sandbox; /* first: a step gets this */
	struct bwrap_request *request;
	const char *cwd; /* child: where it was, before the new root; NULL: nowhere */
	int proc;        /* child: O_PATH on the host's /proc, or -1 */
	uint64_t nofile; /* the soft limit of descriptors to restore; 0: as it was */
};

static inline struct bwrap_request *bwrap_request_of(const struct sandbox *sandbox)
{
	return ((const struct bwrap_sandbox *)(const void *)sandbox)->request;
}

static inline struct bwrap_sandbox *bwrap_of(struct sandbox *sandbox)
{
	return (struct bwrap_sandbox *)(void *)sandbox;
}

void bwrap_isolate_plan(struct plan *plan, struct bwrap_request *request);
void bwrap_mounts_plan(struct plan *plan, struct bwrap_request *request);
void bwrap_nest_plan(struct plan *plan, struct bwrap_request *request);
void bwrap_confine_plan(struct plan *plan, struct bwrap_request *request);

/* --- kinds of steps that are shared --- */

int bwrap_run_proc(const struct step *step, struct sandbox *sandbox, struct error *err);
int bwrap_run_dev(const struct step *step, struct sandbox *sandbox, struct error *err);
int bwrap_run_mqueue(const struct step *step, struct sandbox *sandbox, struct error *err);
int bwrap_run_overlay(const struct step *step, struct sandbox *sandbox, struct error *err);

/* Attach a mount at op's target, which is made when it is missing. */
int bwrap_attach(struct sandbox *sandbox, const struct bwrap_op *op, int mount, enum leaf leaf,
		 struct error *err);

/* Something was mounted on target: when that was the new root, the new root is what was mounted. */
int bwrap_attached(struct sandbox *sandbox, int target, struct error *err);

/* A bpf program from a descriptor, added to the request; the descriptor is closed. */
int bwrap_read_program(struct bwrap_request *request, int fd, struct error *err);

/* What the command's process does last, after the fork: ambient capabilities and the filters. */
int bwrap_confine_last(struct bwrap_request *request, struct error *err);
int bwrap_load_programs(const struct bwrap_request *request, struct error *err);
int bwrap_drop_capabilities(struct error *err);

/* --- bwrap_run, bwrap_status --- */

/* Start it and wait for its end: the status to leave with. What goes wrong in the child is printed
 * there, and is status 1. */
int bwrap_run(struct plan *plan, struct bwrap_request *request, struct error *err);

/* The flags of clone(2) for the namespaces of a request. */
unsigned long bwrap_namespaces(const struct bwrap_request *request);

/* To --info-fd and --json-status-fd: the child's pid, outside, and its namespaces. */
int bwrap_tell_start(struct bwrap_request *request, pid_t pid, struct error *err);
void bwrap_tell_exit(const struct bwrap_request *request, int status);

#endif
