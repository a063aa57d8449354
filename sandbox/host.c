/* Facts about the machine and ROOTFS, found in the supervisor before anything is done: see host.h.
 */
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "files.h"
#include "installed.h"
#include "spawn.h"

enum { MAX_PASSWD = 1 << 20, MAX_SUBIDS = 1 << 24 };

/* A whole decimal number up to max, ended by stop; moves *text behind the stop. */
static bool take_number(const char **text, char stop, uint64_t max, uint32_t *value)
{
	uint64_t number = 0;
	const char *p = *text;

	for (; *p >= '0' && *p <= '9' && number <= max; p++)
		number = number * 10 + (uint64_t)(*p - '0');
	if (p == *text || number > max || *p != stop)
		return false;
	*text = p + 1;
	*value = (uint32_t)number;
	return true;
}

/* name:password:uid:gid:gecos:home:shell, one a line; lines that are not like that are passed over.
 */
static void parse_passwd(struct arena *arena, const char *text, struct passwd_entry **entries,
			 size_t *count)
{
	char *lines = arena_strdup(arena, text), *line;

	while ((line = strsep(&lines, "\n"))) {
		struct passwd_entry entry = {.name = strsep(&line, ":")};

		strsep(&line, ":");
		const char *uid = strsep(&line, ":"), *gid = strsep(&line, ":");
		strsep(&line, ":");
		entry.home = strsep(&line, ":");
		entry.shell = strsep(&line, ":");
		if (!*entry.name || !uid || !gid || !entry.home ||
		    !take_number(&uid, '\0', UINT32_MAX - 1, &entry.uid) ||
		    !take_number(&gid, '\0', UINT32_MAX - 1, &entry.gid))
			continue;
		*ARENA_APPEND(arena, *entries, *count) = entry;
	}
}

static const struct passwd_entry *find_uid(const struct passwd_entry *entries, size_t count,
					   uint32_t uid)
{
	for (size_t i = 0; i < count; i++)
		if (entries[i].uid == uid)
			return &entries[i];
	return NULL;
}

const struct passwd_entry *host_passwd_uid(const struct host *host, uint32_t uid)
{
	return find_uid(host->passwd, host->passwd_count, uid);
}

const struct passwd_entry *host_passwd_name(const struct host *host, const char *name)
{
	for (size_t i = 0; i < host->passwd_count; i++)
		if (strcmp(host->passwd[i].name, name) == 0)
			return &host->passwd[i];
	return NULL;
}

/* What a program prints on standard output when it ends with 0, or NULL. */
static char *output_of(struct arena *arena, const char *name, const char *argument,
		       const char *second)
{
	char text[4096];
	const char *path = spawn_find(arena, name);
	char *argv[] = {(char *)path, (char *)argument, (char *)second, NULL};
	struct spawned spawned;
	struct error ignored;

	if (!path || spawn_start(&spawned, argv, &ignored) < 0)
		return NULL;
	if (spawn_finish(&spawned, text, sizeof text) != 0)
		return NULL;
	return arena_strdup(arena, text);
}

/* The caller's line of /etc/passwd, or of whatever else getent(1) knows (LDAP, ...): a static
 * program cannot ask NSS itself. */
static const struct passwd_entry *find_caller(struct host *host)
{
	struct passwd_entry *entries = NULL;
	size_t count = 0;
	char number[16];
	const char *text = read_file(&host->arena, "/etc/passwd", MAX_PASSWD, NULL);

	if (text)
		parse_passwd(&host->arena, text, &entries, &count);
	const struct passwd_entry *entry = find_uid(entries, count, host->uid);
	if (entry)
		return entry;
	snprintf(number, sizeof number, "%u", host->uid);
	text = output_of(&host->arena, "getent", "passwd", number);
	if (text)
		parse_passwd(&host->arena, text, &entries, &count);
	return find_uid(entries, count, host->uid);
}

/* Who calls. With one id, a home from the environment and nothing bound, nobody asks for the name.
 */
