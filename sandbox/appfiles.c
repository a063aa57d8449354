/* A home, the user's directories and the arguments' files: see appfiles.h. XDG base directory
 * specification; xdg-user-dirs, user-dirs.dirs(5); RFC 8089 for file URIs. */
#include "appfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "parse.h"
#include "parse_bus.h"

static struct mount_op *add_mount(struct config *config, enum mount_kind kind, const char *source,
				  const char *target, enum option_id option)
{
	struct mount_op *op = ARENA_APPEND(&config->arena, config->mounts, config->mounts_count);

	*op = (struct mount_op){.kind = kind,
				.source = source,
				.target = target,
				.fd = -1,
				.mode = (mode_t)-1,
				.option = option,
				.origin = config_origin(config, option)};
	return op;
}

/* $VARIABLE, or IN_HOME below the home directory; NULL where neither is an absolute path. */
static const char *base_directory(struct arena *arena, const char *variable, const char *in_home)
{
	const char *base = getenv(variable), *home = getenv("HOME");

	if (base && base[0] == '/')
		return base;
	return home && home[0] == '/' ? arena_printf(arena, "%s/%s", home, in_home) : NULL;
}

/* --- home ------------------------------------------------------------------------------------ */

static int check_private(const char *path, struct error *err)
{
	int cleanup_fd fd = open_own_directory(path);

	if (fd < 0 && errno == ENOENT)
		return 0; /* it is made */
	if (fd < 0) {
		fail(err, "use %s as the command's home", path);
		return fail_remedy(err, "it has to be a directory of yours that nobody else can "
					"write to, and no link: move away what is there");
	}
	if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == 0)
		return 0;
	fail(err, "write to %s, the command's home", path);
	return fail_remedy(err, "make it writable, or give the command a home that is thrown "
				"away, with --home=tmp");
}

static int add_home(struct config *config, struct error *err)
{
	const char *name = config->application;
	struct arena *arena = &config->arena;

	if (config->home == HOME_NONE)
		return 0;
	if (config->home == HOME_TMP) {
		add_mount(config, MOUNT_TMPFS, NULL, APPLICATION_HOME, OPT_HOME)->mode = 0700;
		return 0;
	}
	const char *reason = parse_sandbox_name(name);
	if (reason) {
		fail_because(err, "cannot call the command's home '%s': %s", name, reason);
		return fail_remedy(err, "choose another with --application=NAME");
	}
	const char *data = base_directory(arena, "XDG_DATA_HOME", ".local/share");
	if (!data) {
		fail_because(err, "there is no place for the command's home: neither "
				  "XDG_DATA_HOME nor HOME is set");
		return fail_remedy(err, "set one of them, or say --home=tmp");
	}
	const char *path = arena_printf(arena, "%s/sandbox/home/%s", data, name);
	if (check_private(path, err) < 0)
		return -1;
	add_mount(config, MOUNT_BIND, path, APPLICATION_HOME, OPT_HOME)->create = true;
	return 0;
}

/* --- downloads, documents -------------------------------------------------------------------- */

/* The value of a line KEY="$HOME/Name" or KEY="/name"; NULL for another line. '\' before a
 * character makes it that. */
static const char *user_line(struct arena *arena, const char *line, const char *key)
{
	const char *home = getenv("HOME");
	size_t length = strlen(key);

	line += strspn(line, " \t");
	if (strncmp(line, key, length) != 0 || strncmp(line + length, "=\"", 2) != 0)
		return NULL;
	char *value = arena_strndup(arena, line + length + 2, strcspn(line + length + 2, "\n"));
	char *to = value;
	for (const char *from = value; *from && *from != '"'; from++) {
		if (*from == '\\' && from[1])
			from++;
		*to++ = *from;
	}
	*to = '\0';
	if (strncmp(value, "$HOME", 5) == 0 && (value[5] == '/' || !value[5]) && home)
		return arena_printf(arena, "%s%s", home, value + 5);
	return value[0] == '/' ? value : NULL;
}

static const char *user_directory(struct arena *arena, const char *key, const char *in_home)
{
	enum { MAX_SIZE = 1 << 16 };
	const char *settings = base_directory(arena, "XDG_CONFIG_HOME", ".config");
	const char *home = getenv("HOME"), *found = NULL, *value;
	const char *text =
		settings ? read_file(arena, arena_printf(arena, "%s/user-dirs.dirs", settings),
				     MAX_SIZE, NULL)
			 : NULL;

	for (const char *line = text; line && *line; line = *line ? line + 1 : line) {
		if ((value = user_line(arena, line, key)))
			found = value;
		line += strcspn(line, "\n");
	}
	if (found)
		return found;
	return home && home[0] == '/' ? arena_printf(arena, "%s/%s", home, in_home) : NULL;
}

static int add_directory(struct config *config, const struct user_directory *wanted,
			 enum option_id option, const char *key, const char *name,
			 struct error *err)
{
	struct arena *arena = &config->arena;
	enum mount_kind kind = wanted->read_only ? MOUNT_RO_BIND : MOUNT_BIND;
	struct stat st;

