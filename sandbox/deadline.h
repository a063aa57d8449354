/*
 * deadline: --timeout, in the supervisor. A timer of the monotonic clock, which setting the time
 * does not touch and which stands still while the machine sleeps, is one more thing that the
 * supervisor waits for; nothing wakes before it is over.
 */
#ifndef DEADLINE_H
#define DEADLINE_H

#include "error.h"

struct limits;

/* What is to be done when it is over: each later one when the one before has not helped. */
enum deadline_step {
	DEADLINE_NOT_YET,
	DEADLINE_TERMINATE, /* SIGTERM to all processes inside */
	DEADLINE_KILL,      /* SIGKILL to them */
	DEADLINE_DESTROY,   /* SIGKILL to process 1, which has not answered */
};

struct deadline {
	int timer; /* -1: there is none */
	enum deadline_step step;
};

/* Make the timer when there is a time limit. */
int deadline_open(struct deadline *deadline, const struct limits *limits, struct error *err);

/* The command runs from now on. */
int deadline_start(const struct deadline *deadline, const struct limits *limits, struct error *err);

/* The timer has become readable: what is to be done now. It is set for the next step. */
enum deadline_step deadline_over(struct deadline *deadline, const struct limits *limits);

void deadline_close(struct deadline *deadline);

#endif
