/*
 * channel: the socket pair between the supervisor and pid 1 of the sandbox, and all that is said
 * over it. Messages are whole (SOCK_SEQPACKET) and of fixed size; the other end's death reads as
 * MESSAGE_GONE.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stdbool.h>

#include "error.h"
#include "outcome.h"

enum message_kind {
	MESSAGE_GONE,     /* never sent: the other end is closed */
	MESSAGE_IDS,      /* supervisor -> child: ATTACH is done, the id maps are written: go on */
	MESSAGE_NETWORK,  /* supervisor -> child: CONNECT is done: the payload may start */
	MESSAGE_SIGNAL,   /* supervisor -> init: pass number on to the payload */
	MESSAGE_TERMINAL, /* supervisor -> init: the same, to its whole process group */
	MESSAGE_EVERYONE, /* supervisor -> init: the same, to all processes inside */
	MESSAGE_ISOLATED, /* child -> supervisor: ISOLATE is done; only where CONNECT follows.
			   * fds are its network namespace and, for an X server, that of IPC */
	MESSAGE_PTY, /* child -> supervisor: fds[0] is the outer side of the sandbox's terminal */
	MESSAGE_NAMESPACES, /* child -> supervisor: fds are its namespaces, in the order of join.c
			     */
	MESSAGE_USER_NAMESPACE, /* init -> supervisor: fds[0] is the payload's own (nest.h) */
	MESSAGE_ENFORCED, /* payload -> supervisor: fds[0] says what is in force (enforced.h) */
	MESSAGE_LISTENER, /* a container's process -> who starts it: fds[0] is the listener of its
			   * filter (helpers/oci_asking.c) */
	MESSAGE_GO,       /* supervisor -> payload: it is told, go on */
	MESSAGE_ERROR,    /* child -> supervisor: error says what failed; nothing was run */
	MESSAGE_STARTED,  /* init -> supervisor: the payload's exec has succeeded */
	MESSAGE_STOPPED,  /* init -> supervisor: the payload has been stopped, by signal number */
	MESSAGE_CONTINUE, /* supervisor -> init: let it go on, in the foreground when number is 1 */
	MESSAGE_EXITED,   /* init -> supervisor: number is the payload's wait status, usage what all
			   * processes used; they are dead */
};

enum { MESSAGE_FDS = 8 };

struct message {
	enum message_kind kind;
	int number;           /* of MESSAGE_GONE: the errno that it could not be heard for, or 0 */
	struct usage usage;   /* MESSAGE_EXITED */
	int fds[MESSAGE_FDS]; /* received with it; -1: none. The receiver's to close */
	struct error error;
};

/* A connected pair, both ends close-on-exec. */
int channel_open(int ends[2], struct error *err);

/* Send; a peer that is gone is no error here: it will be read as MESSAGE_GONE. -1 and errno. */
int channel_send(int end, enum message_kind kind, int number, const struct error *error);

/* MESSAGE_EXITED. */
int channel_send_exited(int end, int status, const struct usage *usage);

/* A message of this kind with descriptors, at most MESSAGE_FDS. */
int channel_send_fds(int end, enum message_kind kind, const int *fds, int count);
int channel_send_with(int end, enum message_kind kind, int fd);

/* Wait for a message. MESSAGE_GONE at the end or on any failure, with number saying which. */
enum message_kind channel_receive(int end, struct message *message);

/* Wait for a message, and leave it to be received. MESSAGE_GONE leaves errno as it was at the end
 * of file, and sets it on a failure. */
enum message_kind channel_peek(int end);

/* Wait for a message of this kind. Any other, or the end, is left to be received, and errno is 0;
 * or it has what kept it from being heard. */
bool channel_expect(int end, enum message_kind kind, struct message *message);

/* Pass descriptors over a stream socket of ours, with one byte: at most MESSAGE_FDS. -1 and errno.
 */
int channel_pass(int end, const int *fds, int count);

/* The first of the next ones that were passed, close-on-exec; the others stay open, whatever they
 * are. -1 at the end of file and on any failure. */
int channel_receive_fd(int end);

#endif
