/*
 * What an X server of the sandbox's own runs in: see x11.h. It is written in C and reads what a
 * hostile client sends, so a flaw in it must be worth little: it has user, mount, pid, ipc, uts and
 * network namespaces of its own; of the host's files /usr and its links, read-only; a /tmp that
 * goes with it; no capability, no_new_privs, and the filter of the profile strict. The socket that
 * it listens on is made outside and passed as systemd passes one (sd_listen_fds(3), which Debian's
 * servers ask). In a window it has beside that the caller's X socket, and the cookie for it.
 *
 * So that pictures need not go through the socket (MIT-SHM) it may be in the sandbox's own IPC
 * namespace instead. To enter that takes rights in the user namespace that owns it, S, so the
 * server's is then below S and not beside it, and whoever is in S and has its owner's id has every
 * right over the server. No process inside can name it, whose pid namespace is outside, and yet
 * can get hold of it: with SO_PASSPIDFD (Linux 6.5) each word that the server writes brings a
 * pidfd of it, which pidfd_getfd(2) and setns(2) take, whatever the pid namespace; and Xephyr has
 * a connection to the caller's display. So this is done only where the payload is in a user
 * namespace of its own (nest.h), below S as the server's is, and has no right over it. A server
 * that is taken over has the sandbox's shared memory, and of nobody else's (it may attach, and
 * make nothing).
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare_root.h"
#include "files.h"
#include "mounting.h"
#include "strict.h"
#include "x11.h"

enum { FIRST_PASSED = 3 /* SD_LISTEN_FDS_START */, OUT_OF_THE_WAY = 10 };

static void write_file(int dir, const char *name, const void *data, size_t size)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		err(1, "cannot write %s for the X server", name);
	close(fd);
}

/* The caller's display: its socket by the name that it has outside, and one cookie. */
static void show_display(const struct bare_root *root, const struct enclosed *server)
{
	unsigned char entry[AUTHORITY_MOST];
	char path[48], name[16];
	int directory = openat(root->fd, "tmp/.X11-unix", O_PATH | O_DIRECTORY | O_CLOEXEC);

	snprintf(path, sizeof path, "/tmp/.X11-unix/X%u", server->window_on);
	snprintf(name, sizeof name, "X%u", server->window_on);
	int file = openat(directory, name, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0600);
	bare_root_attach(root, mount_clone(AT_FDCWD, path, false), file,
			 MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY, path);
	close(directory);
	if (server->window_cookie.size > 0)
		write_file(root->fd, "display", entry,
			   authority_make(entry, "", server->window_on, &server->window_cookie));
}

static void make_root(const struct enclosed *server)
{
	static const struct fs_option small[] = {{"size", "1m"}, {"mode", "0700"}, {NULL, NULL}};
	unsigned char entry[AUTHORITY_MOST];
	const char *failed;
	struct bare_root root;

	bare_root_begin(&root, "the X server");
	bare_root_show_system(&root);
	/* For whatever display: it is 0 inside. */
	write_file(root.fd, "clients", entry, authority_make(entry, "", 0, server->cookie));
	bare_root_attach(&root, mount_new("tmpfs", small, MOUNT_SAFE | MOUNT_ATTR_NOEXEC, &failed),
			 bare_root_directory(&root, "tmp"), MOUNT_ATTR_NOEXEC, "/tmp");
	if (mkdirat(root.fd, "tmp/.X11-unix", 0700) < 0)
		err(1, "cannot make a directory for the X server");
	if (server->in_window)
		show_display(&root, server);
	if (mount_change(root.fd, MOUNT_ATTR_RDONLY, false) < 0)
		err(1, "cannot make the root directory of the X server read-only");
	bare_root_enter(&root);
	close(root.fd);
}

static _Noreturn void become(const struct enclosed *server)
{
	char name[16], number[16], to[32], pid[32];
	char *const environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin",
				     "LC_ALL=C.UTF-8",
				     "LISTEN_FDS=1",
				     pid,
				     server->in_window ? to : NULL,
				     "XAUTHORITY=/display",
				     NULL};
	char *words[] = {(char *)server->path, name, "-displayfd", number, "-auth", "/clients",
			 "-nolisten", "tcp", "-nolisten", "local", "-nolisten", "unix", "-noreset",
			 server->shared ? "+extension" : "-extension", "MIT-SHM", "-screen",
			 /* A window has one screen, without a number or a depth. */
			 server->in_window ? "1280x800" : "0",
			 server->in_window ? "-resizeable" : "1280x800x24", NULL};

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	make_root(server);
	int listener = fcntl(server->listener, F_DUPFD, OUT_OF_THE_WAY);
	int answer = fcntl(server->answer, F_DUPFD, OUT_OF_THE_WAY);
	if (listener < 0 || answer < 0 || dup2(listener, FIRST_PASSED) < 0)
		err(1, "cannot pass the X server its socket");
	close(listener);
	snprintf(name, sizeof name, ":%u", server->number);
	snprintf(number, sizeof number, "%d", answer);
	snprintf(to, sizeof to, "DISPLAY=:%u", server->window_on);
	snprintf(pid, sizeof pid, "LISTEN_PID=%d", (int)getpid());
	if (server->shared)
		strict_confine_sharing("the X server");
	else
		strict_confine("the X server");
	execve(server->path, words, environment);
	err(1, "cannot run %s", server->path);
}

void enclosure_run(const struct enclosed *server, int parent)
{
	const int keep[] = {server->listener, server->answer};
	int status = 1;

	if (server->shared && (setns(server->shared[0], CLONE_NEWUSER) < 0 ||
			       setns(server->shared[1], CLONE_NEWIPC) < 0))
		err(1, "cannot enter the sandbox's IPC namespace");
	if (dup2(server->said, STDOUT_FILENO) < 0 || dup2(server->said, STDERR_FILENO) < 0 ||
	    close_all_but((struct kept){keep, 2}, (struct kept){NULL, 0}) < 0)
		err(1, "cannot close the other descriptors");
	strict_enter_namespaces(CLONE_NEWNET | (server->shared ? 0 : CLONE_NEWIPC), "the X server");
	/* Its own death ends the pid namespace, ours it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		_exit(127);
	pid_t pid = fork();
	if (pid < 0)
		err(1, "cannot start the X server");
	if (pid == 0)
		become(server);
	close(server->listener);
	close(server->answer);
	strict_confine("the X server");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}
