/* The few requests of X11 that the helper makes: see x11.h. In the machine's byte order, which the
 * first byte tells the server; here the little one, or 'B'. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "session.h"
#include "x11.h"

enum { QUERY_EXTENSION = 98, PACKET = 32, REPLY = 1, ERROR = 0 };
enum { GENERATE = 1, REVOKE = 2 };
enum { VALUE_TIMEOUT = 1, VALUE_TRUST = 2, UNTRUSTED = 1 };

static const char method[] = "MIT-MAGIC-COOKIE-1";

static size_t padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

static void put16(unsigned char *at, unsigned value)
{
	uint16_t number = (uint16_t)value;

	memcpy(at, &number, sizeof number);
}

static void put32(unsigned char *at, uint32_t value)
{
	memcpy(at, &value, sizeof value);
}

static unsigned get16(const unsigned char *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof value);
	return value;
}

static uint32_t get32(const unsigned char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof value);
	return value;
}

/* Read and forget. */
static bool skip(int fd, size_t size)
{
	char block[4096];

	for (; size > 0; size -= size < sizeof block ? size : sizeof block)
		if (!session_read(fd, block, size < sizeof block ? size : sizeof block))
			return false;
	return true;
}

static bool greet(int fd, const struct cookie *cookie)
{
	const uint16_t one = 1;
	unsigned char packet[256] = {0};
	size_t name = cookie ? strlen(method) : 0, data = cookie ? cookie->size : 0;

	packet[0] = *(const unsigned char *)&one ? 'l' : 'B';
	put16(packet + 2, 11);
	put16(packet + 6, (unsigned)name);
	put16(packet + 8, (unsigned)data);
	if (cookie) {
		snprintf((char *)packet + 12, sizeof packet - 12, "%s", method);
		memcpy(packet + 12 + padded(name), cookie->data, data);
	}
	return session_write(fd, packet, 12 + padded(name) + padded(data));
}

int wire_connect(unsigned number, const struct cookie *cookie, char why[128])
{
	char path[48];
	unsigned char head[8];

	snprintf(path, sizeof path, "/tmp/.X11-unix/X%u", number);
	int fd = session_connect(path);
	why[0] = '\0';
	if (fd < 0)
		return -1;
	if (greet(fd, cookie) && session_read(fd, head, sizeof head)) {
		size_t rest = get16(head + 6) * (size_t)4, said = head[1];

		if (head[0] == 1 && skip(fd, rest))
			return fd;
		if (head[0] == 0 && said < 128 && said <= rest && session_read(fd, why, said))
			why[said] = '\0';
	}
	close(fd);
	return -1;
}

/* The next reply; events are passed over. false: an error, or the end. */
static bool hear(int fd, unsigned char packet[PACKET])
{
	while (session_read(fd, packet, PACKET)) {
		if (packet[0] == REPLY)
			return true;
		if (packet[0] == ERROR)
			return false;
	}
	return false;
}

int wire_extension(int fd, const char *name)
{
	unsigned char packet[PACKET + 32] = {QUERY_EXTENSION};
	size_t size = 8 + padded(strlen(name));

	put16(packet + 2, (unsigned)(size / 4));
	put16(packet + 4, (unsigned)strlen(name));
	snprintf((char *)packet + 8, sizeof packet - 8, "%s", name);
	if (!session_write(fd, packet, size) || !hear(fd, packet))
		return -1;
	return packet[8] ? packet[9] : 0;
}

bool wire_generate(int fd, int security, uint32_t seconds, struct cookie *cookie, uint32_t *id)
{
	unsigned char packet[64] = {(unsigned char)security, GENERATE};
	size_t name = strlen(method), size = 12 + padded(name) + 8;

	put16(packet + 2, (unsigned)(size / 4));
	put16(packet + 4, (unsigned)name);
	put32(packet + 8, VALUE_TIMEOUT | VALUE_TRUST);
	snprintf((char *)packet + 12, sizeof packet - 12, "%s", method);
	put32(packet + 12 + padded(name), seconds);
	put32(packet + 16 + padded(name), UNTRUSTED);
	if (!session_write(fd, packet, size) || !hear(fd, packet))
		return false;
	size_t rest = get32(packet + 4) * (size_t)4;
	cookie->size = get16(packet + 12);
	*id = get32(packet + 8);
	return cookie->size > 0 && cookie->size <= sizeof cookie->data && cookie->size <= rest &&
	       session_read(fd, cookie->data, cookie->size) && skip(fd, rest - cookie->size);
}

bool wire_revoke(int fd, int security, uint32_t id)
{
	unsigned char packet[8] = {(unsigned char)security, REVOKE};

	put16(packet + 2, 2);
	put32(packet + 4, id);
	/* Whatever the answer to the next question is, this one has been done then. */
	return session_write(fd, packet, sizeof packet) && wire_extension(fd, "SECURITY") >= 0;
}
