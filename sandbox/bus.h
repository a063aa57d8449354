/*
 * bus: the session's bus and the system's inside, through xdg-dbus-proxy (--dbus, --dbus-talk ...).
 *
 * ATTACH: libexec/sandbox/bus is started, which makes the proxy a sandbox of its own (namespaces,
 * no capability, a filter, a root with the bus's socket and .flatpak-info) and becomes it. It is
 * outside of the sandbox: of the caller's user namespace, in another pid namespace than the
 * payload, so nobody inside can name it, let alone trace it. SETUP: the directory in which the
 * proxy listens comes from there as a detached mount, so no path of the host ever leads to it and
 * nothing is left when both are gone. CONNECT: it is waited for.
 *
 * Its life hangs on a pipe (xdg-dbus-proxy --fd), a parent-death signal and its pid namespace.
 */
#ifndef BUS_H
#define BUS_H

#include "step.h"

/* The helper. Sets plan->session_bus and system_bus. */
int bus_plan(struct plan *plan, struct error *err);

/* The directory of the sockets, in its place inside. */
int bus_plan_sockets(struct plan *plan, struct error *err);

#endif
