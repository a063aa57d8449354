/* Telling other programs: see status.h. In the supervisor. */
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "endings.h"
#include "files.h"
#include "json.h"
#include "sandbox.h"

/* --- process 1 and its namespaces --- */

/* In bubblewrap's order, and only those that are not the caller's; the last is ours. */
static const struct {
	const char *name;
	uint64_t flag; /* 0: always */
} namespaces[] = {{"cgroup", CLONE_NEWCGROUP},
		  {"ipc", CLONE_NEWIPC},
		  {"mnt", CLONE_NEWNS},
		  {"net", CLONE_NEWNET},
		  {"pid", 0},
		  {"uts", CLONE_NEWUTS},
		  {"user", 0}};

static void print_child(const struct sandbox *sandbox, FILE *out, const char *between)
{
	fprintf(out, "\"child-pid\": %d", (int)sandbox->child);
	for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++) {
		char path[64];
		struct stat st;

		if (namespaces[i].flag && !(sandbox->plan->namespaces & namespaces[i].flag))
			continue;
		snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)sandbox->child,
			 namespaces[i].name);
		if (stat(path, &st) == 0)
			fprintf(out, ",%s\"%s-namespace\": %llu", between, namespaces[i].name,
				(unsigned long long)st.st_ino);
	}
	if (sandbox->cgroup_path) {
		fprintf(out, ",%s\"cgroup\": ", between);
		json_quoted(out, sandbox->cgroup_path);
	}
}

/* The child waits, and is still open to be looked at (child.c: hide). */
static int run_info(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct status_options *options = &sandbox->plan->config->status;
	bool lines = step->flags == OPT_JSON_STATUS_FD;
	int fd = lines ? options->json_status_fd : options->info_fd;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return fail(err, "make room for the sandbox's status");
	fputs(lines ? "{ " : "{\n    ", out);
	print_child(sandbox, out, lines ? " " : "\n    ");
	fputs(lines ? " }\n" : "\n}\n", out);
	fclose(out);
	int result = endings_write(fd, text, size);
	if (result < 0)
		fail(err, "write the sandbox's status to descriptor %d (--%s)", fd,
		     lines ? "json-status-fd" : "info-fd");
	if (!lines && fd > 2)
		close(fd);
	free(text);
	return result;
}

static const struct step_kind info = {"status", run_info};

