/* Putting things into the new root: see showing.h. */
#include "showing.h"

#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "files.h"
#include "mounting.h"

int showing_run(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct stat st;
	int cleanup_fd source = open_in_no_links(sandbox->host_root, step->source, O_PATH);

	if (source < 0 || fstat(source, &st) < 0)
		return fail(err, "show %s", step->source);
	int cleanup_fd mount = mount_clone(source, "", true);
	int cleanup_fd target =
		mount < 0 ? -1
			  : open_or_make_in(sandbox->root, step->target,
					    S_ISDIR(st.st_mode) ? LEAF_DIRECTORY : LEAF_FILE,
					    &sandbox->own);
	if (target < 0 || mount_attach(mount, target) < 0 ||
	    mount_change(mount, step->flags, true) < 0) {
		fail(err, "show %s on %s", step->source, step->target);
		return fail_remedy(err, "%s", mount_hint(err->number));
	}
	return 0;
}

int showing_open_parent(struct sandbox *sandbox, const char *target, const char **name)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(target, '/');

	*name = slash + 1;
	snprintf(parent, sizeof parent, "%.*s", (int)(slash - target), target);
	int fd = open_or_make_in(sandbox->root, parent, LEAF_DIRECTORY, &sandbox->own);
	if (fd >= 0 && !own_mounts_has(&sandbox->own, fd)) {
		close(fd);
		errno = EXDEV;
		return -1;
	}
	return fd;
}

int showing_directory(struct sandbox *sandbox, const char *target, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	int cleanup_fd place =
		open_or_make_in(sandbox->root, target, LEAF_DIRECTORY, &sandbox->own);
	int cleanup_fd made =
		place < 0 ? -1 : openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (made >= 0 && !own_mounts_has(&sandbox->own, made))
		return fail_because(err, "cannot make %s: something of the host's is bound there",
				    target);
	if (made < 0 || fchmod(made, 0700) < 0 ||
	    fchown(made, plan->owner_uid, plan->owner_gid) < 0)
		return fail(err, "make the directory %s", target);
	return 0;
}

int showing_file(struct sandbox *sandbox, const char *target, const void *data, size_t size,
		 bool own, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	const char *name;
	int cleanup_fd parent = showing_open_parent(sandbox, target, &name);

	if (parent < 0 || make_file_at(parent, name, own ? 0600 : 0644, data, size) < 0 ||
	    (own &&
	     fchownat(parent, name, plan->owner_uid, plan->owner_gid, AT_SYMLINK_NOFOLLOW) < 0))
		return fail(err, "make the file %s inside", target);
	return 0;
}

int showing_make_socket(struct session_socket *made, struct error *err)
{
	int ends[2];

	made->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (made->listener < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, "make a socket for the sandbox");
	made->heard = ends[0];
	made->bound = ends[1];
	return 0;
}

/* By the name alone, from within its directory: an address holds 107 bytes. */
static int bind_here(struct sandbox *sandbox, int fd, const char *target)
{
	const struct plan *plan = sandbox->plan;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *name;
	int cleanup_fd parent = showing_open_parent(sandbox, target, &name);

	if (parent < 0 || fchdir(parent) < 0)
		return -1;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", name);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
	    fchmodat(parent, name, 0700, 0) < 0 ||
	    fchownat(parent, name, plan->owner_uid, plan->owner_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	return listen(fd, 64);
}

int showing_bind_socket(struct sandbox *sandbox, struct session_socket *made, const char *target,
			struct error *err)
{
	int result = bind_here(sandbox, made->listener, target);

	if (result < 0)
		fail(err, "make the socket %s inside", target);
	else if (write(made->bound, "", 1) != 1)
		result = fail(err, "tell of the socket %s", target);
	close_cleanup(&made->listener);
	close_cleanup(&made->bound);
	*made = (struct session_socket){-1, -1, -1};
	return result;
}

void showing_plan_wait(struct plan *plan, const struct step_kind *kind, const char *because)
{
	plan_add(plan, plan_waits(plan) ? PHASE_ATTACH : PHASE_PREPARE, kind, because)->target =
		"ready";
}
