/* The store of root file systems and layers: see store.h. Supervisor, before the plan. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "files.h"
#include "parse.h"

enum { NAME_LENGTH = 64 };

const char *store_name_reason(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789._-");

	if (!*text)
		return "the name is empty";
	if (text[length])
		return "a name has letters, digits, '.', '_' and '-' only";
	if (text[0] == '.' || text[0] == '-')
		return "a name begins with a letter, a digit or '_'";
	return length > NAME_LENGTH ? "a name has at most 64 characters" : NULL;
}

/*
 * Ours, and closed to everybody else: what lies in it may be setuid, and is trusted by name. The
 * directory above may be one that make install PREFIX=~/.local has made, and be read: `mask` is
 * what others may not.
 */
static int check_directory(int fd, const char *path, mode_t mask, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail(err, "look at %s", path);
	if (st.st_uid == geteuid() && !(st.st_mode & mask))
		return 0;
	fail_because(err, "will not use %s: %s", path,
		     st.st_uid != geteuid() ? "it belongs to another user"
					    : "others may look into it or write there");
	return fail_remedy(err,
			   st.st_uid != geteuid() ? "set XDG_DATA_HOME to a directory of your own"
						  : "run: chmod 0700 %s",
			   path);
}

/* One directory down, made if need be. */
static int descend(int parent, const char *name, const char *path, mode_t mask, bool make,
		   struct error *err)
{
	if (make && mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return fail(err, "make the directory %s", path);
	int cleanup_fd fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		int number = errno;

		fail(err, "use the directory %s", path);
		if (number == ELOOP || number == ENOTDIR)
			fail_remedy(err, "it has to be a directory of yours, and no link");
		return -1;
	}
	return check_directory(fd, path, mask, err) < 0 ? -1 : steal_fd(&fd);
}

/* XDG_DATA_HOME itself is the user's affair; it may be made of links. */
static int open_data_home(struct arena *arena, bool make, const char **path, struct error *err)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	bool of_home = !data || *data != '/';

	if (of_home && (!home || *home != '/'))
		return fail_because(err, "there is no place for root file systems and layers: "
					 "neither XDG_DATA_HOME nor HOME is set");
	if (of_home)
		data = arena_printf(arena, "%s/.local/share", home);
	*path = data;
	if (make) {
		char *part = arena_strdup(arena, data);

		for (char *p = part; p;) {
			p = strchr(p + 1, '/');
			if (p)
				*p = '\0';
			(void)mkdir(part, 0700); /* told by the open below */
			if (p)
				*p = '/';
		}
	}
	int fd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fail(err, "open the directory %s", data) : fd;
}

int store_open(struct arena *arena, const char *which, bool make, const char **path,
	       struct error *err)
{
	const char *data = NULL;
	int cleanup_fd home = open_data_home(arena, make, &data, err);

	if (home < 0)
		return -1;
	const char *ours = arena_printf(arena, "%s/sandbox", data);
	int cleanup_fd top = descend(home, "sandbox", ours, 022, make, err);
	if (top < 0)
		return -1;
	const char *there = arena_printf(arena, "%s/%s", ours, which);
	if (path)
		*path = there;
	return descend(top, which, there, 077, make, err);
}

int store_open_entry(int store, const char *which, const char *name, struct error *err)
{
	const char *reason = store_name_reason(name);
	const char *noun = strcmp(which, STORE_LAYERS) == 0 ? "layer" : "root file system";
	int cleanup_fd fd = -1;

	if (reason)
		return fail_because(err, "'%s' is no name of a %s: %s", name, noun, reason);
	fd = openat(store, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		fail_because(err, "there is no %s called %s", noun, name);
		err->number = ENOENT;
		return -1;
	}
	if (fd < 0)
		return fail(err, "open the %s %s", noun, name);
	return check_directory(fd, name, 077, err) < 0 ? -1 : steal_fd(&fd);
}

