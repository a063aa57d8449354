/*
 * publish: ports of the host that lead inside (--publish), and ports of the host's loopback that
 * can be reached from inside (--allow-host-port), both by relays of our own (helpers/relay.c).
 *
 * Not by slirp4netns's or pasta's forwarding: a port that is in use is found before anything has
 * been started, programs that listen on their loopback only are reached, it works without any
 * network and alike with each of them, no socket exists through which ports could be added, and
 * the back end keeps the host's loopback closed altogether.
 */
#ifndef PUBLISH_H
#define PUBLISH_H

#include "step.h"

/* PREPARE: the sockets on the host's side. CONNECT: the relays. */
int publish_plan(struct plan *plan, struct error *err);

#endif
