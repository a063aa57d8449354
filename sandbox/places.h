/*
 * places: directories of the caller's in which this program keeps what it believes later: no
 * sandbox may be able to write to them. See host_records.c for how they are kept out of reach.
 */
#ifndef PLACES_H
#define PLACES_H

#include "arena.h"

/* Compiled filters (filter_file.h): $XDG_CACHE_HOME/sandbox/seccomp. NULL: there is no home. */
const char *places_filters(struct arena *arena);

/* Profiles of projects that the user trusts (profile_trust.h): $XDG_STATE_HOME/sandbox/trusted. */
const char *places_trusted(struct arena *arena);

#endif
