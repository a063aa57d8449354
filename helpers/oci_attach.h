/*
 * oci_attach: what is done to the container's process from outside while it waits: its ids, its
 * cgroup, its weight with the kernel when memory is short.
 */
#ifndef OCI_ATTACH_H
#define OCI_ATTACH_H

#include "oci_create.h"

/* pid: an unreaped child of ours, in a new user namespace where the plan has maps. Ids are written
 * directly by who may (uid 0 of an engine's namespace), with setgroups denied by who maps one id,
 * his own, and else by newuidmap and newgidmap. */
int oci_attach(struct oci_running *running, pid_t pid, const char *cgroup, const char *unit,
	       struct error *err);

/* Write a map of a process's user namespace, file of its /proc/PID. 0, or -1 and errno. */
int oci_map_write(int process, const char *file, const struct id_range *ranges, size_t count);

/* Note who is above us: one of them takes over the container's process when we end. */
void oci_ancestors_open(struct oci_running *running);

#endif
