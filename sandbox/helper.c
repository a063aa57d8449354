/* Helpers that live beside the sandbox: see helper.h. In the supervisor. */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "endings.h"
#include "files.h"
#include "sandbox.h"

void helper_none(struct helper *helper)
{
	*helper = (struct helper){.pidfd = -1, .output = -1, .ready = -1, .exit = -1};
}

/* Nothing that a project or a session has put into the caller's environment reaches it. */
static char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
	NULL};

struct start {
	char *const *argv;
	int output;
	const int *passed;
	size_t count;
	pid_t parent;
	int number; /* errno of what failed; 0: it runs */
};

/*
 * In the new process, on the supervisor's memory. The tie to the supervisor holds until the helper
 * changes its ids or capabilities (prctl(2)), which is after it has closed or watched what else
 * tells it of our end.
 */
static int child_main(void *argument)
{
	struct start *start = argument;
	sigset_t none;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	/* The supervisor blocks the signals it waits for; a helper must not inherit that. A process
	 * group of its own keeps Ctrl-C from it: the network ends after the command, not before. A
	 * caller that ignores SIGPIPE (Python does) leaves that to us, and pasta would not start.
	 */
	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	bool ok = null >= 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0 && setpgid(0, 0) == 0 &&
		  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == start->parent &&
		  dup2(null, STDIN_FILENO) >= 0 && dup2(start->output, STDOUT_FILENO) >= 0 &&
		  dup2(start->output, STDERR_FILENO) >= 0;
	for (size_t i = 0; ok && i < start->count; i++)
		ok = fcntl(start->passed[i], F_SETFD, 0) == 0;
	if (ok)
		execve(start->argv[0], start->argv, environment);
	start->number = errno ? errno : EIO;
	_exit(127);
}

/* As vfork(2): the caller waits for the exec, and hears of its failure through its own memory. */
static int spawn(pid_t *pid, char *const argv[], int output, const int passed[], size_t count)
{
	enum { STACK = 64 * 1024 };
	struct start start = {argv, output, passed, count, getpid(), 0};
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stack == MAP_FAILED)
		return errno;
	*pid = clone(child_main, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, &start);
	int number = *pid < 0 ? errno : start.number;
	give_back_stack(stack, STACK);
	if (number && *pid > 0)
		while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
			;
	return number;
}

int helper_start(struct helper *helper, const char *name, char *const argv[], const int passed[],
		 size_t count, struct error *err)
{
	int ends[2];

	helper->name = name;
	helper->ended = helper->in_use = false;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return fail(err, "make a pipe for %s", name);
	int number = spawn(&helper->pid, argv, ends[1], passed, count);
	close(ends[1]);
	close_cleanup(&helper->output);
	helper->output = ends[0];
	if (number) {
		helper->pid = 0;
		errno = number;
		return fail(err, "run %s", argv[0]);
	}
	close_cleanup(&helper->pidfd);
	/* Ours and unreaped: the pid is nobody else's. */
	helper->pidfd = (int)syscall(SYS_pidfd_open, helper->pid, 0);
	return helper->pidfd < 0 ? fail(err, "take hold of %s", name) : 0;
}

bool helper_has_ended(struct helper *helper)
{
	if (helper->pid <= 0 || helper->ended)
		return helper->ended;
	pid_t got = waitpid(helper->pid, &helper->status, WNOHANG);

	helper->ended = got == helper->pid || (got < 0 && errno == ECHILD);
	return helper->ended;
}

/* The last words: up to the size of text, whole lines, joined by "; ". */
static void read_words(struct helper *helper, char *text, size_t size)
{
	char all[4096];
	size_t used = 0;
	ssize_t got;

	while ((got = read(helper->output, all + used, sizeof all - 1 - used)) > 0) {
		used += (size_t)got;
		if (used == sizeof all - 1) { /* keep the end */
			memmove(all, all + sizeof all / 2, used - sizeof all / 2);
			used -= sizeof all / 2;
		}
	}
	while (used > 0 && all[used - 1] == '\n')
		used--;
	all[used] = '\0';
	size_t skip = used >= size ? used - size + 1 : 0;
	memcpy(text, all + skip, used - skip + 1);
	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = ';';
}

int helper_failed(struct helper *helper, struct error *err)
{
	char words[600];
	int status;

	/* What was killed from outside may be dead a moment after its pipe was closed. */
	while (!helper->ended && waitpid(helper->pid, &helper->status, 0) < 0 && errno == EINTR)
		;
	helper->ended = true;
	status = helper->status;
	read_words(helper, words, sizeof words);
	if (WIFSIGNALED(status))
		return fail_because(err, "%s was killed by signal %d before it was ready%s%s",
				    helper->name, WTERMSIG(status), *words ? ": " : "", words);
	return fail_because(err, "%s ended with status %d before it was ready, and said: %s",
			    helper->name, WEXITSTATUS(status), *words ? words : "(nothing)");
}

/* Readable is not yet ready: a helper that died has closed its end too, and one with a socket may
 * say in words what is wrong. */
