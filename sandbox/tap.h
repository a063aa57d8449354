/*
 * tap: the addresses in a network of the sandbox's own, as slirp4netns(1) lays them out and as we
 * tell pasta(1) to: .2 the gateway, .3 the name server, .100 the sandbox.
 */
#ifndef TAP_H
#define TAP_H

#include "step.h"

enum tap_host { TAP_NETWORK = 0, TAP_GATEWAY = 2, TAP_DNS = 3, TAP_SANDBOX = 100 };

/* Where our own name server listens inside, with rules: on lo. */
#define EGRESS_DNS "127.0.0.53"

/* IPv6 of slirp4netns: fixed. */
#define TAP_PREFIX6 "fd00::/64"
#define TAP_DNS6    "fd00::3"

/* Does the sandbox have a network behind a tap? */
bool tap_is_wanted(const struct config *config);

/*
 * The network's address and prefix: as given, else 10.0.2.0/24 or, when the host itself has an
 * address in that, the next that is free. Host byte order.
 */
uint32_t tap_network(const struct plan *plan, unsigned *prefix);

/* "10.0.2.3" for TAP_DNS; arena-owned. */
const char *tap_address(struct plan *plan, enum tap_host host);

/* "10.0.2.0/24" */
const char *tap_cidr(struct plan *plan);

/* Is this address, as text, in the tap's network (of IPv6: in slirp4netns's)? The back end answers
 * for all of it. */
bool tap_has(const struct plan *plan, const char *address);

#endif
