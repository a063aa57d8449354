/*
 * showing: what rooms put into the new root one by one: a socket, a device, a directory of the
 * host's, and small files of our own. Child, SETUP, before the pivot.
 */
#ifndef SHOWING_H
#define SHOWING_H

#include "sandbox.h"

/*
 * A step's function: show what step->source is on the host at step->target, which is made where it
 * is missing, with the mount attributes step->flags (mounting.h). No link is followed to the
 * source.
 */
int showing_run(const struct step *step, struct sandbox *sandbox, struct error *err);

/* Make a directory of the payload's own, mode 0700, with those above it. */
int showing_directory(struct sandbox *sandbox, const char *target, struct error *err);

/*
 * Make a file with this content. own: it is the payload's, mode 0600; else it can be read by all
 * inside. The directory is made where it is missing, in what is ours (files.h, own_mounts).
 */
int showing_file(struct sandbox *sandbox, const char *target, const void *data, size_t size,
		 bool own, struct error *err);

/* Supervisor, PREPARE: make the socket, and the pipe. */
int showing_make_socket(struct session_socket *socket, struct error *err);

/* Give the socket its name, for the payload, let it listen, and say so by the pipe. Closes
 * both. */
int showing_bind_socket(struct sandbox *sandbox, struct session_socket *socket, const char *target,
			struct error *err);

/*
 * Plan the wait for a helper that was started in PREPARE: beside the mapping of ids, where the
 * child waits for that, else before there is one. It is over when SETUP begins.
 */
void showing_plan_wait(struct plan *plan, const struct step_kind *kind, const char *because);

/* Split target into a descriptor of its directory, which is made, and the name. -1 and errno. */
int showing_open_parent(struct sandbox *sandbox, const char *target, const char **name);

#endif
