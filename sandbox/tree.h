/*
 * tree: removing a directory with all that is in it, however deep, wide or unreadable.
 */
#ifndef TREE_H
#define TREE_H

/*
 * Remove directory name in dir and everything below, without following a link or leaving its file
 * system, in constant depth and descriptors. -1 and errno of the first thing that could not be
 * removed.
 */
int tree_remove(int dir, const char *name);

#endif