	if (!wanted->wanted)
		return 0;
	const char *path = wanted->path ? wanted->path : user_directory(arena, key, name);
	if (!path)
		return fail_because(err, "--%s: HOME is not set, so there is no such directory",
				    option_name(option));
	char *target = arena_strdup(arena, path);
	const char *reason = parse_inside_path(target);
	if (reason)
		return fail_because(err, "--%s '%s': %s", option_name(option), path, reason);
	bool there = stat(path, &st) == 0, make = !there && errno == ENOENT && !wanted->path;
	if (there && !S_ISDIR(st.st_mode))
		errno = ENOTDIR;
	if (!make && (!there || !S_ISDIR(st.st_mode))) {
		fail(err, "show the directory %s (--%s)", path, option_name(option));
		return fail_remedy(err, "make it, or name another: --%s=DIR", option_name(option));
	}
	add_mount(config, kind, target, target, option)->create = make;
	/* Where programs look for it by themselves. */
	if (config->home != HOME_NONE)
		add_mount(config, kind, target, arena_printf(arena, APPLICATION_HOME "/%s", name),
			  option)
			->create = make;
	return 0;
}

/* --- arguments ------------------------------------------------------------------------------- */

/* Below these a name means what is inside: the root file system's own, and the kernel's. */
static bool is_roots_own(const char *path)
{
	static const char *const names[] = {"/bin",  "/boot",  "/dev",   "/etc", "/gnu",
					    "/lib",  "/lib32", "/lib64", "/nix", "/opt",
					    "/proc", "/sbin",  "/sys",   "/usr"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t length = strlen(names[i]);

		if (strncmp(path, names[i], length) == 0 && (path[length] == '/' || !path[length]))
			return true;
	}
	return false;
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 32) : NULL;

	return at && (c >= 'A' || c <= '9') ? (int)(at - digits) : -1;
}

/* The path in file:///PATH or file://localhost/PATH; NULL for anything else. */
static const char *path_of_uri(struct arena *arena, const char *text)
{
	if (strncmp(text, "file://", 7) != 0)
		return NULL;
	text += 7;
	if (strncmp(text, "localhost/", 10) == 0)
		text += 9;
	if (*text != '/')
		return NULL;
	char *path = arena_strdup(arena, text), *to = path;
	for (const char *from = text; *from && *from != '?' && *from != '#'; from++) {
		int high = *from == '%' ? hex(from[1]) : -1, low = high < 0 ? -1 : hex(from[2]);

		if (*from == '%' && (low < 0 || high + low == 0))
			return NULL;
		*to++ = *from == '%' ? (char)(high * 16 + low) : *from;
		from += *from == '%' ? 2 : 0;
	}
	*to = '\0';
	return path;
}

/*
 * What an argument is in, made where nothing else shows it: with nothing else in it, and not to be
 * written. A file that the command made there would be lost, and editors that put a new file in the
 * place of an old one, which cannot be done with one that is bound, write into the old one where
 * they can make no other.
 */
static void add_closed_directory(struct config *config, const char *path)
{
	if (*path && strcmp(path, "/") != 0 && !is_roots_own(path))
		add_mount(config, MOUNT_MKDIR, NULL, path, OPT_AUTO_ARGS)->mode = 0555;
}

struct arguments {
	struct config *config;
	char cwd[PATH_MAX]; /* empty: relative names say nothing */
	bool relative;      /* one was bound */
};

static void add_note(struct config *config, const char *text)
{
	config->note = arena_printf(&config->arena, "%s%s%s", config->note ? config->note : "",
				    config->note ? "\n" : "", text);
}

/* A name that might have been meant for a file to come: said, for the command cannot make it. */
static void note_missing(struct arguments *arguments, const char *path, const char *word, bool last)
{
	struct config *config = arguments->config;
	char *above = arena_strdup(&config->arena, path);
	struct stat st;

	if (strncmp(word, "file:", 5) != 0 &&
	    ((!strpbrk(word, "/.") && !last) || strpbrk(word, ";|&<>$\n")))
		return;
	*strrchr(above, '/') = '\0';
	if (stat(*above ? above : "/", &st) < 0 || !S_ISDIR(st.st_mode) || is_roots_own(path))
		return;
	add_note(config, arena_printf(&config->arena,
				      "%s does not exist, and would not be kept: make it first, or "
				      "bind its directory",
				      path));
}

/* text is the word, or what stands behind its '='. */
static int take_argument(struct arguments *arguments, const char *text, const char *word, bool last,
			 struct error *err)
{
	struct config *config = arguments->config;
	const char *uri = path_of_uri(&config->arena, text), *name = uri ? uri : text;
	char source[PATH_MAX];
	struct stat st;

