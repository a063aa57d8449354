/*
 * oci_idmap: mounts whose ids are mapped (mounts[].uidMappings and gidMappings, the options idmap
 * and ridmap; MOUNT_ATTR_IDMAP of mount_setattr(2), Linux 5.12).
 *
 * The kernel wants rights over the file system itself. What the machine has is therefore mapped by
 * `create`, before there is a user namespace, which works for root; what the container's process
 * mounts anew belongs to its user namespace, and it maps that itself (tmpfs: Linux 6.3).
 */
#ifndef OCI_IDMAP_H
#define OCI_IDMAP_H

#include "oci_rooms.h"

/* Detached copies of all that is bound with ids mapped, in running->bound. */
int oci_idmap_binds(struct oci_running *running, struct error *err);
void oci_idmap_close(struct oci_running *running);

/* In the container's process, for what it will mount anew: the user namespaces that have the maps,
 * there too. Before anything is mounted over the machine's root, after which the kernel makes no
 * user namespace (clone(2): chroot). */
int oci_idmap_namespaces(struct oci_running *running, struct error *err);

/* The bound one of this mount, which is the caller's then. */
int oci_idmap_take(struct oci_running *running, const struct oci_mount *op);

/* A file system that was mounted anew, and is not attached yet. */
int oci_idmap_new(struct oci_running *running, const struct oci_mount *op, int mount,
		  struct error *err);

#endif
