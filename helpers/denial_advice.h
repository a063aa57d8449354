/*
 * denial_advice: which flag would allow what was refused. What it says is true of the run it was
 * made for (struct facts): tests follow it. Pure.
 */
#ifndef DENIAL_ADVICE_H
#define DENIAL_ADVICE_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A mount that the user has asked for. */
struct fact_mount {
	const char *kind, *target, *origin; /* "bind", "ro-bind", "mask", ... */
};

enum { FACT_MOUNTS = 256 };

/* What the run is, as the supervisor has planned it. */
struct facts {
	const char *filter; /* "default", or the file that holds it */
	bool filter_is_file;
	uint64_t capabilities; /* 1 << CAP_* */
	bool root_inside;      /* the command has uid 0 */
	const char *network;   /* "none", "slirp4netns", ... */
	const char *root;      /* "/" or a directory */
	const char *layer;     /* "thrown-away", "rw", "read-only" */
	int proof;             /* the call that proved the filter at the start, or -1 */
	unsigned proof_arguments[2];
	struct fact_mount mounts[FACT_MOUNTS];
	size_t mounts_count;
};

/*
 * Read what the supervisor has written: NUL-terminated fields, a key and what belongs to it. The
 * text is changed nowhere and has to stay. false when it is not understood.
 */
bool facts_read(struct facts *facts, const char *text, size_t size);

/* The mount asked for that an absolute path inside lies in, or NULL: the last of the deepest. */
const struct fact_mount *facts_mount_of(const struct facts *facts, const char *path);

/* For a call that the filter refuses with the errno number. */
void advise_call(char *out, size_t size, const struct facts *facts, const struct seccomp_data *data,
		 const char *call);

/* For a path that is not there inside, but is on the host. */
void advise_missing(char *out, size_t size, const struct facts *facts, const char *path,
		    bool write);

/* For one that lies below a mask; for one that cannot be written. */
void advise_masked(char *out, size_t size, const struct fact_mount *mask);
void advise_read_only(char *out, size_t size, const struct facts *facts, const char *path);

/* For an address, "192.0.2.1:80", with no network. */
void advise_network(char *out, size_t size, const struct facts *facts);

/* Is a path that is missing inside worth a word, when the host has it? */
bool advice_concerns(const struct facts *facts, const char *path);

#endif
