/* The verbs, and the walk of one launch: command line, profile, config, host, plan, supervisor. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appfiles.h"
#include "cmd.h"
#include "cmd_learn.h"
#include "cmd_sh.h"
#include "config.h"
#include "detach.h"
#include "error.h"
#include "files.h"
#include "host.h"
#include "options.h"
#include "plan.h"
#include "profile.h"
#include "store.h"
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
	return error_status(err);
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
	    options_apply(config, argc, argv, err) < 0 || take_command(config, line, err) < 0 ||
	    store_use(config, err) < 0)
		return -1;
	return config_check(config, err) < 0 ? -1 : appfiles_apply(config, err);
}

static void say_refusal(const char *refusal)
{
	fputs("sandbox: note: ", stderr);
	print_escaped(stderr, refusal);
	fputs("; fuse-overlayfs makes the layer instead, and files are slower\n", stderr);
}

/* refusal: why the kernel makes no layer, when it has been tried. */
static int launch_once(const struct config *config, const char *refusal, char **argv,
		       struct error *err)
{
	struct host host = {.overlay_refusal = refusal};
	struct plan plan = {.config = config};
	int status = -1;

	if (host_probe(&host, config, err) == 0 &&
	    plan_make(&plan, config, &host, environ, err) == 0) {
		if (config->dry_run || config->verbose)
			plan_print(&plan, config->dry_run ? stdout : stderr);
		else if (plan.note && !refusal) {
			fputs("sandbox: ", stderr);
			plan_print_note(plan.note, stderr);
		}
		if (refusal)
			say_refusal(refusal);
		const struct launch_place place = {
			.arguments = argv[0],
			.size = arguments_size(argv),
			.output = -1,
			.ready = -1,
		};

		status = config->dry_run  ? 0
			 : config->detach ? detach_run(&plan, &place, err)
					  : supervisor_run(&plan, &place, err);
	}
	plan_free(&plan);
	host_free(&host);
	return status;
}

/* Plan it and carry it out, or print what would be done. Whether the kernel makes a layer here
 * shows when it is to make one. */
static int launch(const struct config *config, char **argv, struct error *err)
{
	sigset_t mask;

	err->again = false;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	int status = launch_once(config, NULL, argv, err);
	if (status < 0 && err->again) {
		char refusal[sizeof err->text];

		memcpy(refusal, err->text, sizeof refusal);
		sigprocmask(SIG_SETMASK, &mask, NULL);
		status = launch_once(config, refusal, argv, err);
	}
	return status;
}

/* learning: NULL, or what stands before the run and behind it. */
static int run_with(struct learning *learning, int argc, char **argv, char **all)
{
	struct command_line line = {.profile = NULL};
	struct config config = {.profile = NULL};
	struct error err;
	int status = -1;

	if (options_scan(argc, argv, &line, &err) < 0)
		return report(&err);
	if (line.help || line.version)
		return show(&line);
	if (learning) {
		learn_begin(learning, &config);
		line.profile = learning->check ? learning->check : line.profile;
	}
	if (configure(&config, &line, argc, argv, &err) == 0 &&
	    (!learning || learn_check(learning, &config, &err) == 0))
		status = launch(&config, all, &err);
	if (learning && status >= 0 && learn_end(learning, &config, status, &err) < 0)
		status = -1;
	config_free(&config);
	return status < 0 ? report(&err) : status;
}

static int run(int argc, char **argv, char **all)
{
	return run_with(NULL, argc, argv, all);
}

static int learn(int argc, char **argv, char **all)
{
	struct learning learning;
	struct error err;
	int status = -1;

	if (learn_take(&learning, &argc, &argv, &err) < 0)
		status = report(&err);
	else
		status = run_with(&learning, argc, argv, all);
	learn_close(&learning);
	return status;
}

static int rootfs(int argc, char **argv, char **all)
{
	(void)all;
	return rootfs_command(argc, argv);
}

static int layer(int argc, char **argv, char **all)
{
	return layer_command(all[1], argc, argv);
}

/* sandbox-sh: /bin/sh, in a sandbox where there is none around it yet. */
static int shell(int argc, char **argv)
{
	struct sh_words words = {.words = NULL};
	struct error err;

	if (sh_is_inside())
		return sh_exec(argv, &err) < 0 ? report(&err) : 0;
	if (sh_take(&words, argc, argv, &err) < 0)
		return report(&err);
	int status = run((int)words.count, words.words, argv);
	arena_free(&words.arena);
	return status;
}

/* A directory with the name of a verb is written ./NAME. */
static const struct {
	const char *name;
	int (*run)(int argc, char **argv, char **all);
} verbs[] = {
	{"run", run},       {"profile", cmd_profile}, {"exec", cmd_exec},
	{"ps", cmd_ps},     {"kill", cmd_kill},       {"wait", cmd_wait},
	{"logs", cmd_logs}, {"rm", cmd_rm},           {"diff", layer},
	{"commit", layer},  {"discard", layer},       {"rootfs", rootfs},
	{"learn", learn},   {"doctor", cmd_doctor},   {"bundle", cmd_bundle},
	{"oci", cmd_oci},   {"desktop", cmd_desktop},
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
	if (length < 0 && errno == ENOENT) {
		fail_because(err, "cannot find this program's own path, as it has to where "
				  "no_new_privs is set: there is no /proc here");
		return fail_remedy(err, "mount it, or run it where it is mounted");
	}
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
	static char line[BUFSIZ];
	struct error err;

	/* A line is one write: what others say meanwhile does not come between, and it is quicker.
	 */
	setvbuf(stderr, line, _IOLBF, sizeof line);
	if (check_not_inside(&err) < 0 || check_standard_descriptors(&err) < 0)
		return report(&err);
	if (argc < 1)
		return EXIT_SANDBOX;
	if (sh_is_called(argv[0]))
		return shell(argc, argv);
	for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return check_output(verbs[i].run(argc - 2, argv + 2, argv));
	return check_output(run(argc - 1, argv + 1, argv));
}
