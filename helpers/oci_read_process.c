/* process of config.json, and process.json: see oci_spec.h. */
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "capability_names.h"
#include "oci_spec.h"

int oci_capability_number(const char *name)
{
	for (int cap = 0; capability_names[cap]; cap++)
		if (strcasecmp(capability_names[cap], name) == 0)
			return cap;
	return -1;
}

/* The specification: what cannot be granted is told, and is no error. */
static uint64_t read_set(struct oci_reader *reader, struct oci_place sets, const char *key)
{
	struct oci_place place = oci_member(reader, sets, key);
	size_t count = 0;
	char **names = oci_strings(reader, place, &count);
	uint64_t set = 0;

	for (size_t i = 0; i < count && !reader->failed; i++) {
		int cap = oci_capability_number(names[i]);

		if (cap >= 0)
			set |= UINT64_C(1) << cap;
		else
			oci_note(reader, "%s: there is no capability %.40s, and none is given",
				 place.path, names[i]);
	}
	return set;
}

static void read_capabilities(struct oci_reader *reader, struct oci_place process,
			      struct oci_capabilities *capabilities)
{
	static const char *const known[] = {"bounding",    "effective", "permitted",
					    "inheritable", "ambient",   NULL};
	struct oci_place sets = oci_member(reader, process, "capabilities");

	oci_known(reader, sets, known);
	capabilities->bounding = read_set(reader, sets, "bounding");
	capabilities->effective = read_set(reader, sets, "effective");
	capabilities->permitted = read_set(reader, sets, "permitted");
	capabilities->inheritable = read_set(reader, sets, "inheritable");
	capabilities->ambient = read_set(reader, sets, "ambient");
	/* capabilities(7): the rest is nobody's to have, and what cannot be granted is no error. */
	capabilities->effective &= capabilities->permitted;
	capabilities->ambient &= capabilities->permitted & capabilities->inheritable;
}

