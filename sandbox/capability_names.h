/* The names of the capabilities ("cap_chown"), by number, as libcap has them:
 * build/capability_names.c. */
#ifndef CAPABILITY_NAMES_H
#define CAPABILITY_NAMES_H

#include <stddef.h>

/* Ends with NULL. */
extern const char *const capability_names[];

#endif
