/*
 * outcome: how a run ended and what it used, for the last line on standard error, --meta and the
 * status descriptor. Filled by the supervisor (see supervisor.c: conclude) and by rooms that have
 * counted something, in FINISH; read in REPORT.
 */
#ifndef OUTCOME_H
#define OUTCOME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

enum reason {
	REASON_FAILED,    /* the sandbox could not be made: the command was not run */
	REASON_EXITED,    /* by itself */
	REASON_SIGNALLED, /* by a signal, whoever sent it */
	REASON_TIMEOUT,   /* --timeout */
	REASON_CPU_TIME,  /* --cpu-time */
	REASON_OOM,       /* --memory, or the machine's end of it: the cgroup says so */
	REASON_KILLED,    /* the sandbox itself was ended from outside, or before the start */
};

/* "exited", as --meta and the records have it. */
const char *outcome_word(enum reason reason);

/* Of processes that have been waited for, as getrusage(2) has it. */
struct usage {
	uint64_t user, system; /* microseconds */
	uint64_t max_rss;      /* bytes, of the largest process */
};

static inline struct usage usage_of(const struct rusage *used)
{
	return (struct usage){
		.user = (uint64_t)used->ru_utime.tv_sec * 1000000 +
			(uint64_t)used->ru_utime.tv_usec,
		.system = (uint64_t)used->ru_stime.tv_sec * 1000000 +
			  (uint64_t)used->ru_stime.tv_usec,
		.max_rss = (uint64_t)used->ru_maxrss * 1024,
	};
}

enum { OUTCOME_UNKNOWN = -1 };

/* What a cgroup counts: OUTCOME_UNKNOWN where there is none, or the kernel does not count it. */
struct counters {
	int64_t user, system; /* microseconds, of all processes */
	int64_t memory_peak;  /* bytes */
	int64_t tasks_peak, tasks_refused;
	int64_t oom_kills;
	int64_t io_read, io_written; /* bytes */
};

struct outcome {
	enum reason reason;
	int wait_status; /* the command's, as waitpid(2); where it is known */
	bool known;
	int status;             /* the exit status to end with */
	int64_t started, ended; /* CLOCK_MONOTONIC, nanoseconds; 0: never */
	struct usage usage;
	struct counters counters;
	const char *failure; /* what could not be done, or NULL */
};

#endif
