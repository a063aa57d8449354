/*
 * `sandbox rootfs create|import|list|rm`. What reads an archive is the helper `import`, in a user
 * namespace of its own (mapped.h) and confined to the new directory; what makes a Debian is the
 * helper `rootfs-tar`, a plain user's mmdebstrap, whose output goes to the same importer. A root
 * file system gets its name when all of it is there.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cmd.h"
#include "files.h"
#include "mapped.h"
#include "store.h"
#include "store_remove.h"

extern char **environ;

static const char usage_text[] =
	"usage: sandbox rootfs create busybox|debian|ubuntu|SUITE [NAME] [OPTIONS]\n"
	"       sandbox rootfs import FILE|DIR|- [NAME] [OPTIONS]\n"
	"       sandbox rootfs list\n"
	"       sandbox rootfs rm NAME...\n"
	"\n"
	"create:  --include=PACKAGE,...   more packages than the minimum\n"
	"         --suite=SUITE           another release than this machine's\n"
	"         --mirror=URL            another archive than this machine's apt uses\n"
	"import:  FILE is a tar (plain, gz, xz, zstd), an archive of `docker save` or `podman "
	"save`, or an\n"
	"         OCI layout as a tar or directory; - is standard input\n"
	"         --squash                all files become root's: for those who have no range of "
	"ids\n"
	"         --image=NAME            which one, of an archive or layout with several\n"
	"         --ids=caller|subordinate   whose root's files are outside (caller)\n"
	"         --max-size=SIZE --max-files=N   refuse what is larger (32g, 4000000)\n";

/* A root file system in the making. */
struct making {
	struct arena arena;
	int store, directory;
	char temporary[STORE_TEMPORARY];
	const char *name;
	char **options; /* for the helper */
	size_t options_count;
	int source; /* what the importer reads */
};