static int hear(struct helper *helper, struct error *err)
{
	char said[1024];
	ssize_t got;

	do
		got = read(helper->ready, said, sizeof said - 1);
	while (got < 0 && errno == EINTR);
	/* It lives, and nobody would end it for us; but when it has left something unread, that is
	 * how its end reads. */
	if (got < 0 && errno != ECONNRESET)
		return fail(err, "hear whether %s is ready", helper->name);
	if (got <= 0)
		return helper_failed(helper, err);
	said[got] = '\0';
	if (strncmp(said, "error ", 6) == 0) {
		char *remedy = strchr(said, '\n');

		if (remedy)
			*remedy++ = '\0';
		fail_because(err, "%s: %s", helper->name, said + 6);
		return remedy ? fail_remedy(err, "%s", remedy) : -1;
	}
	helper->in_use = true;
	return 0;
}

/* What the child or a signal says that ends the start. Other words of the child's can wait until
 * its command runs, and so can other signals: those stay pending, and are looked at each SLICE. */
static bool is_end(const struct sandbox *sandbox, struct pollfd *child, struct pollfd *signals)
{
	if (child->revents) {
		errno = 0;
		enum message_kind kind = channel_peek(sandbox->channel);

		if (kind == MESSAGE_ERROR || kind == MESSAGE_GONE)
			return true;
		*child = (struct pollfd){.fd = -1};
	}
	if (sandbox->signals >= 0 && endings_pending())
		return true;
	if (signals->revents)
		*signals = (struct pollfd){.fd = -1};
	return false;
}

int helper_wait(struct sandbox *sandbox, enum helper_role role, int seconds, struct error *err)
{
	enum { SLICE = 50 /* ms */ };
	struct helper *helper = &sandbox->helpers[role];
	struct pollfd all[] = {{.fd = helper->ready, .events = POLLIN},
			       {.fd = sandbox->channel, .events = POLLIN},
			       {.fd = sandbox->signals, .events = POLLIN}};

	for (int left = seconds * 1000; left > 0;) {
		int slice = all[2].fd < 0 && sandbox->signals >= 0 ? SLICE : left;
		int got = poll(all, 3, slice);

		if (got < 0 && errno != EINTR)
			return fail(err, "wait for %s", helper->name);
		if (got == 0)
			left -= slice;
		errno = 0;
		if (is_end(sandbox, &all[1], &all[2])) {
			if (errno)
				return fail(err, "hear the sandbox's first process");
			sandbox->interrupted = true;
			return 0;
		}
		if (got > 0 && all[0].revents)
			return hear(helper, err);
	}
	return fail_because(err, "%s was not ready after %d seconds", helper->name, seconds);
}

void helper_report(struct sandbox *sandbox, enum helper_role role)
{
	static const char *const missing[] = {
		[HELPER_NETWORK] = "the network was gone",
		[HELPER_SCOPE] = "nothing was missing",
		[HELPER_EGRESS] = "no name could be resolved",
		[HELPER_PUBLISH] = "the published ports were closed",
		[HELPER_HOST_PORTS] = "the host's ports could not be reached",
		[HELPER_WAYLAND] = "nothing was missing",
		[HELPER_X11] = "there was no display",
		[HELPER_AUDIO] = "there was no sound",
		[HELPER_FUSE] = "the files of the layer were gone",
		[HELPER_BUS] = "no bus could be reached",
	};
	const struct helper *helper = &sandbox->helpers[role];
	char *line = NULL, how[48];

	if (WIFSIGNALED(helper->status))
		snprintf(how, sizeof how, "was killed by signal %d", WTERMSIG(helper->status));
	else
		snprintf(how, sizeof how, "ended with status %d", WEXITSTATUS(helper->status));
	if (asprintf(&line, "%s%s %s while the command ran: from then on %s\n",
		     sandbox->report ? sandbox->report : "", helper->name, how, missing[role]) < 0)
		return;
	free(sandbox->report);
	sandbox->report = line;
}

void helper_end(struct helper *helper, bool hard)
{
	enum { TIDY_SECONDS = 3 };

	hard |= helper->deaf;
	if (helper->tidies && helper->pidfd >= 0 && !helper->ended) {
		struct pollfd gone = {.fd = helper->pidfd, .events = POLLIN};

		close_cleanup(&helper->exit);
		helper->exit = -1;
		while (poll(&gone, 1, TIDY_SECONDS * 1000) < 0 && errno == EINTR)
			;
	}
	/* One that somebody has stopped notices nothing, and would stay. */
	if (helper->pid > 0 && !helper->ended) /* unreaped and ours: the pid is nobody else's */
		hard &= kill(helper->pid, SIGKILL) == 0;
	close_cleanup(&helper->exit);
	close_cleanup(&helper->ready);
	close_cleanup(&helper->output);
	close_cleanup(&helper->pidfd);
	pid_t pid = helper->ended ? 0 : helper->pid;

	helper_none(helper);
	/* slirp4netns's end waits for that of its interface, which nobody else has to. */
	while (hard && pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
