/*
 * metadata: with --confine-only, what changes of a file what is not its content (chmod, chown,
 * utime, setxattr and their kind). Landlock does not see these calls, and a filter sees numbers and
 * no paths; but a linker that cannot chmod its program, or a tar that cannot set times, is of no
 * use. So the filter asks (refusals.c), the payload's listener comes to pid 1, and that does what
 * was asked for itself, where the command may write, and nowhere else: it answers EPERM then.
 *
 * It does the work on what it has opened, whatever the command changes meanwhile, as the same user
 * with no more rights. When pid 1 is gone the calls fail (ENOSYS). See seccomp_unotify(2).
 */
#ifndef METADATA_H
#define METADATA_H

#include "sandbox.h"

/* Before the payload is started: the pair by which its listener comes. -1 and errno. */
int metadata_prepare(struct sandbox *sandbox);

/* Once the payload runs: the listener, to be waited for; -1 and errno. */
int metadata_take(struct sandbox *sandbox);

/* The listener has something to ask. false: there is nobody any more who could ask. */
bool metadata_answer(const struct sandbox *sandbox, int listener);

#endif
