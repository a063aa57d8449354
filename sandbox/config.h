/*
 * config: what the user asked for, as plain data, with the origin of each part.
 *
 * Filled by options.c from profiles and the command line, checked as a whole by config_check,
 * const from then on. It owns every string in it (its arena) and holds no descriptor of its own
 * and no pid. Enumerators of value 0 are the built-in defaults.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "arena.h"
#include "error.h"

/* One per row of the option table (options.c), in the order in which help shows them. */
enum option_id {
	OPT_PROFILE,
	OPT_EXTENDS, /* profile files only */
	OPT_RW,
	OPT_READ_ONLY,
	OPT_LAYER,
	OPT_BIND,
	OPT_BIND_TRY,
	OPT_RO_BIND,
	OPT_RO_BIND_TRY,
	OPT_DEV_BIND,
	OPT_DEV_BIND_TRY,
	OPT_TMPFS,
	OPT_MASK,
	OPT_SYMLINK,
	OPT_MKDIR,
	OPT_FILE,
	OPT_ALLOW_HOME,
	OPT_WORKDIR,
	OPT_ENV,
	OPT_UNSETENV,
	OPT_ENV_FILE,
	OPT_KEEP_ENV,
	OPT_USERNS,
	OPT_USER,
	OPT_UIDMAP,
	OPT_GIDMAP,
	OPT_KEEP_GROUPS,
	OPT_NETWORK,
	OPT_HOSTNAME,
	OPT_BOOTTIME_OFFSET,
	OPT_MONOTONIC_OFFSET,
	OPT_SECCOMP,
	OPT_CAP_ADD,
	OPT_CAP_DROP,
	OPT_ULIMIT,
	OPT_INIT,
	OPT_AS_PID_1,
	OPT_DIE_WITH_PARENT,
	OPT_DRY_RUN,
	OPT_VERBOSE,
	OPT_HELP,
	OPT_VERSION,
	OPTION_COUNT
};

enum layer_mode {
	LAYER_THROW_AWAY, /* writes go to a layer that is gone afterwards */
	LAYER_READ_WRITE, /* --rw: writes go into ROOTFS */
	LAYER_READ_ONLY,  /* --read-only: none are possible */
};
enum layer_place { LAYER_AUTO, LAYER_MEMORY, LAYER_DISK };
enum userns_mode { USERNS_AUTO, USERNS_KEEP_ID, USERNS_SINGLE };
enum network_mode { NETWORK_NONE, NETWORK_HOST };
enum seccomp_mode { SECCOMP_DEFAULT, SECCOMP_BUILD, SECCOMP_STRICT, SECCOMP_UNCONFINED };

/* One extent of an id map, as in user_namespaces(7): count ids from inside on are outside's. */
struct id_range {
	uint32_t inside, outside, count;
	const char *origin;
};

enum mount_kind {
	MOUNT_BIND, /* a file or directory of the host, writable */
	MOUNT_RO_BIND,
	MOUNT_DEV_BIND, /* writable, and device nodes in it work */
	MOUNT_TMPFS,
	MOUNT_MASK, /* an empty file or directory over what is there */
	MOUNT_SYMLINK,
	MOUNT_MKDIR,
	MOUNT_FILE, /* a file with what is read from descriptor fd */
};

/* One entry of the ordered list that --bind, --tmpfs, --mask, ... build. */
struct mount_op {
	enum mount_kind kind;
	bool optional;         /* the -try twin: skipped when the source is not there */
	bool noexec;           /* binds, tmpfs */
	const char *source;    /* binds: absolute path on the host; symlink: what it points to */
	const char *target;    /* absolute path inside */
	int fd;                /* MOUNT_FILE: the caller's descriptor to read; else -1 */
	uint64_t size;         /* MOUNT_TMPFS: bytes; 0 = half of the memory */
	uint64_t inodes;       /* MOUNT_TMPFS: 0 = a bounded default */
	mode_t mode;           /* MOUNT_TMPFS, MOUNT_MKDIR, MOUNT_FILE; (mode_t)-1 = not given */
	enum option_id option; /* what made it: `--bind S:D:ro` is OPT_BIND and MOUNT_RO_BIND */
	const char *origin;
};

enum env_kind {
	ENV_SET,   /* name=value */
	ENV_PASS,  /* the caller's value, when it has one */
	ENV_UNSET, /* take it out again */
};

struct env_op {
	enum env_kind kind;
	const char *name, *value;
	enum option_id option; /* OPT_ENV, OPT_UNSETENV, OPT_ENV_FILE */
	const char *origin;
};

struct rlimit_op {
	int resource;        /* RLIMIT_NOFILE, ... */
	const char *name;    /* "nofile" */
	uint64_t soft, hard; /* UINT64_MAX = unlimited; in the units of setrlimit(2) */
	const char *origin;
};

struct cap_op {
	bool add;         /* else drop */
	bool all;         /* the value was ALL */
	int capability;   /* CAP_CHOWN, ...; -1 with all */
	const char *name; /* "CAP_CHOWN" or "ALL" */
	const char *origin;
};

struct config {
	struct arena arena;

	const char *profile; /* name or path given with --profile; "default" when none was */
	const char *rootfs;  /* as given: a path, or "/" */
	char **command; /* NULL-terminated, borrowed from main's argv; never empty after checks */
	size_t command_count;

	enum layer_mode layer_mode;
	enum layer_place layer_place;
	struct mount_op *mounts;
	size_t mounts_count;
	bool allow_home; /* binds may show the home directory or one above it */
	const char *workdir;

	struct env_op *env;
	size_t env_count;
	bool keep_env;

	enum userns_mode userns;
	const char *user; /* U[:G] as given, or NULL */
	struct id_range *uidmap, *gidmap;
	size_t uidmap_count, gidmap_count;
	bool keep_groups;

	enum network_mode network;
	const char *hostname;
	bool time_namespace;                       /* an offset was given */
	int64_t boottime_offset, monotonic_offset; /* seconds */

	enum seccomp_mode seccomp;
	struct cap_op *caps;
	size_t caps_count;
	struct rlimit_op *rlimits;
	size_t rlimits_count;

	bool as_pid_1;
	bool die_with_parent;
	bool dry_run;
	bool verbose;

	/* Where each option's value came from: "profile build.conf:7", "command line"; NULL =
	 * default. */
	const char *origin[OPTION_COUNT];
};

/* The origin of an option in words that follow "because": "default" where none was recorded. */
const char *config_origin(const struct config *config, enum option_id option);

/*
 * Check what no single option can see: combinations, duplicates, what needs something else. Where
 * the command line wins over a profile, what lost is taken out; without COMMAND it is a shell.
 */
int config_check(struct config *config, struct error *err);

void config_free(struct config *config);

#endif
