/* The rules of Landlock: see landlock.h. Calls and numbers: landlock(7), and the kernel's
 * Documentation/userspace-api/landlock.rst for the ABI in which each has come. */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"
#include "filter_run.h"
#include "filters.h"
#include "place.h"
#include "sandbox.h"

/* Ours, since headers of an older kernel lack what this one may have. */
#define FS_EXECUTE     (UINT64_C(1) << 0)
#define FS_WRITE_FILE  (UINT64_C(1) << 1)
#define FS_READ_FILE   (UINT64_C(1) << 2)
#define FS_READ_DIR    (UINT64_C(1) << 3)
#define FS_REMOVE_DIR  (UINT64_C(1) << 4)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_ALL    (UINT64_C(0x7f) << 6) /* devices, directories, files, sockets, ... */
#define FS_REFER       (UINT64_C(1) << 13)   /* ABI 2 */
#define FS_TRUNCATE    (UINT64_C(1) << 14)   /* ABI 3 */
#define FS_IOCTL_DEV   (UINT64_C(1) << 15)   /* ABI 5 */
#define NET_BIND_TCP   (UINT64_C(1) << 0)    /* ABI 4 */
#define NET_CONNECT    (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT (UINT64_C(1) << 0) /* ABI 6 */
#define SCOPE_SIGNAL   (UINT64_C(1) << 1)

/* What means something for a file that is no directory. */
#define OF_FILES (FS_EXECUTE | FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define READING  (FS_EXECUTE | FS_READ_FILE | FS_READ_DIR)

enum { RULE_PATH_BENEATH = 1, RULE_NET_PORT = 2 };

enum { ABI_RENAMES = 2, ABI_TRUNCATE = 3, ABI_TCP = 4, ABI_DEVICES = 5, ABI_SCOPES = 6 };

struct path_beneath {
	uint64_t allowed;
	int parent;
} __attribute__((packed));

struct net_port {
	uint64_t allowed, port;
};

/*
 * Where there are mounts reading is not handled: it would cost every open(2) a walk to the root,
 * for nothing that the mounts do not show. What is written is rare, and the walk is then a part of
 * a larger cost.
 */
static uint64_t handled_fs(int abi, bool confine_only)
{
	return (confine_only ? READING : 0) | FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE |
	       FS_MAKE_ALL | FS_REFER | (abi >= ABI_TRUNCATE ? FS_TRUNCATE : 0) |
	       (abi >= ABI_DEVICES ? FS_IOCTL_DEV : 0);
}

/* The kernel takes a structure as long as it knows it, or longer with zeros behind. */
static int create(const struct landlock_rules *rules)
{
	size_t size = rules->scoped ? sizeof *rules : offsetof(struct landlock_rules, scoped);

	return (int)syscall(SYS_landlock_create_ruleset, rules,
			    rules->scoped || rules->net ? size : sizeof rules->fs, 0);
}

/* Rights for what fd is, and all below where it is a directory. What has no place in any file
 * system (pipes, sockets, memfd) is not restricted: EBADFD says so. */
static int allow(int rules, int fd, uint64_t rights)
{
	struct path_beneath rule = {rights, fd};
	int result = (int)syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &rule, 0);

	/* Less than was meant only for what is no directory, where the kernel asks for it. */
	if (result < 0 && errno == EINVAL && rights & OF_FILES) {
		struct stat st;

		if (fstat(fd, &st) < 0)
			return -1;
		errno = EINVAL;
		if (S_ISDIR(st.st_mode))
			return -1;
		rule.allowed &= OF_FILES;
		result = (int)syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &rule, 0);
	}
	return result < 0 && errno == EBADFD ? 0 : result;
}

/* A place that is not there was left out of the plan's mounts too (etcfiles.c). */
static int allow_place(int rules, const struct writable *place, uint64_t handled, struct error *err)
{
	uint64_t rights = handled & ~(place->devices ? 0 : FS_IOCTL_DEV);
	int cleanup_fd fd = open(place->path, O_PATH | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0 || allow(rules, fd, rights) < 0)
		return fail(err, "let %s be written (Landlock)", place->path);
	return 0;
}

/* Of what is not limited all ports are handled by nobody. */
static int allow_ports(const struct config *config, int rules, struct error *err)
{
	for (size_t i = 0; i < config->tcp_count; i++) {
		const struct tcp_op *op = &config->tcp[i];
		struct net_port rule = {op->bind ? NET_BIND_TCP : NET_CONNECT, op->from};

		for (; rule.port <= op->to; rule.port++)
			if (syscall(SYS_landlock_add_rule, rules, RULE_NET_PORT, &rule, 0) < 0)
				return fail(err, "let TCP use port %u (Landlock)",
					    (unsigned)rule.port);
	}
	return 0;
}

