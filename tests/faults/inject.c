/*
 * inject: run a command, and let one system call of one of its processes fail.
 *
 *     inject [-u USER] [-t] [-p COMM] [-s SECONDS] -o REPORT [-f PROCESS:EXECS:CALL:N=ERRNO]
 * COMMAND...
 *
 * A process is named by its way from the command, which is 0: 0.2 is the second that it has
 * started, 0.2.1 the first of that one. EXECS is how many programs it has become since; CALL:N is
 * its Nth of that call in that program. So a point is the same one in each run. ERRNO is a number,
 * or K: then the process is killed there, before the call. Without -f every call is written to
 * REPORT. From where a process has become COMM, the payload, it is let alone.
 *
 *     call PROCESS EXECS CALL N RESULT DETAIL      clone PROCESS NEW EXECS FLAGS     exec PROCESS
 * EXECS COMM end PROCESS EXECS WAITSTATUS                 fault DETAIL                ended
 * WAITSTATUS (the command itself) name PROCESS COMM (by prctl) left PROCESS COMM (still there two
 * seconds after the command's end)      hung PROCESS COMM WCHAN
 *
 * By ptrace(2): unlike a filter it can count, changes nothing that the command could see but
 * TracerPid, and as root leaves newuidmap its set-user-id bit. Only the process at which the fault
 * is meant stops at its calls, and not after it. An error takes the place of the call, but for
 * close, which closes all the same (close(2)).
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef __x86_64__
#error "inject knows the registers of x86-64 only"
#endif

enum { CALLS = 512, PROCESSES = 128, PATH_LENGTH = 96, GRACE = 2 };

struct process {
	pid_t pid;
	char path[PATH_LENGTH]; /* empty: stopped, but nobody has told yet whose it is */
	unsigned children, execs;
	unsigned counts[CALLS];
	bool payload;
	int replace; /* what the call that it is in answers instead */
	bool replaced;
	struct user_regs_struct saved; /* as they were at its entry */
	char detail[200];
};

struct run {
	FILE *report;
	const char *payload;
	/* the fault */
	bool wanted, done;
	char path[PATH_LENGTH];
	unsigned execs, number;
	int call, error;
	bool kill;
	struct process processes[PROCESSES];
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct process *find(struct run *run, pid_t pid)
{
	for (struct process *p = run->processes; p < run->processes + PROCESSES; p++)
		if (p->pid == pid)
			return p;
	return NULL;
}

static struct process *add(struct run *run, pid_t pid)
{
	struct process *p = find(run, pid);

	if (p)
		return p;
	p = find(run, 0);
	if (!p)
		errx(2, "more than %d processes", PROCESSES);
	*p = (struct process){.pid = pid};
	return p;
}

/* ---- what a call is about ---- */

static bool read_text(pid_t pid, unsigned long long address, char *text, size_t size)
{
	size_t length = 0;

	while (length < size - 1) {
		errno = 0;
		long word = ptrace(PTRACE_PEEKDATA, pid, address + length, NULL);
		if (errno)
			break;
		for (size_t i = 0; i < sizeof word && length < size - 1; i++) {
			text[length] = ((char *)&word)[i];
			if (!text[length])
				return true;
			if (text[length] <= ' ' || text[length] > '~')
				text[length] = '?';
			length++;
		}
	}
	text[length] = '\0';
	return length > 0;
}

static const struct {
	int call, first, second; /* which arguments are text; -1: none */
} texts[] = {{SYS_open, 0, -1},      {SYS_openat, 1, -1},     {SYS_openat2, 1, -1},
	     {SYS_access, 0, -1},    {SYS_faccessat, 1, -1},  {SYS_faccessat2, 1, -1},
	     {SYS_readlink, 0, -1},  {SYS_readlinkat, 1, -1}, {SYS_stat, 0, -1},
	     {SYS_lstat, 0, -1},     {SYS_newfstatat, 1, -1}, {SYS_statx, 1, -1},
	     {SYS_statfs, 0, -1},    {SYS_mkdir, 0, -1},      {SYS_mkdirat, 1, -1},
	     {SYS_mknodat, 1, -1},   {SYS_unlink, 0, -1},     {SYS_unlinkat, 1, -1},
	     {SYS_rmdir, 0, -1},     {SYS_symlinkat, 0, 2},   {SYS_linkat, 1, 3},
	     {SYS_rename, 0, 1},     {SYS_renameat, 1, 3},    {SYS_renameat2, 1, 3},
	     {SYS_chdir, 0, -1},     {SYS_chmod, 0, -1},      {SYS_fchmodat, 1, -1},
	     {SYS_fchownat, 1, -1},  {SYS_mount, 1, 2},       {SYS_umount2, 0, -1},
	     {SYS_move_mount, 1, 3}, {SYS_open_tree, 1, -1},  {SYS_mount_setattr, 1, -1},
	     {SYS_fsopen, 0, -1},    {SYS_execve, 0, -1},     {SYS_pivot_root, 0, 1},
	     {SYS_fsetxattr, 1, -1}, {SYS_fgetxattr, 1, -1},  {SYS_memfd_create, 0, -1},
	     {SYS_chroot, 0, -1},    {SYS_sethostname, 0, -1}};

static void describe(pid_t pid, const struct __ptrace_syscall_info *info, char *out, size_t size)
{
	const __uint64_t *args = info->entry.args;
	char first[96], second[64];

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (texts[i].call != (int)info->entry.nr)
			continue;
		*second = '\0';
		if (!read_text(pid, args[texts[i].first], first, sizeof first) || !*first)
			strcpy(first, "''");
		if (texts[i].second >= 0)
			read_text(pid, args[texts[i].second], second, sizeof second);
		snprintf(out, size, "%s%s%s", first, *second ? "->" : "", second);
		return;
	}
	if (info->entry.nr == SYS_fsconfig) {
		strcpy(first, "''");
		if (args[2])
			read_text(pid, args[2], first, sizeof first);
		snprintf(out, size, "%lld,%s", (long long)args[1], first);
		return;
	}
	snprintf(out, size, "%#lx,%#lx,%#lx", args[0], args[1], args[2]);
}

