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
	OPT_OVERLAY,
	OPT_OVERLAY_SIZE,
	OPT_LOWER,
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
	OPT_ALLOW_NET,
	OPT_DENY_NET,
	OPT_CONNECT_TCP,
	OPT_BIND_TCP,
	OPT_ALLOW_ALIASES,
	OPT_NET_LOG,
	OPT_ALLOW_HOST_PORT,
	OPT_PUBLISH,
	OPT_DNS,
	OPT_DNS_SEARCH,
	OPT_CA_CERTIFICATES,
	OPT_HOSTNAME,
	OPT_BOOTTIME_OFFSET,
	OPT_MONOTONIC_OFFSET,
	OPT_IPC,
	OPT_WAYLAND,
	OPT_WAYLAND_TRY,
	OPT_X11,
	OPT_X11_TRY,
	OPT_AUDIO,
	OPT_AUDIO_TRY,
	OPT_MICROPHONE,
	OPT_GPU,
	OPT_GPU_TRY,
	OPT_CAMERA,
	OPT_CAMERA_TRY,
	OPT_INPUT,
	OPT_INPUT_TRY,
	OPT_USB,
	OPT_USB_TRY,
	OPT_HOST_LOOK,
	OPT_APPLICATION,
	OPT_HOME,
	OPT_AUTO_ARGS,
	OPT_DOWNLOADS,
	OPT_DOCUMENTS,
	OPT_DBUS,
	OPT_DBUS_TALK,
	OPT_DBUS_OWN,
	OPT_DBUS_SEE,
	OPT_DBUS_CALL,
	OPT_SECCOMP,
	OPT_LANDLOCK,
	OPT_CONFINE_ONLY,
	OPT_PROC,
	OPT_EXPLAIN,
	OPT_CAP_ADD,
	OPT_CAP_DROP,
	OPT_ULIMIT,
	OPT_MEMORY,
	OPT_MEMORY_SWAP,
	OPT_CPUS,
	OPT_CPUSET,
	OPT_PIDS_LIMIT,
	OPT_IO_WEIGHT,
	OPT_LIMITS,
	OPT_TIMEOUT,
	OPT_TIMEOUT_GRACE,
	OPT_CPU_TIME,
	OPT_NICE,
	OPT_OOM_SCORE_ADJ,
	OPT_NAME,
	OPT_DETACH,
	OPT_LOG_SIZE,
	OPT_INIT,
	OPT_AS_PID_1,
	OPT_DIE_WITH_PARENT,
	OPT_PASS_FD,
	OPT_NO_TTY,
	OPT_META,
	OPT_JSON_STATUS_FD,
	OPT_INFO_FD,
	OPT_PRINT_ENFORCED,
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
enum layer_place { LAYER_AUTO, LAYER_MEMORY, LAYER_DISK, LAYER_FUSE };
/* Whose ids the files of ROOTFS have: root's are the caller's, or the first subordinate id's. */
enum rootfs_ids { ROOTFS_IDS_UNKNOWN, ROOTFS_IDS_CALLER, ROOTFS_IDS_SUBORDINATE };
/* USERNS_FAKEROOT is what was asked for; config_check makes it USERNS_SINGLE, and sets fakeroot. */
enum userns_mode { USERNS_AUTO, USERNS_KEEP_ID, USERNS_SINGLE, USERNS_FAKEROOT };
enum ipc_mode { IPC_OWN, IPC_HOST };
enum network_mode { NETWORK_NONE, NETWORK_HOST, NETWORK_SLIRP4NETNS, NETWORK_PASTA };
enum seccomp_mode {
	SECCOMP_DEFAULT,
	SECCOMP_BUILD,
	SECCOMP_STRICT,
	SECCOMP_NESTED,
	SECCOMP_SANDBOXES,
	SECCOMP_UNCONFINED,
	SECCOMP_LOG, /* as a word only: it sets config->seccomp_log */
};
/* What /proc is inside: one's own with the masks of OCI runtimes, one's own as it is, or that of
 * the place where the sandbox runs, read-only. */
