/* A shell that is a sandbox: see cmd_sh.h. */
#include "cmd_sh.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "mark.h"

extern char **environ;

enum { MAX_ENVIRONMENT = 4 << 20 };

bool sh_is_called(const char *name)
{
	const char *slash = strrchr(name, '/');

	return strcmp(slash ? slash + 1 : name, "sandbox-sh") == 0;
}

bool sh_is_inside(void)
{
	char text[sizeof MARK_TEXT];
	ssize_t length = readlink("/dev/" MARK_NAME, text, sizeof text);

	return length == sizeof text - 1 && memcmp(text, MARK_TEXT, sizeof text - 1) == 0;
}

int sh_exec(char **argv, struct error *err)
{
	/* As sh names itself in its messages. */
	argv[0] = "sh";
	execv("/bin/sh", argv);
	return fail(err, "run /bin/sh");
}

static void add(struct sh_words *words, char *word)
{
	*ARENA_APPEND(&words->arena, words->words, words->count) = word;
}

static void add_option(struct sh_words *words, const char *option, const char *value)
{
	add(words, arena_printf(&words->arena, "--%s=%s", option, value));
}

/* --- variables --- */

static bool is_name(const char *entry)
{
	if (!isalpha((unsigned char)*entry) && *entry != '_')
		return false;
	while (isalnum((unsigned char)*entry) || *entry == '_')
		entry++;
	return *entry == '=';
}

static bool has_entry(const char *block, size_t size, const char *entry)
{
	for (size_t at = 0; at < size; at += strlen(block + at) + 1)
		if (strcmp(block + at, entry) == 0)
			return true;
	return false;
}

/* What was around the program that has started us; NULL where it cannot be read. */
static const char *read_parents(struct arena *arena, size_t *size)
{
	char path[40];

	snprintf(path, sizeof path, "/proc/%d/environ", (int)getppid());
	return read_file(arena, path, MAX_ENVIRONMENT, size);
}

/* Is the variable there, and not as the parent was given it? */
static bool parent_has_set(const char *block, size_t size, const char *name)
{
	size_t length = strlen(name);

	for (char **entry = environ; *entry; entry++)
		if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
			return !has_entry(block, size, *entry);
	return false;
}

/* Variables that speak between these programs and what they start. */
static bool is_spoken(const char *entry)
{
	static const char *const spoken[] = {"PATH=", "MAKEFLAGS=", "MFLAGS=",         "MAKELEVEL=",
					     "GIT_",  "PARALLEL_",  "SANDBOX_PROFILE="};

	for (size_t i = 0; i < sizeof spoken / sizeof *spoken; i++)
		if (strncmp(entry, spoken[i], strlen(spoken[i])) == 0)
			return true;
	return false;
}

/*
 * A recipe or script needs what its Makefile or npm exports to it, and not what was in the
 * environment that make or npm were started with: that is the user's, with its tokens. So what is
 * passed on is what the parent did not have in its own. This is asked only of a parent that is make
 * or npm, by the variable that it numbers or names its runs with: what a shell exports may be
 * anything.
 */
static void add_variables(struct sh_words *words)
{
	size_t size = 0;
	const char *block = read_parents(&words->arena, &size);
	bool exports = block && (parent_has_set(block, size, "MAKELEVEL") ||
				 parent_has_set(block, size, "npm_lifecycle_event"));

	for (char **entry = environ; *entry; entry++) {
		if (!is_name(*entry))
			continue;
		if (is_spoken(*entry) || (exports && !has_entry(block, size, *entry)))
			add_option(words, "env",
				   arena_strndup(&words->arena, *entry, strcspn(*entry, "=")));
	}
}

/* --- make's jobserver --- */

