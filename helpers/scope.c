/*
 * scope: asks the caller's systemd manager for a cgroup of its own.
 *
 *   scope SOCKET UNIT PID FD [start | join | set] [PROPERTY=VALUE]...
 *
 * Over SOCKET, the manager's own (no D-Bus daemon is needed), it has process PID put into a new
 * scope UNIT with Delegate=yes, waits until that is done, and writes to FD "ready", or "error
 * WORDS". A scope ends by itself when nobody is left in it. `join` puts PID into one that is there,
 * `set` gives that one other properties. The supervisor starts it (sandbox/cgroup.c), and the OCI
 * runtime (oci_scope.c); it ends after twenty seconds, whoever waits. A program of its own, so that
 * the launch links no library. The interface: org.freedesktop.systemd1(5).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define MANAGER                                                                                    \
	"org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"

enum { SECONDS = 20, LIST_BYTES = 1024, TRIES = 50, NAP_MICROSECONDS = 100000 };

/* What is waited for, and how that has ended. */
struct job {
	const char *path;
	char result[64];
};

static _Noreturn void end(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

static _Noreturn void end(int fd, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	_exit(write(fd, text, strlen(text)) > 0 ? 0 : 1);
}

static int removed(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct job *job = data;
	const char *path, *unit, *result;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0 && job->path &&
	    strcmp(path, job->path) == 0)
		snprintf(job->result, sizeof job->result, "%s", result);
	return 0;
}

static sd_bus *connect_to(const char *socket, int fd)
{
	char address[512];
	sd_bus *bus = NULL;
	int result = sd_bus_new(&bus);

	snprintf(address, sizeof address, "unix:path=%s", socket);
	if (result >= 0)
		result = sd_bus_set_address(bus, address);
	if (result >= 0)
		result = sd_bus_start(bus);
	if (result < 0)
		end(fd, "error cannot reach your systemd manager at %s: %s", socket,
		    strerror(-result));
	return bus;
}

/* "0-3,7": the bits of it, and how many bytes that takes; 0: it is no such list. */
static size_t read_list(const char *text, unsigned char bits[LIST_BYTES])
{
	size_t size = 0;

	memset(bits, 0, LIST_BYTES);
	while (*text) {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (end == text)
			return 0;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if ((*end && *end != ',') || last >= LIST_BYTES * 8 || first > last)
			return 0;
		for (unsigned long one = first; one <= last; one++)
			bits[one / 8] |= (unsigned char)(1u << one % 8);
		size = last / 8 + 1 > size ? last / 8 + 1 : size;
		text = end + (*end == ',');
	}
	return size;
}

static int append_list(sd_bus_message *call, const char *name, const char *value)
{
	unsigned char bits[LIST_BYTES];
	size_t size = read_list(value, bits);
	int result = size ? sd_bus_message_open_container(call, 'r', "sv") : -EINVAL;

	if (result >= 0)
		result = sd_bus_message_append(call, "s", name);
	if (result >= 0)
		result = sd_bus_message_open_container(call, 'v', "ay");
	if (result >= 0)
		result = sd_bus_message_append_array(call, 'y', bits, size);
	if (result >= 0)
		result = sd_bus_message_close_container(call);
	return result >= 0 ? sd_bus_message_close_container(call) : result;
}

static int append_property(sd_bus_message *call, const char *word)
{
	const char *equal = strchr(word, '=');
	char name[64];

	if (!equal || (size_t)(equal - word) >= sizeof name)
		return -EINVAL;
	snprintf(name, sizeof name, "%.*s", (int)(equal - word), word);
	if (strcmp(name, "Slice") == 0 || strcmp(name, "Description") == 0)
		return sd_bus_message_append(call, "(sv)", name, "s", equal + 1);
	if (strncmp(name, "Allowed", 7) == 0)
		return append_list(call, name, equal + 1);
	return sd_bus_message_append(call, "(sv)", name, "t", strtoull(equal + 1, NULL, 10));
}

static int append_properties(sd_bus_message *call, char **words)
{
	int result = 0;

	for (; *words && result >= 0; words++)
		result = append_property(call, *words);
	return result;
}

/* A scope of the manager's is limited in tasks unless it is told otherwise, and stays after a
 * failure until somebody has looked. Of two that say the same the last one counts. */