enum proc_mode { PROC_FRESH, PROC_UNMASKED, PROC_BIND };
enum landlock_mode { LANDLOCK_AUTO, LANDLOCK_REQUIRE, LANDLOCK_OFF };

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
	MOUNT_FILE,  /* a file with what is read from descriptor fd */
	MOUNT_LOWER, /* no mount of its own: a directory over ROOTFS, below the layer */
};

/* One entry of the ordered list that --bind, --tmpfs, --mask, ... build. */
struct mount_op {
	enum mount_kind kind;
	bool optional;         /* the -try twin: skipped when the source is not there */
	bool noexec;           /* binds, tmpfs */
	bool create;           /* binds: a directory is made where the source is missing */
	bool layer;            /* MOUNT_BIND: writes go to a layer over the source (:O) */
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

/* How a network of the sandbox's own looks: 10.0.2.0/24 and an MTU of 65520 unless given. */
struct network_settings {
	bool ipv6;
	uint32_t network; /* IPv4, host byte order */
	unsigned prefix;  /* 0 = not given */
	unsigned mtu;     /* 0 = not given */
};

enum protocol { PROTOCOL_ANY, PROTOCOL_TCP, PROTOCOL_UDP };

enum { PARSE_ADDRESS_SIZE = 46, PARSE_NAME_SIZE = 256 };

/* Ports host, host + 1, ... of an address of the host's lead to inside, inside + 1, ... */
struct publish_op {
	enum protocol protocol;
	char address[PARSE_ADDRESS_SIZE];
	uint16_t host, inside, count;
	const char *origin;
};

/* A port of the host's loopback that can be reached from inside. */
struct host_port_op {
	enum protocol protocol;
	uint16_t port;
	const char *origin;
};

enum egress_kind {
	EGRESS_ADDRESS, /* what is an address, or ADDRESS/BITS */
	EGRESS_NAME,    /* what is a name */
	EGRESS_BELOW,   /* every name below what */
};

/* A rule for what may be reached. */
struct egress_op {
	bool deny;
	enum egress_kind kind;
	const char *what;
	enum protocol protocol;
	uint16_t from, to; /* ports; 0 = all */
	const char *origin;
};

/* Ports of TCP that the command may use with the host's network. */
struct tcp_op {
	bool bind; /* else connect to */
	uint16_t from, to;
	const char *origin;
};

enum home_mode { HOME_NONE, HOME_PRIVATE, HOME_TMP };
enum auto_args { AUTO_ARGS_NO, AUTO_ARGS_RO, AUTO_ARGS_RW };

/* Where a home of the command's own is inside: in none that ROOTFS or the caller knows, so that
 * what is shown of the caller's home has its own place, and nothing is made in either. */
#define APPLICATION_HOME "/run/home"

/* One of those that xdg-user-dirs knows. */
struct user_directory {
	bool wanted, read_only;
	const char *path; /* NULL: where the user has it */
};

enum bus_mode { BUS_NONE, BUS_FILTERED };

/* What may be done with a name on a bus; more than the one before, but for a call. */
enum bus_grant {
	BUS_SEE,  /* that it is there */
	BUS_TALK, /* and be spoken to */
	BUS_OWN,  /* and be ours */
	BUS_CALL, /* seen, and called as the rule says */
};

struct bus_rule {
	enum bus_grant grant;
	bool system;      /* on the system bus, else the session's */
	const char *name; /* may end in ".*" */
	const char *rule; /* BUS_CALL, else NULL */
	const char *origin;
};

enum limits_mode {
	LIMITS_AUTO,        /* by a cgroup, whoever can give us one */
	LIMITS_SYSTEMD,     /* a scope of the user's systemd manager */
	LIMITS_CGROUP,      /* below a cgroup that is the caller's own */
	LIMITS_BEST_EFFORT, /* where there is none, by weaker means */
};

enum { LIMITS_CPUS = 1024 };

struct cpu_list {
	bool given;
	uint64_t mask[LIMITS_CPUS / 64];
};

/* Milliseconds between SIGTERM and SIGKILL, where none are given: time to write a file, not to
 * finish the work. */
enum { CONFIG_TIMEOUT_GRACE = 5000 };

/* 0 is no limit, where nothing else is said. */
struct limits {
	enum limits_mode mode;
	uint64_t memory;      /* bytes */
	uint64_t memory_swap; /* bytes of memory and swap together; 0: as much as memory */
	uint32_t cpus;        /* thousandths of a CPU */
	struct cpu_list cpuset;
	uint64_t pids;
	int io_weight;                   /* 1 to 10000, the default being 100 */
	uint64_t timeout, timeout_grace; /* milliseconds */
	uint64_t cpu_time;               /* milliseconds */
	int nice;                        /* added to the caller's */
	int oom_score_adj;               /* only when it was given */
};

/* Descriptors are meant only when the option was given (origin). */
struct status_options {
	const char *meta; /* path, or NULL */
	int json_status_fd, info_fd;
	const char *enforced; /* path, or NULL: the descriptor */
	int enforced_fd;
};

/* Is something of the session asked for? */
enum wish {
	WISH_NO,
	WISH_TRY, /* where it is there */
	WISH_YES,
};

enum x11_mode {
	X11_UNTRUSTED, /* the caller's display, with an untrusted cookie of this run's own */
	X11_TRUSTED,   /* the caller's display, with the caller's cookie */
	X11_NESTED,    /* a server of this run's own, in a window on the caller's display */
	X11_VIRTUAL,   /* the same, on a screen that nobody sees */
};

enum { AUDIO_PULSE = 1, AUDIO_PIPEWIRE = 2 };

enum device_kind { DEVICE_GPU, DEVICE_CAMERA, DEVICE_INPUT, DEVICE_USB, DEVICE_KINDS };

/* A camera, an input device, something on USB. */
struct device_op {
	enum device_kind kind;
	const char *name; /* a path below /dev, VENDOR:PRODUCT for USB; NULL: all that are safe */
	bool optional;
	enum option_id option;
	const char *origin;
};

/* What of the caller's session is let in: desktop.h. */
struct desktop_wishes {
	enum wish wayland, x11, audio, gpu;
	enum x11_mode x11_mode;
	int audio_by; /* AUDIO_*; 0: whatever is best */
	bool microphone;
	bool gpu_cards; /* those that drive screens too */
	bool host_look;
	struct device_op *devices;
	size_t devices_count;
};

/* One setting, in the order in which they came. */
struct given {
	enum option_id option;
	const char *value;
};

struct config {
	struct arena arena;

