/*
 * oci_state: the records of containers, ROOT/ID/. Who asks for ROOT with --root has it there; else
 * it is below the directory of the sandboxes' own records (sandbox/state.h), so that it is out of
 * reach of what runs in one.
 *
 *     lock          held (flock(2)) while somebody changes the container
 *     state.json    what it is; renamed into place when the container is made
 *     config.json   what it was made of: exec's process, hooks of the end
 *     start         a socket that the container's process listens at until it has been started
 *
 * The directory is 0700 and its maker's; a container's process gets no descriptor of it but the
 * listening end of the socket. What runs is known by pid and start time together, and signalled by
 * a pidfd that was checked after it was opened: a recycled pid is nobody's container.
 */
#ifndef OCI_STATE_H
#define OCI_STATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "arena.h"
#include "error.h"
#include "oci_spec.h"

enum oci_status { OCI_CREATING, OCI_CREATED, OCI_RUNNING, OCI_PAUSED, OCI_STOPPED };

struct oci_container {
	struct arena arena;
	const char *id;
	int root;      /* ROOT */
	int directory; /* ROOT/ID */
	int lock;      /* held; -1: not */
	bool known;    /* there is a state.json */
	pid_t pid;
	unsigned long long started; /* of the process, as /proc/PID/stat has it */
	int process;                /* its pidfd while it lives; -1: it has ended */
	bool own_pids;              /* a pid namespace of its own: it ends with its first process */
	const char *version, *bundle, *rootfs, *created, *cgroup, *owner;
	const char *unit; /* of systemd's, that cgroup is of; "" or NULL: none */
	const char *listener_path, *listener_metadata; /* of its filter's agent; "" or NULL: none */
	json_t *annotations;                           /* or NULL */
};

#define OCI_CONTAINER_NONE                                                                         \
	{                                                                                          \
		.root = -1, .directory = -1, .lock = -1, .process = -1                             \
	}

/* An open descriptor of ROOT, made where it is missing; NULL: the usual one. */
int oci_root_open(const char *root, struct error *err);

/* Make the record of a new container, and hold its lock. err: there is one of that name. */
int oci_container_make(struct oci_container *container, const char *root, const char *id,
		       struct error *err);

/* Find one. wait: hold its lock; else look only. err->number is ENOENT: there is none. */
int oci_container_find(struct oci_container *container, const char *root, const char *id, bool wait,
		       struct error *err);

enum oci_status oci_container_status(const struct oci_container *container);
const char *oci_status_word(enum oci_status status);

/* Write state.json and config.json: from now on it is known. */
int oci_container_write(struct oci_container *container, const struct oci_spec *spec,
			struct error *err);

/* The config.json it was made of: the caller's to json_decref. */
json_t *oci_container_config(const struct oci_container *container, struct error *err);

/* A signal to its process. ESRCH in err->number: it has ended. */
int oci_container_signal(const struct oci_container *container, int number, struct error *err);

/* Wait at most so many milliseconds for its end; is it over? */
bool oci_container_wait(const struct oci_container *container, int milliseconds);

/* The state as the specification has it (runtime.md), with what engines want beside it. The
 * caller's. pid 0 where it has ended. */
json_t *oci_container_state(const struct oci_container *container, enum oci_status status);

/* Is it "created", that is, is the socket there? And the path of it, for connect(2) and bind(2),
 * which take 107 bytes. */
bool oci_container_waits(const struct oci_container *container);
void oci_container_socket(const struct oci_container *container, char path[64]);
/* It has been started: nobody can start it again. */
void oci_container_started(const struct oci_container *container);

/* Take the record away. */
int oci_container_remove(struct oci_container *container, struct error *err);

void oci_container_close(struct oci_container *container);

/* field 22 of /proc/PID/stat; 0: there is no such process. */
unsigned long long oci_process_started(pid_t pid);

#endif
