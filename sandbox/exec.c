/* From pid 1 or its child to the payload: see exec.h. */
#include "exec.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plan.h"
#include "pty.h"

static const struct {
	uint16_t machine;
	const char *name;
} machines[] = {{EM_X86_64, "x86_64"}, {EM_AARCH64, "aarch64"}, {EM_386, "i386"},  {EM_ARM, "arm"},
		{EM_RISCV, "riscv"},   {EM_PPC64, "ppc64"},     {EM_S390, "s390x"}};

/* The first bytes of a program; 0 at what is not there. */
static void read_head(const char *path, unsigned char *head, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	memset(head, 0, size);
	if (fd >= 0) {
		(void)!read(fd, head, size - 1);
		close(fd);
	}
}

static int wrong_format(const struct plan *plan, const char *path, struct error *err)
{
	unsigned char head[64];
	uint16_t machine;
	const char *name = NULL;

	read_head(path, head, sizeof head);
	memcpy(&machine, head + offsetof(Elf64_Ehdr, e_machine), sizeof machine);
	for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
		if (machines[i].machine == machine)
			name = machines[i].name;
	if (memcmp(head, ELFMAG, SELFMAG) != 0) {
		fail_because(err,
			     "cannot run %s: it is neither a program nor a script with #! in its "
			     "first line",
			     path);
	} else if (name && strcmp(name, plan->host->machine) != 0) {
		fail_because(err,
			     "cannot run %s of %s: it is a program for %s, and this machine is %s",
			     path, plan->host->rootfs, name, plan->host->machine);
		return fail_remedy(err, "use a root file system that was made for %s",
				   plan->host->machine);
	} else {
		fail_because(err,
			     "cannot run %s: it begins as a program does, and is none that this "
			     "machine (%s) runs; it may be incomplete",
			     path, plan->host->machine);
	}
	err->status = EXIT_CANNOT_EXECUTE;
	return -1;
}

/* The file is there and exec says ENOENT: what is missing is its interpreter. */
static int no_interpreter(const char *path, struct error *err)
{
	unsigned char head[256];

	read_head(path, head, sizeof head);
	if (head[0] == '#' && head[1] == '!') {
		char *name = (char *)head + 2 + strspn((char *)head + 2, " \t");

		name[strcspn(name, " \t\r\n")] = '\0';
		fail_because(err, "cannot run %s: its interpreter %s is not there inside", path,
			     name);
	} else {
		fail_because(err, "cannot run %s: its dynamic loader is not there inside", path);
	}
	err->status = EXIT_NOT_FOUND;
	return fail_remedy(err, "the root file system lacks it, or it is for another distribution");
}

static int explain(const struct plan *plan, const char *name, const char *path, int number,
		   struct error *err)
{
	errno = number;
	if (number == ENOEXEC)
		return wrong_format(plan, path, err);
	if (number == ENOENT && access(path, F_OK) == 0)
		return no_interpreter(path, err);
	if (number == ENOENT || number == ENOTDIR) {
		if (access("/bin/sh", F_OK) < 0) {
			fail_because(err,
				     "cannot run %s: %s has no /bin/sh either: it is no root file "
				     "system",
				     name, plan->host->rootfs);
			return host_name_another_root(err);
		}
		fail_because(err, "cannot run %s: command not found in %s", name,
			     plan->host->rootfs);
		err->status = EXIT_NOT_FOUND;
		return -1;
	}
	errno = number;
	fail(err, "run %s", name);
	if (number == EACCES)
		fail_remedy(
			err,
			"it is not executable inside (mode, or a noexec mount), or is a directory");
	if (number == E2BIG)
		fail_remedy(err,
			    "arguments and environment together are longer than the kernel takes");
	err->status = EXIT_CANNOT_EXECUTE;
	return -1;
}

/* As execvp(3): a file that is no program and has no #! is for the shell. */
static int exec_one(const char *path, char *const argv[], char *const envp[])
{
	unsigned char head[8];

	execve(path, argv, envp);
	if (errno != ENOEXEC)
		return -1;
	read_head(path, head, sizeof head);
	if (memcmp(head, ELFMAG, SELFMAG) == 0 || memchr(head, '\0', sizeof head - 1) != NULL) {
		errno = ENOEXEC;
		return -1;
	}
	size_t count = 0;
	while (argv[count])
		count++;
	if (count > 1024) {
		errno = ENOEXEC;
		return -1;
	}
	const char *words[1024 + 2] = {"/bin/sh", path};
	memcpy(words + 2, argv + 1, count * sizeof *words);
	execve("/bin/sh", (char *const *)words, envp);
	return -1;
}

static const char *search_path(char *const envp[])
{
	for (; *envp; envp++)
		if (strncmp(*envp, "PATH=", 5) == 0)
			return *envp + 5;
	return "/usr/local/bin:/usr/bin:/bin";
}

/* Along PATH; a directory with the name but no permission is remembered, as shells do. */
static int exec_search(const struct plan *plan, const char *name, char *const argv[], char *path,
		       struct error *err)
{
	const char *part = search_path(plan->envp);
	int number = ENOENT;
	char denied[PATH_MAX] = "";

	for (;;) {
		size_t length = strcspn(part, ":");

		if ((size_t)snprintf(path, PATH_MAX, "%.*s/%s", (int)length, part, name) <
			    PATH_MAX &&
		    length > 0) {
			exec_one(path, argv, plan->envp);
			/* There, but not to be run: whatever it is, that is what the user means. */
			if (errno == ENOENT && access(path, F_OK) == 0)
				return explain(plan, name, path, ENOENT, err);
			if (errno == EACCES)
				strcpy(denied, path);
			else if (errno != ENOENT && errno != ENOTDIR)
				return explain(plan, name, path, errno, err);
			if (errno == EACCES)
				number = EACCES;
		}
		if (!part[length])
			break;
		part += length + 1;
	}
	return explain(plan, name, *denied ? denied : name, number, err);
}

/*
 * Everything above 2 closes at exec, whoever opened it and forgot. Where close_range cannot do it
 * (before Linux 5.11), one by one: what we have open ourselves has low numbers, for the caller's
 * descriptors were closed before (child.c), and what is higher is closed at once.
 */
static int close_at_exec(void)
{
	enum { OURS = 1024 };

	if (syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	if (errno != EINVAL)
		return -1;
	for (int fd = 3; fd < OURS; fd++)
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 && errno != EBADF)
			return -1;
	return (int)syscall(SYS_close_range, OURS, ~0u, 0);
}

int exec_payload(struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	char *const *argv = plan->command;
	char path[PATH_MAX];

	if (pty_enter(sandbox, err) < 0)
		return -1;
	if (sigprocmask(SIG_SETMASK, &sandbox->caller_mask, NULL) < 0)
		return fail(err, "restore the signal mask");
	if (close_at_exec() < 0)
		return fail(err, "mark descriptors for closing");
	if (plan_run(plan, PHASE_CONFINE, sandbox, err) < 0)
		return -1;
	if (!strchr(argv[0], '/'))
		return exec_search(plan, argv[0], argv, path, err);
	exec_one(argv[0], argv, plan->envp);
	return explain(plan, argv[0], argv[0], errno, err);
}
