/* sandbox wait, kill, rm, logs: what is done with one that was started. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cmd.h"
#include "files.h"
#include "signal_names.h"
#include "state.h"
#include "unrecorded.h"

static int one_name(int argc, char **argv, struct sandbox_record *record, struct arena *arena,
		    struct error *err)
{
	if (argc != 1 || argv[0][0] == '-')
		return -1;
	return cmd_find(record, arena, argv[0], err) < 0 ? -2 : 0;
}

/* --- wait ------------------------------------------------------------------------------------ */

int cmd_wait(int argc, char **argv, char **call)
{
	struct arena arena = {NULL};
	struct sandbox_record record;
	struct error err;
	int found = one_name(argc, argv, &record, &arena, &err), status;

	(void)call;
	if (found == -1)
		return cmd_usage("usage: sandbox wait NAME\n");
	if (found < 0)
		return cmd_report(&err);
	found = record.unrecorded ? cmd_unrecorded(&record, "wait for", &err)
				  : state_wait(&record, &arena, &err);
	status = found < 0 ? cmd_report(&err) : record.status;
	sandbox_record_close(&record);
	arena_free(&arena);
	return status;
}

/* --- kill ------------------------------------------------------------------------------------ */

/* TERM, SIGTERM or 15; 0 when it is none. */
static int signal_number(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (*text && !*end)
		return number > 0 && number < _NSIG ? (int)number : 0;
	return signal_named(text);
}

/* Has this process the lock open? A record that lies, since a sandbox could write to it, must not
 * lead a signal to somebody else. */
static bool has_open(pid_t pid, int lock)
{
	struct stat wanted, st;
	char path[48];
	bool found = false;

	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	DIR *stream = fstat(lock, &wanted) < 0 ? NULL : opendir(path);
	for (struct dirent *entry; stream && !found && (entry = readdir(stream));)
		found = fstatat(dirfd(stream), entry->d_name, &st, 0) == 0 &&
			st.st_dev == wanted.st_dev && st.st_ino == wanted.st_ino;
	if (stream)
		closedir(stream);
	return found;
}

/*
 * The supervisor passes it on, as the number that comes with a signal of ours: so that any will do,
 * SIGKILL too, and how the command ends is still heard. By a pidfd, and asked after that whether it
 * is the one that has the lock: then the pid was its own. One that is stopped, as a job of a shell
 * is by Ctrl-Z, has to go on to do it. 1: it has ended by now.
 */
static int pass_signal(const struct sandbox_record *record, int number, struct error *err)
{
	siginfo_t info = {.si_signo = SIGRTMIN, .si_code = SI_QUEUE};
	int cleanup_fd pidfd = (int)syscall(SYS_pidfd_open, record->supervisor, 0);

	if (record->unrecorded ? !unrecorded_lives(record)
			       : flock(record->lock, LOCK_SH | LOCK_NB) == 0)
		return 1;
	if (pidfd < 0)
		return fail(err, "reach the supervisor of %s", record->name);
	if (!record->unrecorded && !has_open(record->supervisor, record->lock))
		return fail_because(err,
				    "will not send a signal to process %d: the record of %s is "
				    "not that of a supervisor of yours",
				    record->supervisor, record->name);
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = number;
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGRTMIN, &info, 0) < 0)
		return errno == ESRCH ? 1 : fail(err, "send a signal to %s", record->name);
	if (number == SIGKILL || number == SIGCONT)
		syscall(SYS_pidfd_send_signal, pidfd, SIGCONT, NULL, 0);
	return 0;
}

