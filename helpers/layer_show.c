/* What `sandbox diff` prints: lines for people, JSON, or patches. See layer.h. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "json.h"
#include "layer.h"

extern char **environ;

static const char *type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "link";
	case S_IFIFO:
		return "pipe";
	case S_IFSOCK:
		return "socket";
	default:
		return "device";
	}
}

static const char *const kind_names[] = {
	[CHANGE_ADDED] = "added", [CHANGE_MODIFIED] = "modified", [CHANGE_DELETED] = "deleted"};

/* With keep-id the caller has its own number inside, and the subordinate ids the others from 0 up;
 * here 0 is the caller and they begin at 1 (sandbox/idmap.c). */
static uint32_t shown_id(const struct layer_show *show, uint32_t id, uint32_t own)
{
	if (!show->ids.keep)
		return id;
	return id == 0 ? own : id <= own ? id - 1 : id;
}

static uint32_t shown_uid(const struct layer_show *show, const struct stat *st)
{
	return shown_id(show, st->st_uid, show->ids.uid);
}

static uint32_t shown_gid(const struct layer_show *show, const struct stat *st)
{
	return shown_id(show, st->st_gid, show->ids.gid);
}

/* --- lines --- */

static void print_details(const struct layer_show *show, const struct change *change)
{
	const struct stat *now = &change->now, *was = &change->was;
	const char *comma = "  (";

	if (change->kind == CHANGE_MODIFIED) {
		if (change->differs & DIFFERS_TYPE)
			printf("%swas a %s", comma, type_of(was->st_mode)), comma = ", ";
		if (change->differs & DIFFERS_CONTENT && S_ISREG(now->st_mode))
			printf("%scontent, size was %lld", comma, (long long)was->st_size),
				comma = ", ";
		if (change->differs & DIFFERS_MODE)
			printf("%smode was %04o", comma, was->st_mode & 07777), comma = ", ";
		if (change->differs & DIFFERS_OWNER)
			printf("%sowner was %u:%u", comma, shown_uid(show, was),
			       shown_gid(show, was)),
				comma = ", ";
		if (change->differs & DIFFERS_ATTRIBUTES)
			printf("%sattributes", comma), comma = ", ";
		if (change->differs == DIFFERS_TIMES)
			printf("%stimes", comma), comma = ", ";
		if (change->opaque && S_ISDIR(was->st_mode))
			printf("%sreplaced as a whole", comma), comma = ", ";
	}
	if (change->kind == CHANGE_ADDED && change->copied)
		printf("%s%s", comma,
		       change->refused & REFUSE_CHANGED
			       ? "gone below meanwhile"
			       : "moved or linked here, or gone below meanwhile"),
			comma = ", ";
	for (int i = 0; i < REFUSE_KINDS; i++)
		if (change->refused & (1u << i))
			printf("%sneeds --allow-%s", comma, refuse_names[i]), comma = ", ";
	if (*comma == ',')
		putchar(')');
}

static void print_line(struct layer *layer, const struct layer_show *show,
		       const struct change *change)
{
	const struct stat *st = change->kind == CHANGE_DELETED ? &change->was : &change->now;

	printf("%-8s  %-9s  %04o  %5u:%-5u  %10lld  ", kind_names[change->kind],
	       type_of(st->st_mode), st->st_mode & 07777, shown_uid(show, st), shown_gid(show, st),
	       S_ISREG(st->st_mode) ? (long long)st->st_size : 0);
	print_escaped(stdout, layer_seen(layer, change));
	if (change->link && change->kind != CHANGE_DELETED) {
		fputs(" -> ", stdout);
		print_escaped(stdout, change->link);
	}
	print_details(show, change);
	putchar('\n');
}

void layer_show_one(struct layer *layer, const struct layer_show *show, const struct change *change)
{
	print_line(layer, show, change);
}

/* --- JSON --- */

static void json_state(const struct layer_show *show, const struct stat *st)
{
	printf("\"type\":\"%s\",\"mode\":\"%04o\",\"uid\":%u,\"gid\":%u,\"size\":%lld",
	       type_of(st->st_mode), st->st_mode & 07777, shown_uid(show, st), shown_gid(show, st),
	       S_ISREG(st->st_mode) ? (long long)st->st_size : 0);
}