static void comm_of(pid_t pid, char *comm, size_t size)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	snprintf(comm, size, "?");
	if ((file = fopen(path, "re"))) {
		if (fgets(comm, (int)size, file))
			comm[strcspn(comm, "\n")] = '\0';
		fclose(file);
	}
}

/* ---- the stops ---- */

static bool is_at(const struct run *run, const struct process *p, int call)
{
	return !run->done && run->wanted && run->call == call && p->execs == run->execs &&
	       p->counts[call] == run->number && strcmp(p->path, run->path) == 0;
}

/* A filter that is on would be asked about a call that is none. */
static bool is_filtered(pid_t pid)
{
	char path[64], line[128];
	int mode = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	if ((file = fopen(path, "re"))) {
		while (fgets(line, sizeof line, file))
			sscanf(line, "Seccomp: %d", &mode);
		fclose(file);
	}
	return mode != 0;
}

/*
 * -1 is no call's number: nothing is done, and what is returned is ours to say. Behind a filter the
 * call is made, with arguments that nothing comes of: no such descriptor, address, flag or number.
 */
static void skip(struct process *p, int call)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, p->pid, NULL, &regs) < 0)
		return;
	p->saved = regs;
	if (!is_filtered(p->pid))
		regs.orig_rax = -1ull;
	else if (call == SYS_mmap)
		regs.rsi = 0;
	else if (call == SYS_kill)
		regs.rsi = -1ull;
	else if (call == SYS_wait4)
		regs.rdx = -1ull;
	else
		regs.rdi = -1ull;
	ptrace(PTRACE_SETREGS, p->pid, NULL, &regs);
}

static void answer(struct process *p, int error)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, p->pid, NULL, &regs) < 0)
		return;
	regs.rdi = p->saved.rdi;
	regs.rsi = p->saved.rsi;
	regs.rdx = p->saved.rdx;
	regs.rax = (unsigned long long)-error;
	ptrace(PTRACE_SETREGS, p->pid, NULL, &regs);
}

static void enter(struct run *run, struct process *p, const struct __ptrace_syscall_info *info)
{
	int call = (int)info->entry.nr;

	if (call < 0 || call >= CALLS)
		return;
	p->counts[call]++;
	if (!run->wanted || is_at(run, p, call))
		describe(p->pid, info, p->detail, sizeof p->detail);
	if (!is_at(run, p, call))
		return;
	run->done = true;
	fprintf(run->report, "fault %s\n", p->detail);
	if (run->kill) {
		kill(p->pid, SIGKILL);
		return;
	}
	if (call != SYS_close)
		skip(p, call);
	else
		ptrace(PTRACE_GETREGS, p->pid, NULL, &p->saved);
	p->replaced = true;
	p->replace = run->error;
}

