/*
 * error: one error value, filled where a thing fails and printed once, by main or the supervisor.
 *
 * A struct error is plain bytes, so the child can send it over the channel as it is. Rooms never
 * print and never exit; they fill an error and return -1.
 */
#ifndef ERROR_H
#define ERROR_H

#include <stdbool.h>
#include <stdio.h>

/* Exit statuses that are the sandbox's own; any other is the command's (podman's convention). */
enum { EXIT_SANDBOX = 125, EXIT_CANNOT_EXECUTE = 126, EXIT_NOT_FOUND = 127 };

struct error {
	int number;       /* the errno behind it, or 0 */
	int status;       /* exit status to end with; 0 means EXIT_SANDBOX */
	bool again;       /* a launch that may work with fuse-overlayfs, and has done nothing yet */
	char text[1024];  /* what was attempted, on what, and why it failed */
	char remedy[768]; /* what to do about it, without indentation; empty when nothing is known
			   */
};

/*
 * Record a failure: "cannot ", the formatted text (what was attempted, on what), ": " and the text
 * of errno. Keeps errno. Always returns -1, so that a room can write `return fail(err, "bind %s on
 * %s", source, target);`
 */
int fail(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same where no errno is behind it: the formatted text is the whole sentence. */
int fail_because(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Set the remedy of an error that is already recorded. Always returns -1. */
int fail_remedy(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The exit status that it means. */
static inline int error_status(const struct error *err)
{
	return err->status ? err->status : EXIT_SANDBOX;
}

/* Print "sandbox: TEXT" and the remedy, indented, on the lines below; control bytes are escaped. */
void error_print(FILE *out, const struct error *err);

/* How many bytes at text are one character of UTF-8 (RFC 3629): none for a longer form than there
 * need be, a surrogate, or what is above U+10FFFF, whatever a terminal would make of those. */
size_t character_length(const char *text);

/* How many bytes at text are one character that a terminal shows: of UTF-8, whole, and no control.
 * 0: there is none. */
size_t character_shown(const char *text);

/* Print text to out with every byte that could steer a terminal shown as \xHH (or \n, \t). */
void print_escaped(FILE *out, const char *text);

#endif
