/* run: create, start, and in the foreground wait, pass signals on, carry the terminal, delete. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "files.h"
#include "oci_cgroup.h"
#include "oci_create.h"
#include "oci_run.h"
#include "oci_state.h"
#include "oci_verbs.h"

/* Ours to decide on, and those that would be about us. */
static int block_signals(void)
{
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int oci_carrier_open(struct oci_carrier *carrier, bool terminal, struct error *err)
{
	struct plan looks = {.terminals = 0};
	int ends[2];

	carrier->terminal = (struct terminal){.tty = -1, .master = -1};
	carrier->ours = carrier->theirs = -1;
	carrier->signals = block_signals();
	if (carrier->signals < 0)
		return fail(err, "make a descriptor for signals");
	if (!terminal)
		return 0;
	for (int fd = 0; fd <= 2; fd++)
		looks.terminals |= isatty(fd) ? 1u << fd : 0;
	if (!(looks.terminals & 1)) {
		fail_because(err, "process.terminal asks for a terminal, and standard input is "
				  "none");
		return fail_remedy(err, "say --console-socket, or start it from a terminal");
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(err, "make a pair of sockets");
	carrier->ours = ends[0];
	carrier->theirs = ends[1];
	return terminal_open(&carrier->terminal, &looks, err);
}

int oci_carrier_attach(struct oci_carrier *carrier, struct error *err)
{
	if (carrier->ours < 0)
		return 0;
	int master = channel_receive_fd(carrier->ours);
	if (master < 0)
		return fail(err, "receive the container's terminal");
	fcntl(master, F_SETFL, fcntl(master, F_GETFL) | O_NONBLOCK);
	terminal_attach(&carrier->terminal, master);
	terminal_take(&carrier->terminal);
	return 0;
}

static void take_signals(struct oci_carrier *carrier, int process)
{
	struct signalfd_siginfo info;

	while (read(carrier->signals, &info, sizeof info) == sizeof info) {
		int number = (int)info.ssi_signo;

		if (number == SIGCHLD || number == SIGPIPE)
			continue;
		if (number == SIGWINCH && carrier->terminal.tty >= 0)
			terminal_resize(&carrier->terminal);
		else
			syscall(SYS_pidfd_send_signal, process, number, NULL, 0);
	}
}

int oci_carrier_wait(struct oci_carrier *carrier, const struct oci_made *made)
{
	struct pollfd polls[2 + TERMINAL_POLLS] = {
		{.fd = made->process, .events = POLLIN},
		{.fd = carrier->signals, .events = POLLIN},
	};
	int status = 0;

	for (;;) {
		terminal_polls(&carrier->terminal, polls + 2);
		if (poll(polls, 2 + TERMINAL_POLLS, -1) < 0)
			continue;
		terminal_carry(&carrier->terminal, polls + 2);
		if (polls[1].revents)
			take_signals(carrier, made->process);
		if (polls[0].revents)
			break;
	}
	while (waitpid(made->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void oci_carrier_close(struct oci_carrier *carrier)
{
	terminal_close(&carrier->terminal);
	close_cleanup(&carrier->signals);
	close_cleanup(&carrier->ours);
	close_cleanup(&carrier->theirs);
}

static int remove_container(struct oci_container *container, struct error *err)
{
	if (container->cgroup && *container->cgroup) {
		oci_cgroup_kill(container->cgroup);
		oci_cgroup_remove(container->cgroup, container->unit);
	}
	return oci_container_remove(container, err);
}

/* Started, followed to its end, and taken away. The lock is not held meanwhile: others may kill
 * it, or look. */
static int follow(struct oci_container *container, const struct oci_options *options,
		  struct oci_carrier *carrier, struct oci_made *made, struct error *err)
{
	struct error later;

	if (oci_start(container, err) < 0 || oci_carrier_attach(carrier, err) < 0) {
		oci_made_kill(made);
		remove_container(container, &later);
		return -1;
	}
	close_cleanup(&container->lock);
	container->lock = -1;
	int status = oci_carrier_wait(carrier, made);
	if (!options->keep && remove_container(container, err) < 0)
		return -1;
	return status;
}

int oci_verb_run(const struct oci_options *asked, int argc, char **argv, struct error *err)
{
	struct oci_container container = OCI_CONTAINER_NONE;
	struct oci_spec spec = {.json = NULL};
	struct oci_made made = {.process = -1, .channel = -1};
	struct oci_carrier carrier = OCI_CARRIER_NONE;
	struct oci_options options = *asked;
	char *bundle = NULL;
	int status = -1;

	if (argc != 1)
		return fail_because(err, "run takes one container");
	if (oci_bundle_read(&spec, &options, &bundle, err) == 0 &&
	    (options.detach ||
	     oci_carrier_open(&carrier, spec.process.terminal && !options.console_socket, err) ==
		     0)) {
		options.console = carrier.theirs;
		if (oci_create(&container, &spec, &options, argv[0], bundle, !options.detach, &made,
			       err) == 0) {
			if (!options.detach)
				status = follow(&container, &options, &carrier, &made, err);
			else if ((status = oci_start(&container, err)) < 0) {
				struct error later;

				oci_made_kill(&made);
				remove_container(&container, &later);
			}
		}
	}
	oci_tell_notes(&options, spec.notes);
	oci_carrier_close(&carrier);
	close_cleanup(&made.process);
	close_cleanup(&made.channel);
	oci_container_close(&container);
	oci_spec_free(&spec);
	free(bundle);
	return status;
}
