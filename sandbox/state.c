/* Records of sandboxes: see state.h. */
#include "state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "parse.h"
#include "record.h"
#include "tree.h"

enum { MAX_RECORD = 1 << 20, SHOWN_COMMAND = 4096 };

/* What the lock file holds until the end is written over it. */
static const char no_end[] = "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
			     "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n";

const char *state_path(struct arena *arena)
{
	return state_path_for(arena, getenv("XDG_RUNTIME_DIR"));
}

const char *state_path_for(struct arena *arena, const char *runtime)
{
	const char *standard = arena_printf(arena, "/run/user/%u", geteuid());
	struct stat st;

	if (runtime && *runtime == '/') {
		size_t length = strlen(runtime);

		/* With a slash at its end a link would be followed. */
		while (length > 1 && runtime[length - 1] == '/')
			length--;
		return arena_printf(arena, "%.*s/sandbox", (int)length, runtime);
	}
	if (stat(standard, &st) == 0 && st.st_uid == geteuid())
		return arena_printf(arena, "%s/sandbox", standard);
	return arena_printf(arena, "/tmp/sandbox-%u", geteuid());
}

size_t state_places(struct arena *arena, const char *places[STATE_PLACES])
{
	const char *now = state_path(arena);
	size_t count = 0;

	places[count++] = arena_printf(arena, "/run/user/%u/sandbox", geteuid());
	places[count++] = arena_printf(arena, "/tmp/sandbox-%u", geteuid());
	if (strcmp(now, places[0]) != 0 && strcmp(now, places[1]) != 0)
		places[count++] = now;
	return count;
}

