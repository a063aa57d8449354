/* What supervisor and pid 1 say to each other: see channel.h. */
#include "channel.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int channel_open(int ends[2], struct error *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(err, "make the channel between supervisor and sandbox");
	return 0;
}

int channel_send(int end, enum message_kind kind, int number, const struct error *error)
{
	struct message message = {.kind = kind, .number = number};
	size_t size = offsetof(struct message, error);
	ssize_t sent;

	if (error) {
		message.error = *error;
		size = sizeof message;
	}
	do
		sent = send(end, &message, size, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

enum message_kind channel_receive(int end, struct message *message)
{
	ssize_t got;

	do
		got = recv(end, message, sizeof *message, 0);
	while (got < 0 && errno == EINTR);
	if (got < (ssize_t)offsetof(struct message, error))
		message->kind = MESSAGE_GONE;
	else if (message->kind == MESSAGE_ERROR && got < (ssize_t)sizeof *message)
		message->kind = MESSAGE_GONE;
	message->error.text[sizeof message->error.text - 1] = '\0';
	message->error.remedy[sizeof message->error.remedy - 1] = '\0';
	return message->kind;
}