static void leave(struct run *run, struct process *p, const struct __ptrace_syscall_info *info,
		  int call)
{
	if (p->replaced) {
		answer(p, p->replace);
		p->replaced = false;
		return;
	}
	if (run->wanted || call < 0 || call >= CALLS)
		return;
	if (call == SYS_prctl) {
		unsigned operation = 0;
		char comm[32];

		if (sscanf(p->detail, "%x", &operation) == 1 && operation == PR_SET_NAME) {
			comm_of(p->pid, comm, sizeof comm);
			fprintf(run->report, "name %s %s\n", p->path, comm);
		}
	}
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);
	fprintf(run->report, "call %s %u %s %u %lld %s\n", p->path, p->execs, name ? name : "?",
		p->counts[call], (long long)info->exit.rval, p->detail);
	free(name);
}

/* Which call a process is in, between its two stops. */
static int calls_in[PROCESSES];

static void at_call(struct run *run, struct process *p)
{
	struct __ptrace_syscall_info info = {.op = 0};
	int *in = &calls_in[p - run->processes];

	if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof info, &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		*in = (int)info.entry.nr;
		enter(run, p, &info);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		leave(run, p, &info, *in);
	}
}

/* Only who is to be hit, or is written down, stops at its calls. */
static void go_on(const struct run *run, struct process *p, int sig)
{
	bool watched =
		p->replaced ||
		(!p->payload && (!run->wanted || (!run->done && strcmp(p->path, run->path) == 0)));

	ptrace(watched ? PTRACE_SYSCALL : PTRACE_CONT, p->pid, NULL, (void *)(long)sig);
}

static void at_clone(struct run *run, struct process *p)
{
	unsigned long pid = 0;
	struct user_regs_struct regs;

	ptrace(PTRACE_GETEVENTMSG, p->pid, NULL, &pid);
	memset(&regs, 0, sizeof regs);
	ptrace(PTRACE_GETREGS, p->pid, NULL, &regs);
	struct process *child = add(run, (pid_t)pid);
	snprintf(child->path, sizeof child->path, "%.80s.%u", p->path, ++p->children);
	fprintf(run->report, "clone %s %s %u %#llx\n", p->path, child->path, p->execs,
		regs.orig_rax == SYS_clone ? regs.rdi : 0);
}

static void at_exec(struct run *run, struct process *p)
{
	char comm[32];

	comm_of(p->pid, comm, sizeof comm);
	p->execs++;
	memset(p->counts, 0, sizeof p->counts);
	p->payload = run->payload && strcmp(comm, run->payload) == 0;
	fprintf(run->report, "exec %s %u %s\n", p->path, p->execs, comm);
}

static void ended(struct run *run, struct process *p, int status)
{
	if (p->path[0])
		fprintf(run->report, "end %s %u %d\n", p->path, p->execs, status);
	memset(p, 0, sizeof *p);
}

static void stopped(struct run *run, struct process *p, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;
	bool waits = false;

	if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	    event == PTRACE_EVENT_CLONE) {
		at_clone(run, p);
		unsigned long pid = 0;
		ptrace(PTRACE_GETEVENTMSG, p->pid, NULL, &pid);
		struct process *child = find(run, (pid_t)pid);
		if (child && child->replace == -1) { /* it had stopped before we knew of it */
			child->replace = 0;
			go_on(run, child, 0);
		}
		go_on(run, p, 0);
	} else if (event == PTRACE_EVENT_EXEC) {
		at_exec(run, p);
		go_on(run, p, 0);
	} else if (event == PTRACE_EVENT_STOP) {
		waits = sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
		if (!p->path[0])
			p->replace = -1;
		else if (waits)
			ptrace(PTRACE_LISTEN, p->pid, NULL, NULL);
		else
			go_on(run, p, 0);
	} else if (sig == (SIGTRAP | 0x80)) {
		at_call(run, p);
		go_on(run, p, 0);
	} else {
		go_on(run, p, sig);
	}
}

/* ---- the command ---- */

static void become(const char *name)
{
	struct passwd *user = getpwnam(name);

	if (!user)
		errx(2, "no user %s", name);
	if (initgroups(name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 ||
	    setuid(user->pw_uid) < 0)
		err(2, "become %s", name);
}

static pid_t start(const char *user, bool terminal, char **command)
{
	int ready[2];
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0)
		err(2, "pipe");
	pid_t pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid == 0) {
		close(ready[1]);
		if (terminal && (setsid() < 0 || ioctl(0, TIOCSCTTY, 0) < 0))
			err(2, "take the terminal");
		if (user)
			become(user);
		if (read(ready[0], &byte, 1) < 0)
			err(2, "read");
		/* Whatever the caller ignores: the C library's own signals among them, which make
		 * has started us with, and which signal(3) leaves out. */
		static const unsigned long none[8];
		for (int number = 1; number <= 64; number++)
			syscall(SYS_rt_sigaction, number, none, NULL, 8);
		execvp(command[0], command);
		err(2, "%s", command[0]);
	}
	close(ready[0]);
	if (ptrace(PTRACE_SEIZE, pid, NULL,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			   PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) < 0)
		err(2, "trace");
	close(ready[1]);
	return pid;
}

