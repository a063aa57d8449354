/*
 * oci_cgroup: the cgroup (version 2) of a container: by its cgroupsPath, below the mount at
 * /sys/fs/cgroup, or beside the caller's own. Without one everything works but limits, which are
 * refused by name; where it can be had without asking for limits, it is made, since engines count
 * in it.
 */
#ifndef OCI_CGROUP_H
#define OCI_CGROUP_H

#include "oci_rooms.h"

/* Make it, and set its limits. *path: the directory, in the arena; NULL: none is needed, and none
 * can be had. */
int oci_cgroup_make(struct arena *arena, const struct oci_spec *spec,
		    const struct oci_options *options, const char *id, const char **path,
		    struct error *err);

/* One of systemd's (--systemd-cgroup), with pid in it, when there is a pid; its unit too. NULL: as
 * above, or it is made by oci_cgroup_make. */
int oci_cgroup_ask(struct arena *arena, const struct oci_spec *spec,
		   const struct oci_options *options, const char *id, pid_t pid, const char **path,
		   const char **unit, struct error *err);

/* Put a process into it. */
int oci_cgroup_enter(const char *path, pid_t pid, struct error *err);

/* Freeze it, or let it go on; wait until that is so. */
int oci_cgroup_freeze(const char *path, bool frozen, struct error *err);

/* Change limits of one that is there (update). */
int oci_cgroup_limit(const char *path, const struct oci_spec *spec, struct error *err);

/* Kill all in it; take it away, or wait until the manager of its unit has. */
void oci_cgroup_kill(const char *path);
void oci_cgroup_remove(const char *path, const char *unit);

#endif
