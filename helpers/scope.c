/*
 * scope: asks the caller's systemd manager for a cgroup of its own.
 *
 *   scope SOCKET UNIT PID FD
 *
 * Over SOCKET, the manager's own (no D-Bus daemon is needed), it has process PID put into a new
 * scope UNIT with Delegate=yes, waits until that is done, and writes to FD "ready", or "error
 * WORDS". A scope ends by itself when nobody is left in it. Nobody but the supervisor starts it
 * (sandbox/cgroup.c), which gives it ten seconds; a program of its own, so that the launch links no
 * library. The interface: org.freedesktop.systemd1(5).
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

/* A scope of the manager's is limited in tasks unless it is told otherwise, and stays after a
 * failure until somebody has looked. */
static int ask(sd_bus *bus, const char *unit, uint32_t pid, sd_bus_message **reply,
	       sd_bus_error *error)
{
	sd_bus_message *call = NULL;
	int result = sd_bus_message_new_method_call(bus, &call, MANAGER, "StartTransientUnit");

	if (result >= 0)
		result = sd_bus_message_append(call, "ssa(sv)a(sa(sv))", unit, "fail", 5,
					       "Description", "s", "a sandbox", "Delegate", "b", 1,
					       "CollectMode", "s", "inactive-or-failed", "TasksMax",
					       "t", UINT64_MAX, "PIDs", "au", 1, pid, 0);
	if (result >= 0)
		result = sd_bus_call(bus, call, 0, error, reply);
	sd_bus_message_unref(call);
	return result;
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

int main(int argc, char **argv)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	struct job job = {NULL, ""};

	if (argc != 5) {
		fputs("usage: scope SOCKET UNIT PID FD\n", stderr);
		return 2;
	}
	int fd = (int)strtol(argv[4], NULL, 10);
	sd_bus *bus = connect_to(argv[1], fd);
	/* Before the job is there, so that its end is not missed. */
	int result = sd_bus_match_signal(bus, NULL, NULL, "/org/freedesktop/systemd1",
					 "org.freedesktop.systemd1.Manager", "JobRemoved", removed,
					 &job);
	if (result >= 0)
		result = ask(bus, argv[2], (uint32_t)strtoul(argv[3], NULL, 10), &reply, &error);
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
