/*
 * kernelfs: the kernel's own file systems inside: /proc (fresh, with what OCI runtimes mask masked
 * and what they make read-only read-only), /sys, and /dev with its nodes, devpts, shm and mqueue.
 * Child, SETUP.
 */
#ifndef KERNELFS_H
#define KERNELFS_H

#include "step.h"

int kernelfs_plan(struct plan *plan, struct error *err);

#endif
