/* `sandbox bundle`, started by sandbox/cmd_bundle.c: see bundle.h. */
#include "bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "options.h"
#include "plan.h"
#include "profile.h"
#include "store.h"

extern char **environ;

static int take_words(struct config *config, const struct command_line *line,
		      const char **directory, struct error *err)
{
	if (line->rest_count < 2)
		return fail_because(err, "usage: sandbox bundle [OPTIONS] ROOTFS DIR [COMMAND "
					 "[ARG...]]");
	config->rootfs = line->rest[0];
	*directory = line->rest[1];
	config->command = line->rest + 2;
	config->command_count = (size_t)line->rest_count - 2;
	return 0;
}

static int configure(struct config *config, int argc, char **argv, const char **directory,
		     struct error *err)
{
	struct command_line line = {.profile = NULL};

	if (options_scan(argc, argv, &line, err) < 0)
		return -1;
	config->profile = line.profile ? line.profile : "default";
	if (profile_apply(config, config->profile, err) < 0 ||
	    options_apply(config, argc, argv, err) < 0 ||
	    take_words(config, &line, directory, err) < 0 || store_use(config, err) < 0)
		return -1;
	return config_check(config, err);
}

/* A bundle that is there already stays as it is; half a one does not stay. */
static int write_bundle(const struct plan *plan, const char *directory, struct error *err)
{
	if (mkdir(directory, 0777) < 0 && errno != EEXIST)
		return fail(err, "make the directory %s", directory);
	int cleanup_fd dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = dir < 0 ? -1
			 : openat(dir, "config.json",
				  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out)
		return fail(err, "make %s/config.json", directory);
	bundle_write(plan, out);
	bool bad = ferror(out);
	if (fclose(out) == 0 && !bad)
		return 0;
	fail(err, "write %s/config.json", directory);
	unlinkat(dir, "config.json", 0);
	return -1;
}

/* Limits are the runtime's to keep: whether this machine has a cgroup for them is not asked. */
static int plan_without_limits(struct plan *plan, struct config *config, struct host *host,
			       struct error *err)
{
	struct limits asked = config->limits;

	config->limits = (struct limits){.mode = asked.mode, .oom_score_adj = asked.oom_score_adj};
	int result = host_probe(host, config, err) < 0
			     ? -1
			     : plan_make(plan, config, host, environ, err);
	config->limits = asked;
	return result;
}

int main(int argc, char **argv)
{
	struct config config = {.profile = NULL};
	struct host host = {.rootfs = NULL};
	struct plan plan = {.config = &config};
	const char *directory = "";
	struct error err;
	int status = -1;

	if (configure(&config, argc - 1, argv + 1, &directory, &err) == 0 &&
	    plan_without_limits(&plan, &config, &host, &err) == 0 &&
	    bundle_check(&plan, stderr, &err) == 0)
		status = write_bundle(&plan, directory, &err);
	if (status < 0) {
		error_print(stderr, &err);
		status = error_status(&err);
	}
	plan_free(&plan);
	host_free(&host);
	config_free(&config);
	return status;
}
