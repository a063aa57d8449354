/*
 * helper: a program that works beside the sandbox for as long as it lives (slirp4netns, pasta, the
 * relays, the egress gateway), started by the supervisor.
 *
 * A helper gets /dev/null as standard input, a fixed environment, and of our descriptors those that
 * are named, at the same numbers. What it writes to standard output and standard error is kept, up
 * to a pipe's size, for the case that it fails; more is lost, and never holds it up.
 */
#ifndef HELPER_H
#define HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "error.h"

/* One of each kind at the most. */
enum helper_role {
	HELPER_NETWORK, /* slirp4netns or pasta */
	HELPER_SCOPE,   /* speaks to systemd, and ends */
	HELPER_EGRESS,
	HELPER_PUBLISH,
	HELPER_HOST_PORTS,
	HELPER_FUSE,
	HELPER_WAYLAND, /* tells the compositor of the sandbox, and ends */
	HELPER_X11,
	HELPER_AUDIO,
	HELPER_DENIALS, /* answers what the filter asks */
	HELPER_BUS,     /* xdg-dbus-proxy, in a sandbox of its own */
	HELPER_COUNT
};

/* All -1, NULL and 0 where there is none: helper_none(). */
struct helper {
	const char *name; /* for messages */
	pid_t pid;
	int pidfd;
	int output;  /* what it says */
	int ready;   /* readable when it is ready: the read end of a pipe, or a socket */
	int exit;    /* closed by us or by our death: it ends */
	int status;  /* as of waitpid(2), when it has ended */
	bool ended;  /* it is dead and reaped */
	bool deaf;   /* it does not notice our end, or not soon enough: kill it and wait */
	bool tidies; /* it has something to take back at our end: it is given a moment for that */
	bool in_use; /* it was ready: its end is news */
};

void helper_none(struct helper *helper);

/*
 * Start argv[0] with the descriptors passed[0..count) open. helper->ready and helper->exit are the
 * caller's to set; both belong to the helper then. -1 with err filled.
 */
int helper_start(struct helper *helper, const char *name, char *const argv[], const int passed[],
		 size_t count, struct error *err);

/* Has it ended? Reaps it. Does not wait. */
bool helper_has_ended(struct helper *helper);

/* "slirp4netns failed: WORDS", with the last lines of what it has said. Always -1. */
int helper_failed(struct helper *helper, struct error *err);

struct sandbox;

/*
 * Wait until it is ready: 0. It died, or took longer: -1 with err filled. When the child has
 * failed, or a signal wants the end, sandbox->interrupted is set and 0 returned.
 */
int helper_wait(struct sandbox *sandbox, enum helper_role role, int seconds, struct error *err);

/* Add a line to sandbox->report: that it has ended while the command ran. */
void helper_report(struct sandbox *sandbox, enum helper_role role);

/* End it. It is waited for when hard is set, or it is deaf. */
void helper_end(struct helper *helper, bool hard);

#endif
