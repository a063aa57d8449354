/*
 * place: opening what can be used with --confine-only (struct place), for the rooms that need it.
 */
#ifndef PLACE_H
#define PLACE_H

#include "sandbox.h"

/* O_PATH, with no link followed where the place says so. -1 and errno. */
int place_open(const struct sandbox *sandbox, const struct place *place);

#endif
