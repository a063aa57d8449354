/*
 * denial_decode: what a system call's registers say, for people: "mount(\"proc\", \"/proc\", ...)",
 * and which paths and addresses it is about. Pure but for the memory that it is given to read.
 */
#ifndef DENIAL_DECODE_H
#define DENIAL_DECODE_H

#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DECODED_TEXT = 160, DECODED_PATH = 4096, DECODED_PATHS = 2, DECODED_NAME = 256 };

/* What a call does with a path. */
enum path_use {
	USE_SEE = 1, /* asks whether and what it is */
	USE_READ = 2,
	USE_WRITE = 4,
	USE_EXECUTE = 8,
	USE_CHANGE = 16, /* makes, removes or renames it: its directory is written */
	/* what it is, which the record adds: */
	USE_DIRECTORY = 32,
	USE_MISSING = 64, /* it is not there */
};

struct decoded_path {
	int dirfd; /* AT_FDCWD where there is none */
	unsigned use;
	bool itself; /* a link at its end is not followed */
	char path[DECODED_PATH];
};

struct decoded {
	char call[32];           /* "mount", "call 471", "call 9 of a foreign ABI" */
	char text[DECODED_TEXT]; /* "mount(\"a\", \"b\", 0, MS_BIND)": escaped, cut at its end */
	struct decoded_path paths[DECODED_PATHS];
	size_t paths_count;
	struct sockaddr_storage address; /* of connect, sendto; ss_family 0: none */
	int socket;                      /* the descriptor that they use, or -1 */
	char query[DECODED_NAME];        /* a name that is asked of a name server, or "" */
	uint16_t query_port;             /* always 53 with query */
};

/* Reads up to size bytes at address into `into`; how many, 0 for none. */
typedef size_t (*memory_reader)(void *memory, uint64_t address, void *into, size_t size);

/* Take the call apart. What cannot be read stands as its number. */
void decode_call(struct decoded *decoded, const struct seccomp_data *data, memory_reader read,
		 void *memory);

/* The name of a call of the native architecture, or NULL. */
const char *decode_call_name(int number);

/* The number of a call, or -1. */
int decode_call_number(const char *name);

/* The numbers of the calls that use paths (use != 0: in one of these ways) or, with use 0, that
 * have an address. How many there are; at most size are stored. */
size_t decode_calls_of(unsigned use, int *numbers, size_t size);

/* text with what could steer a terminal or break a line escaped, cut to size. */
void decode_escape(char *out, size_t size, const char *text);

#endif