int store_lock(int entry, bool exclusive, const char *what, const char *which, const char *name,
	       struct error *err)
{
	if (flock(entry, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return fail(err, "lock %s", name);
	fail_because(err, "cannot %s the %s %s: a running sandbox has it", what,
		     strcmp(which, STORE_LAYERS) == 0 ? "layer" : "root file system", name);
	err->number = EWOULDBLOCK;
	return fail_remedy(err, "wait until that one has ended");
}

static const char *all_of_key(const struct record *record, size_t *at, const char *key)
{
	while (*at < record->count)
		if (strcmp(record->lines[(*at)++].key, key) == 0)
			return record->lines[*at - 1].value;
	return NULL;
}

/* The image's variables are defaults: they stand before all others. */
static void take_env(struct config *config, const struct record *record)
{
	struct env_op *env = NULL;
	size_t count = 0, at = 0;

	for (const char *line; (line = all_of_key(record, &at, "env"));) {
		size_t length = strcspn(line, "=");

		if (!line[length] || parse_env_name(line, length))
			continue;
		*ARENA_APPEND(&config->arena, env, count) =
			(struct env_op){ENV_SET, arena_strndup(&config->arena, line, length),
					line + length + 1, OPT_ENV, "image"};
	}
	for (size_t i = 0; i < config->env_count; i++)
		*ARENA_APPEND(&config->arena, env, count) = config->env[i];
	config->env = env;
	config->env_count = count;
}

/* Entrypoint and Cmd, one behind the other, as the OCI image format has it. */
static int take_command(struct config *config, const struct record *record, struct error *err)
{
	static const char *const keys[] = {"entrypoint", "cmd"};
	const char *user = record_get(record, "user"), *workdir = record_get(record, "workdir");
	char **command = NULL;
	size_t count = 0;

	for (size_t i = 0; i < 2; i++) {
		size_t at = 0;

		for (const char *word; (word = all_of_key(record, &at, keys[i]));)
			*ARENA_APPEND(&config->arena, command, count) = (char *)word;
	}
	if (count) {
		*ARENA_APPEND(&config->arena, command, count) = NULL;
		config->command = command;
		config->command_count = count - 1;
	}
	if (user && *user && !config->user) {
		const char *reason = parse_user(user);

		if (reason)
			return fail_because(err, "the image's user '%s' cannot be: %s", user,
					    reason);
		config->user = user;
		config->origin[OPT_USER] = "image";
	}
	if (workdir && *workdir && !config->workdir) {
		char *path = arena_strdup(&config->arena, workdir);
		const char *reason = parse_inside_path(path);

		if (reason)
			return fail_because(err, "the image's working directory '%s' cannot be: %s",
					    workdir, reason);
		config->workdir = path;
		config->origin[OPT_WORKDIR] = "image";
	}
	return 0;
}

static int use_entry(struct config *config, int store, const char *path, struct error *err)
{
	struct record record = {0};
	const char *name = config->rootfs;
	int cleanup_fd entry = store_open_entry(store, STORE_ROOTFS, name, err);

	if (entry < 0)
		return err->number == ENOENT ? 0 : -1;
	if (record_read(&record, &config->arena, entry, "record") < 0) {
		fail(err, "read the record of the root file system %s", name);
		return fail_remedy(err, "run: sandbox rootfs rm %s", name);
	}
	const char *ids = record_get(&record, "ids");
	config->rootfs_name = name;
	config->rootfs = arena_printf(&config->arena, "%s/%s/root", path, name);
	config->rootfs_ids =
		ids && strcmp(ids, "subordinate") == 0 ? ROOTFS_IDS_SUBORDINATE : ROOTFS_IDS_CALLER;
	take_env(config, &record);
	return config->command_count ? 0 : take_command(config, &record, err);
}

int store_use(struct config *config, struct error *err)
{
	const char *path;

	if (store_name_reason(config->rootfs))
		return 0;
	int cleanup_fd store = store_open(&config->arena, STORE_ROOTFS, false, &path, err);
	if (store < 0)
		return err->number == ENOENT || (!getenv("HOME") && !getenv("XDG_DATA_HOME")) ? 0
											      : -1;
	return use_entry(config, store, path, err);
}
