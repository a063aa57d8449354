/*
 * descent: all processes that descend from this one, where no pid namespace holds them together.
 *
 * Whoever is to end them has to be a subreaper (PR_SET_CHILD_SUBREAPER, prctl(2)): then whatever
 * has lost its parent, by a double fork for instance, becomes a child of ours, and nothing gets
 * away. kill(2) with -1 is never used: it would end the caller's whole session.
 */
#ifndef DESCENT_H
#define DESCENT_H

#include <stdbool.h>
#include <sys/types.h>

/* From here on orphans below us are ours. -1 and errno. */
int descent_adopt(void);

/* Have we any child, dead or alive? */
bool descent_is_there(void);

/*
 * End all of them, and reap them, but for the child except (0: none), which is to have no children;
 * returns when nobody is left. However fast they start new ones, it comes to an end: the dead are
 * left unreaped until nobody lives, and count against the limit of processes meanwhile.
 */
void descent_end(pid_t except);

/* A signal to each of them. A process is known by its pid and when it was started, and is sent to
 * by a pidfd, so that it goes to nobody else. */
void descent_signal(int number);

#endif
