/*
 * layering: mounting an overlay over a directory, with its upper directory in memory, on disk for
 * this run, or in a kept layer. Child, SETUP. Rooms that have something to lay a layer over
 * (overlay, mounts) list it in plan->parts; each part is a directory of its own:
 *
 *   PART/upper   what has been changed   PART/work   overlayfs's own
 *
 * A kept layer is the directory NAME of the store, held by a lock while a sandbox is on it, with
 * the parts and a file `record`: when it began, and for each part its name, what it lies over and
 * where it is seen, in that order, what --lower has laid between it and ROOTFS, and the paths at
 * which sandboxes have made mount points.
 */
#ifndef LAYERING_H
#define LAYERING_H

#include "sandbox.h"

#define LAYER_PART_ROOT "root"

/* Add a part to the plan: kept is whether --overlay and --layer=disk speak of it at all. */
struct layer_part *layering_add(struct plan *plan, const char *source, const char *target,
				bool kept);

/*
 * Mount the part over the lower directories, topmost first (at most LAYERING_LOWERS), and make the
 * mount an own one (files.h). The mount is detached. -1 with err filled.
 */
enum { LAYERING_LOWERS = 14 }; /* what fits into one string of fsconfig(2), 255 bytes */
int layering_mount(struct sandbox *sandbox, const struct layer_part *part, const int lowers[],
		   size_t count, struct error *err);

#endif
