/* What a program may do that a helper confines: see strict.h. */
#include "strict.h"

#include <err.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capability_sets.h"
#include "files.h"
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

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
		    flags) < 0)
		err(1, "cannot make namespaces for %s", whom);
	write_proc("/proc/self/setgroups", "deny", whom);
	map_own_id("/proc/self/uid_map", uid, whom);
	map_own_id("/proc/self/gid_map", gid, whom);
}

void strict_confine(const char *whom)
{
	struct rlimit no_core = {0, 0};
	const struct filter *strict = &filters[SECCOMP_STRICT];
	struct sock_fprog program = {.len = strict->length,
				     .filter = (struct sock_filter *)strict->instructions};

	if (capability_sets_drop_bounding(0, NULL) < 0)
		err(1, "cannot drop the capabilities of %s", whom);
	if (capability_sets_set(0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &no_core) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
		err(1, "cannot confine %s", whom);
}
