/*
 * remount: the flags of attached mounts by mount(2), for kernels without mount_setattr(2) (before
 * Linux 5.12). That call changes a whole tree at once, attached or not; mount(2) takes one attached
 * mount at a time. Which mounts there are is read from /proc/self/mountinfo (proc(5)), and each is
 * opened below the first, with no link followed, and reached by that descriptor.
 */
#ifndef REMOUNT_H
#define REMOUNT_H

#include <stdbool.h>

/*
 * Add flags (MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC) to what the mount has, and to what those
 * below it have when recursive; the new flags are then read back. A mount that another one covers
 * is left as it is: only who may unmount could come to it, and he may change flags as well. -1 and
 * errno; ENOSYS: /proc cannot be read here; EAGAIN: a mount stays without them, because it
 * lies in a directory that may not be entered, or names on the way to it keep changing.
 */
int remount_with(int mount, unsigned long flags, bool recursive);

#endif
