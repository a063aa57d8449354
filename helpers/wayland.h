/*
 * wayland: the few messages of the Wayland protocol that the helper sends and hears: wl_display,
 * wl_registry (wayland.xml, version 1), wp_security_context_v1 (security-context-v1.xml of
 * wayland-protocols, staging, version 1).
 */
#ifndef WAYLAND_H
#define WAYLAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A connection and what it has said of the one global that matters. */
struct wayland {
	int fd;
	uint32_t context; /* the name of wp_security_context_manager_v1 in the registry; 0: none */
	uint32_t last;    /* the highest object id that is in use */
	char error[256];  /* what the compositor holds against us; empty: nothing */
};

/* Connect, and learn what there is. false: nobody answers in the language. */
bool wayland_open(struct wayland *wayland, const char *path);

/*
 * Tell the compositor that who comes in by the listening socket is this application in this
 * instance of a sandbox, until the other end of the pipe closing is closed. false: wayland->error
 * says why, or is empty.
 */
bool wayland_tell(struct wayland *wayland, int listener, int closing, const char *app,
		  const char *instance);

#endif
