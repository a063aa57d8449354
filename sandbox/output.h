/*
 * output: what a detached command says, kept in the record up to a bound: in `log`, and when that
 * is half the bound long it becomes `log.1` and a new one begins. The supervisor reads the
 * command's standard output and error from a pipe and writes them there.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdint.h>

struct output {
	int pipe;       /* read end, without blocking; -1: not detached */
	int dir;        /* the record's directory; borrowed */
	int log;        /* open for appending; -1: not yet, or the disk is full */
	uint64_t size;  /* of log so far */
	uint64_t bound; /* of both together */
	uint64_t lost;  /* bytes that could not be written */
};

/* Take what is there now and write it. A full disk loses what does not fit, and stops nobody. */
void output_take(struct output *output);

/* Take all that is there: nobody writes any more. */
void output_drain(struct output *output);

/* The last of it. */
void output_finish(struct output *output);

#endif
