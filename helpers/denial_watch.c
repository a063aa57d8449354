/* Held calls: see denial_watch.h. */
#include "denial_watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "denial_calls.h"
#include "denial_decode.h"
#include "denial_tracee.h"

/*
 * What every program does all the time, and a learnt profile always allows: held, they would be
 * most of the cost of a run. Also what a launch needs between the filter and the command.
 */
static const int silent[] = {
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_pread64,
	SYS_pwrite64,
	SYS_lseek,
	SYS_close,
	SYS_fstat,
	SYS_mmap,
	SYS_munmap,
	SYS_mprotect,
	SYS_mremap,
	SYS_madvise,
	SYS_brk,
	SYS_futex,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_sigaltstack,
	SYS_clock_gettime,
	SYS_gettimeofday,
	SYS_clock_nanosleep,
	SYS_nanosleep,
	SYS_getpid,
	SYS_gettid,
	SYS_getppid,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	SYS_ppoll,
	SYS_pselect6,
	SYS_epoll_pwait,
	SYS_epoll_ctl,
	SYS_exit,
	SYS_exit_group,
	SYS_wait4,
	SYS_sched_yield,
	SYS_dup,
	SYS_dup3,
	SYS_fcntl,
	SYS_set_robust_list,
	SYS_rseq,
	SYS_set_tid_address,
	SYS_getrandom,
	SYS_restart_syscall,
	SYS_sendmsg,
	SYS_recvmsg,
	SYS_recvfrom,
	SYS_getdents64,
	SYS_prlimit64,
	SYS_uname,
	SYS_pipe2,
	SYS_ftruncate,
	SYS_umask,
	SYS_getcwd,
#if defined(__x86_64__)
	SYS_poll,
	SYS_select,
	SYS_epoll_wait,
	SYS_dup2,
	SYS_arch_prctl,
	SYS_pipe,
	SYS_getpgrp,
	SYS_time,
#endif
};

enum { WATCHED = 64 };

const char *watch_program(const struct watch *watch, struct filter_program *out)
{
	int watched[WATCHED];
	size_t count = 0;

	if (watch->mode & DENIAL_EXPLAIN) {
		count = decode_calls_of(USE_READ | USE_WRITE | USE_EXECUTE | USE_CHANGE, watched,
					WATCHED);
		if (strcmp(watch->facts.network, "none") == 0)
			count += decode_calls_of(0, watched + count, WATCHED - count);
	}
	/* The listener itself is sent with it, before anybody answers. */
	if (!filter_always_allows(watch->filter.code, watch->filter.length, SYS_sendmsg))
		return "it refuses sendmsg, by which its listener is handed over";
	return filter_rewrite(out, watch->filter.code, watch->filter.length, watch->mode, watched,
			      count, silent, sizeof silent / sizeof *silent);
}

/* The answer that the process would have had; what would have ended it fails as if it were not
 * there. */
