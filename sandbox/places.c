/* See places.h; the XDG base directory specification. */
#include "places.h"

#include <stdlib.h>

static const char *place(struct arena *arena, const char *variable, const char *in_home,
			 const char *name)
{
	const char *base = getenv(variable), *home = getenv("HOME");

	if (base && base[0] == '/')
		return arena_printf(arena, "%s/sandbox/%s", base, name);
	if (home && home[0] == '/')
		return arena_printf(arena, "%s/%s/sandbox/%s", home, in_home, name);
	return NULL;
}

const char *places_filters(struct arena *arena)
{
	return place(arena, "XDG_CACHE_HOME", ".cache", "seccomp");
}

const char *places_trusted(struct arena *arena)
{
	return place(arena, "XDG_STATE_HOME", ".local/state", "trusted");
}
