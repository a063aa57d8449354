/*
 * session: what the helpers that speak for a desktop application share: their words to the
 * supervisor (sandbox/helper.h), and whole reads and writes.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stddef.h>

/* A descriptor's number, from the command line; anything else ends the program. */
int session_fd(const char *text);

/* Say to the supervisor that what it waits for is there; false: it is gone. */
bool session_say_ready(int control);

/* The same as the last that is said: the socket is let go of, and without a supervisor it ends. */
void session_ready(int control);

/* Say what went wrong, and on the next line what to do (NULL: nothing is known), and end. */
_Noreturn void session_fail(int control, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* All of it, or false: the end of the file, an error, or nothing for 20 seconds. */
bool session_read(int fd, void *data, size_t size);
bool session_write(int fd, const void *data, size_t size);

/* A connected stream socket, or -1 and errno. */
int session_connect(const char *path);

/* The supervisor's death is to be seen at the pipe, not felt. */
void session_outlive(void);

#endif
