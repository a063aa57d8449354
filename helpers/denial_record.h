/*
 * denial_record: what a run has used, for `sandbox learn`: calls, files, addresses, names. Its size
 * is bounded: of too many files in all, directories are noted in their place; what then still finds
 * no room is counted, and the record says that it is not whole. Pure but for memory and the stream.
 */
#ifndef DENIAL_RECORD_H
#define DENIAL_RECORD_H

#include <linux/types.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	RECORD_CALLS = 1024,
	RECORD_FILES = 32768,   /* entries; more become directories */
	RECORD_BYTES = 8 << 20, /* of their names */
	RECORD_ADDRESSES = 1024,
	RECORD_NAMES = 1024,
	RECORD_LOOKS = 1024, /* kinds of arguments */
};

/* A call whose arguments the filters look at, with those it had: denial_calls.h. */
struct record_look {
	int number;
	uint32_t values[3];
};

struct record_file {
	char *path;
	unsigned use; /* enum path_use */
};

struct record {
	bool calls[RECORD_CALLS], refused[RECORD_CALLS];
	struct record_look looks[RECORD_LOOKS];
	size_t looks_count;
	struct record_file *files; /* a hash table of 2 * RECORD_FILES */
	size_t files_count, bytes;
	struct sockaddr_in6 addresses[RECORD_ADDRESSES]; /* IPv4 as ::ffff:a.b.c.d */
	bool udp[RECORD_ADDRESSES];
	size_t addresses_count;
	char *names[RECORD_NAMES];
	size_t names_count;
	unsigned long long lost;
};

/* -1: no memory. */
int record_init(struct record *record);

/* arguments: of the call, six. */
void record_call(struct record *record, int number, const __u64 *arguments, bool refused);
void record_file(struct record *record, const char *path, unsigned use);
void record_address(struct record *record, const struct sockaddr_storage *address, bool udp);
void record_name(struct record *record, const char *name);

/* One line each, "call openat", "call ioctl 1:ffffffff:5401" (argument, mask, value), "file rw /x",
 * "tcp 192.0.2.1 443", "name example.org", "lost 3"; bytes of paths that are not plain text, and
 * '%', as %XX. */
void record_write(FILE *out, const struct record *record);

#endif
