/* Scopes of systemd's: see oci_scope.h. */
#include "oci_scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "host.h"
#include "installed.h"
#include "spawn.h"

enum { UNIT_MAX = 255, QUOTA_SECOND = 1000000 };

/* ---- whom, and for what ---- */

/* Who we are on the machine, where that is another than in this user namespace; *initial: it is the
 * machine's own. */
static unsigned outer_uid(struct arena *arena, bool *initial)
{
	const char *map = read_file(arena, "/proc/self/uid_map", 65536, NULL);
	unsigned uid = geteuid(), inside, outside, count;

	*initial = map && sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 && inside == 0 &&
		   outside == 0 && count == UINT32_MAX;
	for (; map && *map; map += strcspn(map, "\n"), map += *map == '\n')
		if (sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 && uid >= inside &&
		    uid - inside < count)
			return outside + (uid - inside);
	return uid;
}

static const char *find_manager(struct arena *arena)
{
	bool initial;
	unsigned uid = outer_uid(arena, &initial);
	const char *path =
		uid == 0 && initial ? "/run/systemd/private" : host_user_manager(arena, uid);

	return access(path, F_OK) == 0 ? path : NULL;
}

static bool is_name(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    "_+.-@\\") == strlen(text);
}

int oci_scope_read(struct arena *arena, const struct oci_spec *spec, const char *id,
		   struct oci_scope *scope, struct error *err)
{
	const char *path = spec->cgroups_path;

	*scope = (struct oci_scope){.socket = find_manager(arena), .slice = ""};
	if (!path || !*path)
		path = arena_printf(arena, ":sandbox-oci:%s", id);
	const char *prefix = strchr(path, ':');
	const char *name = prefix ? strchr(prefix + 1, ':') : NULL;
	if (!name || strchr(name + 1, ':'))
		return fail_because(err,
				    "linux.cgroupsPath: '%.200s' is not slice:prefix:name, which "
				    "--systemd-cgroup wants",
				    path);
	scope->slice = arena_strndup(arena, path, (size_t)(prefix - path));
	prefix++;
	scope->unit = arena_printf(arena, "%.*s%s%s.scope", (int)(name - prefix), prefix,
				   name > prefix ? "-" : "", name + 1);
	size_t end = strlen(scope->slice);
	if (!name[1] || !is_name(scope->unit) || strlen(scope->unit) > UNIT_MAX ||
	    !is_name(scope->slice) ||
	    (end && (end <= 6 || strcmp(scope->slice + end - 6, ".slice") != 0)))
		return fail_because(err,
				    "linux.cgroupsPath: '%.200s' names no slice and scope of "
				    "systemd's",
				    path);
	return 0;
}

/* ---- limits as properties ---- */