static int begin(struct making *making, const char *name, struct error *err)
{
	const char *reason = store_name_reason(name);

	making->name = name;
	if (reason) {
		fail_because(err, "a root file system cannot be called '%s': %s", name, reason);
		return fail_remedy(err, "give a NAME behind it");
	}
	making->store = store_open(&making->arena, STORE_ROOTFS, true, NULL, err);
	if (making->store < 0)
		return -1;
	store_sweep(making->store);
	if (faccessat(making->store, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		fail_because(err, "there is a root file system called %s already", name);
		return fail_remedy(err, "choose another NAME, or run: sandbox rootfs rm %s", name);
	}
	store_temporary_name(making->temporary, "new");
	if (mkdirat(making->store, making->temporary, 0700) < 0)
		return fail(err, "make a directory in the store");
	making->directory = openat(making->store, making->temporary,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (making->directory < 0 || flock(making->directory, LOCK_EX | LOCK_NB) < 0)
		return fail(err, "hold the directory in the store");
	return 0;
}

static int end(struct making *making, int status, struct error *err)
{
	/* Over one that somebody else has made meanwhile, which is not empty, this fails. */
	if (status == 0 &&
	    renameat(making->store, making->temporary, making->store, making->name) < 0)
		status = fail(err, "give the root file system the name %s", making->name);
	if (status != 0 && making->directory >= 0) {
		struct error ignored;

		store_remove(making->store, making->temporary, &ignored);
	}
	close_cleanup(&making->store);
	close_cleanup(&making->directory);
	close_cleanup(&making->source);
	int result = status < 0 ? cmd_report(err) : status;
	arena_free(&making->arena);
	return result;
}

enum { DIRECTORY_FD = 3 };

/* In the user namespace: descriptor 0 is the source, 3 the directory. */
static int exec_importer(void *data)
{
	const struct making *making = data;
	struct error err;

	if (mapped_pass(making->source, STDIN_FILENO) < 0 ||
	    mapped_pass(making->directory, DIRECTORY_FD) < 0)
		return EXIT_SANDBOX;
	execve(making->options[0], making->options, environ);
	fail(&err, "run %s", making->options[0]);
	fail_remedy(&err, "install the whole program: make install");
	error_print(stderr, &err);
	return EXIT_SANDBOX;
}

static void add_option(struct making *making, const char *option)
{
	*ARENA_APPEND(&making->arena, making->options, making->options_count) = (char *)option;
}

static int import(struct making *making, const char *source, bool subordinate, int group,
		  struct error *err)
{
	int64_t ids = mapped_ids(err);

	if (ids < 0)
		return -1;
	if (subordinate && ids < 2)
		return fail_because(err, "--ids=subordinate needs a range of subordinate ids");
	add_option(making, arena_printf(&making->arena, "--source=%s", source));
	add_option(making, arena_printf(&making->arena, "--count=%lld",
					(long long)ids - (subordinate ? 1 : 0)));
	add_option(making, subordinate ? "--ids=subordinate" : "--ids=caller");
	add_option(making, NULL);
	struct mapped mapped = {.function = exec_importer,
				.data = making,
				.subordinate = subordinate,
				.group = group};
	return mapped_run(&mapped, err);
}

/* --- create --- */

static pid_t start_maker(struct making *making, char *const argv[], struct error *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	pid_t pid = -1;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, "make a pipe");
	/* A group of its own, to be ended as a whole. */
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	errno = posix_spawn(&pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	making->source = ends[0];
	int number = errno;
	close(ends[1]);
	errno = number;
	return number ? fail(err, "run %s", argv[0]) : pid;
}

static int create(struct making *making, char **words, const char *source, struct error *err)
{
	pid_t maker = start_maker(making, words, err);
	int made = 0;

	if (maker < 0)
		return -1;
	int status = import(making, source, false, maker, err);
	if (status != 0)
		kill(-maker, SIGTERM);
	/* A maker that writes more than was read ends by that. */
	close_cleanup(&making->source);
	making->source = -1;
	while (waitpid(maker, &made, 0) < 0 && errno == EINTR)
		;
	if (status <= EXIT_SANDBOX && WIFEXITED(made) && WEXITSTATUS(made)) {
		fail_because(err, "the root file system %s could not be made", making->name);
		status = fail_remedy(err, "why stands above; nothing of it is left");
	}
	return status;
}

static int command_create(int argc, char **argv)
{
	struct making making = {.store = -1, .directory = -1, .source = -1};
	const char *kind = NULL, *name = NULL, *source = "create";
	struct error err = {0};
	char **words = NULL;
	size_t count = 0;

	/* So that it ends when we are killed. */
	static char *const tie[] = {"/usr/bin/setpriv", "--pdeathsig", "TERM", "--"};
	for (size_t i = 0; i < sizeof tie / sizeof *tie; i++)
		*ARENA_APPEND(&making.arena, words, count) = tie[i];
	*ARENA_APPEND(&making.arena, words, count) =
		(char *)mapped_helper(&making.arena, "rootfs-tar");
	for (int i = 0; i < argc; i++) {
		source = arena_printf(&making.arena, "%s %s", source, argv[i]);
		if (argv[i][0] != '-' && kind && !name) {
			name = argv[i];
			continue;
		}
		if (argv[i][0] != '-')
			kind = kind ? "" : argv[i];
		*ARENA_APPEND(&making.arena, words, count) = argv[i];
	}
	*ARENA_APPEND(&making.arena, words, count) = NULL;
	if (!kind || !*kind) {
		fputs(usage_text, stderr);
		return EXIT_SANDBOX;
	}
	add_option(&making, mapped_helper(&making.arena, "import"));
	add_option(&making, "--of-maker");
	int status = begin(&making, name ? name : kind, &err);
	if (status == 0)
		status = create(&making, words, source, &err);
	return end(&making, status, &err);
}

/* --- import --- */

/* alpine-3.20.tar.gz is alpine-3.20. */
static const char *name_of(struct arena *arena, const char *path)
{
	static const char *const ends[] = {".gz",  ".xz",  ".zst", ".bz2", ".tgz",
					   ".txz", ".tar", ".oci", ".tbz"};
	char *name = arena_strdup(arena, path);

	while (*name && name[strlen(name) - 1] == '/')
		name[strlen(name) - 1] = '\0';
	name = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	for (size_t i = 0; i < 2 * (sizeof ends / sizeof *ends); i++) {
		const char *ending = ends[i % (sizeof ends / sizeof *ends)];
		size_t length = strlen(name), cut = strlen(ending);

		if (length > cut && strcmp(name + length - cut, ending) == 0)
			name[length - cut] = '\0';
	}
	return name;
}

static int open_source(struct making *making, const char *file, struct error *err)
{
	making->source = strcmp(file, "-") == 0
				 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 4)
				 : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (making->source < 0)
		return fail(err, "read %s", file);
	return fcntl(making->source, F_SETFL, 0) < 0 ? fail(err, "read %s", file) : 0;
}

static int command_import(int argc, char **argv)
{
	struct making making = {.store = -1, .directory = -1, .source = -1};
	const char *file = NULL, *name = NULL;
	bool subordinate = false, wrong = false;
	struct error err = {0};

	add_option(&making, mapped_helper(&making.arena, "import"));
	for (int i = 0; i < argc; i++) {
		bool option = argv[i][0] == '-' && argv[i][1];

		if (option && strncmp(argv[i], "--ids=", 6) == 0) {
			subordinate = strcmp(argv[i] + 6, "subordinate") == 0;
			wrong |= !subordinate && strcmp(argv[i] + 6, "caller") != 0;
		} else if (option) {
			add_option(&making, argv[i]);
		} else if (!file) {
			file = argv[i];
		} else {
			wrong |= name != NULL;
			name = argv[i];
		}
	}
	if (!file || wrong || (!name && strcmp(file, "-") == 0)) {
		fputs(usage_text, stderr);
		arena_free(&making.arena);
		return EXIT_SANDBOX;
	}
	int status = open_source(&making, file, &err);
	if (status == 0)
		status = begin(&making, name ? name : name_of(&making.arena, file), &err);
	if (status == 0)
		status = import(&making, arena_printf(&making.arena, "import %s", file),
				subordinate, 0, &err);
	return end(&making, status, &err);
}

/* --- list --- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void list_one(int store, const char *name, struct arena *arena)
{
	struct record record = {0};
	int cleanup_fd entry = openat(store, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (entry < 0 || record_read(&record, arena, entry, "record") < 0)
		return;
	const char *created = record_get(&record, "created"),
		   *source = record_get(&record, "source");
	const char *ids = record_get(&record, "ids");

	printf("%-20s  %-16s  %-11s  ", name, created ? created : "", ids ? ids : "");
	print_escaped(stdout, source ? source : "");
	putchar('\n');
}

static int command_list(void)
{
	struct arena arena = {NULL};
	struct error err = {0};
	const char **names = NULL;
	size_t count = 0;
	int store = store_open(&arena, STORE_ROOTFS, false, NULL, &err);

	if (store < 0) {
		arena_free(&arena);
		return err.number == ENOENT ? 0 : cmd_report(&err);
	}
	DIR *stream = fdopendir(store);
	for (struct dirent *entry; stream && (entry = readdir(stream));)
		if (!store_name_reason(entry->d_name))
			*ARENA_APPEND(&arena, names, count) = arena_strdup(&arena, entry->d_name);
	if (count)
		qsort(names, count, sizeof *names, by_name);
	for (size_t i = 0; i < count; i++)
		list_one(store, names[i], &arena);
	if (stream)
		closedir(stream);
	arena_free(&arena);
	return 0;
}

/* --- rm --- */

/* A kept layer says nothing without what it lies over. */
static int check_layers(struct arena *arena, const char *name, struct error *err)
{
	struct error none;
	int store = store_open(arena, STORE_LAYERS, false, NULL, &none), result = 0;
	DIR *stream = store < 0 ? NULL : fdopendir(store);

	for (struct dirent *entry; stream && result == 0 && (entry = readdir(stream));) {
		struct record record = {0};
		int cleanup_fd layer = openat(store, entry->d_name,
					      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (store_name_reason(entry->d_name) || layer < 0 ||
		    record_read(&record, arena, layer, "record") < 0)
			continue;
		const char *over = record_get(&record, "rootfs");
		if (!over || strcmp(over, name) != 0)
			continue;
		fail_because(err, "cannot remove %s: the layer %s lies over it", name,
			     entry->d_name);
		result =
			fail_remedy(err, "drop the layer first: sandbox discard %s", entry->d_name);
	}
	if (stream)
		closedir(stream);
	return result;
}

static int remove_one(struct arena *arena, int store, const char *name, struct error *err)
{
	int cleanup_fd entry = store_open_entry(store, STORE_ROOTFS, name, err);

	if (entry < 0 || store_lock(entry, true, "remove", STORE_ROOTFS, name, err) < 0 ||
	    check_layers(arena, name, err) < 0)
		return -1;
	return store_remove(store, name, err);
}

int rootfs_command(int argc, char **argv)
{
	const char *verb = argc > 0 ? argv[0] : "";

	if (strcmp(verb, "create") == 0 && argc > 1)
		return command_create(argc - 1, argv + 1);
	if (strcmp(verb, "import") == 0 && argc > 1)
		return command_import(argc - 1, argv + 1);
	if (strcmp(verb, "list") == 0 && argc == 1)
		return command_list();
	if (strcmp(verb, "rm") == 0 && argc > 1)
		return store_each(STORE_ROOTFS, "root file system", argc - 1, argv + 1, remove_one);
	if (strcmp(verb, "--help") == 0) {
		fputs(usage_text, stdout);
		return 0;
	}
	fputs(usage_text, stderr);
	return EXIT_SANDBOX;
}