	const char *profile;     /* name or path given with --profile; "default" when none was */
	const char *rootfs;      /* as given: a path, or "/"; the path for a name of the store */
	const char *rootfs_name; /* its name in the store, or NULL */
	enum rootfs_ids rootfs_ids;
	char **command; /* NULL-terminated, borrowed from main's argv; never empty after checks */
	size_t command_count;

	enum layer_mode layer_mode;
	enum layer_place layer_place;
	const char *overlay;   /* the layer's name when it is kept, or NULL */
	uint64_t overlay_size; /* bytes that each layer may hold; 0 = not given */
	struct mount_op *mounts;
	size_t mounts_count;
	bool allow_home; /* binds may show the home directory or one above it */
	const char *workdir;

	struct env_op *env;
	size_t env_count;
	bool keep_env;

	enum userns_mode userns;
	bool fakeroot;    /* chown, setuid and the like are answered and not done */
	const char *user; /* U[:G] as given, or NULL */
	struct id_range *uidmap, *gidmap;
	size_t uidmap_count, gidmap_count;
	bool keep_groups;

	enum network_mode network;
	struct network_settings network_settings;
	struct egress_op *egress; /* --allow-net, --deny-net */
	size_t egress_count;
	bool egress_cleared; /* an empty --allow-net: what was allowed before is not any more */
	struct tcp_op *tcp;  /* --connect-tcp, --bind-tcp: none, where one was given, is no port */
	size_t tcp_count;
	bool allow_aliases;
	const char *net_log; /* path as given, or NULL */
	struct host_port_op *host_ports;
	size_t host_ports_count;
	struct publish_op *publish;
	size_t publish_count;
	const char **dns; /* addresses; none = the host's resolver */
	size_t dns_count;
	const char **dns_search;
	size_t dns_search_count;
	const char *ca_certificates; /* "host", "none" or an absolute path; NULL = default */
	enum home_mode home;
	enum auto_args auto_args;
	struct user_directory downloads, documents;
	const char *note; /* what the user should hear of them before the start, or NULL */
	enum bus_mode dbus;
	struct bus_rule *bus_rules;
	size_t bus_rules_count;
	const char *hostname;
	enum ipc_mode ipc;
	bool time_namespace;                       /* an offset was given */
	int64_t boottime_offset, monotonic_offset; /* seconds */

