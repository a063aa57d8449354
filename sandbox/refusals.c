/* The filter beside the filter: see refusals.h. In the payload, CONFINE. */
#include "refusals.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "channel.h"
#include "sandbox.h"

#if defined(__x86_64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_X86_64
#define OTHER_CALLS       0x40000000u /* x32's are numbered from there on */
#elif defined(__aarch64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_AARCH64
#define OTHER_CALLS       0xffffffffu
#else
#error "this machine's calls have other numbers"
#endif

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* Newer than some C library's headers. */
enum {
	CALL_FCHMODAT2 = 452,
	CALL_SETXATTRAT = 463,
	CALL_REMOVEXATTRAT = 466,
	CALL_FILE_SETATTR = 469,
};

enum when { ALWAYS, WHERE, UNLESS };

/*
 * A call, refused; or only where argument & mask has this value, or has it not. All that are looked
 * at are int to the kernel, which ignores the upper half.
 */
struct refusal {
	int call;
	enum when when;
	int argument;
	uint32_t mask, value;
	int answer; /* 0: EPERM */
};

/*
 * Landlock's rules for TCP are asked in connect(2) and bind(2) of TCP sockets. A connection can be
 * opened by the first write too (TCP Fast Open), a socket of Multipath TCP is none of TCP's and
 * connects to any TCP server, and io_uring passes by every filter.
 */
static const struct refusal of_tcp[] = {
	{SYS_sendto, WHERE, 3, MSG_FASTOPEN, MSG_FASTOPEN, 0},
	{SYS_sendmsg, WHERE, 2, MSG_FASTOPEN, MSG_FASTOPEN, 0},
	{SYS_sendmmsg, WHERE, 3, MSG_FASTOPEN, MSG_FASTOPEN, 0},
	{SYS_socket, WHERE, 2, ~0u, IPPROTO_MPTCP, 0},
	{SYS_io_uring_setup, ALWAYS, 0, 0, 0, 0},
};

/*
 * Without namespaces: what reaches other processes and things of the caller's, and is seen by
 * Landlock neither. Who may be traced, and with it memory, descriptors and what /proc has of them,
 * Landlock does see; signals too.
 */
static const struct refusal of_outside[] = {
	/* Sockets by path, D-Bus and the agents of ssh and gpg among them. A pair that is there has
	 * to be one of streams: with datagrams it could be connected to somebody else. */
	{SYS_socket, WHERE, 0, ~0u, AF_UNIX, EAFNOSUPPORT},
	{SYS_socketpair, WHERE, 1, 0xf, SOCK_DGRAM, EPROTONOSUPPORT},
	{SYS_socketpair, WHERE, 1, 0xf, SOCK_RAW, EPROTONOSUPPORT},
	/* Limits and priorities of others. */
	{SYS_prlimit64, UNLESS, 0, ~0u, 0, 0},
	{SYS_sched_setaffinity, UNLESS, 0, ~0u, 0, 0},
	{SYS_sched_setparam, UNLESS, 0, ~0u, 0, 0},
	{SYS_sched_setscheduler, UNLESS, 0, ~0u, 0, 0},
	{SYS_sched_setattr, UNLESS, 0, ~0u, 0, 0},
	{SYS_setpriority, WHERE, 0, ~0u, PRIO_USER, 0},
	{SYS_setpriority, UNLESS, 1, ~0u, 0, 0},
	{SYS_ioprio_set, WHERE, 0, ~0u, 3 /* IOPRIO_WHO_USER */, 0},
	{SYS_ioprio_set, UNLESS, 1, ~0u, 0, 0},
	/* IPC by key and by name, whose namespace is the caller's. */
	{SYS_shmget, ALWAYS, 0, 0, 0, ENOSYS},
	{SYS_shmat, ALWAYS, 0, 0, 0, ENOSYS},
	{SYS_shmctl, ALWAYS, 0, 0, 0, ENOSYS},
	{SYS_semget, ALWAYS, 0, 0, 0, ENOSYS},
	{SYS_semop, ALWAYS, 0, 0, 0, ENOSYS},
	{SYS_semtimedop, ALWAYS, 0, 0, 0, ENOSYS},
	{SYS_semctl, ALWAYS, 0, 0, 0, ENOSYS},
	{SYS_msgget, ALWAYS, 0, 0, 0, ENOSYS},
	{SYS_msgsnd, ALWAYS, 0, 0, 0, ENOSYS},
	{SYS_msgrcv, ALWAYS, 0, 0, 0, ENOSYS},
	{SYS_msgctl, ALWAYS, 0, 0, 0, ENOSYS},
	{SYS_mq_open, ALWAYS, 0, 0, 0, ENOSYS},
	{SYS_mq_unlink, ALWAYS, 0, 0, 0, ENOSYS},
	/* Keys are the user's. */
	{SYS_add_key, ALWAYS, 0, 0, 0, ENOSYS},
	{SYS_request_key, ALWAYS, 0, 0, 0, ENOSYS},
	{SYS_keyctl, ALWAYS, 0, 0, 0, ENOSYS},
/* Watching files that are only known by name. */
#ifdef SYS_inotify_init
	{SYS_inotify_init, ALWAYS, 0, 0, 0, ENOSYS},
#endif
	{SYS_inotify_init1, ALWAYS, 0, 0, 0, ENOSYS},
	{SYS_fanotify_init, ALWAYS, 0, 0, 0, 0},
	{SYS_name_to_handle_at, ALWAYS, 0, 0, 0, 0},
	{SYS_open_by_handle_at, ALWAYS, 0, 0, 0, 0},
	/* Attributes by calls that a C library falls back from. */
	{CALL_SETXATTRAT, ALWAYS, 0, 0, 0, ENOSYS},
	{CALL_REMOVEXATTRAT, ALWAYS, 0, 0, 0, ENOSYS},
	{CALL_FILE_SETATTR, ALWAYS, 0, 0, 0, ENOSYS},
	/* A root of one's own in a user namespace of one's own: names would mean other things. */
	{SYS_chroot, ALWAYS, 0, 0, 0, 0},
	{SYS_pivot_root, ALWAYS, 0, 0, 0, 0},
	{SYS_setns, ALWAYS, 0, 0, 0, 0},
	/* What does all of this past every filter. */
	{SYS_io_uring_setup, ALWAYS, 0, 0, 0, 0},
};

