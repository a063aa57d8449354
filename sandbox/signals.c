/* Signals to the supervisor: see signals.h. */
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "endings.h"
#include "helper.h"
#include "plan.h"

/* What is passed on. One that was ignored when we were started (nohup) stays ignored for all. */
static const int forwarded[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGUSR1,
				SIGUSR2, SIGTSTP, SIGCONT, SIGWINCH};

static void set_of_forwarded(sigset_t *set)
{
	struct sigaction action;

	sigemptyset(set);
	for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
		if (sigaction(forwarded[i], NULL, &action) < 0 || action.sa_handler != SIG_IGN)
			sigaddset(set, forwarded[i]);
	sigaddset(set, SIGRTMIN);
}

int signals_open(struct sandbox *sandbox, struct error *err)
{
	sigset_t set;

	set_of_forwarded(&set);
	/* A caller that ignores SIGCHLD would have our children reaped before we hear of them. */
	signal(SIGCHLD, SIG_DFL);
	if (sigprocmask(SIG_BLOCK, &set, &sandbox->caller_mask) < 0)
		return fail(err, "block signals");
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? fail(err, "make a descriptor for signals") : fd;
}

void signals_hear_of_children(const struct sandbox *sandbox)
{
	sigset_t set;

	set_of_forwarded(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signalfd(sandbox->signals, &set, 0);
}

/* Stopped as a job of the caller's shell is: the terminal as it was found. */
static void stop(struct sandbox *sandbox)
{
	terminal_put_back(&sandbox->caller);
	kill(getpid(), SIGSTOP);
}

/* The shell has let us go on, in the foreground or in the background. */
static void go_on(struct sandbox *sandbox)
{
	if (sandbox->caller.tty < 0)
		return;
	terminal_take(&sandbox->caller);
	channel_send(sandbox->channel, MESSAGE_CONTINUE,
		     sandbox->caller.wanted && terminal_in_foreground(&sandbox->caller), NULL);
}

/*
 * The command has been stopped: by Ctrl-Z at its terminal, or because it wants to read, or to set
 * the terminal, and is not in the foreground of its own. When we are in front of the caller's it
 * gets what it wants; else the shell has to hear that its job has stopped, as it would without us.
 */
void signals_command_stopped(struct sandbox *sandbox, int number)
{
	bool wants = number == SIGTTIN || number == SIGTTOU;

	if (sandbox->caller.tty < 0)
		return;
	sandbox->caller.wanted |= wants;
	if (wants && terminal_in_foreground(&sandbox->caller)) {
		go_on(sandbox);
		return;
	}
	/* Others of the same job, in a pipeline, are stopped with us, as Ctrl-Z does it. */
	if (number == SIGTSTP)
		kill(0, SIGTSTP);
	stop(sandbox);
}

/* To the command: a payload that is pid 1 has no init that would hear of it. */
static void send_signal(const struct sandbox *sandbox, enum message_kind kind, int number)
{
	if (sandbox->plan->config->as_pid_1)
		syscall(SYS_pidfd_send_signal, sandbox->child_fd, number, NULL, 0);
	else
		channel_send(sandbox->channel, kind, number, NULL);
}

/* Signals from the terminal (Ctrl-C) are for the whole foreground group, as they would be without
 * us; those that somebody sent with kill(1) are for the command. */
static void pass_on(struct sandbox *sandbox, const struct signalfd_siginfo *info)
{
	int number = (int)info->ssi_signo;
	bool terminal = info->ssi_code == SI_KERNEL;

	if (number == SIGTSTP || number == SIGCONT) {
		/* Without a terminal of its own the payload's group is an orphan in its session,
		 * where SIGTSTP has no effect. */
		channel_send(sandbox->channel, MESSAGE_TERMINAL,
			     number == SIGTSTP ? SIGSTOP : SIGCONT, NULL);
		if (number == SIGTSTP)
			stop(sandbox);
		else
			go_on(sandbox);
		return;
	}
	if (number == SIGWINCH && sandbox->caller.tty >= 0) {
		terminal_resize(&sandbox->caller); /* and the kernel tells who is in front */
		return;
	}
	send_signal(sandbox, terminal ? MESSAGE_TERMINAL : MESSAGE_SIGNAL, number);
}

/* Whoever wants to stop us while the sandbox is still being made gets just that. */
static bool stops_the_start(int number)
{
	return endings_include(number) || number == SIGKILL;
}

/* Joiners that have ended, and helpers; pid 1 is waited for by name. */
static void reap_others(struct sandbox *sandbox)
{
	siginfo_t info = {.si_pid = 0};

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0) {
		bool ours = info.si_pid == sandbox->child || info.si_pid == sandbox->watcher_pid;

		for (int role = 0; role < HELPER_COUNT && !ours; role++)
			ours = info.si_pid == sandbox->helpers[role].pid &&
			       !helper_has_ended(&sandbox->helpers[role]);
		if (ours)
			return;
		waitpid(info.si_pid, NULL, WNOHANG);
		info.si_pid = 0;
	}
}

/* One that came before the command is kept for it: it may have been started by now, and have said
 * so to who then sent this, before pid 1 has told us. */
static void hold(struct sandbox *sandbox, int number)
{
	if (number != SIGTSTP && number != SIGCONT && number != SIGWINCH && number <= 64)
		sandbox->held |= 1ull << (number - 1);
}

void signals_give_held(struct sandbox *sandbox)
{
	for (int number = 1; number <= 64; number++)
		if (sandbox->held >> (number - 1) & 1)
			send_signal(sandbox, MESSAGE_SIGNAL, number);
	sandbox->held = 0;
}

int signals_take(struct sandbox *sandbox, int signals, bool started)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGCHLD) {
			reap_others(sandbox);
			continue;
		}
		int number = (int)info.ssi_signo;
		/* sandbox kill: any signal, as a number that comes with one of ours. */
		bool sent = number == SIGRTMIN;

		if (sent && (info.ssi_code != SI_QUEUE || info.ssi_uid != getuid()))
			continue;
		if (sent)
			number = info.ssi_int;
		if (!started && stops_the_start(number))
			return number;
		if (!started)
			hold(sandbox, number);
		else if (sent)
			send_signal(sandbox, MESSAGE_SIGNAL, number);
		else
			pass_on(sandbox, &info);
	}
	return 0;
}
