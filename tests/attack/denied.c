/*
 * The hostile program behind a filter that asks (tests/attack/denials.bats). Static: it runs in
 * root file systems that have no library.
 *
 *   denied race SECONDS GOOD BAD   make refused calls, and opens, whose path another thread
 * exchanges denied name NAME               mount(2) as a program of that name; \e and \n in it are
 * bytes denied flood COUNT             COUNT refused calls, each under another name denied tries
 * print for each line of input what mount(2), unshare(2), open(2) and getppid(2) answer denied
 * listener                print what descriptors there are here and in process 1, and whether a
 * listener's requests work on any number denied signals COUNT           COUNT refused calls while a
 * timer interrupts each
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const char *word(long result)
{
	return result >= 0       ? "made"
	       : errno == EPERM  ? "EPERM"
	       : errno == ENOSYS ? "ENOSYS"
	       : errno == EINVAL ? "EINVAL"
	       : errno == ENOENT ? "ENOENT"
				 : strerror(errno);
}

/* --- race ------------------------------------------------------------------------------------- */

struct race {
	char path[256];
	const char *good, *bad;
	volatile bool over;
};

static void *exchange(void *argument)
{
	struct race *race = argument;

	while (!race->over) {
		strcpy(race->path, race->good);
		strcpy(race->path, race->bad);
	}
	return NULL;
}

static int race(int seconds, const char *good, const char *bad)
{
	static struct race race;
	time_t end = time(NULL) + seconds;
	unsigned long tries = 0, made = 0, read_bad = 0;
	pthread_t thread;
	char text[64];

	race.good = good;
	race.bad = bad;
	strcpy(race.path, good);
	if (pthread_create(&thread, NULL, exchange, &race) != 0)
		errx(1, "no thread");
	for (; time(NULL) < end; tries++) {
		if (mount(race.path, race.path, "tmpfs", 0, NULL) == 0 || errno != EPERM)
			made++;
		if (chroot(race.path) == 0 || errno != EPERM)
			made++;
		int fd = open(race.path, O_RDONLY);
		ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text);
		if (got > 0 && memmem(text, (size_t)got, "CANARY", 6))
			read_bad++;
		if (fd >= 0)
			close(fd);
	}
	race.over = true;
	pthread_join(thread, NULL);
	printf("%s tries, %lu made, %lu read\n", tries > 10 ? "many" : "few", made, read_bad);
	return 0;
}

/* --- names ------------------------------------------------------------------------------------ */

static int name(const char *text)
{
	char bytes[16] = "";
	size_t used = 0;

	for (; *text && used < sizeof bytes - 1; text++) {
		bool escape = *text == '\\' && text[1];

		text += escape;
		bytes[used++] = (char)(!escape ? *text : *text == 'e' ? '\033' : '\n');
	}
	prctl(PR_SET_NAME, bytes);
	return mount("x\n\033[31my", "/", "tmpfs", 0, NULL) == 0;
}

static int flood(unsigned long count)
{
	char text[16];
	unsigned long other = 0;

	for (unsigned long i = 0; i < count; i++) {
		snprintf(text, sizeof text, "flood%lu", i);
		prctl(PR_SET_NAME, text);
		if (mount("a", "/", "tmpfs", 0, NULL) == 0 || errno != EPERM)
			other++;
	}
	printf("%lu calls, %lu not EPERM\n", count, other);
	return 0;
}

/* --- the helper is gone ----------------------------------------------------------------------- */

static int tries(void)
{
	char line[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof line, stdin)) {
		printf("mount %s, ", word(mount("a", "/", "nosuchfs", 0, NULL)));
		printf("unshare %s, ", word(unshare(CLONE_NEWUTS)));
		printf("open %s, ", word(open("/etc/passwd", O_RDONLY | O_CLOEXEC)));
		printf("getppid %s\n", word(syscall(SYS_getppid)));
	}
	return 0;
}

static void show(const char *directory)
{
	char path[64], target[256];

	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof path, "%s/%d", directory, fd);
		ssize_t got = readlink(path, target, sizeof target - 1);
		if (got < 0)
			continue;
		target[got] = '\0';
		printf("%s -> %s\n", path, target);
	}
}

static int listener(void)
{
	struct seccomp_notif_resp answer = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
	int found = 0;

	show("/proc/self/fd");
	show("/proc/1/fd");
	for (int fd = 0; fd < 4096; fd++)
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0 || errno == ENOENT ||
		    errno == EINPROGRESS)
			found++;
	printf("%d listeners\n", found);
	return 0;
}

/* --- signals ---------------------------------------------------------------------------------- */

static void ignore(int number)
{
	(void)number;
}

static int signals(unsigned long count)
{
	struct sigaction action = {.sa_handler = ignore, .sa_flags = SA_RESTART};
	struct itimerval often = {{0, 200}, {0, 200}};
	unsigned long other = 0;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (unsigned long i = 0; i < count; i++)
		if (mount("a", "/", "tmpfs", 0, NULL) == 0 || errno != EPERM)
			other++;
	printf("%lu calls, %lu not EPERM\n", count, other);
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (strcmp(mode, "race") == 0 && argc == 5)
		return race(atoi(argv[2]), argv[3], argv[4]);
	if (strcmp(mode, "name") == 0 && argc == 3)
		return name(argv[2]);
	if (strcmp(mode, "flood") == 0 && argc == 3)
		return flood(strtoul(argv[2], NULL, 10));
	if (strcmp(mode, "tries") == 0)
		return tries();
	if (strcmp(mode, "listener") == 0)
		return listener();
	if (strcmp(mode, "signals") == 0 && argc == 3)
		return signals(strtoul(argv[2], NULL, 10));
	errx(2, "usage: denied race|name|flood|tries|listener|signals ...");
}
