/*
 * filter_load: what loading a filter costs a launch, in microseconds, median of many processes.
 *
 *     filter_load [COUNT]
 *
 * Prints one line for each mode's filter, for what libseccomp makes of the same list, and for a
 * filter that allows everything. Alternates between them, so that a busy machine is busy for all.
 */
#include <err.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "filters.h"
#include "filters_reference.h"

enum { CONTENDERS = 2 * SECCOMP_UNCONFINED + 1 };

struct contender {
	char name[32];
	struct sock_fprog program;
	double *samples;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* Loads the filter in a process of its own, which writes the time to where its parent sees it. */
static void measure(const struct contender *contender, double *shared)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		double start = now();
		long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &contender->program);
		*shared = result == 0 ? now() - start : -1;
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	if (*shared < 0)
		errx(1, "%s: the kernel refuses the filter", contender->name);
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static struct sock_fprog program(const struct sock_filter *instructions, unsigned short length)
{
	return (struct sock_fprog){.len = length, .filter = (struct sock_filter *)instructions};
}

static void fill(struct contender *contenders)
{
	static const char *const names[] = {"default", "build", "strict", "nested", "sandboxes"};
	static const struct sock_filter allow[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};

	for (int i = 0; i < SECCOMP_UNCONFINED; i++) {
		snprintf(contenders[2 * i].name, sizeof contenders->name, "%s", names[i]);
		contenders[2 * i].program = program(filters[i].instructions, filters[i].length);
		snprintf(contenders[2 * i + 1].name, sizeof contenders->name, "%s by libseccomp",
			 names[i]);
		contenders[2 * i + 1].program = program(filter_references[i].allowing,
							filter_references[i].allowing_length);
	}
	strcpy(contenders[CONTENDERS - 1].name, "allow all");
	contenders[CONTENDERS - 1].program = program(allow, 1);
}

int main(int argc, char **argv)
{
	struct contender contenders[CONTENDERS] = {0};
	long count = argc > 1 ? atol(argv[1]) : 500;
	double *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (count < 1 || shared == MAP_FAILED)
		errx(1, "usage: filter_load [COUNT]");
	fill(contenders);
	for (int i = 0; i < CONTENDERS; i++)
		contenders[i].samples = calloc((size_t)count, sizeof(double));
	for (long n = 0; n < count; n++)
		for (int i = 0; i < CONTENDERS; i++) {
			measure(&contenders[i], shared);
			contenders[i].samples[n] = *shared;
		}
	for (int i = 0; i < CONTENDERS; i++) {
		qsort(contenders[i].samples, (size_t)count, sizeof(double), compare);
		printf("%-22s %4u instructions %8.1f us (fastest %.1f)\n", contenders[i].name,
		       contenders[i].program.len, contenders[i].samples[count / 2],
		       contenders[i].samples[0]);
		free(contenders[i].samples);
	}
	return 0;
}