static void probe_caller(struct host *host, const struct config *config)
{
	const struct passwd_entry *entry = NULL;
	const char *home = getenv("HOME");
	bool home_is_known = home && *home == '/';

	host->uid = geteuid();
	host->gid = getegid();
	if (config->userns != USERNS_SINGLE || !home_is_known || config->mounts_count > 0)
		entry = find_caller(host);
	host->user = entry ? entry->name : NULL;
	host->own_home = entry ? entry->home : NULL;
	host->home = home_is_known ? arena_strdup(&host->arena, home) : entry ? entry->home : NULL;
}

/* OWNER:START:COUNT, the owner by name or number (subuid(5)). */
static void parse_grants(struct host *host, const char *text, struct id_grant **grants,
			 size_t *count)
{
	char number[16];

	snprintf(number, sizeof number, "%u", host->uid);
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t length = strcspn(line, ":\n");
		struct id_grant grant;
		const char *p = line + length + 1;
		bool ours = (strlen(number) == length && memcmp(line, number, length) == 0) ||
			    (host->user && strlen(host->user) == length &&
			     memcmp(line, host->user, length) == 0);

		if (!ours || line[length] != ':' || !take_number(&p, ':', UINT32_MAX, &grant.start))
			continue;
		if (!take_number(&p, '\n', UINT32_MAX, &grant.count) &&
		    !take_number(&p, '\0', UINT32_MAX, &grant.count))
			continue;
		if (grant.count > 0 && grant.start <= UINT32_MAX - grant.count)
			*ARENA_APPEND(&host->arena, *grants, *count) = grant;
	}
}

/* "0: USER START COUNT" lines of getsubids(1), for systems whose nsswitch.conf names another
 * source. */
static void parse_getsubids(struct host *host, const char *text, struct id_grant **grants,
			    size_t *count)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		unsigned start, number;

		line += *line == '\n';
		if (sscanf(line, "%*u: %*s %u %u", &start, &number) == 2 && number > 0 &&
		    start <= UINT32_MAX - number)
			*ARENA_APPEND(&host->arena, *grants, *count) =
				(struct id_grant){start, number};
	}
}

static int find_grants(struct host *host, const char *file, const char *option,
		       struct id_grant **grants, size_t *count, struct error *err)
{
	const char *text = read_file(&host->arena, file, MAX_SUBIDS, NULL);

	if (!text && errno != ENOENT)
		return fail(err, "read %s, which says what ids you may map", file);
	if (text)
		parse_grants(host, text, grants, count);
	if (*count == 0 && host->user) {
		text = read_file(&host->arena, "/etc/nsswitch.conf", MAX_PASSWD, NULL);
		if (text && (strncmp(text, "subid:", 6) == 0 || strstr(text, "\nsubid:")))
			parse_getsubids(host,
					output_of(&host->arena, "getsubids",
						  option ? option : host->user,
						  option ? host->user : NULL),
					grants, count);
	}
	return 0;
}

const char *host_grant_command(struct arena *arena, const struct host *host)
{
	static const char *const files[] = {"/etc/subuid", "/etc/subgid"};
	unsigned long long first = 100000, start, count; /* useradd(8)'s first */

	for (size_t i = 0; i < 2; i++) {
		const char *line = read_file(arena, files[i], MAX_SUBIDS, NULL);

		for (; line && *line; line = strchr(line, '\n'), line += line && *line == '\n')
			if (sscanf(line, "%*[^:\n]:%llu:%llu", &start, &count) == 2 &&
			    start + count > first)
				first = start + count;
	}
	return arena_printf(
		arena, "sudo usermod --add-subuids %llu-%llu --add-subgids %llu-%llu %s", first,
		first + 65535, first, first + 65535, host->user ? host->user : "USER");
}

static bool tmpfs_has_user_xattrs(void)
{
	/* A memfd lives on the kernel's own tmpfs: the same code answers, and nothing is touched.
	 */
	int cleanup_fd fd = memfd_create("probe", MFD_CLOEXEC);

	return fd >= 0 && fsetxattr(fd, "user.overlay.probe", "", 0, 0) == 0;
}

