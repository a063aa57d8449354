/*
 * sandbox-oci: an OCI runtime (runtime-spec 1.2) for Podman, Buildah, containerd, Docker and Slurm;
 * also `sandbox oci`. What of a config.json is supported, and what is refused, is in docs/oci.md.
 *
 *     sandbox-oci [OPTIONS] VERB [OPTIONS] [ID [COMMAND [ARG...]]]
 *
 * This file: the command line, the log, and where the program runs from. A program that a container
 * could write to is run from a sealed copy of itself (CVE-2019-5736): see run_sealed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "installed.h"
#include "json.h"
#include "oci_json.h"
#include "oci_verbs.h"

#define SPEC_VERSION "1.2.0"

extern char **environ;

/* ---- the log ---- */

static const char *time_now(char text[40])
{
	struct timespec now;
	struct tm parts;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	strftime(text, 40, "%Y-%m-%dT%H:%M:%SZ", &parts);
	return text;
}

/* One write(2) a line: others write to the same file. */
void oci_log(const struct oci_options *options, const char *level, const char *text)
{
	char *line = NULL, when[40];
	size_t size = 0;
	int cleanup_fd fd =
		open(options->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
	FILE *out = open_memstream(&line, &size);

	if (!out)
		return;
	if (options->log_json) {
		fprintf(out, "{\"level\":\"%s\",\"msg\":", level);
		json_quoted(out, text);
		fprintf(out, ",\"time\":\"%s\"}\n", time_now(when));
	} else {
		fprintf(out, "time=\"%s\" level=%s msg=", time_now(when), level);
		json_quoted(out, text);
		fputc('\n', out);
	}
	fclose(out);
	if (fd >= 0)
		(void)!write(fd, line, size);
	free(line);
}

static int report(const struct oci_options *options, const struct error *err)
{
	char text[2048];

	error_print(stderr, err);
	snprintf(text, sizeof text, "%s%s%s", err->text, *err->remedy ? "; " : "", err->remedy);
	for (char *at = text; *at; at++)
		if (*at == '\n')
			*at = ' ';
	if (options->log)
		oci_log(options, "error", text);
	return error_status(err);
}

/* ---- the command line ---- */

enum verb {
	GLOBAL = 1,
	CREATE = 2,
	RUN = 4,
	EXEC = 8,
	KILL = 16,
	DELETE = 32,
	PS = 64,
	LIST = 128,
	UPDATE = 256,
	OTHER = 512,
};

/* Where a value goes: a string, a flag, or a function's. */
struct word {
	const char *name;
	int letter;
	unsigned verbs;
	bool value;
	int (*set)(struct oci_options *options, const char *value, struct error *err);
};

#define SET_TEXT(field)                                                                            \
	static int set_##field(struct oci_options *options, const char *value, struct error *err)  \
	{                                                                                          \
		(void)err;                                                                         \
		options->field = value;                                                            \
		return 0;                                                                          \
	}
#define SET_FLAG(field)                                                                            \
	static int set_##field(struct oci_options *options, const char *value, struct error *err)  \
	{                                                                                          \
		(void)err;                                                                         \
		options->field = !value || strcmp(value, "false") != 0;                            \
		return 0;                                                                          \
	}

SET_TEXT(bundle)
SET_TEXT(process_file)
SET_TEXT(cwd)
SET_TEXT(user)
SET_TEXT(apparmor)
SET_TEXT(selinux)
SET_TEXT(resources)
SET_FLAG(debug)
SET_FLAG(allow_hooks)
SET_FLAG(systemd_cgroup)
SET_FLAG(no_new_keyring)
SET_FLAG(detach)
SET_FLAG(keep)
SET_FLAG(force)
SET_FLAG(tty)
SET_FLAG(no_new_privs)
SET_FLAG(all)
SET_FLAG(quiet)

/* The working directory becomes the bundle. */
static const char *absolute(const char *path)
{
	char here[PATH_MAX], *whole;

	if (*path == '/' || !getcwd(here, sizeof here) || asprintf(&whole, "%s/%s", here, path) < 0)
		return path;
	return whole;
}

static int set_root(struct oci_options *options, const char *value, struct error *err)
{
	(void)err;
	options->root = absolute(value);
	return 0;
}

static int set_log(struct oci_options *options, const char *value, struct error *err)
{
	(void)err;
	options->log = absolute(value);
	return 0;
}

static int set_pid_file(struct oci_options *options, const char *value, struct error *err)
{
	(void)err;
	options->pid_file = absolute(value);
	return 0;
}

static int set_console_socket(struct oci_options *options, const char *value, struct error *err)
{
	(void)err;
	options->console_socket = absolute(value);
	return 0;
}

static int set_format(struct oci_options *options, const char *value, struct error *err)
{
	if (strcmp(value, "json") != 0 && strcmp(value, "table") != 0)
		return fail_because(err, "--format '%.40s': there are table and json", value);
	options->json = *value == 'j';
	return 0;
}

static int set_log_format(struct oci_options *options, const char *value, struct error *err)
{
	if (strcmp(value, "json") != 0 && strcmp(value, "text") != 0)
		return fail_because(err, "--log-format '%.40s': there are text and json", value);
	options->log_json = *value == 'j';
	return 0;
}

static int set_cgroup_manager(struct oci_options *options, const char *value, struct error *err)
{
	if (strcmp(value, "disabled") == 0)
		options->no_cgroup = true;
	else if (strcmp(value, "systemd") == 0)
		options->systemd_cgroup = true;
	else if (strcmp(value, "cgroupfs") != 0)
		return fail_because(err,
				    "--cgroup-manager '%.40s': there are cgroupfs, systemd and "
				    "disabled",
				    value);
	return 0;
}

static int set_preserve_fds(struct oci_options *options, const char *value, struct error *err)
{
	char *end;
	long count = strtol(value, &end, 10);

	if (!*value || *end || count < 0 || count > 1000)
		return fail_because(err, "--preserve-fds '%.40s' is no number of descriptors",
				    value);
	options->preserve_fds = (int)count;
	for (int fd = 3; fd < 3 + count; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			return fail(err, "keep descriptor %d open (--preserve-fds %ld)", fd, count);
	return 0;
}

static void append(char ***list, size_t *count, const char *value)
{
	*list = realloc(*list, (*count + 2) * sizeof **list);
	if (!*list)
		abort();
	(*list)[(*count)++] = (char *)value;
	(*list)[*count] = NULL;
}

static int set_env(struct oci_options *options, const char *value, struct error *err)
{
	if (!strchr(value, '=') || *value == '=')
		return fail_because(err, "--env '%.60s' is no NAME=VALUE", value);
	append(&options->env, &options->env_count, value);
	return 0;
}

static int set_cap(struct oci_options *options, const char *value, struct error *err)
{
	if (oci_capability_number(value) < 0)
		return fail_because(err, "--cap '%.60s' is no capability", value);
	append(&options->caps, &options->caps_count, value);
	return 0;
}

static int set_groups(struct oci_options *options, const char *value, struct error *err)
{
	for (;;) {
		char *end;
		unsigned long group = strtoul(value, &end, 10);

		if (end == value || (*end && *end != ',') || group >= UINT32_MAX || *value == '-')
			return fail_because(err, "--additional-gids '%.60s': no list of numbers",
					    value);
		options->groups = realloc(options->groups,
					  (options->groups_count + 1) * sizeof *options->groups);
		if (!options->groups)
			abort();
		options->groups[options->groups_count++] = (uint32_t)group;
		if (!*end)
			return 0;
		value = end + 1;
	}
}

static int set_nothing(struct oci_options *options, const char *value, struct error *err)
{
	(void)options;
	(void)value;
	(void)err;
	return 0;
}

static int refuse_pivot(struct oci_options *options, const char *value, struct error *err)
{
	(void)options;
	(void)value;
	return fail_because(err, "--no-pivot is not supported: the host's root would stay within "
				 "reach");
}

static int refuse_cgroup(struct oci_options *options, const char *value, struct error *err)
{
	(void)options;
	return fail_because(err,
			    "--cgroup %.60s is not supported: a command is in the "
			    "container's cgroup",
			    value);
}

static const struct word words[] = {
	{"root", 0, GLOBAL, true, set_root},
	{"log", 0, GLOBAL, true, set_log},
	{"log-format", 0, GLOBAL, true, set_log_format},
	{"debug", 0, GLOBAL, false, set_debug},
	{"allow-hooks", 0, GLOBAL, false, set_allow_hooks},
	{"systemd-cgroup", 0, GLOBAL, false, set_systemd_cgroup},
	{"cgroup-manager", 0, GLOBAL, true, set_cgroup_manager},
	{"rootless", 0, GLOBAL, true, set_nothing}, /* it is seen */
	{"bundle", 'b', CREATE | RUN, true, set_bundle},
	{"console-socket", 0, CREATE | RUN | EXEC, true, set_console_socket},
	{"pid-file", 0, CREATE | RUN | EXEC, true, set_pid_file},
	{"preserve-fds", 0, CREATE | RUN | EXEC, true, set_preserve_fds},
	{"no-new-keyring", 0, CREATE | RUN, false, set_no_new_keyring},
	{"no-pivot", 0, CREATE | RUN, false, refuse_pivot},
	{"no-subreaper", 0, RUN, false, set_nothing}, /* there is none */
	{"detach", 'd', RUN | EXEC, false, set_detach},
	{"keep", 0, RUN, false, set_keep},
	{"process", 'p', EXEC, true, set_process_file},
	{"cwd", 0, EXEC, true, set_cwd},
	{"env", 'e', EXEC, true, set_env},
	{"tty", 't', EXEC, false, set_tty},
	{"user", 'u', EXEC, true, set_user},
	{"additional-gids", 'g', EXEC, true, set_groups},
	{"cap", 'c', EXEC, true, set_cap},
	{"apparmor", 0, EXEC, true, set_apparmor},
	{"process-label", 0, EXEC, true, set_selinux},
	{"no-new-privs", 0, EXEC, false, set_no_new_privs},
	{"cgroup", 0, EXEC, true, refuse_cgroup},
	{"all", 'a', KILL, false, set_all},
	{"force", 'f', DELETE, false, set_force},
	{"format", 'f', PS | LIST, true, set_format},
	{"quiet", 'q', LIST, false, set_quiet},
	{"resources", 'r', UPDATE, true, set_resources},
};

static const struct {
	const char *name;
	unsigned bit;
	oci_verb *run;
} verbs[] = {
	{"create", CREATE, oci_verb_create},  {"run", RUN, oci_verb_run},
	{"start", OTHER, oci_verb_start},     {"state", OTHER, oci_verb_state},
	{"kill", KILL, oci_verb_kill},        {"delete", DELETE, oci_verb_delete},
	{"exec", EXEC, oci_verb_exec},        {"ps", PS, oci_verb_ps},
	{"list", LIST, oci_verb_list},        {"features", OTHER, oci_verb_features},
	{"pause", OTHER, oci_verb_pause},     {"resume", OTHER, oci_verb_resume},
	{"update", UPDATE, oci_verb_update},  {"plan", CREATE, oci_verb_plan},
	{"checkpoint", OTHER, oci_verb_none}, {"restore", OTHER, oci_verb_none},
	{"events", OTHER, oci_verb_none},     {"spec", OTHER, oci_verb_none},
};

static const struct word *find_word(const char *text, size_t length, char letter, unsigned verb)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const struct word *word = &words[i];

		if (!(word->verbs & verb))
			continue;
		if (letter ? word->letter == letter
			   : strlen(word->name) == length && strncmp(word->name, text, length) == 0)
			return word;
	}
	return NULL;
}

