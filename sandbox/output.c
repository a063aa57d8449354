/* The log of a detached command: see output.h. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "files.h"

static void next_log(struct output *output)
{
	if (output->log >= 0) {
		close(output->log);
		renameat(output->dir, "log", output->dir, "log.1");
	}
	output->log =
		openat(output->dir, "log",
		       O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	output->size = 0;
}

static void keep_part(struct output *output, const char *bytes, size_t size)
{
	if (output->log < 0 || output->size + size > output->bound / 2)
		next_log(output);
	if (output->log >= 0 && write_all(output->log, bytes, size) == 0)
		output->size += size;
	else
		output->lost += size;
}

/* No file is longer than half the bound, however small that is. */
static void keep(struct output *output, const char *bytes, size_t size)
{
	size_t most = output->bound < 2 ? 1 : output->bound / 2;

	for (; size > 0; bytes += most, size -= most) {
		if (size < most)
			most = size;
		keep_part(output, bytes, most);
	}
}

/* One read each time: whoever floods the log does not keep the supervisor from its other work. */
static ssize_t take_once(struct output *output)
{
	char block[16384];
	ssize_t got = read(output->pipe, block, sizeof block);

	if (got > 0)
		keep(output, block, (size_t)got);
	return got;
}

void output_take(struct output *output)
{
	if (output->pipe >= 0)
		take_once(output);
}

void output_drain(struct output *output)
{
	while (output->pipe >= 0 && take_once(output) > 0)
		;
}

void output_finish(struct output *output)
{
	char line[96];

	if (output->pipe < 0)
		return;
	output_drain(output);
	if (output->lost) {
		int length = snprintf(line, sizeof line,
				      "sandbox: %llu bytes of output could not be written here\n",
				      (unsigned long long)output->lost);
		keep(output, line, (size_t)length);
	}
	close_cleanup(&output->log);
	close_cleanup(&output->pipe);
	output->pipe = output->log = -1;
}
