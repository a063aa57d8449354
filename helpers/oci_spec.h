/*
 * oci_spec: what a config.json asks for, as plain data, with every value checked: the runtime
 * specification, 1.2 (config.md, config-linux.md). What this program does not do and the document
 * asks for is refused by its name; what is not of the specification is noted and not looked at, as
 * the specification wants it.
 */
#ifndef OCI_SPEC_H
#define OCI_SPEC_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "arena.h"
#include "config.h"
#include "error.h"
#include "mounting.h"
#include "oci_json.h"

/* In the order in which they are entered. */
enum oci_namespace {
	OCI_USER,
	OCI_IPC,
	OCI_UTS,
	OCI_NET,
	OCI_CGROUP,
	OCI_TIME,
	OCI_PID,
	OCI_MOUNT,
	OCI_NAMESPACES
};

/* "pid", as /proc/PID/ns calls it, and as config.json does; CLONE_NEWPID. */
struct oci_namespace_kind {
	const char *proc, *word;
	uint64_t flag;
};
extern const struct oci_namespace_kind oci_namespace_kinds[OCI_NAMESPACES];

struct oci_capabilities {
	uint64_t bounding, effective, permitted, inheritable, ambient; /* 1 << CAP_* */
};

struct oci_scheduler {
	bool given;
	uint32_t policy;
	int32_t nice, priority;
	uint64_t flags, runtime, deadline, period;
};

struct oci_process {
	bool terminal;
	unsigned short rows, columns; /* 0: not given */
	char **args, **env;
	const char *cwd;
	uint32_t uid, gid;
	uint32_t *groups;
	size_t groups_count;
	bool umask_given;
	mode_t umask;
	struct oci_capabilities capabilities;
	struct rlimit_op *rlimits;
	size_t rlimits_count;
	bool no_new_privileges;
	bool oom_given;
	int oom_score_adj;
	struct oci_scheduler scheduler;
	bool io_given;
	int io_priority; /* for ioprio_set(2) */
	const char *apparmor, *selinux;
};

struct oci_mount {
	const char *destination, *source, *type;
	const char *because; /* "mounts[3]" */
	bool bind, recursive, copy_up;
	/* Flags of the mount, and of it and all below it. */
	uint64_t set, clear, set_below, clear_below;
	uint64_t propagation; /* MS_SHARED, ...; 0: private */
	bool propagation_below;
	struct fs_option *data; /* ends with a NULL key */
	size_t data_count;
	bool gid_option, label_option; /* data has a gid, a context of SELinux's */
	/* idmap, and with ridmap of all mounts below it; no maps of its own: the container's */
	bool idmap, idmap_below;
	struct id_range *uids, *gids;
	size_t uids_count, gids_count;
};

struct oci_device {
	const char *path;
	bool block, fifo;
	unsigned major, minor;
	mode_t mode;
	uint32_t uid, gid;
	const char *because;
};

struct oci_hook {
	const char *path;
	char **args, **env;
	int timeout; /* seconds; 0: none */
};

enum oci_hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_KINDS
};

struct oci_hooks {
	struct oci_hook *list;
	size_t count;
};

struct oci_sysctl {
	const char *name, *path, *value; /* "net.ipv4.ip_forward", "net/ipv4/ip_forward" */
};

/* What of linux.resources has a file in a cgroup of version 2. */
struct oci_limit {
	const char *file, *value; /* "memory.max" */
	const char *because;      /* "linux.resources.memory.limit" */
};

struct oci_spec {
	struct arena arena;
	json_t *json; /* the document */
	const char *notes;

	const char *version;
	const char *rootfs; /* as given */
	bool rootfs_readonly;
	bool has_process;
	struct oci_process process;
	const char *hostname, *domainname;
	struct oci_mount *mounts;
	size_t mounts_count;
	struct {
		bool given;
		const char *path;
	} namespaces[OCI_NAMESPACES];
	struct id_range *uids, *gids;
	size_t uids_count, gids_count;
	bool time_given;
	int64_t monotonic, boottime;
	uint32_t monotonic_nano, boottime_nano;
	struct oci_device *devices;
	size_t devices_count;
	bool all_devices; /* linux.resources.devices lets everything be used */
	char **masked, **readonly;
	struct oci_sysctl *sysctl;
	size_t sysctl_count;
	uint64_t propagation;    /* of the root: MS_*; 0: not given */
	const char *mount_label; /* of what is mounted anew; NULL: none */
	const char *cgroups_path;
	struct oci_limit *limits;
	size_t limits_count;
	char *seccomp;                                 /* linux.seccomp, as JSON; NULL: none */
	const char *listener_path, *listener_metadata; /* of it; NULL: none */
	bool personality_given;
	unsigned long personality;
	struct oci_hooks hooks[HOOK_KINDS];
	const char *profile; /* the annotation sandbox.profile, or NULL */
};

/* Read one; with err filled, -1. name is what messages call it. oci_spec_free in any case. */
int oci_spec_read(struct oci_spec *spec, json_t *json, const char *name, struct error *err);

/* A process alone (exec's process.json, or the member of a config.json). */
void oci_process_read(struct oci_reader *reader, struct oci_place place,
		      struct oci_process *process);

/* linux, mounts and hooks: parts of oci_spec_read. */
void oci_linux_read(struct oci_reader *reader, struct oci_place place, struct oci_spec *spec);
void oci_resources_read(struct oci_reader *reader, struct oci_place place, struct oci_spec *spec);
void oci_mounts_read(struct oci_reader *reader, struct oci_place place, struct oci_spec *spec);
void oci_ids_read(struct oci_reader *reader, struct oci_place place, struct id_range **ranges,
		  size_t *count);
/* "rprivate": MS_PRIVATE | MS_REC; 0: it is no such word. */
uint64_t oci_propagation(const char *word);

/* "CAP_CHOWN": its number; -1: there is none of that name. */
int oci_capability_number(const char *name);

void oci_spec_free(struct oci_spec *spec);

#endif
