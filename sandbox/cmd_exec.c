/* sandbox exec: another command in a running sandbox (join.h has the other side). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "cmd.h"
#include "files.h"
#include "join.h"
#include "parse.h"
#include "rights.h"
#include "state.h"
#include "supervisor.h"

static const char usage[] =
	"usage: sandbox exec [-e|--env V[=VALUE]] [--user U[:G]] [--workdir PATH] [--no-tty] NAME "
	"[COMMAND [ARG...]]\n";

/* The request in the making. */
struct asking {
	char bytes[JOIN_REQUEST_MAX];
	size_t used;
	struct join_request request;
	const char *user, *workdir, *name;
	const char *variables[256];
	char **command;
	bool no_tty;
};

static int put(struct asking *asking, const char *text, struct error *err)
{
	size_t size = strlen(text) + 1;

	if (size > sizeof asking->bytes - asking->used) {
		errno = E2BIG;
		return fail(err, "run this command there: its words and variables are longer than "
				 "128 KiB");
	}
	memcpy(asking->bytes + asking->used, text, size);
	asking->used += size;
	return 0;
}

/* -e V passes the caller's on. */
static int add_variable(struct asking *asking, const char *text, struct arena *arena,
			struct error *err)
{
	const char *reason = parse_env_name(text, strcspn(text, "="));
	const char *value = strchr(text, '=') ? NULL : getenv(text);

	if (reason)
		return fail_because(err, "--env '%s': %s", text, reason);
	if (!strchr(text, '=') && !value)
		return 0;
	if (asking->request.variables == sizeof asking->variables / sizeof *asking->variables)
		return fail_because(err, "more than 256 variables");
	asking->variables[asking->request.variables++] =
		value ? arena_printf(arena, "%s=%s", text, value) : text;
	return 0;
}

/* 0; -1 with err filled; -2: it is not understood */
static int take_words(struct asking *asking, char **argv, struct arena *arena, struct error *err)
{
	const char *value;

	for (; *argv && **argv == '-'; argv++) {
		if (strcmp(*argv, "--") == 0) {
			argv++;
			break;
		} else if ((value = cmd_value(&argv, 'e', "env"))) {
			if (add_variable(asking, value, arena, err) < 0)
				return -1;
		} else if ((value = cmd_value(&argv, 0, "user"))) {
			if (parse_user(value))
				return fail_because(err, "--user '%s': %s", value,
						    parse_user(value));
			asking->user = value;
		} else if ((value = cmd_value(&argv, 0, "workdir"))) {
			if (*value != '/')
				return fail_because(err,
						    "--workdir '%s': the path inside must be "
						    "absolute",
						    value);
			asking->workdir = value;
		} else if (cmd_is(*argv, 0, "no-tty")) {
			asking->no_tty = true;
		} else {
			return -2;
		}
	}
	if (!*argv)
		return -2;
	asking->name = *argv++;
	asking->command = argv;
	return *argv && !**argv ? fail_because(err, "COMMAND is empty") : 0;
}

static int compose(struct asking *asking, struct error *err)
{
	static char *shell[] = {"/bin/sh", NULL};
	char **words = asking->command && *asking->command ? asking->command : shell;

	asking->used = sizeof asking->request;
	asking->request.version = JOIN_VERSION;
	if (put(asking, asking->user ? asking->user : "", err) < 0 ||
	    put(asking, asking->workdir ? asking->workdir : "", err) < 0)
		return -1;
	for (; *words; words++, asking->request.words++)
		if (asking->request.words == JOIN_WORDS_MAX)
			return fail_because(err,
					    "cannot run this command there: it has more than "
					    "%d words",
					    JOIN_WORDS_MAX);
		else if (put(asking, *words, err) < 0)
			return -1;
	for (uint32_t i = 0; i < asking->request.variables; i++)
		if (put(asking, asking->variables[i], err) < 0)
			return -1;
	memcpy(asking->bytes, &asking->request, sizeof asking->request);
	return 0;
}

static void look_at_terminals(struct asking *asking)
{
	struct stat st;

	for (int fd = 0; fd <= 2 && !asking->no_tty; fd++)
		if (isatty(fd))
			asking->request.terminals |= 1u << fd;
	if (!asking->request.terminals)
		return;
	pid_t front = tcgetpgrp(__builtin_ctz(asking->request.terminals));
	asking->request.terminal_lazy =
		!(asking->request.terminals & 1) ||
		(fstat(1, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))) ||
		(front > 0 && front != getpgrp());
}

static void look_at_signals(struct join_request *request)
{
	struct sigaction action;
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int number = 1; number <= 64; number++) {
		if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			request->ignored |= 1ull << (number - 1);
		if (sigismember(&mask, number) == 1)
			request->blocked |= 1ull << (number - 1);
	}
}

static int send_request(int conn, const struct asking *asking, struct error *err)
{
	int fds[3] = {0, 1, 2};

	if (rights_send(conn, asking->bytes, asking->used, fds, 3, 0) < 0)
		return fail(err, "ask the sandbox %s to run the command", asking->name);
	return 0;
}

static int connect_to(const struct sandbox_record *record, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int cleanup_fd conn = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control",
		 record->dir);
	if (conn < 0 || connect(conn, (struct sockaddr *)&address, sizeof address) < 0)
		return fail(err, "reach the sandbox %s", record->name);
	/* It is about to get our terminal. */
	if (!join_trusts(conn))
		return fail_because(err,
				    "will not speak to %s: who listens there is not a supervisor "
				    "of yours, but something in a sandbox",
				    record->name);
	return steal_fd(&conn);
}

static int run(struct asking *asking, struct arena *arena, struct error *err)
{
	struct sandbox_record record;

	if (cmd_find(&record, arena, asking->name, err) < 0)
		return -1;
	int cleanup_fd conn = -1;
	if (record.unrecorded)
		cmd_unrecorded(&record, "join", err);
	else if (!record.running)
		fail_because(err, "the sandbox %s has ended", record.name);
	else if (!record.child)
		fail_because(err, "the sandbox %s is still starting", record.name);
	else
		conn = connect_to(&record, err);
	sandbox_record_close(&record);
	look_at_terminals(asking);
	look_at_signals(&asking->request);
	if (conn < 0 || compose(asking, err) < 0 || send_request(conn, asking, err) < 0)
		return -1;
	return supervisor_attend(conn, asking->request.terminals,
				 asking->request.terminal_lazy != 0, err);
}

int cmd_exec(int argc, char **argv, char **all)
{
	struct arena arena = {NULL};
	struct asking *asking = calloc(1, sizeof *asking);
	struct error err;
	int result, status = -1;

	(void)all;
	(void)argc;
	if (!asking)
		return EXIT_SANDBOX;
	/* A shell at a terminal wants to know what kind it is. */
	if (isatty(0) || isatty(1))
		add_variable(asking, "TERM", &arena, &err);
	result = take_words(asking, argv, &arena, &err);
	if (result == 0)
		status = run(asking, &arena, &err);
	if (result == -2)
		status = cmd_usage(usage);
	else if (status < 0)
		status = cmd_report(&err);
	free(asking);
	arena_free(&arena);
	return status;
}
