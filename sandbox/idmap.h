/*
 * idmap: which ids exist in the sandbox's user namespace, and writing the maps. Supervisor, ATTACH
 * (newuidmap and newgidmap, side by side); child, ISOLATE (a single id, which needs no helper).
 * See user_namespaces(7), newuidmap(1), subuid(5).
 */
#ifndef IDMAP_H
#define IDMAP_H

#include "step.h"

/* Sets plan->uids, gids, direct_map, drop_groups, note; identity must be known. */
int idmap_plan(struct plan *plan, struct error *err);

#endif
