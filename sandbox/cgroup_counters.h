/* cgroup_counters: what a cgroup says that its processes have used. */
#ifndef CGROUP_COUNTERS_H
#define CGROUP_COUNTERS_H

#include "outcome.h"

/* Fill in what this cgroup, and the kernel, count; the rest stays as it is. */
void cgroup_count(int cgroup, struct counters *counters);

#endif
