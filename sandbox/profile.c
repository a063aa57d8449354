/*
 * Profiles: one file is read from top to bottom, line by line, and each line goes to options.c
 * with its origin. `extends` stands first, so what a profile extends is applied before it, and
 * its drop-ins after it. The chain of files in progress is a list through the callers' frames.
 */
#include "profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "options.h"
#include "profile_load.h"
#include "profile_trust.h"

/* A file that is being read, and the one whose `extends` led to it. */
struct file {
	struct lines lines;
	const char *name;  /* what it was searched as; NULL for one given by path, and drop-ins */
	int directory;     /* where in the search order it was found */
	const char *shown; /* in origins: "build.conf", or the path where that says too little */
	bool drop_in, any_key;
	bool stranger; /* it comes with a project that is not trusted, or such a one led to it */
	unsigned given[OPTION_COUNT]; /* the line of each scalar */
	bool off[OPTION_COUNT];       /* it was a flag, and false */
	const struct file *child;
	int depth;
};

static int load_named(struct profile_loader *loader, const char *name, int from,
		      const struct file *child);
static int load_path(struct profile_loader *loader, const char *path, const struct file *child);

/* Put words before what went wrong; the remedy stays. Returns -1. */
__attribute__((format(printf, 2, 3))) static int prefix(struct error *err, const char *format, ...)
{
	char text[sizeof err->text];
	va_list args;

	va_start(args, format);
	int used = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (used >= 0 && (size_t)used < sizeof text)
		snprintf(text + used, sizeof text - (size_t)used, "%s", err->text);
	memcpy(err->text, text, sizeof text);
	return -1;
}

static int locate(struct profile_loader *loader, const struct file *file)
{
	return prefix(loader->err, "%.300s:%u: ", file->lines.path, file->lines.number);
}

/* Two scalars that settle one field, in one file: which of them was meant? */
static int check_twice(struct profile_loader *loader, struct file *file,
		       const struct option *option, bool off)
{
	enum option_id id = option_id(option);

	if (option->flags & OPTION_LIST)
		return 0;
	for (const struct option *other = option_table; other < option_table + OPTION_COUNT;
	     other++) {
		enum option_id first = option_id(other);

		if (!file->given[first] || other->field != option->field)
			continue;
		if (first != id && (off || file->off[first]))
			continue;
		return fail_because(loader->err, "%s was settled on line %u already%s%s",
				    option->name, file->given[first], first == id ? "" : ", by ",
				    first == id ? "" : other->name);
	}
	file->given[id] = file->lines.number;
	file->off[id] = off;
	return 0;
}

static int apply_extends(struct profile_loader *loader, struct file *file, const char *value)
{
	if (!value || !*value)
		return fail_because(loader->err, "extends needs the name of a profile");
	if (file->drop_in)
		return fail_because(loader->err, "a drop-in cannot extend a profile");
	if (file->any_key)
		return fail_because(loader->err,
				    "extends stands before all other keys, and only once");
	if (file->depth + 1 == PROFILE_DEPTH_MAX)
		return fail_because(loader->err, "more than %d profiles extend one another",
				    PROFILE_DEPTH_MAX);
	if (!strchr(value, '/')) {
		/* A profile that extends its own name means the one that it covers. */
		bool own = file->name && strcmp(file->name, value) == 0;

		return load_named(loader, value, own ? file->directory + 1 : 0, file);
	}
	const char *slash = strrchr(file->lines.path, '/');

	if (value[0] != '/' && slash)
		value = arena_printf(&loader->config->arena, "%.*s/%s",
				     (int)(slash - file->lines.path), file->lines.path, value);
	return load_path(loader, value, file);
}

/* The words for a setting of a project's profile, or of what that extends, which loosens. */
static int check_stranger(struct profile_loader *loader, const struct option *option,
			  const char *value)
{
	const char *reason = profile_loosens(loader->config, option, value);

	if (!reason)
		return 0;
	fail_because(loader->err,
		     "%s%s%.200s: %s, and %.300s, which comes with the project, is not "
		     "trusted",
		     option->name, option->value ? " = " : "", option->value ? value : "", reason,
		     loader->stranger);
	return fail_remedy(loader->err,
			   "read it, and when you trust it: sandbox profile trust %.300s",
			   loader->stranger);
}

