/*
 * signals: those that the supervisor gets, and what of them is passed on to the command.
 *
 * They are blocked and read from a descriptor (signalfd(2)), so nothing runs asynchronously.
 * `sandbox kill` sends any signal as the number that comes with SIGRTMIN.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include "sandbox.h"

/* Block them and make the descriptor, which is the caller's to close; the mask that was is kept in
 * sandbox->caller_mask. -1 and err. */
int signals_open(struct sandbox *sandbox, struct error *err);

/* From when others can be started in the sandbox: joiners are reaped when they end, and not before
 * somebody happens to come by. */
void signals_hear_of_children(const struct sandbox *sandbox);

/* Read what signals there are; the number of the one that ends an unfinished start, or 0. One that
 * comes before the command has started and does not is kept for it. */
int signals_take(struct sandbox *sandbox, int signals, bool started);

/* The command has started: it gets what came before. */
void signals_give_held(struct sandbox *sandbox);

/* The command has been stopped by this signal. */
void signals_command_stopped(struct sandbox *sandbox, int number);

#endif
