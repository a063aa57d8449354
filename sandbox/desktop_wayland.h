/*
 * desktop_wayland: a way to the compositor, and nothing else of its directory. Where the compositor
 * has wp_security_context_v1, a socket of the sandbox's own, of which the compositor is told by a
 * helper (helpers/wayland.c); else its plain socket.
 */
#ifndef DESKTOP_WAYLAND_H
#define DESKTOP_WAYLAND_H

#include "step.h"

int desktop_plan_wayland(struct plan *plan, struct error *err);

#endif