static const struct {
	const char *name;
	int resource;
} rlimits[] = {
	{"RLIMIT_AS", RLIMIT_AS},
	{"RLIMIT_CORE", RLIMIT_CORE},
	{"RLIMIT_CPU", RLIMIT_CPU},
	{"RLIMIT_DATA", RLIMIT_DATA},
	{"RLIMIT_FSIZE", RLIMIT_FSIZE},
	{"RLIMIT_LOCKS", RLIMIT_LOCKS},
	{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
	{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
	{"RLIMIT_NICE", RLIMIT_NICE},
	{"RLIMIT_NOFILE", RLIMIT_NOFILE},
	{"RLIMIT_NPROC", RLIMIT_NPROC},
	{"RLIMIT_RSS", RLIMIT_RSS},
	{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
	{"RLIMIT_RTTIME", RLIMIT_RTTIME},
	{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_STACK", RLIMIT_STACK},
};

static uint64_t read_limit(struct oci_reader *reader, struct oci_place place, const char *key)
{
	struct oci_place limit = oci_member(reader, place, key);
	int64_t value = oci_number(reader, limit, 0, INT64_MAX, -1);

	if (value < 0)
		oci_refuse(reader, limit, "is missing");
	return value == OCI_UNLIMITED ? UINT64_MAX : (uint64_t)value;
}

static void read_rlimits(struct oci_reader *reader, struct oci_place place,
			 struct oci_process *process)
{
	static const char *const known[] = {"type", "soft", "hard", NULL};
	size_t count = oci_count(reader, place);

	for (size_t i = 0; i < count && !reader->failed; i++) {
		struct oci_place one = oci_element(reader, place, i);
		struct oci_place type = oci_member(reader, one, "type");
		const char *name = oci_string(reader, type);
		size_t at = 0, all = sizeof rlimits / sizeof *rlimits;

		oci_known(reader, one, known);
		while (name && at < all && strcmp(rlimits[at].name, name) != 0)
			at++;
		if (!name || at == all) {
			oci_refuse(reader, type, "'%.40s' is no limit of this system",
				   name ? name : "");
			return;
		}
		for (size_t j = 0; j < process->rlimits_count; j++)
			if (process->rlimits[j].resource == rlimits[at].resource)
				oci_refuse(reader, type, "%s is there twice", name);
		struct rlimit_op op = {.resource = rlimits[at].resource,
				       .name = rlimits[at].name,
				       .soft = read_limit(reader, one, "soft"),
				       .hard = read_limit(reader, one, "hard"),
				       .origin = one.path};
		if (op.soft > op.hard)
			oci_refuse(reader, one, "has a soft limit above the hard one");
		*ARENA_APPEND(reader->arena, process->rlimits, process->rlimits_count) = op;
	}
}

static void read_user(struct oci_reader *reader, struct oci_place user, struct oci_process *process)
{
	static const char *const known[] = {"uid",   "gid",      "additionalGids",
					    "umask", "username", NULL};
	static const char *const elsewhere[] = {"username", NULL};
	struct oci_place groups = oci_member(reader, user, "additionalGids");
	struct oci_place umask = oci_member(reader, user, "umask");
	size_t count = oci_count(reader, groups);

	oci_known(reader, user, known);
	oci_unsupported(reader, user, elsewhere);
	process->uid =
		(uint32_t)oci_number(reader, oci_member(reader, user, "uid"), 0, UINT32_MAX - 1, 0);
	process->gid =
		(uint32_t)oci_number(reader, oci_member(reader, user, "gid"), 0, UINT32_MAX - 1, 0);
	for (size_t i = 0; i < count && !reader->failed; i++)
		*ARENA_APPEND(reader->arena, process->groups, process->groups_count) =
			(uint32_t)oci_number(reader, oci_element(reader, groups, i), 0,
					     UINT32_MAX - 1, 0);
	process->umask_given = umask.json != NULL;
	process->umask = (mode_t)oci_number(reader, umask, 0, 0777, 022);
}

static const struct {
	const char *name;
	uint32_t policy;
} policies[] = {
	{"SCHED_OTHER", SCHED_OTHER}, {"SCHED_FIFO", SCHED_FIFO}, {"SCHED_RR", SCHED_RR},
	{"SCHED_BATCH", SCHED_BATCH}, {"SCHED_ISO", 4},           {"SCHED_IDLE", SCHED_IDLE},
	{"SCHED_DEADLINE", 6},
};

static const struct {
	const char *name;
	uint64_t flag;
} scheduler_flags[] = {
	/* sched_setattr(2), <linux/sched.h> */
	{"SCHED_FLAG_RESET_ON_FORK", 0x01},  {"SCHED_FLAG_RECLAIM", 0x02},
	{"SCHED_FLAG_DL_OVERRUN", 0x04},     {"SCHED_FLAG_KEEP_POLICY", 0x08},
	{"SCHED_FLAG_KEEP_PARAMS", 0x10},    {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40},
};

static void read_scheduler_flags(struct oci_reader *reader, struct oci_place list,
				 struct oci_scheduler *scheduler)
{
	size_t count = 0, all = sizeof scheduler_flags / sizeof *scheduler_flags;
	char **flags = oci_strings(reader, list, &count);

	for (size_t i = 0; i < count && !reader->failed; i++) {
		size_t at = 0;

		while (at < all && strcmp(scheduler_flags[at].name, flags[i]) != 0)
			at++;
		if (at == all)
			oci_refuse(reader, list, "'%.40s' is no flag of a scheduler", flags[i]);
		else
			scheduler->flags |= scheduler_flags[at].flag;
	}
}

static void read_scheduler(struct oci_reader *reader, struct oci_place place,
			   struct oci_scheduler *scheduler)
{
	static const char *const known[] = {"policy",  "nice",     "priority", "flags",
					    "runtime", "deadline", "period",   NULL};
	struct oci_place policy = oci_member(reader, place, "policy");
	const char *name = oci_string(reader, policy);
	size_t at = 0, all = sizeof policies / sizeof *policies;

	if (!place.json)
		return;
	oci_known(reader, place, known);
	while (name && at < all && strcmp(policies[at].name, name) != 0)
		at++;
	if (!name || at == all) {
		oci_refuse(reader, policy, "'%.40s' is no scheduling policy", name ? name : "");
		return;
	}
	*scheduler = (struct oci_scheduler){
		.given = true,
		.policy = policies[at].policy,
		.nice = (int32_t)oci_number(reader, oci_member(reader, place, "nice"), -20, 19, 0),
		.priority = (int32_t)oci_number(reader, oci_member(reader, place, "priority"), 0,
						99, 0),
		.runtime = (uint64_t)oci_number(reader, oci_member(reader, place, "runtime"), 0,
						INT64_MAX, 0),
		.deadline = (uint64_t)oci_number(reader, oci_member(reader, place, "deadline"), 0,
						 INT64_MAX, 0),
		.period = (uint64_t)oci_number(reader, oci_member(reader, place, "period"), 0,
					       INT64_MAX, 0),
	};
	read_scheduler_flags(reader, oci_member(reader, place, "flags"), scheduler);
}

/* ioprio_set(2): the class in the upper bits. */
static void read_io_priority(struct oci_reader *reader, struct oci_place place,
			     struct oci_process *process)
{
	static const char *const classes[] = {"", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE",
					      "IOPRIO_CLASS_IDLE"};
	struct oci_place class = oci_member(reader, place, "class");
	const char *name = oci_string(reader, class);

	if (!place.json)
		return;
	for (int i = 1; name && i < 4; i++)
		if (strcmp(name, classes[i]) == 0) {
			process->io_given = true;
			process->io_priority =
				i << 13 |
				(int)oci_number(reader, oci_member(reader, place, "priority"), 0, 7,
						0);
			return;
		}
	oci_refuse(reader, class, "is none of IOPRIO_CLASS_RT, _BE and _IDLE");
}

static void read_command(struct oci_reader *reader, struct oci_place place,
			 struct oci_process *process)
{
	struct oci_place args = oci_member(reader, place, "args"),
			 cwd = oci_member(reader, place, "cwd");
	size_t count = 0;

	process->args = oci_strings(reader, args, &count);
	if (!reader->failed && (count == 0 || !*process->args[0]))
		oci_refuse(reader, args, "names no command");
	process->env = oci_strings(reader, oci_member(reader, place, "env"), &count);
	for (size_t i = 0; i < count && !reader->failed; i++)
		if (!strchr(process->env[i], '=') || process->env[i][0] == '=')
			oci_refuse(reader, oci_member(reader, place, "env"),
				   "'%.40s' is no NAME=VALUE", process->env[i]);
	process->cwd = oci_string(reader, cwd);
	if (!process->cwd || *process->cwd != '/')
		oci_refuse(reader, cwd, "should be an absolute path");
}

void oci_process_read(struct oci_reader *reader, struct oci_place place,
		      struct oci_process *process)
{
	static const char *const known[] = {
		"terminal",        "consoleSize", "cwd",          "env",          "args",
		"commandLine",     "rlimits",     "capabilities", "user",         "noNewPrivileges",
		"oomScoreAdj",     "scheduler",   "ioPriority",   "selinuxLabel", "apparmorProfile",
		"execCPUAffinity", NULL};
	static const char *const elsewhere[] = {"commandLine", "execCPUAffinity", NULL};
	struct oci_place size = oci_member(reader, place, "consoleSize"),
			 oom = oci_member(reader, place, "oomScoreAdj");

	oci_known(reader, place, known);
	oci_unsupported(reader, place, elsewhere);
	read_command(reader, place, process);
	read_user(reader, oci_member(reader, place, "user"), process);
	read_capabilities(reader, place, &process->capabilities);
	read_rlimits(reader, oci_member(reader, place, "rlimits"), process);
	read_scheduler(reader, oci_member(reader, place, "scheduler"), &process->scheduler);
	read_io_priority(reader, oci_member(reader, place, "ioPriority"), process);
	process->terminal = oci_bool(reader, oci_member(reader, place, "terminal"));
	process->rows = (unsigned short)oci_number(reader, oci_member(reader, size, "height"), 0,
						   UINT16_MAX, 0);
	process->columns = (unsigned short)oci_number(reader, oci_member(reader, size, "width"), 0,
						      UINT16_MAX, 0);
	process->no_new_privileges = oci_bool(reader, oci_member(reader, place, "noNewPrivileges"));
	process->oom_given = oom.json != NULL;
	process->oom_score_adj = (int)oci_number(reader, oom, -1000, 1000, 0);
	process->apparmor = oci_string(reader, oci_member(reader, place, "apparmorProfile"));
	process->selinux = oci_string(reader, oci_member(reader, place, "selinuxLabel"));
}
