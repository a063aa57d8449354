/*
 * installed: where what came with the program is, found from where the program itself is, so that
 * a copied or installed tree works as it is.
 */
#ifndef INSTALLED_H
#define INSTALLED_H

#include "arena.h"

/* In the environment of a program that was started from a sealed copy of itself (memfd_create(2)):
 * the file that it is a copy of. Nothing else believes it. */
#define INSTALLED_COPY_OF "SANDBOX_COPY_OF"

/*
 * Run from the source tree (build/sandbox, build/san/sandbox): in_tree below its top, or, when
 * in_tree is NULL, the last name of installed in libexec beside the program. Installed: `installed`
 * below the prefix, the one above the program's bin where that can be trusted, else the one of the
 * build. Something that another user could have put there is not trusted: think of a program in
 * /tmp/build, and /tmp/profiles. Who could change the program itself may also. Arena-owned.
 */
const char *installed_path(struct arena *arena, const char *in_tree, const char *installed);

#endif
