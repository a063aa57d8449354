/* The verbs, and the walk of one launch: command line, profile, config, host, plan, supervisor. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "error.h"
#include "files.h"
#include "host.h"
#include "options.h"
#include "plan.h"
#include "profile.h"
#include "supervisor.h"

extern char **environ;

#define COMMAND_LINE_NEXT "run: sandbox --help"

/* Where the kernel shows argv and the environment (/proc/PID/cmdline, environ): one piece of
 * memory. */
static size_t arguments_size(char **argv)
{
	char *end = argv[0];

	for (char **word = argv; *word; word++)
		if (*word == end)
			end += strlen(end) + 1;
	for (char **word = environ; *word; word++)
		if (*word == end)
			end += strlen(end) + 1;
	return (size_t)(end - argv[0]);
}

static int report(const struct error *err)
{
	error_print(stderr, err);
	return err->status ? err->status : EXIT_SANDBOX;
}

static int show(const struct command_line *line)
{
	if (line->help)
		options_print_help(stdout);
	else
		puts("sandbox " VERSION);
	return 0;
}

/* What follows the options: ROOTFS, and the command, which config_check fills in when there is
 * none. */
static int take_command(struct config *config, const struct command_line *line, struct error *err)
{
	if (line->rest_count < 1) {
		fail_because(
			err,
			"no root file system given: sandbox [OPTIONS] ROOTFS [COMMAND [ARG...]]");
		return fail_remedy(
			err,
			"name a directory, or / for the host's own programs; " COMMAND_LINE_NEXT);
	}
	config->rootfs = line->rest[0];
	config->command = line->rest + 1;
	config->command_count = (size_t)line->rest_count - 1;
	return 0;
}

static int configure(struct config *config, const struct command_line *line, int argc, char **argv,
		     struct error *err)
{
	config->profile = line->profile ? line->profile : "default";
	if (profile_apply(config, config->profile, err) < 0 ||
	    options_apply(config, argc, argv, err) < 0 || take_command(config, line, err) < 0)
		return -1;
	return config_check(config, err);
}

/* Plan it and carry it out, or print what would be done. */
static int launch(const struct config *config, char **argv, struct error *err)
{
	struct host host = {.user = NULL};
	struct plan plan = {.config = config};
	int status = -1;

	if (host_probe(&host, config, err) == 0 &&
	    plan_make(&plan, config, &host, environ, err) == 0) {
		if (config->dry_run || config->verbose)
			plan_print(&plan, config->dry_run ? stdout : stderr);
		else if (plan.note)
			fprintf(stderr, "sandbox: note: %s\n", plan.note);
		status = config->dry_run
				 ? 0
				 : supervisor_run(&plan, argv[0], arguments_size(argv), err);
	}
	plan_free(&plan);
	host_free(&host);
	return status;
}

static int run(int argc, char **argv, char **all)
{
	struct command_line line = {.profile = NULL};
	struct config config = {.profile = NULL};
	struct error err;
	int status = -1;

	if (options_scan(argc, argv, &line, &err) < 0)
		return report(&err);
	if (line.help || line.version)
		return show(&line);
	if (configure(&config, &line, argc, argv, &err) == 0)
		status = launch(&config, all, &err);
	config_free(&config);
	return status < 0 ? report(&err) : status;
}

static int profile(int argc, char **argv, char **all)
{
	(void)all;
	return profile_command(argc, argv, stdout);
}

static int not_yet(int argc, char **argv, char **all)
{
	struct error err;

	(void)argc;
	(void)argv;
	fail_because(&err, "there is no `sandbox %s` in this version", all[1]);
	fail_remedy(&err, "for a directory of that name, write ./%s", all[1]);
	return report(&err);
}

/* A directory with the name of a verb is written ./NAME. Those that later versions will have are
 * taken already, so that what a script means by them does not change. */
static const struct {
	const char *name;
	int (*run)(int argc, char **argv, char **all);
} verbs[] = {
	{"run", run},       {"profile", profile}, {"exec", not_yet},    {"ps", not_yet},
	{"kill", not_yet},  {"wait", not_yet},    {"logs", not_yet},    {"rm", not_yet},
	{"diff", not_yet},  {"commit", not_yet},  {"discard", not_yet}, {"rootfs", not_yet},
	{"learn", not_yet}, {"doctor", not_yet},  {"oci", not_yet},
};

/* A closed standard descriptor would be handed out again, to a file of ours; a directory would be a
 * way back to the host (openat(0, "..")). */
static int check_standard_descriptors(struct error *err)
{
	struct stat st;

	for (int fd = 0; fd <= 2; fd++) {
		if (fstat(fd, &st) < 0) {
			if (errno != EBADF || open("/dev/null", O_RDWR) < 0)
				return fail(err, "use standard descriptor %d", fd);
		} else if (S_ISDIR(st.st_mode)) {
			return fail_because(err,
					    "standard descriptor %d is a directory, which would "
					    "lead out of the "
					    "sandbox",
					    fd);
		}
	}
	return 0;
}

/*
 * A hostile ROOTFS can have its command be a link or a script's #! to /proc/self/exe, which at that
 * exec is still this program, the host's file; what we then run on its behalf could change that
 * file (CVE-2019-5736). Inside, no_new_privs is set and the file is not at its own path.
 */
static int check_not_inside(struct error *err)
{
	char path[PATH_MAX];
	struct stat ours, there;

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
		return 0;
	ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
	int cleanup_fd top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	path[length > 0 ? length : 0] = '\0';
	int cleanup_fd fd = length > 0 ? open_in_no_links(top, path, O_PATH) : -1;
	if (fd >= 0 && fstat(fd, &there) == 0 && stat("/proc/self/exe", &ours) == 0 &&
	    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
		return 0;
	fail_because(err,
		     "this program is not there at %s, and no_new_privs is set: a root file system "
		     "may have "
		     "started it through /proc/self/exe",
		     *path ? path : "its own path");
	return -1;
}

/* What was to be printed and could not be is no success. */
static int check_output(int status)
{
	struct error err;

	if (status != 0 || (fflush(stdout) == 0 && !ferror(stdout)))
		return status;
	fail(&err, "write the output");
	return report(&err);
}

int main(int argc, char **argv)
{
	struct error err;

	if (check_not_inside(&err) < 0 || check_standard_descriptors(&err) < 0)
		return report(&err);
	if (argc < 1)
		return EXIT_SANDBOX;
	for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return check_output(verbs[i].run(argc - 2, argv + 2, argv));
	return check_output(run(argc - 1, argv + 1, argv));
}
