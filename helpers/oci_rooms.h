/*
 * oci_rooms: what a container is made of, as steps of a plan (sandbox/step.h), in the order in
 * which oci_plan.c asks for them. Each X_plan adds its steps; "because" is the path in config.json.
 *
 * The phases are those of a sandbox: ISOLATE and SETUP run in the container's process while
 * `create` waits, CONFINE when it has been started. What differs is who is there: no supervisor
 * and no init; the command becomes the container's first process, whose parent is the engine.
 */
#ifndef OCI_ROOMS_H
#define OCI_ROOMS_H

#include <limits.h>

#include "oci_spec.h"
#include "sandbox.h"

struct oci_options {
	const char *root, *log;
	bool log_json, debug, allow_hooks, systemd_cgroup, no_cgroup;
	const char *bundle, *console_socket, *pid_file;
	int console; /* `run` carries the terminal itself: where to send it; -1 */
	int preserve_fds;
	bool no_new_keyring, detach, keep, force;
	/* exec's */
	const char *process_file, *cwd, *user, *apparmor, *selinux;
	char **env, **caps; /* NULL, or ends with NULL */
	size_t env_count, caps_count;
	bool tty, no_new_privs;
	/* of kill, ps, list, update */
	bool all, quiet, json;
	const char *resources;
	uint32_t *groups;
	size_t groups_count;
};

enum { OCI_ANCESTORS = 32 };

struct oci_ancestor {
	pid_t pid;
	int process; /* its pidfd, or -1 */
};

/* At run time, beside what a sandbox has: each process has its own copy. */
struct oci_running {
	struct sandbox sandbox; /* the first member: steps are given this */
	const struct oci_spec *spec;
	const struct oci_process *process; /* spec's own, or exec's */
	const struct oci_options *options;
	const char *id, *bundle;
	int joined[OCI_NAMESPACES]; /* descriptors of namespaces to enter; -1: none, or entered */
	bool chained; /* there is a process between us and who started us: oci_init.c */
	bool joins;   /* a container that is there: exec */
	bool tied;    /* ends with who started it: run, in the foreground */
	int console;  /* connected to --console-socket, or -1 */
	int listener; /* where the container waits for its start, or -1 */
	int conn;     /* who has started it, and hears of what fails until the exec */
	pid_t maker;  /* who made it, and who is above that: one of them, a subreaper, becomes its
		       * parent */
	struct oci_ancestor ancestors[OCI_ANCESTORS];
	size_t ancestors_count;
	int stat;   /* its own /proc/PID/stat, of the machine's: tells the parent; -1 */
	int *bound; /* for each mount whose ids are mapped what is bound there, or a user namespace
		     * with the maps; else -1. NULL: none */
	size_t bound_count;
	int null;               /* the host's /dev/null, checked; O_PATH */
	int covers;             /* an empty directory, to mask others */
	char command[PATH_MAX]; /* args[0], found */
	char **envp;
};

static inline struct oci_running *oci_running_of(struct sandbox *sandbox)
{
	return (struct oci_running *)sandbox;
}

/* ISOLATE: namespaces, ids, host names, clocks, lo, keyring, sysctl. */
int oci_namespaces_plan(struct plan *plan, const struct oci_spec *spec,
			const struct oci_options *options);
/* Is there to be a process between us and who started us: oci_create.h? */
bool oci_is_chained(const struct oci_spec *spec);
/* Is there SELinux, for linux.mountLabel? */
void oci_label_plan(struct plan *plan, const struct oci_spec *spec);
void oci_sysctl_plan(struct plan *plan, const struct oci_spec *spec);
/* SETUP: the root, what is mounted in it, devices, the terminal, what is covered, and the way in.
 */
void oci_root_plan(struct plan *plan, const struct oci_spec *spec, const char *rootfs);
void oci_mounts_plan(struct plan *plan, const struct oci_spec *spec);
void oci_devices_plan(struct plan *plan, const struct oci_spec *spec);
void oci_terminal_plan(struct plan *plan, const struct oci_process *process, bool joins);
void oci_paths_plan(struct plan *plan, const struct oci_spec *spec);
void oci_root_plan_finish(struct plan *plan, const struct oci_spec *spec);
/* The last of SETUP: the working directory, and where args[0] is. */
void oci_command_plan(struct plan *plan, const struct oci_process *process);
/* CONFINE. loaded: at most two filters, one on the other. */
void oci_confine_plan(struct plan *plan, const struct oci_process *process,
		      const struct oci_spec *spec, const struct filter *const loaded[2]);

/* Of the container's process, by the machine's /proc: the state of its first thread, 'S' when that
 * is asleep, and the parent, which getppid(2) does not show inside; fields 3 and 4 of
 * proc_pid_stat(5). */
bool oci_stat_read(const struct oci_running *running, char *how, pid_t *parent);

/* Does this step load a filter that asks? */
bool oci_step_asks(const struct step *step);
/* The filter, where it asks (SCMP_ACT_NOTIFY): loaded, and its listener in the hands of the agent.
 */
int oci_asking_load(struct sandbox *sandbox, const struct filter *filter, struct error *err);

/* The whole of a container's. rootfs: absolute. Loads the filters. */
int oci_plan_make(struct plan *plan, struct oci_spec *spec, const struct oci_options *options,
		  const char *rootfs, struct error *err);
/* Of a command that joins one. */
int oci_plan_make_exec(struct plan *plan, struct oci_spec *spec, struct oci_process *process,
		       struct error *err);

/* Copy what lies below directory from into into (tmpcopyup); -1 and errno. */
int oci_copy_up(int from, int into);

/* mount(2)'s propagation of all mounts below a path, or of that alone. */
int oci_set_propagation(const char *path, uint64_t flags);

#endif
