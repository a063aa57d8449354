/* Another command in a running sandbox: see join.h. */
#include "join.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "channel.h"
#include "exec.h"
#include "plan.h"
#include "pty.h"
#include "spawn.h"

#ifndef DEVPTS_SUPER_MAGIC
#define DEVPTS_SUPER_MAGIC 0x1cd1
#endif

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

enum { STACK = 128 * 1024, REQUEST_SECONDS = 5 };

/* The user namespace first: it gives the right to enter the others. pid last: it counts for
 * children only. */
static const struct {
	const char *name;
	uint64_t flag;
} namespaces[SANDBOX_NAMESPACES] = {
	{"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS},  {"uts", CLONE_NEWUTS},
	{"ipc", CLONE_NEWIPC},   {"net", CLONE_NEWNET}, {"cgroup", CLONE_NEWCGROUP},
	{"time", CLONE_NEWTIME}, {"pid", CLONE_NEWPID},
};

int join_send_namespaces(const struct sandbox *sandbox, struct error *err)
{
	uint64_t own = sandbox->plan->namespaces | CLONE_NEWUSER | CLONE_NEWPID;
	int fds[SANDBOX_NAMESPACES], count = 0, result = 0;
	char path[48];

	/* The host's, with --network=host, is not to be entered: it is not left. */
	for (int i = 0; i < SANDBOX_NAMESPACES && result == 0; i++) {
		if (!(own & namespaces[i].flag))
			continue;
		snprintf(path, sizeof path, "/proc/self/ns/%s", namespaces[i].name);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			result = fail(err, "open %s", path);
		else
			fds[count++] = fd;
	}
	if (result == 0 && channel_send_fds(sandbox->channel, MESSAGE_NAMESPACES, fds, count) < 0)
		result = fail(err, "send the sandbox's namespaces to the supervisor");
	while (count > 0)
		close(fds[--count]);
	return result;
}

int join_listen(struct sandbox *sandbox, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	/* By descriptor: the path of a socket has room for 107 bytes. */
	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control",
		 sandbox->state.dir);
	sandbox->control = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sandbox->control < 0 ||
	    bind(sandbox->control, (struct sockaddr *)&address, sizeof address) < 0 ||
	    listen(sandbox->control, 16) < 0)
		return fail(err, "make the control socket of the sandbox");
	return 0;
}

/* --- the joiner ------------------------------------------------------------------------------ */

/* What has come from who asks, taken apart. */
struct joining {
	struct sandbox *sandbox;
	struct config config; /* the sandbox's, with what is asked for over it */
	struct host host;     /* the sandbox's, with the users that it has now */
	struct plan plan;
	struct join_request request;
	int fds[3];
	char *words[JOIN_WORDS_MAX + 1];
	const char *workdir;
	bool other_user; /* than the sandbox's */
	struct error error;
	bool failed;
};

