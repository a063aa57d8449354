/*
 * `sandbox desktop install APP [--profile NAME]`, `remove APP`, `list`: desktop entries in the
 * user's own directory, which come before the system's of the same name, so that a menu starts the
 * application sandboxed. Nothing of anybody else's is changed. Desktop Entry Specification; Desktop
 * Menu Specification for where entries are.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "config.h"
#include "entry.h"
#include "files.h"
#include "parse.h"
#include "profile.h"
#include "spawn.h"

static const char usage_text[] =
	"usage: sandbox desktop install APP [--profile NAME]\n"
	"       sandbox desktop remove APP\n"
	"       sandbox desktop list\n"
	"\n"
	"APP is the name of an application's desktop entry, such as firefox-esr, or the path of\n"
	"one. install writes an entry of the same name into $XDG_DATA_HOME/applications, which\n"
	"starts it with the profile (desktop unless given); remove takes that away again.\n";

enum { MAX_ENTRY = 1 << 20 };

struct desktop {
	struct arena arena;
	const char *applications; /* the user's directory of entries */
	const char *file;         /* NAME.desktop */
	const char *name;
};

static int find_directory(struct desktop *desktop, struct error *err)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

	if (data && data[0] == '/')
		desktop->applications = arena_printf(&desktop->arena, "%s/applications", data);
	else if (home && home[0] == '/')
		desktop->applications =
			arena_printf(&desktop->arena, "%s/.local/share/applications", home);
	else
		return fail_because(err, "there is no place for desktop entries: neither "
					 "XDG_DATA_HOME nor HOME is set");
	return 0;
}

/* From what was typed: a name, with or without .desktop, or a path. */
static int take_name(struct desktop *desktop, const char *typed, struct error *err)
{
	const char *slash = strrchr(typed, '/'), *base = slash ? slash + 1 : typed;
	size_t length = strlen(base), suffix = strlen(".desktop");

	if (length > suffix && strcmp(base + length - suffix, ".desktop") == 0)
		length -= suffix;
	desktop->name = arena_strndup(&desktop->arena, base, length);
	desktop->file = arena_printf(&desktop->arena, "%s.desktop", desktop->name);
	if (!length || base[0] == '.' || length > NAME_MAX - 32)
		return fail_because(err, "'%s' is no name of a desktop entry", typed);
	for (const char *c = desktop->name; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			return fail_because(err, "'%s' is no name of a desktop entry", typed);
	return 0;
}

/* Ours in the user's directory: its text, NULL with errno ENOENT where nothing is, EEXIST where
 * something else is. */
static const char *read_ours(struct desktop *desktop)
{
	const char *path =
		arena_printf(&desktop->arena, "%s/%s", desktop->applications, desktop->file);
	struct stat st;

	if (lstat(path, &st) < 0)
		return NULL;
	const char *text =
		S_ISREG(st.st_mode) ? read_file(&desktop->arena, path, MAX_ENTRY, NULL) : NULL;

	if (text && entry_value(&desktop->arena, text, ENTRY_PROFILE))
		return text;
	errno = EEXIST;
	return NULL;
}

/* The text of the entry that is to be sandboxed, and its path. */
static const char *read_source(struct desktop *desktop, const char *typed, const char **path,
			       struct error *err)
{
	const char *dirs = getenv("XDG_DATA_DIRS");
	struct arena *arena = &desktop->arena;
	char real[PATH_MAX];
	const char *text = NULL;
	size_t size = 0;

	if (strchr(typed, '/')) {
		*path = realpath(typed, real) ? arena_strdup(arena, real) : typed;
		text = read_file(arena, *path, MAX_ENTRY, &size);
		if (!text)
			fail(err, "read %s", typed);
	}
	for (dirs = dirs && *dirs ? dirs : "/usr/local/share:/usr/share";
	     !text && !strchr(typed, '/');) {
		size_t length = strcspn(dirs, ":");

		*path = arena_printf(arena, "%.*s/applications/%s", (int)length, dirs,
				     desktop->file);
		text = dirs[0] == '/' ? read_file(arena, *path, MAX_ENTRY, &size) : NULL;
		dirs += length;
		if (!text && !*dirs++) {
			fail_because(err, "there is no desktop entry %s below $XDG_DATA_DIRS",
				     desktop->file);
			fail_remedy(err, "ls /usr/share/applications shows those of the system; "
					 "another is given by its path");
			break;
		}
	}
	if (text && strlen(text) != size) {
		fail_because(err, "%s has a NUL byte in it", *path);
		return NULL;
	}
	return text;
}

/* The whole of it or nothing, over what is ours or nothing. */
static int put(struct desktop *desktop, const char *text, size_t size, bool replace,
	       struct error *err)
{
	const char *path =
		arena_printf(&desktop->arena, "%s/%s", desktop->applications, desktop->file);
	const char *part = arena_printf(&desktop->arena, "%s/.%s.%d", desktop->applications,
					desktop->file, (int)getpid());

	if (make_directories(desktop->applications) < 0)
		return fail(err, "make the directory %s", desktop->applications);
	int cleanup_fd fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return fail(err, "make %s", part);
	/* link(2) does not replace what somebody else has put there meanwhile. */
	int result = write_all(fd, text, size);
	if (result == 0)
		result = replace ? rename(part, path) : link(part, path);
	int number = errno;
	unlink(part);
	errno = number;
	return result < 0 ? fail(err, "write %s", path) : 0;
}

/* Menus find types by a cache; where the program is not there, they look themselves. */
static void update_cache(struct desktop *desktop)
{
	const char *program = spawn_find(&desktop->arena, "update-desktop-database");
	char *argv[] = {(char *)program, (char *)"-q", (char *)desktop->applications, NULL};
	struct spawned spawned;
	struct error ignored;
	char said[256];

	if (program && spawn_start(&spawned, argv, &ignored) == 0)
		spawn_finish(&spawned, said, sizeof said);
}

/* A profile that is there and can be read; a path is made absolute. */
static int check_profile(struct desktop *desktop, const char **profile, struct error *err)
{
	struct config config = {.profile = NULL};
	char real[PATH_MAX];

	if (strchr(*profile, '/') && realpath(*profile, real))
		*profile = arena_strdup(&desktop->arena, real);
	int result = profile_apply(&config, *profile, err);
	config_free(&config);
	return result;
}

/* --application takes fewer characters than a file's name. */
static const char *application_name(struct desktop *desktop)
{
	char *name = arena_strdup(&desktop->arena, desktop->name);

	name[strnlen(name, 64)] = '\0';
	for (char *c = name; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-",
			    *c))
			*c = '_';
	return parse_sandbox_name(name) ? arena_printf(&desktop->arena, "x%.63s", name) : name;
}

