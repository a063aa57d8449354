/*
 * strict: what a program may do that a helper confines before it becomes it: namespaces of its own
 * with the caller's ids and no other, and then no capability, no_new_privs, no core file and the
 * filter of the profile strict. Its root directory is bare_root.h's.
 *
 * What fails ends the process, with a message on standard error that names the program.
 */
#ifndef STRICT_H
#define STRICT_H

/* User, mount, pid and uts namespaces, and those of flags (CLONE_NEW*). The pid namespace is the
 * next child's. */
void strict_enter_namespaces(int flags, const char *whom);

/* The last thing before the program, and for who waits for it. */
void strict_confine(const char *whom);

/* The same, but that it may attach shared memory that somebody has made in its IPC namespace
 * (shmat, shmdt, and shmctl to look at it). */
void strict_confine_sharing(const char *whom);

#endif
