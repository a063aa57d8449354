/* The addresses that the relay connects to: see relay.h. */
#include <netinet/in.h>
#include <string.h>

#include "relay.h"

bool loopback_address(union address *address, socklen_t *size, int which, uint16_t port)
{
	memset(address, 0, sizeof *address);
	if (which == 0) {
		struct sockaddr_in *in = (struct sockaddr_in *)&address->room;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		*size = sizeof *in;
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address->room;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		in6->sin6_addr = in6addr_loopback;
		*size = sizeof *in6;
	}
	return which < ADDRESSES;
}

bool connected_to_itself(int fd, uint16_t port)
{
	union address own = {.room = {0}};
	socklen_t size = sizeof own;

	if (getsockname(fd, &own.any, &size) < 0)
		return true;
	/* The port is in the same place in a sockaddr_in6. */
	return ((const struct sockaddr_in *)&own.room)->sin_port == htons(port);
}
