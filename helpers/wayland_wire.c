/* Messages of Wayland: see wayland.h. A message is the object's id, size << 16 | opcode, and the
 * arguments in words of 32 bits of the machine's order; a string is counted with its NUL and
 * padded.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rights.h"
#include "session.h"
#include "wayland.h"

enum { DISPLAY = 1, REGISTRY = 2 };               /* objects */
enum { SYNC = 0, GET_REGISTRY = 1, BIND = 0 };    /* requests */
enum { DISPLAY_ERROR = 0, GLOBAL = 0, DONE = 0 }; /* events */
enum { CREATE_LISTENER = 1, SET_ENGINE = 1, SET_APP = 2, SET_INSTANCE = 3, COMMIT = 4 };
enum { MOST = 4096 };

static const char manager[] = "wp_security_context_manager_v1";

struct message {
	unsigned char bytes[1024];
	size_t size;
};

static void add(struct message *message, uint32_t value)
{
	memcpy(message->bytes + message->size, &value, sizeof value);
	message->size += sizeof value;
}

static void begin(struct message *message, uint32_t object)
{
	message->size = 0;
	add(message, object);
	add(message, 0);
}

/* Cut where it is too long for a name that is shown to people. */
static void add_text(struct message *message, const char *text)
{
	size_t length = strnlen(text, 255);

	add(message, (uint32_t)length + 1);
	memcpy(message->bytes + message->size, text, length);
	memset(message->bytes + message->size + length, 0, 4);
	message->size += (length + 4) & ~(size_t)3;
}

static void finish(struct message *message, unsigned opcode)
{
	uint32_t word = (uint32_t)message->size << 16 | opcode;

	memcpy(message->bytes + 4, &word, sizeof word);
}

static bool put(const struct wayland *wayland, struct message *message, unsigned opcode)
{
	finish(message, opcode);
	return session_write(wayland->fd, message->bytes, message->size);
}

/* With two descriptors beside it. */
static bool put_with(const struct wayland *wayland, struct message *message, unsigned opcode,
		     int first, int second)
{
	const int fds[] = {first, second};

	finish(message, opcode);
	return rights_send(wayland->fd, message->bytes, message->size, fds, 2, 0) ==
	       (ssize_t)message->size;
}

static uint32_t word_at(const unsigned char *bytes, size_t at)
{
	uint32_t value;

	memcpy(&value, bytes + at, sizeof value);
	return value;
}

/* The string at an offset of an event's arguments, if all of it is there; NULL: it is not. */
static const char *text_at(const unsigned char *bytes, size_t size, size_t at)
{
	if (at + 4 > size)
		return NULL;
	uint32_t length = word_at(bytes, at);
	if (length == 0 || length > size - at - 4 || bytes[at + 4 + length - 1] != '\0')
		return NULL;
	return (const char *)bytes + at + 4;
}

/* One event: the object and opcode, the arguments in bytes. false: the end, or nonsense. */
static bool hear(const struct wayland *wayland, uint32_t *object, unsigned *opcode,
		 unsigned char bytes[MOST], size_t *size)
{
	unsigned char head[8];

	if (!session_read(wayland->fd, head, sizeof head))
		return false;
	*object = word_at(head, 0);
	*opcode = word_at(head, 4) & 0xffff;
	size_t all = word_at(head, 4) >> 16;
	if (all < sizeof head || all - sizeof head > MOST)
		return false;
	*size = all - sizeof head;
	return session_read(wayland->fd, bytes, *size);
}

static void take_event(struct wayland *wayland, uint32_t object, unsigned opcode,
		       const unsigned char *bytes, size_t size)
{
	if (object == DISPLAY && opcode == DISPLAY_ERROR) {
		const char *text = text_at(bytes, size, 8);

		snprintf(wayland->error, sizeof wayland->error, "%.200s", text ? text : "an error");
	} else if (object == REGISTRY && opcode == GLOBAL && size >= 12) {
		const char *interface = text_at(bytes, size, 4);

		if (interface && strcmp(interface, manager) == 0)
			wayland->context = word_at(bytes, 0);
	}
}

/* Wait until all that was sent has been done. */
static bool roundtrip(struct wayland *wayland)
{
	struct message message;
	unsigned char bytes[MOST];
	uint32_t object, callback = ++wayland->last;
	unsigned opcode;
	size_t size;

	begin(&message, DISPLAY);
	add(&message, callback);
	if (!put(wayland, &message, SYNC))
		return false;
	while (hear(wayland, &object, &opcode, bytes, &size)) {
		if (object == callback && opcode == DONE)
			return true;
		take_event(wayland, object, opcode, bytes, size);
		if (*wayland->error)
			return false;
	}
	return false;
}

bool wayland_open(struct wayland *wayland, const char *path)
{
	struct message message;

	*wayland = (struct wayland){.fd = session_connect(path), .last = REGISTRY};
	begin(&message, DISPLAY);
	add(&message, REGISTRY);
	return wayland->fd >= 0 && put(wayland, &message, GET_REGISTRY) && roundtrip(wayland);
}

bool wayland_tell(struct wayland *wayland, int listener, int closing, const char *app,
		  const char *instance)
{
	struct message message;
	uint32_t object = ++wayland->last, context = ++wayland->last;

	begin(&message, REGISTRY);
	add(&message, wayland->context);
	add_text(&message, manager);
	add(&message, 1);
	add(&message, object);
	if (!put(wayland, &message, BIND))
		return false;
	begin(&message, object);
	add(&message, context);
	if (!put_with(wayland, &message, CREATE_LISTENER, listener, closing))
		return false;
	const char *const texts[] = {
		[SET_ENGINE] = "org.sandbox", [SET_APP] = app, [SET_INSTANCE] = instance};
	for (unsigned opcode = SET_ENGINE; opcode <= SET_INSTANCE; opcode++) {
		begin(&message, context);
		add_text(&message, texts[opcode]);
		if (!put(wayland, &message, opcode))
			return false;
	}
	begin(&message, context);
	return put(wayland, &message, COMMIT) && roundtrip(wayland);
}
