/*
 * filter_file: the system call filter of a file (--seccomp=FILE): an OCI, Docker or Podman profile.
 *
 * A helper, libexec/sandbox/seccomp, reads and compiles it; what comes of it is kept in
 * $XDG_CACHE_HOME/sandbox/seccomp, so that a launch runs no helper and reads no JSON.
 */
#ifndef FILTER_FILE_H
#define FILTER_FILE_H

#include <stdint.h>

#include "arena.h"
#include "config.h"
#include "error.h"
#include "filters.h"

/*
 * The filter of config->seccomp_file for a command with these capabilities (1 << CAP_*), in the
 * arena. *note is appended to when there is something to say. With config->dry_run nothing is kept.
 * NULL with err filled: the file cannot be read, or is not what a filter can be made of exactly.
 *
 * A kept filter is used when it was made of the same bytes, for the same capabilities, kernel and
 * architecture, by the same helper and libseccomp; when it and its directory are the caller's and
 * nobody else's to write; and when it is whole. Otherwise it is as if it were not there, and where
 * none can be kept (no home, a full or read-only disk) the helper runs each time.
 */
const struct filter *filter_file_load(struct arena *arena, const struct config *config,
				      const char *machine, uint64_t capabilities, const char **note,
				      struct error *err);

/* The same of a text that somebody else has read: the part of a configuration that is called name
 * in messages. */
struct filter_text {
	const char *name;
	char *text;
	bool listens; /* somebody takes the listener of a filter that asks: flags has NEW_LISTENER
		       */
};
const struct filter *filter_text_load(struct arena *arena, const struct filter_text *text,
				      const char *machine, uint64_t capabilities, const char **note,
				      struct error *err);

#endif
