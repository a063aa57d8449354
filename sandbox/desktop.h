/*
 * desktop: what of the caller's session a desktop application gets: a directory for sockets, and
 * the look of the host. The rooms desktop_wayland, desktop_x11, desktop_audio and desktop_devices
 * each let one thing in; nothing else of /run/user or of the session's environment is there.
 */
#ifndef DESKTOP_H
#define DESKTOP_H

#include "step.h"

/* Before the rooms that put sockets there: plan->runtime_dir, and what --host-look shows. */
int desktop_plan(struct plan *plan, struct error *err);

/* Behind Landlock's room: is what X11 needs kept away kept away? */
int desktop_plan_check(struct plan *plan, struct error *err);

#endif