static int apply_setting(struct profile_loader *loader, struct file *file, const char *key,
			 const char *value)
{
	const struct option *option = option_find(key, strlen(key));
	struct arena *arena = &loader->config->arena;
	const char *origin = arena_printf(arena, "profile %s:%u", file->shown, file->lines.number);

	if (option && value) {
		value = profile_expand(arena, value, option->flags & OPTION_FIELDS, loader->err);
		if (!value)
			return prefix(loader->err, "%s: ", key);
	}
	if (option && check_twice(loader, file, option, value && strcmp(value, "false") == 0))
		return -1;
	if (option && file->stranger && check_stranger(loader, option, value ? value : "true"))
		return -1;
	if (options_set(loader->config, key, value, origin, loader->err))
		return -1;
	if (loader->seen)
		loader->seen(loader->data, option, value ? value : "true", origin);
	return 0;
}

static char *trim_end(char *text, size_t length)
{
	while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
		length--;
	text[length] = '\0';
	return text;
}

static int apply_line(struct profile_loader *loader, struct file *file, char *line)
{
	char *value = strchr(line, '=');
	int result;

	if (value) {
		trim_end(line, (size_t)(value - line));
		value += 1 + strspn(value + 1, " \t");
	}
	if (strcmp(line, option_table[OPT_EXTENDS].name) == 0)
		result = apply_extends(loader, file, value);
	else
		result = apply_setting(loader, file, line, value);
	file->any_key = true;
	return result;
}

/* Report an error, once, on its way up the chain of files. */
static void report(struct profile_loader *loader)
{
	if (loader->wrong && !loader->reported)
		loader->wrong(loader->data, loader->err);
	loader->reported = true;
}

/* With loader->wrong, the rest of the file is looked at all the same after an error. */
static int read_lines(struct profile_loader *loader, struct file *file)
{
	int more, failed = 0;
	char *line;

	for (;;) {
		more = lines_next(&file->lines, &line, loader->err);
		if (more == 0)
			return failed;
		loader->reported = false;
		if (more > 0 && !apply_line(loader, file, line))
			continue;
		if (more > 0 && !loader->reported)
			locate(loader, file);
		report(loader);
		failed = -1;
		if (!loader->wrong)
			return -1;
	}
}

static int check_circle(struct profile_loader *loader, const struct file *file)
{
	for (const struct file *below = file->child; below; below = below->child)
		if (below->lines.device == file->lines.device &&
		    below->lines.inode == file->lines.inode)
			return fail_because(
				loader->err,
				"extends goes in a circle: %.300s extends itself%s%.300s",
				file->lines.path, below == file->child ? "" : " by way of ",
				below == file->child ? "" : file->child->lines.path);
	return 0;
}

static bool is_missing(const struct error *err)
{
	return err->number == ENOENT || err->number == ENOTDIR;
}

/* One drop-in: its keys stand in for nothing else, so it has neither name nor child. */
static int load_drop_in(struct profile_loader *loader, int fd, const char *directory, char *name,
			bool stranger)
{
	struct arena *arena = &loader->config->arena;
	const char *path = arena_printf(arena, "%s/%s", directory, name);
	struct file file = {.shown = path, .drop_in = true, .stranger = stranger};

	if (lines_open(&file.lines, arena, fd, name, path, loader->err))
		return -1;
	return read_lines(loader, &file);
}

