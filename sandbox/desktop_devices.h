/*
 * desktop_devices: the graphics card, cameras, joysticks and what is on USB, node by node. What
 * Mesa reads in /sys is in the sandbox's own, which is read-only.
 */
#ifndef DESKTOP_DEVICES_H
#define DESKTOP_DEVICES_H

#include "step.h"

/* -1 with err filled when something is asked for and not there, or could not be opened inside. */
int desktop_plan_devices(struct plan *plan, struct error *err);

#endif
