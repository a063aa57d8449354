/*
 * desktop_x11: a way to an X server, by a socket and a private Xauthority with one cookie in it. A
 * helper (helpers/x11.c) has the cookie made, or starts a server of the sandbox's own.
 */
#ifndef DESKTOP_X11_H
#define DESKTOP_X11_H

#include "step.h"

int desktop_plan_x11(struct plan *plan, struct error *err);

#endif
