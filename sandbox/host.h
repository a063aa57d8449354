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

/* What a bind's source is, looked up as the caller. */
struct source {
	const char *real; /* absolute, no symbolic link in it; NULL when it is not there */
};

struct host {
	struct arena arena;

	uid_t uid; /* the caller's effective ids */
	gid_t gid;
	const char *user;  /* the caller's name; NULL when none can be found */
	const char *home;  /* the caller's home directory; NULL when none is known */
	bool no_new_privs; /* already set: setuid helpers will not work */

	/* Ids granted (files, or getsubids(1) for other sources), and who maps them. */
	struct id_grant *subuids, *subgids;
	size_t subuids_count, subgids_count;
	const char *newuidmap, *newgidmap; /* paths, or NULL where they are missing */

	bool tmpfs_user_xattrs; /* user.* attributes on tmpfs, Linux 6.6; asked only where a layer
				   is kept by it */

	/* ROOTFS */
	const char *rootfs; /* absolute path */
	bool rootfs_is_host;
	uint64_t rootfs_dev,
		rootfs_ino; /* the directory that was looked at, for the child to compare */
	struct passwd_entry *passwd; /* of ROOTFS */
	size_t passwd_count;
	const char *passwd_text, *group_text; /* NULL when missing */
	const char *missing; /* with --read-only: the first mount target that is not there */

	struct source
		*sources; /* one for each of config->mounts; those that are no binds stay empty */

	/* Only when ROOTFS is "/" */
	struct host_entry *entries; /* what of the allow-list is there */
	size_t entries_count;
	const char **secrets; /* paths in /etc that the caller can read and nothing inside should */
	size_t secrets_count;

	const char *resolv_conf; /* text of the host's, when its network is used; else NULL */
	const char *machine;     /* uname -m */
};

/*
 * Look at everything the plan for config will ask for, and at nothing else. A ROOTFS that is not
 * there, is no directory or cannot be read is an error.
 */
int host_probe(struct host *host, const struct config *config, struct error *err);
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
 * Say why a user namespace could not be made or used, from the machine's state rather than from
 * errno alone: replaces err's text and remedy. number is the errno that was seen.
 */
int host_explain_userns(int number, struct error *err);

/* The entry of ROOTFS's passwd with this uid or name, or NULL. */
const struct passwd_entry *host_passwd_uid(const struct host *host, uint32_t uid);
const struct passwd_entry *host_passwd_name(const struct host *host, const char *name);

#endif
