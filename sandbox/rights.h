/*
 * rights: descriptors handed over a Unix socket, beside bytes (unix(7), SCM_RIGHTS).
 *
 * Here and not in a file of its own, since programs need it that have nothing else of ours linked
 * in.
 */
#ifndef RIGHTS_H
#define RIGHTS_H

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RIGHTS_MAX = 8 }; /* descriptors in one message */

/*
 * Send size bytes, at least one, and count descriptors, which stay open here. flags are
 * sendmsg(2)'s; MSG_NOSIGNAL is added. The bytes sent, or -1 and errno; EINTR is the caller's. The
 * call is made by hand: a process that shares another's memory may do no more than that.
 */
static inline ssize_t rights_send(int socket, const void *bytes, size_t size, const int *fds,
				  size_t count, int flags)
{
	char room[CMSG_SPACE(RIGHTS_MAX * sizeof *fds)] __attribute__((aligned(8))) = {0};
	struct cmsghdr *header = (struct cmsghdr *)room; /* cmsg(3): the first one */
	struct iovec data = {(void *)bytes, size};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = CMSG_SPACE(count * sizeof *fds)};

	if (count > RIGHTS_MAX) {
		errno = E2BIG;
		return -1;
	}
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof *fds);
	memcpy(CMSG_DATA(header), fds, count * sizeof *fds);
	return syscall(SYS_sendmsg, socket, &message, flags | MSG_NOSIGNAL);
}

#endif
