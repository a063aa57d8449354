/*
 * layer_git: what git runs or takes orders from, later and outside of any sandbox: hooks,
 * configuration, what leads to another's. In a .git, and in a directory that git takes for a
 * repository by what is in it, whatever it is called (gitrepository-layout(5), gitglossary(7)
 * "bare repository"; setup.c of git: is_git_directory).
 */
#ifndef LAYER_GIT_H
#define LAYER_GIT_H

#include <stdbool.h>

/* Do these two directories, one over the other, make such a repository? lower: -1 for none, or none
 * that shows through. */
bool layer_git_is_repository(int upper, int lower);

/* Is path, relative to a bound directory, of a .git's? */
bool layer_git_is_order(const char *path);

/* Is rest, relative to a directory that is such a repository? With `added`, also what has made it
 * one. */
bool layer_git_is_order_in(const char *rest, bool added);

#endif