static bool is_fifo(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* "R,W": a pipe's two ends, when make has left them open for us; the numbers alone say nothing: for
 * a recipe without + they are somebody else's, or closed. */
static void add_pipe(struct sh_words *words, const char *text)
{
	int fds[2], end = 0;

	if (sscanf(text, "%d,%d%n", &fds[0], &fds[1], &end) != 2 || (text[end] && text[end] != ' '))
		return;
	if (fds[0] < 3 || fds[1] < 3 || !is_fifo(fds[0]) || !is_fifo(fds[1]))
		return;
	for (int i = 0; i < (fds[0] == fds[1] ? 1 : 2); i++)
		add(words, arena_printf(&words->arena, "--pass-fd=%d", fds[i]));
}

/* For an option's value, whose fields end at a colon. */
static char *escape(struct arena *arena, const char *path)
{
	char *text = arena_alloc(arena, strlen(path) * 2 + 1), *to = text;

	for (; *path; path++) {
		if (*path == ':' || *path == '\\')
			*to++ = '\\';
		*to++ = *path;
	}
	return text;
}

/* "fifo:PATH", of make 4.4: the caller's own, and nothing that a link would make of it. */
static void add_fifo(struct sh_words *words, const char *text)
{
	char *path = arena_strndup(&words->arena, text, strcspn(text, " "));
	struct stat st;

	if (*path != '/' || lstat(path, &st) < 0 || !S_ISFIFO(st.st_mode) || st.st_uid != getuid())
		return;
	add_option(words, "bind", escape(&words->arena, path));
}

static void add_jobserver(struct sh_words *words)
{
	static const char *const names[] = {"--jobserver-auth=", "--jobserver-fds="};
	const char *flags = getenv("MAKEFLAGS"), *last = NULL;

	for (size_t i = 0; flags && !last && i < sizeof names / sizeof *names; i++)
		for (const char *found = flags; (found = strstr(found, names[i]));) {
			found += strlen(names[i]);
			last = found; /* the last one counts */
		}
	if (last && strncmp(last, "fifo:", 5) == 0)
		add_fifo(words, last + 5);
	else if (last)
		add_pipe(words, last);
}

/* --- where a package's script finds its project --- */

/* npm runs a package's script in the package's directory, below the project's, and with its
 * neighbours in reach: those can be read, and the one directory written. */
static void add_project(struct sh_words *words)
{
	const char *project = getenv("INIT_CWD");
	size_t length = project ? strlen(project) : 0;
	char cwd[PATH_MAX];

	if (!getenv("npm_lifecycle_event") || length < 2 || *project != '/' ||
	    !getcwd(cwd, sizeof cwd) || strncmp(cwd, project, length) != 0 || cwd[length] != '/')
		return;
	add_option(words, "ro-bind", escape(&words->arena, project));
	add_option(words, "bind", escape(&words->arena, cwd));
}

/* --- what it is called by, inside too --- */

/* Is it in what a sandbox on / shows? */
static bool is_shown(const char *path)
{
	static const char *const shown[] = {"/usr/", "/bin/", "/sbin/", "/opt/", "/nix/", "/gnu/"};

	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		if (strncmp(path, shown[i], strlen(shown[i])) == 0)
			return true;
	return false;
}

/* A make inside will want the same SHELL, by the same path. */
static void add_program(struct sh_words *words, const char *called)
{
	const char *executed = (const char *)getauxval(AT_EXECFN);
	char real[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", real, sizeof real - 1);

	if (executed && sh_is_called(executed))
		called = executed;
	if (*called != '/' || is_shown(called) || length <= 0)
		return;
	real[length] = '\0';
	add(words, arena_printf(&words->arena, "--ro-bind=%s:%s", escape(&words->arena, real),
				escape(&words->arena, called)));
}

int sh_take(struct sh_words *words, int argc, char **argv, struct error *err)
{
	const char *profile = getenv("SANDBOX_PROFILE");

	if (profile && !*profile) {
		fail_because(err, "SANDBOX_PROFILE is empty");
		return fail_remedy(err, "name a profile (`sandbox profile list`), or unset it for "
					"the profile build");
	}
	add_option(words, "profile", profile ? profile : "build");
	if (!profile)
		add_project(words);
	add_program(words, argv[0]);
	add_jobserver(words);
	add_variables(words);
	add(words, "--");
	add(words, "/");
	add(words, "/bin/sh");
	for (int i = 1; i < argc; i++)
		add(words, argv[i]);
	add(words, NULL);
	words->count--;
	return 0;
}