static void tell_who_is_left(struct run *run, const char *word)
{
	for (struct process *p = run->processes; p < run->processes + PROCESSES; p++) {
		char comm[32], wchan[64] = "?", path[64];
		FILE *file;

		if (p->pid == 0)
			continue;
		comm_of(p->pid, comm, sizeof comm);
		snprintf(path, sizeof path, "/proc/%d/syscall", p->pid);
		if ((file = fopen(path, "re"))) {
			(void)!fgets(wchan, sizeof wchan, file);
			wchan[strcspn(wchan, "\n")] = '\0';
			fclose(file);
		}
		fprintf(run->report, "%s %s %s %s\n", word, p->path, comm, wchan);
		kill(p->pid, SIGKILL);
	}
}

static bool anybody(const struct run *run)
{
	for (const struct process *p = run->processes; p < run->processes + PROCESSES; p++)
		if (p->pid)
			return true;
	return false;
}

/* Whose parent was killed before it could be told of. */
static void adopt(struct run *run)
{
	for (struct process *p = run->processes; p < run->processes + PROCESSES; p++)
		if (p->pid && !p->path[0] && p->replace == -1 && ++p->children > 3) {
			snprintf(p->path, sizeof p->path, "?");
			p->replace = 0;
			go_on(run, p, 0);
		}
}

static void on_alarm(int number)
{
	(void)number;
}

static void watch(struct run *run, pid_t command, double seconds)
{
	double end = now() + seconds;
	bool over = false;
	int status;

	while (anybody(run)) {
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0 && errno == ECHILD)
			break;
		if (now() > end) {
			tell_who_is_left(run, over ? "left" : "hung");
			break;
		}
		if (pid < 0) {
			adopt(run);
			continue;
		}
		struct process *p = add(run, pid);
		if (WIFSTOPPED(status)) {
			stopped(run, p, status);
			continue;
		}
		ended(run, p, status);
		if (pid == command) {
			fprintf(run->report, "ended %d\n", status);
			over = true;
			end = now() + GRACE;
		}
	}
}

static void parse_fault(struct run *run, const char *text)
{
	char call[64], error[16];

	if (sscanf(text, "%95[0-9.]:%u:%63[a-z0-9_]:%u=%15s", run->path, &run->execs, call,
		   &run->number, error) != 5)
		errx(2, "%s is no PROCESS:EXECS:CALL:N=ERRNO", text);
	run->wanted = true;
	run->call = seccomp_syscall_resolve_name(call);
	run->kill = strcmp(error, "K") == 0;
	run->error = atoi(error);
	if (run->call < 0 || run->call >= CALLS || (!run->kill && run->error <= 0))
		errx(2, "%s: no such call or errno", text);
}

int main(int argc, char **argv)
{
	static struct run run;
	const char *user = NULL;
	bool terminal = false;
	double seconds = 20;
	int option;

	while ((option = getopt(argc, argv, "+u:tp:s:o:f:")) >= 0)
		switch (option) {
		case 'u':
			user = optarg;
			break;
		case 't':
			terminal = true;
			break;
		case 'p':
			run.payload = optarg;
			break;
		case 's':
			seconds = atof(optarg);
			break;
		case 'o':
			if (!(run.report = fopen(optarg, "we")))
				err(2, "%s", optarg);
			break;
		case 'f':
			parse_fault(&run, optarg);
			break;
		default:
			return 2;
		}
	if (!run.report || optind == argc)
		errx(2, "usage: inject [-u USER] [-t] [-p COMM] [-s SECONDS] -o REPORT [-f FAULT] "
			"COMMAND...");
	/* Who loses its parent stays ours to see. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){{0, 100000}, {0, 100000}}, NULL);
	pid_t pid = start(user, terminal, argv + optind);
	strcpy(add(&run, pid)->path, "0");
	watch(&run, pid, seconds);
	return fclose(run.report) == 0 ? 0 : 2;
}