/* The directory that DIR is in. Who could exchange names in it could exchange DIR. */
static int open_above(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	char above[PATH_MAX];

	snprintf(above, sizeof above, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	int cleanup_fd fd = open(above, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		fail(err, "use %s for records of sandboxes", above);
	} else if ((st.st_uid == geteuid() || st.st_uid == 0) &&
		   (!(st.st_mode & 022) || st.st_mode & S_ISVTX)) {
		return steal_fd(&fd);
	} else {
		fail_because(err, "will not use %s for records of sandboxes: %s", above,
			     st.st_mode & 022 && !(st.st_mode & S_ISVTX) ? "others can write to it"
									 : "it is not yours");
	}
	return fail_remedy(err, "XDG_RUNTIME_DIR has to be a directory of yours, not a link, that "
				"nobody else can write to; unset, /run/user or /tmp is used");
}

/* DIR itself, made if make is set; -1 and err. ENOENT in err->number where it is not there. */
static int open_parent(const char *path, bool make, struct error *err)
{
	const char *name = strrchr(path, '/') + 1;
	struct stat st;
	int cleanup_fd above = open_above(path, err);

	if (above < 0)
		return -1;
	if (make && mkdirat(above, name, 0700) < 0 && errno != EEXIST)
		return fail(err, "make the directory %s for records of sandboxes", path);
	int cleanup_fd fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(err, "open the directory %s with records of sandboxes", path);
	if (st.st_uid == geteuid() && (st.st_mode & 07777) == 0700)
		return steal_fd(&fd);
	fail_because(err, "will not use %s: it is not a directory of yours with mode 0700", path);
	return fail_remedy(err, "somebody else may have made it: look at it, and remove it");
}

/* The records' directory with the lock on it, for as long as the descriptor is open. */
static int open_locked(const char *path, bool make, struct error *err)
{
	int cleanup_fd fd = open_parent(path, make, err);

	if (fd < 0)
		return -1;
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return fail(err, "lock %s", path);
	return steal_fd(&fd);
}

/* Whoever cannot find out takes it for held. */
static bool is_held(int lock)
{
	if (flock(lock, LOCK_SH | LOCK_NB) < 0)
		return true;
	flock(lock, LOCK_UN);
	return false;
}

/* "STATUS REASON" in the lock file, written by who held it; false when it holds none. */
static bool read_end(int lock, int *status, const char **reason, struct arena *arena)
{
	char text[64], word[32];
	ssize_t got = pread(lock, text, sizeof text - 1, 0);

	if (got <= 0)
		return false;
	text[got] = '\0';
	if (sscanf(text, "%d %31s", status, word) != 2)
		return false;
	*reason = arena_strdup(arena, word);
	return true;
}

/* --- our own --------------------------------------------------------------------------------- */

/* With the directory locked: make name free, where it is what a killed one has left. -1 and errno:
 * EEXIST when it is somebody's. */
static int make_free(int parent, const char *name)
{
	struct arena arena = {NULL};
	const char *reason;
	int status;
	int cleanup_fd dir = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int cleanup_fd lock = dir < 0 ? -1 : openat(dir, "lock", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int number = errno;
	bool taken = lock >= 0 && (read_end(lock, &status, &reason, &arena) || is_held(lock));

	arena_free(&arena);
	errno = taken || number == ENOTDIR || number == ELOOP ? EEXIST : number;
	if (taken || (lock < 0 && number != ENOENT))
		return -1;
	return dir < 0 || tree_remove(parent, name) == 0 ? 0 : -1;
}

static int make_directory(struct state *state, const char *name)
{
	if (make_free(state->parent, name) < 0 || mkdirat(state->parent, name, 0700) < 0)
		return -1;
	state->dir = openat(state->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (state->dir < 0) {
		int number = errno;

		unlinkat(state->parent, name, AT_REMOVEDIR);
		errno = number;
		return -1;
	}
	state->lock = openat(state->dir, "lock", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (state->lock < 0 || flock(state->lock, LOCK_EX | LOCK_NB) < 0)
		return -1;
	/* Room for the end, which has to be told on a disk that is full by then too. */
	return write_all(state->lock, no_end, sizeof no_end - 1);
}

/* One that has ended may have had the number, so in the next try another name. */
const char *state_made_name(struct arena *arena, const char *command, pid_t pid, int try)
{
	char word[24] = "";
	const char *base = strrchr(command, '/') ? strrchr(command, '/') + 1 : command;

	snprintf(word, sizeof word, "%s", base);
	return arena_printf(arena, try ? "%s-%d-%d" : "%s-%d",
			    parse_sandbox_name(word) ? "run" : word, pid, try);
}

const char *state_command_text(struct arena *arena, char *const words[], size_t count)
{
	char text[SHOWN_COMMAND] = "";
	size_t used = 0;

	for (size_t i = 0; i < count && used < sizeof text; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "",
					 words[i]);
	if (used >= sizeof text)
		memcpy(text + sizeof text - 4, "...", 4);
	return arena_strdup(arena, text);
}

static void close_state(struct state *state)
{
	close_cleanup(&state->lock);
	close_cleanup(&state->dir);
	close_cleanup(&state->parent);
	state->lock = state->dir = state->parent = -1;
}

static int in_use(const char *name, struct error *err)
{
	fail_because(err, "a sandbox called %s is there already", name);
	return fail_remedy(err, "sandbox ps -a shows it; choose another --name, or: sandbox rm %s",
			   name);
}

int state_take(struct state *state, struct arena *arena, const char *name, const char *hint,
	       struct error *err)
{
	const char *path = state_path(arena);
	int tries = 0, result;

	state->parent = open_locked(path, true, err);
	if (state->parent < 0)
		return -1;
	do {
		state->name = name ? name : state_made_name(arena, hint, getpid(), tries);
		result = make_directory(state, state->name);
	} while (result < 0 && errno == EEXIST && !name && ++tries < 100);
	if (result == 0) {
		flock(state->parent, LOCK_UN);
		return 0;
	}
	if (errno == EEXIST)
		in_use(state->name, err);
	else
		fail(err, "make a record of the sandbox in %s", path);
	if (state->dir >= 0)
		tree_remove(state->parent, state->name);
	close_state(state);
	return -1;
}

static int remove_own(struct state *state)
{
	while (flock(state->parent, LOCK_EX) < 0 && errno == EINTR)
		;
	return tree_remove(state->parent, state->name);
}

void state_end(struct state *state, int status, const char *reason)
{
	char text[64];

	if (state->lock < 0)
		return;
	/* The end is for who waits and has the lock open. A record that has one stays until it is
	 * removed by name: one that is not to be kept, and could not be removed, gets none, and
	 * goes when the next one is looked for. */
	int length = snprintf(text, sizeof text, "%d %s\n", status, reason);
	if (state->kept || remove_own(state) == 0)
		(void)!pwrite(state->lock, text, (size_t)length, 0);
	close_state(state);
}

void state_drop(struct state *state)
{
	if (state->dir >= 0)
		remove_own(state);
	close_state(state);
}

/* --- everybody's ----------------------------------------------------------------------------- */

static const char *field(const struct record *fields, const char *key)
{
	const char *value = record_get(fields, key);

	return value ? value : "";
}

static void read_fields(struct sandbox_record *record, const struct record *fields)
{
	record->rootfs = field(fields, "rootfs");
	record->command = field(fields, "command");
	record->ports = field(fields, "ports");
	record->supervisor = (pid_t)strtol(field(fields, "supervisor"), NULL, 10);
	record->child = (pid_t)strtol(field(fields, "child"), NULL, 10);
	record->started = strtoll(field(fields, "started"), NULL, 10);
	record->clock = strtoll(field(fields, "clock"), NULL, 10);
	record->detached = *field(fields, "detached") == '1';
}

/* 0: it is there; 1: it was left behind by one that was killed; -1 and errno. */
static int read_record(struct sandbox_record *record, struct arena *arena, int parent,
		       const char *name)
{
	*record = (struct sandbox_record){.name = arena_strdup(arena, name), .dir = -1, .lock = -1};
	record->dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	record->lock = record->dir < 0 ? -1
				       : openat(record->dir, "lock",
						O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (record->dir < 0)
		return -1;
	if (record->lock < 0)
		return errno == ENOENT ? 1 : -1;
	record->running = is_held(record->lock);
	if (!record->running && !read_end(record->lock, &record->status, &record->reason, arena))
		return 1;
	/* A moment after the name was taken there is no record yet. */
	char *text = read_file_in(arena, record->dir, "record", MAX_RECORD, NULL);
	struct record fields = {NULL, 0};
	if (text && record_parse(&fields, arena, text) < 0)
		fields.count = 0;
	read_fields(record, &fields);
	return 0;
}

static int unknown(const char *name, struct error *err)
{
	fail_because(err, "there is no sandbox called %s", name);
	err->number = ENOENT;
	return fail_remedy(err, "sandbox ps -a shows those that there are");
}

int state_find(struct sandbox_record *record, struct arena *arena, const char *name,
	       struct error *err)
{
	if (parse_sandbox_name(name))
		return fail_because(err, "'%s' is no name: %s", name, parse_sandbox_name(name));
	int cleanup_fd parent = open_locked(state_path(arena), false, err);
	if (parent < 0)
		return err->number == ENOENT ? unknown(name, err) : -1;
	int result = read_record(record, arena, parent, name);

	if (result == 0)
		return 0;
	if (result < 0 && errno != ENOENT)
		fail(err, "read the record of %s", name);
	else
		unknown(name, err);
	sandbox_record_close(record);
	if (result == 1)
		tree_remove(parent, name);
	return -1;
}

int sandbox_record_by_name(const void *a, const void *b)
{
	return strcmp(((const struct sandbox_record *)a)->name,
		      ((const struct sandbox_record *)b)->name);
}

int state_list(struct sandbox_record **records, size_t *count, struct arena *arena,
	       struct error *err)
{
	int cleanup_fd parent = open_locked(state_path(arena), false, err);
	DIR *stream;

	if (parent < 0)
		return err->number == ENOENT ? 0 : -1;
	stream = fdopendir(dup(parent));
	if (!stream)
		return fail(err, "read the records of sandboxes");
	for (struct dirent *entry; (entry = readdir(stream));) {
		struct sandbox_record record;
		int result;

		if (parse_sandbox_name(entry->d_name))
			continue;
		result = read_record(&record, arena, parent, entry->d_name);
		int number = errno;
		/* However many there are, there are descriptors for them. */
		sandbox_record_close(&record);
		if (result == 0)
			*ARENA_APPEND(arena, *records, *count) = record;
		else if (result == 1)
			tree_remove(parent, entry->d_name);
		else if (number != ENOENT && number != ENOTDIR && number != ELOOP) {
			errno = number;
			fail(err, "read the record of %s", entry->d_name);
			closedir(stream);
			return -1;
		}
	}
	closedir(stream);
	if (*count > 0)
		qsort(*records, *count, sizeof **records, sandbox_record_by_name);
	return 0;
}

int state_wait(struct sandbox_record *record, struct arena *arena, struct error *err)
{
	while (flock(record->lock, LOCK_SH) < 0)
		if (errno != EINTR)
			return fail(err, "wait for %s", record->name);
	flock(record->lock, LOCK_UN);
	record->running = false;
	if (read_end(record->lock, &record->status, &record->reason, arena))
		return 0;
	return fail_because(err, "%s was killed, and nobody knows how its command ended",
			    record->name);
}

int state_remove(const struct sandbox_record *record, struct error *err)
{
	struct arena arena = {NULL};
	struct stat ours, there;
	int cleanup_fd parent = open_locked(state_path(&arena), false, err);

	arena_free(&arena);
	if (parent < 0)
		return -1;
	if (fstatat(parent, record->name, &there, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fstat(record->dir, &ours) < 0 || ours.st_dev != there.st_dev ||
	    ours.st_ino != there.st_ino)
		return 0;
	return tree_remove(parent, record->name) < 0
		       ? fail(err, "remove the record of %s", record->name)
		       : 0;
}

void sandbox_record_close(struct sandbox_record *record)
{
	close_cleanup(&record->dir);
	close_cleanup(&record->lock);
	record->dir = record->lock = -1;
}