int cmd_kill(int argc, char **argv, char **call)
{
	struct arena arena = {NULL};
	struct sandbox_record record;
	struct error err;
	int number = SIGTERM, result;

	(void)call;
	char **first = argv;
	const char *text = argc > 0 ? cmd_value(&argv, 's', "signal") : NULL;
	if (text) {
		number = signal_number(text);
		argv++;
	}
	if (!number) {
		fail_because(&err, "'%s' is no signal", text);
		fail_remedy(&err, "give a name such as TERM, or a number from 1 to %d", _NSIG - 1);
		return cmd_report(&err);
	}
	argc -= (int)(argv - first);
	int found = one_name(argc, argv, &record, &arena, &err);
	if (found == -1)
		return cmd_usage("usage: sandbox kill [-s SIGNAL] NAME\n");
	if (found < 0)
		return cmd_report(&err);
	result = record.running ? pass_signal(&record, number, &err) : 1;
	if (result > 0)
		result = fail_because(&err, "%s has ended", record.name);
	sandbox_record_close(&record);
	arena_free(&arena);
	return result < 0 ? cmd_report(&err) : 0;
}

/* Of one without a record, until it is gone. */
static void wait_for_supervisor(const struct sandbox_record *record)
{
	int cleanup_fd pidfd = (int)syscall(SYS_pidfd_open, record->supervisor, 0);
	struct pollfd gone = {.fd = pidfd, .events = POLLIN};

	while (pidfd >= 0 && unrecorded_lives(record) && poll(&gone, 1, -1) < 0 && errno == EINTR)
		;
}

/* --- rm -------------------------------------------------------------------------------------- */

int cmd_rm(int argc, char **argv, char **call)
{
	struct arena arena = {NULL}, end = {NULL};
	struct sandbox_record record;
	struct error err, ignored;
	bool force = argc > 0 && cmd_is(argv[0], 'f', "force");
	int result = 0;

	(void)call;
	int found = one_name(argc - force, argv + force, &record, &arena, &err);
	if (found == -1)
		return cmd_usage("usage: sandbox rm [-f|--force] NAME\n");
	if (found < 0)
		return cmd_report(&err);
	if (record.running && !force) {
		fail_because(&err, "%s is running", record.name);
		result = fail_remedy(&err, "end it with sandbox kill %s, or say sandbox rm -f %s",
				     record.name, record.name);
	} else if (record.running) {
		result = pass_signal(&record, SIGKILL, &err);
		if (result >= 0 && record.unrecorded)
			wait_for_supervisor(&record);
		else if (result >= 0)
			state_wait(&record, &end, &ignored);
	}
	/* One that was not kept is gone by itself. */
	if (result >= 0 && !record.unrecorded && state_remove(&record, &err) < 0 &&
	    err.number != ENOENT)
		result = -1;
	sandbox_record_close(&record);
	arena_free(&arena);
	arena_free(&end);
	return result < 0 ? cmd_report(&err) : 0;
}

/* --- logs ------------------------------------------------------------------------------------ */

/* What there is of a log from *from on. */
static void copy_out(int log, off_t *from)
{
	char block[16384];
	ssize_t got;

	while ((got = pread(log, block, sizeof block, *from)) > 0) {
		fwrite(block, 1, (size_t)got, stdout);
		*from += got;
	}
	fflush(stdout);
}

/* The files of a log that is followed. */
struct following {
	int dir, watch; /* the record's directory, and its inotify(7) */
	int log;        /* the one that is read, whatever it is called by now */
	off_t from;
	unsigned turned; /* it is log.1, and there is no log yet: once, not at all else */
};

/* How often the log has become log.1 since we last asked: each time it did is an event. */
static unsigned count_turns(int watch)
{
	char events[16384] __attribute__((aligned(8)));
	unsigned turns = 0;
	ssize_t got;

	while ((got = read(watch, events, sizeof events)) > 0)
		for (char *at = events; at < events + got;) {
			const struct inotify_event *event = (const struct inotify_event *)at;

			if (event->mask & IN_Q_OVERFLOW)
				turns += 1000;
			else if (event->mask & IN_MOVED_TO && strcmp(event->name, "log.1") == 0)
				turns++;
			at += sizeof *event + event->len;
		}
	return turns;
}

