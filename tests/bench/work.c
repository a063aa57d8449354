/*
 * work: what a payload does all day, timed by itself, so that a launch's cost is not in it.
 *
 *     work syscalls|stat|read|walk PATH     prints nanoseconds for one of them
 *     work sleep                            waits to be killed; its supervisors are weighed
 * meanwhile
 *
 * syscalls is getpid and getppid in turn; stat and read (open, read, close) work on PATH; walk
 * looks at every file below PATH, as find does.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long files;

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int do_syscalls(const char *path)
{
	(void)path;
	return (syscall(SYS_getpid) < 0 || syscall(SYS_getppid) < 0) ? -1 : 0;
}

static int do_stat(const char *path)
{
	struct stat status;

	return stat(path, &status);
}

static int do_read(const char *path)
{
	char text[512];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	ssize_t got = read(fd, text, sizeof text);
	close(fd);
	return got < 0 ? -1 : 0;
}

static int count_file(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)path;
	(void)status;
	(void)ftw;
	files += type == FTW_F;
	return 0;
}

static int do_walk(const char *path)
{
	return nftw(path, count_file, 16, FTW_PHYS);
}

static const struct work {
	const char *name;
	int (*once)(const char *path);
	long times;
} works[] = {
	{"syscalls", do_syscalls, 200000},
	{"stat", do_stat, 50000},
	{"read", do_read, 20000},
	{"walk", do_walk, 10},
};

static int run(const struct work *work, const char *path)
{
	if (work->once(path) < 0) { /* and what is read once is cached for all */
		perror(path);
		return 1;
	}
	long long start = now_ns();

	for (long i = 0; i < work->times; i++)
		if (work->once(path) < 0)
			return 1;
	printf("%lld\n", (now_ns() - start) / work->times);
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (strcmp(name, "sleep") == 0) {
		pause();
		return 0;
	}
	for (size_t i = 0; i < sizeof works / sizeof works[0]; i++)
		if (strcmp(name, works[i].name) == 0)
			return run(&works[i], argc > 2 ? argv[2] : "/");
	fprintf(stderr, "usage: work syscalls|stat|read|walk PATH, work sleep\n");
	return 2;
}
