/* The mount API, for every room that mounts; child, SETUP: see mounting.h. */
#include "mounting.h"

#include <assert.h>
#include <errno.h>
#include <sys/stat.h>

#include "files.h"
#include "remount.h"

static int configure(int fs, const struct fs_option options[], const char **failed)
{
	for (; options->key; options++) {
		unsigned command = options->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

		*failed = options->key;
		if (syscall(SYS_fsconfig, fs, command, options->key, options->value, 0) < 0)
			return -1;
	}
	*failed = NULL;
	return (int)syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

int mount_new(const char *type, const struct fs_option options[], unsigned attributes,
	      const char **failed)
{
	*failed = NULL;
	int cleanup_fd fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);

	if (fs < 0 || configure(fs, options, failed) < 0)
		return -1;
	return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
}

int mount_clone(int dir, const char *path, bool recursive)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW |
			 (recursive ? AT_RECURSIVE : 0);

	return (int)syscall(SYS_open_tree, dir, path, flags);
}

/* mount(2) has the same numbers for them. */
static_assert(MOUNT_ATTR_RDONLY == MS_RDONLY && MOUNT_ATTR_NOSUID == MS_NOSUID &&
		      MOUNT_ATTR_NODEV == MS_NODEV && MOUNT_ATTR_NOEXEC == MS_NOEXEC,
	      "flags of mounts");

int mount_change(int mount, uint64_t set, bool recursive)
{
	struct mount_attr attr = {.attr_set = set};
	int result =
		(int)syscall(SYS_mount_setattr, mount, "",
			     AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr, sizeof attr);

	if (result < 0 && errno == ENOSYS)
		return remount_with(mount, (unsigned long)set, recursive);
	return result;
}

/* move_mount(2) says EINVAL where a file and a directory meet; ENOTDIR and EISDIR say which. */
static void tell_kinds(int mount, int target)
{
	struct stat on, what;
	int number = errno;

	if (fstat(mount, &what) == 0 && fstat(target, &on) == 0 &&
	    S_ISDIR(what.st_mode) != S_ISDIR(on.st_mode))
		number = S_ISDIR(what.st_mode) ? ENOTDIR : EISDIR;
	errno = number;
}

int mount_attach(int mount, int target)
{
	int result = (int)syscall(SYS_move_mount, mount, "", target, "",
				  MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);

	if (result < 0 && errno == EINVAL)
		tell_kinds(mount, target);
	return result;
}

const char *mount_hint(int number)
{
	switch (number) {
	case ELOOP:
		return "a symbolic link stands in the way; it may be an attempt to lead outside";
	case ENOTDIR:
	case EISDIR:
		return "a directory can only be mounted on a directory, a file on a file";
	case EXDEV:
		return "it is missing in a directory that is bound from the host, and nothing is "
		       "made there: "
		       "make it yourself, or choose another target";
	case EROFS:
		return "it is missing and the root is read-only: leave --read-only out, or make it "
		       "in ROOTFS";
	case EACCES:
	case EPERM:
	case EOVERFLOW:
		return "it is missing in a directory whose owner (root, or another user outside) "
		       "is not among the ids "
		       "mapped here:\nhave that owner make it, or use a root file system of your "
		       "own";
	case ENOSPC:
		return "the kernel's limit of mounts (sysctl fs.mount-max) or the layer's space is "
		       "used up";
	case ENOSYS:
		return "this kernel lacks a call of the mount API (Linux 5.8 has what is needed "
		       "together with a /proc, Linux 5.12 all of it)";
	case EAGAIN:
		return "this kernel changes the mounts in it one at a time (Linux 5.12: all at "
		       "once), and one could not be reached: it lies in a directory that you may "
		       "not enter, or its place was being renamed";
	default:
		return "";
	}
}
