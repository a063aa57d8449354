/* What a program may do that a helper confines: see strict.h. */
#include "strict.h"

#include <err.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capability_sets.h"
#include "files.h"
#include "filter_run.h"
#include "filters.h"

static void write_proc(const char *name, const char *text, const char *whom)
{
	if (write_file_at(AT_FDCWD, name, text) < 0)
		err(1, "cannot write %s for %s", name, whom);
}

static void map_own_id(const char *name, unsigned id, const char *whom)
{
	char map[32];

	snprintf(map, sizeof map, "%u %u 1", id, id);
	write_proc(name, map, whom);
}

void strict_enter_namespaces(int flags, const char *whom)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | flags) < 0)
		err(1, "cannot make namespaces for %s", whom);
	write_proc("/proc/self/setgroups", "deny", whom);
	map_own_id("/proc/self/uid_map", uid, whom);
	map_own_id("/proc/self/gid_map", gid, whom);
}

static void confine(const struct sock_fprog *program, const char *whom)
{
	struct rlimit no_core = {0, 0};

	if (capability_sets_drop_bounding(0, NULL) < 0)
		err(1, "cannot drop the capabilities of %s", whom);
	if (capability_sets_set(0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &no_core) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) != 0)
		err(1, "cannot confine %s", whom);
}

void strict_confine(const char *whom)
{
	const struct filter *strict = &filters[SECCOMP_STRICT];
	const struct sock_fprog program = {.len = strict->length,
					   .filter = (struct sock_filter *)strict->instructions};

	confine(&program, whom);
}

#define LOAD(field)        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)

/* Of several filters the strictest answer counts, so what is allowed beside goes before, in one:
 * jumps are relative. */
void strict_confine_sharing(const char *whom)
{
	static const struct sock_filter before[] = {
		LOAD(arch),
		IF(FILTER_NATIVE, 0, 7),
		LOAD(nr),
		IF(SYS_shmat, 4, 0),
		IF(SYS_shmdt, 3, 0),
		IF(SYS_shmctl, 0, 3),
		LOAD(args[1]), /* the low half: an int */
		IF(IPC_STAT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct filter *strict = &filters[SECCOMP_STRICT];
	struct sock_filter *all = malloc(sizeof before + strict->length * sizeof *all);
	size_t count = sizeof before / sizeof *before;

	if (!all)
		err(1, "cannot confine %s", whom);
	memcpy(all, before, sizeof before);
	memcpy(all + count, strict->instructions, strict->length * sizeof *all);
	const struct sock_fprog program = {.len = (unsigned short)(count + strict->length),
					   .filter = all};
	confine(&program, whom);
	free(all);
}
