/*
 * audio: stands between a sandbox's command and the sound server, and passes on what playing takes.
 *
 *   audio play|record CONTROL LISTENER BOUND SERVER
 *
 * Descriptors: CONTROL, a socket for "ready" or "error ..."; LISTENER, the socket that the command
 * will find; BOUND, a pipe with a byte when it listens. SERVER is the path of the server's socket.
 *
 * There is a process for each client, which knows two sockets and nothing else: it is confined
 * before it reads the first byte. It dies with this one, which dies with the supervisor.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audio.h"
#include "call_filter.h"
#include "session.h"

enum { CLIENTS = 32, BLOCK = 64 * 1024, QUEUE_MOST = 512 * 1024 };

/* What is to be written. */
struct queue {
	unsigned char *data;
	size_t start, end, room;
};

/* One direction of a client's conversation. */
struct flow {
	int from, to;
	struct queue out;
	unsigned char head[AUDIO_HEAD];
	size_t head_used;
	uint32_t left; /* of the frame's body */
	bool command;  /* the body is gathered, and judged when it is whole */
	unsigned char *body;
	size_t body_used;
};

struct conversation {
	struct audio_client client;
	struct flow up, down;  /* to the server, to the client */
	struct queue refusals; /* for the client, when the server is between two frames */
};

/* At once: the sanitizers' libraries do more at an exit(3) than the filter allows. */
static _Noreturn void leave(int status)
{
	for (;;)
		syscall(SYS_exit_group, status);
}

static void put(struct queue *queue, const void *data, size_t size)
{
	if (queue->start > 0 && queue->end + size > queue->room) {
		memmove(queue->data, queue->data + queue->start, queue->end - queue->start);
		queue->end -= queue->start;
		queue->start = 0;
	}
	if (queue->end + size > queue->room) {
		unsigned char *more = realloc(queue->data, queue->end + size + BLOCK);

		if (!more)
			leave(1);
		queue->data = more;
		queue->room = queue->end + size + BLOCK;
	}
	memcpy(queue->data + queue->end, data, size);
	queue->end += size;
}

static size_t waiting(const struct queue *queue)
{
	return queue->end - queue->start;
}

/* A whole command has come. */
static void take_command(struct conversation *talk, struct flow *flow)
{
	unsigned char refusal[AUDIO_REFUSAL];
	uint32_t tag;

	if (flow == &talk->down) {
		audio_learn(&talk->client, flow->body, flow->body_used);
	} else {
		switch (audio_judge(&talk->client, flow->body, flow->body_used, &tag)) {
		case AUDIO_PASS:
			break;
		case AUDIO_REFUSE:
			audio_refusal(refusal, tag);
			put(&talk->refusals, refusal, sizeof refusal);
			return;
		case AUDIO_END:
			leave(1);
		}
	}
	put(&flow->out, flow->head, sizeof flow->head);
	put(&flow->out, flow->body, flow->body_used);
}

static void begin_frame(struct flow *flow)
{
	struct audio_frame frame;

	if (!audio_head(flow->head, &frame))
		leave(1);
	flow->left = frame.length;
	flow->command = frame.command;
	flow->body_used = 0;
	if (!flow->command) {
		put(&flow->out, flow->head, sizeof flow->head);
		return;
	}
	free(flow->body);
	flow->body = malloc(frame.length);
	if (!flow->body)
		leave(1);
}

static void take(struct conversation *talk, struct flow *flow, const unsigned char *bytes,
		 size_t size)
{
	while (size > 0) {
		size_t some = sizeof flow->head - flow->head_used;

		if (some > 0) {
			some = some < size ? some : size;
			memcpy(flow->head + flow->head_used, bytes, some);
			flow->head_used += some;
			if (flow->head_used == sizeof flow->head)
				begin_frame(flow);
		} else {
			some = flow->left < size ? flow->left : size;
			if (flow->command)
				memcpy(flow->body + flow->body_used, bytes, some);
			else
				put(&flow->out, bytes, some);
			flow->body_used += some;
			flow->left -= (uint32_t)some;
			if (flow->left == 0) {
				flow->head_used = 0;
				if (flow->command)
					take_command(talk, flow);
			}
		}
		bytes += some;
		size -= some;
	}
}

/* Sound is passed on as it comes, commands when they are whole: in the middle of the former there
 * is no place for a word of ours. */
static void refuse(struct conversation *talk)
{
	const struct flow *down = &talk->down;
	struct queue *queue = &talk->refusals;

	if (waiting(queue) == 0 || (down->head_used == sizeof down->head && !down->command))
		return;
	put(&talk->down.out, queue->data + queue->start, waiting(queue));
	queue->start = queue->end = 0;
}

static void read_some(struct conversation *talk, struct flow *flow)
{
	static unsigned char block[BLOCK];
	ssize_t got = recv(flow->from, block, sizeof block, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0)
		leave(0);
	take(talk, flow, block, (size_t)got);
	refuse(talk);
}

