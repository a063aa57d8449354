/*
 * mounting: the kernel's descriptor-based mount API (Linux 5.2, mount_setattr 5.12), as few calls
 * as each mount needs, and no path is walked twice. A mount of what is there is copied, attached
 * and then given its flags, in this order, since before Linux 5.12 only what is attached can be
 * given any. Nobody sees it without them: the mount namespace is this process's alone until all is
 * done, and where a flag cannot be set the sandbox is not made. See fsopen(2), open_tree(2),
 * move_mount(2), mount_setattr(2). The wrappers are ours because musl has none.
 */
#ifndef MOUNTING_H
#define MOUNTING_H

#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "error.h"

#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif

/* What every mount of ours has; devices are the exception of /dev's own nodes and --dev-bind. */
#define MOUNT_SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

struct fs_option {
	const char *key, *value; /* value NULL: a flag */
};

/*
 * A new file system of this type, detached. options end with a NULL key. -1 and errno; the option
 * that was refused is stored in *failed (NULL when it was another call).
 */
int mount_new(const char *type, const struct fs_option options[], unsigned attributes,
	      const char **failed);

/* A detached copy of the tree at path below dir (AT_EMPTY_PATH semantics for ""): with all that is
 * mounted in it when recursive. */
int mount_clone(int dir, const char *path, bool recursive);

/* Add MOUNT_ATTR_RDONLY, NOSUID, NODEV, NOEXEC to an attached mount, and to all below it when
 * recursive. What it had it keeps. */
int mount_change(int mount, uint64_t set, bool recursive);

/* Attach a detached mount at target (O_PATH). The descriptor stays good, for looking inside. */
int mount_attach(int mount, int target);

/* Words for an errno of mount_attach and open_or_make_in on a target, for a remedy; "" if none. */
const char *mount_hint(int number);

static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

static inline int sys_umount(const char *path, int flags)
{
	return (int)syscall(SYS_umount2, path, flags);
}

static inline int sys_mount(const char *source, const char *target, const char *type,
			    unsigned long flags)
{
	return (int)syscall(SYS_mount, source, target, type, flags, NULL);
}

#endif