/* With --network=none, and no network namespace. A socket that was handed in stays what it is. */
static const struct refusal of_network[] = {
	{SYS_socket, ALWAYS, 0, 0, 0, EAFNOSUPPORT},
	{SYS_connect, ALWAYS, 0, 0, 0, 0},
};

/* What changes of a file what is not its content, which Landlock does not see: pid 1 is asked, and
 * does it where the command may write (metadata.h). */
static const int asked[] = {
#ifdef SYS_chmod
	SYS_chmod,     SYS_chown,       SYS_lchown,       SYS_utime,
	SYS_utimes,    SYS_futimesat,
#endif
	SYS_fchmod,    SYS_fchmodat,    CALL_FCHMODAT2,   SYS_fchown,
	SYS_fchownat,  SYS_utimensat,   SYS_setxattr,     SYS_lsetxattr,
	SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr,
};

/*
 * ioctl(2) changes attributes of files too, and file systems make whole directories by it. So it is
 * for terminals and sockets, by the second byte of the request, and for a few others.
 */
static const uint32_t ioctl_kinds[] = {'T', 0x89};
static const uint32_t ioctl_others[] = {
	2,          /* FIGETBSZ */
	0x80086601, /* FS_IOC_GETFLAGS */
	0x801c581f, /* FS_IOC_FSGETXATTR */
	0xc020660b, /* FS_IOC_FIEMAP */
	0x40049409, /* FICLONE */
	0x4020940d, /* FICLONERANGE */
};
/* Where devices were bound to be steered, what is for files and file systems is refused instead. */
static const uint32_t ioctl_files[] = {'f', 'X', 0x94, 'v'};

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

enum { FILTER_MAX = 512 };

struct program {
	struct sock_filter code[FILTER_MAX];
	unsigned short length;
};

#define FIELD(name) ((uint32_t)offsetof(struct seccomp_data, name))

/* The lower half of an argument, on these machines the first. */
static uint32_t argument_at(int argument)
{
	return FIELD(args) + 8 * (uint32_t)argument;
}

static void add(struct program *program, struct sock_filter instruction)
{
	program->code[program->length++] = instruction;
}

