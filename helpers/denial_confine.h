/*
 * denial_confine: what the helper gives up before the first byte of a stranger reaches it. It stays
 * in the caller's namespaces, since only from there can it look at all ids of a sandbox.
 */
#ifndef DENIAL_CONFINE_H
#define DENIAL_CONFINE_H

#include <stddef.h>

/* Close all descriptors from 3 on but these, drop every capability, load a filter. Ends the program
 * when it cannot. */
void denial_confine(const int *keep, size_t count);

#endif