static void write_some(struct flow *flow)
{
	struct queue *queue = &flow->out;
	ssize_t sent = send(flow->to, queue->data + queue->start, waiting(queue),
			    MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		leave(0);
	queue->start += sent > 0 ? (size_t)sent : 0;
	if (queue->start == queue->end)
		queue->start = queue->end = 0;
}

/* A side that does not read is not read from either. */
static short wanted(const struct flow *in, const struct flow *out)
{
	return (short)((waiting(&in->out) < QUEUE_MOST ? POLLIN : 0) |
		       (waiting(&out->out) > 0 ? POLLOUT : 0));
}

static _Noreturn void carry(struct conversation *talk)
{
	for (;;) {
		struct pollfd both[] = {
			{.fd = talk->up.from, .events = wanted(&talk->up, &talk->down)},
			{.fd = talk->up.to, .events = wanted(&talk->down, &talk->up)}};

		/* Refusals count against who asks for them. */
		if (waiting(&talk->down.out) + waiting(&talk->refusals) >= QUEUE_MOST)
			both[0].events &= ~POLLIN;
		if (poll(both, 2, -1) < 0 && errno != EINTR)
			leave(1);
		if (both[0].revents & POLLOUT)
			write_some(&talk->down);
		if (both[1].revents & POLLOUT)
			write_some(&talk->up);
		if (both[0].revents & (POLLIN | POLLHUP | POLLERR))
			read_some(talk, &talk->up);
		if (both[1].revents & (POLLIN | POLLHUP | POLLERR))
			read_some(talk, &talk->down);
	}
}

static const struct call_rule allowed[] = {
#ifdef SYS_poll
	CALL(poll),
#endif
	CALL(ppoll),
	CALL(recvfrom),
	CALL(sendto),
	CALL(exit_group),
	CALL(exit),
	CALL(brk),
	CALL(munmap),
	CALL(madvise),
	CALL(mremap),
	{SYS_mmap, {HAS_NOT(2, PROT_EXEC)}},
	{SYS_mprotect, {HAS_NOT(2, PROT_EXEC)}},
};

static void confine(int first, int second)
{
	struct rlimit none = {0, 0};

	if (dup2(first, 3) < 0 || dup2(second, 4) < 0 || syscall(SYS_close_range, 5, ~0u, 0) < 0 ||
	    chdir("/") < 0 || setrlimit(RLIMIT_CORE, &none) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    call_filter_load(allowed, sizeof allowed / sizeof *allowed) < 0)
		err(1, "cannot confine a client's process");
}

/* Descriptors out of the way of the two that confine() puts in place. */
static int above(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 10);
}

/* What is sent carries who sends it (unix(7)). A server that asks for that itself does so after it
 * has accepted: what had come between lacked it, and was refused. */
static int connect_named(const char *path)
{
	int server = session_connect(path), on = 1;

	if (server >= 0 && setsockopt(server, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
		return -1;
	return server;
}

static _Noreturn void serve(int client, const char *path, bool record, pid_t parent)
{
	static struct conversation talk;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		exit(1);
	int server = connect_named(path), first = above(client);
	int second = server < 0 ? -1 : above(server);
	if (first < 0 || second < 0)
		exit(1);
	confine(first, second);
	talk.client.record = record;
	talk.up.from = talk.down.to = 3;
	talk.up.to = talk.down.from = 4;
	carry(&talk);
}

static void accept_clients(int listener, const char *path, bool record)
{
	struct pollfd one = {.fd = listener, .events = POLLIN};
	pid_t parent = getpid();
	int clients = 0;

	for (;;) {
		while (clients > 0 && waitpid(-1, NULL, clients < CLIENTS ? WNOHANG : 0) > 0)
			clients--;
		if (poll(&one, 1, -1) < 0 && errno != EINTR)
			err(1, "wait for clients");
		int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0)
			continue;
		pid_t pid = fork();
		if (pid == 0)
			serve(client, path, record, parent);
		clients += pid > 0;
		close(client);
	}
}

int main(int argc, char **argv)
{
	char byte;

	if (argc != 6)
		return 2;
	int control = session_fd(argv[2]), listener = session_fd(argv[3]);
	int bound = session_fd(argv[4]);
	const char *path = argv[5];
	int server = session_connect(path);
	if (server < 0)
		session_fail(control, "is the sound server running? (pactl info)",
			     "cannot connect to the sound server at %s: %s", path, strerror(errno));
	close(server);
	signal(SIGPIPE, SIG_IGN);
	session_ready(control);
	ssize_t got;
	while ((got = read(bound, &byte, 1)) < 0 && errno == EINTR)
		;
	if (got <= 0)
		return 1;
	accept_clients(listener, path, strcmp(argv[1], "record") == 0);
}
