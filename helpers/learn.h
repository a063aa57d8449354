/*
 * learn: what the parts of libexec/sandbox/learn share; learn.c tells what it does.
 *
 * Data goes one way: the record of a run (learn_record.c, with those of earlier runs where they are
 * merged), what the run was (struct run), folded to what a profile can say (learn_fold.c), written
 * (learn_write.c). Everything lives in one arena until the program ends.
 */
#ifndef LEARN_H
#define LEARN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "arena.h"
#include "error.h"

/* A file and what was done with it: enum path_use of denial_decode.h. */
struct learnt_file {
	char *path;
	unsigned use;
};

/* What runs have used. Texts are those of the record's lines without their first word. */
struct learnt {
	struct arena *arena;
	char **calls; /* "openat", "ioctl 1:ffffffff:5401" */
	size_t calls_count;
	char **absent; /* calls that answer ENOSYS */
	size_t absent_count;
	char **refused; /* what the filter refused: nothing is made of it */
	size_t refused_count;
	struct learnt_file *files;
	size_t files_count;
	char **addresses; /* "tcp 192.0.2.1 443" */
	size_t addresses_count;
	char **names;
	size_t names_count;
	char **peaks; /* "memory 1234567": the most of all runs */
	size_t peaks_count;
	unsigned long long lost;
	unsigned runs;
};

/* A mount of the run's. */
struct run_mount {
	const char *option; /* "bind", "ro-bind-try", "tmpfs" */
	const char *mode;   /* "rw", "ro": directories that can be narrowed; "keep": as it is */
	const char *source, *target, *flags; /* flags: "noexec", or "" */
	const char *value;                   /* the whole, as a profile has it */
};

struct run_rule {
	bool deny;
	const char *value; /* "example.org:443" */
};

struct run_setting {
	const char *name, *value;
};

struct run {
	struct run_setting *settings;
	size_t settings_count;
	struct run_mount *mounts;
	size_t mounts_count;
	struct run_rule *rules;
	size_t rules_count;
	const char *network, *layer, *root, *command, *status;
	uint64_t made_with; /* a hash of all but command and status */
};

/* What of one mount is shown, and how. */
enum shown_as { SHOWN_READ, SHOWN_WRITE, SHOWN_EMPTY };
struct shown {
	char *path; /* inside */
	enum shown_as as;
	bool needless; /* while folding: another entry shows it too */
};

/* Read the lines of a record. 0; -1 with err: it is none. */
int learnt_read(struct learnt *learnt, const char *text, struct error *err);

/* Those that an earlier profile keeps ("#: " lines); made_with is what they were made with. */
int learnt_read_profile(struct learnt *learnt, const char *path, uint64_t *made_with,
			struct error *err);

/* Sort, and put together what is there twice. */
void learnt_sort(struct learnt *learnt);

/* The same lines, each behind "#: ", with files as they were folded. */
void learnt_write(FILE *out, const struct learnt *learnt);

/* Read what the run was: NUL-terminated fields. */
int run_read(struct run *run, struct arena *arena, const char *text, size_t size,
	     struct error *err);

/*
 * The directories of a mount that were used; *count 0: none. At most what the mount gave: each path
 * is at or below its target, and nothing of a read-only one is written. The rule is in
 * docs/denials.md.
 */
struct shown *fold_mount(const struct learnt *learnt, const struct run *run,
			 const struct run_mount *mount, size_t *count);

/* Was anything made or written outside of all mounts, /tmp and what is the sandbox's own? */
bool fold_root_written(const struct learnt *learnt, const struct run *run);

/* Was anything at or below path used, or asked about? */
bool fold_touched(const struct learnt *learnt, const char *path);

/* The files of learnt become those that the folding has left. */
void fold_files(struct learnt *learnt, const struct run *run);

/* Write the profile, and beside it the filter; both are whole or not there. */
int write_profile(const char *path, struct learnt *learnt, const struct run *run,
		  struct error *err);

/* The path of the filter that belongs to a profile: absolute. */
const char *write_filter_path(struct arena *arena, const char *path);

/* Is path at or below directory? */
bool learn_below(const char *path, const char *directory);

#endif
