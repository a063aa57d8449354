/*
 * What control groups there are for the caller: part of host_probe, see host.h. Looks, and changes
 * nothing: see cgroups(7), and "Delegation" in the kernel's cgroup-v2.rst and in systemd's
 * CGROUP_DELEGATION.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "files.h"
#include "host.h"
#include "installed.h"

const char *host_cgroup_of(struct arena *arena, const char *process)
{
	char *line = read_file(arena, arena_printf(arena, "/proc/%s/cgroup", process), 65536, NULL);

	while (line && strncmp(line, "0::/", 4) != 0) {
		line = strchr(line, '\n');
		line += line != NULL;
	}
	if (!line)
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	return line + 3;
}

const char *host_user_manager(struct arena *arena, uint32_t uid)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	const char *path = runtime && *runtime == '/'
				   ? arena_printf(arena, "%s/systemd/private", runtime)
				   : NULL;

	return path && access(path, F_OK) == 0
		       ? path
		       : arena_printf(arena, "/run/user/%u/systemd/private", uid);
}

static const char *controllers_of(struct host *host, const char *cgroup)
{
	char *text =
		read_file(&host->arena,
			  arena_printf(&host->arena, CGROUP_ROOT "%s/cgroup.controllers", cgroup),
			  4096, NULL);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), size = strlen(end);

	return length >= size && strcmp(text + length - size, end) == 0;
}

/*
 * May we make groups in there? It has to be ours to write, and no unit of systemd's that it looks
 * after itself: those it marks when they are delegated; where it does not yet do so, the caller has
 * to say it, with --limits=cgroup.
 */
static bool is_delegated(struct host *host, const char *cgroup, bool told)
{
	const char *path = arena_printf(&host->arena, CGROUP_ROOT "%s", cgroup);
	const char *name = strrchr(cgroup, '/') + 1;
	char mark = '0';
	struct stat st;

	if (stat(path, &st) < 0 || st.st_uid != host->uid || access(path, W_OK) < 0 ||
	    access(arena_printf(&host->arena, "%s/cgroup.procs", path), W_OK) < 0 ||
	    access(arena_printf(&host->arena, "%s/cgroup.subtree_control", path), W_OK) < 0)
		return false;
	if (ends_with(name, ".slice") || strncmp(name, "user@", 5) == 0)
		return false;
	if (!told && (ends_with(name, ".service") || ends_with(name, ".scope")))
		return getxattr(path, "user.delegate", &mark, 1) == 1 && mark == '1';
	return true;
}

/* Is the caller's process the only one in it? */
static bool is_alone(struct host *host, const char *cgroup)
{
	char *text = read_file(&host->arena,
			       arena_printf(&host->arena, CGROUP_ROOT "%s/cgroup.procs", cgroup),
			       1 << 20, NULL);
	char mine[24];

	snprintf(mine, sizeof mine, "%d\n", (int)getpid());
	return text && strcmp(text, mine) == 0;
}

/* The one above ours, where others like us may be; else ours. */
static void find_base(struct host *host, bool told)
{
	struct host_cgroup *facts = &host->cgroup;
	const char *slash = facts->own ? strrchr(facts->own, '/') : NULL;

	if (!slash)
		return;
	if (slash > facts->own) {
		const char *above =
			arena_printf(&host->arena, "%.*s", (int)(slash - facts->own), facts->own);

		if (is_delegated(host, above, told))
			facts->base = above;
	}
	if (!facts->base && strcmp(facts->own, "/") != 0 && is_delegated(host, facts->own, told) &&
	    is_alone(host, facts->own)) {
		facts->base = facts->own;
		facts->alone = true;
	}
	if (facts->base)
		facts->base_controllers = controllers_of(host, facts->base);
}

/* A manager that has ended leaves its socket behind. */
static bool answers(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int cleanup_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (strlen(path) >= sizeof address.sun_path)
		return false;
	strcpy(address.sun_path, path);
	return fd >= 0 &&
	       (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EAGAIN);
}

static void find_manager(struct host *host)
{
	struct host_cgroup *facts = &host->cgroup;
	const char *path = host_user_manager(&host->arena, host->uid);

	if (!answers(path))
		return;
	facts->manager = path;
	facts->manager_controllers = controllers_of(
		host, arena_printf(&host->arena, "/user.slice/user-%u.slice/user@%u.service",
				   host->uid, host->uid));
	facts->scope = installed_path(&host->arena, NULL, "libexec/sandbox/scope");
}

void host_probe_cgroup(struct host *host, const struct config *config)
{
	struct host_cgroup *facts = &host->cgroup;
	struct statfs fs;

	if (!config_wants_cgroup(config))
		return;
	facts->unified =
		statfs(CGROUP_ROOT, &fs) == 0 && (long)fs.f_type == (long)CGROUP2_SUPER_MAGIC;
	if (!facts->unified)
		return;
	facts->own = host_cgroup_of(&host->arena, "self");
	if (facts->own && strncmp(facts->own, "/../", 4) == 0)
		facts->own = NULL; /* outside of our cgroup namespace */
	if (config->limits.mode != LIMITS_SYSTEMD)
		find_base(host, config->limits.mode == LIMITS_CGROUP);
	if (config->limits.mode != LIMITS_CGROUP)
		find_manager(host);
}
