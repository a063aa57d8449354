/* The session's and the system's bus, and who filters them: see host.h. D-Bus specification,
 * "Server Addresses". */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "files.h"
#include "host.h"
#include "installed.h"
#include "spawn.h"

#define SYSTEM_BUS "/run/dbus/system_bus_socket"

static int hex(char c)
{
	return c >= '0' && c <= '9'                 ? c - '0'
	       : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
						    : -1;
}

/* The value of a key: %XX is a byte. NULL for what is none, or has a NUL byte. */
static char *unescape(struct arena *arena, const char *text, size_t length)
{
	char *value = arena_strndup(arena, text, length), *to = value;

	for (const char *from = value; *from; from++) {
		if (*from != '%') {
			*to++ = *from;
			continue;
		}
		int high = hex(from[1]), low = high < 0 ? -1 : hex(from[2]);

		if (low < 0 || high * 16 + low == 0)
			return NULL;
		*to++ = (char)(high * 16 + low);
		from += 2;
	}
	*to = '\0';
	return value;
}

/* The first of an address's alternatives that is a socket of this machine: its path, or '@' and its
 * abstract name. */
static const char *find_socket(struct arena *arena, const char *address)
{
	for (size_t length; *address; address += length + (address[length] == ';')) {
		length = strcspn(address, ";");
		if (strncmp(address, "unix:", 5) != 0)
			continue;
		for (const char *key = address + 5; key < address + length;) {
			size_t part = strcspn(key, ",;");
			bool path = strncmp(key, "path=/", 6) == 0;
			char *value = NULL;

			if (path)
				value = unescape(arena, key + 5, part - 5);
			else if (strncmp(key, "abstract=", 9) == 0)
				value = unescape(arena, key + 9, part - 9);
			if (value && *value)
				return path ? value : arena_printf(arena, "@%s", value);
			key += part + (key[part] == ',');
			if (part == 0)
				break;
		}
	}
	return NULL;
}

/* Does somebody listen there? A socket that a daemon has left behind refuses. */
static bool answers(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);
	int cleanup_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (length >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(address.sun_path, name, length);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	socklen_t size =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (name[0] != '@'));
	return fd >= 0 && connect(fd, (struct sockaddr *)&address, size) == 0;
}

static const char *probe(struct arena *arena, const char *variable, const char *fallback,
			 const char **why)
{
	const char *given = getenv(variable);
	const char *name = given && *given ? find_socket(arena, given) : fallback;

	if (!name && given && *given) {
		*why = arena_printf(arena, "%s=%s is no socket of this machine", variable, given);
		return NULL;
	}
	if (!name) {
		*why = arena_printf(arena,
				    "neither $%s nor $XDG_RUNTIME_DIR is set: this is not a "
				    "desktop session",
				    variable);
		return NULL;
	}
	if (answers(name))
		return name;
	*why = arena_printf(arena, "nobody listens at %s: %s", name, strerror(errno));
	return NULL;
}

void host_probe_bus(struct host *host, const struct config *config)
{
	struct arena *arena = &host->arena;
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	bool session = config_wants_bus(config, false), system = config_wants_bus(config, true);

	if (!session && !system)
		return;
	host->bus.helper = installed_path(arena, NULL, "libexec/sandbox/bus");
	host->bus.proxy = spawn_find(arena, "xdg-dbus-proxy");
	if (session)
		host->bus.session = probe(
			arena, "DBUS_SESSION_BUS_ADDRESS",
			runtime && *runtime == '/' ? arena_printf(arena, "%s/bus", runtime) : NULL,
			&host->bus.no_session);
	if (system)
		host->bus.system =
			probe(arena, "DBUS_SYSTEM_BUS_ADDRESS", SYSTEM_BUS, &host->bus.no_system);
}
