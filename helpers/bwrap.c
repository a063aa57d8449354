/*
 * bwrap: the program that callers of bubblewrap start instead of it. See bwrap.h.
 */
#include "bwrap.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

extern char **environ;

/* Those of the version whose options bwrap_options.c has: callers ask for it to know them. */
static const char version[] = "bubblewrap 0.11.1";

static uint64_t effective_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{.effective = 0}};

	if (syscall(SYS_capget, &header, data) < 0)
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

static void begin(struct bwrap_request *request)
{
	int *fds[] = {&request->userns, &request->userns2,     &request->pidns,
		      &request->sync,   &request->block,       &request->userns_block,
		      &request->info,   &request->json_status, &request->seccomp};

	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		*fds[i] = -1;
	request->uid = request->gid = -1;
	request->caller_uid = getuid();
	request->caller_gid = getgid();
	if (request->caller_uid == 0)
		request->caps = effective_capabilities();
	for (char **entry = environ; *entry; entry++)
		*ARENA_APPEND(&request->arena, request->env, request->env_count) = *entry;
	request->tty = isatty(1) ? ttyname(1) : NULL;
}

/* A word that is not understood is no permission to run with less. */
static int read_harden(struct bwrap_request *request, struct error *err)
{
	const char *value = getenv("SANDBOX_BWRAP_HARDEN");

	request->harden = value && strcmp(value, "1") == 0;
	if (!value || !*value || request->harden)
		return 0;
	return fail_because(err, "SANDBOX_BWRAP_HARDEN is 1 or not set, and not \"%s\"", value);
}

/* A descriptor that is not there would become one of ours. */
static int check_standard_descriptors(struct error *err)
{
	struct stat st;

	for (int fd = 0; fd <= 2; fd++)
		if (fstat(fd, &st) < 0 && open("/dev/null", O_RDWR) < 0)
			return bwrap_fail(err, "Can't use standard descriptor %d", fd);
	return 0;
}

static int run(struct bwrap_request *request, int argc, char **argv, struct error *err)
{
	struct plan plan = {.config = NULL};

	/* A caller that ignores it would have our children reaped before we hear of them. */
	signal(SIGCHLD, SIG_DFL);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return bwrap_fail(err, "prctl(PR_SET_NO_NEW_PRIVS) failed");
	if (check_standard_descriptors(err) < 0)
		return -1;
	begin(request);
	if (read_harden(request, err) < 0 || bwrap_parse(request, argc - 1, argv + 1, err) < 0)
		return -1;
	if (request->version)
		return puts(version) < 0 || fflush(stdout) ? EXIT_BWRAP : 0;
	if (request->help) {
		bwrap_print_help(stdout, argv[0]);
		return fflush(stdout) ? EXIT_BWRAP : 0;
	}
	if (!request->command) {
		bwrap_print_help(stderr, argv[0]);
		return EXIT_BWRAP;
	}
	bwrap_print_warnings(request);
	bwrap_plan(&plan, request);
	return bwrap_run(&plan, request, err);
}

int main(int argc, char **argv)
{
	struct bwrap_request request = {.env = NULL};
	struct error err;
	int status = argc > 0 ? run(&request, argc, argv, &err) : EXIT_BWRAP;

	if (status < 0)
		bwrap_print_error(&request, &err);
	return status < 0 ? EXIT_BWRAP : status;
}
