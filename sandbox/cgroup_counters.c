/* Reading a cgroup's files: see cgroup_counters.h, and cgroup-v2.rst of the kernel. */
#include "cgroup_counters.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"

enum { TEXT_SIZE = 16384 };

static bool read_text(int cgroup, const char *name, char text[TEXT_SIZE])
{
	int cleanup_fd fd = openat(cgroup, name, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, TEXT_SIZE - 1);

	text[got > 0 ? got : 0] = '\0';
	return got > 0;
}

static void take_number(int cgroup, const char *name, int64_t *value)
{
	char text[TEXT_SIZE];

	if (read_text(cgroup, name, text) && *text >= '0' && *text <= '9')
		*value = (int64_t)strtoull(text, NULL, 10);
}

/* "key 123", one to a line. */
static void take_key(const char *text, const char *key, int64_t *value)
{
	size_t length = strlen(key);

	for (; text && *text; text = strchr(text, '\n'), text += text != NULL)
		if (strncmp(text, key, length) == 0 && text[length] == ' ')
			*value = (int64_t)strtoull(text + length + 1, NULL, 10);
}

/* "8:0 rbytes=1 wbytes=2 ...", a line for each disk. */
static int64_t sum(const char *text, const char *key)
{
	int64_t total = 0;

	while ((text = strstr(text, key)) != NULL) {
		text += strlen(key);
		total += (int64_t)strtoull(text, NULL, 10);
	}
	return total;
}

void cgroup_count(int cgroup, struct counters *counters)
{
	char text[TEXT_SIZE];

	take_number(cgroup, "memory.peak", &counters->memory_peak); /* Linux 5.19 */
	take_number(cgroup, "pids.peak", &counters->tasks_peak);    /* Linux 6.12 */
	/* Counted where the fork was, in the one that has the processes (Linux 6.11: in each). */
	if (read_text(cgroup, "in/pids.events", text))
		take_key(text, "max", &counters->tasks_refused);
	if (read_text(cgroup, "memory.events", text))
		take_key(text, "oom_kill", &counters->oom_kills);
	if (read_text(cgroup, "cpu.stat", text)) {
		take_key(text, "user_usec", &counters->user);
		take_key(text, "system_usec", &counters->system);
	}
	if (faccessat(cgroup, "io.stat", F_OK, 0) < 0)
		return;
	read_text(cgroup, "io.stat", text); /* empty as long as no disk was used */
	counters->io_read = sum(text, " rbytes=");
	counters->io_written = sum(text, " wbytes=");
}
