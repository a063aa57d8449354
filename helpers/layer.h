/*
 * layer: what the files of the helper `layer` share. A kept layer (sandbox/layering.h) has parts,
 * each an upper directory over a lower one. A walk makes of them a list of changes, in which a
 * directory comes before what is in it; diff prints the list, commit applies it.
 */
#ifndef LAYER_H
#define LAYER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "arena.h"
#include "error.h"
#include "record.h"

struct part {
	const char *name, *over, *seen; /* seen: "" for the root, so that a path can follow */
	bool root;                      /* of a sandbox, not a directory of the user's */
	int directory;                  /* PART, in the layer */
	int upper, lower;               /* what was written, and what it was written over */
	int target;   /* what it is committed to: lower, but where --lower has laid more over ROOTFS
		       */
	int *between; /* that, the lowest first; the names are in the record */
	size_t between_count;
};

enum change_kind { CHANGE_ADDED, CHANGE_MODIFIED, CHANGE_DELETED };

/* What is different about something modified. */
enum {
	DIFFERS_TYPE = 1,
	DIFFERS_CONTENT = 2,
	DIFFERS_MODE = 4,
	DIFFERS_OWNER = 8,
	DIFFERS_TIMES = 16,
	DIFFERS_ATTRIBUTES = 32,
};

/* What commit does not take unless told to. */
enum {
	REFUSE_SETUID = 1,
	REFUSE_SPECIAL = 2,
	REFUSE_LINKS = 4,
	REFUSE_HOOKS = 8,
	REFUSE_CHANGED = 16,
	REFUSE_KINDS = 5,
};

/* Their names, and the flags' after "--allow-". */
extern const char *const refuse_names[REFUSE_KINDS];

struct change {
	enum change_kind kind;
	const struct part *part;
	const char *path;     /* below the part; "" is its top */
	struct stat now, was; /* of upper and lower, where there is one */
	const char *link;     /* where a symbolic link leads now */
	unsigned differs, refused;
	bool implied; /* goes with the directory above it that is deleted or replaced */
	bool copied;  /* it was below when the layer got it, under this name or, a file, another */
	bool bare;    /* of what commit takes away it has the mark of a copy at most */
	bool opaque;  /* a directory: nothing of the lower one is left in it */
	bool clean;   /* a directory that the lower one lacks or loses, of changes alone: it can be
			 moved as a whole */
	bool merged;  /* a directory of both that only leads to changes */
	size_t end;   /* index behind the last change that is in it */
	bool taken;   /* commit: chosen */
};

struct layer {
	struct arena arena;
	int directory;
	struct record record;
	struct timespec began;
	struct part *parts;
	size_t parts_count;
	void *targets;   /* tsearch: paths at which mount points may have been made */
	void *committed; /* tsearch: what earlier commits have changed below themselves */
	void *reviewed;  /* tsearch: what diff has found below as it was (layer_known.c) */
	bool alone;      /* no sandbox is on it */
	bool refers;     /* the walk has met redirects or metacopies */
	bool brief;      /* what is different about a change is not looked for to the end */
	int working;     /* the walk's: which of its directories is the working directory, or -1 */
	struct change *changes;
	size_t changes_count;
};

/* Read the record of the layer in layer->directory and open its parts. */
int layer_open(struct layer *layer, struct error *err);

/* Open what lies between ROOTFS and the layer of part, and make part->lower the sight of all
 * together (layer_stack.c). */
int layer_stack(struct layer *layer, struct part *part, struct error *err);

/* Which directory between has a say at path, so that what is committed below it would not be seen
 * there; NULL: none. */
const char *layer_hidden_by(struct layer *layer, const struct change *change);

/* Bring what fuse-overlayfs has written, if it was it, into the kernel's form (layer_fuse.c).
 * Nobody else is on the layer. */
int layer_normalise(struct layer *layer, struct error *err);
void layer_close(struct layer *layer);

/* Fill layer->changes. */
int layer_walk(struct layer *layer, struct error *err);