static void begin(struct program *program)
{
	const struct sock_filter head[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD(arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCHITECTURE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD(nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OTHER_CALLS, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};

	for (size_t i = 0; i < sizeof head / sizeof *head; i++)
		add(program, head[i]);
}

/* The accumulator holds the call's number before and after each of the following. */

static void statement(struct program *program, unsigned short code, uint32_t k)
{
	add(program, (struct sock_filter){code, 0, 0, k});
}

static void jump(struct program *program, uint32_t k, int when, int when_not)
{
	add(program,
	    (struct sock_filter){BPF_JMP | BPF_JEQ | BPF_K, (uint8_t)when, (uint8_t)when_not, k});
}

static void refuse(struct program *program, const struct refusal *refusal)
{
	bool always = refusal->when == ALWAYS;
	int answer = refusal->answer ? refusal->answer : EPERM;

	jump(program, (uint32_t)refusal->call, 0, always ? 1 : 5);
	if (!always) {
		statement(program, BPF_LD | BPF_W | BPF_ABS, argument_at(refusal->argument));
		statement(program, BPF_ALU | BPF_AND | BPF_K, refusal->mask);
		jump(program, refusal->value, refusal->when == WHERE ? 0 : 1,
		     refusal->when == WHERE ? 1 : 0);
	}
	statement(program, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)answer);
	if (!always)
		statement(program, BPF_LD | BPF_W | BPF_ABS, FIELD(nr));
}

#define REFUSE_ALL(program, list) refuse_all(program, list, sizeof(list) / sizeof *(list))

static void refuse_all(struct program *program, const struct refusal *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		refuse(program, &list[i]);
}

static void ask(struct program *program)
{
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		jump(program, (uint32_t)asked[i], 0, 1);
		statement(program, BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	}
}

/* The last part of the program: what it looks at is not put back. */
static void choose_ioctl(struct program *program, bool steers)
{
	const uint32_t *kinds = steers ? ioctl_files : ioctl_kinds;
	size_t count = steers ? sizeof ioctl_files / sizeof *ioctl_files
			      : sizeof ioctl_kinds / sizeof *ioctl_kinds;
	size_t others = sizeof ioctl_others / sizeof *ioctl_others;

	jump(program, SYS_ioctl, 1, 0);
	statement(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	statement(program, BPF_LD | BPF_W | BPF_ABS, argument_at(1));
	for (size_t i = 0; i < others; i++) {
		jump(program, ioctl_others[i], 0, 1);
		statement(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	statement(program, BPF_ALU | BPF_RSH | BPF_K, 8);
	statement(program, BPF_ALU | BPF_AND | BPF_K, 0xff);
	for (size_t i = 0; i < count; i++) {
		jump(program, kinds[i], 0, 1);
		statement(program, BPF_RET | BPF_K,
			  steers ? SECCOMP_RET_ERRNO | ENOTTY : SECCOMP_RET_ALLOW);
	}
	if (!steers)
		statement(program, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY);
}

static int load(struct program *program, unsigned long flags, struct error *err)
{
	statement(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog whole = {program->length, program->code};

	int result = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &whole);
	if (result < 0 && errno == EINVAL && flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		result = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				      flags & ~SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &whole);
	return result < 0 ? fail(err, "load the filter beside Landlock") : result;
}

/* One call shows that it holds: both fail, with another errno where nobody refuses. */
static int check_tcp(struct error *err)
{
	if (syscall(SYS_sendto, -1, NULL, 0, MSG_FASTOPEN, NULL, 0) == -1 && errno == EPERM)
		return 0;
	return fail_because(err, "the filter beside Landlock was loaded but refuses nothing");
}

static int run_refusals(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct program program = {.length = 0};

	(void)step;
	(void)sandbox;
	begin(&program);
	REFUSE_ALL(&program, of_tcp);
	return load(&program, 0, err) < 0 ? -1 : check_tcp(err);
}

static const struct step_kind refusals = {"refusals", run_refusals};

static bool steers(const struct plan *plan)
{
	for (size_t i = 0; i < plan->config->mounts_count; i++)
		if (plan->config->mounts[i].kind == MOUNT_DEV_BIND)
			return true;
	return false;
}

/* A socket that was handed in and is not connected for good could be connected elsewhere. */
static int check_standard(struct error *err)
{
	for (int fd = 0; fd <= 2; fd++) {
		int domain = -1, type = -1;
		socklen_t size = sizeof domain;

		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 ||
		    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
			continue;
		if (type == SOCK_STREAM || type == SOCK_SEQPACKET)
			continue;
		fail_because(err,
			     "standard descriptor %d is a socket for datagrams, which could be "
			     "sent to anybody",
			     fd);
		return fail_remedy(err, "put a pipe between: with --confine-only there is no "
					"network namespace that would hold it");
	}
	return 0;
}

/* Nobody has process 1's parameters to set, and none are given: EINVAL without the filter. */
static int check_outside(struct error *err)
{
	if (syscall(SYS_sched_setparam, 1, NULL) == -1 && errno == EPERM)
		return 0;
	return fail_because(err, "the filter beside Landlock was loaded but refuses nothing");
}

static int run_confine(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct config *config = sandbox->plan->config;
	struct program program = {.length = 0};

	if (check_standard(err) < 0)
		return -1;
	begin(&program);
	REFUSE_ALL(&program, of_outside);
	if (config->network == NETWORK_NONE)
		REFUSE_ALL(&program, of_network);
	if (config_limits_tcp(config))
		REFUSE_ALL(&program, of_tcp);
	ask(&program);
	choose_ioctl(&program, step->flags);
	int listener = load(
		&program, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		err);
	if (listener < 0)
		return -1;
	/* It must not be there for the command, whose exec closes it. */
	int result = channel_pass(sandbox->attributes[1], &listener, 1);
	close(listener);
	return result < 0 ? fail(err, "hand the listener of the filter to pid 1")
			  : check_outside(err);
}

static const struct step_kind confine = {"refusals", run_confine};

int refusals_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	enum option_id why = config->origin[OPT_CONNECT_TCP] ? OPT_CONNECT_TCP : OPT_BIND_TCP;

	(void)err;
	if (config->confine_only) {
		struct step *step = plan_add(plan, PHASE_CONFINE, &confine,
					     config_origin(config, OPT_CONFINE_ONLY));

		step->flags = steers(plan);
		step->target =
			config->network == NETWORK_NONE
				? "every socket but pairs; IPC, keys, other processes' limits"
				: "unix sockets but pairs; IPC, keys, other processes' limits";
		step->options = "chmod, chown, utime and setxattr only where it may write";
		return 0;
	}
	if (!config_limits_tcp(config))
		return 0;
	plan_add(plan, PHASE_CONFINE, &refusals, config_origin(config, why))->target =
		"TCP by other doors: Fast Open, Multipath TCP, io_uring";
	return 0;
}