	if (!*name || (name[0] != '/' && !arguments->cwd[0]) ||
	    parse_host_path(arguments->cwd, name, source, sizeof source))
		return 0;
	if (stat(source, &st) < 0) {
		/* A link that leads nowhere is no file either. */
		if (errno == ENOENT && text == word)
			note_missing(arguments, source, word, last);
		return 0;
	}
	if ((!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) || is_roots_own(source))
		return 0;
	char *target = arena_strdup(&config->arena, source);
	const char *reason = parse_inside_path(target);
	if (reason || strcmp(target, "/") == 0) {
		fail_because(err, "will not show the argument '%s' inside: %s", text,
			     reason ? reason : "the root inside is ROOTFS");
		return fail_remedy(err, "name the file or directory itself");
	}
	char *above = arena_strdup(&config->arena, target);
	*strrchr(above, '/') = '\0';
	add_closed_directory(config, above);
	add_mount(config, config->auto_args == AUTO_ARGS_RW ? MOUNT_BIND : MOUNT_RO_BIND, target,
		  target, OPT_AUTO_ARGS);
	arguments->relative |= name[0] != '/';
	return 0;
}

static int add_arguments(struct config *config, struct error *err)
{
	struct arguments arguments = {.config = config};
	bool operands = false; /* behind "--" */

	if (config->auto_args == AUTO_ARGS_NO)
		return 0;
	/* Relative names are those of the working directory, which has to be the same inside. */
	if (!getcwd(arguments.cwd, sizeof arguments.cwd) || arguments.cwd[0] != '/' ||
	    (config->workdir && strcmp(config->workdir, arguments.cwd) != 0))
		arguments.cwd[0] = '\0';
	for (size_t i = 1; i < config->command_count; i++) {
		const char *word = config->command[i], *text = word;
		bool last = i + 1 == config->command_count;

		if (word[0] == '-' && !operands) {
			operands = strcmp(word, "--") == 0;
			text = strchr(word, '=');
			text = text ? text + 1 : "";
		}
		if (take_argument(&arguments, text, word, last, err) < 0)
			return -1;
	}
	if (config->workdir || !arguments.cwd[0] || is_roots_own(arguments.cwd) ||
	    strcmp(arguments.cwd, "/") == 0)
		return 0;
	config->workdir = arena_strdup(&config->arena, arguments.cwd);
	config->origin[OPT_WORKDIR] = config_origin(config, OPT_AUTO_ARGS);
	add_closed_directory(config, config->workdir);
	return 0;
}

/* --- files that are chosen outside ------------------------------------------------------------ */

/* The rule by which the command may have a portal open a dialog, or NULL. */
static const struct bus_rule *portal_rule(const struct config *config)
{
	for (size_t i = 0; i < config->bus_rules_count; i++) {
		const struct bus_rule *rule = &config->bus_rules[i];

		if (!rule->system && (rule->grant == BUS_TALK || rule->grant == BUS_CALL) &&
		    bus_rule_covers(rule, "org.freedesktop.portal.Desktop"))
			return rule;
	}
	return NULL;
}

/*
 * Of what is chosen in a portal's dialog the command hears a path of the document portal's, which
 * has a directory for each application with what was given to that one: it is shown where the path
 * says. It is there for whatever name, before anything was given.
 */
static void add_documents(struct config *config)
{
	const struct bus_rule *rule = portal_rule(config);
	struct arena *arena = &config->arena;
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	const char *target = arena_printf(arena, "/run/user/%u/doc", (unsigned)getuid());

	if (!rule)
		return;
	for (size_t i = 0; i < config->mounts_count; i++)
		if (strcmp(config->mounts[i].target, target) == 0)
			return; /* the caller has seen to it */
	const char *source =
		arena_printf(arena, "%s/doc/by-app/%s", runtime && *runtime == '/' ? runtime : "",
			     bus_application(arena, config->application));
	if (access(source, R_OK | X_OK) == 0)
		add_mount(config, MOUNT_BIND, source, target, OPT_DBUS)->origin = rule->origin;
	else
		add_note(config, "the document portal (xdg-document-portal) is not there: what is "
				 "chosen in a dialog of a portal's is not shown to the command; "
				 "bind its directory");
}

int appfiles_apply(struct config *config, struct error *err)
{
	size_t before = config->mounts_count;

	if (add_home(config, err) < 0)
		return -1;
	/* Below all others, which may be meant to be in it. */
	if (config->mounts_count > before) {
		struct mount_op home = config->mounts[before];

		memmove(config->mounts + 1, config->mounts, before * sizeof *config->mounts);
		config->mounts[0] = home;
	}
	if (add_directory(config, &config->downloads, OPT_DOWNLOADS, "XDG_DOWNLOAD_DIR",
			  "Downloads", err) < 0 ||
	    add_directory(config, &config->documents, OPT_DOCUMENTS, "XDG_DOCUMENTS_DIR",
			  "Documents", err) < 0)
		return -1;
	add_documents(config);
	return add_arguments(config, err);
}
