/* Xauthority files: see x11.h. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "x11.h"

enum { FAMILY_LOCAL = 256, FAMILY_WILD = 65535, MOST = 1 << 20 };

static const char method[] = "MIT-MAGIC-COOKIE-1";

/* A counted string. */
struct field {
	const unsigned char *data;
	size_t size;
};

struct reader {
	const unsigned char *at;
	size_t left;
};

static bool take_number(struct reader *reader, unsigned *value)
{
	if (reader->left < 2)
		return false;
	*value = (unsigned)reader->at[0] << 8 | reader->at[1];
	reader->at += 2;
	reader->left -= 2;
	return true;
}

static bool take_field(struct reader *reader, struct field *field)
{
	unsigned size;

	if (!take_number(reader, &size) || reader->left < size)
		return false;
	*field = (struct field){reader->at, size};
	reader->at += size;
	reader->left -= size;
	return true;
}

static bool is(const struct field *field, const char *text)
{
	return field->size == strlen(text) && memcmp(field->data, text, field->size) == 0;
}

static bool find(struct reader *reader, unsigned number, struct cookie *cookie)
{
	char display[16], host[256] = "";
	unsigned family;
	struct field address, where, name, data;

	snprintf(display, sizeof display, "%u", number);
	gethostname(host, sizeof host - 1);
	while (take_number(reader, &family) && take_field(reader, &address) &&
	       take_field(reader, &where) && take_field(reader, &name) &&
	       take_field(reader, &data)) {
		bool here = family == FAMILY_WILD || (family == FAMILY_LOCAL && is(&address, host));

		if (!here || !(where.size == 0 || is(&where, display)) || !is(&name, method) ||
		    data.size > sizeof cookie->data)
			continue;
		memcpy(cookie->data, data.data, data.size);
		cookie->size = data.size;
		return true;
	}
	return false;
}

bool authority_find(const char *path, unsigned number, struct cookie *cookie)
{
	unsigned char *all = malloc(MOST);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t used = 0;
	ssize_t got = 1;

	while (all && fd >= 0 && got > 0 && used < MOST) {
		got = read(fd, all + used, MOST - used);
		used += got > 0 ? (size_t)got : 0;
	}
	struct reader reader = {all, used};
	bool found = all && find(&reader, number, cookie);
	if (fd >= 0)
		close(fd);
	free(all);
	return found;
}

static unsigned char *put(unsigned char *at, const void *data, size_t size)
{
	*at++ = (unsigned char)(size >> 8);
	*at++ = (unsigned char)size;
	memcpy(at, data, size);
	return at + size;
}

static unsigned char *put_entry(unsigned char *at, unsigned family, const char *host,
				unsigned number, const struct cookie *cookie)
{
	char display[16];

	snprintf(display, sizeof display, "%u", number);
	*at++ = (unsigned char)(family >> 8);
	*at++ = family & 0xff;
	at = put(at, host, strlen(host));
	at = put(at, display, strlen(display));
	at = put(at, method, strlen(method));
	return put(at, cookie->data, cookie->size);
}

size_t authority_make(unsigned char text[AUTHORITY_MOST], const char *host, unsigned number,
		      const struct cookie *cookie)
{
	char name[HOST_MOST + 1];

	snprintf(name, sizeof name, "%s", host);
	unsigned char *at = put_entry(text, FAMILY_LOCAL, name, number, cookie);

	at = put_entry(at, FAMILY_WILD, "", number, cookie);
	return (size_t)(at - text);
}