/* They are the caller's, and nobody's but ours from now on. */
static int run_keep(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int fd = (int)step->flags;

	(void)sandbox;
	if (fd > 2 && fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return fail(err, "use descriptor %d (--%s)", fd, step->source);
	return 0;
}

static const struct step_kind keep = {"descriptor", run_keep};

/* --- how it ended --- */

static int ended_by_signal(const struct outcome *outcome)
{
	return outcome->known && WIFSIGNALED(outcome->wait_status) ? WTERMSIG(outcome->wait_status)
								   : 0;
}

static void print_number(FILE *out, const char *name, int64_t number)
{
	if (number == OUTCOME_UNKNOWN)
		fprintf(out, ",\n  \"%s\": null", name);
	else
		fprintf(out, ",\n  \"%s\": %lld", name, (long long)number);
}

static void print_seconds(FILE *out, const char *name, int64_t microseconds)
{
	fprintf(out, ",\n  \"%s\": %lld.%06lld", name, (long long)(microseconds / 1000000),
		(long long)(microseconds % 1000000));
}

/* Of the cgroup where there is one: processes that nobody has waited for are in it too. */
static void print_usage(FILE *out, const struct outcome *outcome)
{
	const struct counters *counters = &outcome->counters;
	int64_t user = counters->user, system = counters->system;

	if (user == OUTCOME_UNKNOWN || system == OUTCOME_UNKNOWN) {
		user = (int64_t)outcome->usage.user;
		system = (int64_t)outcome->usage.system;
	}
	print_seconds(out, "cpu-user", user);
	print_seconds(out, "cpu-system", system);
	print_number(out, "max-rss", (int64_t)outcome->usage.max_rss);
	print_number(out, "memory-peak", counters->memory_peak);
	print_number(out, "tasks-peak", counters->tasks_peak);
	print_number(out, "tasks-refused", counters->tasks_refused);
	print_number(out, "oom-kills", counters->oom_kills);
	print_number(out, "io-read", counters->io_read);
	print_number(out, "io-written", counters->io_written);
}

static void print_meta(FILE *out, const struct outcome *outcome)
{
	int number = ended_by_signal(outcome);
	bool exited = outcome->known && !number;

	fprintf(out, "{\n  \"reason\": \"%s\"", outcome_word(outcome->reason));
	print_number(out, "status", outcome->status);
	print_number(out, "exit", exited ? WEXITSTATUS(outcome->wait_status) : OUTCOME_UNKNOWN);
	print_number(out, "signal", number ? number : OUTCOME_UNKNOWN);
	print_seconds(out, "wall",
		      outcome->started ? (outcome->ended - outcome->started) / 1000 : 0);
	print_usage(out, outcome);
	fputs(",\n  \"error\": ", out);
	if (outcome->failure)
		json_quoted(out, outcome->failure);
	else
		fputs("null", out);
	fputs("\n}\n", out);
}

static int run_ended(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct outcome *outcome = &sandbox->outcome;
	int number = ended_by_signal(outcome);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)step;
	if (!out)
		return fail(err, "make room for the sandbox's status");
	/* As bubblewrap, an exit code only when the command has been started. */
	if (sandbox->started) {
		fprintf(out, "{ \"exit-code\": %d, \"reason\": \"%s\"", outcome->status,
			outcome_word(outcome->reason));
		if (number)
			fprintf(out, ", \"signal\": %d", number);
	} else {
		fprintf(out, "{ \"reason\": \"%s\"", outcome_word(outcome->reason));
	}
	if (outcome->failure) {
		fputs(", \"error\": ", out);
		json_quoted(out, outcome->failure);
	}
	fputs(" }\n", out);
	fclose(out);
	/* Who has stopped reading does not want to know. */
	endings_write(sandbox->plan->config->status.json_status_fd, text, size);
	free(text);
	return 0;
}

static const struct step_kind ended = {"status", run_ended};

/* --- the file --- */

/* More than will be written: the disk has room for it when the command starts. */
enum { META_SIZE = 4096 };

static const char *base_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* A file without a name where the file system can (open(2), O_TMPFILE), else one with a name that
 * is there for a moment. */
