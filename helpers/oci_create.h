/*
 * oci_create: making a container up to where it waits for its start, from outside (oci_create.c)
 * and from inside (oci_init.c).
 *
 * Theory of operation. `create` clones the container's process into its user and pid namespaces. It
 * makes the other namespaces (ISOLATE), waits until its ids are mapped and it is in its cgroup, and
 * sets everything up (SETUP). Both speak over a channel (sandbox/channel.h); whoever dies, the
 * other reads it. Then `create` writes the record and ends, so that the process becomes the child
 * of the engine (conmon, a shim), which is the subreaper above us. It waits in accept(2) at the
 * socket "start" of the record: `start` connects, is told what fails, and reads the end of file
 * when the command runs, since the exec closes the connection. A socket that it has been handed
 * needs no right to be opened, whoever it is inside.
 *
 * Where a namespace is joined by path there is a process between: setns(2) of a pid namespace, and
 * the right to others that a new user namespace takes away, are for children only. It makes the
 * container's process as a child of ours (CLONE_PARENT) and ends.
 *
 * What waits to be started is tied to whoever will be its parent: when that process ends first, so
 * does it. An engine that is killed between create and start leaves a record, and no process.
 */
#ifndef OCI_CREATE_H
#define OCI_CREATE_H

#include "oci_rooms.h"
#include "oci_state.h"

/* The process of a container, or of a command that joins one, from outside. */
struct oci_made {
	pid_t pid;
	int process; /* its pidfd */
	int channel;
};

/* Read the bundle's config.json and what it asks for; the working directory is the bundle then. */
int oci_bundle_read(struct oci_spec *spec, const struct oci_options *options, char **bundle,
		    struct error *err);

/*
 * Make the container id. On failure nothing is left. container is known, its lock held; made is the
 * process, our child, waiting.
 */
int oci_create(struct oci_container *container, struct oci_spec *spec,
	       const struct oci_options *options, const char *id, const char *bundle, bool tied,
	       struct oci_made *made, struct error *err);

/* Tell it to go on: the command runs when this returns 0. */
int oci_start(struct oci_container *container, struct error *err);

/* Kill, reap, close. */
void oci_made_kill(struct oci_made *made);

/* --- shared with exec --- */

void oci_running_init(struct oci_running *running, const struct plan *plan,
		      const struct oci_spec *spec, const struct oci_process *process,
		      const struct oci_options *options);
/* Clone with these flags; in the child oci_init_main. */
int oci_clone(struct oci_running *running, uint64_t flags, struct oci_made *made,
	      struct error *err);
/* Hand on what came with a MESSAGE_LISTENER of process pid over conn, and say so to it. */
struct message;
int oci_take_listener(const struct oci_container *container, enum oci_status status, pid_t pid,
		      int conn, const struct message *message, struct error *err);
/* Connect to the console socket: at once or not at all. */
int oci_console_connect(const char *path, struct error *err);
/* The number as text, in a file that is there whole or not at all. */
int oci_pid_file_write(const char *path, pid_t pid, struct error *err);

/* The container's process: leaves by exec or _exit. */
_Noreturn void oci_init_main(struct oci_running *running);

#endif