static const char *absolute_path(struct arena *arena, const char *path)
{
	char here[PATH_MAX];

	if (*path == '/' || !getcwd(here, sizeof here))
		return arena_strdup(arena, path);
	return arena_printf(arena, "%s/%s", strcmp(here, "/") == 0 ? "" : here, path);
}

static int open_rootfs(const char *path, struct error *err)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && faccessat(fd, ".", R_OK | X_OK, AT_EACCESS) == 0)
		return fd;
	int number = errno;
	if (fd >= 0)
		close(fd);
	errno = number;
	fail(err, "use %s as the root file system", path);
	if (number == ENOENT || number == ENOTDIR)
		fail_remedy(err, "name a directory that holds a root file system (helpers/rootfs "
				 "makes one), "
				 "or / for the host's own programs");
	else if (number == EACCES)
		fail_remedy(
			err,
			"its owner has to give you read and search permission, or choose another");
	return -1;
}

/* Read one of ROOTFS's own files, or take it as missing; anything that is no plain file is refused.
 */
static int read_rootfs_file(struct host *host, int root, const char *path, const char **text,
			    struct error *err)
{
	*text = read_file_in(&host->arena, root, path, MAX_PASSWD, NULL);
	if (*text || errno == ENOENT)
		return 0;
	if (errno == EINVAL)
		return fail_because(err, "cannot read /%s of %s: it is not a regular file", path,
				    host->rootfs);
	return fail(err, "read /%s of %s", path, host->rootfs);
}

int host_read_accounts(struct host *host, int root, struct error *err)
{
	host->passwd = NULL;
	host->passwd_count = 0;
	if (read_rootfs_file(host, root, "etc/passwd", &host->passwd_text, err) < 0 ||
	    read_rootfs_file(host, root, "etc/group", &host->group_text, err) < 0)
		return -1;
	if (host->passwd_text)
		parse_passwd(&host->arena, host->passwd_text, &host->passwd, &host->passwd_count);
	return 0;
}