/* What the command was handed can be opened again by the name of its descriptor, /dev/stderr for
 * instance, and no wider than it was handed in. Its own terminal is in /dev. */
static int allow_standard(const struct plan *plan, int rules, uint64_t handled, struct error *err)
{
	for (int fd = 0; fd <= 2; fd++) {
		int flags = fcntl(fd, F_GETFL);
		uint64_t rights = FS_IOCTL_DEV & handled;

		if ((flags & O_ACCMODE) != O_WRONLY)
			rights |= FS_READ_FILE & handled;
		if (flags < 0 || flags & O_PATH || plan->terminals >> fd & 1)
			continue;
		if ((flags & O_ACCMODE) != O_RDONLY)
			rights |= (FS_WRITE_FILE | FS_TRUNCATE) & handled;
		if (rights && allow(rules, fd, rights) < 0)
			return fail(err, "take over descriptor %d (Landlock)", fd);
	}
	return 0;
}

/*
 * Rules that were loaded and refuse nothing would be the worst of failures. Nothing can be mounted
 * under Landlock; this would change nothing (the mounts are private already) and, as long as pid
 * 1's capabilities are ours, succeed without it.
 */
static int check_refusal(struct error *err)
{
	bool refused = syscall(SYS_mount, NULL, "/", NULL, MS_PRIVATE, NULL) < 0;

	if (refused && errno == EPERM)
		return 0;
	if (refused)
		return fail(err, "see that Landlock refuses a mount");
	return fail_because(err, "Landlock was switched on but does not refuse a mount");
}

/* With --confine-only: the places, of which the child has opened some. */
static int allow_places(const struct sandbox *sandbox, int rules, uint64_t handled,
			struct error *err)
{
	static const struct {
		unsigned place;
		uint64_t rights;
	} rights[] = {{PLACE_READS, FS_READ_FILE | FS_READ_DIR},
		      {PLACE_LISTS, FS_READ_DIR},
		      {PLACE_RUNS, FS_EXECUTE},
		      {PLACE_WRITES, ~(READING | FS_IOCTL_DEV)},
		      {PLACE_STEERS, FS_IOCTL_DEV}};
	const struct plan *plan = sandbox->plan;

	for (size_t i = 0; i < plan->places_count; i++) {
		uint64_t all = 0;

		for (size_t j = 0; j < sizeof rights / sizeof *rights; j++)
			if (plan->places[i].rights & rights[j].place)
				all |= rights[j].rights & handled;
		int cleanup_fd own =
			sandbox->places[i] >= 0 ? -1 : place_open(sandbox, &plan->places[i]);
		int fd = sandbox->places[i] >= 0 ? sandbox->places[i] : own;
		if (fd < 0 && !plan->places[i].needed)
			continue;
		if (fd < 0 || allow(rules, fd, all) < 0)
			return fail(err, "let %s be used (Landlock)", plan->places[i].path);
	}
	/* The command's own terminal, by its own name; and what the kernel tells of the command. */
	if (sandbox->terminal >= 0 &&
	    allow(rules, sandbox->terminal,
		  (FS_READ_FILE | FS_WRITE_FILE | FS_IOCTL_DEV) & handled) < 0)
		return fail(err, "let the sandbox's terminal be used (Landlock)");
	int cleanup_fd self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (self < 0 || allow(rules, self, FS_READ_FILE | FS_READ_DIR) < 0)
		return fail(err, "let /proc/self be read (Landlock)");
	return 0;
}

/*
 * As check_refusal, where a mount is refused anyhow: what everybody may read by its permissions,
 * and the process that has started us, whose user is ours.
 */
static int check_alone(struct error *err)
{
	int cleanup_fd fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 || errno != EACCES)
		return fail_because(err, "Landlock was switched on but does not refuse to read /");
	if (syscall(SYS_kill, getppid(), 0) == 0 || errno != EPERM)
		return fail_because(err, "Landlock was switched on but does not refuse a signal");
	return 0;
}

