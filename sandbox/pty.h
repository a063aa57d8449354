/*
 * pty: a terminal of the sandbox's own, of its own devpts, in the place of the caller's.
 *
 * The caller's terminal is never handed in: who holds it could read what is typed at the shell
 * later, change its modes, or push characters into it. The child makes a pseudo-terminal (SETUP),
 * sends its other side to the supervisor, and gives it to the payload as its controlling terminal
 * and in the place of those of its standard descriptors that are terminals; pipes and files stay
 * what they are. See pty(7), tty_ioctl(4), termios(3), credentials(7) "Sessions".
 */
#ifndef PTY_H
#define PTY_H

#include "sandbox.h"

/* Adds the step, where one of the standard descriptors is a terminal and --no-tty was not given. */
int pty_plan(struct plan *plan, struct error *err);

/* Make one, in sandbox->pts: sandbox->master and terminal are set. It looks like the first of
 * fds[0..2] that plan->terminals names. For the joiner too. */
int pty_make(struct sandbox *sandbox, const struct plan *plan, const int fds[3], struct error *err);

/* Child, when the supervisor does nothing but wait for it: send the outer side. */
int pty_hand_over(struct sandbox *sandbox, struct error *err);

/* Pid 1, before the payload: lead a session that has the terminal. 0 where there is none. */
int pty_lead_session(const struct sandbox *sandbox, struct error *err);

/*
 * The payload: a process group of its own, the one in the foreground unless plan->terminal_lazy,
 * and the terminal on its descriptors. Without a terminal: a session of its own.
 */
int pty_enter(const struct sandbox *sandbox, struct error *err);

/* Pid 1: put the payload's group, or whichever was there when it was stopped, into the foreground
 * or out of it, and let it go on. */
void pty_continue(const struct sandbox *sandbox, pid_t payload, bool foreground);

#endif