static int receive(int conn, char *bytes, size_t size, int fds[3], size_t *got)
{
	char room[CMSG_SPACE(3 * sizeof(int))] __attribute__((aligned(8)));
	struct iovec data = {bytes, size};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = sizeof room};
	struct pollfd wait = {.fd = conn, .events = POLLIN};

	if (poll(&wait, 1, REQUEST_SECONDS * 1000) <= 0)
		return -1;
	ssize_t length = recvmsg(conn, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *header = length > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (!header || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(3 * sizeof(int)) ||
	    message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return -1;
	memcpy(fds, CMSG_DATA(header), 3 * sizeof(int));
	*got = (size_t)length;
	return 0;
}

/* The next string of bytes[*at..size), or NULL when there is none. */
static char *next_string(char *bytes, size_t size, size_t *at)
{
	char *text = bytes + *at, *end = *at < size ? memchr(text, '\0', size - *at) : NULL;

	if (!end)
		return NULL;
	*at += (size_t)(end - text) + 1;
	return text;
}

static int take_apart(struct joining *joining, char *bytes, size_t size)
{
	struct join_request *request = &joining->request;
	struct config *config = &joining->config;
	size_t at = sizeof *request;

	if (size < sizeof *request)
		return -1;
	memcpy(request, bytes, sizeof *request);
	if (request->version != JOIN_VERSION || request->words > JOIN_WORDS_MAX ||
	    request->words == 0 || request->variables > JOIN_WORDS_MAX)
		return -1;
	char *user = next_string(bytes, size, &at);
	joining->workdir = next_string(bytes, size, &at);
	if (!user || !joining->workdir)
		return -1;
	if (*user) {
		config->user = user;
		joining->other_user = true;
	}
	for (uint32_t i = 0; i < request->words; i++)
		if (!(joining->words[i] = next_string(bytes, size, &at)))
			return -1;
	config->command = joining->words;
	config->command_count = request->words;
	/* Appended to a copy: the supervisor's own list is in memory that we share no more. */
	for (uint32_t i = 0; i < request->variables; i++) {
		char *text = next_string(bytes, size, &at),
		     *value = text ? strchr(text, '=') : NULL;

		if (!value || value == text)
			return -1;
		*value++ = '\0';
		*ARENA_APPEND(&joining->plan.arena, config->env, config->env_count) =
			(struct env_op){.kind = ENV_SET, .name = text, .value = value};
	}
	return 0;
}

/* The command has the signals of who asks, and not of whoever has started the sandbox: a shell
 * starts what is in its background with SIGINT ignored, and Ctrl-C at a command that joins is to
 * end it all the same. */
static void take_signals(const struct join_request *request, sigset_t *mask)
{
	sigemptyset(mask);
	for (int number = 1; number <= 64; number++) {
		uint64_t bit = 1ull << (number - 1);

		/* The others are the joiner's, which ignores none. */
		if (request->ignored & bit && number != SIGCHLD)
			signal(number, SIG_IGN);
		if (request->blocked & bit)
			sigaddset(mask, number);
	}
}

/* The new command in the pid namespace, on our memory: as init.c starts the payload. */
static int command_main(void *argument)
{
	struct joining *joining = argument;
	struct sandbox *sandbox = joining->sandbox;

	take_signals(&joining->request, &sandbox->caller_mask);
	exec_payload(sandbox, &joining->error);
	joining->failed = true;
	_exit(EXIT_SANDBOX);
}

static int enter(struct sandbox *sandbox, struct error *err)
{
	/* The limits first: what is made from now on counts. */
	if (sandbox->cgroup >= 0 && write_file_at(sandbox->cgroup, "cgroup.procs", "0") < 0)
		return fail(err, "go into the sandbox's cgroup");
	for (int i = 0; i < SANDBOX_NAMESPACES && sandbox->namespaces[i] >= 0; i++)
		if (setns(sandbox->namespaces[i], 0) < 0)
			return fail(err, "enter the sandbox's namespaces");
	/* That cleared them. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(err, "confine the joiner");
	return 0;
}

/* In namespaces that the joiner is not in yet, on its memory. */
static int read_accounts_main(void *argument)
{
	struct joining *joining = argument;

	joining->failed = true;
	if (enter(joining->sandbox, &joining->error) == 0) {
		int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

		joining->failed = host_read_accounts(&joining->host, root, &joining->error) < 0;
	}
	_exit(0);
}

/* Somebody may have been added, by useradd or a package, since the sandbox was started: names are
 * looked up in the sandbox's own files. They are read before the plan is made, as at the start, and
 * by a child that goes in for that: the plan is made outside. */
static int read_accounts(struct joining *joining, struct error *err)
{
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status;

	joining->host = *joining->sandbox->plan->host;
	joining->host.arena =
		(struct arena){NULL}; /* its strings are the supervisor's, as they were */
	pid_t pid = stack == MAP_FAILED ? -1
					: clone(read_accounts_main, stack + STACK,
						CLONE_VM | CLONE_VFORK | SIGCHLD, joining);
	if (pid < 0)
		return fail(err, "look for users in the sandbox");
	waitpid(pid, &status, 0);
	give_back_stack(stack, STACK);
	if (!WIFEXITED(status))
		return fail_because(err, "who looked for users in the sandbox was killed");
	if (!joining->failed)
		return 0;
	*err = joining->error;
	return -1;
}

/* Where it starts, found inside and with no magic link: a descriptor of ours is no directory for
 * it (CVE-2024-21626). */
static int enter_directory(const char *path, struct error *err)
{
	int cleanup_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int cleanup_fd dir = root < 0 ? -1 : open_in(root, path, O_PATH | O_DIRECTORY);

	if (dir < 0 || fchdir(dir) < 0)
		return fail(err, "enter the working directory %s inside", path);
	return 0;
}

/* A terminal of the sandbox's devpts for this command; its outer side goes to who asks. */
static int make_terminal(struct joining *joining, int conn, struct error *err)
{
	struct sandbox *sandbox = joining->sandbox;
	struct statfs fs;

	if (!joining->plan.terminals)
		return 0;
	int cleanup_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	sandbox->pts = root < 0 ? -1 : open_in_no_links(root, "dev/pts", O_RDONLY | O_DIRECTORY);
	if (sandbox->pts < 0 || fstatfs(sandbox->pts, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		return fail_because(err, "cannot make a terminal: the sandbox's /dev/pts is not "
					 "there any more");
	if (pty_make(sandbox, &joining->plan, joining->fds, err) < 0)
		return -1;
	if (channel_send_with(conn, MESSAGE_PTY, sandbox->master) < 0)
		return fail(err, "hand the terminal over");
	close(sandbox->master);
	sandbox->master = -1;
	return pty_lead_session(sandbox, err);
}

static int start(struct joining *joining, int conn, pid_t *pid, struct error *err)
{
	struct sandbox *sandbox = joining->sandbox;
	const char *workdir = *joining->workdir         ? joining->workdir
			      : joining->config.workdir ? joining->config.workdir
							: "/";

	struct plan of = *sandbox->plan;

	if (joining->other_user) {
		if (read_accounts(joining, err) < 0)
			return -1;
		of.host = &joining->host;
	}
	if (plan_make_join(&joining->plan, &of, &joining->config, err) < 0)
		return -1;
	/* The command shares our memory until its exec, and /proc/PID/cmdline asks nobody's leave.
	 */
	memset(sandbox->arguments, 0, sandbox->arguments_size);
	joining->plan.terminals = joining->request.terminals & 7;
	joining->plan.terminal_lazy = joining->request.terminal_lazy != 0;
	sandbox->plan = &joining->plan;
	if (enter(sandbox, err) < 0 || enter_directory(workdir, err) < 0 ||
	    make_terminal(joining, conn, err) < 0)
		return -1;
	for (int fd = 0; fd < 3; fd++)
		if (dup2(joining->fds[fd], fd) < 0)
			return fail(err, "hand over the standard descriptors");
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack == MAP_FAILED)
		return fail(err, "make a stack for the command");
	*pid = clone(command_main, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, joining);
	if (*pid < 0)
		return fail(err, "start the command");
	if (joining->failed) {
		*err = joining->error;
		return -1;
	}
	return 0;
}

static void obey(const struct sandbox *sandbox, int conn, pid_t pid)
{
	struct message message;

	switch (channel_receive(conn, &message)) {
	case MESSAGE_SIGNAL:
		kill(pid, message.number);
		break;
	case MESSAGE_TERMINAL:
		kill(-pid, message.number);
		break;
	case MESSAGE_CONTINUE:
		pty_continue(sandbox, pid, message.number);
		break;
	default: /* who asked is gone: the command is not for anybody any more */
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
		_exit(EXIT_SANDBOX);
	}
}

/* What its end or its stop is. The pid is ours and unreaped until then. */
static void watch(const struct sandbox *sandbox, int conn, int signals, pid_t pid)
{
	struct pollfd both[] = {{.fd = signals, .events = POLLIN}, {.fd = conn, .events = POLLIN}};
	struct signalfd_siginfo ignored;
	int status;

	for (;;) {
		if (poll(both, 2, -1) < 0)
			continue;
		while (read(signals, &ignored, sizeof ignored) > 0)
			;
		while (waitpid(pid, &status, WNOHANG | WUNTRACED) == pid) {
			bool stopped = WIFSTOPPED(status);

			channel_send(conn, stopped ? MESSAGE_STOPPED : MESSAGE_EXITED,
				     stopped ? WSTOPSIG(status) : status, NULL);
			if (!stopped)
				_exit(0);
		}
		if (both[1].revents)
			obey(sandbox, conn, pid);
	}
}

static _Noreturn void joiner_main(struct sandbox *sandbox, int conn)
{
	const int own[] = {conn, sandbox->payload_namespace, sandbox->cgroup,
			   sandbox->helpers[HELPER_DENIALS].ready};
	struct joining *joining = calloc(1, sizeof *joining);
	char *bytes = malloc(JOIN_REQUEST_MAX);
	struct error err;
	sigset_t set;
	size_t size;
	pid_t pid = -1;

	sandbox->channel = sandbox->terminal = sandbox->master = -1;
	sandbox->caller = (struct terminal){.tty = -1, .master = -1};
	/* SIGCHLD alone is read; what is blocked stays so until the command's exec, SIGTTOU too. */
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	spawn_default_signals();
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	prctl(PR_SET_NAME, "sandbox-join", 0, 0, 0);
	if (!joining || !bytes ||
	    close_all_but((struct kept){own, sizeof own / sizeof *own},
			  (struct kept){sandbox->namespaces, SANDBOX_NAMESPACES}) < 0)
		_exit(EXIT_SANDBOX);
	int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	joining->sandbox = sandbox;
	joining->config = *sandbox->plan->config;
	if (signals < 0 || receive(conn, bytes, JOIN_REQUEST_MAX, joining->fds, &size) < 0)
		_exit(EXIT_SANDBOX);
	int result = take_apart(joining, bytes, size);
	if (result < 0)
		fail_because(&err, "the sandbox does not understand the request: it was started by "
				   "another version of this program");
	if (result < 0 || start(joining, conn, &pid, &err) < 0) {
		channel_send(conn, MESSAGE_ERROR, 0, &err);
		_exit(EXIT_SANDBOX);
	}
	channel_send(conn, MESSAGE_STARTED, 0, NULL);
	/* The caller of exec may wait for the end of file on what it gave the command. */
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	watch(sandbox, conn, signals, pid);
	_exit(EXIT_SANDBOX);
}

bool join_trusts(int conn)
{
	struct ucred who;
	socklen_t size = sizeof who;
	char path[48], there[64] = "", ours[64] = "";
	int cleanup_fd pidfd = -1;

	if (getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 || who.uid != geteuid())
		return false;
	/* Where the kernel can say (6.5) it is asked whether the number is still that process's. */
	size = sizeof pidfd;
	bool sure = getsockopt(conn, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0;
	if (!sure && errno != ENOPROTOOPT)
		return false;
	snprintf(path, sizeof path, "/proc/%d/ns/user", who.pid);
	return readlink(path, there, sizeof there - 1) > 0 &&
	       readlink("/proc/self/ns/user", ours, sizeof ours - 1) > 0 &&
	       strcmp(there, ours) == 0 &&
	       (!sure || syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) == 0);
}

void join_serve(struct sandbox *sandbox)
{
	int cleanup_fd conn = accept4(sandbox->control, NULL, NULL, SOCK_CLOEXEC);

	if (conn < 0 || !join_trusts(conn) || sandbox->namespaces[0] < 0 || !sandbox->started)
		return;
	if (fork() == 0)
		joiner_main(sandbox, conn);
}
