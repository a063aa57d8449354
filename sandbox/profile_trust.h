/*
 * profile_trust: what a profile may say that somebody else may have written.
 *
 * A profile given by its path, that lies below the working directory or in the repository that this
 * is a part of (the outermost: one within may have been made by a command that ran there), comes
 * with a project: who wrote the one wrote the other. It may tighten what the
 * profile `default` has, and nothing else, until the user has said that exactly these bytes at
 * exactly this path are to be trusted. What such a profile extends may not loosen either: a project
 * does not choose among the user's own profiles one that opens more.
 *
 * Whose it is, is asked of the file that was opened; by its path another may be found by then. What
 * is trusted is the path as it is written, made absolute, for the same reason.
 *
 * Trusted ones are copies in $XDG_STATE_HOME/sandbox/trusted (places.h), compared byte by byte.
 */
#ifndef PROFILE_TRUST_H
#define PROFILE_TRUST_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "options_table.h"

/*
 * Does the profile, open as fd and given as path, come with a project? Not one in the directories
 * (NULL-terminated) in which profiles are looked for by name, nor one of the system's own: root's,
 * and nobody else's to write. Both only by a path that says so: a link that a project has can lead
 * to any of them.
 */
bool profile_is_project(int fd, const char *path, const char *const *directories);

/* Has the user said so of these bytes at this path? */
bool profile_is_trusted(struct arena *arena, const char *path, const char *text, size_t size);

/* Remember it, or forget the path whatever is there by now. -1 with err filled. */
int profile_trust_add(const char *path, struct error *err);
int profile_trust_remove(const char *path, struct error *err);

/* NULL when the setting takes nothing of what config has confined so far, else why it does. */
const char *profile_loosens(const struct config *config, const struct option *option,
			    const char *value);

#endif