static void print_json(struct layer *layer, const struct layer_show *show,
		       const struct change *change)
{
	static const char *const differs[] = {"type",  "content", "mode",
					      "owner", "times",   "attributes"};
	const char *comma = "";

	printf("{\"change\":\"%s\",\"path\":", kind_names[change->kind]);
	json_name(stdout, layer_seen(layer, change));
	putchar(',');
	json_state(show, change->kind == CHANGE_DELETED ? &change->was : &change->now);
	if (change->link && change->kind != CHANGE_DELETED) {
		fputs(",\"link\":", stdout);
		json_name(stdout, change->link);
	}
	if (change->kind == CHANGE_MODIFIED) {
		fputs(",\"was\":{", stdout);
		json_state(show, &change->was);
		fputs("},\"differs\":[", stdout);
		for (size_t i = 0; i < sizeof differs / sizeof *differs; i++)
			if (change->differs & (1u << i))
				printf("%s\"%s\"", comma, differs[i]), comma = ",";
		putchar(']');
	}
	fputs(",\"refused\":[", stdout);
	comma = "";
	for (int i = 0; i < REFUSE_KINDS; i++)
		if (change->refused & (1u << i))
			printf("%s\"%s\"", comma, refuse_names[i]), comma = ",";
	fputs("]}", stdout);
}

/* --- patches --- */

/* What a hostile file has in its lines is for no terminal. */
static void print_patch_line(const char *line, bool escape)
{
	char copy[8192];
	size_t length = strlen(line);

	if (!escape || length >= sizeof copy) {
		fputs(line, stdout);
		return;
	}
	memcpy(copy, line, length + 1);
	copy[strcspn(copy, "\n")] = '\0';
	print_escaped(stdout, copy);
	putchar('\n');
}

static const char *escaped(struct layer *layer, const char *prefix, const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return "";
	fputs(prefix, out);
	print_escaped(out, path);
	fclose(out);
	const char *copy = arena_strdup(&layer->arena, text);
	free(text);
	return copy;
}

/* diff -u of two descriptors, either of which may be -1 for nothing. */
static int run_diff(struct layer *layer, int before, int after, const char *path, struct error *err)
{
	char line[8192];
	struct arena *arena = &layer->arena;
	const char *files[2] = {
		before < 0 ? "/dev/null" : arena_printf(arena, "/proc/self/fd/%d", before),
		after < 0 ? "/dev/null" : arena_printf(arena, "/proc/self/fd/%d", after)};
	char *argv[] = {"diff",
			"-u",
			"--label",
			(char *)(before < 0 ? "/dev/null" : escaped(layer, "a", path)),
			"--label",
			(char *)(after < 0 ? "/dev/null" : escaped(layer, "b", path)),
			(char *)files[0],
			(char *)files[1],
			NULL};
	posix_spawn_file_actions_t actions;
	int ends[2], status = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, "make a pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	/* A descriptor on itself: close-on-exec goes. */
	if (before >= 0)
		posix_spawn_file_actions_adddup2(&actions, before, before);
	if (after >= 0)
		posix_spawn_file_actions_adddup2(&actions, after, after);
	errno = posix_spawnp(&pid, "diff", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (errno) {
		close(ends[0]);
		return fail(err, "run diff");
	}
	FILE *in = fdopen(ends[0], "re");
	bool escape = isatty(STDOUT_FILENO);
	while (in && fgets(line, sizeof line, in))
		print_patch_line(line, escape);
	if (in)
		fclose(in);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) < 2 ? 0
							    : fail_because(err, "diff has failed");
}

static int print_patch(struct layer *layer, const struct change *change, struct error *err)
{
	bool had = change->kind != CHANGE_ADDED && S_ISREG(change->was.st_mode);
	bool has = change->kind != CHANGE_DELETED && S_ISREG(change->now.st_mode);
	int flags = O_RDONLY | O_NONBLOCK;

	if ((!had && !has) || (had && has && !(change->differs & DIFFERS_CONTENT)))
		return 0;
	int cleanup_fd before =
		had ? layer_open_below(change->part->lower, change->path, flags) : -1;
	int cleanup_fd after =
		has ? layer_open_below(change->part->upper, change->path, flags) : -1;
	if ((had && before < 0) || (has && after < 0))
		return fail(err, "read %s", layer_seen(layer, change));
	return run_diff(layer, before, after, layer_seen(layer, change), err);
}

int layer_show(struct layer *layer, const struct layer_show *show, struct error *err)
{
	size_t counts[3] = {0, 0, 0};
	const char *comma = "";

	if (show->json)
		putchar('[');
	for (size_t i = 0; i < layer->changes_count; i++) {
		const struct change *change = &layer->changes[i];

		if (change->merged)
			continue;
		counts[change->kind]++;
		if (show->json) {
			printf("%s\n", comma);
			print_json(layer, show, change);
			comma = ",";
			continue;
		}
		if (!show->patch)
			print_line(layer, show, change);
		fflush(stdout);
		if (show->patch && print_patch(layer, change, err) < 0)
			return -1;
	}
	if (show->json)
		puts("\n]");
	else if (!show->patch)
		printf("%zu added, %zu modified, %zu deleted\n", counts[CHANGE_ADDED],
		       counts[CHANGE_MODIFIED], counts[CHANGE_DELETED]);
	return 0;
}