	struct desktop_wishes desktop;

	enum seccomp_mode seccomp;
	enum landlock_mode landlock;
	enum proc_mode proc;
	const char *seccomp_file; /* absolute path of a profile, in place of a mode; or NULL */
	bool confine_only;        /* no namespace and no mount: config_confine.c */
	bool seccomp_log;         /* --seccomp=log: what the filter refuses passes, and is told */
	bool explain;
	int learn_fd;        /* `sandbox learn`: where to note what was used; 0: nowhere */
	struct given *given; /* with learn_fd: every setting, of profiles and the command line */
	size_t given_count;
	struct cap_op *caps;
	size_t caps_count;
	struct rlimit_op *rlimits;
	size_t rlimits_count;

	struct limits limits;
	struct status_options status;

	const char *name;        /* NULL: made up */
	const char *application; /* else --name, or the last part of the command's path; after
				  * config_check */
	bool detach;
	uint64_t log_size; /* bytes; 0 = default */
	int *passed;       /* --pass-fd */
	size_t passed_count;
	bool as_pid_1;
	bool die_with_parent;
	bool no_tty;
	bool dry_run;
	bool verbose;

	/* Where each option's value came from: "profile build.conf:7", "command line"; NULL =
	 * default. */
	const char *origin[OPTION_COUNT];
};

/* The origin of an option in words that follow "because": "default" where none was recorded. */
const char *config_origin(const struct config *config, enum option_id option);

/* For reports and helpers: "none", "host", "slirp4netns", "pasta"; "thrown-away", "rw",
 * "read-only". */
const char *config_network_word(const struct config *config);
const char *config_layer_word(const struct config *config);

/* The name of an option, without dashes. */
const char *option_name(enum option_id option);

/* Are the ports of TCP limited, by Landlock? */
bool config_limits_tcp(const struct config *config);

/* Is a bus to be reached: the session's, the system's? After config_check. */
bool config_wants_bus(const struct config *config, bool system);

/* Is there something that only a cgroup can give: a limit of all processes together? */
bool config_wants_cgroup(const struct config *config);

/* Is there something of the caller's session that needs a directory for sockets inside? */
bool config_wants_runtime(const struct config *config);

/*
 * Part of config_check (config_confine.c): with --confine-only, refuse what takes a namespace or a
 * mount, by name and with what it takes; and set what follows from there being none.
 */
int config_check_confine(struct config *config, struct error *err);

/*
 * Check what no single option can see: combinations, duplicates, what needs something else. Where
 * the command line wins over a profile, what lost is taken out; without COMMAND it is a shell.
 */
int config_check(struct config *config, struct error *err);

void config_free(struct config *config);

#endif
