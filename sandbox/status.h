/*
 * status: what other programs are told of a run. --info-fd and --json-status-fd have bubblewrap's
 * fields (bwrap(1)) and some of ours; --meta is a file, after isolate's idea. docs/limits.md has
 * the fields.
 */
#ifndef STATUS_H
#define STATUS_H

#include "step.h"

int status_plan(struct plan *plan, struct error *err);

#endif
