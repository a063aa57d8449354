/*
 * oci_listener: the agent that answers the calls for which a filter says SCMP_ACT_NOTIFY
 * (linux.seccomp.listenerPath; config-linux.md, "The Container Process State"), from outside: who
 * starts the container, or a command in it, hands the agent the listener.
 */
#ifndef OCI_LISTENER_H
#define OCI_LISTENER_H

#include "oci_state.h"

/* Connect to a stream socket, whatever the length of its path. seconds: how long one whose queue is
 * full is waited for; 0: not at all. -1 and errno. */
int oci_connect(const char *path, int seconds);

/* Is there a socket, so that a container is not made in vain? Nobody is called. */
int oci_listener_check(const char *path, struct error *err);

/*
 * Send the listener of process pid, with what the container is, to container->listener_path: one
 * connection for each. It stays the caller's to close. An agent that does not take it is an error
 * after some seconds.
 */
int oci_listener_hand(const struct oci_container *container, enum oci_status status, pid_t pid,
		      int listener, struct error *err);

#endif