static int not_ours(const struct desktop *desktop, struct error *err)
{
	fail_because(err, "%s/%s was not written by sandbox desktop", desktop->applications,
		     desktop->file);
	return fail_remedy(err, "it stays as it is: move it away to have another in its place");
}

static int install(struct desktop *desktop, const char *typed, const char *profile,
		   struct error *err)
{
	struct arena *arena = &desktop->arena;
	const char *path = NULL, *ours;
	char program[PATH_MAX], *text = NULL;
	size_t size = 0;

	if (take_name(desktop, typed, err) < 0 || check_profile(desktop, &profile, err) < 0)
		return -1;
	ours = read_ours(desktop);
	if (!ours && errno != ENOENT && errno != ENOTDIR)
		return not_ours(desktop, err);
	const char *source = read_source(desktop, typed, &path, err);
	if (!source)
		return -1;
	ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
	if (length <= 0)
		return fail(err, "find this program's own path");
	program[length] = '\0';
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return fail(err, "make the desktop entry");
	const struct entry_words words = {arena_strdup(arena, program), profile,
					  application_name(desktop), path};
	const char *reason = entry_rewrite(source, &words, out);
	fclose(out);
	int result = reason ? fail_because(err, "cannot sandbox %s: %s", path, reason)
			    : put(desktop, text, size, ours != NULL, err);
	free(text);
	if (result == 0)
		update_cache(desktop);
	return result;
}

static int remove_entry(struct desktop *desktop, const char *typed, struct error *err)
{
	if (take_name(desktop, typed, err) < 0)
		return -1;
	if (!read_ours(desktop)) {
		if (errno != ENOENT && errno != ENOTDIR)
			return not_ours(desktop, err);
		fail_because(err, "there is no %s in %s", desktop->file, desktop->applications);
		return fail_remedy(err, "sandbox desktop list shows what there is");
	}
	const char *path =
		arena_printf(&desktop->arena, "%s/%s", desktop->applications, desktop->file);
	if (unlink(path) < 0)
		return fail(err, "remove %s", path);
	update_cache(desktop);
	return 0;
}

static int list(struct desktop *desktop, struct error *err)
{
	DIR *directory = opendir(desktop->applications);

	if (!directory)
		return errno == ENOENT ? 0 : fail(err, "read %s", desktop->applications);
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		const char *text;

		if (take_name(desktop, entry->d_name, err) < 0 ||
		    strcmp(desktop->file, entry->d_name) != 0 || !(text = read_ours(desktop)))
			continue;
		print_escaped(stdout, desktop->name);
		putchar('\t');
		print_escaped(stdout, entry_value(&desktop->arena, text, ENTRY_PROFILE));
		putchar('\t');
		const char *source = entry_value(&desktop->arena, text, ENTRY_SOURCE);
		print_escaped(stdout, source ? source : "");
		putchar('\n');
	}
	closedir(directory);
	return 0;
}

int cmd_desktop(int argc, char **argv, char **all)
{
	struct desktop desktop = {.applications = ""};
	const char *profile = "desktop", *typed = NULL, *verb = argc > 0 ? argv[0] : "";
	struct error err;
	int result;

	(void)all;
	for (char **word = argv + 1; argc > 0 && *word; word++) {
		const char *value =
			strcmp(verb, "install") == 0 ? cmd_value(&word, 0, "profile") : NULL;

		if (value)
			profile = value;
		else if (**word == '-' || typed)
			return cmd_usage(usage_text);
		else
			typed = *word;
	}
	bool listing = strcmp(verb, "list") == 0;
	if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0) {
		fputs(usage_text, stdout);
		return 0;
	}
	if ((listing ? typed != NULL : typed == NULL) ||
	    (!listing && strcmp(verb, "install") != 0 && strcmp(verb, "remove") != 0))
		return cmd_usage(usage_text);
	result = find_directory(&desktop, &err);
	if (result == 0)
		result = listing                       ? list(&desktop, &err)
			 : strcmp(verb, "remove") == 0 ? remove_entry(&desktop, typed, &err)
						       : install(&desktop, typed, profile, &err);
	arena_free(&desktop.arena);
	return result < 0 ? cmd_report(&err) : 0;
}
