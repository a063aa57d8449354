/* The sandbox's own terminal, inside: see pty.h. */
#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "channel.h"

/* The size and the modes of the caller's terminal are those to start with; the modes not while
 * somebody else may have them, such as a shell that is reading a line. */
static void copy_looks(int from, int to, bool foreground)
{
	struct winsize size;
	struct termios modes;

	if (ioctl(from, TIOCGWINSZ, &size) == 0)
		ioctl(to, TIOCSWINSZ, &size);
	if (foreground && tcgetattr(from, &modes) == 0)
		tcsetattr(to, TCSANOW, &modes);
}

static int first_terminal(unsigned terminals, const int fds[3])
{
	for (int i = 0; i <= 2; i++)
		if (terminals >> i & 1)
			return fds[i];
	return -1;
}

/* No name is looked up: the multiplexer is opened in the devpts that kernelfs has mounted, and the
 * slave through its master (TIOCGPTPEER, Linux 4.13). */
int pty_make(struct sandbox *sandbox, const struct plan *plan, const int fds[3], struct error *err)
{
	int unlock = 0;

	sandbox->master = openat(sandbox->pts, "ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (sandbox->master < 0 || ioctl(sandbox->master, TIOCSPTLCK, &unlock) < 0)
		return fail(err, "make a terminal for the sandbox");
	sandbox->terminal = ioctl(sandbox->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (sandbox->terminal < 0)
		return fail(err, "open the sandbox's terminal");
	copy_looks(first_terminal(plan->terminals, fds), sandbox->terminal, !plan->terminal_lazy);
	if (fchown(sandbox->terminal, plan->owner_uid, (gid_t)-1) < 0)
		return fail(err, "give the sandbox's terminal to the command");
	return 0;
}

static int run_terminal(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	static const int standard[3] = {0, 1, 2};

	(void)step;
	return pty_make(sandbox, sandbox->plan, standard, err);
}

static const struct step_kind terminal = {"terminal", run_terminal};

int pty_plan(struct plan *plan, struct error *err)
{
	static const char *const names[] = {"input", "output", "error"};
	const char *text = "";

	(void)err;
	if (plan->config->no_tty || !plan->host->terminals)
		return 0;
	plan->terminals = plan->host->terminals;
	plan->terminal_lazy = plan->host->terminal_shared;
	plan->watched = true; /* who restores the caller's terminal when the supervisor is killed */
	for (int fd = 0; fd <= 2; fd++)
		if (plan->terminals >> fd & 1)
			text = arena_printf(&plan->arena, "%s%s%s", text, *text ? ", " : "",
					    names[fd]);
	struct step *step = plan_add(plan, PHASE_SETUP, &terminal, NULL);
	step->target = plan->config->confine_only ? "one of the host's" : "/dev/pts/0";
	step->options = arena_printf(&plan->arena, "standard %s", text);
	return 0;
}

int pty_lead_session(const struct sandbox *sandbox, struct error *err)
{
	if (sandbox->terminal < 0)
		return 0;
	if ((getsid(0) != getpid() && setsid() < 0) || ioctl(sandbox->terminal, TIOCSCTTY, 0) < 0)
		return fail(err, "take the sandbox's terminal");
	return 0;
}

int pty_hand_over(struct sandbox *sandbox, struct error *err)
{
	if (sandbox->terminal < 0)
		return 0;
	if (channel_send_with(sandbox->channel, MESSAGE_PTY, sandbox->master) < 0)
		return fail(err, "hand the sandbox's terminal to the supervisor");
	close(sandbox->master);
	sandbox->master = -1;
	return 0;
}

static int enter_foreground(const struct sandbox *sandbox, struct error *err)
{
	/* The leader of the session, pid 1 itself with --as-pid-1, leads its group already. */
	if (getsid(0) != getpid() && setpgid(0, 0) < 0)
		return fail(err, "give the command a process group");
	/* All signals are blocked still, SIGTTOU among them. */
	if (!sandbox->plan->terminal_lazy && tcsetpgrp(sandbox->terminal, getpgrp()) < 0)
		return fail(err, "put the command into the foreground of its terminal");
	for (int fd = 0; fd <= 2; fd++)
		if (sandbox->plan->terminals >> fd & 1 && dup2(sandbox->terminal, fd) < 0)
			return fail(err, "give the command its terminal");
	return 0;
}

int pty_enter(const struct sandbox *sandbox, struct error *err)
{
	if (sandbox->terminal >= 0)
		return enter_foreground(sandbox, err);
	/* Away from the caller's terminal: no TIOCSTI into it, no signals from it but through us.
	 */
	if (setsid() < 0 && getsid(0) != getpid())
		return fail(err, "start a session");
	return 0;
}

void pty_continue(const struct sandbox *sandbox, pid_t payload, bool foreground)
{
	pid_t group = tcgetpgrp(sandbox->terminal);

	/* A shell in there may have had another group of its own in front. */
	if (foreground && (group <= 0 || group == getpgrp()))
		tcsetpgrp(sandbox->terminal, getpgid(payload));
	if (!foreground)
		tcsetpgrp(sandbox->terminal, getpgrp());
	if (group > 0 && group != getpgrp())
		kill(-group, SIGCONT);
	kill(-getpgid(payload), SIGCONT);
}
