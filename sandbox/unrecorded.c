/* Sandboxes without a record: see unrecorded.h. Everything is read from /proc, of processes that
 * may end meanwhile; one that cannot be read is none. */
#include "unrecorded.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "options.h"

enum { MAX_WORDS = 8 << 20, MAX_PORTS = 64 };

/* What this process is, to compare others with. */
struct own {
	struct stat program, user;
	int depth; /* pid namespaces that it is in */
	const char *place;
};

/* How many pid namespaces a process is in, as we see it, and its pid in the innermost; 0: unknown.
 * Everybody's to read, unlike its namespaces. */
static int pid_depth(pid_t pid, int *innermost)
{
	char path[48], line[512];
	int depth = 0;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	FILE *in = fopen(path, "re");
	while (in && depth == 0 && fgets(line, sizeof line, in)) {
		if (strncmp(line, "NSpid:", 6) != 0)
			continue;
		for (char *at = line + 6, *end; *at && *at != '\n'; at = end, depth++) {
			*innermost = (int)strtol(at, &end, 10);
			if (end == at)
				break;
		}
	}
	if (in)
		fclose(in);
	return depth;
}

static int look_at_own(struct own *own, struct arena *arena)
{
	int ignored;

	own->depth = pid_depth(getpid(), &ignored);
	own->place = state_path(arena);
	return own->depth > 0 && stat("/proc/self/exe", &own->program) == 0 &&
			       stat("/proc/self/ns/user", &own->user) == 0
		       ? 0
		       : -1;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Does it run this program, or another version of it, and not from within a sandbox? Only of a
 * process of our own can this be read at all. */
static bool runs_this(const struct own *own, pid_t pid)
{
	char path[64], link[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
	if (stat(path, &st) < 0 || !is_same(&st, &own->user))
		return false;
	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	if (stat(path, &st) == 0 && is_same(&st, &own->program))
		return true;
	ssize_t length = readlink(path, link, sizeof link - 1);
	link[length > 0 ? length : 0] = '\0';
	const char *base = strrchr(link, '/');
	return base && (strcmp(base, "/sandbox") == 0 || strcmp(base, "/sandbox (deleted)") == 0);
}

/* Its child that is process 1 of a namespace just below ours; 0: it has none. */
static pid_t first_process(const struct own *own, const struct processes *processes, pid_t parent)
{
	int innermost = 0;

	for (size_t i = 0; i < processes->count; i++)
		if (processes->list[i].parent == parent &&
		    pid_depth(processes->list[i].pid, &innermost) == own->depth + 1 &&
		    innermost == 1)
			return processes->list[i].pid;
	return 0;
}

/* The words of /proc/PID/NAME, up to a NULL; in the arena. */
static char **read_words(struct arena *arena, pid_t pid, const char *name, int *count)
{
	char path[48];
	char **words = NULL;
	size_t size = 0, length = 0;

	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	char *text = read_file(arena, path, MAX_WORDS, &size);
	for (char *at = text; text && at < text + size; at += strlen(at) + 1)
		*ARENA_APPEND(arena, words, length) = at;
	*count = (int)length;
	*ARENA_APPEND(arena, words, length) = NULL;
	return words;
}

/* Where the record would be, if it had one. */
static bool belongs_here(const struct own *own, struct arena *arena, pid_t pid)
{
	static const char name[] = "XDG_RUNTIME_DIR=";
	const char *runtime = NULL;
	int count;

	for (char **word = read_words(arena, pid, "environ", &count); *word; word++)
		if (strncmp(*word, name, sizeof name - 1) == 0)
			runtime = *word + sizeof name - 1;
	return strcmp(state_path_for(arena, runtime), own->place) == 0;
}

/* A relative ROOTFS is one from where it was started, or a name. */
static const char *whole_path(struct arena *arena, pid_t pid, const char *rootfs)
{
	char link[48], start[PATH_MAX];
	struct stat st;

	snprintf(link, sizeof link, "/proc/%d/cwd", pid);
	ssize_t length = *rootfs == '/' ? -1 : readlink(link, start, sizeof start - 1);
	if (length <= 0)
		return rootfs;
	start[length] = '\0';
	const char *path =
		arena_printf(arena, "%s/%s", strcmp(start, "/") == 0 ? "" : start, rootfs);
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? path : rootfs;
}

static const char *join_words(struct arena *arena, const char *const *words, size_t count)
{
	const char *text = "";

	for (size_t i = 0; i < count; i++)
		text = arena_printf(arena, "%s%s%s", text, i ? " " : "", words[i]);
	return text;
}

static int read_command_line(struct sandbox_record *record, struct arena *arena)
{
	static const char *const shell[] = {"/bin/sh"};
	const char *ports[MAX_PORTS];
	struct command_line line;
	struct error ignored;
	int count;
	char **words = read_words(arena, record->supervisor, "cmdline", &count);
	int first = count > 1 && strcmp(words[1], "run") == 0 ? 2 : 1;

	if (count <= first || options_scan(count - first, words + first, &line, &ignored) < 0 ||
	    line.rest_count < 1)
		return -1;
	bool given = line.rest_count > 1;
	record->rootfs = whole_path(arena, record->supervisor, line.rest[0]);
	record->command =
		given ? state_command_text(arena, line.rest + 1, (size_t)line.rest_count - 1)
		      : *shell;
	record->name = state_made_name(arena, given ? line.rest[1] : *shell, record->supervisor, 0);
	record->ports = join_words(
		arena, ports,
		options_values(count - first, words + first, OPT_PUBLISH, ports, MAX_PORTS));
	return 0;
}

static void read_start(struct sandbox_record *record, const struct process *process)
{
	struct timespec real, boot;
	int64_t ticks = sysconf(_SC_CLK_TCK);

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	record->ticks = process->started;
	record->clock = (int64_t)process->started / ticks;
	record->started = real.tv_sec - (boot.tv_sec - record->clock);
}

static bool is_recorded(const struct sandbox_record *records, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (records[i].running && (records[i].supervisor == pid || records[i].child == pid))
			return true;
	return false;
}

void unrecorded_add(struct sandbox_record **records, size_t *count,
		    const struct processes *processes, struct arena *arena)
{
	size_t recorded = *count;
	struct own own;

	if (look_at_own(&own, arena) < 0)
		return;
	for (size_t i = 0; i < processes->count; i++) {
		const struct process *process = &processes->list[i];
		struct sandbox_record record = {.supervisor = process->pid,
						.running = true,
						.unrecorded = true,
						.dir = -1,
						.lock = -1};

		if (!process->ours || process->pid == getpid() ||
		    is_recorded(*records, recorded, process->pid) || !runs_this(&own, process->pid))
			continue;
		record.child = first_process(&own, processes, process->pid);
		if (!record.child || !belongs_here(&own, arena, process->pid) ||
		    read_command_line(&record, arena) < 0)
			continue;
		read_start(&record, process);
		*ARENA_APPEND(arena, *records, *count) = record;
	}
}

int unrecorded_find(struct sandbox_record *record, struct arena *arena, const char *name)
{
	struct sandbox_record *records = NULL;
	struct processes processes;
	size_t count = 0;
	struct error ignored;

	if (state_list(&records, &count, arena, &ignored) < 0)
		return -1;
	size_t recorded = count;
	processes_read(&processes, arena);
	unrecorded_add(&records, &count, &processes, arena);
	for (size_t i = recorded; i < count; i++)
		if (strcmp(records[i].name, name) == 0) {
			*record = records[i];
			return 0;
		}
	return -1;
}

bool unrecorded_lives(const struct sandbox_record *record)
{
	struct process now;

	return process_read(&now, record->supervisor) == 0 && now.started == record->ticks;
}
