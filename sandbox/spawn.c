/* Helper programs, from the supervisor, in PREPARE and ATTACH: see spawn.h. */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "files.h"

extern char **environ;

int spawn_start(struct spawned *spawned, char *const argv[], struct error *err)
{
	return spawn_start_on(spawned, argv, -1, -1, err);
}

int spawn_start_on(struct spawned *spawned, char *const argv[], int input, int output,
		   struct error *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, "make a pipe for %s", argv[0]);
	/* The supervisor blocks the signals it waits for; a helper must not inherit that. */
	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&actions);
	if (input < 0)
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	else
		posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output < 0 ? ends[1] : output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
	errno = posix_spawn(&spawned->pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (errno) {
		fail(err, "run %s", argv[0]);
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	close(ends[1]);
	spawned->output = ends[0];
	return 0;
}

int spawn_finish(struct spawned *spawned, char *text, size_t size)
{
	size_t used = 0;
	char rest[256];
	int status = 0;

	for (;;) {
		bool full = used + 1 >= size;
		ssize_t got = full ? read(spawned->output, rest, sizeof rest)
				   : read(spawned->output, text + used, size - 1 - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (!full)
			used += (size_t)got;
	}
	while (used > 0 && text[used - 1] == '\n')
		used--;
	text[used] = '\0';
	close(spawned->output);
	while (waitpid(spawned->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

const char *spawn_find(struct arena *arena, const char *name)
{
	const char *path = arena_printf(arena, "/usr/bin/%s", name);
	const char *search = getenv("PATH");

	if (is_program(path))
		return path;
	while (search && *search) {
		size_t length = strcspn(search, ":");

		path = arena_printf(arena, "%.*s/%s", (int)length, search, name);
		if (path[0] == '/' && is_program(path))
			return path;
		search += length + (search[length] == ':');
	}
	return NULL;
}

void spawn_default_signals(void)
{
	/* A struct sigaction of the kernel's, all zero: SIG_DFL. Not signal(3), which leaves out
	 * those that the C library uses itself; glibc's posix_spawn(3) starts programs with them
	 * ignored.
	 */
	static const unsigned long none[8];

	for (int number = 1; number <= 64; number++)
		syscall(SYS_rt_sigaction, number, none, NULL, 8); /* fails for KILL and STOP */
}
