/*
 * Anything that a helper program may say: newuidmap when it fails, slirp4netns, pasta and our own
 * before they are ready and when they die, the egress gateway at the end. It becomes an error with
 * a text, or a line of the report. Run by `make fuzz`.
 */
#include "egress.c" // NOLINT(bugprone-suspicious-include): what reads it is the file's own
#include "fuzz.h"
#include "spawn.h"

#include <fcntl.h>
#include <sys/wait.h>

/* A pipe's read end with this in it, its other end closed. */
static int pipe_with(const uint8_t *data, size_t size)
{
	int ends[2];

	require(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	require(write(ends[1], data, size) == (ssize_t)size);
	close(ends[1]);
	return ends[0];
}

static void check_error(const struct error *err)
{
	require(err->text[0] && memchr(err->text, '\0', sizeof err->text));
	require(memchr(err->remedy, '\0', sizeof err->remedy) != NULL);
}

/* Its socket or pipe says that it is ready, or what is wrong; or it is dead. */
static void hear_of(const uint8_t *data, size_t size, int status)
{
	struct sandbox sandbox = {.channel = -1, .signals = -1};
	struct helper *helper = &sandbox.helpers[HELPER_EGRESS];
	struct error err = {0};

	helper_none(helper);
	helper->name = "egress";
	helper->ended = true;
	helper->status = status;
	helper->output = pipe_with(data, size);
	helper->ready = pipe_with(data, size);
	if (helper_wait(&sandbox, HELPER_EGRESS, 1, &err) < 0)
		check_error(&err);
	else
		require(helper->in_use && size > 0);
	require(helper_failed(helper, &err) == -1);
	check_error(&err);
	close(helper->output);
	close(helper->ready);
}

static void end_of(const uint8_t *data, size_t size)
{
	const struct config config = {.net_log = size & 1 ? "/log" : NULL};
	const struct plan plan = {.config = &config};
	struct sandbox sandbox = {.plan = &plan};
	char *said = text_of(data, size);

	tell(&sandbox, said);
	require(!sandbox.report || strlen(sandbox.report) < 4096);
	free(sandbox.report);
	free(said);
}

static void finish(const uint8_t *data, size_t size)
{
	char *text = malloc(64);
	struct spawned spawned = {.pid = -1};

	require(text != NULL);
	/* Not O_NONBLOCK: its end is what it waits for. */
	spawned.output = pipe_with(data, size);
	spawn_finish(&spawned, text, 64);
	require(memchr(text, '\0', 64) != NULL);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	hear_of(data + 1, size - 1, data[0] & 1 ? 9 : W_EXITCODE(data[0], 0));
	end_of(data + 1, size - 1);
	finish(data + 1, size - 1);
	return 0;
}
