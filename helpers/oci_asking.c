/*
 * Loading a filter that asks (SCMP_ACT_NOTIFY): see oci_rooms.h. Container's process, CONFINE.
 *
 * The kernel gives the listener to whoever loads the filter, and from then on every call may be one
 * that waits for the agent's answer: the one that would send the listener away, and the one that
 * would wait until that is done. So neither is made under the filter. Three take part:
 *
 * - the container's process, which will be the command, waits for the sender to end, in a call that
 *   it has made before there is a filter, which the kernel therefore does not look at;
 * - a thread of it, the loader, sees that it is asleep in that call, loads the filter for both
 *   (SECCOMP_FILTER_FLAG_TSYNC), leaves the listener's number in memory, and ends, or stays where
 * it is until the exec takes it away;
 * - a child, the sender, shares the descriptors and is under no filter. It sees the number, passes
 *   the listener to who started the container (oci_listener.h), hears whether the agent has it, and
 *   says so by its status. It has closed it by then, so nobody inside is left with it.
 *
 * pidfd_getfd(2) from outside would need a process that is dumpable, which others of the container
 * could then trace, too.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "filter_load.h"
#include "filter_run.h"
#include "oci_rooms.h"

enum { LOAD_SECONDS = 10, NAP_NANOSECONDS = 50000, NAPS = LOAD_SECONDS * 20000 };

/* What the three share: the sender as memory of its own, mapped shared. */
struct loading {
	const struct oci_running *running;
	const struct filter *filter;
	_Atomic bool waits; /* the container's process makes no call any more but its wait */
	_Atomic int loaded; /* 0: not yet; 1: yes, the listener is in number; else -errno */
	int number;
	bool may_exit;
};

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = NAP_NANOSECONDS}, NULL);
}

/* Where that cannot be seen the filter is loaded all the same: the wait may have to be answered. */
static void await_wait(const struct loading *loading)
{
	char how = 'R';
	pid_t parent;

	for (int naps = 0; naps < NAPS && !(atomic_load(&loading->waits) && how == 'S'); naps++) {
		nap();
		if (atomic_load(&loading->waits) && !oci_stat_read(loading->running, &how, &parent))
			return;
	}
}

/* Where the filter does not simply allow exit(2), nothing is left but to wait for the exec. */
static _Noreturn void *load_main(void *data)
{
	struct loading *loading = data;

	await_wait(loading);
	long result = seccomp_put(loading->filter,
				  SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH);

	loading->number = (int)result;
	atomic_store(&loading->loaded, result < 0 ? -errno : 1);
	for (;;)
		if (loading->may_exit || result < 0)
			syscall(SYS_exit, 0);
}

static _Noreturn void send_main(struct loading *loading)
{
	int conn = loading->running->conn;
	struct message message;
	int loaded = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (int naps = 0; naps < NAPS && (loaded = atomic_load(&loading->loaded)) == 0; naps++)
		nap();
	if (loaded != 1)
		_exit(1);
	int result = channel_send_with(conn, MESSAGE_LISTENER, loading->number);
	close(loading->number);
	_exit(result == 0 && channel_receive(conn, &message) == MESSAGE_GO ? 0 : 1);
}

static int explain(const struct filter *filter, int number, struct error *err)
{
	errno = number;
	fail(err, "load the system call filter that asks (linux.seccomp)");
	if (number == EBUSY)
		fail_remedy(err, "one that asks is in force here already, and the kernel allows "
				 "no second one");
	else if (number == EINVAL)
		fail_remedy(err, "SCMP_ACT_NOTIFY needs Linux %s",
			    filter->flags & ~(unsigned)(SECCOMP_FILTER_FLAG_NEW_LISTENER |
							SECCOMP_FILTER_FLAG_LOG |
							SECCOMP_FILTER_FLAG_SPEC_ALLOW)
				    ? "5.19 with SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"
				    : "5.7");
	return -1;
}

static int start_loader(struct loading *loading, struct error *err)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, load_main, loading);
	return errno ? fail(err, "start the thread that loads the system call filter") : 0;
}

static int load(struct loading *loading, struct error *err)
{
	int status = -1;
	long sender = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, 0);

	if (sender == 0)
		send_main(loading);
	if (sender < 0)
		return fail(err, "start what hands over the listener of the system call filter");
	if (start_loader(loading, err) < 0) {
		kill((pid_t)sender, SIGKILL);
		waitpid((pid_t)sender, NULL, 0);
		return -1;
	}
	atomic_store(&loading->waits, true);
	/* By hand, and never again: from here on it may be refused, or wait for an answer. */
	long waited = syscall(SYS_wait4, sender, &status, 0, NULL);
	int loaded = atomic_load(&loading->loaded);
	if (loaded < 0)
		return explain(loading->filter, -loaded, err);
	if (waited != sender || status != 0)
		return fail_because(err, "the listener of the system call filter was not handed "
					 "over");
	return 0;
}

int oci_asking_load(struct sandbox *sandbox, const struct filter *filter, struct error *err)
{
	struct loading *loading = mmap(NULL, sizeof *loading, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (loading == MAP_FAILED)
		return fail(err, "make room for what loads the system call filter");
	loading->running = oci_running_of(sandbox);
	loading->filter = filter;
	loading->may_exit = filter_answer_to(filter->instructions, filter->length, SYS_exit) ==
			    SECCOMP_RET_ALLOW;
	/* It stays mapped: the loader may be looking at it. */
	return load(loading, err) < 0 ? -1 : seccomp_check(filter, err);
}