static int run_landlock(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	const struct landlock_rules *handled = step->data;

	if (!handled)
		return 0;
	int cleanup_fd rules = create(handled);
	if (rules < 0)
		return fail(err, "make a set of rules for Landlock");
	for (size_t i = 0; i < plan->writable_count; i++)
		if (allow_place(rules, &plan->writable[i], handled->fs, err) < 0)
			return -1;
	if (plan->config->confine_only && allow_places(sandbox, rules, handled->fs, err) < 0)
		return -1;
	/* The payload's ids are written there whatever has been mounted over it (nest.c). */
	if (sandbox->proc >= 0 && !plan->config->confine_only &&
	    allow(rules, sandbox->proc, FS_WRITE_FILE) < 0)
		return fail(err, "let /proc be written (Landlock)");
	if (allow_standard(plan, rules, handled->fs, err) < 0 ||
	    allow_ports(plan->config, rules, err) < 0)
		return -1;
	if (syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		return fail(err, "switch on the rules of Landlock");
	return plan->config->confine_only ? check_alone(err) : check_refusal(err);
}

static const struct step_kind landlock = {"landlock", run_landlock};

/* --- planning --- */

/*
 * In namespaces of its own no process and no abstract socket of the host's is there to begin with:
 * the scopes are a second wall. Whoever joins is behind rules of its own, beside these: a second
 * wall would only be between the two, and stays away.
 */
static uint64_t wanted_scopes(const struct plan *plan)
{
	const struct config *config = plan->config;
	bool joined = config->name || config->detach;

	if (config->confine_only)
		return SCOPE_SIGNAL | SCOPE_ABSTRACT;
	if (plan->host->landlock < ABI_SCOPES)
		return 0;
	return (joined ? 0 : SCOPE_SIGNAL) |
	       (!joined || config->network == NETWORK_HOST ? SCOPE_ABSTRACT : 0);
}

/* Under Landlock nothing can be mounted, which is what a filter that lets it through is for: a
 * sandbox in the sandbox, a container engine, a build of images. */
static bool lets_mount(const struct plan *plan)
{
	static const int calls[] = {SYS_mount, SYS_move_mount};

	if (!plan->filter || plan->config->seccomp_log)
		return true;
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		switch (filter_answer_to(plan->filter->instructions, plan->filter->length,
					 calls[i])) {
		case SECCOMP_RET_ALLOW:
		case SECCOMP_RET_LOG:
		case SECCOMP_RET_USER_NOTIF:
			return true;
		default:
			break;
		}
	return false;
}

/* Asked for by name, or what nothing else can give: not to go without. */
static bool is_required(const struct config *config)
{
	return config->confine_only || config->landlock == LANDLOCK_REQUIRE ||
	       config_limits_tcp(config);
}

static const char *why_not(const struct plan *plan)
{
	if (plan->config->landlock == LANDLOCK_OFF)
		return "off";
	if (plan->host->landlock == 0)
		return "not used: this kernel has none";
	if (plan->host->landlock < ABI_RENAMES)
		return "not used: ABI 1 lets nothing be renamed across directories";
	if (!is_required(plan->config) && lets_mount(plan))
		return "not used: the filter lets mounts through, which Landlock would not";
	return NULL;
}

/* The option that requires it, and where it is from: "--landlock=require (command line)". */
static const char *who_requires(struct plan *plan)
{
	const struct config *config = plan->config;
	enum option_id id = config->landlock == LANDLOCK_REQUIRE ? OPT_LANDLOCK
			    : config->origin[OPT_CONNECT_TCP]    ? OPT_CONNECT_TCP
								 : OPT_BIND_TCP;

	return arena_printf(&plan->arena, "--%s%s (%s)", option_name(id),
			    id == OPT_LANDLOCK ? "=require" : "", config_origin(config, id));
}

static int check_required(struct plan *plan, struct error *err)
{
	int abi = plan->host->landlock;
	bool tcp = config_limits_tcp(plan->config);

	if (!is_required(plan->config))
		return 0;
	const char *who = who_requires(plan);
	if (abi == 0) {
		fail_because(err, "%s: this kernel has no Landlock", who);
		return fail_remedy(err,
				   "Linux %s and later have what is needed, where landlock is in "
				   "/sys/kernel/security/lsm\n(add it to lsm= on the kernel's "
				   "command line), and no outer sandbox forbids it",
				   tcp ? "6.7" : "5.19");
	}
	if (abi < ABI_RENAMES)
		return fail_because(err,
				    "%s: this kernel's Landlock (ABI %d) lets nothing be renamed "
				    "across directories; Linux 5.19 is needed",
				    who, abi);
	if (tcp && abi < ABI_TCP)
		return fail_because(err,
				    "%s: this kernel's Landlock (ABI %d) knows nothing of TCP; "
				    "Linux 6.7 is needed",
				    who, abi);
	if (lets_mount(plan) && plan->capabilities >> CAP_SYS_ADMIN & 1) {
		fail_because(err,
			     "%s: the command is given CAP_SYS_ADMIN and a filter that lets it "
			     "mount, and under Landlock nothing can be mounted",
			     who);
		return fail_remedy(err, "leave --cap-add SYS_ADMIN out, or what asks for Landlock");
	}
	return 0;
}

/* What of the plan's mounts can be written: the root and all below it, or, where that is read-only,
 * one by one; and where devices are. */
static void find_writable(struct plan *plan)
{
	bool root = false;

	for (size_t i = 0; i < plan->steps_count; i++)
		root |= plan->steps[i].writes && strcmp(plan->steps[i].target, "/") == 0;
	for (size_t i = 0; i < plan->steps_count; i++) {
		const struct step *step = &plan->steps[i];
		bool devices = step->writes == WRITES_DEVICES;

		if (step->writes && (!root || devices || strcmp(step->target, "/") == 0))
			*ARENA_APPEND(&plan->arena, plan->writable, plan->writable_count) =
				(struct writable){step->target, devices};
	}
}

static const char *describe_ports(struct plan *plan, const struct landlock_rules *rules)
{
	const struct config *config = plan->config;
	const char *text = "";

	for (int bind = 0; bind <= 1; bind++) {
		if (!(rules->net & (bind ? NET_BIND_TCP : NET_CONNECT)))
			continue;
		text = arena_printf(&plan->arena, "%s %s ports", text,
				    bind ? "binds" : "connects to");
		size_t before = strlen(text);
		for (size_t i = 0; i < config->tcp_count; i++) {
			const struct tcp_op *op = &config->tcp[i];

			if (op->bind == bind)
				text = arena_printf(&plan->arena,
						    op->from == op->to ? "%s %u" : "%s %u-%u", text,
						    op->from, op->to);
		}
		if (strlen(text) == before)
			text = arena_printf(&plan->arena, "%s none", text);
	}
	return text;
}

static const char *describe(struct plan *plan, const struct landlock_rules *rules)
{
	const char *text = plan->config->confine_only ? "the places above" : "writes below";

	for (size_t i = 0; i < plan->writable_count; i++)
		text = arena_printf(&plan->arena, "%s %s", text, plan->writable[i].path);
	if (rules->scoped & SCOPE_SIGNAL)
		text = arena_printf(&plan->arena, "%s; signals stay inside", text);
	if (rules->scoped & SCOPE_ABSTRACT)
		text = arena_printf(&plan->arena, "%s; abstract sockets stay inside", text);
	return rules->net
		       ? arena_printf(&plan->arena, "%s; TCP%s", text, describe_ports(plan, rules))
		       : text;
}

static uint64_t wanted_net(const struct config *config)
{
	return (config->origin[OPT_CONNECT_TCP] ? NET_CONNECT : 0) |
	       (config->origin[OPT_BIND_TCP] ? NET_BIND_TCP : 0);
}

static int plan_in(struct plan *plan, enum phase phase, struct error *err)
{
	const char *reason = why_not(plan);

	if (check_required(plan, err) < 0)
		return -1;
	struct step *step =
		plan_add(plan, phase, &landlock, config_origin(plan->config, OPT_LANDLOCK));
	step->target = reason;
	if (reason)
		return 0;
	if (!plan->writable) /* a command that joins has what its sandbox has */
		find_writable(plan);
	struct landlock_rules *rules = arena_alloc(&plan->arena, sizeof *rules);
	*rules = (struct landlock_rules){
		.fs = handled_fs(plan->host->landlock, plan->config->confine_only),
		.net = wanted_net(plan->config),
		.scoped = wanted_scopes(plan)};
	plan->landlock = *rules;
	step->data = rules;
	step->target = describe(plan, rules);
	step->options = arena_printf(&plan->arena, "ABI %d", plan->host->landlock);
	return 0;
}

int landlock_plan(struct plan *plan, struct error *err)
{
	return plan_in(plan, PHASE_SETUP, err);
}

/* Nothing stands in for what an older kernel's Landlock does not refuse. */
static int check_abi(struct plan *plan, struct error *err)
{
	int abi = plan->host->landlock;
	const char *origin = config_origin(plan->config, OPT_CONFINE_ONLY);

	if (abi >= ABI_SCOPES)
		return 0;
	if (abi == 0)
		fail_because(err,
			     "--confine-only (%s): this kernel has no Landlock, which is all "
			     "that would hold",
			     origin);
	else
		fail_because(err,
			     "--confine-only (%s): this kernel's Landlock (ABI %d) refuses too "
			     "little: the command could %ssignal your other processes",
			     origin, abi,
			     abi < ABI_TRUNCATE ? "empty files that it may only read, and " : "");
	return fail_remedy(
		err, "Linux 6.12 and later have what is needed (ABI 6), where landlock is in "
		     "/sys/kernel/security/lsm\n(add it to lsm= on the kernel's command "
		     "line), and no outer sandbox forbids it;\nwith user namespaces it is not "
		     "needed: leave --confine-only out");
}

int landlock_plan_confine(struct plan *plan, struct error *err)
{
	return check_abi(plan, err) < 0 ? -1 : plan_in(plan, PHASE_CONFINE, err);
}

int landlock_plan_join(struct plan *plan, struct error *err)
{
	return plan_in(plan, PHASE_CONFINE, err);
}
