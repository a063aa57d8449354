/*
 * store: where root file systems and kept layers are: $XDG_DATA_HOME/sandbox/rootfs/NAME and
 * .../layers/NAME, plain directories of the caller's, mode 0700, because what is in them may be
 * setuid. A root file system is NAME/root beside NAME/record; what a layer has stands in
 * layering.h. A name that begins with a dot is being made or removed.
 *
 * Every directory of the store is opened without following a link and checked to be the caller's
 * and nobody else's to enter before anything in it is used.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>

#include "arena.h"
#include "config.h"
#include "error.h"
#include "record.h"

#define STORE_ROOTFS "rootfs"
#define STORE_LAYERS "layers"

/* NULL when text may be the name of something in the store, else why not. */
const char *store_name_reason(const char *text);

/*
 * Open the store's directory which, STORE_ROOTFS or STORE_LAYERS, making it when make is set, and
 * its path when path is not NULL (in the arena). -1 with err filled; err->number is ENOENT where
 * there is no store.
 */
int store_open(struct arena *arena, const char *which, bool make, const char **path,
	       struct error *err);

/* Open the directory of NAME there: checked as the store's own are. -1 with err filled. */
int store_open_entry(int store, const char *which, const char *name, struct error *err);

/*
 * Hold an entry: flock(2), shared or not, never waiting. -1 with err filled when somebody has it,
 * in words for what, such as "remove".
 */
int store_lock(int entry, bool exclusive, const char *what, const char *which, const char *name,
	       struct error *err);

/*
 * If config->rootfs is the name of a root file system of the store, make it the path, and take
 * what its record has: whose ids it uses, the image's environment, and, where the command line
 * gives no command, its command, user and working directory.
 */
int store_use(struct config *config, struct error *err);

#endif