static int errno_of(uint32_t action)
{
	if ((action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		return (int)(action & SECCOMP_RET_DATA);
	return ENOSYS;
}

static void name_program(const struct tracee *tracee, struct denial *denial)
{
	char name[TRACEE_NAME];

	tracee_name(tracee, name);
	memcpy(denial->program, name, sizeof denial->program);
}

/* --- refused by the filter -------------------------------------------------------------------- */

/* The launch's own proof that the filter holds (sandbox/denials.c) is nobody's wish. */
static bool is_proof(const struct facts *facts, const struct seccomp_data *data)
{
	return data->nr == facts->proof && (unsigned)data->args[0] == facts->proof_arguments[0] &&
	       (unsigned)data->args[1] == facts->proof_arguments[1];
}

static void note_refusal(struct watch *watch, const struct tracee *tracee,
			 const struct seccomp_data *data, const struct decoded *decoded, int number)
{
	struct denial like = {.reason = number == ENOSYS ? DENIAL_ABSENT : DENIAL_CALL,
			      .number = number};

	if (is_proof(&watch->facts, data))
		return;
	name_program(tracee, &like);
	memcpy(like.call, decoded->call, sizeof like.call);
	snprintf(like.what, sizeof like.what, "%s", decoded->text);
	struct denial *entry = denials_add(&watch->denials, &like);
	if (entry)
		advise_call(entry->advice, sizeof entry->advice, &watch->facts, data,
			    decoded->call);
}

/* --- what the plan does not show -------------------------------------------------------------- */

static void note_file(struct watch *watch, const struct tracee *tracee,
		      const struct decoded *decoded, const char *path, int number,
		      const struct fact_mount *mask, bool write)
{
	struct denial like = {.reason = DENIAL_FILE, .number = number};

	name_program(tracee, &like);
	memcpy(like.call, decoded->call, sizeof like.call);
	/* One that is too long to be told is too long for a flag. */
	if ((size_t)snprintf(like.what, sizeof like.what, "%s", path) >= sizeof like.what)
		return;
	struct denial *entry = denials_add(&watch->denials, &like);
	if (!entry)
		return;
	if (mask)
		advise_masked(entry->advice, sizeof entry->advice, mask);
	else if (number == EROFS)
		advise_read_only(entry->advice, sizeof entry->advice, &watch->facts, path);
	else
		advise_missing(entry->advice, sizeof entry->advice, &watch->facts, path, write);
}

/* A file that is to be made is missing without anybody's fault; its directory is what counts. */
static void look_where_it_goes(const struct tracee *tracee, const char *absolute,
			       struct tracee_target *target)
{
	char directory[TRACEE_PATH];

	strcpy(directory, absolute);
	*strrchr(directory, '/') = '\0';
	tracee_look(tracee, *directory ? directory : "/", target);
}

static void look_at(struct watch *watch, const struct tracee *tracee, const struct decoded *decoded,
		    const struct decoded_path *path)
{
	char absolute[TRACEE_PATH];
	struct tracee_target target;
	struct stat st;
	bool write = path->use & (USE_WRITE | USE_CHANGE);

	if (!tracee_absolute(tracee, path->dirfd, path->path, absolute))
		return;
	const struct fact_mount *mount = facts_mount_of(&watch->facts, absolute);
	bool masked = mount && strcmp(mount->kind, "mask") == 0;
	if (!masked && !advice_concerns(&watch->facts, absolute) && !write)
		return;
	tracee_look(tracee, absolute, &target);
	bool made = target.number == ENOENT && path->use & USE_CHANGE;
	if (made)
		look_where_it_goes(tracee, absolute, &target);
	if (masked)
		note_file(watch, tracee, decoded, absolute, EACCES, mount, write);
	else if (target.number == 0 && write && target.read_only && !S_ISCHR(target.mode) &&
		 !S_ISFIFO(target.mode) && !S_ISSOCK(target.mode))
		note_file(watch, tracee, decoded, absolute, EROFS, NULL, true);
	else if (target.number == ENOENT && advice_concerns(&watch->facts, absolute) &&
		 stat(absolute, &st) == 0)
		note_file(watch, tracee, decoded, absolute, ENOENT, NULL, write);
}

static bool is_loopback(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;

	if (address->ss_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == 127 || four->sin_addr.s_addr == 0;
	return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr);
}

static bool is_internet(const struct decoded *decoded)
{
	return (decoded->address.ss_family == AF_INET || decoded->address.ss_family == AF_INET6) &&
	       !is_loopback(&decoded->address);
}

static void note_address(struct watch *watch, const struct tracee *tracee,
			 const struct decoded *decoded)
{
	struct denial like = {.reason = DENIAL_NETWORK, .number = ENETUNREACH};
	char text[INET6_ADDRSTRLEN] = "";
	const struct sockaddr_in *four = (const struct sockaddr_in *)&decoded->address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&decoded->address;

	name_program(tracee, &like);
	memcpy(like.call, decoded->call, sizeof like.call);
	if (decoded->address.ss_family == AF_INET)
		snprintf(like.what, sizeof like.what, "%s:%u",
			 inet_ntop(AF_INET, &four->sin_addr, text, sizeof text),
			 ntohs(four->sin_port));
	else
		snprintf(like.what, sizeof like.what, "[%s]:%u",
			 inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text),
			 ntohs(six->sin6_port));
	struct denial *entry = denials_add(&watch->denials, &like);
	if (entry)
		advise_network(entry->advice, sizeof entry->advice, &watch->facts);
}

/* --- learning --------------------------------------------------------------------------------- */

/* TCP, unless the socket says otherwise. It is taken for a moment and given back. */
static bool is_datagram(const struct tracee *tracee, int fd)
{
	int type = SOCK_STREAM;
	socklen_t size = sizeof type;
	int process = (int)syscall(SYS_pidfd_open, tracee->pid, 0); /* a thread's: EINVAL */
	int taken = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, fd, 0);

	if (taken >= 0) {
		if (getsockopt(taken, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
			type = SOCK_STREAM;
		close(taken);
	}
	if (process >= 0)
		close(process);
	return type == SOCK_DGRAM;
}

static void learn_path(struct watch *watch, const struct tracee *tracee,
		       const struct decoded_path *path)
{
	char absolute[TRACEE_PATH];
	struct tracee_target target;
	unsigned use = path->use;

	if (!tracee_absolute(tracee, path->dirfd, path->path, absolute))
		return;
	tracee_look(tracee, absolute, &target);
	/* A file that is there is not made by opening it. */
	if (target.number == 0 && use & USE_CHANGE && use & (USE_READ | USE_WRITE))
		use &= ~(unsigned)USE_CHANGE;
	if (target.number == ENOENT && !(use & USE_CHANGE))
		use = USE_SEE | USE_MISSING;
	if (target.number == 0 && S_ISDIR(target.mode))
		use |= USE_DIRECTORY;
	record_file(&watch->record, absolute, use);
	if (target.number == 0 && !path->itself && strcmp(target.path, absolute) != 0)
		record_file(&watch->record, target.path, use);
}

static void learn_call(struct watch *watch, const struct tracee *tracee,
		       const struct seccomp_data *data, const struct decoded *decoded, bool refused)
{
	if (data->arch != FILTER_NATIVE || is_proof(&watch->facts, data))
		return;
	record_call(&watch->record, data->nr, data->args, refused);
	if (refused)
		return;
	for (size_t i = 0; i < decoded->paths_count; i++)
		learn_path(watch, tracee, &decoded->paths[i]);
	if (is_internet(decoded) && data->nr != SYS_bind)
		record_address(&watch->record, &decoded->address,
			       is_datagram(tracee, decoded->socket));
	if (decoded->query[0])
		record_name(&watch->record, decoded->query);
}

void watch_record(const struct watch *watch, FILE *out)
{
	const struct filter_program *filter = &watch->filter;

	record_write(out, &watch->record);
	for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
		if (filter_always_allows(filter->code, filter->length, silent[i]))
			fprintf(out, "call %s\n", decode_call_name(silent[i]));
	/* What the filter answers with ENOSYS, whatever the arguments: programs go on without. */
	for (size_t i = 0; i < call_names_count; i++) {
		const struct seccomp_data data = {.nr = call_names[i].number,
						  .arch = FILTER_NATIVE};
		struct filter_answer answer;

		if (filter_run(filter->code, filter->length, &data, &answer) && answer.constant &&
		    answer.action == (SECCOMP_RET_ERRNO | ENOSYS))
			fprintf(out, "absent %s\n", call_names[i].name);
	}
}

/* ---------------------------------------------------------------------------------------------- */

void watch_call(struct watch *watch, int listener, const struct seccomp_notif *notif,
		struct seccomp_notif_resp *answer)
{
	struct tracee tracee = {listener, notif->id, (pid_t)notif->pid};
	static struct decoded decoded; /* eight kilobytes, one call at a time */
	struct filter_answer said;

	if (!filter_run(watch->filter.code, watch->filter.length, &notif->data, &said))
		said.action = SECCOMP_RET_ERRNO | ENOSYS;
	bool passes = filter_passes(said.action), made = passes || watch->mode & DENIAL_LOG;

	*answer = (struct seccomp_notif_resp){
		.id = notif->id,
		.error = made ? 0 : -errno_of(said.action),
		.flags = made ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0,
	};
	/* Errors that the kernel would not take are none: the call is not made, and answers 0. */
	if (!made && answer->error < -4095)
		answer->error = -4095;
	decode_call(&decoded, &notif->data, tracee_memory, &tracee);
	if (!passes)
		note_refusal(watch, &tracee, &notif->data, &decoded, errno_of(said.action));
	if (watch->mode & DENIAL_LEARN)
		learn_call(watch, &tracee, &notif->data, &decoded, !made);
	if (!passes || !(watch->mode & DENIAL_EXPLAIN))
		return;
	for (size_t i = 0; i < decoded.paths_count; i++)
		look_at(watch, &tracee, &decoded, &decoded.paths[i]);
	if (strcmp(watch->facts.network, "none") == 0 && is_internet(&decoded) &&
	    notif->data.nr != SYS_bind)
		note_address(watch, &tracee, &decoded);
}
