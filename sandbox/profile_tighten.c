/*
 * What of a profile takes nothing of what confines already: see profile_trust.h. What is not in
 * here loosens, or may do: a new option is refused to a stranger until somebody has thought about
 * it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "lines.h"
#include "parse.h"
#include "profile_trust.h"

/* A setting, and the config before and after it. */
struct change {
	const struct config *before, *after;
	const struct option *option;
	const char *value;
};

static bool is_true(const struct change *change)
{
	return strcmp(change->value, "true") == 0;
}

/* A bound: there is one now, and it is no wider than the one before, where 0 is none. */
static bool is_narrower(uint64_t before, uint64_t after)
{
	return after > 0 && (before == 0 || after <= before);
}

/* Flags that confine: they may be set, and what is set stays. */
static bool check_flag_on(const struct change *change)
{
	const bool *now = (const bool *)((const char *)change->before + change->option->field);

	return is_true(change) || !*now;
}

static bool check_read_only(const struct change *change)
{
	return is_true(change) || change->before->layer_mode != LAYER_READ_ONLY;
}

/* Flags that open something: they may be taken back. */
static bool check_flag_off(const struct change *change)
{
	return !is_true(change);
}

static bool check_always(const struct change *change)
{
	(void)change;
	return true;
}

/* Half of the memory is what a tmpfs has that nobody has given a size (overlay.c, layering.c,
 * mounts.c). */
static bool fits_memory(uint64_t size)
{
	struct sysinfo info;

	return sysinfo(&info) == 0 && size <= (uint64_t)info.totalram * info.mem_unit / 2;
}

static bool check_overlay_size(const struct change *change)
{
	uint64_t before = change->before->overlay_size, after = change->after->overlay_size;

	return before ? is_narrower(before, after) : fits_memory(after);
}

/* One more, no larger than one without a size. */
static bool check_tmpfs(const struct change *change)
{
	struct mount_op op = {.kind = MOUNT_TMPFS};
	char text[LINES_LINE_MAX + 1];

	snprintf(text, sizeof text, "%s", change->value);
	return *text && !parse_mount(text, &op) && fits_memory(op.size) && op.inodes <= 1 << 20;
}

/* A list of what is hidden, dropped, unset: it may grow. */
static bool check_grows(const struct change *change)
{
	return *change->value != '\0';
}

/* A value is the profile's own word; a bare name would be the caller's variable. */
static bool check_env(const struct change *change)
{
	return strchr(change->value, '=') != NULL;
}

/* A rule by itself brings a network. */
static bool check_deny_net(const struct change *change)
{
	return *change->value && change->before->network != NETWORK_NONE;
}

static bool check_network(const struct change *change)
{
	return change->after->network == NETWORK_NONE;
}

static bool check_ipc(const struct change *change)
{
	return change->after->ipc == IPC_OWN;
}

static bool has_groups(void)
{
	gid_t groups[2];
	int count = getgroups(2, groups);

	return count != 0 && !(count == 1 && groups[0] == getegid());
}

/* From many ids to the caller's own to one. With one, supplementary groups cannot be dropped. */
static bool check_userns(const struct change *change)
{
	enum userns_mode before = change->before->userns, after = change->after->userns;

	return after == before || (after == USERNS_SINGLE && !has_groups()) ||
	       (after == USERNS_KEEP_ID && before == USERNS_AUTO);
}

/* Away from root, by number: what a name is, ROOTFS says. */
static bool check_user(const struct change *change)
{
	const char *group = strchr(change->value, ':');
	char user[16];
	uint32_t id;

	snprintf(user, sizeof user, "%.*s", (int)strcspn(change->value, ":"), change->value);
	if (change->before->user || parse_id(user, &id) || id == 0)
		return false;
	return !group || (!parse_id(group + 1, &id) && id != 0);
}

static bool check_seccomp(const struct change *change)
{
	static const int width[] = {
		[SECCOMP_STRICT] = 1, [SECCOMP_DEFAULT] = 2,   [SECCOMP_BUILD] = 3,
		[SECCOMP_NESTED] = 4, [SECCOMP_SANDBOXES] = 5, [SECCOMP_UNCONFINED] = 6};
	enum { MODES = sizeof width / sizeof *width };
	enum seccomp_mode before = change->before->seccomp, after = change->after->seccomp;

	/* A file's filter is neither wider nor narrower than another. */
	if (change->before->seccomp_file || change->after->seccomp_file)
		return false;
	/* Nor is build than nested: each has calls that the other has not. */
	if ((before == SECCOMP_NESTED || before == SECCOMP_SANDBOXES) && after == SECCOMP_BUILD)
		return false;
	return (unsigned)before < MODES && (unsigned)after < MODES && width[before] &&
	       width[after] && width[after] <= width[before];
}

static bool check_proc(const struct change *change)
{
	return change->after->proc == PROC_FRESH || change->after->proc == change->before->proc;
}

static bool check_landlock(const struct change *change)
{
	return change->after->landlock == LANDLOCK_REQUIRE ||
	       change->after->landlock == change->before->landlock;
}