static int open_log(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

static void go_on_to(struct following *following, int log)
{
	dup2(log, following->log);
	following->from = 0;
	copy_out(following->log, &following->from);
}

/* log.1 and log between two looks at the events, so that the one is known to come behind the other,
 * and how often they have turned. For a moment, or on a full disk, there is no log. False: a flood
 * does not let us. */
static bool open_both(const struct following *following, int *older, int *newer, unsigned *turns)
{
	*older = *newer = -1;
	for (int tries = 0; tries < 100; tries++) {
		close_cleanup(older);
		close_cleanup(newer);
		*older = open_log(following->dir, "log.1");
		*newer = open_log(following->dir, "log");
		unsigned more = count_turns(following->watch);
		*turns += more;
		if (more == 0)
			return true;
	}
	return false;
}

/*
 * The file that was read has been put aside, turns times by now, and is log.1 where that is once:
 * what is in it to its end, then in log.1 if that is another, and in log. Those in between are
 * gone, which is said where they would be.
 */
static void turn_over(struct following *following, unsigned turns)
{
	int cleanup_fd older = -1;
	int cleanup_fd newer = -1;

	copy_out(following->log, &following->from);
	if (!open_both(following, &older, &newer, &turns) || turns > 2) {
		fputs("sandbox: output is missing here: it came faster than it was read\n", stderr);
		fflush(stderr);
	}
	if (turns > 1 && older >= 0)
		go_on_to(following, older);
	if (newer >= 0)
		go_on_to(following, newer);
	following->turned = newer < 0;
}

/* As the log grows, from one file to the next, until the sandbox has ended. */
static void follow_log(const struct sandbox_record *record, struct following *following)
{
	for (bool running = true; running;) {
		struct pollfd wait = {.fd = following->watch, .events = POLLIN};

		running = flock(record->lock, LOCK_SH | LOCK_NB) < 0;
		if (!running)
			flock(record->lock, LOCK_UN);
		/* Before what is read: no byte comes into a file that has turned. */
		unsigned turns = count_turns(following->watch) + following->turned;
		copy_out(following->log, &following->from);
		if (turns)
			turn_over(following, turns);
		/* Its end changes the lock file, and nothing in the directory need be said of it.
		 */
		if (running)
			poll(&wait, 1, 500);
	}
}

/* What is kept of it, and with follow what comes. */
static int show_log(const struct sandbox_record *record, bool follow, struct error *err)
{
	char path[48];
	int cleanup_fd older = -1;
	int cleanup_fd newer = -1;
	int cleanup_fd watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct following following = {.dir = record->dir, .watch = watch};
	unsigned ignored = 0;

	snprintf(path, sizeof path, "/proc/self/fd/%d", record->dir);
	if (follow &&
	    (watch < 0 || inotify_add_watch(watch, path, IN_MODIFY | IN_MOVED_TO | IN_CREATE) < 0))
		return fail(err, "follow what %s says", record->name);
	/* It may have said nothing yet, and then the first of it comes into the one that we make.
	 */
	int cleanup_fd log =
		openat(record->dir, "log", O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (log < 0)
		return fail(err, "read what %s says", record->name);
	following.log = log;
	open_both(&following, &older, &newer, &ignored);
	if (older >= 0)
		go_on_to(&following, older);
	if (newer >= 0)
		go_on_to(&following, newer);
	following.turned = newer < 0;
	if (follow)
		follow_log(record, &following);
	return 0;
}

int cmd_logs(int argc, char **argv, char **call)
{
	struct arena arena = {NULL};
	struct sandbox_record record;
	struct error err;
	bool follow = argc > 0 && cmd_is(argv[0], 'f', "follow");

	(void)call;
	int found = one_name(argc - follow, argv + follow, &record, &arena, &err);
	if (found == -1)
		return cmd_usage("usage: sandbox logs [-f|--follow] NAME\n");
	if (found < 0)
		return cmd_report(&err);
	if (record.unrecorded || !record.detached) {
		fail_because(&err, "%s is not detached: what it says goes where it was started",
			     record.name);
		sandbox_record_close(&record);
		arena_free(&arena);
		return cmd_report(&err);
	}
	int result = show_log(&record, follow && record.running, &err);
	sandbox_record_close(&record);
	arena_free(&arena);
	return result < 0 ? cmd_report(&err) : 0;
}
