/*
 * egress_confine: the helper gives up what it no longer needs, before it reads the first byte that
 * the payload has sent.
 */
#ifndef EGRESS_CONFINE_H
#define EGRESS_CONFINE_H

#include "error.h"

/*
 * For a process with every capability over its user namespace: an empty root directory,
 * no_new_privs, CAP_NET_ADMIN alone (for the packet rules and SO_MARK), not dumpable, no core, and
 * a filter of system calls. Nothing can be opened afterwards. Linux 5.2 (fsmount).
 */
int confine(struct error *err);

#endif
