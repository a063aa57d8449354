/*
 * fakeroot: --userns=fakeroot, for users without subordinate ids: calls that give a file or a
 * process another owner do nothing and answer that they have succeeded, so that apt-get, dpkg, tar
 * and most package scripts go through where only one id is mapped. It grants nothing: what is
 * answered is not done. Who looks afterwards (stat, getuid) sees that nothing has changed.
 */
#ifndef FAKEROOT_H
#define FAKEROOT_H

#include "step.h"

/* CONFINE, after the ids are ours and before the system call filter. */
int fakeroot_plan(struct plan *plan, struct error *err);

#endif
