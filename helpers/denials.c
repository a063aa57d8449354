/*
 * denials: the helper that holds the listener of a sandbox's filter (--seccomp=log, --explain,
 * `sandbox learn`). In the caller's namespaces, as the caller, confined by itself.
 *
 *     denials --mode N --filter-fd N --facts-fd N --control-fd N [--record-fd N]
 *
 * filter-fd holds the filter as it was (struct sock_filter), facts-fd what the run is
 * (denial_advice.h). Over control-fd, a SOCK_SEQPACKET: it sends the filter to load, then takes
 * "L" with a listener for each process that has loaded it, and at the end "report STATUS", which it
 * answers with lines for the user. With a record-fd what was used is written there first
 * (denial_record.h). It ends with the control socket.
 *
 * It answers every call that it is asked about, at once, in the order in which the kernel hands
 * them over. When it is gone the kernel closes the listener, and what would be asked fails with
 * ENOSYS.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "denial_confine.h"
#include "denial_watch.h"
#include "files.h"

enum { LISTENERS = 64, FACTS_MAX = 256 * 1024, REPORT_MAX = 32 * 1024 };

/* Since Linux 6.6: whoever waits for the answer goes on on our processor, which is warm. */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS      SECCOMP_IOW(4, uint64_t)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1
#endif

struct denier {
	struct watch watch;
	int control, record;
	int listeners[LISTENERS];
	size_t listeners_count;
	struct seccomp_notif_sizes sizes; /* the kernel's own, which may be newer */
	struct seccomp_notif *notif;
	struct seccomp_notif_resp *answer;
};

/* Whole, into memory of its own. */
static char *read_whole(int fd, size_t max, size_t *size, const char *what)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_size < 0 || (size_t)st.st_size > max)
		errx(1, "%s is too large", what);
	*size = (size_t)st.st_size;
	char *text = malloc(*size + 1);
	if (!text || pread(fd, text, *size, 0) != (ssize_t)*size)
		err(1, "cannot read %s", what);
	close(fd);
	return text;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static void make_buffers(struct denier *denier)
{
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &denier->sizes) < 0)
		err(1, "the kernel cannot ask about system calls (Linux 5.0)");
	denier->notif = calloc(1, larger(denier->sizes.seccomp_notif, sizeof *denier->notif));
	denier->answer =
		calloc(1, larger(denier->sizes.seccomp_notif_resp, sizeof *denier->answer));
	if (!denier->notif || !denier->answer)
		err(1, "memory");
}

static void read_arguments(struct denier *denier, int argc, char **argv)
{
	int filter = -1, facts = -1;
	size_t size;

	denier->control = denier->record = -1;
	for (int i = 1; i + 1 < argc; i += 2) {
		int value = atoi(argv[i + 1]);

		if (strcmp(argv[i], "--mode") == 0)
			denier->watch.mode = (unsigned)value;
		else if (strcmp(argv[i], "--filter-fd") == 0)
			filter = value;
		else if (strcmp(argv[i], "--facts-fd") == 0)
			facts = value;
		else if (strcmp(argv[i], "--control-fd") == 0)
			denier->control = value;
		else if (strcmp(argv[i], "--record-fd") == 0)
			denier->record = value;
		else
			errx(1, "unknown option %s", argv[i]);
	}
	if (filter < 0 || facts < 0 || denier->control < 0)
		errx(1, "usage: denials --mode N --filter-fd N --facts-fd N --control-fd N "
			"[--record-fd N]");
	char *code = read_whole(filter, sizeof denier->watch.filter.code, &size, "the filter");
	memcpy(denier->watch.filter.code, code, size);
	denier->watch.filter.length = size / sizeof *denier->watch.filter.code;
	free(code);
	char *text = read_whole(facts, FACTS_MAX, &size, "what the run is");
	if (!facts_read(&denier->watch.facts, text, size))
		errx(1, "what the run is cannot be understood");
	if (denier->watch.mode & DENIAL_LEARN && record_init(&denier->watch.record) < 0)
		err(1, "memory");
}