static int open_meta(struct sandbox *sandbox)
{
	int fd = openat(sandbox->meta_directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd;
	snprintf(sandbox->meta_name, sizeof sandbox->meta_name, ".sandbox-meta-%d-%lld",
		 (int)getpid(), (long long)time(NULL));
	return openat(sandbox->meta_directory, sandbox->meta_name,
		      O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0666);
}

static int reserve(int fd)
{
	static const char blank[META_SIZE];

	return write_all(fd, blank, sizeof blank);
}

static int open_directory_of(const char *path)
{
	char directory[4096];

	if ((size_t)snprintf(directory, sizeof directory, "%.*s", (int)(base_name(path) - path),
			     path) >= sizeof directory) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int run_prepare_meta(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const char *path = step->target;
	struct stat st;

	sandbox->meta_directory = open_directory_of(path);
	if (sandbox->meta_directory < 0)
		return fail(err, "write %s (--meta)", path);
	if (fstatat(sandbox->meta_directory, base_name(path), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISREG(st.st_mode)) {
		fail_because(err, "cannot write %s (--meta): it is there, and no regular file",
			     path);
		return fail_remedy(err, "name a file; for a pipe there is --json-status-fd");
	}
	sandbox->meta = open_meta(sandbox);
	if (sandbox->meta < 0 || reserve(sandbox->meta) < 0) {
		int number = errno;

		if (*sandbox->meta_name)
			unlinkat(sandbox->meta_directory, sandbox->meta_name, 0);
		errno = number;
		return fail(err, "write %s (--meta)", path);
	}
	/* Nobody shall take an older run's for this one's. */
	if (unlinkat(sandbox->meta_directory, base_name(path), 0) < 0 && errno != ENOENT)
		return fail(err, "remove the older %s (--meta)", path);
	return 0;
}

/* Give the file its name. What somebody has put there meanwhile is replaced. */
static int name_meta(struct sandbox *sandbox, const char *path)
{
	char self[64];

	if (!*sandbox->meta_name) {
		snprintf(self, sizeof self, "/proc/self/fd/%d", sandbox->meta);
		if (linkat(AT_FDCWD, self, sandbox->meta_directory, base_name(path),
			   AT_SYMLINK_FOLLOW) == 0)
			return 0;
		if (errno != EEXIST)
			return -1;
		snprintf(sandbox->meta_name, sizeof sandbox->meta_name, ".sandbox-meta-%d-%lld",
			 (int)getpid(), (long long)time(NULL));
		if (linkat(AT_FDCWD, self, sandbox->meta_directory, sandbox->meta_name,
			   AT_SYMLINK_FOLLOW) < 0)
			return -1;
	}
	if (renameat(sandbox->meta_directory, sandbox->meta_name, sandbox->meta_directory,
		     base_name(path)) == 0)
		return 0;
	int number = errno;
	unlinkat(sandbox->meta_directory, sandbox->meta_name, 0);
	errno = number;
	return -1;
}

static int run_meta(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int result = -1;

	if (sandbox->meta < 0) /* it is what could not be prepared */
		result = 0;
	if (out) {
		print_meta(out, &sandbox->outcome);
		fclose(out);
	}
	if (result < 0 && out && lseek(sandbox->meta, 0, SEEK_SET) == 0 &&
	    write_all(sandbox->meta, text, size) == 0 && ftruncate(sandbox->meta, (off_t)size) == 0)
		result = name_meta(sandbox, step->target);
	free(text);
	return result < 0 ? fail(err, "write %s (--meta); the command ended with status %d",
				 step->target, sandbox->outcome.status)
			  : 0;
}

static const struct step_kind prepare_meta = {"meta", run_prepare_meta};
static const struct step_kind meta = {"meta", run_meta};

/* --- planning --- */

static void plan_descriptor(struct plan *plan, enum option_id option, int fd, const char *name)
{
	struct step *step =
		plan_add(plan, PHASE_PREPARE, &keep, config_origin(plan->config, option));

	step->flags = (uint64_t)fd;
	step->source = name;
	step->target = arena_printf(&plan->arena, "%d", fd);
	step = plan_add(plan, PHASE_CONNECT, &info, config_origin(plan->config, option));
	step->flags = option;
	step->target = arena_printf(&plan->arena, "descriptor %d", fd);
	step->options = "process 1 and its namespaces";
}

int status_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	const struct status_options *options = &config->status;
	struct step *step;

	(void)err;
	if (config->origin[OPT_INFO_FD])
		plan_descriptor(plan, OPT_INFO_FD, options->info_fd, "info-fd");
	if (config->origin[OPT_JSON_STATUS_FD]) {
		plan_descriptor(plan, OPT_JSON_STATUS_FD, options->json_status_fd,
				"json-status-fd");
		step = plan_add(plan, PHASE_REPORT, &ended,
				config_origin(config, OPT_JSON_STATUS_FD));
		step->target = arena_printf(&plan->arena, "descriptor %d", options->json_status_fd);
		step->options = "how it ended";
	}
	if (options->meta) {
		plan_add(plan, PHASE_PREPARE, &prepare_meta, config_origin(config, OPT_META))
			->target = options->meta;
		plan_add(plan, PHASE_REPORT, &meta, config_origin(config, OPT_META))->target =
			options->meta;
	}
	return 0;
}
