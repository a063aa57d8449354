/* --timeout: see deadline.h. In the supervisor. */
#include "deadline.h"

#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "files.h"

/* How long process 1 has for killing and reaping the others before it is killed itself. */
enum { KILL_PATIENCE = 2000 };

static int set(const struct deadline *deadline, uint64_t milliseconds)
{
	struct itimerspec when = {
		.it_value = {.tv_sec = (time_t)(milliseconds / 1000),
			     .tv_nsec = (long)(milliseconds % 1000) * 1000000},
	};

	/* All zeros would switch it off. */
	if (milliseconds == 0)
		when.it_value.tv_nsec = 1;
	return timerfd_settime(deadline->timer, 0, &when, NULL);
}

int deadline_open(struct deadline *deadline, const struct limits *limits, struct error *err)
{
	if (!limits->timeout)
		return 0;
	deadline->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return deadline->timer < 0 ? fail(err, "make a timer for --timeout") : 0;
}

int deadline_start(const struct deadline *deadline, const struct limits *limits, struct error *err)
{
	if (deadline->timer >= 0 && set(deadline, limits->timeout) < 0)
		return fail(err, "set the timer for --timeout");
	return 0;
}

enum deadline_step deadline_over(struct deadline *deadline, const struct limits *limits)
{
	uint64_t times;

	if (read(deadline->timer, &times, sizeof times) != sizeof times)
		return DEADLINE_NOT_YET;
	if (deadline->step < DEADLINE_DESTROY)
		deadline->step++;
	if (deadline->step == DEADLINE_TERMINATE && limits->timeout_grace == 0)
		deadline->step++;
	/* Where no more can be waited, nobody is waited for. */
	if (deadline->step == DEADLINE_TERMINATE && set(deadline, limits->timeout_grace) < 0)
		deadline->step = DEADLINE_KILL;
	if (deadline->step == DEADLINE_KILL && set(deadline, KILL_PATIENCE) < 0)
		deadline->step = DEADLINE_DESTROY;
	return deadline->step;
}

void deadline_close(struct deadline *deadline)
{
	close_cleanup(&deadline->timer);
	deadline->timer = -1;
}
