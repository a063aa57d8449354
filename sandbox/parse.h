/*
 * parse: text to value, for the option table. Pure functions: no allocation, no system call, no
 * locale. Each returns NULL when the text was understood, else a reason: a static, complete phrase
 * that the caller puts behind the option and the value. What is written to is unspecified then.
 *
 * Numbers are exact: decimal digits and nothing else, no sign, no blank, no 0x, no wrap.
 */
#ifndef PARSE_H
#define PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config.h"

/* The highest user or group id: (uid_t)-1 means "no id" to the kernel. */
#define PARSE_ID_MAX UINT32_C(4294967294)

/* A decimal number from 0 to max. */
const char *parse_number(const char *text, uint64_t max, uint64_t *value);

/* A number of bytes, 1 or more: 4096, 512k, 64m, 2g, 1t (powers of 1024, either case). */
const char *parse_size(const char *text, uint64_t *bytes);

/* Seconds: 3600, 90s, 30m, 1h, 2d, with a sign or without. */
const char *parse_duration(const char *text, int64_t *seconds);

/* An octal file mode without setuid and setgid: 755, 0644, 1777. */
const char *parse_mode(const char *text, mode_t *mode);

/* true or false. */
const char *parse_bool(const char *text, bool *value);

/* One user or group id, 0 to PARSE_ID_MAX. */
const char *parse_id(const char *text, uint32_t *id);

/* INSIDE:OUTSIDE:COUNT; leaves range->origin alone. */
const char *parse_id_range(const char *text, struct id_range *range);

/* U[:G], where each is an id or a name. Checks the form only: names are looked up inside. */
const char *parse_user(const char *text);

/* A host name of at most 64 bytes: labels of letters, digits and inner hyphens. */
const char *parse_hostname(const char *text);

/* What a sandbox may be called: at most 64 letters, digits, '_', '.' and '-'. */
const char *parse_sandbox_name(const char *text);

/* NAME=SOFT[:HARD]; leaves limit->origin alone, limit->name is static. */
const char *parse_rlimit(const char *text, struct rlimit_op *limit);

/* The name of resource number i in the order of the manual page, or NULL beyond the last. */
const char *parse_rlimit_name(size_t i);

/*
 * CHOWN, cap_chown, Cap_Chown: the capability, and its name in capitals with CAP_. For ALL,
 * *capability is -1 and name "ALL".
 */
enum { PARSE_CAP_NAME_SIZE = 64 };
const char *parse_capability(const char *text, int *capability, char name[PARSE_CAP_NAME_SIZE]);

/* The name of an environment variable, text[0..length). */
const char *parse_env_name(const char *text, size_t length);

/*
 * Make path, which must be absolute, plain in place: no "//", "/./" or "/" at the end. ".." is
 * refused: where it leads depends on links in a tree that is not ours.
 */
const char *parse_inside_path(char *path);

/*
 * The value of a mount option, according to op->option and op->kind, which are given; text is
 * taken apart and kept (op->source and op->target point into it). The source of a bind is as
 * given, perhaps relative; its target is NULL when the value names none. op->kind becomes
 * MOUNT_RO_BIND for `--bind S:D:ro`.
 */
const char *parse_mount(char *text, struct mount_op *op);

/*
 * Write the absolute form of path, a path of the host, to out: cwd, which is absolute, stands
 * before a relative one. ".." is followed where it only takes back components of cwd (getcwd
 * returns no links); behind a name it is kept for the kernel, which knows what is a link.
 */
const char *parse_host_path(const char *cwd, const char *path, char *out, size_t size);

#endif
