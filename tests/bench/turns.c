/*
 * turns: run commands in turn, many rounds, and say what each run took.
 *
 * A machine's speed drifts while it measures, so commands are compared only with their
 * neighbours in time: a round runs every command once, in an order drawn anew (what one command
 * leaves for the kernel to tear down is charged to whoever comes next), and whoever reads the
 * output divides within a round. This process does as little as it can around a run: posix_spawn
 * (no copy of its memory), wait4, two looks at the clock.
 *
 * It reads commands from standard input, a line each, NAME TAB ARG TAB ARG ..., and prints
 * ROUND TAB NAME TAB WALL_NS TAB CPU_NS TAB VALUE. CPU is what wait4 reports of the command and the
 * children that it waited for; what a command leaves to the kernel after its end is in nobody's
 * figure, which is why a batch (-b: so many launches back to back, as one measurement) is worth
 * looking at too; with -p it is divided among so many launchers at once, and CPU
 * is then in nobody's figure. VALUE is the first number that the command printed (-o), else 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COMMANDS 64
#define MAX_ARGS     256

struct command {
	char *name;
	char *argv[MAX_ARGS + 1];
};

struct result {
	long long wall_ns;
	long long cpu_ns;
	long long value;
};

extern char **environ;

static void die(const char *what)
{
	fprintf(stderr, "turns: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static size_t read_commands(struct command *commands)
{
	size_t count = 0;
	char *line = NULL;
	size_t room = 0;
	ssize_t length;

	while ((length = getline(&line, &room, stdin)) > 0) {
		struct command *command = &commands[count];
		size_t args = 0;
		char *rest = line;

		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		if (count++ == MAX_COMMANDS) {
			errno = E2BIG;
			die("commands");
		}
		command->name = strsep(&rest, "\t");
		while (rest) {
			if (args == MAX_ARGS) {
				errno = E2BIG;
				die(command->name);
			}
			command->argv[args++] = strsep(&rest, "\t");
		}
		command->argv[args] = NULL;
		if (args == 0) {
			errno = EINVAL;
			die(command->name);
		}
		line = NULL; /* the command keeps it */
	}
	free(line);
	return count;
}

static long long read_number(int fd)
{
	char text[4096];
	size_t length = 0;
	ssize_t got;

	while (length < sizeof text - 1 &&
	       (got = read(fd, text + length, sizeof text - 1 - length)) > 0)
		length += (size_t)got;
	text[length] = '\0';
	return atoll(text);
}

static void run_once(const struct command *command, posix_spawn_file_actions_t *actions,
		     const int *output, struct result *result)
{
	long long start = now_ns();
	struct rusage use;
	int status;
	pid_t pid;

	errno = posix_spawnp(&pid, command->argv[0], actions, NULL, command->argv, environ);
	if (errno)
		die(command->argv[0]);
	if (wait4(pid, &status, 0, &use) != pid)
		die("wait4");
	result->wall_ns += now_ns() - start;
	result->cpu_ns += (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000000LL +
			  (use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1000LL;
	if (status != 0) {
		fprintf(stderr, "turns: %s: wait status %#x\n", command->name, (unsigned)status);
		exit(1);
	}
	if (output)
		result->value = read_number(output[0]);
}

/* A batch by several launchers at once: they are children that say by their end that they are done.
 */
static void run_side_by_side(const struct command *command, posix_spawn_file_actions_t *actions,
			     int batch, int launchers, struct result *result)
{
	long long start = now_ns();
	struct result ignored = {0};
	int status;

	for (int i = 0; i < launchers; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid > 0)
			continue;
		for (int n = i; n < batch; n += launchers)
			run_once(command, actions, NULL, &ignored);
		_exit(0);
	}
	for (int i = 0; i < launchers; i++)
		if (wait(&status) < 0 || status != 0) {
			fprintf(stderr, "turns: %s: a launcher failed\n", command->name);
			exit(1);
		}
	result->wall_ns += now_ns() - start;
}

/* The same orders in every session: rand() starts from the same seed. */
static void shuffle(struct command *commands, size_t count)
{
	for (size_t left = count; left > 1; left--) {
		size_t chosen = (size_t)rand() % left;
		struct command last = commands[left - 1];

		commands[left - 1] = commands[chosen];
		commands[chosen] = last;
	}
}

int main(int argc, char **argv)
{
	static struct command commands[MAX_COMMANDS];
	posix_spawn_file_actions_t actions;
	int rounds = 100, warmup = 3, batch = 1, launchers = 1, settle_us = 0, output[2] = {-1, -1};
	int option;

	while ((option = getopt(argc, argv, "r:w:b:p:s:o")) != -1) {
		if (option == 'r')
			rounds = atoi(optarg);
		else if (option == 'w')
			warmup = atoi(optarg);
		else if (option == 'b')
			batch = atoi(optarg);
		else if (option == 'p')
			launchers = atoi(optarg);
		else if (option == 's')
			settle_us = atoi(optarg);
		else if (option == 'o')
			output[0] = 0;
		else
			return 2;
	}
	if (batch < 1)
		return 2;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (output[0] == 0) {
		/* Not blocking: a reader of what is there, not of what a left-over process may say.
		 */
		if (pipe2(output, O_CLOEXEC | O_NONBLOCK) < 0)
			die("pipe");
		posix_spawn_file_actions_adddup2(&actions, output[1], 1);
	} else {
		posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	}

	size_t count = read_commands(commands);

	for (int round = -warmup; round < rounds; round++) {
		shuffle(commands, count);
		for (size_t i = 0; i < count; i++) {
			struct result result = {0};

			if (launchers > 1)
				run_side_by_side(&commands[i], &actions, batch, launchers, &result);
			for (int n = 0; n < batch && launchers == 1; n++)
				run_once(&commands[i], &actions, output[0] > 0 ? output : NULL,
					 &result);
			if (round >= 0)
				printf("%d\t%s\t%lld\t%lld\t%lld\n", round, commands[i].name,
				       result.wall_ns / batch, result.cpu_ns / batch, result.value);
			if (settle_us)
				usleep((useconds_t)settle_us);
		}
	}
	return 0;
}
