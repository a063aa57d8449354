/*
 * capability_sets: the calling process's own capabilities (capabilities(7)), for the launch and for
 * the programs of helpers/ that start commands. Sets are masks: 1 << CAP_...
 */
#ifndef CAPABILITY_SETS_H
#define CAPABILITY_SETS_H

#include <stdint.h>

/* capset(2): -1 and errno. */
int capability_sets_set(uint64_t effective, uint64_t permitted, uint64_t inheritable);

/*
 * All but keep goes from the bounding set, for good (PR_CAPBSET_DROP, prctl(2): takes an effective
 * CAP_SETPCAP). What is not in it need not be dropped, and numbers past the last that this kernel
 * knows are none: that an error means so is asked, not believed. -1 and errno; *left, where it is
 * not NULL, is the first that stays.
 */
int capability_sets_drop_bounding(uint64_t keep, int *left);

#endif