/* Options up to the first word that is none; the rest is left in *argv. */
static int take_options(struct oci_options *options, char ***argv, unsigned verb, struct error *err)
{
	for (; **argv && ***argv == '-' && (**argv)[1]; (*argv)++) {
		const char *text = **argv;
		bool is_long = text[1] == '-' || (text[1] && text[2] && text[2] != '=');
		const char *name = text + 1 + (text[1] == '-');
		size_t length = strcspn(name, "=");
		const char *value = name[length] ? name + length + 1 : NULL;

		if (strcmp(text, "--") == 0) {
			(*argv)++;
			return 0;
		}
		const struct word *word = find_word(name, length, is_long ? 0 : *name, verb);
		if (!word)
			return fail_because(err, "there is no option %.60s here", text);
		if (word->value && !value && !(value = *++*argv))
			return fail_because(err, "%s needs a value", text);
		if (word->set(options, value, err) < 0)
			return -1;
	}
	return 0;
}

static const char usage[] =
	"usage: sandbox-oci [--root DIR] [--log FILE] [--log-format text|json] [--cgroup-manager "
	"cgroupfs|disabled]\n"
	"                   [--allow-hooks] VERB [OPTIONS] [ID]\n"
	"  create   --bundle DIR [--console-socket S] [--pid-file F] [--preserve-fds N] "
	"[--no-new-keyring] ID\n"
	"  run      the same, [--detach] [--keep]\n"
	"  start ID   state ID   kill [--all] ID [SIGNAL]   delete [--force] ID\n"
	"  exec     [--process FILE | --cwd D --env V --user U[:G] --tty ...] [--detach] ID "
	"[COMMAND...]\n"
	"  list [--format json] [--quiet]   ps [--format json] ID   features\n"
	"  pause ID   resume ID   update --resources FILE ID   plan --bundle DIR\n";