static int load_drop_ins_in(struct profile_loader *loader, const char *name, int i, bool stranger)
{
	struct arena *arena = &loader->config->arena;
	char below[PROFILE_NAME_MAX + sizeof ".conf.d"];
	int failed = 0;

	snprintf(below, sizeof below, "%s.conf.d", name);
	int fd = openat(loader->search.fds[i], below, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	const char *path = arena_printf(arena, "%s/%s", loader->search.directories[i], below);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (!directory) {
		fail(loader->err, "read the drop-ins in %s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	size_t count;
	char **names = profile_directory_names(directory, arena, &count);

	for (size_t j = 0; j < count && (!failed || loader->wrong); j++) {
		if (load_drop_in(loader, fd, path, names[j], stranger)) {
			report(loader);
			failed = -1;
		}
	}
	closedir(directory);
	return failed;
}

/* All of them, whichever directory the profile itself is in: installed, administrator's, user's. */
static int load_drop_ins(struct profile_loader *loader, const char *name, bool stranger)
{
	int failed = 0;

	for (int i = loader->search.count - 1; i >= 0; i--) {
		if (loader->search.fds[i] < 0 || !load_drop_ins_in(loader, name, i, stranger))
			continue;
		report(loader);
		failed = -1;
		if (!loader->wrong)
			break;
	}
	return failed;
}

/* Open NAME.conf in the first directory, from number `from` on, that has one. */
static int find(struct profile_loader *loader, struct file *file, int from)
{
	struct arena *arena = &loader->config->arena;
	struct profile_search *search = &loader->search;
	const char *base = arena_printf(arena, "%s.conf", file->name);

	for (int i = from; i < search->count; i++) {
		if (search->fds[i] < 0)
			continue;
		const char *path = arena_printf(arena, "%s/%s", search->directories[i], base);

		file->directory = i;
		file->shown = from ? path : base;
		if (!lines_open(&file->lines, arena, search->fds[i], base, path, loader->err))
			return 1;
		if (!is_missing(loader->err))
			return -1;
	}
	return 0;
}

static int load_named(struct profile_loader *loader, const char *name, int from,
		      const struct file *child)
{
	struct file file = {.name = name, .child = child, .depth = child ? child->depth + 1 : 0};
	const char *reason = profile_name_reason(name);

	if (reason)
		return fail_because(loader->err, "profile '%.200s': %s", name, reason);
	/* A project's profile has `default` below it already, and what it tightens is that. */
	file.stranger = child && child->stranger;
	if (file.stranger && strcmp(name, "default") == 0)
		return 0;
	int found = find(loader, &file, from);

	/* `default` is there even when no file of that name is: it is what is built in. */
	if (found == 0 && strcmp(name, "default") != 0)
		return profile_not_found(&loader->search, &loader->config->arena, name,
					 loader->err);
	if (found < 0 || (found && check_circle(loader, &file)))
		return -1;
	int failed = found ? read_lines(loader, &file) : 0;

	if (failed && !loader->wrong)
		return -1;
	/* Where a file extends its own name, the drop-ins of that name come after both. */
	if (!(child && child->name && strcmp(child->name, name) == 0) &&
	    load_drop_ins(loader, name, file.stranger))
		failed = -1;
	loader->reported = failed;
	return failed;
}

/* Does the file, open as fd and not yet looked at, come with a project? Then it begins with what
 * the user begins with. */
static int meet_stranger(struct profile_loader *loader, struct file *file, int fd)
{
	const struct lines *lines = &file->lines;

	file->stranger = file->child && file->child->stranger;
	if (file->stranger || loader->trusts_all ||
	    !profile_is_project(fd, lines->path, loader->search.directories) ||
	    profile_is_trusted(&loader->config->arena, lines->path, lines->text, lines->left))
		return 0;
	file->stranger = true;
	if (loader->stranger)
		return 0;
	loader->stranger = lines->path;
	return load_named(loader, "default", 0, NULL);
}

static int load_path(struct profile_loader *loader, const char *path, const struct file *child)
{
	struct file file = {.shown = path, .child = child, .depth = child ? child->depth + 1 : 0};
	struct arena *arena = &loader->config->arena;
	int cleanup_fd fd = -1;

	if (lines_open_kept(&file.lines, arena, AT_FDCWD, path, path, &fd, loader->err) ||
	    check_circle(loader, &file) || meet_stranger(loader, &file, fd))
		return -1;
	int failed = read_lines(loader, &file);

	loader->reported = failed;
	return failed;
}

/* A path, or a file here that is called as profiles are. */
static bool names_file(const char *name)
{
	size_t length = strlen(name);

	return strchr(name, '/') || (length > 5 && strcmp(name + length - 5, ".conf") == 0);
}

int profile_load(struct profile_loader *loader, const char *name, bool is_path)
{
	struct arena *arena = &loader->config->arena;

	loader->reported = false;
	if (profile_search_open(&loader->search, arena, loader->err)) {
		report(loader);
		return -1;
	}
	/* File names and origins outlive the caller's text. */
	name = arena_strdup(arena, name);
	int result = is_path || names_file(name) ? load_path(loader, name, NULL)
						 : load_named(loader, name, 0, NULL);

	if (result)
		report(loader);
	profile_search_close(&loader->search);
	return result;
}

int profile_apply(struct config *config, const char *name, struct error *err)
{
	struct profile_loader loader = {.config = config, .err = err};

	if (profile_load(&loader, name, false))
		return -1;
	config->profile = arena_strdup(&config->arena, name);
	return 0;
}