static int ask(sd_bus *bus, const char *unit, uint32_t pid, char **words, sd_bus_message **reply,
	       sd_bus_error *error)
{
	sd_bus_message *call = NULL;
	int result = sd_bus_message_new_method_call(bus, &call, MANAGER, "StartTransientUnit");

	if (result >= 0)
		result = sd_bus_message_append(call, "ss", unit, "fail");
	if (result >= 0)
		result = sd_bus_message_open_container(call, 'a', "(sv)");
	if (result >= 0)
		result = sd_bus_message_append(call, "(sv)(sv)(sv)(sv)(sv)", "Description", "s",
					       "a sandbox", "Delegate", "b", 1, "CollectMode", "s",
					       "inactive-or-failed", "TasksMax", "t", UINT64_MAX,
					       "PIDs", "au", 1, pid);
	if (result >= 0)
		result = append_properties(call, words);
	if (result >= 0)
		result = sd_bus_message_close_container(call);
	if (result >= 0)
		result = sd_bus_message_append(call, "a(sa(sv))", 0);
	if (result >= 0)
		result = sd_bus_call(bus, call, 0, error, reply);
	sd_bus_message_unref(call);
	return result;
}

/* One of the same name that has just ended is there until the manager has seen that. */
static int ask_again(sd_bus *bus, char **argv, char **words, sd_bus_message **reply,
		     sd_bus_error *error)
{
	for (int tries = 0;; tries++) {
		int result = ask(bus, argv[2], (uint32_t)strtoul(argv[3], NULL, 10), words, reply,
				 error);

		if (result != -EEXIST || tries == TRIES)
			return result;
		sd_bus_error_free(error);
		usleep(NAP_MICROSECONDS);
	}
}

static int wait_for(sd_bus *bus, const struct job *job)
{
	int result = 0;

	while (!*job->result && result >= 0) {
		result = sd_bus_process(bus, NULL);
		if (result == 0)
			result = sd_bus_wait(bus, UINT64_MAX);
	}
	return result < 0 && !*job->result ? result : 0;
}

static int join(sd_bus *bus, const char *unit, uint32_t pid, sd_bus_error *error)
{
	return sd_bus_call_method(bus, MANAGER, "AttachProcessesToUnit", error, NULL, "ssau", unit,
				  "", 1, pid);
}

static int set(sd_bus *bus, const char *unit, char **words, sd_bus_error *error)
{
	sd_bus_message *call = NULL;
	int result = sd_bus_message_new_method_call(bus, &call, MANAGER, "SetUnitProperties");

	if (result >= 0)
		result = sd_bus_message_append(call, "sb", unit, 1);
	if (result >= 0)
		result = sd_bus_message_open_container(call, 'a', "(sv)");
	if (result >= 0)
		result = append_properties(call, words);
	if (result >= 0)
		result = sd_bus_message_close_container(call);
	if (result >= 0)
		result = sd_bus_call(bus, call, 0, error, NULL);
	sd_bus_message_unref(call);
	return result;
}

/* Of a scope that is there: one call, which is done when it is answered. */
static _Noreturn void change(sd_bus *bus, char **argv, int fd)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	bool joins = strcmp(argv[5], "join") == 0;
	int result = joins ? join(bus, argv[2], (uint32_t)strtoul(argv[3], NULL, 10), &error)
			   : set(bus, argv[2], argv + 6, &error);

	if (result < 0)
		end(fd, "error systemd refuses to %s the scope %s: %s",
		    joins ? "put a process into" : "change", argv[2],
		    error.message ? error.message : strerror(-result));
	end(fd, "ready");
}

int main(int argc, char **argv)
{
	static char *none[] = {NULL};
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	struct job job = {NULL, ""};

	if (argc < 5 || (argc > 5 && strcmp(argv[5], "start") != 0 &&
			 strcmp(argv[5], "join") != 0 && strcmp(argv[5], "set") != 0)) {
		fputs("usage: scope SOCKET UNIT PID FD [start | join | set] [PROPERTY=VALUE]...\n",
		      stderr);
		return 2;
	}
	alarm(SECONDS);
	int fd = (int)strtol(argv[4], NULL, 10);
	sd_bus *bus = connect_to(argv[1], fd);
	if (argc > 5 && strcmp(argv[5], "start") != 0)
		change(bus, argv, fd);
	/* Before the job is there, so that its end is not missed. */
	int result = sd_bus_match_signal(bus, NULL, NULL, "/org/freedesktop/systemd1",
					 "org.freedesktop.systemd1.Manager", "JobRemoved", removed,
					 &job);
	if (result >= 0)
		result = ask_again(bus, argv, argc > 5 ? argv + 6 : none, &reply, &error);
	if (result >= 0)
		result = sd_bus_message_read(reply, "o", &job.path);
	if (result >= 0)
		result = wait_for(bus, &job);
	if (result < 0)
		end(fd, "error systemd refuses to make the scope %s: %s", argv[2],
		    error.message ? error.message : strerror(-result));
	if (strcmp(job.result, "done") != 0)
		end(fd, "error systemd could not make the scope %s: its job ended as '%s'", argv[2],
		    job.result);
	end(fd, "ready");
}
