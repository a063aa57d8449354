/*
 * reaper SECONDS COMMAND [ARG...]: run a test file and let nothing of it outlive it.
 *
 * It is the subreaper (prctl(2)) of everything the command starts, so a process that a sandbox
 * left behind becomes its child and is found, named and killed, with no privilege. The command
 * runs in a session of its own, without a terminal, and is ended after SECONDS. The exit status is
 * the command's; 1 when it left processes behind, 124 when its time was over. Tests find the
 * reaper's pid in $REAPER_PID (tests/lib.bash, nothing_left).
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
	stop_signal = number;
}

/* Send SIGKILL to each process whose parent is this one; name it when tell. */
static void kill_children(bool tell)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		char path[300], name[64] = "?";
		int parent = 0;
		FILE *stat;

		snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !(stat = fopen(path, "re")))
			continue;
		if (fscanf(stat, "%*d (%63[^)]) %*c %d", name, &parent) == 2 &&
		    parent == getpid()) {
			if (tell)
				printf("# left behind: process %s (%s)\n", entry->d_name, name);
			kill(atoi(entry->d_name), SIGKILL);
		}
		fclose(stat);
	}
	if (proc)
		closedir(proc);
}

/* Reap what has ended; false when no child is left. */
static bool reap(pid_t command, int *status)
{
	for (;;) {
		int ended;
		pid_t pid = waitpid(-1, &ended, WNOHANG);

		if (pid == command)
			*status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
		if (pid == 0)
			return true;
		if (pid < 0 && errno != EINTR)
			return false;
	}
}

/* A shell starts what is in its background with SIGINT and SIGQUIT ignored, and others ignore
 * others: what a test is about does not hang on that. */
static void like_a_login(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int main(int argc, char **argv)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	const int grace =
		300; /* pauses until a process that is still there counts as left behind */
	struct sigaction action = {.sa_handler = on_signal};
	int status = -1;
	bool children;
	char text[32];
	pid_t command;

	if (argc < 3) {
		fprintf(stderr, "usage: reaper SECONDS COMMAND [ARG...]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	snprintf(text, sizeof text, "%d", getpid());
	setenv("REAPER_PID", text, 1);
	command = fork();
	if (command == 0) {
		like_a_login();
		setsid();
		execvp(argv[2], argv + 2);
		fprintf(stderr, "reaper: %s: %s\n", argv[2], strerror(errno));
		_exit(127);
	}
	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	alarm((unsigned)atoi(argv[1]));

	while ((children = reap(command, &status)) && status < 0 && !stop_signal)
		nanosleep(&pause, NULL);
	if (stop_signal == SIGALRM)
		printf("# stopped after %s seconds\n", argv[1]);
	for (int i = 0; i < grace && children && !stop_signal; i++) {
		nanosleep(&pause, NULL);
		children = reap(command, &status);
	}
	if (children && !stop_signal)
		status = 1;
	for (bool first = true; children; first = false) {
		kill_children(first);
		nanosleep(&pause, NULL);
		children = reap(command, &status);
	}
	return stop_signal == SIGALRM ? 124 : stop_signal ? 128 + stop_signal : status;
}
