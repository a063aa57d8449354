/*
 * profile_load: how the parts of the profile room speak to one another (profile.c reads files and
 * chains, profile_search.c finds them, profile_expand.c fills in ${NAME}, profile_command.c
 * prints).
 */
#ifndef PROFILE_LOAD_H
#define PROFILE_LOAD_H

#include <dirent.h>

#include "lines.h"
#include "options_table.h"
#include "profile.h"

enum { PROFILE_DIRECTORIES_MAX = 3, PROFILE_DEPTH_MAX = 16, PROFILE_NAME_MAX = 128 };

/* The directories that are searched, opened once; -1 for one that does not exist. */
struct profile_search {
	const char *const *directories;
	int fds[PROFILE_DIRECTORIES_MAX];
	int count;
};

int profile_search_open(struct profile_search *search, struct arena *arena, struct error *err);
void profile_search_close(struct profile_search *search);

/* What a profile may be called: NULL, or the reason why not. */
const char *profile_name_reason(const char *name);

/* The names in a directory that end in .conf, sorted, in the arena; *count is set. */
char **profile_directory_names(DIR *directory, struct arena *arena, size_t *count);

/* Record that profile name was not found, with the nearest one that would be. Returns -1. */
int profile_not_found(const struct profile_search *search, struct arena *arena, const char *name,
		      struct error *err);

/*
 * Fill in ${HOME}, ${PWD}, ${UID}, ${XDG_*} and $$. With escape, a ':' or ',' in what is filled in
 * gets a backslash, so that a directory's name cannot add fields to a bind. NULL and err.
 */
const char *profile_expand(struct arena *arena, const char *value, bool escape, struct error *err);

/* ${NPM_REGISTRY} and its like: what the caller's settings say. NULL and err. */
const char *profile_registry(struct arena *arena, const char *name, struct error *err);

/* One run over a profile and all it extends. */
struct profile_loader {
	struct config *config;
	struct profile_search search;
	struct error *err;
	/* Called with each setting that was accepted, value expanded; may be NULL. */
	void (*seen)(void *data, const struct option *option, const char *value,
		     const char *origin);
	/* Called with each error, and loading goes on; NULL: loading ends at the first. */
	void (*wrong)(void *data, const struct error *err);
	void *data;
	bool trusts_all;      /* whoever wrote it: to look at it, not to run by it */
	const char *stranger; /* a file that comes with a project and is not trusted; NULL: none */
	bool reported;        /* the error in err was, or has its place in its text */
};

/* Load a profile by name or path (by path even without a slash when is_path). 0 or -1. */
int profile_load(struct profile_loader *loader, const char *name, bool is_path);

#endif
