/*
 * The container's terminal: made in its own devpts, its outer side sent to --console-socket
 * (SCM_RIGHTS, with the name as the data, as runc does it), its inner side the controlling
 * terminal and standard descriptors of the command, and /dev/console. See oci_rooms.h.
 * Container's process, SETUP.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "files.h"
#include "mounting.h"
#include "oci_rooms.h"
#include "rights.h"

#ifndef DEVPTS_SUPER_MAGIC
#define DEVPTS_SUPER_MAGIC 0x1cd1
#endif

/* A socket whose reader reads nothing must not keep us. */
static int send_master(int console, int master, const char *name)
{
	return rights_send(console, name, strlen(name), &master, 1, MSG_DONTWAIT) < 0 ? -1 : 0;
}

/* No name is looked up: see pty_make in sandbox/pty.c. */
static int open_pair(struct sandbox *sandbox, const struct oci_process *process, struct error *err)
{
	struct winsize size = {.ws_row = process->rows, .ws_col = process->columns};
	int unlock = 0;

	sandbox->master = openat(sandbox->pts, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (sandbox->master < 0 || ioctl(sandbox->master, TIOCSPTLCK, &unlock) < 0)
		return fail(err, "make a terminal in the container's /dev/pts");
	sandbox->terminal = ioctl(sandbox->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (sandbox->terminal < 0)
		return fail(err, "open the container's terminal");
	if (size.ws_row && size.ws_col && ioctl(sandbox->master, TIOCSWINSZ, &size) < 0)
		return fail(err, "set the size of the container's terminal");
	if (fchown(sandbox->terminal, process->uid, (gid_t)-1) < 0)
		return fail(err, "give the container's terminal to uid %u", process->uid);
	return 0;
}

static int bind_console(struct sandbox *sandbox, unsigned number, struct error *err)
{
	char name[16];

	snprintf(name, sizeof name, "%u", number);
	int cleanup_fd mount = mount_clone(sandbox->pts, name, false);
	int cleanup_fd place =
		open_or_make_no_links(sandbox->root, "/dev/console", LEAF_FILE, &sandbox->own);
	struct stat st;
	/* A link that is there already would be followed by nothing, but it is no console. */
	if (mount < 0 || place < 0 || fstat(place, &st) < 0 || S_ISLNK(st.st_mode) ||
	    mount_attach(mount, place) < 0)
		return fail(err, "bind the terminal on /dev/console");
	return 0;
}

static int run_terminal(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct oci_running *running = oci_running_of(sandbox);
	const struct oci_process *process = step->data;
	char name[32];
	unsigned number;

	if (sandbox->pts < 0)
		return fail_because(err, "process.terminal needs a mount of type devpts on "
					 "/dev/pts, and mounts has none");
	if (open_pair(sandbox, process, err) < 0)
		return -1;
	if (ioctl(sandbox->master, TIOCGPTN, &number) < 0)
		return fail(err, "find the container's terminal");
	if (step->flags && bind_console(sandbox, number, err) < 0)
		return -1;
	snprintf(name, sizeof name, "/dev/pts/%u", number);
	if (send_master(running->console, sandbox->master, name) < 0)
		return fail(err, "send the terminal to the console socket");
	close_cleanup(&sandbox->master);
	sandbox->master = -1;
	close_cleanup(&running->console);
	running->console = -1;
	close_cleanup(&sandbox->pts);
	sandbox->pts = -1;
	return 0;
}

static const struct step_kind terminal = {"terminal", run_terminal};

/* In the container that is there: what its /dev/pts is now, if it is one. */
static int run_find(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct statfs fs;
	int cleanup_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)step;
	sandbox->pts = root < 0 ? -1 : open_in_no_links(root, "dev/pts", O_RDONLY | O_DIRECTORY);
	if (sandbox->pts < 0 || fstatfs(sandbox->pts, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		return fail_because(err, "cannot make a terminal: the container has no /dev/pts "
					 "that is one");
	return 0;
}

static const struct step_kind find = {"find", run_find};

static int run_session(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct oci_process *process = step->data;
	struct stat st;

	if (setsid() < 0 && errno != EPERM)
		return fail(err, "start a session");
	if (sandbox->terminal >= 0) {
		if (ioctl(sandbox->terminal, TIOCSCTTY, 0) < 0)
			return fail(err, "take the container's terminal");
		for (int fd = 0; fd <= 2; fd++)
			if (dup2(sandbox->terminal, fd) < 0)
				return fail(err, "give the command its terminal");
		return 0;
	}
	/* So that /dev/stdout can be opened by who is not root inside. A pipe is nobody else's; a
	 * file, a terminal or a device stays whose it is. */
	for (int fd = 0; fd <= 2 && process->uid != 0; fd++)
		if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
			(void)!fchown(fd, process->uid, (gid_t)-1);
	return 0;
}

static const struct step_kind session = {"session", run_session};

void oci_terminal_plan(struct plan *plan, const struct oci_process *process, bool joins)
{
	struct step *step;

	if (process->terminal && joins)
		plan_add(plan, PHASE_SETUP, &find, "process.terminal")->target = "/dev/pts";
	if (process->terminal) {
		step = plan_add(plan, PHASE_SETUP, &terminal, "process.terminal");
		step->target = joins ? "/dev/pts" : "/dev/pts, /dev/console";
		step->flags = !joins;
		step->data = process;
	}
	plan_add(plan, PHASE_SETUP, &session, NULL)->data = process;
}