/* The first path a read-only root would need as a mount point and does not have. */
static const char *missing_target(const struct config *config, int root)
{
	static const char *const fixed[] = {
		"/proc",        "/dev", "/sys", "/tmp", "/run", "/etc/hosts", "/etc/resolv.conf",
		"/etc/hostname"};
	struct stat st;

	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		if (fstatat(root, fixed[i] + 1, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return fixed[i];
	for (size_t i = 0; i < config->mounts_count; i++) {
		const struct mount_op *op = &config->mounts[i];
		int cleanup_fd fd = open_in(root, op->target, O_PATH);

		if (op->kind != MOUNT_MASK && op->kind != MOUNT_LOWER &&
		    (fd < 0 || op->kind == MOUNT_SYMLINK))
			return op->target;
	}
	return NULL;
}

static int add_entry(struct host *host, const char *name, struct error *err)
{
	char link[PATH_MAX];
	const char *path = arena_printf(&host->arena, "/%s", name);
	ssize_t length = readlink(path, link, sizeof link);

	if (length < 0 && errno == ENOENT)
		return 0;
	if (length < 0 && errno != EINVAL) /* EINVAL: there, and not a link */
		return fail(err, "look at the host's %s", path);
	struct host_entry *entry = ARENA_APPEND(&host->arena, host->entries, host->entries_count);
	entry->path = path;
	entry->link = length > 0 ? arena_strndup(&host->arena, link, (size_t)length) : NULL;
	return 0;
}

/* The allow-list of what ROOTFS "/" shows. */
static int find_entries(struct host *host, struct error *err)
{
	static const char *const names[] = {"usr", "bin", "sbin", "etc", "opt", "nix", "gnu"};
	DIR *dir = opendir("/");
	struct dirent *entry;
	int result = 0;

	if (!dir)
		return fail(err, "read the directory /");
	for (size_t i = 0; i < sizeof names / sizeof *names && result == 0; i++)
		result = add_entry(host, names[i], err);
	while (result == 0 && (errno = 0, entry = readdir(dir)))
		if (strncmp(entry->d_name, "lib", 3) == 0)
			result = add_entry(host, entry->d_name, err);
	if (result == 0 && errno != 0)
		result = fail(err, "read the directory /");
	closedir(dir);
	return result;
}

int host_name_another_root(struct error *err)
{
	return fail_remedy(err, "name a directory that holds one (helpers/rootfs makes one), or / "
				"for the host's own programs");
}

/* With --rw mount points are made in it before it is known whether COMMAND is there: not in a
 * directory that was never meant, such as a home. What is bound may be all there is to run. */
static int check_is_root(const struct host *host, const struct config *config, int root,
			 struct error *err)
{
	static const char *const signs[] = {"bin", "sbin", "usr", "lib", "nix", "gnu"};
	const char *command = config->command[0];
	struct stat st;

	if (config->layer_mode != LAYER_READ_WRITE || config->mounts_count > 0)
		return 0;
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (fstatat(root, signs[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			return 0;
	if (*command == '/' && command[1] &&
	    fstatat(root, command + 1, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	fail_because(err,
		     "cannot run %s in %s (--rw): it has no /bin, /sbin, /usr or /lib, so that it "
		     "is no root file system",
		     command, host->rootfs);
	return host_name_another_root(err);
}

static int probe_rootfs(struct host *host, const struct config *config, struct error *err)
{
	struct stat st, top;
	int cleanup_fd root = -1;

	host->rootfs = absolute_path(&host->arena, config->rootfs);
	root = open_rootfs(host->rootfs, err);
	if (root < 0)
		return -1;
	if (fstat(root, &st) < 0 || stat("/", &top) < 0)
		return fail(err, "look at %s", host->rootfs);
	host->rootfs_dev = st.st_dev;
	host->rootfs_ino = st.st_ino;
	host->rootfs_is_host = st.st_dev == top.st_dev && st.st_ino == top.st_ino;
	/* The store knows; of another directory its top tells. */
	host->rootfs_subordinate = config->rootfs_ids == ROOTFS_IDS_SUBORDINATE ||
				   (config->rootfs_ids == ROOTFS_IDS_UNKNOWN &&
				    host->subuids_count && st.st_uid == host->subuids->start);
	if (check_is_root(host, config, root, err) < 0 || host_read_accounts(host, root, err) < 0)
		return -1;
	if (config->layer_mode == LAYER_READ_ONLY && !host->rootfs_is_host)
		host->missing = missing_target(config, root);
	if (host_probe_network(host, config, root, err) < 0)
		return -1;
	if (!host->rootfs_is_host &&
	    host_find_records(host, host->rootfs, root, &host->rootfs_records, err) < 0)
		return -1;
	if (!host->rootfs_is_host)
		return 0;
	if (host_find_secrets(host, err) < 0 || find_entries(host, err) < 0)
		return -1;
	return config->confine_only ? host_probe_pieces(host, err) : 0;
}

int host_probe_ids(struct host *host, const struct config *config, struct error *err)
{
	probe_caller(host, config);
	host->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	if (config->userns != USERNS_SINGLE && !config->confine_only) {
		if (find_grants(host, "/etc/subuid", NULL, &host->subuids, &host->subuids_count,
				err) < 0 ||
		    find_grants(host, "/etc/subgid", "-g", &host->subgids, &host->subgids_count,
				err) < 0)
			return -1;
		host->newuidmap = spawn_find(&host->arena, "newuidmap");
		host->newgidmap = spawn_find(&host->arena, "newgidmap");
	}
	return 0;
}

/* isatty(3) says no to whatever it cannot find out. What a terminal would not say means none, and
 * so does EIO: one that has hung up. */
static int probe_terminals(struct host *host, struct error *err)
{
	struct winsize size;
	struct stat st;

	for (int fd = 0; fd <= 2; fd++)
		if (ioctl(fd, TIOCGWINSZ, &size) == 0)
			host->terminals |= 1u << fd;
		else if (errno != ENOTTY && errno != EINVAL && errno != EIO && errno != EBADF &&
			 fstat(fd, &st) == 0 && S_ISCHR(st.st_mode))
			return fail(err, "find out whether descriptor %d is a terminal", fd);
	if (!host->terminals)
		return 0;
	bool piped = !(host->terminals & 1) || (fstat(STDOUT_FILENO, &st) == 0 &&
						(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)));
	pid_t front = tcgetpgrp(__builtin_ctz(host->terminals));
	host->terminal_shared = piped || (front > 0 && front != getpgrp());
	return 0;
}

/* Whether the kernel would give one to a user namespace: in one, and asking it loads the module. */
static bool overlay_is_refused(void)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
			_exit(0); /* that will be told by whoever needs them */
		_exit(syscall(SYS_fsopen, "overlay", 0) < 0 && (errno == ENODEV || errno == EPERM));
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

static void probe_fuse(struct host *host)
{
	host->fuse_overlayfs = spawn_find(&host->arena, "fuse-overlayfs");
	host->fuse_helper = installed_path(&host->arena, NULL, "libexec/sandbox/fuse");
	host->fuse_device = access("/dev/fuse", R_OK | W_OK) == 0;
}

/* Without: not built in, switched off, or an outer filter that says EPERM. */
static int probe_landlock(struct host *host, struct error *err)
{
	const unsigned version = 1; /* LANDLOCK_CREATE_RULESET_VERSION */
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, version);

	if (abi < 0 && errno != ENOSYS && errno != EOPNOTSUPP && errno != EPERM && errno != EACCES)
		return fail(err, "ask the kernel for Landlock");
	host->landlock = abi > 0 ? (int)abi : 0;
	return 0;
}

static void probe_overlay(struct host *host, const struct config *config)
{
	/* It has a parameter, and so a directory, built in or not. That it is there says little of
	 * what it will do: that shows when it is mounted (layering.c), and then we come again. */
	host->no_overlay = host->overlay_refusal ||
			   (access("/sys/module/overlay", F_OK) < 0 && overlay_is_refused());
	if (host->no_overlay || config->layer_place == LAYER_FUSE)
		probe_fuse(host);
}

bool host_has_fuse(void)
{
	struct host host = {.user = NULL};

	probe_fuse(&host);
	bool all = host.fuse_overlayfs && access(host.fuse_helper, X_OK) == 0 && host.fuse_device;
	host_free(&host);
	return all;
}

static bool wants_layer(const struct config *config)
{
	bool wants = config->layer_mode == LAYER_THROW_AWAY && !config->confine_only;

	for (size_t i = 0; i < config->mounts_count; i++)
		wants |= config->mounts[i].layer || config->mounts[i].kind == MOUNT_LOWER;
	return wants;
}

int host_probe(struct host *host, const struct config *config, struct error *err)
{
	struct utsname names;

	if (host_probe_ids(host, config, err) < 0)
		return -1;
	if (!config->detach && probe_terminals(host, err) < 0)
		return -1;
	bool by_xattrs = config->layer_place == LAYER_AUTO || config->layer_place == LAYER_FUSE;
	if (wants_layer(config) && by_xattrs && !config->overlay)
		host->tmpfs_user_xattrs = tmpfs_has_user_xattrs();
	host->machine = uname(&names) == 0 ? arena_strdup(&host->arena, names.machine) : "unknown";
	if (probe_rootfs(host, config, err) < 0)
		return -1;
	if (config->landlock != LANDLOCK_OFF && probe_landlock(host, err) < 0)
		return -1;
	host_probe_cgroup(host, config);
	host_probe_bus(host, config);
	host_probe_desktop(host, config);
	host_probe_devices(host, config);
	if (wants_layer(config) || host->missing)
		probe_overlay(host, config);
	if (config->explain || config->seccomp_log || config->learn_fd > 0)
		host->denials = installed_path(&host->arena, NULL, "libexec/sandbox/denials");
	return host_probe_sources(host, config, err);
}

void host_free(struct host *host)
{
	arena_free(&host->arena);
}
