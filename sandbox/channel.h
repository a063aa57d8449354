/*
 * channel: the socket pair between the supervisor and pid 1 of the sandbox, and all that is said
 * over it. Messages are whole (SOCK_SEQPACKET) and of fixed size; the other end's death reads as
 * MESSAGE_GONE.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include "error.h"

enum message_kind {
	MESSAGE_GONE,     /* never sent: the other end is closed */
	MESSAGE_IDS,      /* supervisor -> child: ATTACH is done, the id maps are written: go on */
	MESSAGE_SIGNAL,   /* supervisor -> init: pass number on to the payload */
	MESSAGE_TERMINAL, /* supervisor -> init: the same, to its whole process group */
	MESSAGE_ERROR,    /* child -> supervisor: error says what failed; nothing was run */
	MESSAGE_STARTED,  /* init -> supervisor: the payload's exec has succeeded */
	MESSAGE_EXITED, /* init -> supervisor: number is the payload's wait status; all else is dead
			 */
};

struct message {
	enum message_kind kind;
	int number;
	struct error error;
};

/* A connected pair, both ends close-on-exec. */
int channel_open(int ends[2], struct error *err);

/* Send; a peer that is gone is no error here: it will be read as MESSAGE_GONE. -1 and errno. */
int channel_send(int end, enum message_kind kind, int number, const struct error *error);

/* Wait for a message. MESSAGE_GONE at the end or on any failure. */
enum message_kind channel_receive(int end, struct message *message);

#endif