/* Does it stand for a name of the lower that is gone (overlayfs.rst, "whiteouts")? */
bool layer_is_whiteout(const struct stat *st);

/* Complete what refers to something below: layer_resolve.c. */
int layer_resolve(struct layer *layer, struct error *err);

/* Whether somebody else has changed it below since the layer began, and what is known of that:
 * layer_known.c. */
bool layer_changed_below(struct layer *layer, const struct change *change);
int layer_read_known(struct layer *layer, struct error *err);
int layer_note_committed(struct layer *layer, struct error *err);
int layer_note_reviewed(struct layer *layer, struct error *err);

int layer_compare_text(const void *a, const void *b);
bool layer_later(const struct timespec *a, const struct timespec *b);

/* Below root, over no link and onto no other mount. -1 and errno. */
int layer_open_below(int root, const char *path, int flags);

/* The directory that holds path, and path's last part. */
int layer_open_parent(int root, const char *path, const char **name);

/* part/path as it is seen inside, in the arena. */
const char *layer_seen(struct layer *layer, const struct change *change);

/* How ids are shown: mapped here 0 may be the caller that keeps its own number inside. */
struct layer_ids {
	bool keep;
	uint32_t uid, gid;
};

/* Print all changes. */
struct layer_show {
	bool json, patch;
	struct layer_ids ids;
};
int layer_show(struct layer *layer, const struct layer_show *show, struct error *err);
void layer_show_one(struct layer *layer, const struct layer_show *show,
		    const struct change *change);

/* Copy path of one directory to the name in another: all that cp -a keeps, and no overlayfs
 * attribute. links: a tsearch tree of hard links seen so far, for a whole commit. */
int layer_copy(int from, const char *path, int to, const char *name, void **links,
	       struct error *err);
void layer_copy_end(void **links);

int layer_copy_data(int from, int to, off_t size);

/* Is an attribute one that diff shows and commit keeps? Not overlayfs's own, nor labels and what
 * else a user namespace may not set (xattr(7)). */
bool layer_keeps(const char *attribute);

/* Remove overlayfs's own attributes from name in directory. */
void layer_strip(int directory, const char *name);
void layer_strip_here(const char *name); /* of the working directory */

/* --- commit --- */

enum op_kind {
	OP_PUT = 'P',    /* move source to its place; what is there goes to the trash */
	OP_MAKE = 'M',   /* make a directory, with the attributes of the upper one */
	OP_SET = 'A',    /* give a directory the attributes of the upper one */
	OP_TIMES = 'T',  /* its times only */
	OP_DELETE = 'D', /* move it to the trash */
};

struct op {
	enum op_kind kind;
	size_t part;
	const char *path;
	bool bare, copied; /* as of the change; not in the journal, false when it was read from
			      there */
	struct timespec
		modified; /* the upper directory's time: moving things out of it changes it */
	mode_t mode;      /* of the lower directory, for OP_SET to be undone */
	uid_t uid;
	gid_t gid;
	struct timespec times[2];
};

struct journal {
	bool copied;         /* what is put is a copy in the stage, not the upper's own */
	bool whole;          /* nothing is left of the layer afterwards */
	const char **stages; /* one for each part, its name in the lower; NULL: unused */
	struct op *ops;
	size_t ops_count;
};

/* Name of the stage's subdirectories. */
#define STAGE_NEW   "new"
#define STAGE_TRASH "trash"

/* Finish or undo what an interrupted commit has left; says so. */
int journal_recover(struct layer *layer, struct error *err);

/* Make the stages that journal->stages names, and note them, so that they can be removed. */
int journal_stage(struct layer *layer, const struct journal *journal, struct error *err);

/* Write the journal, apply it, remove it. On failure everything is as before. */
int journal_run(struct layer *layer, struct journal *journal, struct error *err);

/* Give up before the journal is written. */
void journal_drop(struct layer *layer, const struct journal *journal);

struct commit {
	char **paths;
	size_t paths_count;
	bool interactive;
	unsigned allowed;
	struct layer_show show;
};
int layer_commit(struct layer *layer, const struct commit *commit, struct error *err);

#endif
