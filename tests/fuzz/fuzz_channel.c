/*
 * Any packet on the channel between the supervisor and process 1, with any number of descriptors:
 * what is received is whole, and no descriptor is lost. Run by `make fuzz`.
 */
#include "channel.h"
#include "fuzz.h"

#include <dirent.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

static void send_packet(int end, const void *bytes, size_t size, int count)
{
	char room[CMSG_SPACE(32 * sizeof(int))] __attribute__((aligned(8))) = {0};
	struct iovec data = {(void *)bytes, size};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};

	if (count > 0) {
		message.msg_control = room;
		message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
		memset(CMSG_DATA(header), 0, (size_t)count * sizeof(int)); /* descriptor 0 */
	}
	(void)!sendmsg(end, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The lowest free descriptor: the same as before, when all that came have been closed. */
static int lowest(void)
{
	int fd = dup(0);

	require(fd >= 0);
	close(fd);
	return fd;
}

static void check(const struct message *message, int count)
{
	int got = 0;

	for (int i = 0; i < MESSAGE_FDS; i++) {
		if (message->fds[i] < 0)
			continue;
		got++;
		require(close(message->fds[i]) == 0);
	}
	require(got == (count < MESSAGE_FDS ? count : MESSAGE_FDS));
	require(memchr(message->error.text, '\0', sizeof message->error.text) != NULL);
	require(memchr(message->error.remedy, '\0', sizeof message->error.remedy) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message message;
	struct error err;
	int ends[2];

	if (size < 2)
		return 0;
	int count = data[0] % 16, before = lowest();
	require(channel_open(ends, &err) == 0);
	send_packet(ends[0], data + 1, size - 1, count);
	shutdown(ends[0], SHUT_WR);
	if (data[0] & 0x80) {
		if (channel_expect(ends[1], data[1], &message))
			check(&message, data[1] == MESSAGE_GONE ? 0 : count);
	} else {
		enum message_kind kind = channel_receive(ends[1], &message);

		require(size - 1 >= offsetof(struct message, fds) || kind == MESSAGE_GONE);
		check(&message, kind == MESSAGE_GONE ? 0 : count);
		require(channel_receive(ends[1], &message) == MESSAGE_GONE);
	}
	close(ends[0]);
	close(ends[1]);
	require(lowest() == before);
	return 0;
}
