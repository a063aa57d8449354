/*
 * etcfiles: the few files of /etc that belong to the sandbox and not to ROOTFS: hosts, hostname,
 * resolv.conf, and passwd and group when ROOTFS's own have no entry for who runs inside; and
 * the home directory of that identity. Child, SETUP.
 */
#ifndef ETCFILES_H
#define ETCFILES_H

#include "step.h"

int etcfiles_plan(struct plan *plan, struct error *err);

#endif
