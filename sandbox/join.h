/*
 * join: starting another command in a running sandbox (`sandbox exec`).
 *
 * Who asks connects to the control socket in the sandbox's record, and sends the command with its
 * three standard descriptors. The supervisor forks a joiner, which has the plan in its memory as it
 * was when the sandbox started: nothing of what decides how the command is confined is read again.
 * The joiner enters all namespaces by descriptors that the child sent before it ran anything,
 * clones the command into the pid namespace, and from there it is the payload's own way: the same
 * CONFINE steps, the same exec. Until that exec the process is not dumpable, so nobody inside can
 * trace it, or see a descriptor or the program behind it (CVE-2016-9962, CVE-2019-5736).
 *
 * Between who asks and the joiner the messages are those of channel.h, as between supervisor and
 * pid 1.
 */
#ifndef JOIN_H
#define JOIN_H

#include "sandbox.h"

enum { JOIN_REQUEST_MAX = 128 * 1024, JOIN_WORDS_MAX = 4096 };

/* What is asked for; the strings follow, each with its NUL: user, workdir ("" is the sandbox's),
 * then the words of the command, then V=VALUE. */
struct join_request {
	uint32_t version; /* JOIN_VERSION */
	uint32_t words, variables;
	uint32_t terminals;     /* 1 << FD: to be replaced by one of the sandbox's own */
	uint32_t terminal_lazy; /* as plan->terminal_lazy */
	uint64_t ignored;       /* 1 << (N - 1): signal N, by who asks; so will the command */
	uint64_t blocked;       /* likewise */
};

enum { JOIN_VERSION = 2 };

/* Supervisor: listen in the record's directory. */
int join_listen(struct sandbox *sandbox, struct error *err);

/* Supervisor: somebody has connected: fork a joiner for it. */
void join_serve(struct sandbox *sandbox);

/*
 * Who asks, and who is asked: is the process at the other end of this connection the user's, and
 * outside of every sandbox? The socket is in a directory of mode 0700; but a sandbox may have been
 * shown that directory, or one above it in which it has made another one.
 */
bool join_trusts(int conn);

/* Child, ISOLATE done: send the descriptors of our namespaces to the supervisor. */
int join_send_namespaces(const struct sandbox *sandbox, struct error *err);

#endif
