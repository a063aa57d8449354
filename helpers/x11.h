/*
 * x11: what the parts of the X11 helper have in common. The protocol is that of "X Window System
 * Protocol" (X11R7), and of the "Security Extension Specification" (version 7.1) for cookies.
 */
#ifndef X11_H
#define X11_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COOKIE_MOST = 64, HOST_MOST = 64, AUTHORITY_MOST = 512 };

/* What MIT-MAGIC-COOKIE-1 shows to be let in. */
struct cookie {
	unsigned char data[COOKIE_MOST];
	size_t size;
};

/* --- x11_authority.c: Xauthority files, as libXau has them (Xau(3)) --- */

/* The cookie for display number in the file; false: there is none, or no file. */
bool authority_find(const char *path, unsigned number, struct cookie *cookie);

/* A file for that display: on the host of that name, for who looks for that, and on whatever host.
 * Returns its size. */
size_t authority_make(unsigned char text[AUTHORITY_MOST], const char *host, unsigned number,
		      const struct cookie *cookie);

/* --- x11_wire.c --- */

/* A connection, with a cookie or (NULL) without; -1: not there, or refused, and why (may be empty).
 */
int wire_connect(unsigned number, const struct cookie *cookie, char why[128]);

/* The extension's number in requests, 0: the server has none, or does not show it; -1: it has gone.
 */
int wire_extension(int fd, const char *name);

/* Have a cookie made for clients that are not trusted, which is forgotten when nobody has used it
 * for this many seconds. */
bool wire_generate(int fd, int security, uint32_t seconds, struct cookie *cookie, uint32_t *id);

/* Take it back: whoever came in by it is thrown out. */
bool wire_revoke(int fd, int security, uint32_t id);

/* --- x11_enclosure.c --- */

/* What a server is started with; the first half is server_start's. */
struct enclosed {
	unsigned number;
	int listener, answer, said; /* where clients come; where it says its number, and the rest */
	const struct cookie *cookie; /* of its clients */
	const char *path;            /* the program */
	bool in_window;              /* on this display of the caller's, by this cookie, if any */
	unsigned window_on;
	struct cookie window_cookie;
	const int *shared; /* the sandbox's user and IPC namespaces, to be joined; or NULL */
};

/* In a child of parent, which ends when that does: start it, and wait for its end. */
_Noreturn void enclosure_run(const struct enclosed *server, int parent);

/* --- x11_server.c --- */

struct server {
	int pid, pidfd;
	int listener;
	unsigned number;
	struct cookie cookie;
};

/* A number that is free, its lock and its socket, and a cookie. false: why says why not. */
bool server_listen(struct server *server, char why[512]);

/* Run a server on it. false: why says what it said, and nothing is left of it. */
bool server_start(struct server *server, struct enclosed *enclosed, int closing, char why[512]);

/* End it, and remove its socket and its lock. */
void server_end(struct server *server);

#endif
