/* The root directory of a program that a helper confines: see bare_root.h. */
#include "bare_root.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mounting.h"

void bare_root_begin(struct bare_root *root, const char *whom)
{
	static const struct fs_option small[] = {{"size", "64k"}, {"mode", "0755"}, {NULL, NULL}};
	const char *failed;

	root->whom = whom;
	root->top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	root->fd = mount_new("tmpfs", small, MOUNT_SAFE, &failed);
	/* It is attached first, since nothing can be mounted on what is not (before Linux 6.15).
	 * Paths are the host's all the same: what lies on the root does not change where they
	 * start. */
	if (sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE) < 0 || root->top < 0 || root->fd < 0 ||
	    mount_attach(root->fd, root->top) < 0)
		err(1, "cannot make a root directory for %s", whom);
}

int bare_root_directory(const struct bare_root *root, const char *name)
{
	if (mkdirat(root->fd, name, 0755) < 0)
		err(1, "cannot make /%s for %s", name, root->whom);
	return openat(root->fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

void bare_root_attach(const struct bare_root *root, int mount, int target, uint64_t attributes,
		      const char *name)
{
	if (mount < 0 || target < 0 || mount_attach(mount, target) < 0 ||
	    mount_change(mount, MOUNT_SAFE | attributes, true) < 0)
		err(1, "cannot show %s to %s", name, root->whom);
	close(mount);
	close(target);
}

void bare_root_show_system(const struct bare_root *root)
{
	static const char *const names[] = {"usr", "lib", "lib64", "bin", "nix", "gnu"};
	char link[256], path[16];
	struct stat st;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "/%s", names[i]);
		ssize_t length = readlink(path, link, sizeof link - 1);

		if (length > 0) {
			link[length] = '\0';
			if (symlinkat(link, root->fd, names[i]) < 0)
				err(1, "cannot make the link %s for %s", path, root->whom);
		} else if (stat(path, &st) == 0) {
			bare_root_attach(root, mount_clone(AT_FDCWD, path, true),
					 bare_root_directory(root, names[i]), MOUNT_ATTR_RDONLY,
					 path);
		}
	}
}

void bare_root_enter(struct bare_root *root)
{
	if (fchdir(root->fd) < 0 || sys_pivot_root(".", ".") < 0 ||
	    sys_umount(".", MNT_DETACH) < 0 || chdir("/") < 0)
		err(1, "cannot change the root directory of %s", root->whom);
	close(root->top);
}
