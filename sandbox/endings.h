/*
 * endings: the signals that ask this program to end. Who blocks them hears of them by a descriptor
 * (signalfd(2)) or asks here. Supervisor, and what stands in its place: detach.c, mapped.c.
 */
#ifndef ENDINGS_H
#define ENDINGS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

void endings_add(sigset_t *set);
bool endings_include(int number);

/* Is one of them blocked and pending? */
bool endings_pending(void);

/*
 * Write all size bytes to a descriptor of the caller's, whose other end may be gone (EPIPE, and no
 * signal) or may not read: then until one of them is pending (EINTR). -1 and errno.
 */
int endings_write(int fd, const void *data, size_t size);

#endif