/* Is it a number? "max" is the highest. */
static bool is_amount(const char *text, unsigned long long *value)
{
	char *end;

	if (strcmp(text, "max") == 0) {
		*value = UINT64_MAX;
		return true;
	}
	errno = 0;
	*value = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

/* "50000 100000": what is used in a second, and the period. */
static void add_quota(struct arena *arena, const char *value, const char ***words, size_t *count)
{
	unsigned long long most, period;
	char amount[32];

	if (sscanf(value, "%31s %llu", amount, &period) != 2 || !is_amount(amount, &most) ||
	    period == 0 || (most != UINT64_MAX && most > UINT64_MAX / QUOTA_SECOND))
		return;
	*ARENA_APPEND(arena, *words, *count) =
		arena_printf(arena, "CPUQuotaPerSecUSec=%llu",
			     most == UINT64_MAX ? most : most * QUOTA_SECOND / period);
	*ARENA_APPEND(arena, *words, *count) =
		arena_printf(arena, "CPUQuotaPeriodUSec=%llu", period);
}

static void add_properties(struct arena *arena, const struct oci_spec *spec, const char ***words,
			   size_t *count)
{
	static const char *const properties[][2] = {
		{"memory.max", "MemoryMax"},
		{"memory.high", "MemoryHigh"},
		{"memory.low", "MemoryLow"},
		{"memory.swap.max", "MemorySwapMax"},
		{"pids.max", "TasksMax"},
		{"cpu.weight", "CPUWeight"},
		{"io.weight", "IOWeight"},
		{"cpuset.cpus", "AllowedCPUs"},
		{"cpuset.mems", "AllowedMemoryNodes"},
	};
	unsigned long long number;

	for (size_t i = 0; i < spec->limits_count; i++) {
		const struct oci_limit *limit = &spec->limits[i];

		if (strcmp(limit->file, "cpu.max") == 0)
			add_quota(arena, limit->value, words, count);
		for (size_t p = 0; p < sizeof properties / sizeof *properties; p++) {
			if (strcmp(limit->file, properties[p][0]) != 0)
				continue;
			if (strncmp(limit->file, "cpuset.", 7) == 0)
				*ARENA_APPEND(arena, *words, *count) = arena_printf(
					arena, "%s=%s", properties[p][1], limit->value);
			else if (is_amount(limit->value, &number))
				*ARENA_APPEND(arena, *words, *count) =
					arena_printf(arena, "%s=%llu", properties[p][1], number);
		}
	}
}

/* ---- asking ---- */

/* words: what is to be done, and properties; NULL at the end is added. */
static int ask(struct arena *arena, const char *socket, const char *unit, pid_t pid,
	       const char **words, size_t count, struct error *err)
{
	const char *helper = installed_path(arena, NULL, "libexec/sandbox/scope");
	const char **argv = NULL;
	size_t all = 0;
	struct spawned spawned;
	char said[600];

	if (!socket)
		return fail_because(err, "no systemd manager answers");
	const char *first[] = {helper, socket, unit, arena_printf(arena, "%d", (int)pid), "1"};
	for (size_t i = 0; i < sizeof first / sizeof *first; i++)
		*ARENA_APPEND(arena, argv, all) = first[i];
	for (size_t i = 0; i < count; i++)
		*ARENA_APPEND(arena, argv, all) = words[i];
	*ARENA_APPEND(arena, argv, all) = NULL;
	if (spawn_start(&spawned, (char **)argv, err) < 0)
		return fail_remedy(err, "it is installed with this program, in libexec/sandbox");
	int status = spawn_finish(&spawned, said, sizeof said);
	if (status == 0 && strcmp(said, "ready") == 0)
		return 0;
	return strncmp(said, "error ", 6) == 0
		       ? fail_because(err, "%s", said + 6)
		       : fail_because(err, "systemd was asked for the scope %s, and did not answer",
				      unit);
}

int oci_scope_make(struct arena *arena, const struct oci_scope *scope, const struct oci_spec *spec,
		   pid_t pid, const char **path, struct error *err)
{
	const char **words = NULL;
	size_t count = 0;

	*ARENA_APPEND(arena, words, count) = "start";
	*ARENA_APPEND(arena, words, count) = "Description=a container of sandbox-oci";
	if (*scope->slice)
		*ARENA_APPEND(arena, words, count) = arena_printf(arena, "Slice=%s", scope->slice);
	add_properties(arena, spec, &words, &count);
	if (ask(arena, scope->socket, scope->unit, pid, words, count, err) < 0)
		return -1;
	const char *now = host_cgroup_of(arena, arena_printf(arena, "%d", (int)pid));
	const char *name = now ? strrchr(now, '/') : NULL;
	if (!name || strcmp(name + 1, scope->unit) != 0)
		return fail_because(err,
				    "systemd has made the scope %s and did not put the container "
				    "into it",
				    scope->unit);
	*path = arena_printf(arena, CGROUP_ROOT "%s", now);
	return 0;
}

int oci_scope_join(const char *unit, pid_t pid, struct error *err)
{
	struct arena arena = {NULL};
	const char *words[] = {"join"};
	int result = ask(&arena, find_manager(&arena), unit, pid, words, 1, err);

	arena_free(&arena);
	return result;
}

int oci_scope_change(const char *unit, const struct oci_spec *spec, struct error *err)
{
	struct arena arena = {NULL};
	const char **words = NULL;
	size_t count = 0;
	int result = 0;

	*ARENA_APPEND(&arena, words, count) = "set";
	add_properties(&arena, spec, &words, &count);
	if (count > 1)
		result = ask(&arena, find_manager(&arena), unit, 0, words, count, err);
	arena_free(&arena);
	return result;
}