static int print_version(void)
{
	printf("sandbox-oci version %s\nspec: %s\n+SECCOMP\n", VERSION, SPEC_VERSION);
	return fflush(stdout) == 0 ? 0 : EXIT_SANDBOX;
}

/* ---- where we run from ---- */

/* Could somebody in a container write to the program, by way of /proc/PID/exe, when it has access
 * to all files whose owners exist inside? A file of an id that this user namespace does not have is
 * out of everybody's reach. */
static bool can_be_written(int program)
{
	struct stat st;
	char map[64] = "";
	unsigned inside, outside, count;
	int cleanup_fd fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);

	if (fstat(program, &st) < 0 || fd < 0 || read(fd, map, sizeof map - 1) <= 0)
		return true;
	bool initial = sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 && inside == 0 &&
		       outside == 0 && count == UINT32_MAX;
	if (st.st_mode & 022)
		return true;
	/* A plain user's containers have that user's ids, and root's files are not among them. */
	if (initial)
		return geteuid() == 0 || st.st_uid == geteuid();
	return st.st_uid != 65534;
}

static int copy_program(int program)
{
	struct stat st;
	int cleanup_fd copy = memfd_create("sandbox-oci", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	off_t done = 0;

	if (copy < 0 || fstat(program, &st) < 0)
		return -1;
	while (done < st.st_size)
		if (sendfile(copy, program, &done, (size_t)(st.st_size - done)) <= 0)
			return -1;
	if (fcntl(copy, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -1;
	return steal_fd(&copy);
}

static int run_sealed(char **argv, struct error *err)
{
	char path[PATH_MAX];
	int cleanup_fd program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	/* The copy has all seals: nobody else can say that it is one. */
	int seals = fcntl(program, F_GET_SEALS);

	if (seals >= 0 && seals & F_SEAL_WRITE)
		return 0;
	if (program >= 0 && !can_be_written(program))
		return 0;
	int cleanup_fd copy = program < 0 ? -1 : copy_program(program);
	ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
	path[length > 0 ? length : 0] = '\0';
	if (copy < 0 || setenv(INSTALLED_COPY_OF, path, 1) < 0)
		return fail(err, "make a copy of this program that no container can change");
	fexecve(copy, argv, environ);
	return fail(err, "run the copy of this program");
}

/* A rootfs may have its command be /proc/self/exe, which is us: then there is nothing to do here,
 * and no_new_privs or not, what runs is the container's. Who is in a container has no record. */
static int run_verb(struct oci_options *options, char **argv, char **all, struct error *err)
{
	const char *name = *argv++;

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (strcmp(verbs[i].name, name) != 0)
			continue;
		if (take_options(options, &argv, verbs[i].bit, err) < 0)
			return -1;
		if (verbs[i].bit & (CREATE | RUN | EXEC) && run_sealed(all, err) < 0)
			return -1;
		int argc = 0;
		while (argv[argc])
			argc++;
		return verbs[i].run(options, argc, argv, err);
	}
	fail_because(err, "there is no `%.40s` here", name);
	return fail_remedy(err, "run: sandbox-oci --help");
}

static bool asks(const char *word, const char *name, const char *letter)
{
	return word && (strcmp(word, name) == 0 || strcmp(word, letter) == 0);
}

int main(int argc, char **argv)
{
	struct oci_options options = {.console = -1};
	struct error err = {.number = 0};
	char **rest = argv + (argc > 0);

	/* Closed ones would be handed out again, to files of ours. */
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return EXIT_SANDBOX;
	if (asks(*rest, "--version", "-v"))
		return print_version();
	if (asks(*rest, "--help", "-h") || !*rest) {
		fputs(usage, *rest ? stdout : stderr);
		return *rest ? 0 : EXIT_SANDBOX;
	}
	oci_json_start();
	if (take_options(&options, &rest, GLOBAL, &err) < 0)
		return report(&options, &err);
	if (!*rest) {
		fputs(usage, stderr);
		return EXIT_SANDBOX;
	}
	int status = run_verb(&options, rest, argv, &err);
	if (status >= 0 && fflush(stdout) != 0)
		status = fail(&err, "write the output");
	return status < 0 ? report(&options, &err) : status;
}
