/*
 * terminal: the caller's terminal, and the carrying of bytes between it and the sandbox's own
 * (pty.h), in the supervisor.
 *
 * While the command is in the foreground the caller's terminal is in raw mode: what is typed,
 * Ctrl-C and Ctrl-Z included, means to the sandbox's terminal what it would have meant here. It is
 * put back on every way out, and whenever we stop; where the supervisor is killed, by the watcher.
 *
 * In a pipeline (only one of standard input and output is a terminal) and in the background nothing
 * is read before the command itself wants to read: what is typed is most likely for somebody else,
 * less(1) or the shell. The command is in the background of its own terminal then, and the kernel
 * tells of the wish by SIGTTIN.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <poll.h>
#include <stdbool.h>
#include <termios.h>

#include "error.h"

struct plan;

/* What is on its way in one direction. */
struct carried {
	char *bytes; /* TERMINAL_BUFFER of them */
	size_t start, end;
};

enum { TERMINAL_BUFFER = 16384, TERMINAL_POLLS = 2 };

struct terminal {
	int tty;    /* the caller's, opened anew without blocking where that can be; -1: none */
	int master; /* the sandbox's, from outside; -1 before it is there */
	struct termios saved;
	bool raw;     /* the caller's is in raw mode, by us */
	bool wanted;  /* the command may have what is typed */
	bool shared;  /* other programs of the same job use it too */
	bool taken;   /* it has been in raw mode: the sandbox's has modes of its own now */
	bool hung_up; /* the caller's is gone */
	struct carried in, out;
};

/* Look at the caller's terminal, where plan says that the sandbox gets one. */
int terminal_open(struct terminal *terminal, const struct plan *plan, struct error *err);

/* The sandbox's has come. */
void terminal_attach(struct terminal *terminal, int master);

/* Fill in what to wait for: TERMINAL_POLLS entries, with fd -1 where there is nothing. */
void terminal_polls(const struct terminal *terminal, struct pollfd *polls);

/* Carry what can be carried, by what poll said. */
void terminal_carry(struct terminal *terminal, const struct pollfd *polls);

/* Is the caller's terminal ours to read, or is somebody else in the foreground? */
bool terminal_in_foreground(const struct terminal *terminal);

/* Take it up: raw mode when the command is in the foreground and may read, and the size. */
void terminal_take(struct terminal *terminal);

/* Put it back as it was: before we stop, and at the end. */
void terminal_put_back(struct terminal *terminal);

/* The caller's window has changed. */
void terminal_resize(const struct terminal *terminal);

/* The command has ended: write out what it has said, put the terminal back, let go. */
void terminal_close(struct terminal *terminal);

#endif
