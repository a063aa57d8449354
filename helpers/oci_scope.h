/*
 * oci_scope: the cgroup of a container as a scope of systemd's (--systemd-cgroup), by
 * libexec/sandbox/scope: of the system's manager for root, of the user's for anybody else, uid 0 of
 * an engine's user namespace too. The manager is told the limits that it has properties for, so
 * that it does not undo them; all of them are then written and read back as in any cgroup
 * (oci_cgroup_limit), since the scope is delegated.
 */
#ifndef OCI_SCOPE_H
#define OCI_SCOPE_H

#include "oci_rooms.h"

/* linux.cgroupsPath as systemd is asked: "slice:prefix:name". */
struct oci_scope {
	const char *socket; /* of the manager; NULL: none */
	const char *unit;   /* "prefix-name.scope" */
	const char *slice;  /* "": where the manager puts it */
};

/* What is asked for, and of whom: refused where cgroupsPath is no such thing. */
int oci_scope_read(struct arena *arena, const struct oci_spec *spec, const char *id,
		   struct oci_scope *scope, struct error *err);

/* A new one with pid in it. *path: the directory below /sys/fs/cgroup, in the arena. */
int oci_scope_make(struct arena *arena, const struct oci_scope *scope, const struct oci_spec *spec,
		   pid_t pid, const char **path, struct error *err);

/* pid into one that is there, which a plain user may not move it to. */
int oci_scope_join(const char *unit, pid_t pid, struct error *err);

/* Other limits for one that is there. */
int oci_scope_change(const char *unit, const struct oci_spec *spec, struct error *err);

#endif
