/*
 * idmap: which ids exist in the sandbox's user namespace, and writing the maps. Supervisor, ATTACH
 * (newuidmap and newgidmap, side by side); child, ISOLATE (a single id, which needs no helper).
 * See user_namespaces(7), newuidmap(1), subuid(5).
 */
#ifndef IDMAP_H
#define IDMAP_H

#include "sandbox.h"

/* Sets plan->uids, gids, direct_map, drop_groups, note; identity must be known. */
int idmap_plan(struct plan *plan, struct error *err);

/* Where slirp4netns is started beside newuidmap and newgidmap: the step that waits for these two,
 * behind that which starts it. */
int idmap_plan_wait(struct plan *plan, struct error *err);

/* Supervisor, or the watcher: have newuidmap and newgidmap write the maps of sandbox->child. */
int idmap_map(const struct plan *plan, struct sandbox *sandbox, struct error *err);

#endif
