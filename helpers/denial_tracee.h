/*
 * denial_tracee: looks at the process whose call is held, from outside: its name, its memory, where
 * its paths lead.
 *
 * All of it is hearsay: other threads of that process write the same memory, and the kernel reads
 * it again when the call is made. Nothing is ever allowed on the strength of it. The process may
 * also be gone, and its number somebody else's: what was read counts only when the notification is
 * still valid afterwards (SECCOMP_IOCTL_NOTIF_ID_VALID), since its process then was there all the
 * time.
 */
#ifndef DENIAL_TRACEE_H
#define DENIAL_TRACEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { TRACEE_NAME = 16, TRACEE_PATH = 4096 };

struct tracee {
	int listener;
	uint64_t id;
	pid_t pid; /* of the thread, as we see it */
};

/* Is the notification still the kernel's? */
bool tracee_valid(const struct tracee *tracee);

/* Its name (comm), as it is, NUL-terminated; "?" when it is gone. */
void tracee_name(const struct tracee *tracee, char name[TRACEE_NAME]);

/* Read up to size bytes at address; how many, 0 when none could be. */
size_t tracee_read(const struct tracee *tracee, uint64_t address, void *into, size_t size);

/* The same, with an open signature for denial_decode.h. */
size_t tracee_memory(void *tracee, uint64_t address, void *into, size_t size);

/*
 * Make path, as the process would look it up (dirfd: its descriptor, or AT_FDCWD), absolute inside,
 * "." and ".." taken out by their letters. false when it does not fit or the process is gone.
 */
bool tracee_absolute(const struct tracee *tracee, int dirfd, const char *path,
		     char absolute[TRACEE_PATH]);

/* What an absolute path leads to inside. */
struct tracee_target {
	int number;             /* errno of looking it up, 0 when it is there */
	mode_t mode;            /* what it is, when it is there */
	bool read_only;         /* it lies in a mount that cannot be written to */
	char path[TRACEE_PATH]; /* with links followed, when it is there */
};

void tracee_look(const struct tracee *tracee, const char *absolute, struct tracee_target *target);

#endif
