/* What supervisor and pid 1 say to each other: see channel.h. */
#include "channel.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rights.h"

int channel_open(int ends[2], struct error *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(err, "make the channel between supervisor and sandbox");
	return 0;
}

static int send_whole(int end, const struct message *message, size_t size)
{
	ssize_t sent;

	do
		sent = send(end, message, size, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

int channel_send(int end, enum message_kind kind, int number, const struct error *error)
{
	struct message message = {.kind = kind, .number = number};
	size_t size = offsetof(struct message, fds);

	if (error) {
		message.error = *error;
		size = sizeof message;
	}
	return send_whole(end, &message, size);
}

int channel_send_exited(int end, int status, const struct usage *usage)
{
	struct message message = {.kind = MESSAGE_EXITED, .number = status, .usage = *usage};

	return send_whole(end, &message, offsetof(struct message, fds));
}

/* A message with room for descriptors. */
struct packet {
	struct iovec data;
	struct msghdr header;
	char room[CMSG_SPACE(MESSAGE_FDS * sizeof(int))] __attribute__((aligned(8)));
};

static void wrap(struct packet *packet, void *data, size_t size)
{
	*packet = (struct packet){.data = {data, size}};
	packet->header = (struct msghdr){.msg_iov = &packet->data,
					 .msg_iovlen = 1,
					 .msg_control = packet->room,
					 .msg_controllen = sizeof packet->room};
}

_Static_assert((int)MESSAGE_FDS <= (int)RIGHTS_MAX, "a message goes out in one piece");

static int send_with(int end, const void *bytes, size_t size, const int *fds, size_t count)
{
	ssize_t sent;

	do
		sent = rights_send(end, bytes, size, fds, count, 0);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

/* When the other end has closed with something of ours unread, that is said once, before what it
 * has sent (unix_release_sock in the kernel): the last message is still to come. */
static bool goes_on(ssize_t got)
{
	return got < 0 && (errno == EINTR || errno == ECONNRESET);
}

/* The descriptors that came are stored; -1 where there are no more. */
static ssize_t receive_packet(int end, struct packet *packet, int fds[MESSAGE_FDS])
{
	ssize_t got;

	for (int i = 0; i < MESSAGE_FDS; i++)
		fds[i] = -1;
	do
		got = recvmsg(end, &packet->header, MSG_CMSG_CLOEXEC);
	while (goes_on(got));
	struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&packet->header) : NULL;
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
		memcpy(fds, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
	return got;
}

int channel_send_fds(int end, enum message_kind kind, const int *fds, int count)
{
	struct message message = {.kind = kind};

	return send_with(end, &message, offsetof(struct message, fds), fds, (size_t)count);
}

int channel_send_with(int end, enum message_kind kind, int fd)
{
	return channel_send_fds(end, kind, &fd, 1);
}

enum message_kind channel_receive(int end, struct message *message)
{
	struct packet packet;
	int fds[MESSAGE_FDS];

	wrap(&packet, message, sizeof *message);
	ssize_t got = receive_packet(end, &packet, fds);
	int number = got < 0 ? errno : 0;
	if (got < (ssize_t)offsetof(struct message, fds))
		message->kind = MESSAGE_GONE;
	else if (message->kind == MESSAGE_ERROR && got < (ssize_t)sizeof *message)
		message->kind = MESSAGE_GONE;
	if (message->kind == MESSAGE_GONE)
		message->number = number;
	/* What came with no message belongs to none. */
	for (int i = 0; message->kind == MESSAGE_GONE && i < MESSAGE_FDS; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
	memcpy(message->fds, fds, sizeof fds);
	message->error.text[sizeof message->error.text - 1] = '\0';
	message->error.remedy[sizeof message->error.remedy - 1] = '\0';
	return message->kind;
}

enum message_kind channel_peek(int end)
{
	enum message_kind kind;
	ssize_t got;

	do
		got = recv(end, &kind, sizeof kind, MSG_PEEK);
	while (goes_on(got));
	return got < (ssize_t)sizeof kind ? MESSAGE_GONE : kind;
}

bool channel_expect(int end, enum message_kind kind, struct message *message)
{
	errno = 0;
	return channel_peek(end) == kind && channel_receive(end, message) == kind;
}

int channel_pass(int end, const int *fds, int count)
{
	return send_with(end, "", 1, fds, (size_t)count);
}

int channel_receive_fd(int end)
{
	struct packet packet;
	char byte;
	int fds[MESSAGE_FDS];

	wrap(&packet, &byte, 1);
	return receive_packet(end, &packet, fds) > 0 ? fds[0] : -1;
}
