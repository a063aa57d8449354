/*
 * host: facts about this machine and about ROOTFS that the plan needs, found by looking and never
 * by changing anything. Plain data, so that a test can make one up. Strings live in the arena.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "arena.h"
#include "config.h"
#include "error.h"

/* A range of ids that /etc/subuid or /etc/subgid grants the caller. */
struct id_grant {
	uint32_t start, count;
};

/* A line of a passwd file. */
struct passwd_entry {
	const char *name, *home, *shell;
	uint32_t uid, gid;
};

/* Something of the host's root that is shown when ROOTFS is "/". */
struct host_entry {
	const char *path; /* "/usr" */
	const char *link; /* what it points to when it is a symbolic link ("usr/bin"), or NULL */
};

/* A directory with records of sandboxes that is below something that is shown inside. */
struct shown_records {
	const char *path;  /* its own; it may not be there yet */
	const char *below; /* the part of it below what is shown, with a slash before it */
	const char *what;  /* "records of sandboxes" */
};

struct shown {
	struct shown_records *list;
	size_t count;
};

/* What a bind's source is, looked up as the caller. */
struct source {
	const char *real; /* absolute, no symbolic link in it; NULL when it is not there */
	bool missing;     /* it is to be made: op->create */
	struct shown records;
};

/* Where control groups of version 2 are mounted. */
#define CGROUP_ROOT "/sys/fs/cgroup"

/* A device that is asked for and there. */
struct host_device {
	size_t op; /* of config->desktop.devices; HOST_GPU: the graphics card */
	const char *path;
	bool by_group; /* the caller can open it as one of its group, and not otherwise */
	bool closed;   /* the caller cannot open it */
};

#define HOST_GPU SIZE_MAX

struct host_look {
	const char *source, *target;
};

/* What of the caller's session was asked for and is there: host_desktop.c. Where a path is NULL the
 * `no_` beside it says why. */
struct host_desktop {
	const char *wayland, *no_wayland; /* the compositor's socket */
	bool security_context;            /* it has wp_security_context_v1 */
	const char *wayland_helper, *x11_helper, *audio_helper;
	const char *display, *no_display; /* ":1" */
	const char *x11_socket;           /* of it */
	const char *xauthority;           /* the caller's file; it may not be there */
	const char *x_server;             /* Xephyr or Xvfb, where it is asked for; NULL: none */
	const char *pulse, *no_pulse, *pipewire, *no_pipewire;
	struct host_device *devices;
	size_t devices_count;
	struct host_look *looks;
	size_t looks_count;
	const char *time_zone; /* "Europe/Vienna"; NULL: not known, or ROOTFS has it already */
};

struct host {
	struct arena arena;

	uid_t uid; /* the caller's effective ids */
	gid_t gid;
	const char *user; /* the caller's name; NULL when none can be found */
	const char *home; /* the caller's home directory; NULL when none is known */
	/* The same as the list of users has it; NULL also where nothing is bound. */
	const char *own_home;
	unsigned terminals; /* 1 << FD for each of 0, 1, 2 that is a terminal */
	/* What is typed there is likely for somebody else: 1 is a pipe to another program, or we
	 * are not in the foreground. */
	bool terminal_shared;
	bool no_new_privs; /* already set: setuid helpers will not work */

	/* Ids granted (files, or getsubids(1) for other sources), and who maps them. */
	struct id_grant *subuids, *subgids;
	size_t subuids_count, subgids_count;
	const char *newuidmap, *newgidmap; /* paths, or NULL where they are missing */

	bool tmpfs_user_xattrs; /* user.* attributes on tmpfs, Linux 6.6; asked only where a layer
				   is kept by it */

	/* Asked only where there is a layer: no overlay file system in a user namespace. The rest
	 * only where fuse-overlayfs is wanted instead: its path and our helper's, or NULL, and
	 * whether /dev/fuse can be opened. */
	bool no_overlay, fuse_device;
	const char *overlay_refusal; /* why not, where it has been tried (main.c); the caller's */
	const char *fuse_overlayfs, *fuse_helper;

	/* ROOTFS */
	const char *rootfs; /* absolute path */
	struct shown rootfs_records;
	bool rootfs_is_host;
	bool rootfs_subordinate; /* root's files in it are the first subordinate id's */
	uint64_t rootfs_dev,
		rootfs_ino; /* the directory that was looked at, for the child to compare */
	struct passwd_entry *passwd; /* of ROOTFS */
	size_t passwd_count;
	const char *passwd_text, *group_text; /* NULL when missing */
	const char *missing; /* with --read-only: the first mount target that is not there */

	struct source
		*sources; /* one for each of config->mounts; those that are no binds stay empty */

	/* Only with --confine-only (host_pieces.c): the allow-list less what is secret, in places
	 * of which all or only the names may be read. */
	struct host_piece {
		const char *path;
		bool names_only;
		bool part; /* of another one, of which only the names may be read */
	} * pieces;
	size_t pieces_count;

	/* Only when ROOTFS is "/" */
	struct host_entry *entries; /* what of the allow-list is there */
	size_t entries_count;
	const char **secrets; /* paths in /etc that the caller can read and nothing inside should */
	size_t secrets_count;

	const char *denials; /* our own helper's path, with --explain and the like; else NULL */