static bool check_ulimit(const struct change *change)
{
	struct rlimit_op limit;
	struct rlimit now;

	if (parse_rlimit(change->value, &limit) || getrlimit(limit.resource, &now) < 0)
		return false;
	/* Nobody has to ask for no core files (privileges.c). */
	if (limit.resource == RLIMIT_CORE)
		now.rlim_max = 0;
	for (size_t i = 0; i < change->before->rlimits_count; i++) {
		const struct rlimit_op *op = &change->before->rlimits[i];

		if (op->resource == limit.resource)
			now.rlim_max = op->hard;
	}
	/* The hard limit is what confines: the soft one is the command's own to raise up to it.
	 * RLIM_INFINITY is the largest number, as is "unlimited" here. */
	return limit.hard <= now.rlim_max;
}

static bool check_cpuset(const struct change *change)
{
	const struct cpu_list *before = &change->before->limits.cpuset;
	const struct cpu_list *after = &change->after->limits.cpuset;

	for (int i = 0; before->given && i < LIMITS_CPUS / 64; i++)
		if (after->mask[i] & ~before->mask[i])
			return false;
	return after->given;
}

#define NARROWER(name, field)                                                                      \
	static bool name(const struct change *change)                                              \
	{                                                                                          \
		return is_narrower((uint64_t)change->before->field,                                \
				   (uint64_t)change->after->field);                                \
	}

NARROWER(check_memory, limits.memory)
NARROWER(check_memory_swap, limits.memory_swap)
NARROWER(check_cpus, limits.cpus)
NARROWER(check_pids, limits.pids)
NARROWER(check_timeout, limits.timeout)
NARROWER(check_cpu_time, limits.cpu_time)

static bool check_grace(const struct change *change)
{
	const struct config *before = change->before;
	uint64_t grace = before->origin[OPT_TIMEOUT_GRACE] ? before->limits.timeout_grace
							   : CONFIG_TIMEOUT_GRACE;

	return change->after->limits.timeout_grace <= grace;
}

static bool check_nice(const struct change *change)
{
	return change->after->limits.nice >= change->before->limits.nice;
}

static bool check_oom(const struct change *change)
{
	return change->after->limits.oom_score_adj >= change->before->limits.oom_score_adj;
}

static bool (*const checks[OPTION_COUNT])(const struct change *change) = {
	[OPT_READ_ONLY] = check_read_only,
	[OPT_DIE_WITH_PARENT] = check_flag_on,
	[OPT_INIT] = is_true,
	[OPT_NO_TTY] = check_flag_off,
	[OPT_RW] = check_flag_off,
	[OPT_KEEP_ENV] = check_flag_off,
	[OPT_KEEP_GROUPS] = check_flag_off,
	[OPT_ALLOW_HOME] = check_flag_off,
	[OPT_CONFINE_ONLY] = check_flag_off,
	[OPT_ALLOW_ALIASES] = check_flag_off,
	[OPT_AS_PID_1] = check_flag_off,
	[OPT_TMPFS] = check_tmpfs,
	[OPT_MASK] = check_grows,
	[OPT_MKDIR] = check_grows,
	[OPT_UNSETENV] = check_grows,
	[OPT_CAP_DROP] = check_grows,
	[OPT_ENV] = check_env,
	[OPT_DENY_NET] = check_deny_net,
	[OPT_WORKDIR] = check_always,
	[OPT_HOSTNAME] = check_always,
	[OPT_BOOTTIME_OFFSET] = check_always,
	[OPT_MONOTONIC_OFFSET] = check_always,
	[OPT_IPC] = check_ipc,
	[OPT_NETWORK] = check_network,
	[OPT_USERNS] = check_userns,
	[OPT_USER] = check_user,
	[OPT_SECCOMP] = check_seccomp,
	[OPT_LANDLOCK] = check_landlock,
	[OPT_PROC] = check_proc,
	[OPT_ULIMIT] = check_ulimit,
	[OPT_OVERLAY_SIZE] = check_overlay_size,
	[OPT_MEMORY] = check_memory,
	[OPT_MEMORY_SWAP] = check_memory_swap,
	[OPT_CPUS] = check_cpus,
	[OPT_CPUSET] = check_cpuset,
	[OPT_PIDS_LIMIT] = check_pids,
	[OPT_TIMEOUT] = check_timeout,
	[OPT_TIMEOUT_GRACE] = check_grace,
	[OPT_CPU_TIME] = check_cpu_time,
	[OPT_NICE] = check_nice,
	[OPT_OOM_SCORE_ADJ] = check_oom,
};

const char *profile_loosens(const struct config *config, const struct option *option,
			    const char *value)
{
	/* Tried on a copy, of which scalars alone are looked at; a value that is none is somebody
	 * else's to refuse. */
	struct config after = *config;
	struct error err;
	struct setting setting = {.config = &after,
				  .option = option,
				  .value = value,
				  .origin = "",
				  .dashes = "",
				  .err = &err};
	const struct change change = {config, &after, option, value};
	bool (*check)(const struct change *) = checks[option_id(option)];

	if (!check)
		return "it can loosen the sandbox";
	after.arena = (struct arena){0};
	int refused = !(option->flags & OPTION_LIST) && option->set(&setting);
	const char *reason =
		refused || check(&change) ? NULL : "it would loosen what is confined already";
	arena_free(&after.arena);
	return reason;
}
