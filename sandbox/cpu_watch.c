/* --cpu-time of all together: see cpu_watch.h. In the supervisor. */
#include "cpu_watch.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "cgroup_counters.h"
#include "config.h"
#include "files.h"

/* Milliseconds. With many processors the last of the time is over in no time: what they use between
 * two looks is what it is late by. */
enum { SHORTEST_LOOK = 50, GRACE = 1000, KILL_PATIENCE = 2000 };

int cpu_watch_open(struct cpu_watch *watch, struct error *err)
{
	watch->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return watch->timer < 0 ? fail(err, "make a timer for --cpu-time") : 0;
}

static int set(const struct cpu_watch *watch, uint64_t milliseconds)
{
	struct itimerspec when = {
		.it_value = {.tv_sec = (time_t)(milliseconds / 1000),
			     .tv_nsec = (long)(milliseconds % 1000) * 1000000},
	};

	return timerfd_settime(watch->timer, 0, &when, NULL);
}

/* What is left is used up by so many processors at once, and not sooner. */
static int look_again(const struct cpu_watch *watch, const struct limits *limits, uint64_t left)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t most = processors > 0 ? (uint64_t)processors * 1000 : 1000;

	if (limits->cpus && limits->cpus < most)
		most = limits->cpus;
	left = left * 1000 / most;
	return set(watch, left < SHORTEST_LOOK ? SHORTEST_LOOK : left);
}

int cpu_watch_start(const struct cpu_watch *watch, const struct limits *limits, struct error *err)
{
	if (watch->timer >= 0 && look_again(watch, limits, limits->cpu_time) < 0)
		return fail(err, "set the timer for --cpu-time");
	return 0;
}

enum deadline_step cpu_watch_look(struct cpu_watch *watch, const struct limits *limits, int cgroup)
{
	struct counters counters = {.user = 0, .system = 0};
	uint64_t times;

	if (read(watch->timer, &times, sizeof times) != sizeof times)
		return DEADLINE_NOT_YET;
	if (watch->step == DEADLINE_NOT_YET) {
		cgroup_count(cgroup, &counters);
		uint64_t used = (uint64_t)(counters.user + counters.system) / 1000;

		/* Where it cannot be looked again, the time is over now. */
		if (used < limits->cpu_time &&
		    look_again(watch, limits, limits->cpu_time - used) == 0)
			return DEADLINE_NOT_YET;
	}
	if (watch->step < DEADLINE_DESTROY)
		watch->step++;
	if (watch->step == DEADLINE_TERMINATE && set(watch, GRACE) < 0)
		watch->step = DEADLINE_KILL;
	if (watch->step == DEADLINE_KILL && set(watch, KILL_PATIENCE) < 0)
		watch->step = DEADLINE_DESTROY;
	return watch->step;
}

void cpu_watch_close(struct cpu_watch *watch)
{
	close_cleanup(&watch->timer);
	watch->timer = -1;
}
