/*
 * cpu_watch: --cpu-time of all processes together, in the supervisor, where there is a cgroup that
 * counts it. Nobody tells when the time is used up, so the supervisor looks: not before it can be
 * at the earliest, with every processor busy, and then again after what is left. Each process by
 * itself has RLIMIT_CPU besides.
 */
#ifndef CPU_WATCH_H
#define CPU_WATCH_H

#include "deadline.h"

struct cpu_watch {
	int timer; /* -1: nobody watches */
	enum deadline_step step;
};

/* Make the timer; it is not set yet. */
int cpu_watch_open(struct cpu_watch *watch, struct error *err);

/* The command runs from now on. */
int cpu_watch_start(const struct cpu_watch *watch, const struct limits *limits, struct error *err);

/* The timer has become readable: what is to be done now, with SIGXCPU for SIGTERM. It is set for
 * the next look. cgroup is the directory of the one that counts. */
enum deadline_step cpu_watch_look(struct cpu_watch *watch, const struct limits *limits, int cgroup);

void cpu_watch_close(struct cpu_watch *watch);

#endif