	/* Only when there is a network, published ports or host ports: host_network.c */
	const char *resolv_conf;         /* text of the host's; NULL where it has none */
	bool resolv_conf_missing;        /* not even a link, where the sandbox has to have one */
	const char *slirp4netns, *pasta; /* paths, or NULL */
	const char *relay, *egress;      /* our own helpers' */
	const char **addresses;          /* the host's own, but for loopback, as text */
	size_t addresses_count;
	const char *ca_bundle; /* what --ca-certificates names, or the host's own; NULL: none */
	bool rootfs_has_ca;

	/* Only when a limit takes a cgroup: host_cgroup.c */
	struct host_cgroup {
		bool unified;    /* version 2 alone is at /sys/fs/cgroup */
		const char *own; /* ours, "/user.slice/..."; NULL: not known, or out of sight */
		/* Where cgroups can be made without anybody's help: a delegated one of the caller's
		 * above our own, or our own when nobody else is in it; NULL: there is none */
		const char *base;
		bool alone;                   /* base is our own */
		const char *base_controllers; /* "cpu memory pids" */
		const char *manager; /* the socket of the caller's systemd manager; NULL: none */
		const char *manager_controllers; /* NULL: not known */
		const char *scope;               /* our helper that speaks to it */
	} cgroup;

	/* Only where a bus is to be reached: host_bus.c */
	struct host_bus {
		const char *helper; /* our own, which confines the proxy */
		const char *proxy;  /* xdg-dbus-proxy; NULL: it is not installed */
		/* The sockets: a path, or '@' and an abstract name; NULL: there is none, and why */
		const char *session, *system;
		const char *no_session, *no_system;
	} bus;
	struct host_desktop desktop;

	int landlock; /* its ABI; 0: there is none, or an outer sandbox forbids it */

	const char *machine; /* uname -m */
};

/*
 * Look at everything the plan for config will ask for, and at nothing else. A ROOTFS that is not
 * there, is no directory or cannot be read is an error.
 */
int host_probe(struct host *host, const struct config *config, struct error *err);

/* Is there all that layers by fuse-overlayfs take? Asked only where the kernel's have failed. */
bool host_has_fuse(void);

/* The part of host_probe that the id maps need: the caller, the ranges, the helpers. */
int host_probe_ids(struct host *host, const struct config *config, struct error *err);
void host_free(struct host *host);

/*
 * Part of host_probe (host_sources.c): find what each bind's source really is. A link on the way is
 * followed when root owns it (the system's own, like /var/run); one that somebody else made is
 * refused, for it may be what an earlier sandbox has left there. The home directory, or one above
 * it, is refused unless config->allow_home. A missing source is an error unless the bind is
 * optional.
 */
int host_probe_sources(struct host *host, const struct config *config, struct error *err);

/*
 * Which of the places where records of sandboxes are, or can come to be, are below what fd is,
 * which is to be shown inside. -1 with err filled when fd is itself one of them, or in one.
 */
int host_find_records(struct host *host, const char *source, int fd, struct shown *shown,
		      struct error *err);

/* Part of host_probe (host_network.c): root is a descriptor of ROOTFS. */
int host_probe_network(struct host *host, const struct config *config, int root, struct error *err);

/* Part of host_probe (host_pieces.c), behind entries and secrets. */
int host_probe_pieces(struct host *host, struct error *err);

/* Part of host_probe (host_secrets.c), of ROOTFS "/": what is in /etc for this user alone, in
 * host->secrets. */
int host_find_secrets(struct host *host, struct error *err);

/* Part of host_probe (host_bus.c). */
void host_probe_bus(struct host *host, const struct config *config);
/* Part of host_probe (host_desktop.c, host_devices.c): what the session has, and what of /dev.
 * Needs what ROOTFS is. */
void host_probe_desktop(struct host *host, const struct config *config);
void host_probe_devices(struct host *host, const struct config *config);

/* Part of host_probe (host_cgroup.c). */
void host_probe_cgroup(struct host *host, const struct config *config);

/* The cgroup of a process ("self", or its number), from the line "0::/PATH" of cgroups(7); NULL
 * where there is none. In the arena. */
const char *host_cgroup_of(struct arena *arena, const char *process);
/* Where the systemd manager of a user listens, if there is one: below XDG_RUNTIME_DIR, or where
 * that usually is. */
const char *host_user_manager(struct arena *arena, uint32_t uid);

/*
 * Say why a user namespace could not be made or used, from the machine's state rather than from
 * errno alone: replaces err's text and remedy. number is the errno that was seen.
 */
int host_explain_userns(int number, struct error *err);

/* The command that gives the caller 65,536 subordinate ids of each kind, behind those that others
 * have. In the arena. */
const char *host_grant_command(struct arena *arena, const struct host *host);

/* The remedy for a ROOTFS that is no root file system. Returns -1. */
int host_name_another_root(struct error *err);

/* What kind of container or the like this is, with its article: "a Podman container"; NULL: none
 * that can be told. */
const char *host_container(void);

/* The entry of ROOTFS's passwd with this uid or name, or NULL. */
const struct passwd_entry *host_passwd_uid(const struct host *host, uint32_t uid);
const struct passwd_entry *host_passwd_name(const struct host *host, const char *name);

/*
 * Read passwd and group below root in the place of those that host has; a file that is not there
 * has no names. For who joins a sandbox: whatever wrote them is hostile. -1 with err filled.
 */
int host_read_accounts(struct host *host, int root, struct error *err);

#endif
