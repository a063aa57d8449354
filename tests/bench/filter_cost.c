/*
 * filter_cost: what filters cost: to load, and at each call. Paired: all contenders take turns in
 * every round, each in a process of its own, so that a busy machine is busy for all.
 *
 *     filter_cost [-n ROUNDS] [PROFILE.json]...
 *
 * Contenders are no filter, one that allows everything (what having a filter costs, whatever it
 * says), the program's own, and profiles, from the cache as a launch has them: read and checked,
 * loaded, and seen to refuse; that is "load", in microseconds. The calls are getppid (the kernel's
 * bitmap answers), read (the same), and ioctl (its arguments are looked at), in nanoseconds, and as
 * a ratio to no filter of the same round. Medians; figures, not judgements.
 */
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "filter_file.h"
#include "seccomp.h"

enum { CONTENDERS_MAX = 12, CALLS = 20000, MEASURES = 4 };

static const char *const measures[MEASURES] = {"load", "getppid", "read", "ioctl"};

struct contender {
	const char *name;
	enum seccomp_mode mode;
	const char *file; /* absolute, or NULL */
	const struct filter *filter;
	double *samples[MEASURES];
};

static const struct sock_filter allow[] = {{BPF_RET | BPF_K, 0, 0, 0x7fff0000}};
static const struct filter allow_all = {.instructions = allow, .length = 1};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static const char *machine(void)
{
	static struct utsname name;

	uname(&name);
	return name.machine;
}

/* As a launch does it: the file is read again, the kept filter found, loaded, tried. */
static double load(const struct contender *contender)
{
	struct config config = {.seccomp_file = contender->file};
	struct arena arena = {0};
	const char *note = NULL;
	struct error error;
	double start = now();
	const struct filter *filter =
		contender->file     ? filter_file_load(&arena, &config, machine(), 0, &note, &error)
		: contender->filter ? contender->filter
				    : seccomp_filter(contender->mode);

	if ((!filter && contender->mode != SECCOMP_UNCONFINED) ||
	    seccomp_install(filter, &error) < 0)
		errx(1, "%s: %s", contender->name, error.text);
	return now() - start;
}

static double per_call(int which, int zero)
{
	char byte;
	int size;
	double start = now();

	for (int i = 0; i < CALLS; i++) {
		if (which == 1)
			syscall(SYS_getppid);
		else if (which == 2)
			(void)!read(zero, &byte, 1);
		else
			ioctl(zero, FIONREAD, &size);
	}
	return (now() - start) / CALLS;
}

static void measure(const struct contender *contender, double *shared)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);

		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		shared[0] = load(contender);
		for (int i = 1; i < MEASURES; i++) {
			per_call(i, zero);
			shared[i] = per_call(i, zero);
		}
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		errx(1, "%s: its process failed", contender->name);
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(const double *samples, const double *by, int count)
{
	double *sorted = malloc((size_t)count * sizeof *sorted), result;

	if (!sorted)
		err(1, "memory");
	for (int i = 0; i < count; i++)
		sorted[i] = samples[i] / (by ? by[i] : 1);
	qsort(sorted, (size_t)count, sizeof *sorted, compare);
	result = sorted[count / 2];
	free(sorted);
	return result;
}

int main(int argc, char **argv)
{
	static struct contender contenders[CONTENDERS_MAX] = {
		{.name = "no filter", .mode = SECCOMP_UNCONFINED},
		{.name = "allow everything", .filter = &allow_all},
		{.name = "default", .mode = SECCOMP_DEFAULT},
		{.name = "build", .mode = SECCOMP_BUILD},
		{.name = "strict", .mode = SECCOMP_STRICT},
	};
	int count = 5, rounds = 200, option;
	double *shared = mmap(NULL, MEASURES * sizeof *shared, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	while ((option = getopt(argc, argv, "n:")) == 'n')
		rounds = atoi(optarg);
	if (option != -1 || rounds < 1 || shared == MAP_FAILED)
		errx(1, "usage: filter_cost [-n ROUNDS] [PROFILE.json]...");
	for (; optind < argc && count < CONTENDERS_MAX; optind++, count++)
		contenders[count] = (struct contender){.name = argv[optind],
						       .file = realpath(argv[optind], NULL)};
	for (int i = 0; i < count; i++)
		for (int m = 0; m < MEASURES; m++)
			contenders[i].samples[m] = calloc((size_t)rounds, sizeof(double));
	for (int round = -1; round < rounds; round++)
		for (int i = 0; i < count; i++) {
			measure(&contenders[i], shared);
			for (int m = 0; m < MEASURES && round >= 0; m++)
				contenders[i].samples[m][round] = shared[m];
		}
	printf("%-24s %9s", "filter", "load us");
	for (int m = 1; m < MEASURES; m++)
		printf(" %9s ns  ratio", measures[m]);
	for (int i = 0; i < count; i++) {
		const char *slash = strrchr(contenders[i].name, '/');

		printf("\n%-24s %9.1f", slash ? slash + 1 : contenders[i].name,
		       median(contenders[i].samples[0], NULL, rounds) / 1000);
		for (int m = 1; m < MEASURES; m++)
			printf(" %12.1f %6.3f", median(contenders[i].samples[m], NULL, rounds),
			       median(contenders[i].samples[m], contenders[0].samples[m], rounds));
	}
	putchar('\n');
	return 0;
}