/* --- the control socket ----------------------------------------------------------------------- */

static void take_listener(struct denier *denier, int fd)
{
	if (denier->listeners_count == LISTENERS) {
		close(fd); /* its calls fail */
		return;
	}
	ioctl(fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	denier->listeners[denier->listeners_count++] = fd;
}

static void write_record(struct denier *denier)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	watch_record(&denier->watch, out);
	/* One that is cut has no end, and is not taken for whole. */
	if (fclose(out) == 0 && write_all(denier->record, text, size) == 0)
		(void)!write(denier->record, "end yes\n", 8);
	free(text);
	denier->record = -1;
}

static void report(struct denier *denier)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (denier->record >= 0)
		write_record(denier);
	if (out) {
		denials_print(out, &denier->watch.denials, denier->watch.mode & DENIAL_LOG);
		fclose(out);
	}
	/* An empty message is not to be told from the end. */
	if (out && size > 0)
		send(denier->control, text, size < REPORT_MAX ? size : REPORT_MAX, MSG_NOSIGNAL);
	else
		send(denier->control, "\n", 1, MSG_NOSIGNAL);
	free(text);
}

static void hear(struct denier *denier)
{
	char text[64], room[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	struct iovec data = {text, sizeof text - 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = sizeof room};
	ssize_t got;

	do
		got = recvmsg(denier->control, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	int fd;

	if (got <= 0)
		_exit(0);
	text[got] = '\0';
	if (text[0] == 'L' && header && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof fd)) {
		memcpy(&fd, CMSG_DATA(header), sizeof fd);
		take_listener(denier, fd);
	} else if (strncmp(text, "report", 6) == 0) {
		report(denier);
	}
}

/* --- listeners -------------------------------------------------------------------------------- */

/* A call that gets no answer would wait for ever, unless its process was killed meanwhile (ENOENT).
 * Without us every one fails. */
static void send_answer(const struct denier *denier, int listener)
{
	while (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, denier->answer) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != ENOENT ||
		    ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &denier->answer->id) == 0)
			_exit(1);
		return;
	}
}

/* The next call. One whose process was killed meanwhile is none (ENOENT). */
static void answer(struct denier *denier, int listener)
{
	memset(denier->notif, 0, denier->sizes.seccomp_notif);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, denier->notif) < 0)
		return;
	watch_call(&denier->watch, listener, denier->notif, denier->answer);
	send_answer(denier, listener);
}

static void serve(struct denier *denier)
{
	struct pollfd polls[1 + LISTENERS];

	for (;;) {
		size_t count = denier->listeners_count, kept = 0;

		polls[0] = (struct pollfd){.fd = denier->control, .events = POLLIN};
		for (size_t i = 0; i < count; i++)
			polls[1 + i] =
				(struct pollfd){.fd = denier->listeners[i], .events = POLLIN};
		if (poll(polls, 1 + count, -1) < 0)
			continue;
		for (size_t i = 0; i < count; i++) {
			if (polls[1 + i].revents & POLLIN)
				answer(denier, denier->listeners[i]);
			/* Nobody is left behind this filter (Linux 5.9). */
			if ((polls[1 + i].revents & (POLLHUP | POLLIN)) == POLLHUP)
				close(denier->listeners[i]);
			else
				denier->listeners[kept++] = denier->listeners[i];
		}
		denier->listeners_count = kept;
		if (polls[0].revents)
			hear(denier);
	}
}

int main(int argc, char **argv)
{
	static struct denier denier;
	static struct filter_program program;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		err(1, "cannot be tied to the sandbox");
	read_arguments(&denier, argc, argv);
	make_buffers(&denier);
	const char *reason = watch_program(&denier.watch, &program);
	if (reason)
		errx(1, "this filter cannot be watched: %s", reason);
	const int keep[] = {denier.control, denier.record};
	denial_confine(keep, sizeof keep / sizeof *keep);
	if (send(denier.control, program.code, program.length * sizeof *program.code,
		 MSG_NOSIGNAL) < 0)
		err(1, "cannot hand over the filter");
	serve(&denier);
}
