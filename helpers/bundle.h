/*
 * bundle: `sandbox bundle [OPTIONS] ROOTFS DIR [COMMAND [ARG...]]`: what a run would be, written
 * out as an OCI bundle (runtime-spec 1.0.2), for crun, runc and those that start them.
 *
 * What the specification has no word for is refused by name where leaving it out would let more in,
 * and told on standard error where it is another way of the same.
 */
#ifndef BUNDLE_H
#define BUNDLE_H

#include <stdio.h>

#include "step.h"

/* -1 and err: an option that cannot be said. Tells the rest to out. */
int bundle_check(const struct plan *plan, FILE *out, struct error *err);

/* config.json. */
void bundle_write(const struct plan *plan, FILE *out);

#endif
